/* Distances between the distributions of a feature in two data sets (TFDV's comparators). */
#pragma once

#include "core/data/statistics.h"

/* The largest difference of a value's shares, and the value (ties: the last bytewise). NaN without
 * labels. */
double distance_l_infty(struct sl_arena *a, const struct statistics_values *x,
                        const struct statistics_values *y, struct sl_str *ret_worst);
/* The largest difference of a value's counts, over all counts. NaN without labels. */
double distance_normalized_difference(struct sl_arena *a, const struct statistics_values *x,
                                      const struct statistics_values *y, struct sl_str *ret_worst);
/* Jensen-Shannon divergence, base 2, in [0, 1], of labels. NaN when a side has none. */
double distance_jensen_shannon(struct sl_arena *a, const struct statistics_values *x,
                               const struct statistics_values *y);
/* The same of two histograms: their edges united, counts spread evenly inside a bucket, points (low
 * == high) kept as values of their own, infinities never equal, NaN a value. NaN when a side is
 * empty. */
double distance_jensen_shannon_histogram(struct sl_arena *a, const struct statistics_histogram *x,
                                         const struct statistics_histogram *y);
