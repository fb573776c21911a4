/* The values of a transform's nodes over a batch of rows: what transform_apply and the analyzers
 * share. */
#pragma once

#include "core/learn/transform.h"

/* One node's values, (rows) each; which pointer is set follows from the node's kind. */
struct transform_values {
    const double *number; /* NaN: missing */
    const int64_t *ids;
    const uint32_t *codes;     /* text: into dict */
    const struct sl_str *dict; /* (dict_n) an empty entry: missing */
    size_t dict_n;
};

/* The raw columns named by `specs` out of `raw`, in that order and of those types.
 * Errors: invalid: one is absent or of another type. Lifetime: `a`; data is shared where it can be.
 */
struct sl_err *transform_pick(struct sl_arena *a, const struct column_spec *specs, size_t n,
                              const struct table *raw, struct table *ret) SL_MUST_USE;
/* A column (of any type) as a node of its kind would hold it. Lifetime: `a`. */
struct transform_values transform_column_values(struct sl_arena *a, const struct column *c);
/* Values of the nodes that `wanted` marks and of those they need; none of them is pending.
 * Shapes: picked: t->columns as transform_pick gives them; wanted, ret (t->n_nodes).
 * Lifetime: `a`. */
struct sl_err *transform_eval(struct sl_arena *a, const struct transform *t,
                              const struct table *picked, const bool *wanted,
                              struct transform_values *ret) SL_MUST_USE;
/* Sets kind-dependent facts of node `index` (kind, may_miss, whole, time, size) from its arguments.
 * The size of an id that is not known yet stays 0. */
void transform_node_settle(struct transform *t, size_t index);
/* Makes a vocabulary ready for look-ups. Lifetime: `a`. */
void transform_vocabulary_index(struct sl_arena *a, struct transform_vocabulary *v);
/* The id of a token, or -1. */
int64_t transform_vocabulary_find(const struct transform_vocabulary *v, struct sl_str token);
int64_t transform_vocabulary_find_number(const struct transform_vocabulary *v, int64_t number);
