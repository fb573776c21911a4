#include "core/learn/leak.h"

#include "base/map.h"
#include "base/rng.h"
#include "core/learn/ranking.h"

#include <math.h>

struct rows {
    const double *labels, *weights;
    size_t n;
};

static double weight_of(const struct rows *r, size_t i)
{
    return r->weights ? r->weights[i] : 1;
}

/* ---- judging one score a row --------------------------------------------------------------------
 */

/* AUC of the rows in `half` (0, 1; -1: all); NaN with too few of either class. */
static double auc_of(const double *scores, const struct rows *r, double positive, int half,
                     const uint8_t *halves)
{
    SL_AUTOARENA(a);
    double *s = SL_ARENA_ARRAY(a, double, r->n), *y = SL_ARENA_ARRAY(a, double, r->n);
    double *w = SL_ARENA_ARRAY(a, double, r->n);
    size_t n = 0, positives = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (half >= 0 && halves[i] != half)
            continue;
        s[n] = scores[i];
        y[n] = r->labels[i];
        w[n++] = weight_of(r, i);
        positives += r->labels[i] == positive;
    }
    if (positives < LEAK_LEAST_ROWS || n - positives < LEAK_LEAST_ROWS)
        return NAN;
    struct ranking ranking;
    ranking_init(a, s, y, positive, n, &ranking);
    return ranking_auc(&ranking, w, NULL);
}

/* R2 of scores as predictions. */
static double r2_of(const double *scores, const struct rows *r, int half, const uint8_t *halves)
{
    double weight = 0, mean = 0, variance = 0, error = 0;
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (half < 0 || halves[i] == half) {
            weight += weight_of(r, i);
            mean += weight_of(r, i) * r->labels[i];
            n++;
        }
    mean /= weight;
    for (size_t i = 0; i < r->n; i++)
        if (half < 0 || halves[i] == half) {
            variance += weight_of(r, i) * (r->labels[i] - mean) * (r->labels[i] - mean);
            error += weight_of(r, i) * (r->labels[i] - scores[i]) * (r->labels[i] - scores[i]);
        }
    return n >= 2 * LEAK_LEAST_ROWS && variance > 0 ? fmax(1 - error / variance, 0) : NAN;
}

/* ---- by value -----------------------------------------------------------------------------------
 */

static double number_at(const struct column *c, size_t row, double missing)
{
    if (!column_is_valid(c, row))
        return missing;
    switch (c->type) {
    case COLUMN_INT64:
    case COLUMN_TIMESTAMP:
        return (double)c->i64[row];
    case COLUMN_DOUBLE:
        return isnan(c->f64[row]) ? missing : c->f64[row];
    case COLUMN_FLOAT:
        return isnan(c->f32[row]) ? missing : (double)c->f32[row];
    case COLUMN_BOOL:
        return c->boolean[row];
    case COLUMN_STRING:
        break;
    }
    return missing;
}

static double class_by_value(const struct column *c, const struct rows *r, double positive)
{
    SL_AUTOARENA(a);
    double *scores = SL_ARENA_ARRAY(a, double, r->n), best = NAN;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < r->n; i++)
            scores[i] = number_at(c, i, side ? INFINITY : -INFINITY);
        double auc = auc_of(scores, r, positive, -1, NULL);
        best = fmax(best, fmax(auc, 1 - auc));
    }
    return best;
}

/* Least squares of the label on the value. */
static double line_by_value(const struct column *c, const struct rows *r)
{
    SL_AUTOARENA(a);
    double *x = SL_ARENA_ARRAY(a, double, r->n);
    double w[2] = {0}, mx = 0, my[2] = {0}, sxx = 0, sxy = 0; /* [1]: of rows that have a value */
    for (size_t i = 0; i < r->n; i++) {
        x[i] = number_at(c, i, NAN);
        int there = isfinite(x[i]) != 0;
        w[there] += weight_of(r, i);
        my[there] += weight_of(r, i) * r->labels[i];
        mx += there ? weight_of(r, i) * x[i] : 0;
    }
    mx = w[1] > 0 ? mx / w[1] : 0;
    for (int k = 0; k < 2; k++)
        my[k] = w[k] > 0 ? my[k] / w[k] : 0;
    for (size_t i = 0; i < r->n; i++)
        if (isfinite(x[i])) {
            sxx += weight_of(r, i) * (x[i] - mx) * (x[i] - mx);
            sxy += weight_of(r, i) * (x[i] - mx) * (r->labels[i] - my[1]);
        }
    double slope = sxx > 0 ? sxy / sxx : 0;
    for (size_t i = 0; i < r->n; i++)
        x[i] = isfinite(x[i]) ? my[1] + slope * (x[i] - mx) : my[0];
    return r2_of(x, r, -1, NULL);
}

/* ---- by the label's mean for each value ---------------------------------------------------------
 */

