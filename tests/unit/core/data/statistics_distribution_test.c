#include "tests/support/test.h"

#include "base/rng.h"
#include "core/data/statistics_distribution.h"

#include <float.h>
#include <math.h>

static struct distribution make(struct distribution_point *points, size_t n)
{
    struct distribution d;
    distribution_init(&d, points, n);
    return d;
}

static void test_statistics_distribution__median_lies_between_two_halves(void **state)
{
    (void)state;
    struct distribution_point even[] = {{4, 1}, {1, 1}, {2, 1}, {10, 1}};
    struct distribution d = make(even, 4);
    assert_true(distribution_median(&d) == 3);
    struct distribution_point odd[] = {{4, 1}, {1, 1}, {2, 3}};
    d = make(odd, 3);
    assert_true(distribution_median(&d) == 2);
    struct distribution_point weighted[] = {{1, 0.5}, {2, 0.25}, {3, 0.25}};
    d = make(weighted, 3);
    assert_true(distribution_median(&d) == 1.5);
    /* Values whose sum is no double. */
    struct distribution_point huge[] = {{DBL_MAX, 1}, {DBL_MAX, 1}};
    d = make(huge, 2);
    assert_true(distribution_median(&d) == DBL_MAX);
    d = make(NULL, 0);
    assert_true(isnan(distribution_median(&d)));
}

/* The definition, for every rank of small random weights. */
static void test_statistics_distribution__quantile_is_the_smallest_value_that_holds(void **state)
{
    (void)state;
    struct sl_rng r;
    sl_rng_init(&r, 4);
    for (int round = 0; round < 200; round++) {
        struct distribution_point p[20];
        size_t n = 1 + sl_rng_below(&r, 20);
        double total = 0;
        for (size_t i = 0; i < n; i++) {
            p[i] = (struct distribution_point){(double)sl_rng_below(&r, 10),
                                               (double)sl_rng_below(&r, 4)};
            total += p[i].weight;
        }
        if (total == 0)
            continue;
        struct distribution d = make(p, n);
        for (double rank = 1; rank <= 7; rank++) {
            double q = distribution_quantile(&d, rank, 7), at = 0, below = 0;
            for (size_t i = 0; i < n; i++) {
                at += p[i].value <= q ? p[i].weight : 0;
                below += p[i].value < q ? p[i].weight : 0;
            }
            assert_true(at * 7 >= rank * total);
            assert_true(below * 7 < rank * total);
        }
    }
}

static void test_statistics_distribution__buckets_hold_everything_once(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct sl_rng r;
    sl_rng_init(&r, 4);
    for (int round = 0; round < 100; round++) {
        struct distribution_point p[50];
        for (size_t i = 0; i < 50; i++) {
            double scale = pow(10, (double)sl_rng_below(&r, 600) - 300);
            p[i] = (struct distribution_point){(sl_rng_f64(&r) - 0.5) * scale, 1};
        }
        if (round % 3 == 0)
            p[7].value = DBL_MAX, p[8].value = -DBL_MAX;
        if (round % 4 == 0)
            p[9].value = INFINITY;
        struct distribution d = make(p, 50);
        struct statistics_histogram h;
        distribution_standard(a, &d, 10, &h);
        double sum = 0;
        for (size_t i = 0; i < h.n; i++) {
            sum += h.buckets[i].count;
            assert_true(h.buckets[i].low <= h.buckets[i].high);
            assert_true(i == 0 || h.buckets[i].low >= h.buckets[i - 1].high);
        }
        assert_true(sum == 50);
        assert_int_equal(h.n, round % 4 == 0 ? 11 : 10);
        assert_true(h.buckets[0].low == p[0].value);
        distribution_quantiles(a, &d, 4, &h);
        assert_int_equal(h.n, 4);
        assert_true(h.buckets[0].low == p[0].value && h.buckets[3].high == p[49].value);
        assert_true(h.buckets[2].count == 12.5);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics_distribution__median_lies_between_two_halves),
        cmocka_unit_test(test_statistics_distribution__quantile_is_the_smallest_value_that_holds),
        cmocka_unit_test(test_statistics_distribution__buckets_hold_everything_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
