#include "tests/support/test.h"

#include "base/alloc.h"
#include "core/data/sketch_kll.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The largest distance between the sketch's ranks and the true ones, as a share of n. */
static double worst_rank_error(const struct kll *k, double *values, size_t n)
{
    qsort(values, n, sizeof(*values), compare);
    size_t count = kll_count(k);
    struct kll_point *points = SL_NEW_ARRAY(struct kll_point, count);
    kll_points(k, points);
    double worst = 0, rank = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        rank += (double)points[i].weight;
        if (i + 1 < count && points[i + 1].value == points[i].value)
            continue;
        while (at < n && values[at] <= points[i].value)
            at++;
        worst = SL_MAX(worst, fabs(rank - (double)at) / (double)n);
    }
    sl_free(points);
    return worst;
}

static uint64_t weight_of(const struct kll *k)
{
    size_t count = kll_count(k);
    struct kll_point *points = SL_NEW_ARRAY(struct kll_point, count);
    kll_points(k, points);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += points[i].weight;
        assert_true(i == 0 || points[i].value >= points[i - 1].value);
    }
    sl_free(points);
    return sum;
}

enum { N = 1000003 };

/* Kinds of streams: uniform, normal, ascending, few distinct, heavy-tailed. */
static double value_at(struct sl_rng *r, int kind, size_t i)
{
    switch (kind) {
    case 0:
        return sl_rng_f64(r);
    case 1:
        return sl_rng_normal(r) * 1e-3 + 1e6;
    case 2:
        return (double)i;
    case 3:
        return (double)sl_rng_below(r, 7);
    default:
        return pow(1 - sl_rng_f64(r), -2) * (i % 2 ? 1 : -1);
    }
}

static void test_sketch_kll__ranks_are_within_the_stated_error(void **state)
{
    (void)state;
    double *values = SL_NEW_ARRAY(double, N);
    for (int kind = 0; kind < 5; kind++) {
        struct sl_rng r;
        sl_rng_init(&r, 7);
        for (size_t i = 0; i < N; i++)
            values[i] = value_at(&r, kind, i);
        struct kll *k = kll_new(1, (uint64_t)kind);
        for (size_t i = 0; i < N; i += 1000)
            kll_add(k, values + i, SL_MIN((size_t)1000, N - i));
        assert_int_equal(weight_of(k), N);
        assert_int_equal(k->n, N);
        assert_true(worst_rank_error(k, values, N) < KLL_RANK_ERROR);
        kll_free(k);
    }
    sl_free(values);
}

static void test_sketch_kll__merged_parts_are_within_it_too(void **state)
{
    (void)state;
    double *values = SL_NEW_ARRAY(double, N);
    struct sl_rng r;
    sl_rng_init(&r, 3);
    for (size_t i = 0; i < N; i++)
        values[i] = sl_rng_normal(&r);
    struct kll *whole = kll_new(1, 0);
    for (size_t i = 0; i < N; i += 30011) {
        struct kll *part = kll_new(1, i);
        kll_add(part, values + i, SL_MIN((size_t)30011, N - i));
        kll_merge(whole, part);
        kll_free(part);
    }
    assert_int_equal(weight_of(whole), N);
    assert_true(worst_rank_error(whole, values, N) < KLL_RANK_ERROR);
    kll_free(whole);
    sl_free(values);
}

static void test_sketch_kll__few_values_are_exact(void **state)
{
    (void)state;
    struct kll *k = kll_new(1, 1);
    double values[] = {3, 1, 2, -INFINITY, INFINITY};
    kll_add(k, values, 5);
    struct kll_point points[5];
    assert_int_equal(kll_count(k), 5);
    kll_points(k, points);
    double expected[] = {-INFINITY, 1, 2, 3, INFINITY};
    for (int i = 0; i < 5; i++) {
        assert_true(points[i].value == expected[i]);
        assert_int_equal(points[i].weight, 1);
    }
    kll_free(k);
}

static void test_sketch_kll__points_count_as_often_as_they_say(void **state)
{
    (void)state;
    struct kll *k = kll_new(1, 1);
    struct kll_point points[3] = {{1, 1000000}, {2, 3}, {3, 999997}};
    kll_add_points(k, points, 3);
    assert_int_equal(weight_of(k), 2000000);
    size_t count = kll_count(k);
    struct kll_point *all = SL_NEW_ARRAY(struct kll_point, count);
    kll_points(k, all);
    uint64_t of[4] = {0};
    for (size_t i = 0; i < count; i++)
        of[(size_t)all[i].value] += all[i].weight;
    assert_int_equal(of[1], 1000000);
    assert_int_equal(of[2], 3);
    assert_int_equal(of[3], 999997);
    sl_free(all);
    kll_free(k);
}

static void test_sketch_kll__the_same_stream_gives_the_same_sketch(void **state)
{
    (void)state;
    struct kll *k[2];
    for (int round = 0; round < 2; round++) {
        struct sl_rng r;
        sl_rng_init(&r, 11);
        k[round] = kll_new(5, 6);
        for (int i = 0; i < 200000; i++) {
            double x = sl_rng_f64(&r);
            kll_add(k[round], &x, 1);
        }
    }
    assert_int_equal(kll_count(k[0]), kll_count(k[1]));
    for (int h = 0; h < KLL_LEVELS; h++)
        if (k[0]->levels[h].n)
            assert_memory_equal(k[0]->levels[h].items, k[1]->levels[h].items,
                                k[0]->levels[h].n * sizeof(double));
    kll_free(k[0]);
    kll_free(k[1]);
}

static void sort_and_check(double *values, size_t n)
{
    double *expected = SL_NEW_ARRAY(double, n + 1), *scratch = SL_NEW_ARRAY(double, n + 1);
    memcpy(expected, values, n * sizeof(double));
    qsort(expected, n, sizeof(double), compare);
    kll_sort(values, n, scratch);
    for (size_t i = 0; i < n; i++)
        assert_true(values[i] == expected[i]);
    sl_free(expected);
    sl_free(scratch);
}

/* Also close values beside an outlier, where the high bits alone order nothing. */
static void test_sketch_kll__sorts_like_qsort(void **state)
{
    (void)state;
    struct sl_rng r;
    sl_rng_init(&r, 5);
    static double values[5000];
    for (size_t n = 0; n <= 5000; n += n < 70 ? 1 : 493) {
        for (int kind = 0; kind < 5; kind++) {
            for (size_t i = 0; i < n; i++)
                values[i] = value_at(&r, kind, i);
            sort_and_check(values, n);
        }
        for (size_t i = 0; i < n; i++)
            values[i] = 1 + sl_rng_f64(&r) * 1e-12;
        if (n)
            values[n / 2] = -1e300;
        sort_and_check(values, n);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sketch_kll__ranks_are_within_the_stated_error),
        cmocka_unit_test(test_sketch_kll__merged_parts_are_within_it_too),
        cmocka_unit_test(test_sketch_kll__few_values_are_exact),
        cmocka_unit_test(test_sketch_kll__points_count_as_often_as_they_say),
        cmocka_unit_test(test_sketch_kll__the_same_stream_gives_the_same_sketch),
        cmocka_unit_test(test_sketch_kll__sorts_like_qsort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
