/* Shared by the checks of anomalies_find; not for others. */
#pragma once

#include "core/data/anomalies.h"

struct check {
    struct sl_arena *a;
    struct anomalies *l;
    const struct dataset_statistics *d;
    const schema_message *s;
    const struct validate_options *o;
};

/* Adds a finding about a feature (empty: the data set). */
void anomaly_add(const struct check *c, struct sl_str feature, enum anomaly_type type,
                 const char *label, const char *fmt, ...) SL_PRINTF(5, 6);
/* anomalies_domain.c: values against the feature's domain. */
void anomalies_check_domain(const struct check *c, const schema_feature *want,
                            const struct feature_statistics *f);
/* anomalies_drift.c: the feature's drift and skew comparators, and the number of examples. */
void anomalies_check_comparators(const struct check *c, const schema_feature *want,
                                 const struct feature_statistics *f);
void anomalies_check_dataset(const struct check *c);
