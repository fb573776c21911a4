#include "core/learn/transform_seen.h"

#include <math.h>

void seen_init(struct seen *s)
{
    heavy_init(&s->counts, SEEN_DISTINCT_MAX, SEEN_TEXT_MAX);
}

void seen_deinit(struct seen *s)
{
    sl_vec_deinit(&s->values);
    kll_free(s->kll);
    heavy_deinit(&s->counts);
}

static void add_count(struct seen *s, struct sl_str key, uint64_t count)
{
    s->n += count;
    heavy_add(&s->counts, key, heavy_hash(key), count, 0);
}

static void add_number(struct seen *s, double x, uint64_t count)
{
    x = x == 0 ? 0 : x; /* -0 and 0 are one value */
    add_count(s, sl_strn((const char *)&x, sizeof(x)), count);
}

/* Chan, Golub and LeVeque's update of mean and squared deviations by those of another set. */
static void add_moments(struct seen *s, uint64_t n, double mean, double m2, double min, double max)
{
    if (n == 0)
        return;
    if (s->n == 0) {
        s->min = min;
        s->max = max;
    }
    double total = (double)s->n + (double)n;
    double delta = mean - s->mean;
    s->mean += delta * ((double)n / total);
    s->m2 += m2 + delta * delta * ((double)s->n * (double)n / total);
    s->min = SL_MIN(s->min, min);
    s->max = SL_MAX(s->max, max);
    s->n += n;
}

/* `stream` seeds the sketch, the first time one is needed. */
static void add_values(struct seen *s, const double *values, size_t n, uint64_t stream)
{
    s->n += n;
    if (!s->kll && s->values.n + n > SEEN_VALUES_MAX) {
        s->kll = kll_new(0, stream);
        kll_add(s->kll, s->values.p, s->values.n);
        sl_vec_deinit(&s->values);
    }
    if (s->kll) {
        kll_add(s->kll, values, n);
        return;
    }
    sl_vec_reserve(&s->values, s->values.n + n);
    if (n)
        memcpy(s->values.p + s->values.n, values, n * sizeof(*values));
    s->values.n += n;
}

void seen_merge(struct seen *to, const struct seen *from, enum seen_need need, uint64_t stream)
{
    to->n_missing += from->n_missing;
    switch (need) {
    case SEEN_MOMENTS:
        add_moments(to, from->n, from->mean, from->m2, from->min, from->max);
        break;
    case SEEN_VALUES:
        add_values(to, from->values.p, from->values.n, stream);
        break;
    case SEEN_COUNTS:
        to->n += from->n;
        heavy_merge(&to->counts, &from->counts);
        break;
    }
}

/* ---- scanning ---------------------------------------------------------------------------------*/

static void scan_numbers(struct seen *s, enum seen_need need, const double *x, const uint32_t *rows,
                         size_t n)
{
    double sum = 0, min = INFINITY, max = -INFINITY;
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++) {
        double v = x[rows[i]];
        if (isnan(v)) {
            s->n_missing++;
            continue;
        }
        count++;
        sum += v;
        min = v < min ? v : min;
        max = v > max ? v : max;
        if (need == SEEN_VALUES)
            *sl_vec_add(&s->values) = v;
        else if (need == SEEN_COUNTS)
            add_number(s, v, 1);
    }
    if (need == SEEN_VALUES)
        s->n = count;
    if (need != SEEN_MOMENTS || count == 0)
        return;
    double mean = sum / (double)count, m2 = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[rows[i]]))
            m2 += (x[rows[i]] - mean) * (x[rows[i]] - mean);
    add_moments(s, count, mean, m2, min, max);
}

static void scan_ids(struct seen *s, const int64_t *ids, const uint32_t *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_number(s, (double)ids[rows[i]], 1);
}

