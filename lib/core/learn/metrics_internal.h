/* Shared by the files of metrics; not for others. */
#pragma once

#include "core/learn/metrics.h"

/* Probabilities are kept this far from 0 and 1 in logarithms: float32's epsilon, as scikit-learn
 * does for float32. */
#define METRIC_EPSILON 1.1920928955078125e-07

struct metric_basis {
    struct metric_rows rows;

    /* Binary, all in order of the ranking. */
    struct ranking ranking;
    const float *scores;
    const double *weights; /* or NULL */
    size_t n_predicted;    /* rows [0, n_predicted) are predicted positive */

    const double *loss; /* (n) log loss: binary in order of the ranking, multi-class by row */

    /* Multi-class, by row. */
    const uint32_t *best;          /* predicted class */
    const bool *top;               /* the label is among the best three */
    const struct ranking *classes; /* (n_outputs), or NULL: too many scores to keep them */

    double shift; /* regression: the label closest to the mean */
};

/* Log loss of the probability given to what came true. */
double metrics_log_loss(double p);
/* What row i weighs. */
static inline double metric_weight(const struct metric_rows *r, const uint8_t *counts, size_t i)
{
    return (r->weights ? r->weights[i] : 1) * (counts ? counts[i] : 1);
}

/* By task: what does not depend on the weights, once; then the metrics with row i counting
 * counts[i] times (NULL: once). Lifetime: `a`. */
void metrics_prepare_binary(struct sl_arena *a, struct metric_basis *b);
void metrics_weigh_binary(const struct metric_basis *b, const uint8_t *counts,
                          struct metric_values *ret);
void metrics_prepare_multiclass(struct sl_arena *a, struct metric_basis *b);
void metrics_weigh_multiclass(const struct metric_basis *b, const uint8_t *counts,
                              struct metric_values *ret);
void metrics_prepare_regression(struct metric_basis *b);
void metrics_weigh_regression(const struct metric_basis *b, const uint8_t *counts,
                              struct metric_values *ret);
