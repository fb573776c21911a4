#include "engine/params.h"

#include <fnmatch.h>

/* Takes "." and ".." and doubled slashes out of an absolute path. Lifetime: `a`. */
static struct sl_str normalise(struct sl_arena *a, struct sl_str path)
{
    SL_AUTOBUF(out, 0);
    struct sl_str rest = path, part;
    while (sl_str_split(&rest, '/', &part)) {
        if (part.n == 0 || sl_str_is(part, "."))
            continue;
        if (sl_str_is(part, "..")) {
            ptrdiff_t up = sl_str_rfind_char(sl_buf_str(&out), '/');
            out.n = up < 0 ? 0 : (size_t)up;
            continue;
        }
        sl_buf_add_char(&out, '/');
        sl_buf_add_str(&out, part);
    }
    if (sl_str_ends(path, SL_STR("/")) && out.n)
        sl_buf_add_char(&out, '/');
    return sl_arena_str(a, out.n ? sl_buf_str(&out) : SL_STR("/"));
}

struct sl_str params_absolute_uri(struct sl_arena *a, struct sl_str path, const char *folder)
{
    if (sl_str_find(path, SL_STR("://")) >= 0)
        return path;
    if (path.n == 0 || path.p[0] != '/')
        path = sl_arena_format(a, "%s/%.*s", folder, SL_FMT(path));
    return sl_arena_format(a, "file://%.*s", SL_FMT(normalise(a, path)));
}

struct absolute {
    struct sl_arena *a;
    struct json *params;
    const char *folder;
};

/* The visited string is known by where its bytes lie. */
static void replace(const struct absolute *x, struct json *v, struct sl_str value)
{
    if (v->type == JSON_STRING && v->string.p == value.p && v->string.n == value.n)
        v->string = params_absolute_uri(x->a, value, x->folder);
    for (size_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
        replace(x, v->items[i], value);
    for (size_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
        replace(x, v->members[i].value, value);
}

static void visit(void *ctx, struct sl_str place, struct sl_str value)
{
    const struct absolute *x = ctx;
    (void)place;
    if (value.n)
        replace(x, x->params, value);
}

void params_make_absolute(struct sl_arena *a, const struct catalog_component *c,
                          struct json *params, const char *folder)
{
    struct absolute x = {a, params, folder};
    if (c)
        catalog_visit_files(a, c, params, visit, &x);
}

static ptrdiff_t first_wildcard(struct sl_str uri)
{
    for (size_t i = 0; i < uri.n; i++)
        if (uri.p[i] == '*' || uri.p[i] == '?' || uri.p[i] == '[')
            return (ptrdiff_t)i;
    return -1;
}

bool params_is_glob(struct sl_str uri)
{
    return first_wildcard(uri) >= 0;
}

struct sl_str params_glob_folder(struct sl_str uri)
{
    struct sl_str fixed = sl_strn(uri.p, (size_t)first_wildcard(uri));
    return sl_strn(uri.p, (size_t)(sl_str_rfind_char(fixed, '/') + 1));
}

bool params_glob_matches(struct sl_arena *a, struct sl_str pattern, struct sl_str uri)
{
    return fnmatch(sl_arena_cstr(a, pattern), sl_arena_cstr(a, uri), FNM_PATHNAME | FNM_PERIOD) ==
           0;
}

struct sl_err *params_of_container(struct sl_arena *a, const struct spec_step *step,
                                   const struct reference_scope *scope, struct json **ret)
{
    const struct spec_container *c = step->container;
    struct json *o = json_new_object(a), *v;
    json_set_string(a, o, "image", c->image);
    SL_TRY(reference_tree_expand(a, c->command, scope, &v), "command");
    json_set(a, o, "command", v);
    SL_TRY(reference_tree_expand(a, c->args, scope, &v), "args");
    json_set(a, o, "args", v);
    SL_TRY(reference_tree_expand(a, c->env, scope, &v), "env");
    json_set(a, o, "env", v);
    json_set_string(a, o, "workingDir", c->working_dir);
    json_set_string(a, o, "source", c->source);
    SL_TRY(reference_tree_expand(a, step->params, scope, &v), "params");
    json_set(a, o, "params", v);
    *ret = o;
    return NULL;
}
