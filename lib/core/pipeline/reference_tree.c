/* JSON values with $(references) in their strings (reference.h). */
#include "core/pipeline/reference.h"

static struct reference_tree *make(struct sl_arena *a, enum reference_tree_op op, int line)
{
    struct reference_tree *t = SL_ARENA_NEW(a, struct reference_tree);
    t->op = op;
    t->line = line;
    return t;
}

static void add(struct sl_arena *a, struct reference_tree *t, struct reference_tree *item)
{
    if ((t->n & (t->n - 1)) == 0) { /* full at every power of two */
        struct reference_tree **grown =
            SL_ARENA_ARRAY(a, struct reference_tree *, t->n ? t->n * 2 : 1);
        if (t->n)
            memcpy(grown, t->items, t->n * sizeof(struct reference_tree *));
        t->items = grown;
    }
    t->items[t->n++] = item;
}

static void add_text(struct sl_arena *a, struct reference_tree *t, struct sl_str s)
{
    if (s.n == 0)
        return;
    struct reference_tree *item = make(a, REFERENCE_TREE_VALUE, t->line);
    item->value = json_new_string(a, s);
    add(a, t, item);
}

/* Adds the reference whose "$(" stands at `at`. Returns where the text goes on. */
static size_t add_reference(struct diag_list *l, struct reference_tree *t, struct sl_str s,
                            size_t at, struct sl_str path)
{
    ptrdiff_t end = sl_str_find_char(sl_str_skip(s, at), ')');
    if (end < 0) {
        diag_add(l, DIAG_ERROR, t->line, path,
                 "the reference '%.*s' has no end, expected ')'; $$( stands for the text $(",
                 (int)SL_MIN(s.n - at, (size_t)40), s.p + at);
        return s.n;
    }
    struct reference_tree *item = make(l->a, REFERENCE_TREE_REFERENCE, t->line);
    struct sl_str text = sl_strn(s.p + at + 2, (size_t)end - 2);
    struct sl_err *err SL_AUTOERR = reference_parse(l->a, text, &item->reference);
    if (err)
        diag_add(l, DIAG_ERROR, t->line, path, "%s", err->message);
    else
        add(l->a, t, item);
    return at + (size_t)end + 1;
}

static struct reference_tree *parse_string(struct diag_list *l, const struct json *value,
                                           struct sl_str path, bool words)
{
    struct sl_str s = value->string;
    struct reference_tree *t = make(l->a, REFERENCE_TREE_TEXT, value->line);
    size_t plain = 0, i = 0;
    while (i + 1 < s.n) {
        bool escaped = i + 2 < s.n && memcmp(s.p + i, "$$(", 3) == 0;
        if (!escaped && memcmp(s.p + i, "$(", 2) != 0) {
            i++;
            continue;
        }
        add_text(l->a, t, sl_strn(s.p + plain, i - plain));
        if (escaped) {
            plain = i + 1; /* without the first dollar */
            i += 3;
        } else {
            plain = i = add_reference(l, t, s, i, path);
        }
    }
    if (plain == 0 && t->n == 0) {
        t->op = REFERENCE_TREE_VALUE;
        t->value = value;
        return t;
    }
    add_text(l->a, t, sl_str_skip(s, plain));
    bool whole = t->n == 1 && t->items[0]->op == REFERENCE_TREE_REFERENCE;
    return whole && !words ? t->items[0] : t;
}

static struct reference_tree *parse(struct diag_list *l, const struct json *value,
                                    struct sl_str path, bool words)
{
    if (value->type == JSON_STRING)
        return parse_string(l, value, path, words);
    bool list = value->type == JSON_ARRAY, plain = true;
    struct reference_tree *t =
        make(l->a, list ? REFERENCE_TREE_LIST : REFERENCE_TREE_OBJECT, value->line);
    if (value->type == JSON_OBJECT)
        t->keys = SL_ARENA_ARRAY(l->a, struct sl_str, value->n);
    for (size_t i = 0; i < value->n; i++) {
        const struct json *child = list ? value->items[i] : value->members[i].value;
        struct sl_str at =
            list ? sl_arena_format(l->a, "%.*s[%zu]", SL_FMT(path), i)
                 : sl_arena_format(l->a, "%.*s.%.*s", SL_FMT(path), SL_FMT(value->members[i].key));
        if (!list)
            t->keys[i] = value->members[i].key;
        add(l->a, t, parse(l, child, at, words));
        plain &= t->items[i]->op == REFERENCE_TREE_VALUE && t->items[i]->value == child;
    }
    if (plain) {
        t->op = REFERENCE_TREE_VALUE;
        t->value = value;
        t->n = 0;
    }
    return t;
}

