#include "core/learn/curves.h"

#include <math.h>
#include <string.h>

/* ---- ROC and precision-recall -------------------------------------------------------------------
 */

/* Confusion down the ranking: what is at or above row i, for the last of equal scores. */
struct step {
    double tp, fp;
    float score;
};

static struct step *walk(struct sl_arena *a, const struct metric_basis *basis, size_t *ret_n)
{
    struct metric_ranked r;
    metrics_ranked(basis, &r);
    struct step *steps = sl_arena_alloc(a, (r.ranking->n + 1) * sizeof *steps);
    double tp = 0, fp = 0;
    size_t n = 0;
    for (size_t i = 0; i < r.ranking->n; i++) {
        double w = r.weights ? r.weights[i] : 1;
        *(r.ranking->flags[i] & RANKING_POSITIVE ? &tp : &fp) += w;
        if (r.ranking->flags[i] & RANKING_LAST)
            steps[n++] = (struct step){tp, fp, r.scores[i]};
    }
    *ret_n = n;
    return steps;
}

static double distance(const struct curve_point *p, const struct curve_point *q)
{
    return fabs(p->x - q->x) + fabs(p->y - q->y);
}

/* The points that are at least `step` from the one kept before, the first and the last. Shapes:
 * ret_kept (n) or NULL. Returns how many. */
static size_t pick(const struct curve_point *points, size_t n, double step,
                   struct curve_point *ret_kept)
{
    size_t kept = 0, last = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && i + 1 < n && distance(&points[last], &points[i]) < step)
            continue;
        if (ret_kept)
            ret_kept[kept] = points[i];
        kept++;
        last = i;
    }
    return kept;
}

/* Points about equally far from one another along the curve: no part of its shape is lost, however
 * dense the others are. */
static void thin(struct sl_arena *a, const struct curve_point *points, size_t n, size_t most,
                 struct curve *ret)
{
    double step = n <= most ? 0 : 2.0 / (double)most;
    while (pick(points, n, step, NULL) > most)
        step *= 1.25;
    ret->points = SL_ARENA_ARRAY(a, struct curve_point, SL_MIN(n, most));
    ret->n = pick(points, n, step, ret->points);
}

void curve_roc(struct sl_arena *a, const struct metric_basis *basis, size_t most, struct curve *ret)
{
    SL_AUTOARENA(scratch);
    size_t n;
    struct step *s = walk(scratch, basis, &n);
    *ret = (struct curve){0};
    if (n == 0 || s[n - 1].tp <= 0 || s[n - 1].fp <= 0)
        return;
    struct curve_point *p = sl_arena_alloc(scratch, (n + 1) * sizeof *p);
    p[0] = (struct curve_point){0, 0, INFINITY};
    for (size_t i = 0; i < n; i++)
        p[i + 1] =
            (struct curve_point){s[i].fp / s[n - 1].fp, s[i].tp / s[n - 1].tp, (double)s[i].score};
    thin(a, p, n + 1, most, ret);
}

void curve_pr(struct sl_arena *a, const struct metric_basis *basis, size_t most, struct curve *ret)
{
    SL_AUTOARENA(scratch);
    size_t n, there = 0;
    struct step *s = walk(scratch, basis, &n);
    *ret = (struct curve){0};
    if (n == 0 || s[n - 1].tp <= 0)
        return;
    struct curve_point *p = sl_arena_alloc(scratch, (n + 1) * sizeof *p);
    for (size_t i = 0; i < n; i++) {
        if (s[i].tp + s[i].fp <= 0)
            continue;
        if (there == 0)
            p[there++] = (struct curve_point){0, s[i].tp / (s[i].tp + s[i].fp), INFINITY};
        p[there++] = (struct curve_point){s[i].tp / s[n - 1].tp, s[i].tp / (s[i].tp + s[i].fp),
                                          (double)s[i].score};
    }
    thin(a, p, there, most, ret);
}

void curve_confusions(const struct metric_basis *basis, const double *thresholds, size_t n,
                      struct metric_confusion *ret)
{
    SL_AUTOARENA(scratch);
    size_t n_steps;
    struct step *s = walk(scratch, basis, &n_steps);
    for (size_t t = 0; t < n; t++) {
        size_t low = 0, high = n_steps; /* the steps below `low` are positive */
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (s[middle].score >= (float)thresholds[t])
                low = middle + 1;
            else
                high = middle;
        }
        struct step at = low ? s[low - 1] : (struct step){0};
        ret[t] = (struct metric_confusion){.tp = at.tp, .fp = at.fp};
        if (n_steps) {
            ret[t].fn = s[n_steps - 1].tp - at.tp;
            ret[t].tn = s[n_steps - 1].fp - at.fp;
        }
    }
}

