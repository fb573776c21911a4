#include "core/catalog/statistics_gen.h"

#define FIELD(name) offsetof(struct statistics_gen_params, name)

static const struct json_field fields[] = {
    {"excludeSplits", JSON_K_STRING_LIST, FIELD(exclude_splits),
     .help = "Splits that get no statistics."},
    {"features", JSON_K_STRING_LIST, FIELD(features), .help = "Columns to look at; omitted: all."},
    {"numHistogramBuckets", JSON_K_INT, FIELD(num_histogram_buckets), .otherwise = "10", .min = 1,
     .max = 10000, .help = "Buckets of equal width."},
    {"numQuantiles", JSON_K_INT, FIELD(num_quantiles), .otherwise = "10", .min = 1, .max = 1000,
     .help = "Buckets of equal mass."},
    {"numTopValues", JSON_K_INT, FIELD(num_top_values), .otherwise = "20", .min = 1, .max = 10000,
     .help = "Most frequent values of a text feature that are listed."},
    {"numRankBuckets", JSON_K_INT, FIELD(num_rank_buckets), .otherwise = "1000", .min = 1,
     .max = 65536, .help = "Values in the rank histogram of a text feature."},
    {"weight", JSON_K_STRING, FIELD(weight),
     .help = "A numeric column that weighs the rows: the weighted variants are computed too."},
};

static const struct json_table table = JSON_TABLE(fields, struct statistics_gen_params);

static const struct catalog_port inputs[] = {
    {"examples", "Examples", .help = "What is described."},
    {0},
};

static const struct catalog_port outputs[] = {
    {"statistics", "ExampleStatistics",
     .help = "Split-<name>/FeatureStats.pb for each split, and report.html over all of them."},
    {0},
};

const struct catalog_component catalog_statistics_gen = {
    .name = "StatisticsGen",
    .executable = "statistics_gen",
    .help = "Describes every feature of every split: presence, ranges, moments, quantiles, "
            "histograms, distinct and most frequent values.",
    .inputs = inputs,
    .outputs = outputs,
    .params = &table,
};
