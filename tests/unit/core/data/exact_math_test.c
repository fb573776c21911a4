#include "core/data/exact_math.h"

#include "base/rng.h"
#include "tests/support/test.h"

#include <math.h>

/* How many doubles lie between y and the true value, by the wider arithmetic of libm. */
static double ulps(double y, long double exact)
{
    double near = fabs((double)exact);
    return fabs((double)((y - exact) / (nextafter(near, INFINITY) - near)));
}

static void test_exact_ln__is_close_everywhere(void **state)
{
    (void)state;
    struct sl_rng r;
    sl_rng_init(&r, 1);
    for (int i = 0; i < 200000; i++) {
        /* All positive doubles, subnormal ones too; every second one near 1. */
        uint64_t bits = i % 2 ? sl_rng_below(&r, 0x7ff0000000000000u)
                              : 0x3fe0000000000000u + sl_rng_below(&r, 0x0020000000000000u);
        double x;
        memcpy(&x, &bits, sizeof(x));
        if (x != 0 && x != 1)
            assert_true(ulps(exact_ln(x), logl(x)) < 3);
    }
}

static void test_exact_ln__has_edges(void **state)
{
    (void)state;
    assert_true(exact_ln(1) == 0);
    assert_true(exact_ln(0x1p-1074) < -744.4 && exact_ln(0x1p-1074) > -744.5);
    assert_true(exact_ln(0x1.fffffffffffffp1023) > 709.78);
    assert_true(isnan(exact_ln(0)));
    assert_true(isnan(exact_ln(-1)));
    assert_true(isnan(exact_ln(NAN)));
}

static void test_exact_exp__is_close_everywhere(void **state)
{
    (void)state;
    struct sl_rng r;
    sl_rng_init(&r, 2);
    for (int i = 0; i < 200000; i++) {
        double x = (sl_rng_f64(&r) - 0.5) * (i % 2 ? 1400 : 2);
        assert_true(ulps(exact_exp(x), expl(x)) < 2);
    }
}

static void test_exact_exp__has_edges(void **state)
{
    (void)state;
    assert_true(exact_exp(0) == 1);
    assert_true(isinf(exact_exp(710)));
    assert_true(isinf(exact_exp(INFINITY)));
    assert_true(exact_exp(-746) == 0);
    assert_true(exact_exp(-INFINITY) == 0);
    assert_true(exact_exp(-745) > 0); /* the least subnormal */
    assert_true(isnan(exact_exp(NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_ln__is_close_everywhere),
        cmocka_unit_test(test_exact_ln__has_edges),
        cmocka_unit_test(test_exact_exp__is_close_everywhere),
        cmocka_unit_test(test_exact_exp__has_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
