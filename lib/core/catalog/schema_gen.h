#pragma once

#include "core/catalog/catalog.h"

struct schema_gen_params {
    bool infer_feature_shape;
    int64_t max_string_domain_size;
    struct json_strings exclude_splits;
    struct json_strings not_in_serving; /* labels: features that serving data does not have */
};

extern const struct catalog_component catalog_schema_gen;
