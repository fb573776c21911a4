#include "core/catalog/example_validator.h"

#include "core/data/anomalies.h"

static const char *const fail_on_names[] = {"none", "warning", "error", NULL};
static const char *const severity_names[] = {"warning", "error", NULL};
static const char *const histogram_names[] = {"standard", "quantiles", NULL};

static const struct json_field override_fields[] = {
    {.name = "type",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct validator_override, type),
     .required = true,
     .help = "The name of an anomaly: SCHEMA_NEW_COLUMN."},
    {.name = "severity",
     .kind = JSON_K_ENUM,
     .offset = offsetof(struct validator_override, severity),
     .required = true,
     .names = severity_names},
};
static const struct json_table override_table =
    JSON_TABLE(override_fields, struct validator_override);

static const struct json_field comparator_fields[] = {
    {.name = "feature",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct validator_comparator, feature),
     .required = true},
    {.name = "lInfinity",
     .kind = JSON_K_NUMBER,
     .offset = offsetof(struct validator_comparator, l_infinity),
     .min = 0,
     .max = 1,
     .present_offset = offsetof(struct validator_comparator, has_l_infinity),
     .help = "Threshold of the largest difference of a value's shares; string features."},
    {.name = "jensenShannon",
     .kind = JSON_K_NUMBER,
     .offset = offsetof(struct validator_comparator, jensen_shannon),
     .min = 0,
     .max = 1,
     .present_offset = offsetof(struct validator_comparator, has_jensen_shannon),
     .help = "Threshold of the Jensen-Shannon divergence."},
    {.name = "normalizedDifference",
     .kind = JSON_K_NUMBER,
     .offset = offsetof(struct validator_comparator, normalized_difference),
     .min = 0,
     .max = 1,
     .present_offset = offsetof(struct validator_comparator, has_normalized_difference),
     .help = "Threshold of the largest difference of counts, over all counts; string features."},
    {.name = "histogram",
     .kind = JSON_K_ENUM,
     .offset = offsetof(struct validator_comparator, histogram),
     .names = histogram_names,
     .help = "Which histogram of a number the Jensen-Shannon divergence takes."},
};
static const struct json_table comparator_table =
    JSON_TABLE(comparator_fields, struct validator_comparator);

static const struct json_field fields[] = {
    {.name = "failOn",
     .kind = JSON_K_ENUM,
     .offset = offsetof(struct example_validator_params, fail_on),
     .otherwise = "\"error\"",
     .names = fail_on_names,
     .help = "What ends the step as invalid input, so that nothing downstream runs."},
    {.name = "environment",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct example_validator_params, environment),
     .help = "Check as data of this environment of the schema: TRAINING, SERVING."},
    {.name = "excludeSplits",
     .kind = JSON_K_STRING_LIST,
     .offset = offsetof(struct example_validator_params, exclude_splits)},
    {.name = "newFeaturesAreWarnings",
     .kind = JSON_K_BOOL,
     .offset = offsetof(struct example_validator_params, new_features_are_warnings)},
    {.name = "severity",
     .kind = JSON_K_OBJECT_LIST,
     .offset = offsetof(struct example_validator_params, severity),
     .table = &override_table,
     .help = "How bad findings of a type are; all are errors otherwise."},
    {.name = "drift",
     .kind = JSON_K_OBJECT_LIST,
     .offset = offsetof(struct example_validator_params, drift),
     .table = &comparator_table,
     .help = "Thresholds against the baseline, beside those in the schema."},
    {.name = "skew",
     .kind = JSON_K_OBJECT_LIST,
     .offset = offsetof(struct example_validator_params, skew),
     .table = &comparator_table,
     .help = "Thresholds against serving data, beside those in the schema."},
};
static const struct json_table params = JSON_TABLE(fields, struct example_validator_params);

static void check_comparators(struct diag_list *l, const struct json_objects *list,
                              const char *name, struct sl_str path)
{
    const struct validator_comparator *c = list->p;
    for (size_t i = 0; i < list->n; i++)
        if (!c[i].has_l_infinity && !c[i].has_jensen_shannon && !c[i].has_normalized_difference)
            diag_add(l, DIAG_ERROR, 0, sl_arena_format(l->a, "%.*s.%s[%zu]", SL_FMT(path), name, i),
                     "has no threshold, expected lInfinity, jensenShannon or normalizedDifference");
}

static void check(struct diag_list *l, const void *decoded, struct sl_str path)
{
    const struct example_validator_params *p = decoded;
    const struct validator_override *o = p->severity.p;
    enum anomaly_type ignored;
    for (size_t i = 0; i < p->severity.n; i++)
        if (!anomaly_type_find(o[i].type, &ignored))
            diag_add(l, DIAG_ERROR, 0,
                     sl_arena_format(l->a, "%.*s.severity[%zu].type", SL_FMT(path), i),
                     "'%.*s' is no anomaly that is looked for", SL_FMT(o[i].type));
    check_comparators(l, &p->drift, "drift", path);
    check_comparators(l, &p->skew, "skew", path);
}

static const struct catalog_port inputs[] = {
    {.name = "statistics", .type = "ExampleStatistics", .help = "The data to check."},
    {.name = "schema", .type = "Schema", .help = "What it is checked against."},
    {.name = "baseline",
     .type = "ExampleStatistics",
     .optional = true,
     .help = "Statistics of a previous span, for drift."},
    {.name = "serving",
     .type = "ExampleStatistics",
     .optional = true,
     .help = "Statistics of serving data, for skew."},
    {0},
};
static const struct catalog_port outputs[] = {
    {.name = "anomalies",
     .type = "ExampleAnomalies",
     .help = "Split-<name>/SchemaDiff.pb and anomalies.html; property blessed per split."},
    {0},
};

const struct catalog_component catalog_example_validator = {
    .name = "ExampleValidator",
    .executable = "example_validator",
    .help = "Checks statistics against a schema, a previous span and serving data.",
    .inputs = inputs,
    .outputs = outputs,
    .params = &params,
    .check = check,
};
