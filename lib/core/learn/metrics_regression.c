#include "core/learn/metrics_internal.h"

#include <float.h>
#include <math.h>

/* Sums of squares are taken around a label near the mean: exact when all labels are the same, and
 * no digits are lost to a large offset. */
void metrics_prepare_regression(struct metric_basis *b)
{
    const struct metric_rows *r = &b->rows;
    double mean = 0;
    for (size_t i = 0; i < r->n; i++)
        mean += (r->labels[i] - mean) / (double)(i + 1);
    b->shift = r->n ? r->labels[0] : 0;
    for (size_t i = 1; i < r->n; i++)
        if (fabs(r->labels[i] - mean) < fabs(b->shift - mean))
            b->shift = r->labels[i];
}

void metrics_weigh_regression(const struct metric_basis *b, const uint8_t *counts,
                              struct metric_values *ret)
{
    const struct metric_rows *r = &b->rows;
    double absolute = 0, square = 0, percent = 0, predictions = 0, around = 0, around_square = 0;
    for (size_t i = 0; i < r->n; i++) {
        double w = metric_weight(r, counts, i), y = r->labels[i], p = (double)r->scores[i];
        double e = p - y, d = y - b->shift;
        absolute += w * fabs(e);
        square += w * e * e;
        percent += w * fabs(e) / fmax(fabs(y), DBL_EPSILON);
        predictions += w * p;
        around += w * d;
        around_square += w * d * d;
    }
    double variance = around_square - around * around / ret->weight;
    double label = b->shift + around / ret->weight, prediction = predictions / ret->weight;
    ret->v[METRIC_MEAN_LABEL] = label;
    ret->v[METRIC_MEAN_PREDICTION] = prediction;
    ret->v[METRIC_CALIBRATION] = label != 0 ? prediction / label : NAN;
    ret->v[METRIC_MAE] = absolute / ret->weight;
    ret->v[METRIC_MSE] = square / ret->weight;
    ret->v[METRIC_RMSE] = sqrt(square / ret->weight);
    ret->v[METRIC_MAPE] = percent / ret->weight;
    ret->v[METRIC_R2] = variance > 0 ? 1 - square / variance : NAN;
}
