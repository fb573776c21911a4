#include "codec/parquet/chunk_stats.h"

#include "tests/support/test.h"

#include <math.h>

static void test_chunk_stats__nans_do_not_count(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const double values[] = {NAN, 3, -1, NAN}, nothing[] = {NAN, NAN};
    struct chunk_stats s = chunk_stats_of_numbers(a, PARQUET_DOUBLE, values, 4);
    double min, max;
    memcpy(&min, s.min.p, 8);
    memcpy(&max, s.max.p, 8);
    assert_true(s.has_min && s.has_max && min == -1 && max == 3);
    s = chunk_stats_of_numbers(a, PARQUET_DOUBLE, nothing, 2);
    assert_false(s.has_min || s.has_max);
}

/* parquet.thrift: a smallest of zero is written as -0, a largest as +0. */
static void test_chunk_stats__zeros_are_widened(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const float plus[] = {0.0f}, minus[] = {-0.0f};
    float min, max;
    struct chunk_stats s = chunk_stats_of_numbers(a, PARQUET_FLOAT, plus, 1);
    memcpy(&min, s.min.p, 4);
    assert_true(min == 0 && signbit(min));
    s = chunk_stats_of_numbers(a, PARQUET_FLOAT, minus, 1);
    memcpy(&max, s.max.p, 4);
    assert_true(max == 0 && !signbit(max));
}

static void test_chunk_stats__infinities(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const double values[] = {INFINITY, INFINITY};
    struct chunk_stats s = chunk_stats_of_numbers(a, PARQUET_DOUBLE, values, 2);
    double min;
    assert_true(s.has_min);
    memcpy(&min, s.min.p, 8);
    assert_true(min == INFINITY);
}

static void test_chunk_stats__booleans(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const uint8_t values[] = {1, 0, 1};
    struct chunk_stats s = chunk_stats_of_numbers(a, PARQUET_BOOL, values, 3);
    assert_int_equal(s.min.n, 1);
    assert_int_equal(s.min.p[0], 0);
    assert_int_equal(s.max.p[0], 1);
    s = chunk_stats_of_numbers(a, PARQUET_BOOL, values, 1);
    assert_int_equal(s.min.p[0], 1);
}

static void test_chunk_stats__short_strings_are_exact(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct sl_str values[] = {SL_STR("b"), SL_STR("\xc3\xa4"), SL_STR(""), SL_STR("bb")};
    struct chunk_stats s = chunk_stats_of_strings(a, values, 4);
    assert_str(s.min, "");
    assert_str(s.max, "\xc3\xa4");
    assert_true(s.min_exact && s.max_exact);
}

/* A string of `n` bytes: `head` and then `tail` again and again. */
static struct sl_str long_string(struct sl_arena *a, const char *tail, size_t n)
{
    char *p = sl_arena_alloc(a, n);
    for (size_t i = 0; i < n; i++)
        p[i] = tail[i % strlen(tail)];
    return sl_strn(p, n);
}

static void check_bounds(struct sl_arena *a, struct sl_str s, bool utf8, bool has_max)
{
    struct chunk_stats stats = chunk_stats_of_strings(a, &s, 1);
    assert_true(stats.has_min);
    assert_false(stats.min_exact);
    assert_in_range(stats.min.n, CHUNK_STATS_BYTES - 3, CHUNK_STATS_BYTES);
    assert_true(sl_str_cmp(stats.min, s) < 0);
    assert_int_equal(stats.has_max, has_max);
    if (has_max)
        assert_true(sl_str_cmp(stats.max, s) > 0);
    if (utf8) {
        assert_true(sl_str_is_utf8(stats.min));
        assert_true(sl_str_is_utf8(stats.max));
    }
}

static void test_chunk_stats__long_strings_become_bounds(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    check_bounds(a, long_string(a, "abc", 100), true, true);
    check_bounds(a, long_string(a, "\xc3\xa4", 100), true, true);          /* ä */
    check_bounds(a, long_string(a, "x\xf0\x9f\x98\x80", 100), true, true); /* an emoji */
    check_bounds(a, long_string(a, "\x7f", 100), true, true);              /* grows a byte */
    check_bounds(a, long_string(a, "\xdf\xbf", 100), true, true);          /* U+07FF */
    check_bounds(a, long_string(a, "\xed\x9f\xbf", 99), true, true);       /* U+D7FF */
    check_bounds(a, long_string(a, "\xef\xbf\xbf", 99), true, true);       /* U+FFFF */
    check_bounds(a, long_string(a, "\xf4\x8f\xbf\xbf", 100), true, false); /* the last one */
    check_bounds(a, long_string(a, "a\xff", 100), false, true);            /* no UTF-8 */
    check_bounds(a, long_string(a, "\xff", 100), false, false);
    check_bounds(a, long_string(a, "\x80", 100), false, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunk_stats__nans_do_not_count),
        cmocka_unit_test(test_chunk_stats__zeros_are_widened),
        cmocka_unit_test(test_chunk_stats__infinities),
        cmocka_unit_test(test_chunk_stats__booleans),
        cmocka_unit_test(test_chunk_stats__short_strings_are_exact),
        cmocka_unit_test(test_chunk_stats__long_strings_become_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
