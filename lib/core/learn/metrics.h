/* Metrics of predictions against labels, weighted. Exact: no threshold buckets, ties handled as
 * ties.
 *
 * Names and formulas are scikit-learn's where it has the metric (roc_auc_score,
 * average_precision_score, log_loss, brier_score_loss, f1_score, matthews_corrcoef,
 * mean_absolute_error, r2_score ...), else TFMA's (calibration). A metric that the data cannot give
 * (AUC with one class, a ratio over nothing) is NaN. */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "core/learn/model.h"
#include "core/learn/ranking.h"

enum metric {
    METRIC_AUC,
    METRIC_AUC_PR,
    METRIC_LOG_LOSS,
    METRIC_ACCURACY,
    METRIC_BALANCED_ACCURACY,
    METRIC_PRECISION,
    METRIC_RECALL,
    METRIC_SPECIFICITY,
    METRIC_F1,
    METRIC_MCC,
    METRIC_BRIER,
    METRIC_CALIBRATION,
    METRIC_MEAN_LABEL,
    METRIC_MEAN_PREDICTION,
    METRIC_POSITIVE_RATE,
    METRIC_MACRO_PRECISION,
    METRIC_MACRO_RECALL,
    METRIC_MACRO_F1,
    METRIC_WEIGHTED_F1,
    METRIC_MACRO_AUC,
    METRIC_TOP_3_ACCURACY,
    METRIC_MAE,
    METRIC_MSE,
    METRIC_RMSE,
    METRIC_R2,
    METRIC_MAPE,
    METRIC_COUNT,
};

enum metric_direction { METRIC_HIGHER_IS_BETTER, METRIC_LOWER_IS_BETTER, METRIC_NEITHER };

/* "auc", "auc_pr", "log_loss" ... */
const char *metric_name(enum metric m);
bool metric_find(struct sl_str name, enum metric *ret);
enum metric_direction metric_direction(enum metric m);
/* True when the metric is one of the task. */
bool metric_applies(enum metric m, enum model_task task);

/* Rows to judge. Binary labels are 0 or 1, multi-class ones an index below n_outputs, regression
 * ones the value; scores, labels and weights are finite. */
struct metric_rows {
    enum model_task task;
    size_t n, n_outputs;
    const float *scores;   /* (n, n_outputs) */
    const double *labels;  /* (n) */
    const double *weights; /* (n), or NULL: 1 each */
    double threshold;      /* binary: a score >= threshold is positive */
};

struct metric_values {
    double v[METRIC_COUNT]; /* NaN where it does not apply */
    double weight;          /* sum of the weights */
    size_t n;
};

/* Every metric of the task over the rows. */
void metrics_compute(const struct metric_rows *rows, struct metric_values *ret);
/* What the best constant prediction (the weighted mean, or class shares) would have: its log loss,
 * or its mean squared error for a regression. */
double metrics_constant_loss(const struct metric_rows *rows);

/* ---- the same rows under many weights: bootstrap ---- */

/* All of the rows that does not depend on their weights: their order, each one's loss. */
struct metric_basis;
/* Lifetime: `a`; borrows the arrays of `rows`. */
const struct metric_basis *metrics_prepare(struct sl_arena *a, const struct metric_rows *rows);
/* The metrics with row i there counts[i] times (NULL: once). With counts, macro_auc is NaN for
 * more than 16 million scores: it needs an order per class. */
void metrics_weigh(const struct metric_basis *basis, const uint8_t *counts,
                   struct metric_values *ret);

/* ---- binary: what follows from a confusion matrix, and the rows in order ---- */

struct metric_confusion {
    double tp, fp, tn, fn; /* weights */
};
/* Accuracy, precision, recall, specificity, balanced accuracy, F1, MCC and positive rate; others
 * are left as they are. */
void metrics_of_confusion(const struct metric_confusion *c, struct metric_values *ret);
/* Of binary rows, best first. Shapes: all (n) in order of the ranking; weights may be NULL. */
struct metric_ranked {
    const struct ranking *ranking;
    const float *scores;
    const double *weights;
};
void metrics_ranked(const struct metric_basis *basis, struct metric_ranked *ret);
/* The class with the highest score, the first of equals. */
size_t metrics_best_class(const float *scores, size_t n);
