#include "codec/safetensors.h"

#include "base/limits.h"

enum { LENGTH_SIZE = 8, ALIGN = 8 };

static const struct {
    const char *name;
    size_t size;
} TYPES[] = {
    [SAFETENSORS_F32] = {"F32", 4},
    [SAFETENSORS_F64] = {"F64", 8},
    [SAFETENSORS_I32] = {"I32", 4},
    [SAFETENSORS_U8] = {"U8", 1},
};

size_t safetensors_type_size(enum safetensors_type type)
{
    return TYPES[type].size;
}

struct safetensor safetensors_make(struct sl_str name, enum safetensors_type type, size_t n_rows,
                                   size_t n_columns, const void *data)
{
    struct safetensor t = {.name = name, .type = type, .data = data};
    t.shape[0] = n_rows;
    t.shape[1] = n_columns;
    t.n_dims = n_columns ? 2 : 1;
    t.count = n_columns ? n_rows * n_columns : n_rows;
    return t;
}

static struct json *describe(struct sl_arena *a, const struct safetensor *t, size_t offset)
{
    struct json *entry = json_new_object(a);
    json_set_string(a, entry, "dtype", sl_str(TYPES[t->type].name));
    struct json *shape = json_new_array(a);
    for (size_t i = 0; i < t->n_dims; i++)
        json_push(a, shape, json_new_number(a, (double)t->shape[i]));
    json_set(a, entry, "shape", shape);
    struct json *offsets = json_new_array(a);
    json_push(a, offsets, json_new_number(a, (double)offset));
    json_push(a, offsets, json_new_number(a, (double)(offset + t->count * TYPES[t->type].size)));
    json_set(a, entry, "data_offsets", offsets);
    return entry;
}

void safetensors_encode(const struct safetensors *s, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    struct json *header = json_new_object(a);
    if (s->metadata && s->metadata->n)
        json_set(a, header, "__metadata__", json_copy(a, s->metadata));
    size_t offset = 0;
    for (size_t i = 0; i < s->n; i++) {
        json_set_str(a, header, s->tensors[i].name, describe(a, &s->tensors[i], offset));
        offset += s->tensors[i].count * TYPES[s->tensors[i].type].size;
    }
    SL_AUTOBUF(text, 0);
    json_format(header, JSON_COMPACT, &text);
    while (text.n % ALIGN)
        sl_buf_add_char(&text, ' ');
    for (size_t i = 0; i < LENGTH_SIZE; i++)
        sl_buf_add_char(b, (char)((uint64_t)text.n >> (8 * i)));
    sl_buf_add_str(b, sl_buf_str(&text));
    for (size_t i = 0; i < s->n; i++)
        sl_buf_add(b, s->tensors[i].data, s->tensors[i].count * TYPES[s->tensors[i].type].size);
}

static struct sl_err *decode_shape(const struct json *shape, struct safetensor *t)
{
    if (!shape || shape->type != JSON_ARRAY || shape->n > SAFETENSORS_DIMS)
        return SL_ERR(CORRUPT, "shape: expected a list of at most %d sizes", SAFETENSORS_DIMS);
    t->n_dims = shape->n;
    t->count = 1;
    for (size_t i = 0; i < shape->n; i++) {
        if (!json_is_integer(shape->items[i]) || shape->items[i]->number < 0)
            return SL_ERR(CORRUPT, "shape[%zu]: expected a size", i);
        t->shape[i] = (size_t)shape->items[i]->number;
        if (__builtin_mul_overflow(t->count, t->shape[i], &t->count))
            return SL_ERR(CORRUPT, "shape: too many elements");
    }
    return NULL;
}

static struct sl_err *decode_type(const struct json *dtype, enum safetensors_type *ret)
{
    for (size_t i = 0; i < SL_COUNTOF(TYPES); i++) {
        if (dtype && dtype->type == JSON_STRING && sl_str_is(dtype->string, TYPES[i].name)) {
            *ret = (enum safetensors_type)i;
            return NULL;
        }
    }
    return SL_ERR(CORRUPT, "dtype: expected F32, F64, I32 or U8");
}

