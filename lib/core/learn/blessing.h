/* Whether a model is good enough to be pushed (DESIGN 5): thresholds, the constant predictor,
 * leaks. */
#pragma once

#include "core/learn/metrics.h"

/* One threshold. Change is candidate minus baseline; relative change is that over the baseline's
 * magnitude, and none (so it fails) when the baseline is 0. */
struct blessing_threshold {
    enum metric metric;
    struct sl_str slice; /* empty: "overall"; "*": every slice; else a slice's name */
    bool has_min, has_max, has_min_change, has_max_change;
    bool has_min_relative, has_max_relative;
    double min, max, min_change, max_change, min_relative, max_relative;
};

struct blessing_slice {
    struct sl_str name;
    const struct metric_values *candidate;
    const struct metric_values *baseline; /* NULL: there is no baseline */
};

struct blessing_input {
    const struct blessing_threshold *thresholds;
    size_t n_thresholds;
    const struct blessing_slice *slices;
    size_t n_slices;
    enum model_task task;
    double loss, constant_loss; /* overall, of the candidate and the best constant */
    const struct sl_str
        *leaks; /* features that predict the label almost alone and were not allowed */
    size_t n_leaks;
};

struct blessing_check {
    struct sl_str text; /* "overall: auc 0.812 >= 0.7" */
    bool passed;
    bool waived; /* a change threshold without a baseline */
};

struct blessing {
    bool blessed;
    struct sl_str reason; /* one sentence: why not, or what held */
    struct blessing_check *checks;
    size_t n_checks;
    bool rubber_stamp; /* change thresholds were waived */
};

/* Lifetime: `a`. */
void blessing_decide(struct sl_arena *a, const struct blessing_input *in, struct blessing *ret);
