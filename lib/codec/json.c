#include "codec/json.h"

#include "base/alloc.h"

#include "base/limits.h"
#include "base/map.h"

#include <cjson/cJSON.h>
#include <math.h>

#define LARGEST_INTEGER 9007199254740992.0 /* 2^53: what a double holds exactly */

/* ---- parsing ----------------------------------------------------------------------------------
 */

static struct json_member *add_member(struct sl_arena *a, struct json *object)
{
    if (object->n == object->capacity) {
        size_t capacity = object->capacity ? object->capacity * 2 : 8;
        struct json_member *grown = SL_ARENA_ARRAY(a, struct json_member, capacity);
        if (object->n)
            memcpy(grown, object->members, object->n * sizeof(*grown));
        object->members = grown;
        object->capacity = capacity;
    }
    return &object->members[object->n++];
}

static struct sl_err *convert(struct sl_arena *a, const cJSON *from, int depth, struct json **ret);

static struct sl_err *convert_children(struct sl_arena *a, const cJSON *from, int depth,
                                       struct json *to)
{
    SL_AUTOMAP(seen);
    const cJSON *child;
    cJSON_ArrayForEach(child, from)
    {
        struct json *value;
        SL_TRY(convert(a, child, depth + 1, &value));
        if (to->type == JSON_ARRAY) {
            json_push(a, to, value);
            continue;
        }
        struct sl_str key = sl_arena_str(a, sl_str(child->string));
        bool added;
        sl_map_add(&seen, key, &added);
        if (!added)
            return SL_ERR(INVALID, "duplicate key '%.*s'", SL_FMT(key));
        *add_member(a, to) = (struct json_member){key, value};
    }
    return NULL;
}

static struct sl_err *convert(struct sl_arena *a, const cJSON *from, int depth, struct json **ret)
{
    if (depth > SL_LIMIT_JSON_DEPTH)
        return SL_ERR(INVALID, "nested deeper than %d", SL_LIMIT_JSON_DEPTH);
    struct json *v = SL_ARENA_NEW(a, struct json);
    if (cJSON_IsBool(from)) {
        v->type = JSON_BOOL;
        v->boolean = cJSON_IsTrue(from);
    } else if (cJSON_IsNumber(from)) {
        v->type = JSON_NUMBER;
        v->number = from->valuedouble;
        if (!isfinite(v->number))
            return SL_ERR(INVALID, "number out of range");
    } else if (cJSON_IsString(from)) {
        v->type = JSON_STRING;
        v->string = sl_arena_str(a, sl_str(from->valuestring));
    } else if (cJSON_IsArray(from) || cJSON_IsObject(from)) {
        v->type = cJSON_IsArray(from) ? JSON_ARRAY : JSON_OBJECT;
        SL_TRY(convert_children(a, from, depth, v));
    }
    *ret = v;
    return NULL;
}

static struct sl_err *syntax_error(struct sl_str text, const char *at)
{
    int line = 1, column = 1;
    if (!at || at < text.p || at > text.p + text.n)
        at = text.p + text.n;
    for (const char *p = text.p; p < at; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    return SL_ERR(INVALID, "line %d, column %d: not valid JSON", line, column);
}

struct sl_err *json_parse(struct sl_arena *a, struct sl_str text, struct json **ret)
{
    const char *end = NULL;
    struct sl_str copy = sl_arena_str(a, text);
    cJSON *tree = cJSON_ParseWithLengthOpts(copy.p, copy.n + 1, &end, true);
    if (!tree)
        return syntax_error(copy, end);
    struct sl_err *err = convert(a, tree, 0, ret);
    cJSON_Delete(tree);
    return err;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

struct json *json_get_str(const struct json *object, struct sl_str key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (size_t i = 0; i < object->n; i++)
        if (sl_str_eq(object->members[i].key, key))
            return object->members[i].value;
    return NULL;
}

struct json *json_get(const struct json *object, const char *key)
{
    return json_get_str(object, sl_str(key));
}

struct sl_str json_get_string(const struct json *object, const char *key, struct sl_str otherwise)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_STRING ? v->string : otherwise;
}

double json_get_number(const struct json *object, const char *key, double otherwise)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_NUMBER ? v->number : otherwise;
}

bool json_get_bool(const struct json *object, const char *key, bool otherwise)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_BOOL ? v->boolean : otherwise;
}

