/* Which strings occur most often, and how often: exact while few are distinct, then Misra-Gries.
 *
 * A table of at most `max_distinct` strings and `max_bytes` of text. When one more does not fit,
 * the table is purged: with t the count of the entry ranked half of the maximum, every count is
 * lowered by t and entries without any left go. Each purge takes t from more than half the maximum
 * of entries, so after N values the sum of all t, `error`, is at most 2 N / max_distinct (as long
 * as text fits): a count is never too high, and at most `error` too low. From the first purge on a
 * HyperLogLog counts the distinct ones.
 *
 * Source: Misra and Gries 1982; purging by a quantile of the counts: Anderson et al. 2017. */
#pragma once

#include "base/str.h"
#include "core/data/sketch_hll.h"

struct sl_arena;

struct heavy_entry {
    struct sl_str value;
    uint64_t hash;
    uint64_t count;
    double weight; /* sum of weights; lower than the truth after a purge */
};

struct heavy {
    struct heavy_entry *entries; /* in order of arrival; purges keep the order */
    size_t n, capacity;
    uint64_t *slots; /* upper half of the hash, then entry index + 1; 0: free */
    size_t slot_count;
    struct sl_arena *text;
    size_t bytes; /* of the values in the table */
    size_t max_distinct, max_bytes;
    uint64_t error;  /* 0: exact */
    struct hll *hll; /* NULL: exact */
};

void heavy_init(struct heavy *h, size_t max_distinct, size_t max_bytes);
void heavy_deinit(struct heavy *h);
/* The hash that the functions here expect of a value. */
uint64_t heavy_hash(struct sl_str value);
/* `count` > 0 of a value; a new one is copied. */
void heavy_add(struct heavy *h, struct sl_str value, uint64_t hash, uint64_t count, double weight);

/* Many values of one column at once, counts[i] of values[i] (0: passed over); the same value may
 * stand there more than once. Once the table has been purged, values that stand only once in the
 * batch are left out when they are more than half of what the table may hold: the purge that they
 * would cause takes one from each of them anyway. They count as distinct, and `error` grows by one.
 *
 * Shapes:   values, counts (n); weights (n) or NULL.
 * Lifetime: `a` is for scratch. */
void heavy_add_batch(struct sl_arena *a, struct heavy *h, const struct sl_str *values,
                     const uint32_t *counts, const double *weights, size_t n);
/* Into an empty table, or in the order of the parts: the result is the same for the same order. */
void heavy_merge(struct heavy *into, const struct heavy *from);
static inline bool heavy_is_exact(const struct heavy *h)
{
    return !h->hll;
}
/* Distinct values: exact, or estimated with HLL_RELATIVE_ERROR. */
double heavy_unique(const struct heavy *h);
