/* Statistics of a data set as plain values: what StatisticsGen computes, FeatureStats.pb carries
 * (statistics_proto.h) and SchemaGen, ExampleValidator, Transform and the reports read.
 *
 * Definitions are TFDV's where it has one: std_dev is the population's, NaN is left out of
 * everything but n_nan, min and max include infinities, top values go by count, ties by value,
 * both descending. A value is exact unless the feature says otherwise (`approximate`). */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* The numbers are those of FeatureNameStatistics.Type. */
enum statistics_type {
    STATISTICS_INT,
    STATISTICS_FLOAT,
    STATISTICS_STRING,
    STATISTICS_BYTES, /* foreign files only, as is STRUCT */
    STATISTICS_STRUCT,
};

/* What an INT feature really is; a custom statistic `domain_info` in the file. */
enum statistics_domain {
    STATISTICS_DOMAIN_NONE,
    STATISTICS_DOMAIN_BOOL, /* values 0 and 1 */
    STATISTICS_DOMAIN_TIME, /* microseconds since 1970-01-01 UTC */
};

enum statistics_histogram_type { STATISTICS_STANDARD, STATISTICS_QUANTILES };

struct statistics_bucket {
    double low, high; /* [low, high); the last one with a finite bound includes it */
    double count;     /* a sum of weights in the weighted variants */
};

struct statistics_histogram {
    enum statistics_histogram_type type;
    struct statistics_bucket *buckets; /* ascending */
    size_t n;
    uint64_t n_nan, n_undefined;
};

struct statistics_value {
    struct sl_str value;
    double count;
};

struct statistics_values {
    struct statistics_value *p; /* by count, then by value, both descending */
    size_t n;
};

/* What every type of feature has. A missing cell of tabular data has no value, another has one. */
struct statistics_common {
    uint64_t n_present, n_missing;
    uint64_t min_values, max_values, total_values; /* values in one example */
    double mean_values;
    struct statistics_histogram values_histogram; /* QUANTILES, of the present examples */
};

/* INT and FLOAT. Zeros when the feature has no value but NaN. */
struct statistics_numeric {
    double mean, std_dev, min, median, max;
    uint64_t n_zeros, n_nan;
    struct statistics_histogram standard;  /* equal widths over the finite range, then infinities */
    struct statistics_histogram quantiles; /* equal masses */
};

/* STRING (and a categorical INT or FLOAT of a foreign file). */
struct statistics_string {
    uint64_t n_unique;
    double mean_length; /* bytes a value */
    uint64_t n_invalid_utf8;
    struct statistics_values top;  /* a few, for people */
    struct statistics_values rank; /* many: the rank histogram */
};

/* How far a value may be off; all zeros: every field is exact. */
struct statistics_error {
    bool approximate;
    double unique_relative;  /* standard error of n_unique, as a share of it */
    double quantile_rank;    /* median and histograms: rank error as a share of the values, 99 % */
    double top_values_count; /* a count is at most this much too low, never too high */
};

struct feature_statistics {
    struct sl_str name; /* steps of a nested path are joined by '.' */
    enum statistics_type type;
    enum statistics_domain domain;
    struct statistics_common common;
    bool has_numeric, has_string;
    struct statistics_numeric numeric;
    struct statistics_string string;
    uint64_t n_unique; /* distinct values, of numbers too (NaN not counted); 0 in foreign files that
                          do not say */
    struct statistics_error error;

    bool has_weighted; /* the same, every row counted with its weight */
    double weighted_present, weighted_missing;
    struct statistics_numeric weighted_numeric; /* mean, std_dev, median, the histograms */
    struct statistics_string weighted_string;   /* top, rank */
};

/* One split. */
struct dataset_statistics {
    struct sl_str name;
    uint64_t n_examples;
    double weighted_examples;            /* sum of the weights; 0 without a weight column */
    struct feature_statistics *features; /* in the order of the columns */
    size_t n_features;
};

/* NULL when there is none of that name. */
const struct feature_statistics *statistics_find(const struct dataset_statistics *d,
                                                 struct sl_str name);