/* Tensors lie one behind the other without gaps: `*offset` is where this one has to begin. */
static struct sl_err *decode_tensor(struct sl_arena *a, const struct json *entry,
                                    struct sl_str data, size_t *offset, struct safetensor *t)
{
    SL_TRY(decode_type(json_get(entry, "dtype"), &t->type));
    SL_TRY(decode_shape(json_get(entry, "shape"), t));
    const struct json *range = json_get(entry, "data_offsets");
    if (!range || range->type != JSON_ARRAY || range->n != 2 || !json_is_integer(range->items[0]) ||
        !json_is_integer(range->items[1]))
        return SL_ERR(CORRUPT, "data_offsets: expected two offsets");
    size_t size;
    if (__builtin_mul_overflow(t->count, TYPES[t->type].size, &size) || size > data.n - *offset)
        return SL_ERR(CORRUPT, "data_offsets: beyond the end of the file");
    if (range->items[0]->number != (double)*offset ||
        range->items[1]->number != (double)(*offset + size))
        return SL_ERR(CORRUPT, "data_offsets: expected [%zu, %zu]", *offset, *offset + size);
    t->data = sl_arena_copy(a, data.p + *offset, size);
    *offset += size;
    return NULL;
}

static struct sl_err *check_metadata(const struct json *metadata)
{
    if (metadata->type != JSON_OBJECT)
        return SL_ERR(CORRUPT, "__metadata__: expected an object");
    for (size_t i = 0; i < metadata->n; i++) {
        if (metadata->members[i].value->type != JSON_STRING)
            return SL_ERR(CORRUPT, "__metadata__: expected strings");
    }
    return NULL;
}

static struct sl_err *decode_header(struct sl_arena *a, const struct json *header,
                                    struct sl_str data, struct safetensors *ret)
{
    if (header->type != JSON_OBJECT)
        return SL_ERR(CORRUPT, "header: expected an object");
    struct safetensors s = {.metadata = json_new_object(a)};
    s.tensors = SL_ARENA_ARRAY(a, struct safetensor, header->n + 1);
    size_t offset = 0;
    for (size_t i = 0; i < header->n; i++) {
        const struct json_member *m = &header->members[i];
        if (sl_str_is(m->key, "__metadata__")) {
            SL_TRY(check_metadata(m->value));
            s.metadata = m->value;
            continue;
        }
        struct safetensor *t = &s.tensors[s.n++];
        t->name = m->key;
        SL_TRY(decode_tensor(a, m->value, data, &offset, t), "tensor '%.*s'", SL_FMT(m->key));
    }
    if (offset != data.n)
        return SL_ERR(CORRUPT, "%zu bytes behind the last tensor", data.n - offset);
    *ret = s;
    return NULL;
}

struct sl_err *safetensors_decode(struct sl_arena *a, struct sl_str bytes, struct safetensors *ret)
{
    if (bytes.n < LENGTH_SIZE)
        return SL_ERR(CORRUPT, "no safetensors file: %zu bytes", bytes.n);
    uint64_t size = 0;
    for (size_t i = 0; i < LENGTH_SIZE; i++)
        size |= (uint64_t)(uint8_t)bytes.p[i] << (8 * i);
    if (size > bytes.n - LENGTH_SIZE || size > SL_LIMIT_DOCUMENT_BYTES)
        return SL_ERR(CORRUPT, "no safetensors file: a header of %llu bytes in a file of %zu",
                      (unsigned long long)size, bytes.n);
    struct json *header;
    struct sl_err *err = json_parse(a, sl_strn(bytes.p + LENGTH_SIZE, (size_t)size), &header);
    if (err) {
        err->kind = SL_ERR_CORRUPT;
        return SL_WRAP(err, "safetensors header");
    }
    return decode_header(a, header, sl_str_skip(bytes, LENGTH_SIZE + (size_t)size), ret);
}

const struct safetensor *safetensors_find(const struct safetensors *s, struct sl_str name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (sl_str_eq(s->tensors[i].name, name))
            return &s->tensors[i];
    }
    return NULL;
}

struct sl_err *safetensors_get(const struct safetensors *s, const char *name,
                               enum safetensors_type type, size_t count, const void **ret)
{
    const struct safetensor *t = safetensors_find(s, sl_str(name));
    if (!t)
        return SL_ERR(CORRUPT, "tensor '%s': absent", name);
    if (t->type != type || t->count != count)
        return SL_ERR(CORRUPT, "tensor '%s': expected %zu x %s, got %zu x %s", name, count,
                      TYPES[type].name, t->count, TYPES[t->type].name);
    *ret = t->data;
    return NULL;
}
