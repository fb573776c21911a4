#include "core/learn/bootstrap.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

/* P(X <= k) of Poisson(1), scaled to 2^64; a uniform number below entry k and not below k - 1 draws
 * k. */
static unsigned poisson(struct sl_rng *r)
{
    static const double cumulative[] = {
        0.36787944117144233, 0.73575888234288467, 0.91969860292860584, 0.98101184312384615,
        0.99634015317265634, 0.99940581518241834, 0.99991675885071206, 0.99998975080332545,
        0.99999887479740210, 0.99999988857452160, 0.99999998995223360};
    double u = sl_rng_f64(r);
    unsigned k = 0;
    while (k < SL_COUNTOF(cumulative) && u >= cumulative[k])
        k++;
    return k;
}

void bootstrap_resample(struct sl_arena *a, const struct metric_rows *rows, uint64_t seed,
                        uint64_t index, struct metric_values *ret)
{
    struct sl_rng r;
    sl_rng_init_stream(&r, seed, index);
    double *weights = SL_ARENA_ARRAY(a, double, rows->n);
    for (size_t i = 0; i < rows->n; i++)
        weights[i] = poisson(&r) * (rows->weights ? rows->weights[i] : 1);
    struct metric_rows resample = *rows;
    resample.weights = weights;
    metrics_compute(a, &resample, ret);
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

void bootstrap_intervals(struct sl_arena *a, const struct metric_values *resamples, size_t n,
                         double confidence, struct metric_intervals *ret)
{
    double *values = SL_ARENA_ARRAY(a, double, n);
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

size_t bootstrap_count(size_t asked, size_t rows)
{
    enum { ROWS_A_SLICE = 4000000, LEAST = 20 };
    size_t affordable = SL_MAX(ROWS_A_SLICE / SL_MAX(rows, (size_t)1), (size_t)LEAST);
    return SL_MIN(asked, affordable);
}
