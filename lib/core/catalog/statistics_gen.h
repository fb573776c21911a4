/* StatisticsGen's parameters. */
#pragma once

#include "core/catalog/catalog.h"

struct statistics_gen_params {
    struct json_strings exclude_splits;
    struct json_strings features; /* empty: all columns */
    int64_t num_histogram_buckets;
    int64_t num_quantiles;
    int64_t num_top_values;
    int64_t num_rank_buckets;
    struct sl_str weight; /* a column, or empty */
};

extern const struct catalog_component catalog_statistics_gen;
