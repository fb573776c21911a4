/* Writing ONNX models: a graph is built node by node and serialised, the same calls giving the same
 * bytes.
 *
 *     struct onnx *g = onnx_new(a, "model");
 *     onnx_value x = onnx_input(g, SL_STR("speed"), ONNX_DOUBLE, (int64_t[]){-1, 1}, 2);
 *     onnx_value y = onnx_op(g, "Sub", x, onnx_f64(g, mean), NULL);
 *     onnx_value f = onnx_op(g, "Cast", y, NULL);
 *     onnx_attr_int(g, "to", ONNX_FLOAT);                  an attribute of the node added last
 *     onnx_output(g, f, SL_STR("speed_scaled"), ONNX_FLOAT, (int64_t[]){-1, 1}, 2);
 *     onnx_serialise(g, &buf);
 *
 * A value is its name in the graph: a C string that lives in the builder's arena. Names of inner
 * values are made by the builder and never clash. Inputs come before the first node, so that they
 * get exactly the names they ask for. Models are IR 8, ai.onnx 17, ai.onnx.ml 3 unless a node asks
 * for more (onnx_require). Ill use (an input after a node, two inputs of one name) is a bug and
 * aborts. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* Element types, by their numbers in TensorProto.DataType. */
enum onnx_type {
    ONNX_FLOAT = 1,
    ONNX_INT32 = 6,
    ONNX_INT64 = 7,
    ONNX_STRING = 8,
    ONNX_BOOL = 9,
    ONNX_DOUBLE = 11,
};

#define ONNX_ML        "ai.onnx.ml"
#define ONNX_MICROSOFT "com.microsoft"

typedef const char *onnx_value;

struct onnx;

/* Lifetime: `a`, as all that is added to it. */
struct onnx *onnx_new(struct sl_arena *a, const char *graph_name);

/* The builder's arena: for constants that shall live as long as the graph. */
struct sl_arena *onnx_arena(const struct onnx *g);

/* A graph input. Shapes: dims (n_dims), -1: the batch, one symbolic size for the whole graph. */
onnx_value onnx_input(struct onnx *g, struct sl_str name, enum onnx_type type, const int64_t *dims,
                      size_t n_dims);
/* Makes `value` a graph output. Returns its name, which is `name` unless an input or an inner value
 * has that already (then a suffix is added). Shapes: as onnx_input. */
onnx_value onnx_output(struct onnx *g, onnx_value value, struct sl_str name, enum onnx_type type,
                       const int64_t *dims, size_t n_dims);

/* A node of the standard domain with one output. Inputs end with NULL; "" leaves an optional one
 * out. */
onnx_value onnx_op(struct onnx *g, const char *op, ...) __attribute__((sentinel));
/* The same with a domain (NULL: the standard one), inputs as an array and `n_outputs` outputs,
 * written to ret_outputs. */
void onnx_node(struct onnx *g, const char *domain, const char *op, const onnx_value *inputs,
               size_t n_inputs, onnx_value *ret_outputs, size_t n_outputs);

/* Attributes of the node added last. What they point to is copied. */
void onnx_attr_int(struct onnx *g, const char *name, int64_t value);
void onnx_attr_string(struct onnx *g, const char *name, const char *value);
void onnx_attr_ints(struct onnx *g, const char *name, const int64_t *values, size_t n);
void onnx_attr_floats(struct onnx *g, const char *name, const float *values, size_t n);
void onnx_attr_strings(struct onnx *g, const char *name, const struct sl_str *values, size_t n);
/* Initializers (constants). Shapes: data is row-major over dims (n_dims); n_dims 0 is a scalar.
 * `data` is borrowed until the graph is serialised. */
onnx_value onnx_const_f32(struct onnx *g, const float *data, const int64_t *dims, size_t n_dims);
onnx_value onnx_const_f64(struct onnx *g, const double *data, const int64_t *dims, size_t n_dims);
onnx_value onnx_const_str(struct onnx *g, const struct sl_str *data, const int64_t *dims,
                          size_t n_dims);
/* Scalars, one initializer for equal ones. NaN and -0.0 keep their bits. */
onnx_value onnx_f32(struct onnx *g, float value);
onnx_value onnx_f64(struct onnx *g, double value);
onnx_value onnx_i64(struct onnx *g, int64_t value);
onnx_value onnx_bool(struct onnx *g, bool value);
onnx_value onnx_str(struct onnx *g, struct sl_str value);
/* A constant of shape [n], for axes and shapes; copied. */
onnx_value onnx_i64s(struct onnx *g, const int64_t *values, size_t n);
/* Cast(value, to). */
onnx_value onnx_cast(struct onnx *g, onnx_value value, enum onnx_type to);

/* Raises the least version of an operator set ("" or NULL: the standard one); the IR version
 * follows. A domain that is named by a node is imported by itself, at version 1 unless raised
 * here. */
void onnx_require(struct onnx *g, const char *domain, int64_t version);

/* Appends the model's bytes. */
void onnx_serialise(const struct onnx *g, struct sl_buf *b);