bool json_is_integer(const struct json *v)
{
    return v->type == JSON_NUMBER && fabs(v->number) <= LARGEST_INTEGER &&
           v->number == floor(v->number);
}

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "list", "object"};
    return names[type];
}

bool json_equal(const struct json *x, const struct json *y)
{
    if (x->type != y->type || x->n != y->n)
        return false;
    switch (x->type) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return x->boolean == y->boolean;
    case JSON_NUMBER:
        return x->number == y->number;
    case JSON_STRING:
        return sl_str_eq(x->string, y->string);
    case JSON_ARRAY:
        for (size_t i = 0; i < x->n; i++)
            if (!json_equal(x->items[i], y->items[i]))
                return false;
        return true;
    case JSON_OBJECT:
        for (size_t i = 0; i < x->n; i++) {
            const struct json *other = json_get_str(y, x->members[i].key);
            if (!other || !json_equal(x->members[i].value, other))
                return false;
        }
        return true;
    }
    return false;
}

/* ---- making -----------------------------------------------------------------------------------
 */

static struct json *make(struct sl_arena *a, enum json_type type)
{
    struct json *v = SL_ARENA_NEW(a, struct json);
    v->type = type;
    return v;
}

struct json *json_new_null(struct sl_arena *a)
{
    return make(a, JSON_NULL);
}

struct json *json_new_bool(struct sl_arena *a, bool b)
{
    struct json *v = make(a, JSON_BOOL);
    v->boolean = b;
    return v;
}

struct json *json_new_number(struct sl_arena *a, double d)
{
    struct json *v = make(a, JSON_NUMBER);
    v->number = d;
    return v;
}

struct json *json_new_string(struct sl_arena *a, struct sl_str s)
{
    struct json *v = make(a, JSON_STRING);
    v->string = s;
    return v;
}

struct json *json_new_array(struct sl_arena *a)
{
    return make(a, JSON_ARRAY);
}

struct json *json_new_object(struct sl_arena *a)
{
    return make(a, JSON_OBJECT);
}

struct json *json_copy(struct sl_arena *a, const struct json *v)
{
    struct json *copy = make(a, v->type);
    copy->line = v->line;
    copy->boolean = v->boolean;
    copy->number = v->number;
    copy->string = sl_arena_str(a, v->string);
    for (size_t i = 0; i < v->n; i++) {
        if (v->type == JSON_ARRAY)
            json_push(a, copy, json_copy(a, v->items[i]));
        else
            *add_member(a, copy) = (struct json_member){sl_arena_str(a, v->members[i].key),
                                                        json_copy(a, v->members[i].value)};
    }
    return copy;
}

void json_push(struct sl_arena *a, struct json *array, struct json *value)
{
    if (array->n == array->capacity) {
        size_t capacity = array->capacity ? array->capacity * 2 : 8;
        struct json **grown = SL_ARENA_ARRAY(a, struct json *, capacity);
        if (array->n)
            memcpy(grown, array->items, array->n * sizeof(*grown));
        array->items = grown;
        array->capacity = capacity;
    }
    array->items[array->n++] = value;
}

void json_set_str(struct sl_arena *a, struct json *object, struct sl_str key, struct json *value)
{
    for (size_t i = 0; i < object->n; i++)
        if (sl_str_eq(object->members[i].key, key)) {
            object->members[i].value = value;
            return;
        }
    *add_member(a, object) = (struct json_member){key, value};
}

void json_set(struct sl_arena *a, struct json *object, const char *key, struct json *value)
{
    json_set_str(a, object, sl_str(key), value);
}

void json_set_string(struct sl_arena *a, struct json *object, const char *key, struct sl_str s)
{
    json_set(a, object, key, json_new_string(a, s));
}

void json_set_number(struct sl_arena *a, struct json *object, const char *key, double d)
{
    json_set(a, object, key, json_new_number(a, d));
}

