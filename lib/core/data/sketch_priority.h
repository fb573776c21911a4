/* Weighted quantiles of a stream whose values carry weights of any size: a priority sample.
 *
 * A value of weight w gets the priority w / u with u uniform in (0, 1]; at least the
 * PRIORITY_K of highest priority stay, and each stands for max(w, t) with t the highest priority
 * that was dropped. Sums
 * over any subset are unbiased, with a standard deviation below total / sqrt(PRIORITY_K - 1): 99 %
 * of weighted ranks are within 1.01 % of the total. Samples of parts merge into the sample of the
 * whole. KLL is for streams without weights: it is smaller and closer, but counts in whole numbers.
 *
 * Source: Duffield, Lund, Thorup 2007. */
#pragma once

#include "base/rng.h"

enum { PRIORITY_K = 65536 };

#define PRIORITY_RANK_ERROR 0.0101 /* 2.58 / sqrt(PRIORITY_K - 1) */

struct priority_item {
    double value, weight, priority;
};

struct priority_sample {
    struct sl_rng rng;
    struct priority_item *items; /* room for 2 PRIORITY_K */
    size_t n;
    double threshold; /* 0: nothing was dropped yet */
};

/* Heap. */
struct priority_sample *priority_sample_new(uint64_t seed, uint64_t stream);
/* NULL is fine. */
void priority_sample_free(struct priority_sample *s);
/* Weights are finite and not negative; one of 0 is passed over. */
void priority_sample_add(struct priority_sample *s, double value, double weight);
void priority_sample_merge(struct priority_sample *into, const struct priority_sample *from);

/* What item i of the sample (there are at most 2 PRIORITY_K) stands for. */
static inline double priority_sample_weight(const struct priority_sample *s, size_t i)
{
    return SL_MAX(s->items[i].weight, s->threshold);
}
