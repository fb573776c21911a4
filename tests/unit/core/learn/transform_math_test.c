#include "core/learn/transform_math.h"

#include "tests/support/test.h"

#include <math.h>

/* Values of MurmurHash3 of com.microsoft in ONNX Runtime 1.31 (positive, seed 0). */
static void test_transform_murmur3__onnxruntime(void **state)
{
    (void)state;
    assert_int_equal(transform_murmur3(SL_STR("")), 0);
    assert_int_equal(transform_murmur3(SL_STR("a")), 0x3c2569b2);
    assert_int_equal(transform_murmur3(SL_STR("b")), 0x95de7e03);
    assert_int_equal(transform_murmur3(SL_STR("ü-x")), 0xb4ad07da);
    assert_int_equal(transform_murmur3(SL_STR("abcd")), 0x43ed676a);
    assert_int_equal(transform_murmur3(SL_STR("abcde")), 0xe89b9af6);
}

static void test_transform_narrow__has_no_infinities_and_one_zero(void **state)
{
    (void)state;
    assert_true(transform_narrow(INFINITY) == 0x1.fffffep127f);
    assert_true(transform_narrow(-1e39) == -0x1.fffffep127f);
    assert_true(transform_narrow(0x1.ffffffp127) == 0x1.fffffep127f); /* would round to infinity */
    assert_false(signbit(transform_narrow(-0.0)));
    assert_false(signbit(transform_narrow(-1e-60)));
    assert_true(isnan(transform_narrow(NAN)));
    assert_true(transform_narrow(0.1) == 0.1f);
}

static void test_transform_part_of__far_dates(void **state)
{
    (void)state;
    /* 2255-06-05, 285 years on: the last day of doubles that are whole microseconds. */
    assert_true(transform_part_of(TRANSFORM_YEAR, 0x1p53 - 1) == 2255);
    assert_true(transform_part_of(TRANSFORM_MONTH, 0x1p53 - 1) == 6);
    assert_true(transform_part_of(TRANSFORM_DAY, 0x1p53 - 1) == 5);
    assert_true(transform_part_of(TRANSFORM_YEAR, -(0x1p53 - 1)) == 1684);
    assert_true(isnan(transform_part_of(TRANSFORM_HOUR, NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform_murmur3__onnxruntime),
        cmocka_unit_test(test_transform_narrow__has_no_infinities_and_one_zero),
        cmocka_unit_test(test_transform_part_of__far_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
