#include "core/learn/metrics_internal.h"

#include <math.h>

static size_t best_class(const float *scores, size_t n)
{
    size_t best = 0;
    for (size_t k = 1; k < n; k++)
        if (scores[k] > scores[best])
            best = k;
    return best;
}

/* True when fewer than `top` classes stand before class `k`: a higher score, or an equal one and a
 * lower index. */
static bool among_top(const float *scores, size_t n, size_t k, size_t top)
{
    size_t before = 0;
    for (size_t j = 0; j < n; j++)
        before += scores[j] > scores[k] || (scores[j] == scores[k] && j < k);
    return before < top;
}

/* Precision, recall and F1 of classes, macro (every class that occurs counts the same) and by
 * support. A class that was never predicted has precision 0, as scikit-learn's zero_division does.
 */
static void compute_averages(const double *hit, const double *predicted, const double *actual,
                             size_t n, struct metric_values *ret)
{
    double precision = 0, recall = 0, f1 = 0, weighted = 0, classes = 0;
    for (size_t k = 0; k < n; k++) {
        if (actual[k] + predicted[k] == 0)
            continue;
        double f = 2 * hit[k] / (actual[k] + predicted[k]);
        classes++;
        precision += predicted[k] > 0 ? hit[k] / predicted[k] : 0;
        recall += actual[k] > 0 ? hit[k] / actual[k] : 0;
        f1 += f;
        weighted += f * actual[k];
    }
    ret->v[METRIC_MACRO_PRECISION] = precision / classes;
    ret->v[METRIC_MACRO_RECALL] = recall / classes;
    ret->v[METRIC_MACRO_F1] = f1 / classes;
    ret->v[METRIC_WEIGHTED_F1] = weighted / ret->weight;
}

/* The mean over classes of one against the rest; NaN when a class does not occur. */
static double macro_auc(struct sl_arena *a, const struct metric_rows *r)
{
    double sum = 0;
    float *column = SL_ARENA_ARRAY(a, float, r->n);
    for (size_t k = 0; k < r->n_outputs; k++) {
        for (size_t i = 0; i < r->n; i++)
            column[i] = r->scores[i * r->n_outputs + k];
        sum += metric_auc(r, column, 1, metric_order(a, column, r->n), (double)k);
    }
    return sum / (double)r->n_outputs;
}

void metrics_compute_multiclass(struct sl_arena *a, const struct metric_rows *r,
                                struct metric_values *ret)
{
    size_t n = r->n_outputs;
    double *hit = SL_ARENA_ARRAY(a, double, n), *predicted = SL_ARENA_ARRAY(a, double, n);
    double *actual = SL_ARENA_ARRAY(a, double, n), right = 0, top = 0, loss = 0;
    for (size_t i = 0; i < r->n; i++) {
        const float *scores = r->scores + i * n;
        size_t label = (size_t)r->labels[i], best = best_class(scores, n);
        double w = metric_weight(r, i);
        actual[label] += w;
        predicted[best] += w;
        if (best == label) {
            hit[label] += w;
            right += w;
        }
        top += among_top(scores, n, label, 3) ? w : 0;
        loss -= w * log(fmin(fmax((double)scores[label], METRIC_EPSILON), 1 - METRIC_EPSILON));
    }
    ret->v[METRIC_ACCURACY] = right / ret->weight;
    ret->v[METRIC_TOP_3_ACCURACY] = top / ret->weight;
    ret->v[METRIC_LOG_LOSS] = loss / ret->weight;
    compute_averages(hit, predicted, actual, n, ret);
    ret->v[METRIC_MACRO_AUC] = macro_auc(a, r);
}
