/* Shared by the files of metrics; not for others. */
#pragma once

#include "core/learn/metrics.h"

/* Probabilities are kept this far from 0 and 1 in logarithms: float32's epsilon, as scikit-learn
 * does for float32. */
#define METRIC_EPSILON 1.1920928955078125e-07

double metric_weight(const struct metric_rows *r, size_t row);
void metrics_compute_binary(struct sl_arena *a, const struct metric_rows *r,
                            struct metric_values *ret);
void metrics_compute_multiclass(struct sl_arena *a, const struct metric_rows *r,
                                struct metric_values *ret);
/* Area under the ROC curve of rows in descending order of score; NaN with one class. `positive`
 * says which rows are. */
double metric_auc(const struct metric_rows *r, const float *scores, size_t stride,
                  const uint32_t *order, double positive);
