/* What the files of the export share; nobody else includes this. */
#pragma once

#include "codec/onnx.h"
#include "core/learn/transform.h"

struct transform_export {
    struct sl_arena *a;
    struct onnx *g;
    const struct transform *t;
    onnx_value *columns; /* (n_columns) graph inputs; NULL: not read */
    onnx_value *values;  /* (n_nodes) double, string or int64, [N,1]; NULL: not needed */
};

/* ---- shared steps (x is double [N,1], NaN: missing) ---- */

/* Arithmetic with a constant. ONNX Runtime (noop_elimination.cc) takes operations out whose
 * constant, *narrowed to float*, is 0 or 1; these say the same in a form that it leaves alone, up
 * to the sign of a zero. */
onnx_value transform_onnx_add(struct onnx *g, onnx_value x, double c);
onnx_value transform_onnx_multiply(struct onnx *g, onnx_value x, double c);
onnx_value transform_onnx_divide(struct onnx *g, onnx_value x, double c);
onnx_value transform_onnx_where(struct onnx *g, onnx_value condition, onnx_value x, onnx_value y);
/* x where it is a number, else `otherwise`. */
onnx_value transform_onnx_fill(struct onnx *g, onnx_value x, double otherwise);
/* exact_ln and exact_exp. */
onnx_value transform_onnx_ln(struct onnx *g, onnx_value x);
onnx_value transform_onnx_exp(struct onnx *g, onnx_value x);
/* transform_part_of: double. */
onnx_value transform_onnx_part(struct onnx *g, onnx_value time_us, enum transform_part part);
/* True where the text is missing. */
onnx_value transform_onnx_empty(struct onnx *g, onnx_value text);

/* ---- expressions ---- */
/* NULL when ONNX can say it; else why not. */
const char *transform_onnx_expr_reason(const struct expr *e);
/* The value as a node's: double with NaN, or string with ''. */
onnx_value transform_onnx_expr(struct transform_export *x, const struct expr *e);
