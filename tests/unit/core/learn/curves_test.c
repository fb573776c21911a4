#include "core/learn/curves.h"

#include "base/rng.h"
#include "tests/support/test.h"

#include <math.h>

static const float scores[] = {0.1f, 0.4f, 0.35f, 0.8f, 0.8f, 0.6f};
static const double labels[] = {0, 0, 1, 1, 0, 1};

static struct metric_rows six_rows(void)
{
    return (struct metric_rows){MODEL_BINARY, 6, 1, scores, labels, NULL, 0.5};
}

static void assert_curve(const struct curve *c, size_t n, const double *x, const double *y)
{
    assert_int_equal(c->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_close(c->points[i].x, x[i], 1e-12);
        assert_close(c->points[i].y, y[i], 1e-12);
    }
}

static void test_curves__by_hand(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct metric_rows rows = six_rows();
    const struct metric_basis *basis = metrics_prepare(a, &rows);
    struct curve c;
    const double third = 1.0 / 3;
    curve_roc(a, basis, 200, &c);
    assert_curve(&c, 6, (const double[]){0, third, third, 2 * third, 2 * third, 1},
                 (const double[]){0, third, 2 * third, 2 * third, 1, 1});
    assert_true(isinf(c.points[0].threshold));
    assert_close(c.points[1].threshold, 0.8, 1e-6);
    curve_pr(a, basis, 200, &c);
    assert_curve(&c, 6, (const double[]){0, third, 2 * third, 2 * third, 1, 1},
                 (const double[]){0.5, 0.5, 2 * third, 0.5, 0.6, 0.5});

    const double thresholds[] = {0, 0.4, 0.61, 1};
    struct metric_confusion m[4];
    curve_confusions(basis, thresholds, 4, m);
    assert_close(m[0].tp + m[0].fp, 6, 1e-12);
    assert_close(m[1].tp, 2, 1e-12);
    assert_close(m[1].fp, 2, 1e-12);
    assert_close(m[1].fn, 1, 1e-12);
    assert_close(m[1].tn, 1, 1e-12);
    assert_close(m[2].tp, 1, 1e-12);
    assert_close(m[3].fn, 3, 1e-12);
    assert_close(m[3].tn, 3, 1e-12);
}

static void test_curves__one_class_has_none(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const double zeros[6] = {0};
    struct metric_rows rows = six_rows();
    struct curve c;
    rows.labels = zeros;
    curve_roc(a, metrics_prepare(a, &rows), 200, &c);
    assert_int_equal(c.n, 0);
    curve_pr(a, metrics_prepare(a, &rows), 200, &c);
    assert_int_equal(c.n, 0);
    rows.n = 0;
    struct metric_confusion m;
    curve_confusions(metrics_prepare(a, &rows), (const double[]){0.5}, 1, &m);
    assert_close(m.tp + m.fp + m.tn + m.fn, 0, 0);
}

/* A thinned curve has few points, all of the whole curve, and the same area. */
static void test_curves__thinning_keeps_the_shape(void **state)
{
    (void)state;
    enum { N = 20000 };
    SL_AUTOARENA(a);
    static float s[N];
    static double y[N];
    struct sl_rng rng;
    sl_rng_init(&rng, 1);
    for (size_t i = 0; i < N; i++) {
        s[i] = (float)sl_rng_f64(&rng);
        y[i] = sl_rng_f64(&rng) < (double)s[i] * (double)s[i];
    }
    struct metric_rows rows = {MODEL_BINARY, N, 1, s, y, NULL, 0.5};
    const struct metric_basis *basis = metrics_prepare(a, &rows);
    struct metric_values v;
    struct curve thin, whole;
    metrics_weigh(basis, NULL, &v);
    curve_roc(a, basis, 200, &thin);
    curve_roc(a, basis, SIZE_MAX, &whole);
    assert_true(thin.n > 100 && thin.n <= 200 && whole.n > 10000);
    double area = 0;
    for (size_t i = 1; i < thin.n; i++)
        area += (thin.points[i].x - thin.points[i - 1].x) *
                (thin.points[i].y + thin.points[i - 1].y) / 2;
    assert_close(area, v.v[METRIC_AUC], 1e-3);
    curve_pr(a, basis, 200, &thin);
    assert_true(thin.n > 50 && thin.n <= 200);
    double widest = 0;
    for (size_t i = 1; i < thin.n; i++)
        widest = fmax(widest, thin.points[i].x - thin.points[i - 1].x);
    assert_true(widest < 0.05);
    assert_close(thin.points[thin.n - 1].x, 1, 1e-12);
}

