/* Slices: the rows of a table that share a value of a column, or of several crossed. */
#pragma once

#include "base/err.h"
#include "core/data/table.h"

/* One entry of a slicing spec: a column, and the value it must have (`all` false) or any of its
 * values. */
struct slice_column {
    struct sl_str column;
    bool all;
    struct sl_str value;
};

struct slice_spec {
    const struct slice_column *columns; /* none: all rows, the slice "overall" */
    size_t n;
};

struct slice {
    struct sl_str name; /* "overall", "state:Texas", "state:Texas, size:Large" */
    const uint32_t *rows;
    size_t n;
};

/* The slices of every spec, in the order of the specs, each spec's by name (numbers in
 * it by their value); slices with fewer than `least` rows are left out (the overall one never). A
 * missing value is the value "(missing)".
 * Lifetime: `a`. Errors: invalid: no such column, with "did you mean"; exhausted: more than 10,000
 * slices. */
struct sl_err *slices_find(struct sl_arena *a, const struct table *t,
                           const struct slice_spec *specs, size_t n_specs, size_t least,
                           struct slice **ret, size_t *ret_n) SL_MUST_USE;
