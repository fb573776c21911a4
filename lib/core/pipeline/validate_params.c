/* Parameters of components, checked before anything runs: what is known is put in place of its
 * reference, what only the run will know stays as text, and findings about it are dropped. */
#include "base/vec.h"
#include "core/pipeline/manifest_impl.h"

struct filler {
    struct sl_arena *a;
    struct reference_scope scope;
    SL_VEC(struct sl_str) unknown; /* paths that hold what is not known yet */
};

static struct json *fill(struct filler *f, const struct reference_tree *t, struct sl_str path);

/* Whether everything below has a value by now. */
static bool is_known(struct filler *f, const struct reference_tree *t)
{
    if (t->op == REFERENCE_TREE_REFERENCE)
        return reference_find(f->a, &t->reference, &f->scope) != NULL;
    for (size_t i = 0; i < t->n; i++)
        if (!is_known(f, t->items[i]))
            return false;
    return true;
}

static struct json *fill_members(struct filler *f, const struct reference_tree *t,
                                 struct sl_str path)
{
    bool list = t->op == REFERENCE_TREE_LIST;
    struct json *v = list ? json_new_array(f->a) : json_new_object(f->a);
    v->line = t->line;
    for (size_t i = 0; i < t->n; i++) {
        struct sl_str at = reference_tree_child_path(f->a, t, i, path);
        struct json *item = fill(f, t->items[i], at);
        if (list)
            json_push(f->a, v, item);
        else
            json_set_str(f->a, v, t->keys[i], item);
    }
    return v;
}

static struct json *fill(struct filler *f, const struct reference_tree *t, struct sl_str path)
{
    if (t->op == REFERENCE_TREE_LIST || t->op == REFERENCE_TREE_OBJECT)
        return fill_members(f, t, path);
    struct json *v;
    struct sl_err *err SL_AUTOERR =
        is_known(f, t) ? reference_tree_expand(f->a, t, &f->scope, &v) : NULL;
    if (is_known(f, t) && !err)
        return v;
    *sl_vec_add(&f->unknown) = path;
    v = json_new_string(f->a, SL_STR("$(...)"));
    v->line = t->line;
    return v;
}

/* A finding at an unknown value or below it says nothing yet. */
static bool is_about_unknown(const struct filler *f, struct sl_str path)
{
    for (size_t i = 0; i < f->unknown.n; i++) {
        struct sl_str u = f->unknown.p[i];
        if (sl_str_starts(path, u) && (path.n == u.n || path.p[u.n] == '.' || path.p[u.n] == '['))
            return true;
    }
    return false;
}

/* The child of `v` that the start of `rest` (".key..." or "[3]...") names, cut off `rest`; NULL:
 * there is none. The longest key wins, as keys may have dots of their own. */
static const struct json *step_down(const struct json *v, struct sl_str *rest)
{
    const struct json *found = NULL;
    size_t used = 0;
    for (size_t i = 0; v->type == JSON_OBJECT && rest->p[0] == '.' && i < v->n; i++) {
        struct sl_str key = v->members[i].key;
        size_t length = key.n + 1;
        bool ends = rest->n == length ||
                    (rest->n > length && (rest->p[length] == '.' || rest->p[length] == '['));
        if (ends && length > used && sl_str_starts(sl_str_skip(*rest, 1), key)) {
            found = v->members[i].value;
            used = length;
        }
    }
    ptrdiff_t end = rest->p[0] == '[' ? sl_str_find_char(*rest, ']') : -1;
    uint64_t index;
    if (v->type == JSON_ARRAY && end > 1 &&
        sl_str_to_u64(sl_strn(rest->p + 1, (size_t)end - 1), &index) && index < v->n) {
        found = v->items[index];
        used = (size_t)end + 1;
    }
    *rest = sl_str_skip(*rest, used);
    return found;
}

/* Where `path` stands, as near as there is a line: a component's check knows paths only. */
static int find_line(const struct json *params, struct sl_str prefix, struct sl_str path,
                     int otherwise)
{
    struct sl_str rest = sl_str_starts(path, prefix) ? sl_str_skip(path, prefix.n) : SL_STR("");
    int line = params->line ? params->line : otherwise;
    for (const struct json *v = params; v && rest.n; v = step_down(v, &rest))
        line = v->line ? v->line : line;
    return line;
}

static void check_step(struct diag_list *l, struct filler *f, const struct spec_step *step)
{
    struct sl_str path = manifest_path(l->a, step->path, SL_STR("params"));
    f->unknown.n = 0;
    struct json *params = fill(f, step->params, path);
    if (params->type != JSON_OBJECT)
        return; /* told when it was read */
    struct diag_list found;
    diag_list_init(&found, l->a, l->file);
    catalog_decode_params(&found, step->component, params, path);
    for (const struct diag *d = found.first; d; d = d->next)
        if (!is_about_unknown(f, d->path) || sl_str_starts(d->message, SL_STR("unknown field")))
            diag_add(l, d->level, d->line ? d->line : find_line(params, path, d->path, step->line),
                     d->path, "%.*s", SL_FMT(d->message));
}

void validate_params(struct diag_list *l, const struct spec_pipeline *p, const struct json *params)
{
    struct filler f = {.a = l->a, .scope = {.params = params}};
    for (size_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].component)
            check_step(l, &f, &p->steps[i]);
    sl_vec_deinit(&f.unknown);
}
