/* A transform as ONNX nodes: raw columns in, features out, the same bits as transform_apply. */
#pragma once

#include "codec/onnx.h"
#include "core/learn/transform.h"

/* Adds a graph input [N,1] for every raw column that the features read, named like the column
 * (double, or string; DESIGN 5, types of a column; missing is NaN or ''), and the nodes that make
 * the outputs. Call it before any other node is added.
 * What ONNX cannot say becomes an input of its own, named "feature:" and the output's name, that
 * takes the feature's value as transform_apply gives it (a float or int64, [N,1]); such outputs
 * have `portable` false in transform.json.
 * Shapes: ret_values (t->n_outputs), each [N,1]: float, or int64 of an id. */
void transform_to_onnx(struct onnx *g, const struct transform *t, onnx_value *ret_values);

/* Why outputs are not portable: one needs an input of its own, or an operator outside of the
 * standard domains (MurmurHash3 of com.microsoft). NULL: the standard operators can say it.
 * Shapes: ret (t->n_outputs). `a` is scratch. */
void transform_portable_reasons(struct sl_arena *a, const struct transform *t, const char **ret);
