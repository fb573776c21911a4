/* Constants of a graph: initializers, each scalar once. */
#include "base/assert.h"
#include "codec/onnx_internal.h"

/* ---- tensors ----------------------------------------------------------------------------------*/

static size_t tensor_count(const int64_t *dims, size_t n_dims)
{
    size_t count = 1;
    for (size_t i = 0; i < n_dims; i++) {
        sl_assert_cmp(dims[i], >=, 0);
        count *= (size_t)dims[i];
    }
    return count;
}

static Onnx__TensorProto *new_tensor(struct onnx *g, enum onnx_type type, const int64_t *dims,
                                     size_t n_dims)
{
    Onnx__TensorProto *t = SL_ARENA_NEW(g->a, Onnx__TensorProto);
    onnx__tensor_proto__init(t);
    t->n_dims = n_dims;
    t->dims = sl_arena_copy(g->a, dims, n_dims * sizeof(*dims));
    t->has_data_type = true;
    t->data_type = type;
    return t;
}

/* Numbers lie in raw_data, little-endian as on every machine that Sluice runs on. */
static Onnx__TensorProto *new_raw_tensor(struct onnx *g, enum onnx_type type, const void *data,
                                         size_t item_bytes, const int64_t *dims, size_t n_dims)
{
    Onnx__TensorProto *t = new_tensor(g, type, dims, n_dims);
    t->has_raw_data = true;
    t->raw_data.len = tensor_count(dims, n_dims) * item_bytes;
    memcpy(&t->raw_data.data, &data, sizeof(data)); /* protobuf-c has no const; it only reads */
    return t;
}

static onnx_value add_initializer(struct onnx *g, Onnx__TensorProto *t)
{
    t->name = onnx_inner_name(g, "const");
    onnx_push(g->a, &g->initializers, t);
    return t->name;
}

onnx_value onnx_const_f32(struct onnx *g, const float *data, const int64_t *dims, size_t n_dims)
{
    return add_initializer(g, new_raw_tensor(g, ONNX_FLOAT, data, sizeof(*data), dims, n_dims));
}

onnx_value onnx_const_f64(struct onnx *g, const double *data, const int64_t *dims, size_t n_dims)
{
    return add_initializer(g, new_raw_tensor(g, ONNX_DOUBLE, data, sizeof(*data), dims, n_dims));
}

static onnx_value const_i64(struct onnx *g, const int64_t *data, const int64_t *dims, size_t n_dims)
{
    return add_initializer(g, new_raw_tensor(g, ONNX_INT64, data, sizeof(*data), dims, n_dims));
}

onnx_value onnx_const_str(struct onnx *g, const struct sl_str *data, const int64_t *dims,
                          size_t n_dims)
{
    Onnx__TensorProto *t = new_tensor(g, ONNX_STRING, dims, n_dims);
    t->n_string_data = tensor_count(dims, n_dims);
    t->string_data = SL_ARENA_ARRAY(g->a, ProtobufCBinaryData, t->n_string_data);
    for (size_t i = 0; i < t->n_string_data; i++)
        t->string_data[i] = onnx_copy_bytes(g->a, data[i]);
    return add_initializer(g, t);
}

/* ---- scalars ----------------------------------------------------------------------------------*/

static onnx_value find_scalar(const struct onnx *g, enum onnx_type type, uint64_t bits,
                              struct sl_str text)
{
    for (size_t i = 0; i < g->scalars.n; i++) {
        const struct onnx_scalar *s = g->scalars.p[i];
        if (s->type == type && s->bits == bits && sl_str_eq(s->text, text))
            return s->value;
    }
    return NULL;
}

static onnx_value remember_scalar(struct onnx *g, enum onnx_type type, uint64_t bits,
                                  struct sl_str text, onnx_value value)
{
    struct onnx_scalar *s = SL_ARENA_NEW(g->a, struct onnx_scalar);
    *s = (struct onnx_scalar){type, bits, sl_arena_str(g->a, text), value};
    onnx_push(g->a, &g->scalars, s);
    return value;
}

static onnx_value raw_scalar(struct onnx *g, enum onnx_type type, const void *item, size_t bytes)
{
    uint64_t bits = 0;
    memcpy(&bits, item, bytes);
    onnx_value v = find_scalar(g, type, bits, (struct sl_str){0});
    if (v)
        return v;
    const void *copy = sl_arena_copy(g->a, item, bytes);
    v = add_initializer(g, new_raw_tensor(g, type, copy, bytes, NULL, 0));
    return remember_scalar(g, type, bits, (struct sl_str){0}, v);
}

onnx_value onnx_f32(struct onnx *g, float value)
{
    return raw_scalar(g, ONNX_FLOAT, &value, sizeof(value));
}

onnx_value onnx_f64(struct onnx *g, double value)
{
    return raw_scalar(g, ONNX_DOUBLE, &value, sizeof(value));
}

onnx_value onnx_i64(struct onnx *g, int64_t value)
{
    return raw_scalar(g, ONNX_INT64, &value, sizeof(value));
}

onnx_value onnx_bool(struct onnx *g, bool value)
{
    uint8_t byte = value;
    return raw_scalar(g, ONNX_BOOL, &byte, sizeof(byte));
}

onnx_value onnx_str(struct onnx *g, struct sl_str value)
{
    onnx_value v = find_scalar(g, ONNX_STRING, 0, value);
    return v ? v : remember_scalar(g, ONNX_STRING, 0, value, onnx_const_str(g, &value, NULL, 0));
}

onnx_value onnx_i64s(struct onnx *g, const int64_t *values, size_t n)
{
    const int64_t *copy = sl_arena_copy(g->a, values, n * sizeof(*values));
    return const_i64(g, copy, (int64_t[]){(int64_t)n}, 1);
}
