/* Statistics to and from the bytes of FeatureStats.pb (tensorflow.metadata.v0
 * DatasetFeatureStatisticsList), which TFDV reads and writes too.
 *
 * What the proto has no field for travels as custom statistics: `domain_info` (bool, time),
 * `unique` of numbers, and, only where sketches were used, `unique_relative_error`,
 * `quantile_rank_error` and `top_values_count_error`. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "core/data/statistics.h"

/* Appends the list of one dataset. The same statistics give the same bytes. */
void statistics_encode(const struct dataset_statistics *d, struct sl_buf *b);

/* The dataset of a file, TFDV's included: the one without a name, the one named `All Examples`, or
 * the only one. Lifetime: `a`, which holds copies. Errors: corrupt: no such message; invalid: it
 * holds several slices and none over all examples. */
struct sl_err *statistics_decode(struct sl_arena *a, struct sl_str bytes,
                                 struct dataset_statistics **ret) SL_MUST_USE;
