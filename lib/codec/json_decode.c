/* Objects into structs by a table (codec/json.h). */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/time.h"
#include "codec/json.h"

#include <math.h>

/* What stands at one field while it is decoded. */
struct place {
    struct diag_list *l;
    const struct json_field *field;
    const struct json *v;
    struct sl_str path;
};

static void wrong_type(const struct place *p, const char *expected)
{
    /* In YAML, 1.0 and yes are no strings. */
    bool unquoted =
        strcmp(expected, "string") == 0 && (p->v->type == JSON_BOOL || p->v->type == JSON_NUMBER);
    diag_add(p->l, DIAG_ERROR, p->v->line, p->path, "expected %s, got %s%s", expected,
             json_type_name(p->v->type), unquoted ? "; quote it" : "");
}

static bool expect(const struct place *p, enum json_type type, const char *expected)
{
    if (p->v->type == type)
        return true;
    wrong_type(p, expected);
    return false;
}

static void decode_number(const struct place *p, void *out)
{
    const struct json_field *f = p->field;
    bool integer = f->kind == JSON_K_INT;
    if (!expect(p, JSON_NUMBER, integer ? "integer" : "number"))
        return;
    if (integer && !json_is_integer(p->v)) {
        diag_add(p->l, DIAG_ERROR, p->v->line, p->path, "expected integer, got a fraction");
        return;
    }
    if (f->min < f->max && (p->v->number < f->min || p->v->number > f->max)) {
        diag_add(p->l, DIAG_ERROR, p->v->line, p->path,
                 "expected %s from %.15g to %.15g, got %.15g", integer ? "an integer" : "a number",
                 f->min, f->max, p->v->number);
        return;
    }
    if (integer)
        *(int64_t *)out = (int64_t)p->v->number;
    else
        *(double *)out = p->v->number;
}

static void decode_duration(const struct place *p, int64_t *out)
{
    if (!expect(p, JSON_STRING, "a duration such as \"10s\""))
        return;
    if (!sl_duration_parse(p->v->string, out))
        diag_add(p->l, DIAG_ERROR, p->v->line, p->path,
                 "'%.*s' is no duration, expected one such as \"10s\" or \"1h30m\"",
                 SL_FMT(p->v->string));
}

/* Kubernetes quantities of whole bytes: 512Mi, 1G, 4096. */
static bool parse_bytes(struct sl_str s, int64_t *ret)
{
    static const struct {
        const char *suffix;
        double factor;
    } units[] = {{"Ki", 0x1p10}, {"Mi", 0x1p20}, {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"k", 1e3},
                 {"M", 1e6},     {"G", 1e9},     {"T", 1e12},    {"", 1}};
    for (size_t i = 0; i < SL_COUNTOF(units); i++) {
        if (!sl_str_ends(s, sl_str(units[i].suffix)))
            continue;
        double value;
        s.n -= strlen(units[i].suffix);
        if (!sl_str_to_f64(s, &value) || value < 0 || value * units[i].factor > 0x1p53)
            return false;
        *ret = (int64_t)(value * units[i].factor);
        return true;
    }
    return false;
}

static void decode_bytes(const struct place *p, int64_t *out)
{
    if (json_is_integer(p->v) && p->v->number >= 0)
        *out = (int64_t)p->v->number;
    else if (!expect(p, JSON_STRING, "a size such as \"512Mi\""))
        return;
    else if (!parse_bytes(p->v->string, out))
        diag_add(p->l, DIAG_ERROR, p->v->line, p->path,
                 "'%.*s' is no size, expected one such as \"512Mi\" or \"2G\"",
                 SL_FMT(p->v->string));
}

static void decode_enum(const struct place *p, int *out)
{
    if (!expect(p, JSON_STRING, "string"))
        return;
    SL_AUTOBUF(all, 4096);
    struct sl_str names[64];
    size_t n = 0;
    for (; n < SL_COUNTOF(names) && p->field->names[n]; n++) {
        names[n] = sl_str(p->field->names[n]);
        if (sl_str_eq(p->v->string, names[n])) {
            *out = (int)n;
            return;
        }
        sl_buf_format(&all, "%s%s", n ? ", " : "", p->field->names[n]);
    }
    diag_add(p->l, DIAG_ERROR, p->v->line, p->path, "'%.*s' is not one of: %s%s",
             SL_FMT(p->v->string), all.p, diag_did_you_mean(p->l->a, p->v->string, names, n));
}

static void decode_strings(const struct place *p, struct json_strings *out)
{
    if (!expect(p, JSON_ARRAY, "list of strings"))
        return;
    out->p = SL_ARENA_ARRAY(p->l->a, struct sl_str, p->v->n);
    for (size_t i = 0; i < p->v->n; i++) {
        const struct json *item = p->v->items[i];
        if (item->type == JSON_STRING)
            out->p[out->n++] = item->string;
        else
            diag_add(p->l, DIAG_ERROR, item->line,
                     sl_arena_format(p->l->a, "%.*s[%zu]", SL_FMT(p->path), i),
                     "expected string, got %s%s", json_type_name(item->type),
                     item->type == JSON_BOOL || item->type == JSON_NUMBER ? "; quote it" : "");
    }
}

