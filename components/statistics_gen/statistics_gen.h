/* StatisticsGen: what its files share. */
#pragma once

#include "core/catalog/statistics_gen.h"
#include "core/data/statistics_collect.h"
#include "kit/step.h"
#include "store/examples.h"

/* What is to be described. */
struct statistics_job {
    struct step *step;
    const struct examples *examples;
    const int *columns; /* (n_columns) indices into examples->columns */
    size_t n_columns;
    int weight; /* index of the weight column, or -1 */
    struct statistics_options options;
};

/* The statistics of one split, from all its row groups, on all workers.
 * Lifetime: job->step->a. Errors: invalid: a row whose weight is missing, negative or not finite.
 */
struct sl_err *statistics_gather(const struct statistics_job *job,
                                 const struct examples_split *split,
                                 struct dataset_statistics **ret) SL_MUST_USE;

/* Appends report.html: every feature of all splits. */
void statistics_report(struct dataset_statistics *const *splits, size_t n, struct sl_buf *ret);
