#include "core/data/distance.h"

#include "base/map.h"

#include <math.h>
#include <stdlib.h>

/* ---- labels -------------------------------------------------------------------------------------
 */

/* The union of the labels of two sides with the count on each. */
struct joined {
    struct sl_map index;
    double *x, *y;
    double sum_x, sum_y;
};

static void add_side(struct joined *j, const struct statistics_values *v, double *counts,
                     double *sum)
{
    for (size_t i = 0; i < v->n; i++) {
        bool added;
        uint64_t *at = sl_map_add(&j->index, v->p[i].value, &added);
        if (added)
            *at = j->index.n - 1;
        counts[*at] += v->p[i].count;
        *sum += v->p[i].count;
    }
}

static bool join(struct sl_arena *a, const struct statistics_values *x,
                 const struct statistics_values *y, struct joined *j)
{
    *j = (struct joined){.x = SL_ARENA_ARRAY(a, double, x->n + y->n),
                         .y = SL_ARENA_ARRAY(a, double, x->n + y->n)};
    add_side(j, x, j->x, &j->sum_x);
    add_side(j, y, j->y, &j->sum_y);
    return j->sum_x > 0 && j->sum_y > 0;
}

/* The label where |x / by_x - y / by_y| is largest. */
static double largest(struct sl_arena *a, const struct joined *j, double by_x, double by_y,
                      struct sl_str *ret_worst)
{
    double worst = -1;
    struct sl_str label = {0};
    for (size_t i = 0; i < j->index.n; i++) {
        double d = fabs(j->x[i] / by_x - j->y[i] / by_y);
        struct sl_str key = j->index.entries[i].key;
        if (d > worst || (d == worst && sl_str_cmp(key, label) > 0)) {
            worst = d;
            label = key;
        }
    }
    *ret_worst = sl_arena_str(a, label);
    return worst;
}

double distance_l_infty(struct sl_arena *a, const struct statistics_values *x,
                        const struct statistics_values *y, struct sl_str *ret_worst)
{
    struct joined j;
    double d = NAN;
    if (join(a, x, y, &j))
        d = largest(a, &j, j.sum_x, j.sum_y, ret_worst);
    sl_map_deinit(&j.index);
    return d;
}

double distance_normalized_difference(struct sl_arena *a, const struct statistics_values *x,
                                      const struct statistics_values *y, struct sl_str *ret_worst)
{
    struct joined j;
    double d = NAN;
    if (join(a, x, y, &j))
        d = largest(a, &j, j.sum_x + j.sum_y, j.sum_x + j.sum_y, ret_worst);
    sl_map_deinit(&j.index);
    return d;
}

/* (KL(P||M) + KL(Q||M)) / 2 with M the mean, base 2, of masses that are normalised here. */
static double jensen_shannon(const double *x, const double *y, size_t n)
{
    double sum_x = 0, sum_y = 0, d = 0;
    for (size_t i = 0; i < n; i++) {
        sum_x += x[i];
        sum_y += y[i];
    }
    if (!(sum_x > 0) || !(sum_y > 0))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double p = x[i] / sum_x, q = y[i] / sum_y, m = (p + q) / 2;
        if (p > 0)
            d += p * log2(p / m) / 2;
        if (q > 0)
            d += q * log2(q / m) / 2;
    }
    return SL_MIN(SL_MAX(d, 0.0), 1.0);
}

double distance_jensen_shannon(struct sl_arena *a, const struct statistics_values *x,
                               const struct statistics_values *y)
{
    struct joined j;
    double d = join(a, x, y, &j) ? jensen_shannon(j.x, j.y, j.index.n) : NAN;
    sl_map_deinit(&j.index);
    return d;
}

/* ---- histograms ---------------------------------------------------------------------------------
 */

static bool is_point(const struct statistics_bucket *b)
{
    return b->low == b->high && isfinite(b->low);
}

static bool is_infinite(const struct statistics_bucket *b)
{
    return isinf(b->low) || isinf(b->high);
}

static int compare_doubles(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* Sorted, distinct edges (or points) of both sides. */
static size_t collect(const struct statistics_histogram *x, const struct statistics_histogram *y,
                      bool points, double *ret)
{
    const struct statistics_histogram *sides[] = {x, y};
    size_t n = 0, distinct = 0;
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->n; i++) {
            const struct statistics_bucket *b = &sides[s]->buckets[i];
            if (is_infinite(b) || is_point(b) != points)
                continue;
            ret[n++] = b->low;
            if (!points)
                ret[n++] = b->high;
        }
    if (n)
        qsort(ret, n, sizeof(*ret), compare_doubles);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || ret[i] != ret[i - 1])
            ret[distinct++] = ret[i];
    return distinct;
}

static size_t find_value(const double *sorted, size_t n, double value)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Spreads one side over the common cells: between edges, then points, then its own infinities, then
 * NaN. */
static void spread(const struct statistics_histogram *h, const double *edges, size_t n_edges,
                   const double *points, size_t n_points, double *mass, double *infinite,
                   double *nan)
{
    for (size_t i = 0; i < h->n; i++) {
        const struct statistics_bucket *b = &h->buckets[i];
        if (is_infinite(b)) {
            *infinite += b->count;
        } else if (is_point(b)) {
            mass[n_edges + find_value(points, n_points, b->low)] += b->count;
        } else {
            for (size_t e = find_value(edges, n_edges, b->low);
                 e + 1 < n_edges && edges[e] < b->high; e++)
                mass[e] += b->count * (edges[e + 1] - edges[e]) / (b->high - b->low);
        }
    }
    *nan += (double)h->n_nan;
}

double distance_jensen_shannon_histogram(struct sl_arena *a, const struct statistics_histogram *x,
                                         const struct statistics_histogram *y)
{
    size_t most = 2 * (x->n + y->n);
    double *edges = SL_ARENA_ARRAY(a, double, most), *points = SL_ARENA_ARRAY(a, double, most);
    size_t n_edges = collect(x, y, false, edges), n_points = collect(x, y, true, points);
    size_t cells = n_edges + n_points;
    /* Three more: the infinities of either side, which never match, and NaN. */
    double *mx = SL_ARENA_ARRAY(a, double, cells + 3), *my = SL_ARENA_ARRAY(a, double, cells + 3);
    spread(x, edges, n_edges, points, n_points, mx, &mx[cells], &mx[cells + 2]);
    spread(y, edges, n_edges, points, n_points, my, &my[cells + 1], &my[cells + 2]);
    return jensen_shannon(mx, my, cells + 3);
}