static void decode_numbers(const struct place *p, struct json_numbers *out)
{
    if (!expect(p, JSON_ARRAY, "list of numbers"))
        return;
    out->p = SL_ARENA_ARRAY(p->l->a, double, p->v->n);
    for (size_t i = 0; i < p->v->n; i++) {
        const struct json *item = p->v->items[i];
        if (item->type == JSON_NUMBER)
            out->p[out->n++] = item->number;
        else
            diag_add(p->l, DIAG_ERROR, item->line,
                     sl_arena_format(p->l->a, "%.*s[%zu]", SL_FMT(p->path), i),
                     "expected number, got %s", json_type_name(item->type));
    }
}

static void decode_objects(const struct place *p, struct json_objects *out)
{
    if (!expect(p, JSON_ARRAY, "list of objects"))
        return;
    const struct json_table *table = p->field->table;
    char *to = sl_arena_zero(p->l->a, p->v->n, table->size);
    *out = (struct json_objects){to, p->v->n};
    for (size_t i = 0; i < p->v->n; i++) {
        const struct json *item = p->v->items[i];
        struct sl_str path = sl_arena_format(p->l->a, "%.*s[%zu]", SL_FMT(p->path), i);
        if (item->type != JSON_OBJECT)
            diag_add(p->l, DIAG_ERROR, item->line, path, "expected object, got %s",
                     json_type_name(item->type));
        else
            json_decode(p->l, item, table, path, to + i * table->size);
    }
}

static void decode_field(const struct place *p, void *out)
{
    switch (p->field->kind) {
    case JSON_K_STRING:
        if (expect(p, JSON_STRING, "string"))
            *(struct sl_str *)out = p->v->string;
        break;
    case JSON_K_BOOL:
        if (expect(p, JSON_BOOL, "boolean"))
            *(bool *)out = p->v->boolean;
        break;
    case JSON_K_INT:
    case JSON_K_NUMBER:
        decode_number(p, out);
        break;
    case JSON_K_DURATION:
        decode_duration(p, out);
        break;
    case JSON_K_BYTES:
        decode_bytes(p, out);
        break;
    case JSON_K_ENUM:
        decode_enum(p, out);
        break;
    case JSON_K_ANY:
        *(const struct json **)out = p->v;
        break;
    case JSON_K_OBJECT:
        if (expect(p, JSON_OBJECT, "object"))
            json_decode(p->l, p->v, p->field->table, p->path, out);
        break;
    case JSON_K_STRING_LIST:
        decode_strings(p, out);
        break;
    case JSON_K_NUMBER_LIST:
        decode_numbers(p, out);
        break;
    case JSON_K_OBJECT_LIST:
        decode_objects(p, out);
        break;
    }
}

static struct sl_str child_path(struct sl_arena *a, struct sl_str path, struct sl_str name)
{
    return path.n ? sl_arena_format(a, "%.*s.%.*s", SL_FMT(path), SL_FMT(name)) : name;
}

static void refuse_unknown(struct diag_list *l, const struct json *object,
                           const struct json_table *table, struct sl_str path)
{
    struct sl_str *names = SL_ARENA_ARRAY(l->a, struct sl_str, table->n);
    for (size_t i = 0; i < table->n; i++)
        names[i] = sl_str(table->fields[i].name);
    for (size_t i = 0; i < object->n; i++) {
        struct sl_str key = object->members[i].key;
        bool known = false;
        for (size_t j = 0; j < table->n; j++)
            known |= sl_str_eq(key, names[j]);
        if (!known)
            diag_add(l, DIAG_ERROR, object->members[i].value->line, child_path(l->a, path, key),
                     "unknown field%s", diag_did_you_mean(l->a, key, names, table->n));
    }
}

/* The defaults of an optional object that is not there: what it requires is not missed. */
static void fill_defaults(struct diag_list *l, const struct json_table *table, struct sl_str path,
                          void *out);

static void fill_default(struct diag_list *l, const struct json_field *f, struct sl_str path,
                         void *out)
{
    if (f->otherwise) {
        struct json *v;
        struct sl_err *err = json_parse(l->a, sl_str(f->otherwise), &v);
        sl_assert(err == NULL); /* a default in one of our tables */
        decode_field(&(struct place){l, f, v, path}, out);
    } else if (f->kind == JSON_K_OBJECT) {
        fill_defaults(l, f->table, path, out);
    }
}

static void fill_defaults(struct diag_list *l, const struct json_table *table, struct sl_str path,
                          void *out)
{
    for (size_t i = 0; i < table->n; i++)
        fill_default(l, &table->fields[i], path, (char *)out + table->fields[i].offset);
}

void json_decode(struct diag_list *l, const struct json *object, const struct json_table *table,
                 struct sl_str path, void *out)
{
    memset(out, 0, table->size);
    if (object && object->type != JSON_OBJECT) {
        diag_add(l, DIAG_ERROR, object->line, path, "expected object, got %s",
                 json_type_name(object->type));
        return;
    }
    if (object)
        refuse_unknown(l, object, table, path);
    int line = object ? object->line : 0;
    if (table->line_offset)
        *(int *)((char *)out + table->line_offset) = line;
    for (size_t i = 0; i < table->n; i++) {
        const struct json_field *f = &table->fields[i];
        const struct json *v = json_get(object, f->name);
        bool present = v && (v->type != JSON_NULL || f->kind == JSON_K_ANY);
        struct sl_str at = child_path(l->a, path, sl_str(f->name));
        void *to = (char *)out + f->offset;
        if (f->present_offset)
            *(bool *)((char *)out + f->present_offset) = present;
        if (present)
            decode_field(&(struct place){l, f, v, at}, to);
        else if (f->required)
            diag_add(l, DIAG_ERROR, line, at, "is required");
        else
            fill_default(l, f, at, to);
    }
}
