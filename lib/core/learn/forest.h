/* Gradient-boosted trees: arrays of nodes, and their evaluator.
 *
 * A row goes left when its feature is less than the node's value, compared as floats; NaN goes the
 * node's default way. A row's raw output is the base plus its leaves, added in order of the trees,
 * all in float: the arithmetic of XGBoost and of ONNX's TreeEnsembleRegressor. */
#pragma once

#include "core/learn/inputs.h"

struct json;
struct safetensors;

struct forest {
    struct input *inputs; /* of which the matrix is made */
    size_t n_inputs;
    size_t n_columns; /* of the matrix */
    size_t n_outputs;
    float *base; /* (n_outputs) */
    size_t n_trees;
    int32_t *roots;   /* (n_trees) first node of each; a tree's nodes lie together, root first */
    int32_t *outputs; /* (n_trees) which output it adds to */
    size_t n_nodes;
    int32_t *columns;      /* (n_nodes) of the matrix; -1: a leaf */
    float *values;         /* (n_nodes) split value, or what a leaf adds */
    int32_t *left, *right; /* (n_nodes) nodes; children come after their parent */
    uint8_t *default_left; /* (n_nodes) where NaN goes */
};

/* Arrays of that size, zeroed. Lifetime: `a`. */
struct forest *forest_new(struct sl_arena *a, size_t n_outputs, size_t n_trees, size_t n_nodes);
/* Gives it its inputs (copied). */
void forest_set_inputs(struct sl_arena *a, struct forest *f, const struct input *inputs, size_t n);
/* Shape and order of nodes as forest promises; then any matrix may be evaluated.
 * Errors: corrupt. */
struct sl_err *forest_check(const struct forest *f) SL_MUST_USE;
/* Raw outputs. Shapes: x (n, n_columns), ret (n, n_outputs). */
void forest_forward(const struct forest *f, const float *x, size_t n, float *ret);

/* Nodes and base from XGBoost's own model (its JSON, 1.x), the first `n_rounds` rounds of it.
 * Base is left zero: it follows from the objective, which the caller chose. Lifetime: `a`.
 * Errors: invalid: not such a model, a booster other than gbtree, categorical splits. */
struct sl_err *forest_from_xgboost(struct sl_arena *a, const struct json *model, size_t n_outputs,
                                   size_t n_rounds, struct forest **ret) SL_MUST_USE;
/* As named arrays and back. Lifetime: `a`; encoding borrows. Errors: corrupt. */
void forest_to_tensors(struct sl_arena *a, const struct forest *f, struct safetensors *ret);
struct sl_err *forest_from_tensors(struct sl_arena *a, const struct safetensors *s,
                                   size_t n_outputs, struct forest **ret) SL_MUST_USE;
