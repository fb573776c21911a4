#include "core/learn/metrics_internal.h"

#include <math.h>

#define MOST_RANKED ((size_t)16000000)

size_t metrics_best_class(const float *scores, size_t n)
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

static void rank_class(struct sl_arena *a, const struct metric_rows *r, size_t k,
                       struct ranking *ret)
{
    SL_AUTOARENA(scratch);
    double *scores = SL_ARENA_ARRAY(scratch, double, r->n);
    for (size_t i = 0; i < r->n; i++)
        scores[i] = (double)r->scores[i * r->n_outputs + k];
    ranking_init(a, scores, r->labels, (double)k, r->n, ret);
}

void metrics_prepare_multiclass(struct sl_arena *a, struct metric_basis *b)
{
    const struct metric_rows *r = &b->rows;
    double *loss = SL_ARENA_ARRAY(a, double, r->n);
    uint32_t *best = SL_ARENA_ARRAY(a, uint32_t, r->n);
    bool *top = SL_ARENA_ARRAY(a, bool, r->n);
    for (size_t i = 0; i < r->n; i++) {
        const float *scores = r->scores + i * r->n_outputs;
        size_t label = (size_t)r->labels[i];
        best[i] = (uint32_t)metrics_best_class(scores, r->n_outputs);
        top[i] = among_top(scores, r->n_outputs, label, 3);
        loss[i] = metrics_log_loss((double)scores[label]);
    }
    b->loss = loss;
    b->best = best;
    b->top = top;
    if (r->n * r->n_outputs > MOST_RANKED)
        return;
    struct ranking *classes = SL_ARENA_ARRAY(a, struct ranking, r->n_outputs);
    for (size_t k = 0; k < r->n_outputs; k++)
        rank_class(a, r, k, &classes[k]);
    b->classes = classes;
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
static double macro_auc(const struct metric_basis *b, const uint8_t *counts)
{
    const struct metric_rows *r = &b->rows;
    if (!b->classes && counts)
        return NAN;
    double sum = 0;
    for (size_t k = 0; k < r->n_outputs; k++) {
        SL_AUTOARENA(scratch);
        struct ranking made;
        /* cppcheck-suppress uninitvar ; only its address is taken */
        const struct ranking *ranking = b->classes ? &b->classes[k] : &made;
        if (!b->classes)
            rank_class(scratch, r, k, &made);
        sum += ranking_auc(ranking, r->weights, counts);
    }
    return sum / (double)r->n_outputs;
}

void metrics_weigh_multiclass(const struct metric_basis *b, const uint8_t *counts,
                              struct metric_values *ret)
{
    const struct metric_rows *r = &b->rows;
    SL_AUTOARENA(scratch);
    size_t n = r->n_outputs;
    double *hit = SL_ARENA_ARRAY(scratch, double, n), right = 0, top = 0, loss = 0;
    double *predicted = SL_ARENA_ARRAY(scratch, double, n);
    double *actual = SL_ARENA_ARRAY(scratch, double, n);
    for (size_t i = 0; i < r->n; i++) {
        size_t label = (size_t)r->labels[i], best = b->best[i];
        double w = metric_weight(r, counts, i);
        actual[label] += w;
        predicted[best] += w;
        if (best == label) {
            hit[label] += w;
            right += w;
        }
        top += b->top[i] ? w : 0;
        loss += w * b->loss[i];
    }
    ret->v[METRIC_ACCURACY] = right / ret->weight;
    ret->v[METRIC_TOP_3_ACCURACY] = top / ret->weight;
    ret->v[METRIC_LOG_LOSS] = loss / ret->weight;
    compute_averages(hit, predicted, actual, n, ret);
    ret->v[METRIC_MACRO_AUC] = macro_auc(b, counts);
}
