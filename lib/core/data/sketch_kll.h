/* Quantiles of a stream from a few hundred kilobytes: a KLL sketch (Karnin, Lang, Liberty 2016).
 *
 * Level h holds values that each stand for 2^h of the stream. A full level is sorted, every second
 * value of it moves up, and a coin decides whether the odd or the even ones. All levels have the
 * same capacity, which costs memory that one feature at a time has, and buys error:
 *
 *     a level of capacity k adds at most (2^h)^2 of variance to a rank per compaction, and there
 *     are n / (2^h k) of them; summed over the levels up to 2^H = n / k the standard deviation is
 *     below sqrt(2) n / k, so 99 % of ranks are within 2.58 sqrt(2) / 4096 = 0.09 % of n.
 *
 * The coins come from a seed: the same adds and merges in the same order give the same sketch. */
#pragma once

#include "base/rng.h"

enum { KLL_K = 4096, KLL_LEVELS = 64 };

#define KLL_RANK_ERROR 0.001 /* share of n, for 99 % of ranks */

struct kll_level {
    double *items; /* room for 2 KLL_K; sorted, but for level 0 */
    size_t n;
};

struct kll {
    struct sl_rng rng;
    uint64_t n; /* sum of weights, kept exactly */
    struct kll_level levels[KLL_LEVELS];
    double *scratch; /* (2 KLL_K) */
};

/* A value and how many of the stream it stands for. */
struct kll_point {
    double value;
    uint64_t weight;
};

/* Heap. `seed` and `stream` make the coins (the feature, and the chunk of it). */
struct kll *kll_new(uint64_t seed, uint64_t stream);
/* NULL is fine. */
void kll_free(struct kll *k);
/* No NaN; infinities are fine. */
void kll_add(struct kll *k, const double *values, size_t n);
/* Values that count several times, ascending. */
void kll_add_points(struct kll *k, const struct kll_point *points, size_t n);
void kll_merge(struct kll *into, const struct kll *from);
/* How many points there are, and all of them, ascending by value; their weights sum to k->n. */
size_t kll_count(const struct kll *k);
void kll_points(const struct kll *k, struct kll_point *ret);

/* Sorts ascending; `scratch` has room for n. No NaN. */
void kll_sort(double *values, size_t n, double *scratch);
