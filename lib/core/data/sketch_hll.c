#include "core/data/sketch_hll.h"

#include "base/alloc.h"

#include <math.h>

enum { MAX_RANK = 64 - HLL_BITS + 1 };

struct hll *hll_new(void)
{
    return SL_NEW(struct hll);
}

void hll_merge(struct hll *into, const struct hll *from)
{
    for (size_t i = 0; i < HLL_REGISTERS; i++)
        if (from->registers[i] > into->registers[i])
            into->registers[i] = from->registers[i];
}

/* x + sum over k >= 1 of x^(2^k) 2^(k-1): what empty registers contribute. */
static double sigma(double x)
{
    if (x == 1)
        return INFINITY;
    double y = 1, z = x, before;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

/* (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3: what full registers contribute. */
static double tau(double x)
{
    if (x == 0 || x == 1)
        return 0;
    double y = 1, z = 1 - x, before;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

double hll_estimate(const struct hll *h)
{
    double m = HLL_REGISTERS;
    uint32_t counts[MAX_RANK + 1] = {0};
    for (size_t i = 0; i < HLL_REGISTERS; i++)
        counts[h->registers[i]]++;
    double z = m * tau(1 - counts[MAX_RANK] / m);
    for (int rank = MAX_RANK - 1; rank >= 1; rank--)
        z = 0.5 * (z + counts[rank]);
    z += m * sigma(counts[0] / m);
    return m * m / (2 * M_LN2 * z);
}
