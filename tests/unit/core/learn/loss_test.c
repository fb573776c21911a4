#include "core/learn/loss.h"

#include "core/learn/threshold.h"
#include "tests/support/test.h"

#include <math.h>

/* Values by NumPy. */
static void test_loss__binary(void **state)
{
    (void)state;
    float dz;
    float z = 0.75f;
    assert_float_equal(loss_row(MODEL_BINARY, &z, 1, 1, 1, &dz), 0.386871006115, 1e-8);
    assert_float_equal(dz, -0.320821301, 1e-7);
    assert_float_equal(loss_row(MODEL_BINARY, &z, 1, 0, 2, &dz), 2 * 1.136871006115, 1e-8);
    assert_float_equal(dz, 2 * 0.679178699, 1e-6);
    z = 500; /* far out: no overflow, no NaN */
    assert_float_equal(loss_row(MODEL_BINARY, &z, 1, 0, 1, &dz), 500, 1e-9);
    assert_float_equal(dz, 1, 0);
    z = -500;
    assert_float_equal(loss_row(MODEL_BINARY, &z, 1, 1, 1, &dz), 500, 1e-9);
    assert_float_equal(loss_row(MODEL_BINARY, &z, 1, 0, 1, &dz), 0, 1e-9);
}

static void test_loss__multiclass_and_regression(void **state)
{
    (void)state;
    float dz[3];
    const float z[] = {1000, 1001, 1002}; /* as 0, 1, 2 */
    assert_float_equal(loss_row(MODEL_MULTICLASS, z, 3, 2, 1, dz), 0.407605964444, 1e-9);
    assert_float_equal(dz[0], 0.0900305731704, 1e-7);
    assert_float_equal(dz[1], 0.244728471055, 1e-7);
    assert_float_equal(dz[2], 0.665240955775 - 1, 1e-7);
    assert_float_equal(loss_row(MODEL_REGRESSION, (float[]){3}, 1, 5, 0.5f, dz), 1, 1e-9);
    assert_float_equal(dz[0], -1, 1e-7);
}

static void test_loss__scores(void **state)
{
    (void)state;
    float z[] = {0, 2, -100, 200};
    loss_scores(MODEL_BINARY, z, 4, 1);
    assert_float_equal(z[0], 0.5, 0);
    assert_float_equal(z[1], 0.880797077978, 1e-7);
    assert_float_equal(z[2], 3.72007597602e-44, 1e-44);
    assert_float_equal(z[3], 1, 0);
    float k[] = {0, 1, 2, 5, 5, 5};
    loss_scores(MODEL_MULTICLASS, k, 2, 3);
    assert_float_equal(k[2], 0.665240955775, 1e-7);
    assert_float_equal(k[3], 1.0 / 3, 1e-7);
    float y[] = {-7.5f};
    loss_scores(MODEL_REGRESSION, y, 1, 1);
    assert_float_equal(y[0], -7.5, 0);
}

static void test_loss__constant_is_the_least(void **state)
{
    (void)state;
    const float labels[] = {1, 0, 0, 1, 0}, weights[] = {1, 2, 1, 3, 1};
    float z[3];
    loss_constant(MODEL_BINARY, labels, weights, 5, 1, z);
    assert_float_equal(z[0], 0, 1e-7); /* 4 of 8 */
    loss_constant(MODEL_BINARY, labels, NULL, 5, 1, z);
    assert_float_equal(z[0], log(0.4 / 0.6), 1e-6);
    loss_constant(MODEL_REGRESSION, labels, weights, 5, 1, z);
    assert_float_equal(z[0], 0.5, 1e-7);
    const float classes[] = {0, 2, 2, 2};
    loss_constant(MODEL_MULTICLASS, classes, NULL, 4, 3, z);
    assert_float_equal(z[2] - z[0], log(3), 1e-5);
    assert_true(isfinite(z[1])); /* a class without rows */
    loss_constant(MODEL_BINARY, (float[]){1, 1}, NULL, 2, 1, z);
    assert_true(isfinite(z[0]));
    assert_float_equal(loss_mean(MODEL_BINARY, (float[]){0, 0}, 1, labels, weights, 2), log(2),
                       1e-9);
}

/* Every threshold tried: the brute-force oracle. */
static void test_threshold__best_f1(void **state)
{
    (void)state;
    const float scores[] = {0.1f, 0.9f, 0.4f, 0.4f, 0.7f, 0.2f, 0.65f};
    const float labels[] = {0, 1, 1, 0, 0, 0, 1}, weights[] = {1, 1, 2, 1, 3, 1, 0.5f};
    double best = 0;
    float at = 0.5f;
    for (size_t t = 0; t < 7; t++) {
        double hit = 0, said = 0, all = 0;
        for (size_t i = 0; i < 7; i++) {
            all += weights[i] * labels[i];
            said += scores[i] >= scores[t] ? weights[i] : 0;
            hit += scores[i] >= scores[t] ? weights[i] * labels[i] : 0;
        }
        double f1 = 2 * hit / (said + all);
        if (f1 > best || (f1 == best && scores[t] > at)) {
            best = f1;
            at = scores[t];
        }
    }
    double f1;
    assert_float_equal(threshold_choose(scores, labels, weights, 7, &f1), at, 0);
    assert_float_equal(f1, best, 1e-12);
    const float none[] = {0, 0};
    assert_float_equal(threshold_choose(scores, none, NULL, 2, &f1), 0.5, 0);
    assert_float_equal(f1, 0, 0);
    assert_float_equal(threshold_choose(scores, none, NULL, 0, NULL), 0.5, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss__binary),
        cmocka_unit_test(test_loss__multiclass_and_regression),
        cmocka_unit_test(test_loss__scores),
        cmocka_unit_test(test_loss__constant_is_the_least),
        cmocka_unit_test(test_threshold__best_f1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
