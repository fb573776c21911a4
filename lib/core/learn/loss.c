#include "core/learn/loss.h"

#include "base/alloc.h"
#include "core/data/exact_math.h"

#include <math.h>

/* Scores are the same bits on every machine: no libm here. Losses only steer training. */
static double sigmoid(double z)
{
    return 1 / (1 + exact_exp(-z));
}

/* Loss log(1 + e^z) - y z without overflow, and its derivative, by one exponential. */
static double binary_row(double z, double label, double weight, float *ret_dz)
{
    double e = exp(-fabs(z)), share = 1 / (1 + e);
    double p = z > 0 ? share : 1 - share;
    *ret_dz = (float)(weight * (p - label));
    return weight * (fmax(z, 0) + log1p(e) - label * z);
}

static double multiclass_row(const float *z, size_t n_out, float label, float weight, float *ret_dz)
{
    double top = z[0], sum = 0;
    for (size_t k = 1; k < n_out; k++)
        top = z[k] > top ? z[k] : top;
    for (size_t k = 0; k < n_out; k++)
        sum += exp(z[k] - top);
    size_t y = (size_t)label;
    for (size_t k = 0; k < n_out; k++)
        ret_dz[k] = (float)(weight * (exp(z[k] - top) / sum - (k == y)));
    return weight * (log(sum) + top - z[y]);
}

double loss_row(enum model_task task, const float *z, size_t n_out, float label, float weight,
                float *ret_dz)
{
    switch (task) {
    case MODEL_BINARY:
        return binary_row(z[0], label, weight, ret_dz);
    case MODEL_MULTICLASS:
        return multiclass_row(z, n_out, label, weight, ret_dz);
    case MODEL_REGRESSION:
        break;
    }
    double difference = (double)z[0] - label;
    ret_dz[0] = (float)(weight * difference);
    return weight * difference * difference / 2;
}

static void softmax(float *z, size_t n_out)
{
    double top = z[0], sum = 0;
    for (size_t k = 1; k < n_out; k++)
        top = z[k] > top ? z[k] : top;
    for (size_t k = 0; k < n_out; k++)
        sum += exact_exp((double)z[k] - top);
    for (size_t k = 0; k < n_out; k++)
        z[k] = (float)(exact_exp((double)z[k] - top) / sum);
}

void loss_scores(enum model_task task, float *z, size_t n, size_t n_out)
{
    for (size_t i = 0; i < n && task == MODEL_BINARY; i++)
        z[i] = (float)sigmoid(z[i]);
    for (size_t i = 0; i < n && task == MODEL_MULTICLASS; i++)
        softmax(z + i * n_out, n_out);
}

/* Shares are kept off 0 and 1, where log-odds end. */
static double bounded(double share)
{
    return fmin(fmax(share, 1e-6), 1 - 1e-6);
}

static double weight_at(const float *weights, size_t i)
{
    return weights ? weights[i] : 1;
}

void loss_constant(enum model_task task, const float *labels, const float *weights, size_t n,
                   size_t n_out, float *ret)
{
    SL_AUTOFREE double *sums = SL_NEW_ARRAY(double, n_out);
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        double w = weight_at(weights, i);
        total += w;
        if (task == MODEL_MULTICLASS)
            sums[(size_t)labels[i]] += w;
        else
            sums[0] += w * labels[i];
    }
    for (size_t k = 0; k < n_out; k++) {
        double mean = total > 0 ? sums[k] / total : 0;
        if (task == MODEL_BINARY)
            mean = log(bounded(mean) / (1 - bounded(mean)));
        else if (task == MODEL_MULTICLASS)
            mean = log(bounded(mean));
        ret[k] = (float)mean;
    }
}

double loss_mean(enum model_task task, const float *z, size_t n_out, const float *labels,
                 const float *weights, size_t n)
{
    SL_AUTOFREE float *dz = SL_NEW_ARRAY(float, n_out);
    double loss = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        float w = (float)weight_at(weights, i);
        loss += loss_row(task, z + i * n_out, n_out, labels[i], w, dz);
        total += w;
    }
    return total > 0 ? loss / total : 0;
}