/* ---- calibration --------------------------------------------------------------------------------
 */

static double weight_of(const double *weights, size_t row)
{
    return weights ? weights[row] : 1;
}

static struct ranking rank(struct sl_arena *a, const float *scores, const double *labels, size_t n)
{
    struct ranking r;
    double *wide = SL_ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++)
        wide[i] = (double)scores[i];
    ranking_init(a, wide, labels, 1, n, &r);
    return r;
}

static void end_bin(struct calibration_bin *b)
{
    b->prediction /= b->weight;
    b->label /= b->weight;
}

size_t curve_calibration(const float *scores, const double *labels, const double *weights, size_t n,
                         size_t most, struct calibration_bin *ret)
{
    SL_AUTOARENA(scratch);
    struct ranking r = rank(scratch, scores, labels, n);
    double all = 0, seen = 0;
    size_t bins = 0;
    bool open = false;
    for (size_t i = 0; i < n; i++)
        all += weight_of(weights, i);
    for (size_t i = n; all > 0 && i-- > 0;) {
        uint32_t row = r.rows[i];
        double w = weight_of(weights, row), score = (double)scores[row];
        struct calibration_bin *b = &ret[bins];
        if (!open)
            *b = (struct calibration_bin){.low = score};
        open = true;
        b->high = score;
        b->weight += w;
        b->prediction += w * score;
        b->label += w * labels[row];
        b->rows++;
        seen += w;
        /* Upwards, a tie ends before the next row that is the last of another. */
        bool ends = i == 0 || r.flags[i - 1] & RANKING_LAST;
        if (i > 0 && (!ends || bins + 1 == most || b->weight <= 0 ||
                      seen < all * (double)(bins + 1) / (double)most))
            continue;
        if (b->weight > 0) {
            end_bin(b);
            bins++;
        }
        open = false;
    }
    return bins;
}

/* ---- classes ------------------------------------------------------------------------------------
 */

void curve_class_matrix(const struct metric_rows *rows, double *ret)
{
    size_t k = rows->n_outputs;
    memset(ret, 0, k * k * sizeof *ret);
    for (size_t i = 0; i < rows->n; i++)
        ret[(size_t)rows->labels[i] * k + metrics_best_class(rows->scores + i * k, k)] +=
            weight_of(rows->weights, i);
}

/* ---- residuals ----------------------------------------------------------------------------------
 */

const double residual_ranks[RESIDUAL_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

static void fill_buckets(const struct metric_rows *rows, const double *values,
                         struct residuals *ret)
{
    double low = ret->quantiles[0], high = ret->quantiles[RESIDUAL_QUANTILES - 1];
    if (!(low < high))
        return;
    double width = (high - low) / RESIDUAL_BUCKETS;
    ret->n_buckets = RESIDUAL_BUCKETS;
    for (int k = 0; k < RESIDUAL_BUCKETS; k++) {
        ret->low[k] = low + width * k;
        ret->high[k] = low + width * (k + 1);
    }
    for (size_t i = 0; i < rows->n; i++) {
        double at = fmin(fmax((values[i] - low) / width, 0), RESIDUAL_BUCKETS - 1);
        ret->weight[(size_t)at] += weight_of(rows->weights, i);
    }
}

void curve_residuals(const struct metric_rows *rows, struct residuals *ret)
{
    SL_AUTOARENA(scratch);
    *ret = (struct residuals){0};
    double *values = SL_ARENA_ARRAY(scratch, double, rows->n), all = 0, seen = 0;
    for (size_t i = 0; i < rows->n; i++) {
        values[i] = (double)rows->scores[i] - rows->labels[i];
        all += weight_of(rows->weights, i);
    }
    struct ranking r;
    ranking_init(scratch, values, values, 0, rows->n, &r);
    size_t q = 0;
    for (size_t i = rows->n; i-- > 0;) {
        seen += weight_of(rows->weights, r.rows[i]);
        while (q < RESIDUAL_QUANTILES && (seen >= residual_ranks[q] * all || i == 0))
            ret->quantiles[q++] = values[r.rows[i]];
    }
    fill_buckets(rows, values, ret);
}