struct reference_tree *reference_tree_parse(struct diag_list *l, const struct json *value,
                                            struct sl_str path)
{
    return parse(l, value, path, false);
}

struct reference_tree *reference_tree_parse_words(struct diag_list *l, const struct json *value,
                                                  struct sl_str path)
{
    return parse(l, value, path, true);
}

struct sl_str reference_tree_child_path(struct sl_arena *a, const struct reference_tree *t,
                                        size_t i, struct sl_str path)
{
    switch (t->op) {
    case REFERENCE_TREE_LIST:
        return sl_arena_format(a, "%.*s[%zu]", SL_FMT(path), i);
    case REFERENCE_TREE_OBJECT:
        return sl_arena_format(a, "%.*s.%.*s", SL_FMT(path), SL_FMT(t->keys[i]));
    default:
        return path;
    }
}

void reference_tree_visit(const struct reference_tree *t, struct sl_str path,
                          void (*visit)(void *ctx, const struct reference *r, int line,
                                        struct sl_str path),
                          void *ctx, struct sl_arena *a)
{
    if (t->op == REFERENCE_TREE_REFERENCE)
        visit(ctx, &t->reference, t->line, path);
    for (size_t i = 0; i < t->n; i++)
        reference_tree_visit(t->items[i], reference_tree_child_path(a, t, i, path), visit, ctx, a);
}

/* ---- expanding --------------------------------------------------------------------------------
 */

static void append_text(const struct json *v, struct sl_buf *b)
{
    if (v->type == JSON_STRING)
        sl_buf_add_str(b, v->string);
    else
        json_format(v, JSON_COMPACT, b);
}

static struct sl_err *expand_text(struct sl_arena *a, const struct reference_tree *t,
                                  const struct reference_scope *scope, struct json **ret)
{
    SL_AUTOBUF(b, 0);
    for (size_t i = 0; i < t->n; i++) {
        struct json *part;
        SL_TRY(reference_tree_expand(a, t->items[i], scope, &part));
        append_text(part, &b);
    }
    *ret = json_new_string(a, sl_arena_str(a, sl_buf_str(&b)));
    (*ret)->line = t->line;
    return NULL;
}

static struct sl_err *expand_reference(struct sl_arena *a, const struct reference_tree *t,
                                       const struct reference_scope *scope, struct json **ret)
{
    const struct json *v = reference_find(a, &t->reference, scope);
    if (!v || v->type == JSON_NULL)
        return SL_ERR(INVALID, "$(%.*s) has no value", SL_FMT(t->reference.text));
    *ret = json_copy(a, v);
    (*ret)->line = t->line;
    return NULL;
}

static struct sl_err *expand_members(struct sl_arena *a, const struct reference_tree *t,
                                     const struct reference_scope *scope, struct json **ret)
{
    bool list = t->op == REFERENCE_TREE_LIST;
    struct json *v = list ? json_new_array(a) : json_new_object(a);
    v->line = t->line;
    for (size_t i = 0; i < t->n; i++) {
        struct json *item;
        SL_TRY(reference_tree_expand(a, t->items[i], scope, &item));
        if (list)
            json_push(a, v, item);
        else
            json_set_str(a, v, t->keys[i], item);
    }
    *ret = v;
    return NULL;
}

struct sl_err *reference_tree_expand(struct sl_arena *a, const struct reference_tree *t,
                                     const struct reference_scope *scope, struct json **ret)
{
    switch (t->op) {
    case REFERENCE_TREE_VALUE:
        *ret = json_copy(a, t->value);
        return NULL;
    case REFERENCE_TREE_REFERENCE:
        return expand_reference(a, t, scope, ret);
    case REFERENCE_TREE_TEXT:
        return expand_text(a, t, scope, ret);
    case REFERENCE_TREE_LIST:
    case REFERENCE_TREE_OBJECT:
        break;
    }
    return expand_members(a, t, scope, ret);
}
