/* Row groups of some splits, looked at on every core and taken in in their order. */
#pragma once

#include "net/workers.h"
#include "store/examples.h"

struct stream {
    const struct examples *examples;
    struct workers *workers;
    struct examples_selection rows;
};

struct stream_visit {
    const struct column_spec *columns; /* (n_columns) what is read */
    size_t n_columns;
    /* One group, on any thread; `a` lives until it was merged. ret is what merge gets. */
    struct sl_err *(*scan)(void *ctx, struct sl_arena *a, const struct examples_selected *g,
                           const struct table *t, void **ret);
    /* The groups of a window, in order, on the caller's thread. */
    struct sl_err *(*merge)(void *ctx, const struct examples_selected *groups, void **scanned,
                            size_t n);
    /* Frees what merge did not get. */
    void (*discard)(void *scanned);
    void *ctx;
};

/* Goes over all groups. Memory: a window of twice as many groups as threads. */
struct sl_err *stream_visit(const struct stream *s, const struct stream_visit *v) SL_MUST_USE;
