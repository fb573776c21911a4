/* Where rows go: filter, then split. */
#pragma once

#include "core/catalog/example_gen.h"
#include "core/data/expr.h"
#include "store/examples.h"

struct router {
    const struct example_gen_params *params;
    const struct column_spec *columns; /* of the tables that come in */
    size_t n_columns;
    size_t *taken; /* (n_taken) those that go out, in order */
    size_t n_taken;
    struct column_spec *out; /* (n_taken) */
    struct expr *filter;     /* bound; NULL: all rows */
    enum example_gen_rule rule;
    size_t key;       /* group or time column; SIZE_MAX: none */
    uint64_t *bounds; /* (n_splits) by hash: sums of buckets */
    int64_t *cuts;    /* (n_splits) by time: the first moment that is no longer the split's */
    size_t n_splits;
};

/* What one table becomes. Lives in the arena of the call, and as long as the table. */
struct routed {
    struct table table; /* the columns that go out, all rows */
    struct examples_batch batch;
    size_t kept;
    size_t without_time; /* rows that no split takes: their time is missing */
    size_t first_without_time;
};

/* `columns` are the columns that the input has and that somebody needs.
 * Errors: invalid: a parameter names an unknown column; a filter that does not fit the types. */
struct sl_err *router_init(struct router *r, struct sl_arena *a, const struct example_gen_params *p,
                           const struct column_spec *columns, size_t n_columns) SL_MUST_USE;

/* `split` is that of the file where splits are given; `buckets`, when not NULL, those of the rows
 * by another hash than row_hash. Any thread.
 * Shapes: buckets (t->n_rows), below the sum of the splits' buckets. */
struct sl_err *router_route(const struct router *r, struct sl_arena *a, const struct table *t,
                            size_t split, const uint32_t *buckets, struct routed *ret) SL_MUST_USE;

/* Which columns of the input are needed at all.
 * Shapes: ret (n) bool. Errors: invalid: a parameter names an unknown column. */
struct sl_err *router_needs(struct sl_arena *a, const struct example_gen_params *p,
                            const struct sl_str *names, size_t n, bool *ret) SL_MUST_USE;
