/* What columns look like: the pass before features are derived. */
#include "core/learn/transform_derive.h"

#include "base/alloc.h"
#include "base/map.h"
#include "core/learn/transform_eval.h"

#include <math.h>

/* Enough to tell a category from free text; a map never grows beyond it. */
enum { DISTINCT_MAX = 65536 };
#define DAY_US 86400000000.0

struct look {
    uint64_t n, n_missing;
    double mean, m2, min, max;
    double first, last; /* numbers in the order of rows, for `rising` */
    bool rising, midnight;
    uint64_t words;
    struct sl_map distinct;
    uint64_t distinct_of;
};

struct transform_profile_part {
    struct look *looks;
    size_t n;
};

struct transform_profiler {
    struct column_spec *columns;
    struct transform_profile_part *total;
};

static struct transform_profile_part *part_new(size_t n)
{
    struct transform_profile_part *part = SL_NEW(struct transform_profile_part);
    part->looks = SL_NEW_ARRAY(struct look, n + 1);
    part->n = n;
    for (size_t i = 0; i < n; i++)
        part->looks[i].rising = part->looks[i].midnight = true;
    return part;
}

void transform_profile_part_free(struct transform_profile_part *part)
{
    if (!part)
        return;
    for (size_t i = 0; i < part->n; i++)
        sl_map_deinit(&part->looks[i].distinct);
    sl_free(part->looks);
    sl_free(part);
}

struct transform_profiler *transform_profiler_new(const struct column_spec *columns, size_t n)
{
    struct transform_profiler *p = SL_NEW(struct transform_profiler);
    p->columns = SL_NEW_ARRAY(struct column_spec, n + 1);
    if (n)
        memcpy(p->columns, columns, n * sizeof(*columns));
    p->total = part_new(n);
    return p;
}

void transform_profiler_free(struct transform_profiler *p)
{
    if (!p)
        return;
    transform_profile_part_free(p->total);
    sl_free(p->columns);
    sl_free(p);
}

static uint64_t count_words(struct sl_str s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] != ' ' && (i == 0 || s.p[i - 1] == ' ');
    return n;
}

/* A value seen `count` times; once the map is full, shares are of what was seen until then. */
static void add_distinct(struct look *k, struct sl_str key, uint64_t count)
{
    if (k->distinct.n >= DISTINCT_MAX)
        return;
    (void)sl_map_add(&k->distinct, key, NULL);
    k->distinct_of += count;
}

static void look_at_text(struct sl_arena *a, struct look *k, const struct column *c)
{
    uint64_t *by_entry = SL_ARENA_ARRAY(a, uint64_t, c->dict_n);
    for (size_t i = 0; i < c->n; i++) {
        if (column_is_valid(c, i))
            by_entry[c->codes[i]]++;
        else
            k->n_missing++;
    }
    for (size_t i = 0; i < c->dict_n; i++) {
        if (!by_entry[i])
            continue;
        k->n += by_entry[i];
        k->words += by_entry[i] * count_words(c->dict[i]);
        add_distinct(k, c->dict[i], by_entry[i]);
    }
}

static void look_at_number(struct look *k, double x, bool whole)
{
    if (k->n == 0) {
        k->min = k->max = k->first = x;
    } else {
        k->rising = k->rising && x > k->last;
        k->min = SL_MIN(k->min, x);
        k->max = SL_MAX(k->max, x);
    }
    k->last = x;
    k->midnight = k->midnight && fmod(x, DAY_US) == 0;
    k->n++;
    double delta = x - k->mean; /* Welford */
    k->mean += delta / (double)k->n;
    k->m2 += delta * (x - k->mean);
    if (whole)
        add_distinct(k, sl_strn((const char *)&x, sizeof(x)), 1);
}

struct transform_profile_part *transform_profiler_scan(const struct transform_profiler *p,
                                                       struct sl_arena *a, const struct table *t)
{
    struct transform_profile_part *part = part_new(p->total->n);
    for (size_t i = 0; i < part->n; i++) {
        struct look *k = &part->looks[i];
        const struct column *c = &t->columns[i];
        if (c->type == COLUMN_STRING) {
            look_at_text(a, k, c);
            continue;
        }
        struct transform_values v = transform_column_values(a, c);
        bool whole = c->type != COLUMN_DOUBLE && c->type != COLUMN_FLOAT;
        for (size_t r = 0; r < c->n; r++) {
            if (isnan(v.number[r]))
                k->n_missing++;
            else
                look_at_number(k, v.number[r], whole);
        }
    }
    return part;
}

static void merge(struct look *to, const struct look *from)
{
    to->n_missing += from->n_missing;
    to->words += from->words;
    to->midnight = to->midnight && from->midnight;
    if (to->distinct.n < DISTINCT_MAX) {
        for (size_t i = 0; i < from->distinct.n; i++)
            (void)sl_map_add(&to->distinct, from->distinct.entries[i].key, NULL);
        to->distinct_of += from->distinct_of;
    }
    if (from->n == 0)
        return;
    to->rising = to->rising && from->rising && (to->n == 0 || from->first > to->last);
    to->min = to->n ? SL_MIN(to->min, from->min) : from->min;
    to->max = to->n ? SL_MAX(to->max, from->max) : from->max;
    to->first = to->n ? to->first : from->first;
    to->last = from->last;
    double total = (double)to->n + (double)from->n, delta = from->mean - to->mean;
    to->m2 += from->m2 + delta * delta * ((double)to->n * (double)from->n / total);
    to->mean += delta * ((double)from->n / total);
    to->n += from->n;
}

void transform_profiler_merge(struct transform_profiler *p, struct transform_profile_part *part)
{
    for (size_t i = 0; i < part->n; i++)
        merge(&p->total->looks[i], &part->looks[i]);
    transform_profile_part_free(part);
}

void transform_profiler_finish(const struct transform_profiler *p, struct sl_arena *a,
                               struct transform_profiles *ret)
{
    ret->n = p->total->n;
    ret->p = SL_ARENA_ARRAY(a, struct transform_profile, ret->n);
    for (size_t i = 0; i < ret->n; i++) {
        const struct look *k = &p->total->looks[i];
        ret->p[i] = (struct transform_profile){
            .spec = p->columns[i],
            .n = k->n,
            .n_missing = k->n_missing,
            .mean = k->mean,
            .std = k->n ? sqrt(k->m2 / (double)k->n) : 0,
            .min = k->min,
            .max = k->max,
            .distinct = k->distinct.n,
            .distinct_of = k->distinct_of,
            .mean_words = k->n ? (double)k->words / (double)k->n : 0,
            .rising = k->rising,
            .midnight = k->midnight,
        };
    }
}
