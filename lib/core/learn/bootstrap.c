#include "core/learn/bootstrap.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

/* P(X <= k) of Poisson(1), scaled to 2^32: a uniform 32-bit number below entry k and not below
 * entry k - 1 draws k. The tail beyond is less likely than one in 2^32. */
static const uint32_t cumulative[] = {1580030169, 3160060337, 3950075422, 4213413783,
                                      4279248374, 4292415292, 4294609778, 4294923276,
                                      4294962463, 4294966817, 4294967253, 4294967292};

static uint8_t poisson(uint32_t u)
{
    /* Without branches but for one draw in 1,700: which way they go is chance. */
    unsigned k = (u >= cumulative[0]) + (u >= cumulative[1]) + (u >= cumulative[2]) +
                 (u >= cumulative[3]) + (u >= cumulative[4]) + (u >= cumulative[5]);
    if (k == 6)
        while (k < SL_COUNTOF(cumulative) && u >= cumulative[k])
            k++;
    return (uint8_t)k;
}

void bootstrap_draw(uint64_t seed, uint64_t index, size_t n, uint8_t *ret_counts)
{
    struct sl_rng r;
    sl_rng_init_stream(&r, seed, index);
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint64_t u = sl_rng_u64(&r);
        ret_counts[i] = poisson((uint32_t)(u >> 32));
        ret_counts[i + 1] = poisson((uint32_t)u);
    }
    if (n & 1)
        ret_counts[n - 1] = poisson((uint32_t)(sl_rng_u64(&r) >> 32));
}

static int compare_doubles(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* The value at `rank` in [0, 1] of sorted values, linear between neighbours. */
static double percentile(const double *sorted, size_t n, double rank)
{
    double at = rank * (double)(n - 1);
    size_t i = (size_t)at;
    double next = i + 1 < n ? sorted[i + 1] : sorted[i];
    return sorted[i] + (at - (double)i) * (next - sorted[i]);
}

void bootstrap_intervals(const struct metric_values *resamples, size_t n, double confidence,
                         struct metric_intervals *ret)
{
    SL_AUTOARENA(scratch);
    double *values = SL_ARENA_ARRAY(scratch, double, n);
    for (int m = 0; m < METRIC_COUNT; m++) {
        size_t there = 0;
        for (size_t i = 0; i < n; i++)
            if (!isnan(resamples[i].v[m]))
                values[there++] = resamples[i].v[m];
        if (there == 0 || there * 2 < n) {
            ret->v[m] = (struct metric_interval){NAN, NAN};
            continue;
        }
        qsort(values, there, sizeof(*values), compare_doubles);
        ret->v[m] = (struct metric_interval){percentile(values, there, (1 - confidence) / 2),
                                             percentile(values, there, (1 + confidence) / 2)};
    }
}

size_t bootstrap_count(size_t asked, size_t rows, size_t n_outputs)
{
    enum { VISITS_A_SLICE = 30000000, LEAST = 40 };
    size_t visits = SL_MAX(rows, (size_t)1) * n_outputs;
    return SL_MIN(asked, SL_MAX(VISITS_A_SLICE / visits, (size_t)LEAST));
}
