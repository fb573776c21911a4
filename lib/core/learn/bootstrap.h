/* Bootstrap intervals of metrics: a resample has every row Poisson(1) times (Chamandy et al. 2012,
 * "Estimating uncertainty for massive data streams"), so that rows need no copying and scores are
 * put in order once (metrics_prepare). */
#pragma once

#include "core/learn/metrics.h"

struct metric_interval {
    double low, high; /* NaN: fewer than half of the resamples gave the metric */
};

struct metric_intervals {
    struct metric_interval v[METRIC_COUNT];
};

/* How many times resample `index` of stream `seed` has each row. Resamples are independent of one
 * another, so any thread may draw any of them. Shapes: ret_counts (n). */
void bootstrap_draw(uint64_t seed, uint64_t index, size_t n, uint8_t *ret_counts);
/* Percentile intervals of `confidence` from the values of n resamples. */
void bootstrap_intervals(const struct metric_values *resamples, size_t n, double confidence,
                         struct metric_intervals *ret);
/* How many resamples a slice of that many rows and scores a row gets: `asked`, less where rows are
 * many and intervals are narrow anyway. */
size_t bootstrap_count(size_t asked, size_t rows, size_t n_outputs);
