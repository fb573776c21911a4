#include "core/learn/matmul.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "tests/support/test.h"

static float *noise(struct sl_arena *a, size_t n, struct sl_rng *r)
{
    float *p = SL_ARENA_ARRAY(a, float, n + 1);
    for (size_t i = 0; i < n; i++)
        p[i] = (float)sl_rng_normal(r);
    return p;
}

/* The definition, with the order of additions that the header promises: equal bit for bit. */
static void check(size_t m, size_t k, size_t n, bool transposed)
{
    SL_AUTOARENA(a);
    struct sl_rng r;
    sl_rng_init(&r, m * 10007 + k * 101 + n);
    const float *x = noise(a, m * k, &r), *y = noise(a, k * n, &r);
    float *c = noise(a, m * n, &r), *expected = SL_ARENA_ARRAY(a, float, m *n + 1);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            volatile float sum = c[i * n + j]; /* volatile: one rounding per operation */
            for (size_t t = 0; t < k; t++) {
                volatile float product = x[transposed ? t * m + i : i * k + t] * y[t * n + j];
                sum = sum + product;
            }
            expected[i * n + j] = sum;
        }
    }
    if (transposed)
        matmul_add_transposed(c, x, y, m, k, n);
    else
        matmul_add(c, x, y, m, k, n);
    assert_memory_equal(c, expected, m * n * sizeof *c);
}

static void test_matmul__every_shape_bit_for_bit(void **state)
{
    (void)state;
    static const size_t ms[] = {0, 1, 3, 4, 8, 9, 17}, ns[] = {1, 7, 8, 16, 31, 32, 33, 64, 70};
    static const size_t ks[] = {0, 1, 2, 15};
    for (size_t i = 0; i < SL_COUNTOF(ms); i++) {
        for (size_t j = 0; j < SL_COUNTOF(ns); j++) {
            for (size_t k = 0; k < SL_COUNTOF(ks); k++) {
                check(ms[i], ks[k], ns[j], false);
                check(ms[i], ks[k], ns[j], true);
            }
        }
    }
}

static void test_matmul__transpose(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 15, 16, 17, 40};
    for (size_t i = 0; i < SL_COUNTOF(sizes); i++) {
        for (size_t j = 0; j < SL_COUNTOF(sizes); j++) {
            SL_AUTOARENA(a);
            struct sl_rng r;
            sl_rng_init(&r, 1);
            size_t m = sizes[i], n = sizes[j];
            const float *x = noise(a, m * n, &r);
            float *t = SL_ARENA_ARRAY(a, float, m *n);
            matmul_transpose(t, x, m, n);
            for (size_t k = 0; k < m * n; k++)
                assert_true(t[(k % n) * m + k / n] == x[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matmul__every_shape_bit_for_bit),
        cmocka_unit_test(test_matmul__transpose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
