/* The numeric half of a collector: INT64, DOUBLE, FLOAT, BOOL and TIMESTAMP columns. */
#pragma once

#include "core/data/sketch_hll.h"
#include "core/data/sketch_kll.h"
#include "core/data/sketch_priority.h"
#include "core/data/statistics_collect.h"
#include "core/data/tally.h"

/* Count, mean and sum of squared distances from it, mergeable without cancellation.
 * Source: Chan, Golub, LeVeque 1979. */
struct moments {
    double weight;
    double sum;
    double squares;
};

struct statistics_numbers {
    enum column_type type;
    uint64_t seed, part;
    uint64_t n; /* values that are there and no NaN */
    uint64_t n_nan, n_zeros;
    double min, max;
    struct moments moments, weighted_moments;
    struct tally tally;             /* exact counts; empty once the sketches took over */
    struct hll *hll;                /* NULL: exact */
    struct kll *kll;                /* with hll */
    struct priority_sample *sample; /* with hll, where there are weights */
};

void statistics_numbers_init(struct statistics_numbers *s, enum column_type type,
                             const struct statistics_options *o, uint64_t seed, uint64_t part);
void statistics_numbers_deinit(struct statistics_numbers *s);
void statistics_numbers_update(struct sl_arena *a, struct statistics_numbers *s,
                               const struct column *column, const double *weights);
void statistics_numbers_merge(struct statistics_numbers *into,
                              const struct statistics_numbers *from);
/* Fills numeric, weighted_numeric, n_unique and error. */
void statistics_numbers_finish(struct sl_arena *a, const struct statistics_numbers *s,
                               const struct statistics_options *o, struct feature_statistics *ret);
