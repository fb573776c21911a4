/* Transform's parameters. */
#pragma once

#include "core/catalog/catalog.h"

struct transform_label_params {
    struct sl_str name, expr; /* expr empty: the column of that name */
    int task;                 /* enum transform_task after "auto" */
    struct json_strings classes;
};

struct transform_weight_params {
    struct sl_str name, expr; /* both empty: no weights */
};

struct transform_params {
    struct transform_label_params label;
    struct transform_weight_params weight;
    struct json *features; /* NULL: derived */
    struct json_strings exclude;
    int target;                  /* enum transform_target */
    struct json_strings analyze; /* names of splits */
};

extern const struct catalog_component catalog_transform;
