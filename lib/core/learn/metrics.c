#include "core/learn/metrics.h"

#include "core/learn/metrics_internal.h"

#include <math.h>
#include <stdlib.h>

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

struct scored {
    float score;
    uint32_t row;
};

static int compare_scored(const void *x, const void *y)
{
    const struct scored *a = x, *b = y;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a->row > b->row) - (a->row < b->row);
}

const uint32_t *metric_order(struct sl_arena *a, const float *scores, size_t n)
{
    struct scored *s = SL_ARENA_ARRAY(a, struct scored, n);
    uint32_t *order = SL_ARENA_ARRAY(a, uint32_t, n);
    for (size_t i = 0; i < n; i++)
        s[i] = (struct scored){scores[i], (uint32_t)i};
    if (n)
        qsort(s, n, sizeof(*s), compare_scored);
    for (size_t i = 0; i < n; i++)
        order[i] = s[i].row;
    return order;
}

double metric_weight(const struct metric_rows *r, size_t row)
{
    return r->weights ? r->weights[row] : 1;
}

/* Weighted mean of labels and predictions; their ratio is the calibration. */
static void compute_means(const struct metric_rows *r, struct metric_values *ret)
{
    double labels = 0, predictions = 0;
    for (size_t i = 0; i < r->n; i++) {
        double w = metric_weight(r, i);
        labels += w * r->labels[i];
        predictions += w * (double)r->scores[i];
    }
    ret->v[METRIC_MEAN_LABEL] = labels / ret->weight;
    ret->v[METRIC_MEAN_PREDICTION] = predictions / ret->weight;
    ret->v[METRIC_CALIBRATION] = labels != 0 ? predictions / labels : NAN;
}

static void compute_regression(const struct metric_rows *r, struct metric_values *ret)
{
    double absolute = 0, square = 0, percent = 0, variance = 0;
    double mean = ret->v[METRIC_MEAN_LABEL];
    for (size_t i = 0; i < r->n; i++) {
        double w = metric_weight(r, i), y = r->labels[i], e = (double)r->scores[i] - y;
        absolute += w * fabs(e);
        square += w * e * e;
        percent += w * fabs(e) / fmax(fabs(y), 2.220446049250313e-16);
        variance += w * (y - mean) * (y - mean);
    }
    ret->v[METRIC_MAE] = absolute / ret->weight;
    ret->v[METRIC_MSE] = square / ret->weight;
    ret->v[METRIC_RMSE] = sqrt(square / ret->weight);
    ret->v[METRIC_MAPE] = percent / ret->weight;
    ret->v[METRIC_R2] = variance > 0 ? 1 - square / variance : NAN;
}

void metrics_compute(struct sl_arena *a, const struct metric_rows *rows, struct metric_values *ret)
{
    struct metric_values out = {.n = rows->n};
    for (int i = 0; i < METRIC_COUNT; i++)
        out.v[i] = NAN;
    for (size_t i = 0; i < rows->n; i++)
        out.weight += metric_weight(rows, i);
    if (out.weight > 0) {
        switch (rows->task) {
        case MODEL_BINARY:
            compute_means(rows, &out);
            metrics_compute_binary(a, rows, &out);
            break;
        case MODEL_MULTICLASS:
            metrics_compute_multiclass(a, rows, &out);
            break;
        case MODEL_REGRESSION:
            compute_means(rows, &out);
            compute_regression(rows, &out);
            break;
        }
    }
    *ret = out;
}

static double entropy_of_classes(const struct metric_rows *r)
{
    SL_AUTOARENA(a);
    size_t n = SL_MAX(r->n_outputs, (size_t)2);
    double *mass = SL_ARENA_ARRAY(a, double, n), total = 0, loss = 0;
    for (size_t i = 0; i < r->n; i++) {
        mass[(size_t)r->labels[i]] += metric_weight(r, i);
        total += metric_weight(r, i);
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
        weight += metric_weight(rows, i);
        mean += metric_weight(rows, i) * rows->labels[i];
    }
    mean /= weight;
    for (size_t i = 0; i < rows->n; i++)
        square += metric_weight(rows, i) * (rows->labels[i] - mean) * (rows->labels[i] - mean);
    return square / weight;
}
