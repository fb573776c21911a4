#pragma once

#include "core/catalog/catalog.h"

enum fail_on { FAIL_ON_NONE, FAIL_ON_WARNING, FAIL_ON_ERROR };

/* One entry of `severity`. */
struct validator_override {
    struct sl_str type; /* an anomaly's name */
    int severity;       /* 0 warning, 1 error */
};

/* One entry of `drift` or `skew`: thresholds for a feature; absent ones are not compared. */
struct validator_comparator {
    struct sl_str feature;
    double l_infinity, jensen_shannon, normalized_difference;
    bool has_l_infinity, has_jensen_shannon, has_normalized_difference;
    int histogram; /* 0 standard, 1 quantiles */
};

struct example_validator_params {
    int fail_on; /* enum fail_on */
    struct sl_str environment;
    struct json_strings exclude_splits;
    bool new_features_are_warnings;
    struct json_objects severity;    /* struct validator_override */
    struct json_objects drift, skew; /* struct validator_comparator */
};

extern const struct catalog_component catalog_example_validator;
