#include "core/learn/metrics.h"

#include "core/learn/metrics_internal.h"

#include <math.h>

enum {
    TASK_BINARY = 1 << MODEL_BINARY,
    TASK_MULTI = 1 << MODEL_MULTICLASS,
    TASK_REGRESSION = 1 << MODEL_REGRESSION
};

static const struct {
    const char *name;
    enum metric_direction direction;
    int tasks;
} metrics[METRIC_COUNT] = {
    [METRIC_AUC] = {"auc", METRIC_HIGHER_IS_BETTER, TASK_BINARY},
    [METRIC_AUC_PR] = {"auc_pr", METRIC_HIGHER_IS_BETTER, TASK_BINARY},
    [METRIC_LOG_LOSS] = {"log_loss", METRIC_LOWER_IS_BETTER, TASK_BINARY | TASK_MULTI},
    [METRIC_ACCURACY] = {"accuracy", METRIC_HIGHER_IS_BETTER, TASK_BINARY | TASK_MULTI},
    [METRIC_BALANCED_ACCURACY] = {"balanced_accuracy", METRIC_HIGHER_IS_BETTER, TASK_BINARY},
    [METRIC_PRECISION] = {"precision", METRIC_HIGHER_IS_BETTER, TASK_BINARY},
    [METRIC_RECALL] = {"recall", METRIC_HIGHER_IS_BETTER, TASK_BINARY},
    [METRIC_SPECIFICITY] = {"specificity", METRIC_HIGHER_IS_BETTER, TASK_BINARY},
    [METRIC_F1] = {"f1", METRIC_HIGHER_IS_BETTER, TASK_BINARY},
    [METRIC_MCC] = {"mcc", METRIC_HIGHER_IS_BETTER, TASK_BINARY},
    [METRIC_BRIER] = {"brier", METRIC_LOWER_IS_BETTER, TASK_BINARY},
    [METRIC_CALIBRATION] = {"calibration", METRIC_NEITHER, TASK_BINARY | TASK_REGRESSION},
    [METRIC_MEAN_LABEL] = {"mean_label", METRIC_NEITHER, TASK_BINARY | TASK_REGRESSION},
    [METRIC_MEAN_PREDICTION] = {"mean_prediction", METRIC_NEITHER, TASK_BINARY | TASK_REGRESSION},
    [METRIC_POSITIVE_RATE] = {"positive_rate", METRIC_NEITHER, TASK_BINARY},
    [METRIC_MACRO_PRECISION] = {"macro_precision", METRIC_HIGHER_IS_BETTER, TASK_MULTI},
    [METRIC_MACRO_RECALL] = {"macro_recall", METRIC_HIGHER_IS_BETTER, TASK_MULTI},
    [METRIC_MACRO_F1] = {"macro_f1", METRIC_HIGHER_IS_BETTER, TASK_MULTI},
    [METRIC_WEIGHTED_F1] = {"weighted_f1", METRIC_HIGHER_IS_BETTER, TASK_MULTI},
    [METRIC_MACRO_AUC] = {"macro_auc", METRIC_HIGHER_IS_BETTER, TASK_MULTI},
    [METRIC_TOP_3_ACCURACY] = {"top_3_accuracy", METRIC_HIGHER_IS_BETTER, TASK_MULTI},
    [METRIC_MAE] = {"mae", METRIC_LOWER_IS_BETTER, TASK_REGRESSION},
    [METRIC_MSE] = {"mse", METRIC_LOWER_IS_BETTER, TASK_REGRESSION},
    [METRIC_RMSE] = {"rmse", METRIC_LOWER_IS_BETTER, TASK_REGRESSION},
    [METRIC_R2] = {"r2", METRIC_HIGHER_IS_BETTER, TASK_REGRESSION},
    [METRIC_MAPE] = {"mape", METRIC_LOWER_IS_BETTER, TASK_REGRESSION},
};

const char *metric_name(enum metric m)
{
    return metrics[m].name;
}

bool metric_find(struct sl_str name, enum metric *ret)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        if (sl_str_is(name, metrics[i].name)) {
            *ret = (enum metric)i;
            return true;
        }
    return false;
}

enum metric_direction metric_direction(enum metric m)
{
    return metrics[m].direction;
}

bool metric_applies(enum metric m, enum model_task task)
{
    return metrics[m].tasks >> task & 1;
}

double metrics_log_loss(double p)
{
    return -log(fmin(fmax(p, METRIC_EPSILON), 1 - METRIC_EPSILON));
}

const struct metric_basis *metrics_prepare(struct sl_arena *a, const struct metric_rows *rows)
{
    struct metric_basis *b = SL_ARENA_NEW(a, struct metric_basis);
    b->rows = *rows;
    switch (rows->task) {
    case MODEL_BINARY:
        metrics_prepare_binary(a, b);
        break;
    case MODEL_MULTICLASS:
        metrics_prepare_multiclass(a, b);
        break;
    case MODEL_REGRESSION:
        metrics_prepare_regression(b);
        break;
    }
    return b;
}

void metrics_weigh(const struct metric_basis *basis, const uint8_t *counts,
                   struct metric_values *ret)
{
    const struct metric_rows *rows = &basis->rows;
    struct metric_values out = {.n = rows->n};
    for (int i = 0; i < METRIC_COUNT; i++)
        out.v[i] = NAN;
    for (size_t i = 0; i < rows->n; i++)
        out.weight += metric_weight(rows, counts, i);
    if (out.weight > 0) {
        switch (rows->task) {
        case MODEL_BINARY:
            metrics_weigh_binary(basis, counts, &out);
            break;
        case MODEL_MULTICLASS:
            metrics_weigh_multiclass(basis, counts, &out);
            break;
        case MODEL_REGRESSION:
            metrics_weigh_regression(basis, counts, &out);
            break;
        }
    }
    *ret = out;
}

void metrics_compute(const struct metric_rows *rows, struct metric_values *ret)
{
    SL_AUTOARENA(scratch);
    metrics_weigh(metrics_prepare(scratch, rows), NULL, ret);
}

static double entropy_of_classes(const struct metric_rows *r)
{
    SL_AUTOARENA(a);
    size_t n = SL_MAX(r->n_outputs, (size_t)2);
    double *mass = SL_ARENA_ARRAY(a, double, n), total = 0, loss = 0;
    for (size_t i = 0; i < r->n; i++) {
        mass[(size_t)r->labels[i]] += metric_weight(r, NULL, i);
        total += metric_weight(r, NULL, i);
    }
    for (size_t k = 0; k < n; k++)
        if (mass[k] > 0)
            loss -= mass[k] / total * log(mass[k] / total);
    return loss;
}

double metrics_constant_loss(const struct metric_rows *rows)
{
    if (rows->task != MODEL_REGRESSION)
        return entropy_of_classes(rows);
    double weight = 0, mean = 0, square = 0;
    for (size_t i = 0; i < rows->n; i++) {
        weight += metric_weight(rows, NULL, i);
        mean += metric_weight(rows, NULL, i) * rows->labels[i];
    }
    mean /= weight;
    for (size_t i = 0; i < rows->n; i++)
        square +=
            metric_weight(rows, NULL, i) * (rows->labels[i] - mean) * (rows->labels[i] - mean);
    return square / weight;
}
