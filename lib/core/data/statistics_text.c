#include "core/data/statistics_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE_LABEL_BYTES = 1024 };

void statistics_text_init(struct statistics_text *s, const struct statistics_options *o)
{
    *s = (struct statistics_text){0};
    heavy_init(&s->heavy, o->max_distinct, o->max_bytes);
}

void statistics_text_deinit(struct statistics_text *s)
{
    heavy_deinit(&s->heavy);
}

/* Most text is ASCII: eight bytes at a time, and the decoder only where a high bit is set. */
static bool is_utf8(struct sl_str s)
{
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        uint64_t word;
        memcpy(&word, s.p + i, sizeof(word));
        if (word & 0x8080808080808080u)
            return sl_str_is_utf8(s);
    }
    for (; i < s.n; i++)
        if (s.p[i] & 0x80)
            return sl_str_is_utf8(s);
    return true;
}

/* How often each dictionary entry is used; a missing row counts nowhere. */
static void count_codes(const struct column *c, const double *weights, uint32_t *counts,
                        double *sums)
{
    for (size_t row = 0; row < c->n; row++)
        if (column_is_valid(c, row)) {
            counts[c->codes[row]]++;
            if (sums)
                sums[c->codes[row]] += weights[row];
        }
}

void statistics_text_update(struct sl_arena *a, struct statistics_text *s, const struct column *c,
                            const double *weights)
{
    uint32_t *counts = SL_ARENA_ARRAY(a, uint32_t, c->dict_n);
    double *sums = weights ? SL_ARENA_ARRAY(a, double, c->dict_n) : NULL;
    count_codes(c, weights, counts, sums);
    for (size_t code = 0; code < c->dict_n; code++) {
        uint32_t count = counts[code];
        struct sl_str value = c->dict[code];
        s->n += count;
        s->n_bytes += value.n * count;
        s->n_invalid_utf8 += count && !is_utf8(value) ? count : 0;
    }
    heavy_add_batch(a, &s->heavy, c->dict, counts, sums, c->dict_n);
}

void statistics_text_merge(struct statistics_text *into, const struct statistics_text *from)
{
    into->n += from->n;
    into->n_bytes += from->n_bytes;
    into->n_invalid_utf8 += from->n_invalid_utf8;
    heavy_merge(&into->heavy, &from->heavy);
}

/* ---- results ---- */

static int compare_values(const void *a, const void *b)
{
    const struct statistics_value *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return sl_str_cmp(y->value, x->value);
}

static struct sl_str label_of(struct sl_arena *a, const struct statistics_text *s,
                              struct sl_str value)
{
    if (!is_utf8(value))
        return SL_STR("__BYTES_VALUE__");
    if (!heavy_is_exact(&s->heavy) && value.n > LARGE_LABEL_BYTES)
        return SL_STR("__LARGE_BYTES__");
    return sl_arena_str(a, value);
}

/* Hoare's partition: returns j < n - 1 with none of v[0..j] after any of v[j + 1..n). */
static size_t partition(struct statistics_value *v, size_t n)
{
    struct statistics_value pivot = v[(n - 1) / 2];
    for (size_t i = 0, j = n - 1;; i++, j--) {
        while (compare_values(&v[i], &pivot) < 0)
            i++;
        while (compare_values(&pivot, &v[j]) < 0)
            j--;
        if (i >= j)
            return j;
        struct statistics_value swapped = v[i];
        v[i] = v[j];
        v[j] = swapped;
    }
}

/* Puts the `k` first values, in no order, in front of the others. */
static void select_first(struct statistics_value *v, size_t n, size_t k)
{
    while (n > 1 && k > 0 && k < n) {
        size_t front = partition(v, n) + 1;
        if (k <= front) {
            n = front;
        } else {
            v += front;
            n -= front;
            k -= front;
        }
    }
}

/* The `n` values that count most, by count or by weight. */
static struct statistics_values rank_values(struct sl_arena *a, const struct statistics_text *s,
                                            size_t n, bool weighted)
{
    const struct heavy *h = &s->heavy;
    struct statistics_value *all = SL_ARENA_ARRAY(a, struct statistics_value, h->n);
    for (size_t i = 0; i < h->n; i++) {
        const struct heavy_entry *e = &h->entries[i];
        all[i] = (struct statistics_value){e->value, weighted ? e->weight : (double)e->count};
    }
    struct statistics_values ranked = {.n = SL_MIN(n, h->n)};
    select_first(all, h->n, ranked.n);
    qsort(all, ranked.n, sizeof(*all), compare_values);
    ranked.p = SL_ARENA_ARRAY(a, struct statistics_value, ranked.n);
    for (size_t i = 0; i < ranked.n; i++)
        ranked.p[i] = (struct statistics_value){label_of(a, s, all[i].value), all[i].count};
    return ranked;
}

static void fill_values(struct sl_arena *a, const struct statistics_text *s,
                        const struct statistics_options *o, bool weighted,
                        struct statistics_string *ret)
{
    ret->rank = rank_values(a, s, SL_MAX(o->n_rank_buckets, o->n_top_values), weighted);
    ret->top = ret->rank;
    ret->rank.n = SL_MIN(ret->rank.n, o->n_rank_buckets);
    ret->top.n = SL_MIN(ret->top.n, o->n_top_values);
}

void statistics_text_finish(struct sl_arena *a, const struct statistics_text *s,
                            const struct statistics_options *o, struct feature_statistics *ret)
{
    ret->has_string = true;
    ret->n_unique = (uint64_t)llround(heavy_unique(&s->heavy));
    ret->string.n_unique = ret->n_unique;
    ret->string.mean_length = s->n ? (double)s->n_bytes / (double)s->n : 0;
    ret->string.n_invalid_utf8 = s->n_invalid_utf8;
    fill_values(a, s, o, false, &ret->string);
    if (o->weighted)
        fill_values(a, s, o, true, &ret->weighted_string);
    if (!heavy_is_exact(&s->heavy)) {
        ret->error.approximate = true;
        ret->error.unique_relative = HLL_RELATIVE_ERROR;
        ret->error.top_values_count = (double)s->heavy.error;
    }
}
