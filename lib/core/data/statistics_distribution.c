#include "core/data/statistics_distribution.h"

#include <math.h>
#include <stdlib.h>

static int compare_points(const void *a, const void *b)
{
    const struct distribution_point *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

void distribution_init(struct distribution *d, struct distribution_point *points, size_t n)
{
    if (n)
        qsort(points, n, sizeof(*points), compare_points);
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += points[i].weight;
    *d = (struct distribution){points, n, total};
}

double distribution_quantile(const struct distribution *d, double rank, double of)
{
    double below = 0;
    for (size_t i = 0; i < d->n; i++) {
        below += d->points[i].weight;
        /* Multiplied out, so that whole counts are compared without rounding. */
        if (below * of >= rank * d->total && d->points[i].weight > 0)
            return d->points[i].value;
    }
    return d->n ? d->points[d->n - 1].value : NAN;
}

double distribution_median(const struct distribution *d)
{
    double below = 0;
    for (size_t i = 0; i < d->n; i++) {
        below += d->points[i].weight;
        if (below * 2 < d->total || d->points[i].weight <= 0)
            continue;
        double value = d->points[i].value;
        if (below * 2 > d->total || i + 1 == d->n)
            return value;
        double next = d->points[i + 1].value;
        return value == next ? value : value / 2 + next / 2;
    }
    return d->n ? d->points[d->n - 1].value : NAN;
}

static void add_bucket(struct statistics_histogram *h, double low, double high, double count)
{
    h->buckets[h->n++] = (struct statistics_bucket){low, high, count};
}

static double weight_of(const struct distribution *d, size_t from, size_t to)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += d->points[i].weight;
    return sum;
}

/* Equal widths over points [first, end), all finite. */
static void add_equal_widths(const struct distribution *d, size_t first, size_t end, size_t n,
                             struct statistics_histogram *h)
{
    double low = d->points[first].value, high = d->points[end - 1].value;
    if (low == high) {
        add_bucket(h, low, high, weight_of(d, first, end));
        return;
    }
    /* Halves, because the range of doubles is wider than a double. */
    double step = (high / 2 - low / 2) / (double)n * 2;
    double edge = low, half = step / 2;
    size_t at = first;
    for (size_t i = 0; i < n; i++) {
        bool last = i + 1 == n;
        double next = low + step * (double)(i + 1);
        if (last)
            next = high;
        else if (!isfinite(next))
            next = (low / 2 + half * (double)(i + 1)) * 2;
        double count = 0;
        while (at < end && (last || d->points[at].value < next))
            count += d->points[at++].weight;
        add_bucket(h, edge, next, count);
        edge = next;
    }
}

void distribution_standard(struct sl_arena *a, const struct distribution *d, size_t n,
                           struct statistics_histogram *ret)
{
    struct statistics_histogram h = {.type = STATISTICS_STANDARD};
    h.buckets = SL_ARENA_ARRAY(a, struct statistics_bucket, n + 2);
    size_t first = 0, end = d->n;
    while (first < end && d->points[first].value == -INFINITY)
        first++;
    while (end > first && d->points[end - 1].value == INFINITY)
        end--;
    if (first > 0)
        add_bucket(&h, -INFINITY, -INFINITY, weight_of(d, 0, first));
    if (first < end)
        add_equal_widths(d, first, end, n, &h);
    if (end < d->n)
        add_bucket(&h, INFINITY, INFINITY, weight_of(d, end, d->n));
    *ret = h;
}

void distribution_quantiles(struct sl_arena *a, const struct distribution *d, size_t n,
                            struct statistics_histogram *ret)
{
    struct statistics_histogram h = {.type = STATISTICS_QUANTILES};
    if (d->n) {
        h.buckets = SL_ARENA_ARRAY(a, struct statistics_bucket, n);
        double low = d->points[0].value;
        for (size_t i = 1; i <= n; i++) {
            double high =
                i == n ? d->points[d->n - 1].value : distribution_quantile(d, (double)i, (double)n);
            add_bucket(&h, low, high, d->total / (double)n);
            low = high;
        }
    }
    *ret = h;
}