/* Counts by dictionary entry first: the map is asked once per entry. */
static void scan_text(struct sl_arena *a, struct seen *s, const struct transform_values *v,
                      const uint32_t *rows, size_t n)
{
    uint64_t *by_entry = SL_ARENA_ARRAY(a, uint64_t, v->dict_n);
    for (size_t i = 0; i < n; i++)
        by_entry[v->codes[rows[i]]]++;
    for (size_t i = 0; i < v->dict_n; i++) {
        if (v->dict[i].n == 0)
            s->n_missing += by_entry[i];
        else if (by_entry[i])
            add_count(s, v->dict[i], by_entry[i]);
    }
}

void seen_scan(struct sl_arena *a, struct seen *s, enum seen_need need,
               const struct transform_values *v, const uint32_t *rows, size_t n)
{
    if (v->number)
        scan_numbers(s, need, v->number, rows, n);
    else if (v->ids)
        scan_ids(s, v->ids, rows, n);
    else
        scan_text(a, s, v, rows, n);
}

void seen_fill(struct seen *s, enum seen_need need, const struct transform_node *fill)
{
    if (s->n_missing == 0)
        return;
    switch (need) {
    case SEEN_MOMENTS:
        add_moments(s, s->n_missing, fill->value, 0, fill->value, fill->value);
        break;
    case SEEN_VALUES:
        break;
    case SEEN_COUNTS:
        if (fill->kind == TRANSFORM_TEXT)
            add_count(s, fill->text, s->n_missing);
        else
            add_number(s, fill->value, s->n_missing);
        break;
    }
}

/* ---- results ----------------------------------------------------------------------------------*/

double seen_number(struct sl_str key)
{
    double x;
    memcpy(&x, key.p, sizeof(x));
    return x;
}

/* The most frequent first; equals by value, ascending. */
static int compare_tokens(const void *x, const void *y)
{
    const struct heavy_entry *a = x, *b = y;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return sl_str_cmp(a->value, b->value);
}

static int compare_numbers(const void *x, const void *y)
{
    const struct heavy_entry *a = x, *b = y;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    double u = seen_number(a->value), v = seen_number(b->value);
    return (u > v) - (u < v);
}

const struct heavy_entry *seen_ranked(struct seen *s, bool text)
{
    if (s->counts.n)
        qsort(s->counts.entries, s->counts.n, sizeof(*s->counts.entries),
              text ? compare_tokens : compare_numbers);
    return s->counts.entries;
}

static struct seen_ranks points_of(struct seen *s)
{
    size_t n = s->kll ? kll_count(s->kll) : s->values.n;
    struct seen_ranks r = {.p = SL_NEW_ARRAY(struct kll_point, n + 1), .n = n};
    if (s->kll) {
        kll_points(s->kll, r.p);
        return r;
    }
    SL_AUTOFREE double *scratch = SL_NEW_ARRAY(double, n + 1);
    if (n)
        kll_sort(s->values.p, n, scratch);
    for (size_t i = 0; i < n; i++)
        r.p[i] = (struct kll_point){s->values.p[i], 1};
    return r;
}

struct seen_ranks seen_ranks_of(struct seen *s, double value, uint64_t more)
{
    struct seen_ranks r = points_of(s);
    if (more) {
        size_t at = r.n++;
        for (; at > 0 && r.p[at - 1].value > value; at--)
            r.p[at] = r.p[at - 1];
        r.p[at] = (struct kll_point){value, more};
    }
    for (size_t i = 0; i < r.n; i++)
        r.p[i].weight = r.total += r.p[i].weight;
    return r;
}

double seen_value_at(const struct seen_ranks *r, uint64_t rank)
{
    size_t low = 0, high = r->n - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->p[middle].weight > rank)
            high = middle;
        else
            low = middle + 1;
    }
    return r->p[low].value;
}

double seen_median(struct seen *s)
{
    struct seen_ranks r = seen_ranks_of(s, 0, 0);
    double upper = seen_value_at(&r, r.total / 2);
    double m = r.total % 2 ? upper : (seen_value_at(&r, r.total / 2 - 1) + upper) / 2;
    sl_free(r.p);
    return m;
}
