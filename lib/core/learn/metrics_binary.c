#include "core/learn/metrics_internal.h"

#include <math.h>

double metric_auc(const struct metric_rows *r, const float *scores, size_t stride,
                  const uint32_t *order, double positive)
{
    double area = 0, true_positive = 0, false_positive = 0;
    for (size_t i = 0; i < r->n;) {
        /* Rows of one score are one step of the curve: a trapezoid. */
        double step_positive = 0, step_negative = 0;
        float score = scores[order[i] * stride];
        for (; i < r->n && scores[order[i] * stride] == score; i++) {
            double w = metric_weight(r, order[i]);
            if (r->labels[order[i]] == positive)
                step_positive += w;
            else
                step_negative += w;
        }
        area += step_negative * (true_positive + step_positive / 2);
        true_positive += step_positive;
        false_positive += step_negative;
    }
    double all = true_positive * false_positive;
    return all > 0 ? area / all : NAN;
}

/* Average precision: the sum over steps of the recall gained times the precision there. */
static double average_precision(const struct metric_rows *r, const uint32_t *order)
{
    double sum = 0, positives = 0, seen = 0, hits = 0;
    for (size_t i = 0; i < r->n; i++)
        positives += metric_weight(r, i) * r->labels[i];
    for (size_t i = 0; i < r->n;) {
        double gained = 0;
        float score = r->scores[order[i]];
        for (; i < r->n && r->scores[order[i]] == score; i++) {
            double w = metric_weight(r, order[i]);
            seen += w;
            gained += w * r->labels[order[i]];
        }
        hits += gained;
        if (gained > 0)
            sum += gained * (hits / seen);
    }
    return positives > 0 ? sum / positives : NAN;
}

struct confusion {
    double tp, fp, tn, fn;
};

static struct confusion confuse(const struct metric_rows *r)
{
    struct confusion c = {0};
    for (size_t i = 0; i < r->n; i++) {
        double w = metric_weight(r, i);
        bool predicted = (double)r->scores[i] >= r->threshold, actual = r->labels[i] == 1;
        if (predicted)
            *(actual ? &c.tp : &c.fp) += w;
        else
            *(actual ? &c.fn : &c.tn) += w;
    }
    return c;
}

static double ratio(double over, double under)
{
    return under > 0 ? over / under : NAN;
}

static void compute_at_threshold(const struct metric_rows *r, struct metric_values *ret)
{
    struct confusion c = confuse(r);
    double recall = ratio(c.tp, c.tp + c.fn), specificity = ratio(c.tn, c.tn + c.fp);
    double all = (c.tp + c.fp) * (c.tp + c.fn) * (c.tn + c.fp) * (c.tn + c.fn);
    ret->v[METRIC_ACCURACY] = ratio(c.tp + c.tn, ret->weight);
    ret->v[METRIC_PRECISION] = ratio(c.tp, c.tp + c.fp);
    ret->v[METRIC_RECALL] = recall;
    ret->v[METRIC_SPECIFICITY] = specificity;
    ret->v[METRIC_BALANCED_ACCURACY] = (recall + specificity) / 2;
    ret->v[METRIC_F1] = ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn);
    ret->v[METRIC_MCC] = all > 0 ? (c.tp * c.tn - c.fp * c.fn) / sqrt(all) : NAN;
    ret->v[METRIC_POSITIVE_RATE] = ratio(c.tp + c.fp, ret->weight);
}

static void compute_losses(const struct metric_rows *r, struct metric_values *ret)
{
    double loss = 0, brier = 0;
    for (size_t i = 0; i < r->n; i++) {
        double w = metric_weight(r, i), y = r->labels[i], p = (double)r->scores[i];
        double held = fmin(fmax(p, METRIC_EPSILON), 1 - METRIC_EPSILON);
        loss -= w * (y == 1 ? log(held) : log(1 - held));
        brier += w * (p - y) * (p - y);
    }
    ret->v[METRIC_LOG_LOSS] = loss / ret->weight;
    ret->v[METRIC_BRIER] = brier / ret->weight;
}

void metrics_compute_binary(struct sl_arena *a, const struct metric_rows *r,
                            struct metric_values *ret)
{
    const uint32_t *order = r->order ? r->order : metric_order(a, r->scores, r->n);
    ret->v[METRIC_AUC] = metric_auc(r, r->scores, 1, order, 1);
    ret->v[METRIC_AUC_PR] = average_precision(r, order);
    compute_at_threshold(r, ret);
    compute_losses(r, ret);
}
