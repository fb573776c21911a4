#include "tests/support/test.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "core/data/statistics_collect.h"

#include <math.h>

/* Expected values below were computed with Python (statistics.pstdev, numpy.histogram,
 * numpy.quantile(method='inverted_cdf')) from the same numbers. */

static struct feature_statistics collect(struct sl_arena *a, const struct column *c,
                                         const double *weights, struct statistics_options o)
{
    struct column_spec spec = {c->name, c->type};
    o.weighted = weights != NULL;
    struct statistics_collector *k = statistics_collector_new(&spec, &o, 0);
    statistics_collector_update(a, k, c, weights);
    struct feature_statistics f;
    statistics_collector_finish(a, k, &f);
    statistics_collector_free(k);
    return f;
}

static bool is_near(double x, double y)
{
    return fabs(x - y) <= 1e-12 * SL_MAX(1.0, fabs(y));
}
#define assert_near(x, y) assert_true(is_near((x), (y)))

static void test_statistics_collect__doubles(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    double values[] = {1.5, -0.0, 0.0, NAN, 4.25, 10, 0 /* missing */, -3, 2.5, 2.5, 7, 8.5};
    uint8_t valid[] = {0xbf, 0x0f};
    struct column c = {SL_STR("x"), COLUMN_DOUBLE, 12, valid, {.f64 = values}, NULL, 0};
    struct feature_statistics f = collect(a, &c, NULL, statistics_options_default);
    assert_str(f.name, "x");
    assert_int_equal(f.type, STATISTICS_FLOAT);
    assert_int_equal(f.common.n_present, 11);
    assert_int_equal(f.common.n_missing, 1);
    assert_int_equal(f.common.total_values, 11);
    assert_int_equal(f.common.values_histogram.n, 10);
    assert_near(f.common.values_histogram.buckets[3].count, 1.1);
    assert_int_equal(f.numeric.n_nan, 1);
    assert_int_equal(f.numeric.n_zeros, 2);
    assert_near(f.numeric.mean, 3.325);
    assert_near(f.numeric.std_dev, 3.9052048601833937);
    assert_near(f.numeric.min, -3);
    assert_near(f.numeric.max, 10);
    assert_near(f.numeric.median, 2.5);
    assert_int_equal(f.n_unique, 8);
    assert_false(f.error.approximate);

    static const double counts[10] = {1, 0, 2, 1, 2, 1, 0, 1, 1, 1};
    assert_int_equal(f.numeric.standard.n, 10);
    assert_int_equal(f.numeric.standard.n_nan, 1);
    for (int i = 0; i < 10; i++)
        assert_near(f.numeric.standard.buckets[i].count, counts[i]);
    assert_near(f.numeric.standard.buckets[2].low, -0.4);
    static const double bounds[11] = {-3, -3, 0, 0, 1.5, 2.5, 2.5, 4.25, 7, 8.5, 10};
    assert_int_equal(f.numeric.quantiles.n, 10);
    for (int i = 0; i < 10; i++) {
        assert_near(f.numeric.quantiles.buckets[i].low, bounds[i]);
        assert_near(f.numeric.quantiles.buckets[i].high, bounds[i + 1]);
        assert_near(f.numeric.quantiles.buckets[i].count, 1.0);
    }
}

static void test_statistics_collect__infinities_get_buckets_of_their_own(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    double values[] = {INFINITY, 1, 2, -INFINITY, INFINITY, 3};
    struct column c = {SL_STR("x"), COLUMN_DOUBLE, 6, NULL, {.f64 = values}, NULL, 0};
    struct feature_statistics f = collect(a, &c, NULL, statistics_options_default);
    const struct statistics_histogram *h = &f.numeric.standard;
    assert_int_equal(h->n, 12);
    assert_true(h->buckets[0].high == -INFINITY && h->buckets[0].count == 1);
    assert_true(h->buckets[11].low == INFINITY && h->buckets[11].count == 2);
    assert_near(h->buckets[1].low, 1);
    assert_near(h->buckets[10].high, 3);
    assert_true(f.numeric.min == -INFINITY && f.numeric.max == INFINITY);
    assert_near(f.numeric.median, 2.5);
}