void json_set_bool(struct sl_arena *a, struct json *object, const char *key, bool b)
{
    json_set(a, object, key, json_new_bool(a, b));
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* The length of the UTF-8 sequence at `p`, 0 when there is none. */
static size_t sequence(const char *p, size_t n)
{
    for (size_t length = 1; length <= SL_MIN(n, (size_t)4); length++)
        if (sl_str_is_utf8(sl_strn(p, length)))
            return length;
    return 0;
}

static void format_odd_byte(struct sl_str s, size_t *i, struct sl_buf *b)
{
    unsigned char c = (unsigned char)s.p[*i];
    if (c == '"' || c == '\\') {
        sl_buf_format(b, "\\%c", c);
    } else if (c == '\n') {
        sl_buf_add_cstr(b, "\\n");
    } else if (c < 0x20) {
        sl_buf_format(b, "\\u%04x", c);
    } else {
        size_t length = sequence(s.p + *i, s.n - *i);
        if (length)
            sl_buf_add(b, s.p + *i, length);
        else
            sl_buf_add_cstr(b, "\xef\xbf\xbd");
        *i += length ? length - 1 : 0;
    }
}

void json_format_string(struct sl_str s, struct sl_buf *b)
{
    sl_buf_add_char(b, '"');
    size_t plain = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            continue;
        sl_buf_add(b, s.p + plain, i - plain);
        format_odd_byte(s, &i, b);
        plain = i + 1;
    }
    sl_buf_add(b, s.p + plain, s.n - plain);
    sl_buf_add_char(b, '"');
}

static void format_number(double d, struct sl_buf *b)
{
    if (!isfinite(d))
        sl_buf_add_cstr(b, "null");
    else if (d == floor(d) && fabs(d) <= LARGEST_INTEGER)
        sl_buf_format(b, "%lld", (long long)d);
    else
        sl_buf_add_f64(b, d);
}

static void new_line(enum json_style style, int depth, struct sl_buf *b)
{
    if (style == JSON_PRETTY)
        sl_buf_format(b, "\n%*s", depth * 2, "");
}

static int compare_members(const void *x, const void *y)
{
    const struct json_member *const *mx = x, *const *my = y;
    return sl_str_cmp((*mx)->key, (*my)->key);
}

static void format_value(const struct json *v, enum json_style style, int depth, struct sl_buf *b);

static void format_object(const struct json *v, enum json_style style, int depth, struct sl_buf *b)
{
    SL_AUTOFREE const struct json_member **order = SL_NEW_ARRAY(const struct json_member *, v->n);
    for (size_t i = 0; i < v->n; i++)
        order[i] = &v->members[i];
    if (style == JSON_CANONICAL)
        qsort(order, v->n, sizeof(*order), compare_members);
    sl_buf_add_char(b, '{');
    for (size_t i = 0; i < v->n; i++) {
        if (i)
            sl_buf_add_char(b, ',');
        new_line(style, depth + 1, b);
        json_format_string(order[i]->key, b);
        sl_buf_add_cstr(b, style == JSON_PRETTY ? ": " : ":");
        format_value(order[i]->value, style, depth + 1, b);
    }
    if (v->n)
        new_line(style, depth, b);
    sl_buf_add_char(b, '}');
}

static void format_array(const struct json *v, enum json_style style, int depth, struct sl_buf *b)
{
    /* Lists of plain values stay on one line, for people's eyes. */
    bool flat = true;
    for (size_t i = 0; i < v->n; i++)
        flat &= v->items[i]->type != JSON_ARRAY && v->items[i]->type != JSON_OBJECT;
    sl_buf_add_char(b, '[');
    for (size_t i = 0; i < v->n; i++) {
        if (i)
            sl_buf_add_cstr(b, flat && style == JSON_PRETTY ? ", " : ",");
        if (!flat)
            new_line(style, depth + 1, b);
        format_value(v->items[i], style, depth + 1, b);
    }
    if (!flat)
        new_line(style, depth, b);
    sl_buf_add_char(b, ']');
}

static void format_value(const struct json *v, enum json_style style, int depth, struct sl_buf *b)
{
    switch (v->type) {
    case JSON_NULL:
        sl_buf_add_cstr(b, "null");
        break;
    case JSON_BOOL:
        sl_buf_add_cstr(b, v->boolean ? "true" : "false");
        break;
    case JSON_NUMBER:
        format_number(v->number, b);
        break;
    case JSON_STRING:
        json_format_string(v->string, b);
        break;
    case JSON_ARRAY:
        format_array(v, style, depth, b);
        break;
    case JSON_OBJECT:
        format_object(v, style, depth, b);
        break;
    }
}

void json_format(const struct json *v, enum json_style style, struct sl_buf *b)
{
    format_value(v, style, 0, b);
    if (style == JSON_PRETTY)
        sl_buf_add_char(b, '\n');
}
