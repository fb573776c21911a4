/* Bootstrap intervals of metrics: each resample weighs every row by a Poisson(1) count (Chamandy et
 * al. 2012, "Estimating uncertainty for massive data streams"), so that rows need no copying and
 * the order of scores is found once. */
#pragma once

#include "core/learn/metrics.h"

struct metric_interval {
    double low, high; /* NaN: fewer than half of the resamples gave the metric */
};

struct metric_intervals {
    struct metric_interval v[METRIC_COUNT];
};

/* One resample of the metrics; independent of all others, so any thread may take any of them.
 * The rows have their order (metric_order) when they are binary. */
void bootstrap_resample(struct sl_arena *a, const struct metric_rows *rows, uint64_t seed,
                        uint64_t index, struct metric_values *ret);
/* Percentile intervals of `confidence` from the values of n resamples. */
void bootstrap_intervals(struct sl_arena *a, const struct metric_values *resamples, size_t n,
                         double confidence, struct metric_intervals *ret);
/* How many resamples a slice of that many rows gets: `asked`, less where rows are many and
 * intervals are narrow anyway. */
size_t bootstrap_count(size_t asked, size_t rows);
