#include "core/learn/metrics_internal.h"

#include <math.h>

void metrics_prepare_binary(struct sl_arena *a, struct metric_basis *b)
{
    const struct metric_rows *r = &b->rows;
    SL_AUTOARENA(scratch);
    double *wide = SL_ARENA_ARRAY(scratch, double, r->n);
    for (size_t i = 0; i < r->n; i++)
        wide[i] = (double)r->scores[i];
    ranking_init(a, wide, r->labels, 1, r->n, &b->ranking);
    float *scores = SL_ARENA_ARRAY(a, float, r->n);
    double *loss = SL_ARENA_ARRAY(a, double, r->n);
    double *weights = r->weights ? SL_ARENA_ARRAY(a, double, r->n) : NULL;
    for (size_t i = 0; i < r->n; i++) {
        uint32_t row = b->ranking.rows[i];
        double p = (double)r->scores[row];
        scores[i] = r->scores[row];
        loss[i] = metrics_log_loss(b->ranking.flags[i] & RANKING_POSITIVE ? p : 1 - p);
        if (weights)
            weights[i] = r->weights[row];
        b->n_predicted += scores[i] >= (float)r->threshold;
    }
    b->scores = scores;
    b->loss = loss;
    b->weights = weights;
}

/* One walk down the ranking. */
struct walk {
    double tp, fp;               /* so far */
    double tp_before, fp_before; /* at the last end of a tie */
    double area, precision, loss, brier, predictions;
};

static void walk_rows(const struct metric_basis *b, const uint8_t *counts, size_t from, size_t to,
                      struct walk *walk)
{
    struct walk s = *walk;
    for (size_t i = from; i < to; i++) {
        double w = b->weights ? b->weights[i] : 1, p = (double)b->scores[i];
        if (counts)
            w *= counts[b->ranking.rows[i]];
        bool positive = b->ranking.flags[i] & RANKING_POSITIVE;
        double y = positive, hit = w * y;
        s.tp += hit;
        s.fp += w - hit;
        s.loss += w * b->loss[i];
        s.brier += w * (p - y) * (p - y);
        s.predictions += w * p;
        /* Rows of one score are one step of the curves: a trapezoid under ROC; for average
         * precision the recall gained times the precision there. */
        if (b->ranking.flags[i] & RANKING_LAST) {
            s.area += (s.fp - s.fp_before) * (s.tp_before + s.tp) / 2;
            if (s.tp > s.tp_before)
                s.precision += (s.tp - s.tp_before) * (s.tp / (s.tp + s.fp));
            s.tp_before = s.tp;
            s.fp_before = s.fp;
        }
    }
    *walk = s;
}

static double ratio(double over, double under)
{
    return under > 0 ? over / under : NAN;
}

void metrics_of_confusion(const struct metric_confusion *c, struct metric_values *ret)
{
    double recall = ratio(c->tp, c->tp + c->fn), specificity = ratio(c->tn, c->tn + c->fp);
    double all = (c->tp + c->fp) * (c->tp + c->fn) * (c->tn + c->fp) * (c->tn + c->fn);
    double weight = c->tp + c->fp + c->tn + c->fn;
    ret->v[METRIC_ACCURACY] = ratio(c->tp + c->tn, weight);
    ret->v[METRIC_PRECISION] = ratio(c->tp, c->tp + c->fp);
    ret->v[METRIC_RECALL] = recall;
    ret->v[METRIC_SPECIFICITY] = specificity;
    ret->v[METRIC_BALANCED_ACCURACY] = (recall + specificity) / 2;
    ret->v[METRIC_F1] = ratio(2 * c->tp, 2 * c->tp + c->fp + c->fn);
    ret->v[METRIC_MCC] = all > 0 ? (c->tp * c->tn - c->fp * c->fn) / sqrt(all) : NAN;
    ret->v[METRIC_POSITIVE_RATE] = ratio(c->tp + c->fp, weight);
}

void metrics_weigh_binary(const struct metric_basis *b, const uint8_t *counts,
                          struct metric_values *ret)
{
    struct walk s = {0};
    walk_rows(b, counts, 0, b->n_predicted, &s);
    struct metric_confusion c = {.tp = s.tp, .fp = s.fp};
    walk_rows(b, counts, b->n_predicted, b->ranking.n, &s);
    c.fn = s.tp - c.tp;
    c.tn = s.fp - c.fp;
    metrics_of_confusion(&c, ret);
    ret->v[METRIC_AUC] = s.tp * s.fp > 0 ? s.area / (s.tp * s.fp) : NAN;
    ret->v[METRIC_AUC_PR] = s.tp > 0 ? s.precision / s.tp : NAN;
    ret->v[METRIC_LOG_LOSS] = s.loss / ret->weight;
    ret->v[METRIC_BRIER] = s.brier / ret->weight;
    ret->v[METRIC_MEAN_LABEL] = s.tp / ret->weight;
    ret->v[METRIC_MEAN_PREDICTION] = s.predictions / ret->weight;
    ret->v[METRIC_CALIBRATION] = s.tp > 0 ? s.predictions / s.tp : NAN;
}

void metrics_ranked(const struct metric_basis *basis, struct metric_ranked *ret)
{
    *ret = (struct metric_ranked){&basis->ranking, basis->scores, basis->weights};
}
