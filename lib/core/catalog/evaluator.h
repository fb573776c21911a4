#pragma once

#include "core/catalog/catalog.h"

/* One entry of `thresholds`. */
struct evaluator_threshold {
    struct sl_str metric, slice;
    double min, max, min_change, max_change, min_relative, max_relative;
    bool has_min, has_max, has_min_change, has_max_change, has_min_relative, has_max_relative;
};

struct evaluator_bootstrap {
    int64_t resamples; /* 0: no intervals */
    double confidence;
    int64_t seed;
};

struct evaluator_importance {
    bool enabled;
    int64_t repeats, max_rows, seed;
};

struct evaluator_params {
    struct sl_str split;
    struct json *slices; /* [[], [column], [{column: value}, column]] */
    struct json_objects thresholds;
    struct evaluator_bootstrap bootstrap;
    struct evaluator_importance importance;
    struct json_numbers decision_thresholds;
    int64_t min_slice_size;
    struct json_strings allow_leak;
};

extern const struct catalog_component catalog_evaluator;
