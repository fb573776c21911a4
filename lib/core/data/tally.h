/* How often each of up to `max` distinct 64-bit values occurs: the exact counts of a numeric
 * feature. Open addressing; keys are bits of an integer or of a double. */
#pragma once

#include "base/attr.h"

struct tally_slot {
    uint64_t key;
    uint64_t count; /* 0: free */
};

struct tally {
    struct tally_slot *slots;
    double *weights; /* sum of weights per slot; NULL: not weighted */
    size_t n, max;
    int bits; /* log2 of the number of slots; 0: none yet */
    bool weighted;
};

/* At most `max` distinct keys (at least 1). Holds no memory yet. */
void tally_init(struct tally *t, size_t max, bool weighted);
void tally_deinit(struct tally *t);
/* Adds keys, once each. Returns how many were taken: fewer than `n` when the next one is a new key
 * beyond `max`. `weights` (n) or NULL, as the tally is. */
size_t tally_add(struct tally *t, const uint64_t *keys, const double *weights,
                 size_t n) SL_MUST_USE;
/* Adds `count` > 0 of one key; false when it is a new one beyond `max`. */
bool tally_add_count(struct tally *t, uint64_t key, uint64_t count, double weight) SL_MUST_USE;
/* Slots to walk; those with count 0 are free. */
static inline size_t tally_slots(const struct tally *t)
{
    return t->bits ? (size_t)1 << t->bits : 0;
}

/* A hash of all 64 bits (the finaliser of splitmix64), inlined into the hot loops. */
static inline uint64_t tally_hash(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}
