#include "tests/support/test.h"

static void test_str__to_i64_takes_whole_numbers_only(void **state)
{
    (void)state;
    int64_t v = 7;
    assert_true(sl_str_to_i64(SL_STR("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_true(sl_str_to_i64(SL_STR("9223372036854775807"), &v) && v == INT64_MAX);
    assert_true(sl_str_to_i64(SL_STR("+5"), &v) && v == 5);
    v = 7;
    assert_false(sl_str_to_i64(SL_STR("9223372036854775808"), &v));
    assert_false(sl_str_to_i64(SL_STR(""), &v));
    assert_false(sl_str_to_i64(SL_STR("-"), &v));
    assert_false(sl_str_to_i64(SL_STR("1 "), &v));
    assert_int_equal(v, 7);
}

static void test_str__to_f64_refuses_names_and_hex(void **state)
{
    (void)state;
    double v = 0;
    assert_true(sl_str_to_f64(SL_STR("1e3"), &v) && v == 1000);
    assert_true(sl_str_to_f64(SL_STR("-.5"), &v) && v == -0.5);
    const char *bad[] = {"", "nan", "inf", "0x10", "1e", "e5", "1.2.3", "1e999", " 1", "--1"};
    for (size_t i = 0; i < SL_COUNTOF(bad); i++)
        assert_false(sl_str_to_f64(sl_str(bad[i]), &v));
}

static void test_str__split_gives_empty_parts_too(void **state)
{
    (void)state;
    struct sl_str rest = SL_STR("a,,b,"), part;
    const char *expected[] = {"a", "", "b", ""};
    for (size_t i = 0; i < 4; i++) {
        assert_true(sl_str_split(&rest, ',', &part));
        assert_true(sl_str_is(part, expected[i]));
    }
    assert_false(sl_str_split(&rest, ',', &part));
}

/* Damerau's distance, restricted: values by hand. */
static void test_str__distance(void **state)
{
    (void)state;
    assert_int_equal(sl_str_distance(SL_STR("kitten"), SL_STR("sitting")), 3);
    assert_int_equal(sl_str_distance(SL_STR("ab"), SL_STR("ba")), 1);
    assert_int_equal(sl_str_distance(SL_STR(""), SL_STR("abc")), 3);
    struct sl_str names[] = {SL_STR("image"), SL_STR("inputs"), SL_STR("outputs")};
    assert_true(sl_str_is(sl_str_closest(SL_STR("imput"), names, 3), "inputs"));
    assert_int_equal(sl_str_closest(SL_STR("zzz"), names, 3).n, 0);
}

/* Boundaries of RFC 3629. */
static void test_str__utf8(void **state)
{
    (void)state;
    assert_true(sl_str_is_utf8(SL_STR("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80")));
    const char *bad[] = {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                         "\xe2\x82", "\x80",         "\xff"};
    for (size_t i = 0; i < SL_COUNTOF(bad); i++)
        assert_false(sl_str_is_utf8(sl_str(bad[i])));
}

static void test_str__compare_is_by_bytes(void **state)
{
    (void)state;
    assert_true(sl_str_cmp(SL_STR("a"), SL_STR("ab")) < 0);
    assert_true(sl_str_cmp(SL_STR("b"), SL_STR("ab")) > 0);
    assert_int_equal(sl_str_cmp(SL_STR("x"), SL_STR("x")), 0);
    assert_true(sl_str_cmp(SL_STR("\x7f"), SL_STR("\x80")) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_str__to_i64_takes_whole_numbers_only),
        cmocka_unit_test(test_str__to_f64_refuses_names_and_hex),
        cmocka_unit_test(test_str__split_gives_empty_parts_too),
        cmocka_unit_test(test_str__distance),
        cmocka_unit_test(test_str__utf8),
        cmocka_unit_test(test_str__compare_is_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
