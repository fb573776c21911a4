#include "tests/support/test.h"

#include "core/data/convert.h"

static const uint8_t valid[] = {0x0b}; /* rows 0, 1, 3 */

static void test_convert__ints_to_doubles(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    static const int64_t ints[] = {1, -2, 0, 4};
    uint8_t failed[4] = {0};
    struct column c = {.type = COLUMN_INT64, .n = 4, .valid = valid, .i64 = ints};
    struct column d = column_convert(a, &c, COLUMN_DOUBLE, failed);
    assert_true(d.f64[1] == -2 && d.f64[2] == 0 && d.f64[3] == 4);
    assert_int_equal(column_valid_count(&d), 3);
    assert_int_equal(failed[0] + failed[1] + failed[2] + failed[3], 0);
}

static void test_convert__text_and_back(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    static const uint32_t codes[] = {0, 1, 0, 2};
    static const struct sl_str dict[] = {{"17", 2}, {"x", 1}, {"-3", 2}};
    uint8_t failed[4] = {0};
    struct column c = {
        .type = COLUMN_STRING, .n = 4, .valid = valid, .codes = codes, .dict = dict, .dict_n = 3};
    struct column d = column_convert(a, &c, COLUMN_INT64, failed);
    assert_true(d.i64[0] == 17 && d.i64[3] == -3);
    assert_false(column_is_valid(&d, 1));
    assert_false(column_is_valid(&d, 2));
    assert_int_equal(failed[1], 1);
    assert_int_equal(failed[0] + failed[2] + failed[3], 0);
    struct column s = column_convert(a, &d, COLUMN_STRING, failed);
    assert_str(column_str(&s, 3), "-3");
    assert_int_equal(column_valid_count(&s), 2);
}

static void test_convert__doubles_to_ints_exactly_or_not(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    static const double doubles[] = {3, 3.5, 0, 1e300};
    uint8_t failed[4] = {0};
    struct column c = {.type = COLUMN_DOUBLE, .n = 4, .f64 = doubles};
    struct column d = column_convert(a, &c, COLUMN_INT64, failed);
    assert_true(d.i64[0] == 3 && column_is_valid(&d, 0) && column_is_valid(&d, 2));
    assert_int_equal(failed[1], 1);
    assert_int_equal(failed[3], 1);
    assert_int_equal(failed[0] + failed[2], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert__ints_to_doubles),
        cmocka_unit_test(test_convert__text_and_back),
        cmocka_unit_test(test_convert__doubles_to_ints_exactly_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
