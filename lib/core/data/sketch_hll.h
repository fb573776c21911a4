/* How many distinct values a stream holds, from 16 KiB: HyperLogLog with 2^14 registers and Ertl's
 * estimator, which needs no tables of corrections. Standard error 0.81 % at any count.
 *
 * Registers are maxima, so that the result depends neither on order nor on how parts were merged.
 * Source: Flajolet et al. 2007; Ertl, "New cardinality estimation algorithms for HyperLogLog
 * sketches", 2017, algorithm 6. */
#pragma once

#include "base/attr.h"

enum { HLL_BITS = 14, HLL_REGISTERS = 1 << HLL_BITS };

#define HLL_RELATIVE_ERROR 0.008125 /* 1.04 / sqrt(HLL_REGISTERS) */

struct hll {
    uint8_t registers[HLL_REGISTERS];
};

/* Heap; free with sl_free. */
struct hll *hll_new(void);
/* `hash` is of good quality in all 64 bits: equal values have equal hashes. */
static inline void hll_add(struct hll *h, uint64_t hash)
{
    uint8_t *r = &h->registers[hash >> (64 - HLL_BITS)];
    /* The set bit at the end bounds the rank at 64 - HLL_BITS + 1. */
    uint64_t rest = hash << HLL_BITS | (uint64_t)1 << (HLL_BITS - 1);
    uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
    if (rank > *r)
        *r = rank;
}
void hll_merge(struct hll *into, const struct hll *from);
double hll_estimate(const struct hll *h);
