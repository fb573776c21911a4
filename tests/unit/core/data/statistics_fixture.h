/* Statistics made by hand, for tests of what reads them. */
#pragma once

#include "core/data/statistics.h"

static inline struct feature_statistics fixture_strings(const char *name, uint64_t missing,
                                                        struct statistics_value *labels, size_t n)
{
    struct feature_statistics f = {
        .name = sl_str(name), .type = STATISTICS_STRING, .has_string = true};
    for (size_t i = 0; i < n; i++)
        f.common.n_present += (uint64_t)labels[i].count;
    f.common.n_missing = missing;
    f.common.min_values = f.common.max_values = 1;
    f.common.total_values = f.common.n_present;
    f.string.n_unique = f.n_unique = n;
    f.string.rank = f.string.top = (struct statistics_values){labels, n};
    return f;
}

static inline struct feature_statistics fixture_numbers(const char *name, enum statistics_type type,
                                                        uint64_t present, uint64_t missing,
                                                        double min, double max)
{
    struct feature_statistics f = {.name = sl_str(name), .type = type, .has_numeric = true};
    f.common.n_present = f.common.total_values = present;
    f.common.n_missing = missing;
    f.common.min_values = f.common.max_values = present > 0;
    f.numeric.min = min;
    f.numeric.max = max;
    return f;
}
