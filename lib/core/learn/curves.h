/* What a report draws of scores against labels: ROC, precision-recall, calibration, confusion,
 * residuals. */
#pragma once

#include "core/learn/metrics.h"

struct curve_point {
    double x, y;
    double threshold; /* rows with this score or more are positive; infinite: none is */
};

struct curve {
    struct curve_point *points; /* (n), x ascending */
    size_t n;
};

/* x: false positive rate, y: true positive rate, from (0, 0) to (1, 1). At most `most` points, of
 * the exact curve, about equally far apart along it. Empty with one class. Lifetime: `a`. */
void curve_roc(struct sl_arena *a, const struct metric_basis *basis, size_t most,
               struct curve *ret);
/* x: recall, y: precision, from recall 0 (with the precision of the highest score). Empty without
 * positive rows. */
void curve_pr(struct sl_arena *a, const struct metric_basis *basis, size_t most, struct curve *ret);
/* The confusion matrix at each threshold. Shapes: thresholds, ret (n). */
void curve_confusions(const struct metric_basis *basis, const double *thresholds, size_t n,
                      struct metric_confusion *ret);

/* Rows with neighbouring predictions. */
struct calibration_bin {
    double low, high;         /* predictions, inclusive */
    double prediction, label; /* weighted means */
    double weight;
    size_t rows;
};
/* At most `most` bins of about the same weight, ascending; rows of one prediction are in one bin.
 * Shapes: scores, labels (n); weights (n) or NULL; ret (most). Returns how many. */
size_t curve_calibration(const float *scores, const double *labels, const double *weights, size_t n,
                         size_t most, struct calibration_bin *ret);

/* Weights by label and predicted class. Shapes: ret (n_outputs, n_outputs), rows are labels. */
void curve_class_matrix(const struct metric_rows *rows, double *ret);

enum { RESIDUAL_QUANTILES = 7, RESIDUAL_BUCKETS = 40 };
extern const double residual_ranks[RESIDUAL_QUANTILES]; /* 0.01, 0.05, 0.25, 0.5 ... */

/* Prediction minus label. */
struct residuals {
    double quantiles[RESIDUAL_QUANTILES]; /* the least value that this share is not above */
    /* Buckets from the 1st to the 99th percentile; values beyond count in the outermost. */
    double low[RESIDUAL_BUCKETS], high[RESIDUAL_BUCKETS], weight[RESIDUAL_BUCKETS];
    size_t n_buckets; /* 0: all residuals are the same */
};
void curve_residuals(const struct metric_rows *rows, struct residuals *ret);
