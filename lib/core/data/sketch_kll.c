#include "core/data/sketch_kll.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

struct kll *kll_new(uint64_t seed, uint64_t stream)
{
    struct kll *k = SL_NEW(struct kll);
    sl_rng_init_stream(&k->rng, seed, stream);
    k->scratch = SL_NEW_ARRAY(double, 2 * KLL_K);
    return k;
}

void kll_free(struct kll *k)
{
    if (!k)
        return;
    for (int h = 0; h < KLL_LEVELS; h++)
        sl_free(k->levels[h].items);
    sl_free(k->scratch);
    sl_free(k);
}

/* ---- sorting ---- */

enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS, RADIX_PASSES = 6 };

/* Unsigned integers in the order of the doubles, and back. */
static uint64_t key_of(double d)
{
    uint64_t u;
    memcpy(&u, &d, sizeof(u));
    return u ^ ((uint64_t)((int64_t)u >> 63) | (uint64_t)1 << 63);
}

static double of_key(uint64_t u)
{
    u ^= (u >> 63 ? (uint64_t)1 << 63 : ~(uint64_t)0);
    double d;
    memcpy(&d, &u, sizeof(d));
    return d;
}

/* One stable counting pass by the RADIX_BITS bits at `shift`. */
static void radix_pass(const uint64_t *from, uint64_t *to, size_t n, int shift)
{
    uint32_t at[RADIX] = {0};
    for (size_t i = 0; i < n; i++)
        at[from[i] >> shift & (RADIX - 1)]++;
    uint32_t sum = 0;
    for (size_t i = 0; i < RADIX; i++) {
        uint32_t count = at[i];
        at[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[at[from[i] >> shift & (RADIX - 1)]++] = from[i];
}

/* False when it gave up after too many moves; the keys are still the same ones. */
static bool insertion_sort(uint64_t *keys, size_t n, size_t budget)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        size_t j = i;
        for (; j > 0 && keys[j - 1] > key; j--)
            keys[j] = keys[j - 1];
        keys[j] = key;
        if (i - j > budget)
            return false;
        budget -= i - j;
    }
    return true;
}

static void sort_keys(uint64_t *keys, size_t n, uint64_t *scratch)
{
    uint64_t differ = 0;
    for (size_t i = 1; i < n; i++)
        differ |= keys[i] ^ keys[0];
    if (!differ)
        return;
    /* The 33 highest bits that differ order nearly everything; an insertion sort does the rest,
     * and where they do not (an outlier among close values) all bits are used. */
    int top = 64 - __builtin_clzll(differ);
    int shift = top > 3 * RADIX_BITS ? top - 3 * RADIX_BITS : 0;
    radix_pass(keys, scratch, n, shift);
    radix_pass(scratch, keys, n, shift + RADIX_BITS);
    radix_pass(keys, scratch, n, shift + 2 * RADIX_BITS);
    memcpy(keys, scratch, n * sizeof(*keys));
    if (shift == 0 || insertion_sort(keys, n, 2 * n))
        return;
    for (int pass = 0; pass < RADIX_PASSES; pass += 2) {
        radix_pass(keys, scratch, n, pass * RADIX_BITS);
        radix_pass(scratch, keys, n, (pass + 1) * RADIX_BITS);
    }
}

void kll_sort(double *values, size_t n, double *scratch)
{
    /* Both arrays hold 64-bit values; memory is reused as keys in place. */
    uint64_t *keys = (uint64_t *)(void *)values, *other = (uint64_t *)(void *)scratch;
    for (size_t i = 0; i < n; i++) {
        uint64_t key = key_of(values[i]);
        memcpy(&keys[i], &key, sizeof(key));
    }
    if (n < 64)
        insertion_sort(keys, n, n * n);
    else
        sort_keys(keys, n, other);
    for (size_t i = 0; i < n; i++) {
        double d = of_key(keys[i]);
        memcpy(&values[i], &d, sizeof(d));
    }
}

/* ---- levels ---- */

