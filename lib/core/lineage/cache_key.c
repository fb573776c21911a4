#include "core/lineage/cache_key.h"

#include "codec/sha256.h"

#include "base/vec.h"

enum { DIGEST_SHOWN = 12, VALUE_SHOWN = 60 };

/* ---- the record ------------------------------------------------------------------------------ */
static int compare_ports(const void *x, const void *y)
{
    return sl_str_cmp((*(const struct task_port *const *)x)->name,
                      (*(const struct task_port *const *)y)->name);
}

static const struct task_port **sorted(struct sl_arena *a, const struct task_port *ports, size_t n)
{
    const struct task_port **p = SL_ARENA_ARRAY(a, const struct task_port *, n);
    for (size_t i = 0; i < n; i++)
        p[i] = &ports[i];
    if (n)
        qsort(p, n, sizeof(struct task_port *), compare_ports);
    return p;
}

static struct json *input_digests(struct sl_arena *a, const struct cache_parts *p)
{
    const struct task_port **ports = sorted(a, p->inputs, p->n_inputs);
    struct json *o = json_new_object(a);
    for (size_t i = 0; i < p->n_inputs; i++) {
        struct json *list = json_new_array(a);
        for (size_t j = 0; j < ports[i]->n; j++)
            json_push(a, list, json_new_string(a, ports[i]->artifacts[j].digest));
        json_set_str(a, o, ports[i]->name, list);
    }
    return o;
}

static struct json *output_types(struct sl_arena *a, const struct cache_parts *p)
{
    const struct task_port **ports = sorted(a, p->outputs, p->n_outputs);
    struct json *o = json_new_object(a);
    for (size_t i = 0; i < p->n_outputs; i++)
        json_set_str(a, o, ports[i]->name,
                     json_new_string(a, ports[i]->n ? ports[i]->artifacts[0].type : SL_STR("")));
    return o;
}

struct json *cache_record(struct sl_arena *a, const struct cache_parts *p)
{
    struct json *o = json_new_object(a);
    json_set_string(a, o, "component", p->component);
    json_set_string(a, o, "build", p->build);
    json_set_string(a, o, "version", p->version);
    json_set(a, o, "params", p->params ? json_copy(a, p->params) : json_new_object(a));
    json_set(a, o, "inputs", input_digests(a, p));
    json_set(a, o, "files", task_files_to_json(a, p->files, p->n_files));
    json_set(a, o, "outputs", output_types(a, p));
    return o;
}

struct sl_str cache_key(struct sl_arena *a, const struct json *record)
{
    char hex[SHA256_HEX];
    SL_AUTOBUF(text, 0);
    json_format(record, JSON_CANONICAL, &text);
    sha256_hex(sl_buf_str(&text), hex);
    return sl_arena_str(a, sl_str(hex));
}

/* ---- why two differ -------------------------------------------------------------------------- */
struct lines {
    struct sl_arena *a;
    SL_VEC(struct sl_str) v;
};

static void say(struct lines *l, const char *fmt, ...) SL_PRINTF(2, 3);
static void say(struct lines *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    *sl_vec_add(&l->v) = sl_arena_vformat(l->a, fmt, ap);
    va_end(ap);
}

/* A value as one short line. */
static struct sl_str shown(struct lines *l, const struct json *v)
{
    if (!v)
        return SL_STR("absent");
    SL_AUTOBUF(b, 0);
    json_format(v, JSON_COMPACT, &b);
    struct sl_str s = sl_buf_str(&b);
    if (s.n <= VALUE_SHOWN)
        return sl_arena_str(l->a, s);
    size_t n = VALUE_SHOWN;
    while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return sl_arena_format(l->a, "%.*s...", (int)n, s.p);
}

static void compare_params(struct lines *l, struct sl_str path, const struct json *before,
                           const struct json *now)
{
    if (!before || !now || before->type != JSON_OBJECT || now->type != JSON_OBJECT) {
        if (!before || !now || !json_equal(before, now)) {
            struct sl_str was = shown(l, before), is = shown(l, now);
            say(l, "%.*s: was %.*s, is %.*s", SL_FMT(path), SL_FMT(was), SL_FMT(is));
        }
        return;
    }
    for (size_t i = 0; i < now->n; i++) {
        struct sl_str key = now->members[i].key;
        const struct json *old = json_get_str(before, key);
        if (!old || !json_equal(old, now->members[i].value))
            compare_params(l, sl_arena_format(l->a, "%.*s.%.*s", SL_FMT(path), SL_FMT(key)), old,
                           now->members[i].value);
    }
    for (size_t i = 0; i < before->n; i++) {
        struct sl_str key = before->members[i].key;
        if (!json_get_str(now, key))
            compare_params(l, sl_arena_format(l->a, "%.*s.%.*s", SL_FMT(path), SL_FMT(key)),
                           before->members[i].value, NULL);
    }
}

