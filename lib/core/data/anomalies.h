/* What is wrong with data: findings of checking statistics against a schema, with the names and
 * numbers that TFDV's dashboards know (tensorflow.metadata.v0.AnomalyInfo.Type). */
#pragma once

#include "base/buf.h"
#include "core/data/schema.h"

enum anomaly_type {
    ANOMALY_BOOL_BIG_INT = 1,
    ANOMALY_BOOL_SMALL_INT = 7,
    ANOMALY_BOOL_UNEXPECTED_STRING = 9,
    ANOMALY_BOOL_UNEXPECTED_FLOAT = 52,
    ANOMALY_ENUM_INVALID_UTF8 = 13,
    ANOMALY_ENUM_UNEXPECTED_VALUES = 14,
    ANOMALY_HIGH_NUMBER_VALUES = 15,
    ANOMALY_LOW_FRACTION_PRESENT = 16,
    ANOMALY_LOW_NUMBER_PRESENT = 17,
    ANOMALY_LOW_NUMBER_VALUES = 18,
    ANOMALY_NOT_PRESENT = 19,
    ANOMALY_HIGH_UNIQUE = 59,
    ANOMALY_LOW_UNIQUE = 60,
    ANOMALY_NO_UNIQUE = 61,
    ANOMALY_BIG_FLOAT = 22,
    ANOMALY_SMALL_FLOAT = 24,
    ANOMALY_STRING_NOT_FLOAT = 25,
    ANOMALY_HAS_NAN = 53,
    ANOMALY_HAS_INF = 62,
    ANOMALY_BIG_INT = 28,
    ANOMALY_NOT_INT_STRING = 30,
    ANOMALY_SMALL_INT = 32,
    ANOMALY_MISSING_COLUMN = 35,
    ANOMALY_NEW_COLUMN = 36,
    ANOMALY_CONTROL_DATA_MISSING = 40,
    ANOMALY_L_INFTY_HIGH = 42,
    ANOMALY_JENSEN_SHANNON_HIGH = 63,
    ANOMALY_NORMALIZED_DIFFERENCE_HIGH = 87,
    ANOMALY_LOW_NUM_EXAMPLES_SPAN = 49,
    ANOMALY_HIGH_NUM_EXAMPLES_SPAN = 50,
    ANOMALY_LOW_NUM_EXAMPLES = 51,
    ANOMALY_HIGH_NUM_EXAMPLES = 58,
    ANOMALY_DOMAIN_INVALID_FOR_TYPE = 66,
    ANOMALY_MISSING_NAME = 67,
    ANOMALY_MISSING_TYPE = 68,
    ANOMALY_INVALID_SCHEMA = 69,
    ANOMALY_UNEXPECTED_TYPE = 70,
    ANOMALY_INVALID_SHAPE = 80,
    ANOMALY_INVALID_DOMAIN = 81,
    ANOMALY_STATS_NOT_AVAILABLE = 83,
};

/* The numbers are those of AnomalyInfo.Severity. */
enum anomaly_severity { ANOMALY_WARNING = 1, ANOMALY_ERROR = 2 };

struct anomaly {
    struct sl_str feature; /* empty: the whole data set */
    enum anomaly_type type;
    enum anomaly_severity severity;
    const char *short_description; /* TFDV's label */
    struct sl_str description;
    struct anomaly *next;
};

/* The numbers are those of DriftSkewInfo.Measurement.Type. */
enum distance_type {
    DISTANCE_L_INFTY = 1,
    DISTANCE_JENSEN_SHANNON = 2,
    DISTANCE_NORMALIZED_DIFFERENCE = 3,
};

/* A distance that was taken, whether it was too large or not. */
struct measurement {
    struct sl_str feature;
    bool is_skew; /* else drift */
    enum distance_type type;
    double value, threshold;
    struct measurement *next;
};

struct anomalies {
    struct sl_arena *a;
    struct anomaly *first,
        *last; /* in the order of the checks: findings of one feature stand together */
    struct measurement *first_measurement, *last_measurement;
    size_t error_count, warning_count;
    bool data_missing; /* no example: nothing else was checked */
};

struct severity_override {
    enum anomaly_type type;
    enum anomaly_severity severity;
};

struct validate_options {
    struct sl_str environment;                 /* empty: every feature belongs */
    const struct dataset_statistics *previous; /* of the previous span, for drift; or NULL */
    const struct dataset_statistics *serving;  /* for skew; or NULL */
    bool new_features_are_warnings;
    const struct severity_override *overrides;
    size_t n_overrides;
};

/* Checks statistics against a schema. Lifetime: `a`. */
struct anomalies *anomalies_find(struct sl_arena *a, const struct dataset_statistics *d,
                                 const schema_message *s, const struct validate_options *options);

/* Bytes of SchemaDiff.pb, with the schema as baseline. */
void anomalies_encode(const struct anomalies *l, const schema_message *s, struct sl_buf *b);
/* "FEATURE_TYPE_LOW_FRACTION_PRESENT" and so on; "" for a number that is none. */
const char *anomaly_type_name(enum anomaly_type type);
/* False when no finding has that name. */
bool anomaly_type_find(struct sl_str name, enum anomaly_type *ret);