static void test_statistics_collect__one_value_makes_one_bucket(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    int64_t values[] = {-5, -5, -5};
    struct column c = {SL_STR("x"), COLUMN_INT64, 3, NULL, {.i64 = values}, NULL, 0};
    struct feature_statistics f = collect(a, &c, NULL, statistics_options_default);
    assert_int_equal(f.type, STATISTICS_INT);
    assert_int_equal(f.numeric.standard.n, 1);
    assert_near(f.numeric.standard.buckets[0].count, 3);
    assert_near(f.numeric.std_dev, 0);
    assert_int_equal(f.n_unique, 1);
}

static void test_statistics_collect__nothing_but_missing_or_nan(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    double values[] = {NAN, 0};
    uint8_t valid[] = {1};
    struct column c = {SL_STR("x"), COLUMN_DOUBLE, 2, valid, {.f64 = values}, NULL, 0};
    struct feature_statistics f = collect(a, &c, NULL, statistics_options_default);
    assert_true(f.has_numeric);
    assert_int_equal(f.numeric.n_nan, 1);
    assert_int_equal(f.numeric.standard.n, 0);
    assert_near(f.numeric.mean, 0);
    uint32_t codes[] = {0, 0};
    uint8_t none[] = {0};
    struct column s = {SL_STR("s"), COLUMN_STRING, 2, none, {.codes = codes}, NULL, 0};
    f = collect(a, &s, NULL, statistics_options_default);
    assert_true(f.has_string);
    assert_int_equal(f.common.n_missing, 2);
    assert_int_equal(f.common.min_values, 0);
    assert_int_equal(f.string.top.n, 0);
}

static void test_statistics_collect__bool_and_time_say_what_they_are(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    uint8_t flags[] = {1, 0, 1, 1};
    struct column c = {SL_STR("b"), COLUMN_BOOL, 4, NULL, {.boolean = flags}, NULL, 0};
    struct feature_statistics f = collect(a, &c, NULL, statistics_options_default);
    assert_int_equal(f.type, STATISTICS_INT);
    assert_int_equal(f.domain, STATISTICS_DOMAIN_BOOL);
    assert_near(f.numeric.mean, 0.75);
    assert_int_equal(f.n_unique, 2);
    int64_t times[] = {1000000, 2000000};
    struct column t = {SL_STR("t"), COLUMN_TIMESTAMP, 2, NULL, {.i64 = times}, NULL, 0};
    f = collect(a, &t, NULL, statistics_options_default);
    assert_int_equal(f.domain, STATISTICS_DOMAIN_TIME);
    assert_near(f.numeric.median, 1500000);
}

static void test_statistics_collect__text(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct sl_str dict[] = {SL_STR("b"), SL_STR("unused"), SL_STR("caf\xc3\xa9"), SL_STR("a"),
                            SL_STR("\xff\xfe")};
    uint32_t codes[] = {0, 3, 2, 0, 3, 4, 0, 2};
    uint8_t valid[] = {0x7f};
    struct column c = {SL_STR("s"), COLUMN_STRING, 8, valid, {.codes = codes}, dict, 5};
    struct feature_statistics f = collect(a, &c, NULL, statistics_options_default);
    assert_int_equal(f.type, STATISTICS_STRING);
    assert_int_equal(f.common.n_present, 7);
    assert_int_equal(f.string.n_unique, 4);
    /* (3 x 1 + 2 x 1 + 5 + 2) / 7 */
    assert_near(f.string.mean_length, 12.0 / 7);
    assert_int_equal(f.string.n_invalid_utf8, 1);
    /* By count; the ties caf\u00e9 and the invalid one by bytes, descending. */
    assert_int_equal(f.string.top.n, 4);
    assert_str(f.string.top.p[0].value, "b");
    assert_near(f.string.top.p[0].count, 3);
    assert_str(f.string.top.p[1].value, "a");
    assert_str(f.string.top.p[2].value, "__BYTES_VALUE__");
    assert_str(f.string.top.p[3].value, "caf\xc3\xa9");
    struct statistics_options few = statistics_options_default;
    few.n_top_values = 1;
    few.n_rank_buckets = 2;
    f = collect(a, &c, NULL, few);
    assert_int_equal(f.string.top.n, 1);
    assert_int_equal(f.string.rank.n, 2);
}