static struct kll_level *level_at(struct kll *k, int h)
{
    sl_assert(h < KLL_LEVELS);
    if (!k->levels[h].items)
        k->levels[h].items = SL_NEW_ARRAY(double, 2 * KLL_K);
    return &k->levels[h];
}

static void add_run(struct kll *k, int h, const double *run, size_t n);

/* Moves every second value of a sorted level one up; one of an odd number stays. */
static void compact(struct kll *k, int h)
{
    struct kll_level *l = &k->levels[h];
    double run[KLL_K];
    size_t offset = sl_rng_u64(&k->rng) >> 63;
    size_t half = l->n / 2;
    for (size_t i = 0; i < half; i++)
        run[i] = l->items[2 * i + offset];
    l->items[0] = l->items[l->n - 1];
    l->n %= 2;
    add_run(k, h + 1, run, half);
}

/* Merges at most KLL_K ascending values into a level above 0. */
static void add_run(struct kll *k, int h, const double *run, size_t n)
{
    struct kll_level *l = level_at(k, h);
    double *to = k->scratch;
    size_t i = 0, j = 0;
    for (; i < l->n && j < n;) {
        bool second = run[j] < l->items[i];
        *to++ = second ? run[j] : l->items[i];
        j += second;
        i += !second;
    }
    memcpy(to, l->items + i, (l->n - i) * sizeof(double));
    memcpy(to + (l->n - i), run + j, (n - j) * sizeof(double));
    double *merged = k->scratch;
    k->scratch = l->items;
    l->items = merged;
    l->n += n;
    if (l->n >= KLL_K)
        compact(k, h);
}

/* Values for level 0, in any order. */
static void add_values(struct kll *k, const double *values, size_t n)
{
    struct kll_level *l = level_at(k, 0);
    while (n) {
        size_t count = SL_MIN(n, KLL_K - l->n);
        memcpy(l->items + l->n, values, count * sizeof(double));
        l->n += count;
        values += count;
        n -= count;
        if (l->n == KLL_K) {
            kll_sort(l->items, l->n, k->scratch);
            compact(k, 0);
        }
    }
}

void kll_add(struct kll *k, const double *values, size_t n)
{
    k->n += n;
    add_values(k, values, n);
}

/* A weight is a sum of powers of two: bit h of it is one value on level h. */
void kll_add_points(struct kll *k, const struct kll_point *points, size_t n)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        k->n += points[i].weight;
        bits |= points[i].weight;
    }
    for (int h = 0; h < KLL_LEVELS; h++) {
        if (!(bits >> h & 1))
            continue;
        double run[KLL_K];
        size_t run_n = 0;
        for (size_t i = 0; i < n; i++) {
            if (points[i].weight >> h & 1)
                run[run_n++] = points[i].value;
            if (run_n == KLL_K || (run_n && i + 1 == n)) {
                if (h == 0)
                    add_values(k, run, run_n);
                else
                    add_run(k, h, run, run_n);
                run_n = 0;
            }
        }
    }
}

void kll_merge(struct kll *into, const struct kll *from)
{
    into->n += from->n;
    add_values(into, from->levels[0].items, from->levels[0].n);
    for (int h = 1; h < KLL_LEVELS; h++)
        if (from->levels[h].n)
            add_run(into, h, from->levels[h].items, from->levels[h].n);
}

size_t kll_count(const struct kll *k)
{
    size_t count = 0;
    for (int h = 0; h < KLL_LEVELS; h++)
        count += k->levels[h].n;
    return count;
}

static int compare_points(const void *a, const void *b)
{
    const struct kll_point *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

void kll_points(const struct kll *k, struct kll_point *ret)
{
    size_t n = 0;
    for (int h = 0; h < KLL_LEVELS; h++)
        for (size_t i = 0; i < k->levels[h].n; i++)
            ret[n++] = (struct kll_point){k->levels[h].items[i], (uint64_t)1 << h};
    qsort(ret, n, sizeof(*ret), compare_points);
}
