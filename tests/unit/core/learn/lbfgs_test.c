#include "core/learn/lbfgs.h"

#include "tests/support/test.h"

#include <math.h>

static const double X[8][2] = {{0.5, -1},     {1.5, 0.25}, {-1, 1},   {2, 2},
                               {-0.5, -0.75}, {0.1, 1.2},  {-2, 0.3}, {1, -1.5}};
static const double Y[8] = {0, 1, 0, 1, 1, 0, 0, 1};

/* Mean log loss of a logistic regression, w = (w0, w1, bias), with l2 on the weights. */
static double logistic(const double *w, double l2, double *g)
{
    double loss = l2 / 2 * (w[0] * w[0] + w[1] * w[1]);
    g[0] = l2 * w[0];
    g[1] = l2 * w[1];
    g[2] = 0;
    for (size_t i = 0; i < 8; i++) {
        double z = X[i][0] * w[0] + X[i][1] * w[1] + w[2], p = 1 / (1 + exp(-z));
        loss += (log1p(exp(z)) - Y[i] * z) / 8;
        g[0] += (p - Y[i]) * X[i][0] / 8;
        g[1] += (p - Y[i]) * X[i][1] / 8;
        g[2] += (p - Y[i]) / 8;
    }
    return loss;
}

/* Rosenbrock's valley in `n` dimensions: its least is at (1, ..., 1). */
static double valley(const double *x, size_t n, double *g)
{
    double f = 0;
    memset(g, 0, n * sizeof *g);
    for (size_t i = 0; i + 1 < n; i++) {
        double bend = x[i + 1] - x[i] * x[i], off = 1 - x[i];
        f += 100 * bend * bend + off * off;
        g[i] += -400 * bend * x[i] - 2 * off;
        g[i + 1] += 200 * bend;
    }
    return f;
}

/* scipy.optimize.minimize(method="BFGS", gtol=1e-10). */
static void test_lbfgs__logistic_regression_with_l2(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    double g[3], loss;
    struct lbfgs *o = lbfgs_new(a, 3, NULL, 1e-6, (double[]){0, 0, 0});
    do {
        loss = logistic(lbfgs_point(o), 0.1, g);
    } while (lbfgs_tell(o, loss, g) != LBFGS_DONE);
    assert_float_equal(lbfgs_x(o)[0], 0.97300765, 1e-4);
    assert_float_equal(lbfgs_x(o)[1], -0.32063568, 1e-4);
    assert_float_equal(lbfgs_x(o)[2], -0.19421375, 1e-4);
    assert_float_equal(lbfgs_loss(o), 0.49879776573846, 1e-8);
    assert_true(lbfgs_iterations(o) < 20);
}

/* Proximal gradient descent, 100,000 steps: one weight is exactly zero. */
static void test_lbfgs__l1_makes_exact_zeros(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    double g[3], loss;
    const double l1[] = {0.2, 0.2, 0};
    struct lbfgs *o = lbfgs_new(a, 3, l1, 1e-6, (double[]){0.5, -0.5, 0});
    do {
        loss = logistic(lbfgs_point(o), 0, g);
    } while (lbfgs_tell(o, loss, g) != LBFGS_DONE);
    assert_float_equal(lbfgs_x(o)[0], 0.554998987198188, 1e-4);
    assert_float_equal(lbfgs_x(o)[1], 0, 0);
    assert_float_equal(lbfgs_x(o)[2], -0.11763370340994314, 1e-4);
    assert_float_equal(lbfgs_loss(o), 0.639753448453812, 1e-8);
}

static void test_lbfgs__finds_the_way_along_a_valley(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    enum { N = 20 };
    double g[N], x0[N], loss;
    for (size_t i = 0; i < N; i++)
        x0[i] = i % 2 ? 1 : -1.2;
    struct lbfgs *o = lbfgs_new(a, N, NULL, 1e-6, x0);
    do {
        loss = valley(lbfgs_point(o), N, g);
    } while (lbfgs_tell(o, loss, g) != LBFGS_DONE);
    for (size_t i = 0; i < N; i++)
        assert_float_equal(lbfgs_x(o)[i], 1, 1e-3);
}

/* A state that is saved after a step and restored goes on with the same bits. */
static void test_lbfgs__goes_on_from_a_state(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    enum { N = 6 };
    double g[N], x0[N] = {-1.2, 1, -1.2, 1, 0, 2}, zeros[N] = {0};
    struct lbfgs *whole = lbfgs_new(a, N, NULL, 1e-6, x0), *parts = lbfgs_new(a, N, NULL, 1e-6, x0);
    for (enum lbfgs_outcome outcome = LBFGS_TRIAL; outcome != LBFGS_DONE;) {
        double loss = valley(lbfgs_point(whole), N, g);
        outcome = lbfgs_tell(whole, loss, g);
        double other = valley(lbfgs_point(parts), N, g);
        assert_int_equal(lbfgs_tell(parts, other, g), outcome);
        if (outcome != LBFGS_STEP)
            continue;
        size_t n;
        const double *saved = lbfgs_state(parts, &n);
        struct lbfgs *next = lbfgs_new(a, N, NULL, 1e-6, zeros);
        assert_false(lbfgs_restore(next, saved, n - 1));
        assert_true(lbfgs_restore(next, saved, n));
        parts = next;
    }
    assert_memory_equal(lbfgs_x(whole), lbfgs_x(parts), sizeof x0);
}

static void test_lbfgs__nothing_to_do(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct lbfgs *o = lbfgs_new(a, 1, NULL, 1e-6, (double[]){3});
    assert_int_equal(lbfgs_tell(o, 7, (double[]){0}), LBFGS_DONE);
    assert_float_equal(lbfgs_x(o)[0], 3, 0);
    /* A slope that leads nowhere ends too. */
    o = lbfgs_new(a, 1, NULL, 1e-6, (double[]){3});
    enum lbfgs_outcome outcome = lbfgs_tell(o, 7, (double[]){1});
    for (int i = 0; i < 100 && outcome != LBFGS_DONE; i++)
        outcome = lbfgs_tell(o, NAN, (double[]){1});
    assert_int_equal(outcome, LBFGS_DONE);
    assert_float_equal(lbfgs_x(o)[0], 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lbfgs__logistic_regression_with_l2),
        cmocka_unit_test(test_lbfgs__l1_makes_exact_zeros),
        cmocka_unit_test(test_lbfgs__finds_the_way_along_a_valley),
        cmocka_unit_test(test_lbfgs__goes_on_from_a_state),
        cmocka_unit_test(test_lbfgs__nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
