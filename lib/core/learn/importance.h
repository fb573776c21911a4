/* Permutation importance: how much worse a model judges when the values of one raw column are dealt
 * out to the wrong rows (Breiman 2001). */
#pragma once

#include "core/learn/metrics.h"

/* The metric that tells a task's models apart: auc, log_loss or rmse; log_loss for a binary task
 * whose labels are all the same. */
enum metric importance_metric(const struct metric_values *overall, enum model_task task);

struct importance_rows {
    const struct model *model;
    const struct table *table; /* raw rows */
    const double *labels, *weights;
    enum metric metric;
    double value; /* of the metric on these rows as they are */
};

/* How much worse the metric gets (positive: worse) when column `column` of the table is shuffled by
 * stream `index` of `seed`. Repeats are independent of one another. Errors: model_predict_raw's. */
struct sl_err *importance_repeat(const struct importance_rows *rows, size_t column, uint64_t seed,
                                 uint64_t index, double *ret_drop) SL_MUST_USE;
/* The value of `metric` on these rows as they are. */
struct sl_err *importance_value(const struct importance_rows *rows, double *ret) SL_MUST_USE;
