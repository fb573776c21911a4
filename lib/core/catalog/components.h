/* The list of components, in the order of a pipeline: one declaration and one entry each. */
#pragma once

#include "core/catalog/catalog.h"

extern const struct catalog_component catalog_example_gen;
extern const struct catalog_component catalog_importer;
extern const struct catalog_component catalog_statistics_gen;
extern const struct catalog_component catalog_schema_gen;
extern const struct catalog_component catalog_example_validator;
extern const struct catalog_component catalog_transform;
extern const struct catalog_component catalog_trainer;
extern const struct catalog_component catalog_evaluator;
extern const struct catalog_component catalog_pusher;

/* clang-format off */
#define CATALOG_COMPONENTS \
    &catalog_example_gen, \
    &catalog_importer, \
    &catalog_statistics_gen, \
    &catalog_schema_gen, \
    &catalog_example_validator, \
    &catalog_transform, \
    &catalog_trainer, \
    &catalog_evaluator, \
    &catalog_pusher,
/* clang-format on */