/* A number for each distinct value. Returns how many there are. */
static size_t find_values(const struct column *c, size_t n, uint32_t *ret_ids)
{
    SL_AUTOMAP(index);
    for (size_t i = 0; i < n; i++) {
        bool added;
        double number = 0;
        struct sl_str key = {NULL, 0}; /* missing */
        if (c->type == COLUMN_STRING)
            key = column_str(c, i);
        else if (column_is_valid(c, i)) {
            number = number_at(c, i, 0);
            key = sl_strn((const char *)&number, sizeof number);
        }
        uint64_t *id = sl_map_add(&index, key, &added);
        if (added)
            *id = index.n - 1;
        ret_ids[i] = (uint32_t)*id;
    }
    return index.n;
}

/* Each row's score: the mean of `target` over the rows of its value that are in the other half; of
 * all rows there when there is none. */
static void score_values(const struct rows *r, const uint32_t *ids, size_t n_ids,
                         const uint8_t *halves, const double *target, double *ret_scores)
{
    SL_AUTOARENA(a);
    double *sums[2], *weights[2], all[2] = {0}, weight[2] = {0};
    for (int h = 0; h < 2; h++) {
        sums[h] = SL_ARENA_ARRAY(a, double, n_ids);
        weights[h] = SL_ARENA_ARRAY(a, double, n_ids);
    }
    for (size_t i = 0; i < r->n; i++) {
        int h = halves[i];
        sums[h][ids[i]] += weight_of(r, i) * target[i];
        weights[h][ids[i]] += weight_of(r, i);
        all[h] += weight_of(r, i) * target[i];
        weight[h] += weight_of(r, i);
    }
    for (size_t i = 0; i < r->n; i++) {
        int h = !halves[i];
        if (weights[h][ids[i]] > 0)
            ret_scores[i] = sums[h][ids[i]] / weights[h][ids[i]];
        else
            ret_scores[i] = weight[h] > 0 ? all[h] / weight[h] : 0;
    }
}

/* Values of a column by id, and the half of each row. */
struct grouped {
    uint32_t *ids;
    size_t n_ids;
    uint8_t *halves;
};

static struct grouped group(struct sl_arena *a, const struct column *c, size_t n)
{
    struct grouped g = {SL_ARENA_ARRAY(a, uint32_t, n), 0, SL_ARENA_ARRAY(a, uint8_t, n)};
    g.n_ids = find_values(c, n, g.ids);
    for (size_t i = 0; i < n; i++)
        g.halves[i] = sl_mix64(i + 1) & 1;
    return g;
}

static double class_by_mean(const struct grouped *g, const struct rows *r, double positive)
{
    SL_AUTOARENA(a);
    double *scores = SL_ARENA_ARRAY(a, double, r->n), *target = SL_ARENA_ARRAY(a, double, r->n);
    for (size_t i = 0; i < r->n; i++)
        target[i] = r->labels[i] == positive;
    score_values(r, g->ids, g->n_ids, g->halves, target, scores);
    return (auc_of(scores, r, positive, 0, g->halves) + auc_of(scores, r, positive, 1, g->halves)) /
           2;
}

static double number_by_mean(const struct grouped *g, const struct rows *r)
{
    SL_AUTOARENA(a);
    double *scores = SL_ARENA_ARRAY(a, double, r->n);
    score_values(r, g->ids, g->n_ids, g->halves, r->labels, scores);
    return (r2_of(scores, r, 0, g->halves) + r2_of(scores, r, 1, g->halves)) / 2;
}

/* ---- both ---------------------------------------------------------------------------------------
 */

/* Class numbers, the most frequent first; of a binary task the positive one. Returns how many. */
static size_t pick_classes(struct sl_arena *a, enum model_task task, size_t n_classes,
                           const struct rows *r, const uint32_t **ret)
{
    static const uint32_t positive[] = {1};
    *ret = positive;
    if (task == MODEL_BINARY)
        return 1;
    double *counts = SL_ARENA_ARRAY(a, double, n_classes);
    struct ranking ranking;
    for (size_t i = 0; i < r->n; i++)
        counts[(size_t)r->labels[i]]++;
    ranking_init(a, counts, counts, 0, n_classes, &ranking);
    *ret = ranking.rows;
    return SL_MIN(n_classes, (size_t)LEAK_MOST_CLASSES);
}

double leak_strength(const struct column *c, enum model_task task, size_t n_classes,
                     const double *labels, const double *weights)
{
    SL_AUTOARENA(a);
    struct rows r = {labels, weights, c->n};
    bool value = c->type != COLUMN_STRING;
    bool mean = c->type == COLUMN_STRING || c->type == COLUMN_BOOL || c->type == COLUMN_INT64;
    struct grouped g = {0};
    if (mean)
        g = group(a, c, r.n);
    if (task == MODEL_REGRESSION)
        return fmax(value ? line_by_value(c, &r) : NAN, mean ? number_by_mean(&g, &r) : NAN);
    const uint32_t *classes;
    double sum = 0;
    size_t n = 0, n_picked = pick_classes(a, task, n_classes, &r, &classes);
    for (size_t k = 0; k < n_picked; k++) {
        double one = fmax(value ? class_by_value(c, &r, classes[k]) : NAN,
                          mean ? class_by_mean(&g, &r, classes[k]) : NAN);
        sum += isnan(one) ? 0 : one;
        n += !isnan(one);
    }
    return n ? sum / (double)n : NAN;
}
