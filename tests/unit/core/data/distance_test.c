#include "core/data/distance.h"
#include "tests/support/test.h"

#include <math.h>

static struct statistics_value side_a[] = {{SL_STR("x"), 6}, {SL_STR("y"), 4}};
static struct statistics_value side_b[] = {{SL_STR("x"), 1}, {SL_STR("z"), 3}};
static const struct statistics_values a_values = {side_a, 2}, b_values = {side_b, 2}, none = {0};

static void test_distance__labels(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct sl_str worst;
    /* Shares: x .6 .25, y .4 0, z 0 .75. */
    assert_float_equal(distance_l_infty(a, &a_values, &b_values, &worst), 0.75, 1e-12);
    assert_str(worst, "z");
    /* Counts over 14: x 5, y 4, z 3. */
    assert_float_equal(distance_normalized_difference(a, &a_values, &b_values, &worst), 5.0 / 14,
                       1e-12);
    assert_str(worst, "x");
    assert_true(isnan(distance_l_infty(a, &a_values, &none, &worst)));
    assert_float_equal(distance_jensen_shannon(a, &a_values, &a_values), 0, 1e-12);
    /* By hand: H(M) - (H(P) + H(Q)) / 2 with M = (.425, .2, .375). */
    double hm = -(.425 * log2(.425) + .2 * log2(.2) + .375 * log2(.375));
    double hp = -(.6 * log2(.6) + .4 * log2(.4)), hq = -(.25 * log2(.25) + .75 * log2(.75));
    assert_float_equal(distance_jensen_shannon(a, &a_values, &b_values), hm - (hp + hq) / 2, 1e-12);
}

static struct statistics_histogram histogram(struct statistics_bucket *b, size_t n)
{
    return (struct statistics_histogram){.buckets = b, .n = n};
}

static void test_distance__histograms(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct statistics_bucket one[] = {{0, 10, 100}};
    struct statistics_bucket split[] = {{0, 5, 50}, {5, 10, 50}};
    struct statistics_bucket far[] = {{20, 30, 7}};
    struct statistics_bucket points[] = {{3, 3, 5}};
    struct statistics_bucket infinite[] = {{-INFINITY, -INFINITY, 4}, {0, 10, 4}};
    struct statistics_histogram h1 = histogram(one, 1), h2 = histogram(split, 2),
                                h3 = histogram(far, 1), h4 = histogram(points, 1),
                                h5 = histogram(infinite, 2), empty = {0};
    /* The same mass in finer buckets is the same distribution. */
    assert_float_equal(distance_jensen_shannon_histogram(a, &h1, &h2), 0, 1e-12);
    /* Disjoint ones are one bit apart. */
    assert_float_equal(distance_jensen_shannon_histogram(a, &h1, &h3), 1, 1e-12);
    assert_float_equal(distance_jensen_shannon_histogram(a, &h1, &h4), 1, 1e-12);
    /* Equal infinities still differ: half of the mass on either side is disjoint. */
    assert_float_equal(distance_jensen_shannon_histogram(a, &h5, &h5), 0.5, 1e-12);
    assert_true(isnan(distance_jensen_shannon_histogram(a, &h1, &empty)));
    /* NaN is a value like another. */
    struct statistics_histogram with_nan = h1;
    with_nan.n_nan = 100;
    double d = distance_jensen_shannon_histogram(a, &h1, &with_nan);
    /* P = (1, 0), Q = (.5, .5), M = (.75, .25). */
    double hm = -(.75 * log2(.75) + .25 * log2(.25));
    assert_float_equal(d, hm - 0.5, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance__labels),
        cmocka_unit_test(test_distance__histograms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