static void test_statistics_collect__weights(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    int64_t values[] = {1, 2, 3, 0};
    uint8_t valid[] = {0x07};
    double weights[] = {1, 0.5, 2.5, 4};
    struct column c = {SL_STR("x"), COLUMN_INT64, 4, valid, {.i64 = values}, NULL, 0};
    struct feature_statistics f = collect(a, &c, weights, statistics_options_default);
    assert_true(f.has_weighted);
    assert_near(f.weighted_present, 4);
    assert_near(f.weighted_missing, 4);
    assert_near(f.weighted_numeric.mean, (1 + 1 + 7.5) / 4);
    /* sum w (x - 2.375)^2 = 1.890625 + 0.0703125 + 0.9765625 */
    assert_near(f.weighted_numeric.std_dev, sqrt(2.9375 / 4));
    assert_near(f.weighted_numeric.median, 3);
    assert_near(f.numeric.median, 2);
    assert_near(f.weighted_numeric.standard.buckets[9].count, 2.5);
    struct sl_str dict[] = {SL_STR("p"), SL_STR("q")};
    uint32_t codes[] = {0, 0, 1, 0};
    struct column s = {SL_STR("s"), COLUMN_STRING, 4, valid, {.codes = codes}, dict, 2};
    f = collect(a, &s, weights, statistics_options_default);
    assert_str(f.string.top.p[0].value, "p");
    assert_str(f.weighted_string.top.p[0].value, "q");
    assert_near(f.weighted_string.top.p[0].count, 2.5);
}

/* One stream in parts, some of them too rich for exact counts. */
static struct feature_statistics collect_parts(struct sl_arena *a, const double *values,
                                               const double *weights, size_t n, size_t part_n,
                                               struct statistics_options o)
{
    struct column_spec spec = {SL_STR("x"), COLUMN_DOUBLE};
    o.weighted = weights != NULL;
    struct statistics_collector *all = statistics_collector_new(&spec, &o, 0);
    for (size_t i = 0; i < n; i += part_n) {
        struct statistics_collector *k = statistics_collector_new(&spec, &o, i);
        struct column c = {SL_STR("x"), COLUMN_DOUBLE, SL_MIN(part_n, n - i), NULL, {0}, NULL, 0};
        c.f64 = values + i;
        statistics_collector_update(a, k, &c, weights ? weights + i : NULL);
        statistics_collector_merge(all, k);
        statistics_collector_free(k);
    }
    struct feature_statistics f;
    statistics_collector_finish(a, all, &f);
    statistics_collector_free(all);
    return f;
}

enum { N = 400000 };

static void test_statistics_collect__parts_give_what_the_whole_gives(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    double *values = sl_alloc(N * sizeof(double));
    struct sl_rng r;
    sl_rng_init(&r, 1);
    for (size_t i = 0; i < N; i++)
        values[i] = (double)sl_rng_below(&r, 60000) / 8;
    struct feature_statistics whole =
        collect_parts(a, values, NULL, N, N, statistics_options_default);
    struct feature_statistics parts =
        collect_parts(a, values, NULL, N, 9973, statistics_options_default);
    assert_false(whole.error.approximate || parts.error.approximate);
    assert_int_equal(whole.n_unique, parts.n_unique);
    assert_near(whole.numeric.mean, parts.numeric.mean);
    assert_near(whole.numeric.std_dev, parts.numeric.std_dev);
    assert_true(whole.numeric.median == parts.numeric.median);
    assert_memory_equal(whole.numeric.quantiles.buckets, parts.numeric.quantiles.buckets,
                        10 * sizeof(struct statistics_bucket));
    sl_free(values);
}

