/* Seeded pseudo-random numbers: xoshiro256** (Blackman, Vigna 2018), state filled by splitmix64.
 * The same seed gives the same sequence on every machine. Not for secrets. */
#pragma once

#include "base/attr.h"

struct sl_rng {
    uint64_t s[4];
};

void sl_rng_init(struct sl_rng *r, uint64_t seed);
/* A generator of its own for part `index` of something seeded with `seed` (a chunk, a tree, a
 * replica). */
void sl_rng_init_stream(struct sl_rng *r, uint64_t seed, uint64_t index);
uint64_t sl_rng_u64(struct sl_rng *r);
/* Uniform in [0, bound), without bias; bound > 0. */
uint64_t sl_rng_below(struct sl_rng *r, uint64_t bound);
/* Uniform in [0, 1) with 53 bits. */
double sl_rng_f64(struct sl_rng *r);
/* Standard normal (polar method). */
double sl_rng_normal(struct sl_rng *r);
/* The finaliser of splitmix64: mixes 64 bits well. */
uint64_t sl_mix64(uint64_t x);
