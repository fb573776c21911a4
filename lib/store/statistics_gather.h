/* From row groups of examples to statistics, in parallel and in a fixed order.
 *
 * Here rather than in core/data, whose collectors do the arithmetic, because row groups are read
 * and threads are used; StatisticsGen describes every split with it, Transform what it analyses,
 * before and after. */
#pragma once

#include "core/data/statistics_collect.h"
#include "store/examples.h"

/* What is to be described. */
struct statistics_job {
    const struct examples *examples;
    struct workers *workers;
    const struct examples_selection *rows;
    const int *columns; /* (n_columns) indices into examples->columns */
    size_t n_columns;
    int weight;                        /* index of the weight column, or -1; not one of text */
    struct statistics_options options; /* weighted: as `weight` says */
};

/* The statistics of some rows, which do not depend on the number of threads, in a dataset named
 * `name`. Memory: about 3 MiB of collectors for each of 16 columns and of the parts at work.
 * Lifetime: `a`. Errors: corrupt; invalid: a row whose weight is missing, negative or not finite.
 */
struct sl_err *statistics_gather(struct sl_arena *a, const struct statistics_job *job,
                                 struct sl_str name, struct dataset_statistics **ret) SL_MUST_USE;