static void test_statistics_collect__too_many_values_are_sketched_and_flagged(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    double *values = sl_alloc(N * sizeof(double)), *weights = sl_alloc(N * sizeof(double));
    struct sl_rng r;
    sl_rng_init(&r, 1);
    for (size_t i = 0; i < N; i++) {
        /* The first parts are poor, so that exact counts meet sketches in a merge. */
        values[i] = i < N / 4 ? (double)sl_rng_below(&r, 1000) / 1000 : sl_rng_f64(&r);
        weights[i] = values[i];
    }
    struct feature_statistics f =
        collect_parts(a, values, weights, N, N / 8, statistics_options_default);
    assert_true(f.error.approximate);
    assert_true(f.error.quantile_rank > 0 && f.error.unique_relative > 0);
    /* Uniform in [0, 1): a rank is the value itself, give or take the sample's own noise. */
    assert_true(fabs(f.numeric.median - 0.5) < 0.005);
    assert_true(fabs((double)f.n_unique - (0.75 * N + 1000)) < 0.03 * N);
    double sum = 0;
    for (size_t i = 0; i < 10; i++) {
        sum += f.numeric.standard.buckets[i].count;
        assert_true(fabs(f.numeric.standard.buckets[i].count / N - 0.1) < 0.005);
        assert_true(fabs(f.numeric.quantiles.buckets[i].high - (double)(i + 1) / 10) < 0.005);
    }
    assert_true(sum == N);
    /* Weighted by itself the density is 2x, its median sqrt(1/2). */
    assert_true(fabs(f.weighted_numeric.median - sqrt(0.5)) < 0.02);
    assert_true(fabs(f.weighted_numeric.mean - 2.0 / 3) < 0.005);
    sl_free(values);
    sl_free(weights);
}

/* Whole numbers of a small range and of a wide one take different ways to the same counts. */
static void test_statistics_collect__dense_and_sparse_integers_agree(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    int64_t dense[3000], sparse[3000];
    for (int64_t i = 0; i < 3000; i++) {
        dense[i] = i * 7919 % 1500 - 700;
        sparse[i] = dense[i] * 1000003;
    }
    struct column c = {SL_STR("x"), COLUMN_INT64, 3000, NULL, {.i64 = dense}, NULL, 0};
    struct feature_statistics d = collect(a, &c, NULL, statistics_options_default);
    c.i64 = sparse;
    struct feature_statistics s = collect(a, &c, NULL, statistics_options_default);
    assert_int_equal(d.n_unique, 1500);
    assert_int_equal(s.n_unique, 1500);
    for (size_t i = 0; i < 10; i++)
        assert_true(d.numeric.quantiles.buckets[i].high * 1000003 ==
                    s.numeric.quantiles.buckets[i].high);
    /* A chunk of small range whose values do not fit any more. */
    struct statistics_options few = statistics_options_default;
    few.max_distinct = 100;
    c.i64 = dense;
    d = collect(a, &c, NULL, few);
    assert_true(d.error.approximate);
    assert_true(fabs((double)d.n_unique - 1500) < 45);
    assert_near(d.numeric.median, 49.5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics_collect__doubles),
        cmocka_unit_test(test_statistics_collect__infinities_get_buckets_of_their_own),
        cmocka_unit_test(test_statistics_collect__one_value_makes_one_bucket),
        cmocka_unit_test(test_statistics_collect__nothing_but_missing_or_nan),
        cmocka_unit_test(test_statistics_collect__bool_and_time_say_what_they_are),
        cmocka_unit_test(test_statistics_collect__text),
        cmocka_unit_test(test_statistics_collect__weights),
        cmocka_unit_test(test_statistics_collect__parts_give_what_the_whole_gives),
        cmocka_unit_test(test_statistics_collect__too_many_values_are_sketched_and_flagged),
        cmocka_unit_test(test_statistics_collect__dense_and_sparse_integers_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
