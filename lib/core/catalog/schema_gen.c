#include "core/catalog/schema_gen.h"

static const struct json_field fields[] = {
    {.name = "inferFeatureShape",
     .kind = JSON_K_BOOL,
     .offset = offsetof(struct schema_gen_params, infer_feature_shape),
     .otherwise = "true",
     .help = "Give features with one value in every example a shape."},
    {.name = "maxStringDomainSize",
     .kind = JSON_K_INT,
     .offset = offsetof(struct schema_gen_params, max_string_domain_size),
     .otherwise = "100",
     .min = 0,
     .max = 1000,
     .help = "Distinct values up to which a string feature gets a domain that lists them."},
    {.name = "excludeSplits",
     .kind = JSON_K_STRING_LIST,
     .offset = offsetof(struct schema_gen_params, exclude_splits),
     .help = "Splits that the schema shall not follow."},
    {.name = "notInServing",
     .kind = JSON_K_STRING_LIST,
     .offset = offsetof(struct schema_gen_params, not_in_serving),
     .help = "Features that serving data does not have (what labels are made of)."},
};
static const struct json_table params = JSON_TABLE(fields, struct schema_gen_params);

static const struct catalog_port inputs[] = {
    {.name = "statistics",
     .type = "ExampleStatistics",
     .help = "What the schema is inferred from."},
    {.name = "schema",
     .type = "Schema",
     .optional = true,
     .help = "A curated schema: it wins, and what differs is reported."},
    {0},
};
static const struct catalog_port outputs[] = {
    {.name = "schema", .type = "Schema", .help = "schema.pbtxt and report.html."},
    {0},
};

const struct catalog_component catalog_schema_gen = {
    .name = "SchemaGen",
    .executable = "schema_gen",
    .help = "Infers what every feature is expected to be, or takes a curated schema.",
    .inputs = inputs,
    .outputs = outputs,
    .params = &params,
};
