#include "base/rng.h"

#include "base/assert.h"

#include <math.h>

uint64_t sl_mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void sl_rng_init(struct sl_rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = sl_mix64(seed += 0x9e3779b97f4a7c15u);
}

void sl_rng_init_stream(struct sl_rng *r, uint64_t seed, uint64_t index)
{
    sl_rng_init(r, sl_mix64(seed) ^ sl_mix64(index + 0x9e3779b97f4a7c15u));
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t sl_rng_u64(struct sl_rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t sl_rng_below(struct sl_rng *r, uint64_t bound)
{
    sl_assert(bound > 0);
    uint64_t threshold = (0 - bound) % bound;
    for (;;) {
        unsigned __int128 m = (unsigned __int128)sl_rng_u64(r) * bound;
        if ((uint64_t)m >= threshold)
            return (uint64_t)(m >> 64);
    }
}

double sl_rng_f64(struct sl_rng *r)
{
    return (double)(sl_rng_u64(r) >> 11) * 0x1p-53;
}

double sl_rng_normal(struct sl_rng *r)
{
    for (;;) {
        double u = 2 * sl_rng_f64(r) - 1;
        double v = 2 * sl_rng_f64(r) - 1;
        double q = u * u + v * v;
        if (q > 0 && q < 1)
            return u * sqrt(-2 * log(q) / q);
    }
}
