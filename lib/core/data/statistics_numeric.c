#include "core/data/statistics_numeric.h"

#include "base/alloc.h"
#include "core/data/statistics_distribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DENSE_RANGE = 65536 };

void statistics_numbers_init(struct statistics_numbers *s, enum column_type type,
                             const struct statistics_options *o, uint64_t seed, uint64_t part)
{
    *s = (struct statistics_numbers){.type = type, .seed = seed, .part = part};
    s->min = INFINITY;
    s->max = -INFINITY;
    tally_init(&s->tally, o->max_distinct, o->weighted);
}

void statistics_numbers_deinit(struct statistics_numbers *s)
{
    tally_deinit(&s->tally);
    sl_free(s->hll);
    kll_free(s->kll);
    priority_sample_free(s->sample);
}

/* ---- moments ---- */

/* Four sums side by side: the processor adds them at once, and the order is fixed. */
static double sum_of(const double *x, size_t n)
{
    double s[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            s[k] += x[i + k];
    for (; i < n; i++)
        s[0] += x[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

static double squares_of(const double *x, size_t n, double mean)
{
    double s[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            s[k] += (x[i + k] - mean) * (x[i + k] - mean);
    for (; i < n; i++)
        s[0] += (x[i] - mean) * (x[i] - mean);
    return (s[0] + s[1]) + (s[2] + s[3]);
}

static double mean_of(const struct moments *m)
{
    return m->sum / m->weight;
}

static void moments_merge(struct moments *into, const struct moments *from)
{
    if (from->weight <= 0)
        return;
    if (into->weight <= 0) {
        *into = *from;
        return;
    }
    double distance = mean_of(from) - mean_of(into);
    double both = into->weight + from->weight;
    into->squares += from->squares + distance * distance * (into->weight / both * from->weight);
    into->sum += from->sum;
    into->weight = both;
}

static struct moments moments_of(const double *x, size_t n)
{
    struct moments m = {.weight = (double)n, .sum = sum_of(x, n)};
    m.squares = n ? squares_of(x, n, mean_of(&m)) : 0;
    return m;
}

static struct moments weighted_moments_of(const double *x, const double *weights, size_t n)
{
    struct moments m = {0};
    for (size_t i = 0; i < n; i++) {
        m.weight += weights[i];
        m.sum += weights[i] * x[i];
    }
    if (m.weight <= 0)
        return (struct moments){0};
    double mean = mean_of(&m);
    for (size_t i = 0; i < n; i++)
        m.squares += weights[i] * ((x[i] - mean) * (x[i] - mean));
    return m;
}

/* ---- a column's values, without missing ones and NaN ---- */

struct batch {
    double *values;
    uint64_t *keys; /* bits by which values are distinct */
    double *weights;
    size_t n;
};

static bool is_whole(enum column_type type)
{
    return type == COLUMN_INT64 || type == COLUMN_TIMESTAMP || type == COLUMN_BOOL;
}

static double value_of_key(enum column_type type, uint64_t key)
{
    if (is_whole(type))
        return (double)(int64_t)key;
    double d;
    memcpy(&d, &key, sizeof(d));
    return d;
}

static int64_t whole_at(const struct column *c, size_t row)
{
    return c->type == COLUMN_BOOL ? c->boolean[row] : c->i64[row];
}

static void gather_whole(const struct column *c, struct batch *b)
{
    if (!c->valid && c->type != COLUMN_BOOL) {
        if (c->n)
            memcpy(b->keys, c->i64, c->n * sizeof(*b->keys));
        b->n = c->n;
    } else {
        for (size_t row = 0; row < c->n; row++) {
            b->keys[b->n] = (uint64_t)whole_at(c, row);
            b->n += column_is_valid(c, row);
        }
    }
    for (size_t i = 0; i < b->n; i++)
        b->values[i] = (double)(int64_t)b->keys[i];
}

static void gather_real(const struct column *c, struct batch *b, uint64_t *ret_nan)
{
    size_t n = 0, present = 0;
    for (size_t row = 0; row < c->n; row++) {
        bool valid = column_is_valid(c, row);
        /* + 0.0 makes one zero of both. */
        double x = (c->type == COLUMN_FLOAT ? (double)c->f32[row] : c->f64[row]) + 0.0;
        b->values[n] = x;
        present += valid;
        n += valid & (x == x);
    }
    b->n = n;
    *ret_nan = present - n;
    memcpy(b->keys, b->values, n * sizeof(*b->keys));
}

/* The weights of the rows that `gather` kept. */
static void gather_weights(const struct column *c, const double *weights, struct batch *b)
{
    size_t n = 0;
    for (size_t row = 0; row < c->n; row++) {
        bool kept = column_is_valid(c, row);
        if (kept && c->type == COLUMN_DOUBLE)
            kept = !isnan(c->f64[row]);
        if (kept && c->type == COLUMN_FLOAT)
            kept = !isnan(c->f32[row]);
        b->weights[n] = weights[row];
        n += kept;
    }
}

static void gather(struct sl_arena *a, const struct column *c, const double *weights,
                   struct batch *b, uint64_t *ret_nan)
{
    *b = (struct batch){0};
    *ret_nan = 0;
    /* One more than there are: the loops write before they know whether the value counts. */
    b->values = sl_arena_alloc(a, (c->n + 1) * sizeof(double));
    b->keys = sl_arena_alloc(a, (c->n + 1) * sizeof(uint64_t));
    if (is_whole(c->type))
        gather_whole(c, b);
    else
        gather_real(c, b, ret_nan);
    if (weights) {
        b->weights = sl_arena_alloc(a, (c->n + 1) * sizeof(double));
        gather_weights(c, weights, b);
    }
}

/* ---- exact counts, then sketches ---- */

static int compare_kll_points(const void *a, const void *b)
{
    const struct kll_point *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Adds the slots [first, end) of a tally to the sketches. */
static void sketch_slots(struct statistics_numbers *s, const struct tally *t, size_t first)
{
    struct kll_point *points = SL_NEW_ARRAY(struct kll_point, t->n + 1);
    size_t n = 0;
    for (size_t i = first; i < tally_slots(t); i++) {
        if (!t->slots[i].count)
            continue;
        double value = value_of_key(s->type, t->slots[i].key);
        points[n++] = (struct kll_point){value, t->slots[i].count};
        hll_add(s->hll, tally_hash(t->slots[i].key));
        if (t->weighted)
            priority_sample_add(s->sample, value, t->weights[i]);
    }
    qsort(points, n, sizeof(*points), compare_kll_points);
    kll_add_points(s->kll, points, n);
    sl_free(points);
}

/* More distinct values than are counted exactly: sketches take over. */
static void start_sketches(struct statistics_numbers *s)
{
    if (s->hll)
        return;
    s->hll = hll_new();
    s->kll = kll_new(s->seed, s->part);
    if (s->tally.weighted)
        s->sample = priority_sample_new(s->seed, s->part);
    sketch_slots(s, &s->tally, 0);
    tally_deinit(&s->tally);
}

static void sketch_batch(struct statistics_numbers *s, const struct batch *b, size_t first)
{
    for (size_t i = first; i < b->n; i++)
        hll_add(s->hll, tally_hash(b->keys[i]));
    kll_add(s->kll, b->values + first, b->n - first);
    if (b->weights)
        for (size_t i = first; i < b->n; i++)
            priority_sample_add(s->sample, b->values[i], b->weights[i]);
}

/* Whole numbers of a small range are counted in an array first: a few nanoseconds less each.
 * False: the range is too wide. */
static bool count_dense(struct sl_arena *a, struct statistics_numbers *s, const struct batch *b)
{
    int64_t low = (int64_t)b->keys[0], high = low;
    for (size_t i = 1; i < b->n; i++) {
        int64_t key = (int64_t)b->keys[i];
        low = SL_MIN(low, key);
        high = SL_MAX(high, key);
    }
    uint64_t range = (uint64_t)high - (uint64_t)low;
    if (range >= DENSE_RANGE || range > b->n)
        return false;
    uint32_t *counts = SL_ARENA_ARRAY(a, uint32_t, range + 1);
    for (size_t i = 0; i < b->n; i++)
        counts[b->keys[i] - (uint64_t)low]++;
    for (uint64_t k = 0; k <= range; k++) {
        if (!counts[k])
            continue;
        uint64_t key = (uint64_t)low + k;
        if (!s->hll && tally_add_count(&s->tally, key, counts[k], 0))
            continue;
        start_sketches(s);
        hll_add(s->hll, tally_hash(key));
        struct kll_point point = {(double)(int64_t)key, counts[k]};
        kll_add_points(s->kll, &point, 1);
    }
    return true;
}

static void count_values(struct sl_arena *a, struct statistics_numbers *s, const struct batch *b)
{
    if (s->hll) {
        sketch_batch(s, b, 0);
        return;
    }
    if (b->n && is_whole(s->type) && !b->weights && count_dense(a, s, b))
        return;
    size_t taken = tally_add(&s->tally, b->keys, b->weights, b->n);
    if (taken < b->n) {
        start_sketches(s);
        sketch_batch(s, b, taken);
    }
}

void statistics_numbers_update(struct sl_arena *a, struct statistics_numbers *s,
                               const struct column *column, const double *weights)
{
    struct batch b;
    uint64_t n_nan;
    gather(a, column, weights, &b, &n_nan);
    s->n_nan += n_nan;
    s->n += b.n;
    for (size_t i = 0; i < b.n; i++) {
        s->min = b.values[i] < s->min ? b.values[i] : s->min;
        s->max = b.values[i] > s->max ? b.values[i] : s->max;
        s->n_zeros += b.values[i] == 0;
    }
    struct moments m = moments_of(b.values, b.n);
    moments_merge(&s->moments, &m);
    if (weights) {
        m = weighted_moments_of(b.values, b.weights, b.n);
        moments_merge(&s->weighted_moments, &m);
    }
    count_values(a, s, &b);
}

/* Adds exact counts to exact counts, or to sketches from the first one on that does not fit. */
static void merge_tally(struct statistics_numbers *into, const struct tally *from)
{
    size_t i = 0;
    for (; i < tally_slots(from) && !into->hll; i++) {
        const struct tally_slot *slot = &from->slots[i];
        double weight = from->weighted ? from->weights[i] : 0;
        if (slot->count && !tally_add_count(&into->tally, slot->key, slot->count, weight))
            break;
    }
    if (i < tally_slots(from)) {
        start_sketches(into);
        sketch_slots(into, from, i);
    }
}

void statistics_numbers_merge(struct statistics_numbers *into,
                              const struct statistics_numbers *from)
{
    into->n += from->n;
    into->n_nan += from->n_nan;
    into->n_zeros += from->n_zeros;
    into->min = SL_MIN(into->min, from->min);
    into->max = SL_MAX(into->max, from->max);
    moments_merge(&into->moments, &from->moments);
    moments_merge(&into->weighted_moments, &from->weighted_moments);
    if (!from->hll) {
        merge_tally(into, &from->tally);
        return;
    }
    start_sketches(into);
    hll_merge(into->hll, from->hll);
    kll_merge(into->kll, from->kll);
    if (into->sample)
        priority_sample_merge(into->sample, from->sample);
}

/* ---- results ---- */

static void exact_distribution(struct sl_arena *a, const struct statistics_numbers *s,
                               bool weighted, struct distribution *ret)
{
    struct distribution_point *points = SL_ARENA_ARRAY(a, struct distribution_point, s->tally.n);
    size_t n = 0;
    for (size_t i = 0; i < tally_slots(&s->tally); i++) {
        const struct tally_slot *slot = &s->tally.slots[i];
        if (slot->count)
            points[n++] =
                (struct distribution_point){value_of_key(s->type, slot->key),
                                            weighted ? s->tally.weights[i] : (double)slot->count};
    }
    distribution_init(ret, points, n);
}

/* The points of the sketch, with the extremes that it may have lost put at its ends. */
static void sketched_distribution(struct sl_arena *a, const struct statistics_numbers *s,
                                  struct distribution *ret)
{
    size_t n = kll_count(s->kll);
    struct kll_point *from = SL_ARENA_ARRAY(a, struct kll_point, n);
    kll_points(s->kll, from);
    struct distribution_point *points = SL_ARENA_ARRAY(a, struct distribution_point, n + 2);
    for (size_t i = 0; i < n; i++)
        points[i] = (struct distribution_point){from[i].value, (double)from[i].weight};
    points[n] = (struct distribution_point){s->min, 0};
    points[n + 1] = (struct distribution_point){s->max, 0};
    distribution_init(ret, points, n + 2);
}

static void sampled_distribution(struct sl_arena *a, const struct statistics_numbers *s,
                                 struct distribution *ret)
{
    struct priority_sample *sample = s->sample;
    struct distribution_point *points = SL_ARENA_ARRAY(a, struct distribution_point, sample->n + 2);
    size_t n = sample->n;
    for (size_t i = 0; i < n; i++)
        points[i] =
            (struct distribution_point){sample->items[i].value, priority_sample_weight(sample, i)};
    points[n] = (struct distribution_point){s->min, 0};
    points[n + 1] = (struct distribution_point){s->max, 0};
    distribution_init(ret, points, n + 2);
    /* The sum of all weights is known: the estimates are scaled to it. */
    double scale = ret->total > 0 ? s->weighted_moments.weight / ret->total : 1;
    for (size_t i = 0; i < ret->n; i++)
        ret->points[i].weight *= scale;
    ret->total *= scale;
}

static void read_distribution(struct sl_arena *a, const struct distribution *d,
                              const struct moments *m, const struct statistics_options *o,
                              struct statistics_numeric *ret)
{
    ret->mean = mean_of(m);
    ret->std_dev = sqrt(m->squares / m->weight);
    ret->median = distribution_median(d);
    distribution_standard(a, d, o->n_histogram_buckets, &ret->standard);
    distribution_quantiles(a, d, o->n_quantiles, &ret->quantiles);
    ret->standard.n_nan = ret->quantiles.n_nan = ret->n_nan;
}

static void finish_weighted(struct sl_arena *a, const struct statistics_numbers *s,
                            const struct statistics_options *o, struct feature_statistics *ret)
{
    if (s->weighted_moments.weight <= 0)
        return;
    struct distribution d;
    if (s->sample)
        sampled_distribution(a, s, &d);
    else
        exact_distribution(a, s, true, &d);
    ret->weighted_numeric.n_nan = s->n_nan;
    read_distribution(a, &d, &s->weighted_moments, o, &ret->weighted_numeric);
}

void statistics_numbers_finish(struct sl_arena *a, const struct statistics_numbers *s,
                               const struct statistics_options *o, struct feature_statistics *ret)
{
    ret->has_numeric = true;
    ret->numeric.n_nan = s->n_nan;
    if (!s->n)
        return;
    ret->numeric.min = s->min;
    ret->numeric.max = s->max;
    ret->numeric.n_zeros = s->n_zeros;
    ret->n_unique = s->hll ? (uint64_t)llround(hll_estimate(s->hll)) : s->tally.n;
    if (s->hll) {
        ret->error.approximate = true;
        ret->error.unique_relative = HLL_RELATIVE_ERROR;
        ret->error.quantile_rank = KLL_RANK_ERROR;
    }
    struct distribution d;
    if (s->kll)
        sketched_distribution(a, s, &d);
    else
        exact_distribution(a, s, false, &d);
    read_distribution(a, &d, &s->moments, o, &ret->numeric);
    if (o->weighted)
        finish_weighted(a, s, o, ret);
}
