#include "core/learn/bootstrap.h"

#include "tests/support/test.h"

#include <math.h>

enum { DRAWS = 1000000 };

/* Poisson(1): P(k) = 1 / (e k!). */
static void test_bootstrap__counts_are_poisson(void **state)
{
    (void)state;
    static uint8_t counts[DRAWS];
    double seen[256] = {0}, mean = 0, square = 0, p = exp(-1);
    bootstrap_draw(7, 3, DRAWS, counts);
    for (size_t i = 0; i < DRAWS; i++) {
        seen[counts[i]]++;
        mean += counts[i] / (double)DRAWS;
        square += counts[i] * (double)counts[i] / DRAWS;
    }
    assert_close(mean, 1, 0.005);
    assert_close(square - mean * mean, 1, 0.01);
    for (int k = 0; k < 8; k++, p /= k) /* within five standard deviations */
        assert_close(seen[k] / DRAWS, p, 5 * sqrt(p / DRAWS) + 1e-9);
}

static void test_bootstrap__streams_differ_and_repeat(void **state)
{
    (void)state;
    uint8_t x[101], y[101], z[101];
    bootstrap_draw(1, 1, 101, x);
    bootstrap_draw(1, 1, 101, y);
    bootstrap_draw(1, 2, 101, z);
    assert_memory_equal(x, y, 101);
    assert_memory_not_equal(x, z, 101);
    bootstrap_draw(1, 1, 0, x);
}

static void test_bootstrap__percentiles(void **state)
{
    (void)state;
    struct metric_values values[101];
    struct metric_intervals intervals;
    for (int i = 0; i < 101; i++) {
        for (int m = 0; m < METRIC_COUNT; m++)
            values[i].v[m] = NAN;
        values[i].v[METRIC_AUC] = (i * 37 % 101) / 100.0; /* 0.00 .. 1.00 in another order */
        values[i].v[METRIC_F1] = i < 51 ? 0.5 : NAN;
        values[i].v[METRIC_MCC] = i < 50 ? 0.5 : NAN;
    }
    bootstrap_intervals(values, 101, 0.9, &intervals);
    assert_close(intervals.v[METRIC_AUC].low, 0.05, 1e-12);
    assert_close(intervals.v[METRIC_AUC].high, 0.95, 1e-12);
    assert_close(intervals.v[METRIC_F1].low, 0.5, 1e-12);
    assert_true(isnan(intervals.v[METRIC_MCC].low)); /* too few resamples gave it */
    assert_true(isnan(intervals.v[METRIC_R2].high));
    bootstrap_intervals(values, 0, 0.9, &intervals);
    assert_true(isnan(intervals.v[METRIC_AUC].low));
}

static void test_bootstrap__fewer_resamples_of_many_rows(void **state)
{
    (void)state;
    assert_int_equal(bootstrap_count(200, 0, 1), 200);
    assert_int_equal(bootstrap_count(200, 1000, 1), 200);
    assert_int_equal(bootstrap_count(200, 300000, 1), 100);
    assert_int_equal(bootstrap_count(200, 100000000, 1), 40);
    assert_int_equal(bootstrap_count(10, 100000000, 1), 10);
    assert_int_equal(bootstrap_count(200, 30000, 10), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bootstrap__counts_are_poisson),
        cmocka_unit_test(test_bootstrap__streams_differ_and_repeat),
        cmocka_unit_test(test_bootstrap__percentiles),
        cmocka_unit_test(test_bootstrap__fewer_resamples_of_many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