static void test_curves__calibration_bins_have_one_weight(void **state)
{
    (void)state;
    /* Two bins of ten rows; the tie of the middle goes whole to the first. */
    const float s[] = {0.9f, 0.1f, 0.2f, 0.3f, 0.5f, 0.5f, 0.5f, 0.5f, 0.8f, 0.7f};
    const double y[] = {1, 0, 0, 1, 1, 0, 1, 0, 1, 1};
    struct calibration_bin bins[2];
    assert_int_equal(curve_calibration(s, y, NULL, 10, 2, bins), 2);
    assert_int_equal(bins[0].rows, 7);
    assert_close(bins[0].label, 3.0 / 7, 1e-12);
    assert_close(bins[0].prediction, 2.6 / 7, 1e-6);
    assert_close(bins[0].low, 0.1, 1e-6);
    assert_close(bins[0].high, 0.5, 1e-6);
    assert_int_equal(bins[1].rows, 3);
    assert_close(bins[1].label, 1, 1e-12);
    const double w[] = {7, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    assert_int_equal(curve_calibration(s, y, w, 10, 2, bins), 2);
    assert_int_equal(bins[1].rows, 2); /* they weigh as much as all below */
    assert_close(bins[0].weight, 8, 1e-12);
    assert_int_equal(curve_calibration(s, y, NULL, 0, 2, bins), 0);
}

static void test_curves__classes_and_residuals(void **state)
{
    (void)state;
    const float p[] = {0.7f, 0.3f, 0.4f, 0.6f, 0.5f, 0.5f};
    const double y[] = {0, 0, 1}, w[] = {1, 2, 4};
    double matrix[4];
    struct metric_rows rows = {MODEL_MULTICLASS, 3, 2, p, y, w, 0};
    curve_class_matrix(&rows, matrix);
    const double expected[] = {1, 2, 4, 0};
    for (int i = 0; i < 4; i++)
        assert_close(matrix[i], expected[i], 1e-12);

    float score[100];
    double label[100];
    for (int i = 0; i < 100; i++) {
        score[i] = (float)(i * 37 % 100 + 1); /* residuals 1 .. 100 */
        label[i] = 0;
    }
    struct residuals r;
    struct metric_rows numbers = {MODEL_REGRESSION, 100, 1, score, label, NULL, 0};
    curve_residuals(&numbers, &r);
    const double quantiles[] = {1, 5, 25, 50, 75, 95, 99};
    for (int i = 0; i < RESIDUAL_QUANTILES; i++)
        assert_close(r.quantiles[i], quantiles[i], 1e-9);
    double weight = 0;
    for (size_t i = 0; i < r.n_buckets; i++)
        weight += r.weight[i];
    assert_close(weight, 100, 1e-9);
    numbers.n = 1;
    curve_residuals(&numbers, &r);
    assert_int_equal(r.n_buckets, 0);
    assert_close(r.quantiles[6], 1, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curves__by_hand),
        cmocka_unit_test(test_curves__one_class_has_none),
        cmocka_unit_test(test_curves__thinning_keeps_the_shape),
        cmocka_unit_test(test_curves__calibration_bins_have_one_weight),
        cmocka_unit_test(test_curves__classes_and_residuals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