/* Records come back from a database that others may write: a part of another type is none. */
static const struct json *part(const struct json *record, const char *key, enum json_type type)
{
    const struct json *v = json_get(record, key);
    return v && v->type == type ? v : NULL;
}

static bool same(const struct json *x, const struct json *y)
{
    return x == y || (x && y && json_equal(x, y));
}

static struct sl_str first_digest(const struct json *list)
{
    struct sl_str s =
        list && list->type == JSON_ARRAY && list->n ? list->items[0]->string : SL_STR("");
    return sl_strn(s.p, SL_MIN(s.n, (size_t)DIGEST_SHOWN));
}

static void compare_inputs(struct lines *l, const struct json *before, const struct json *now)
{
    for (size_t i = 0; now && i < now->n; i++) {
        struct sl_str key = now->members[i].key;
        const struct json *is = now->members[i].value, *was = json_get_str(before, key);
        if (!was)
            say(l, "input '%.*s': was not given before", SL_FMT(key));
        else if (!json_equal(was, is) && was->n == 1 && is->n == 1)
            say(l, "input '%.*s': another artifact (was %.*s, is %.*s)", SL_FMT(key),
                SL_FMT(first_digest(was)), SL_FMT(first_digest(is)));
        else if (!json_equal(was, is))
            say(l, "input '%.*s': other artifacts (were %zu, are %zu)", SL_FMT(key), was->n, is->n);
    }
    for (size_t i = 0; before && i < before->n; i++)
        if (!json_get_str(now, before->members[i].key))
            say(l, "input '%.*s': is not given any more", SL_FMT(before->members[i].key));
}

static const struct json *find_file(const struct json *files, const struct json *like)
{
    struct sl_str uri = json_get_string(like, "uri", SL_STR(""));
    for (size_t i = 0; files && i < files->n; i++)
        if (sl_str_eq(json_get_string(files->items[i], "uri", SL_STR("")), uri))
            return files->items[i];
    return NULL;
}

static void compare_files(struct lines *l, const struct json *before, const struct json *now)
{
    for (size_t i = 0; now && i < now->n; i++) {
        const struct json *was = find_file(before, now->items[i]);
        struct sl_str uri = json_get_string(now->items[i], "uri", SL_STR(""));
        if (!was)
            say(l, "file '%.*s': was not there before", SL_FMT(uri));
        else if (!json_equal(was, now->items[i]))
            say(l, "file '%.*s': its content changed", SL_FMT(uri));
    }
    for (size_t i = 0; before && i < before->n; i++)
        if (!find_file(now, before->items[i]))
            say(l, "file '%.*s': is gone",
                SL_FMT(json_get_string(before->items[i], "uri", SL_STR(""))));
}

void cache_explain(struct sl_arena *a, const struct json *before, const struct json *now,
                   struct sl_str **ret_lines, size_t *ret_n)
{
    struct lines l = {.a = a};
    struct sl_str none = SL_STR("");
    struct sl_str component = json_get_string(now, "component", none);
    struct sl_str component_was = json_get_string(before, "component", none);
    if (!sl_str_eq(component, component_was))
        say(&l, "component: was %.*s, is %.*s", SL_FMT(component_was), SL_FMT(component));
    else if (!sl_str_eq(json_get_string(before, "build", none),
                        json_get_string(now, "build", none)))
        say(&l, "%.*s is another build than then", SL_FMT(component));
    struct sl_str version_was = json_get_string(before, "version", none);
    struct sl_str version = json_get_string(now, "version", none);
    if (!sl_str_eq(version_was, version))
        say(&l, "cache.version: was '%.*s', is '%.*s'", SL_FMT(version_was), SL_FMT(version));
    compare_params(&l, SL_STR("params"), json_get(before, "params"), json_get(now, "params"));
    compare_inputs(&l, part(before, "inputs", JSON_OBJECT), part(now, "inputs", JSON_OBJECT));
    compare_files(&l, part(before, "files", JSON_ARRAY), part(now, "files", JSON_ARRAY));
    if (!same(json_get(before, "outputs"), json_get(now, "outputs")))
        say(&l, "the declared outputs differ");
    *ret_lines = sl_arena_copy(a, l.v.p, l.v.n * sizeof(*l.v.p));
    *ret_n = l.v.n;
    sl_vec_deinit(&l.v);
}
