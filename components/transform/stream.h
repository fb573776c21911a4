/* Row groups of some splits, looked at on every core and taken in in their order. */
#pragma once

#include "net/workers.h"
#include "store/examples.h"

struct stream_group {
    const struct examples_split *split;
    size_t split_index; /* in the examples */
    size_t group;
};

struct stream {
    const struct examples *examples;
    struct workers *workers;
    struct stream_group *groups; /* (n_groups) in the order of splits and rows */
    size_t n_groups;
    uint64_t n_rows;
};

/* The groups of the splits `names[0..n)` (NULL: of all). Lifetime: `a`.
 * Errors: invalid: there is no such split. */
struct sl_err *stream_open(struct sl_arena *a, const struct examples *e, struct workers *workers,
                           const struct sl_str *names, size_t n, struct stream *ret) SL_MUST_USE;

struct stream_visit {
    const struct column_spec *columns; /* (n_columns) what is read */
    size_t n_columns;
    /* One group, on any thread; `a` lives until it was merged. ret is what merge gets. */
    struct sl_err *(*scan)(void *ctx, struct sl_arena *a, const struct stream_group *g,
                           const struct table *t, void **ret);
    /* The groups of a window, in order, on the caller's thread. */
    struct sl_err *(*merge)(void *ctx, const struct stream_group *groups, void **scanned, size_t n);
    /* Frees what merge did not get. */
    void (*discard)(void *scanned);
    void *ctx;
};

/* Goes over all groups. Memory: a window of twice as many groups as threads. */
struct sl_err *stream_visit(const struct stream *s, const struct stream_visit *v) SL_MUST_USE;
