#include "core/learn/metrics.h"

#include "base/rng.h"
#include "tests/support/test.h"

#include <math.h>

/* Values by scikit-learn 1.9: roc_auc_score, average_precision_score, log_loss, brier_score_loss,
 * f1_score, matthews_corrcoef of these rows and weights. */
static const float scores[] = {0.1f, 0.4f, 0.35f, 0.8f, 0.8f, 0.6f, 0.2f, 0.4f};
static const double labels[] = {0, 0, 1, 1, 0, 1, 0, 1};
static const double weights[] = {1, 2, 1, 3, 1, 0.5, 2, 1};

static struct metric_rows binary(const double *w)
{
    return (struct metric_rows){MODEL_BINARY, 8, 1, scores, labels, w, 0.5};
}

static void test_metrics__binary(void **state)
{
    (void)state;
    struct metric_rows rows = binary(NULL);
    struct metric_values v;
    metrics_compute(&rows, &v);
    assert_close(v.v[METRIC_AUC], 0.687500000, 1e-9);
    assert_close(v.v[METRIC_AUC_PR], 0.608333333, 1e-7);
    assert_close(v.v[METRIC_LOG_LOSS], 0.643606207, 1e-6);
    assert_close(v.v[METRIC_BRIER], 0.229062498, 1e-7);
    assert_close(v.v[METRIC_F1], 0.571428571, 1e-9);
    assert_close(v.v[METRIC_MCC], 0.258198890, 1e-9);
    assert_close(v.v[METRIC_PRECISION], 2.0 / 3, 1e-9);
    assert_close(v.v[METRIC_RECALL], 0.5, 1e-9);
    assert_true(isnan(v.v[METRIC_RMSE]));
    rows = binary(weights);
    metrics_compute(&rows, &v);
    assert_close(v.v[METRIC_AUC], 0.787878788, 1e-9);
    assert_close(v.v[METRIC_AUC_PR], 0.706535948, 1e-7);
    assert_close(v.v[METRIC_LOG_LOSS], 0.528147228, 1e-6);
    assert_close(v.weight, 11.5, 1e-12);
}

static void test_metrics__one_class_has_no_auc(void **state)
{
    (void)state;
    const double ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    struct metric_rows rows = binary(NULL);
    rows.labels = ones;
    struct metric_values v;
    metrics_compute(&rows, &v);
    assert_true(isnan(v.v[METRIC_AUC]));
    assert_true(isnan(v.v[METRIC_SPECIFICITY]));
    assert_close(v.v[METRIC_ACCURACY], 3.0 / 8, 1e-12);
    rows.n = 0;
    metrics_compute(&rows, &v);
    assert_true(isnan(v.v[METRIC_ACCURACY]));
}

static void test_metrics__regression(void **state)
{
    (void)state;
    const float p[] = {2.5f, 0.0f, 2.0f, 8.0f};
    const double y[] = {3, -0.5, 2, 7};
    struct metric_rows rows = {MODEL_REGRESSION, 4, 1, p, y, NULL, 0};
    struct metric_values v;
    metrics_compute(&rows, &v);
    /* scikit-learn's own documentation of these four rows: MAE 0.5, MSE 0.375, R2 0.9486, MAPE
     * 0.3273. */
    assert_close(v.v[METRIC_MAE], 0.5, 1e-9);
    assert_close(v.v[METRIC_MSE], 0.375, 1e-9);
    assert_close(v.v[METRIC_R2], 0.948608137, 1e-8);
    assert_close(v.v[METRIC_MAPE], 0.327380952, 1e-8);
    assert_close(metrics_constant_loss(&rows), 7.296875, 1e-9);
}

static void test_metrics__multiclass(void **state)
{
    (void)state;
    const float p[] = {0.7f, 0.2f, 0.1f, 0.3f, 0.3f, 0.4f, 0.2f, 0.5f, 0.3f, 0.6f, 0.3f, 0.1f};
    const double y[] = {0, 2, 1, 1};
    struct metric_rows rows = {MODEL_MULTICLASS, 4, 3, p, y, NULL, 0};
    struct metric_values v;
    metrics_compute(&rows, &v);
    assert_close(v.v[METRIC_ACCURACY], 0.75, 1e-12);
    /* Per class: 0: P 1/2 R 1; 1: P 1 R 1/2; 2: P 1 R 1. */
    assert_close(v.v[METRIC_MACRO_PRECISION], 2.5 / 3, 1e-12);
    assert_close(v.v[METRIC_MACRO_RECALL], 2.5 / 3, 1e-12);
    assert_close(v.v[METRIC_MACRO_F1], (2.0 / 3 + 2.0 / 3 + 1) / 3, 1e-12);
    assert_close(v.v[METRIC_WEIGHTED_F1], (2.0 / 3 + 2 * 2.0 / 3 + 1) / 4, 1e-12);
    assert_close(v.v[METRIC_LOG_LOSS], -(log(0.7) + log(0.4) + log(0.5) + log(0.3)) / 4, 1e-6);
    assert_close(v.v[METRIC_TOP_3_ACCURACY], 1, 1e-12);
}

/* Counts are the same as rows that are there so many times. */
static void test_metrics__counts_are_rows(void **state)
{
    (void)state;
    enum { N = 200 };
    struct sl_rng rng;
    sl_rng_init(&rng, 9);
    for (int task = 0; task < 3; task++) {
        SL_AUTOARENA(a);
        size_t k = task == MODEL_MULTICLASS ? 4 : 1, n = 0;
        float p[N * 4], many_p[N * 3 * 4];
        double y[N], w[N], many_y[N * 3], many_w[N * 3];
        uint8_t counts[N];
        for (size_t i = 0; i < N; i++) {
            for (size_t j = 0; j < k; j++)
                p[i * k + j] = (float)sl_rng_below(&rng, 50) / 50;
            y[i] = (double)sl_rng_below(&rng, task == MODEL_BINARY ? 2 : 4);
            w[i] = sl_rng_f64(&rng);
            counts[i] = (uint8_t)sl_rng_below(&rng, 4);
            for (int c = 0; c < counts[i]; c++, n++) {
                memcpy(many_p + n * k, p + i * k, k * sizeof *p);
                many_y[n] = y[i];
                many_w[n] = w[i];
            }
        }
        struct metric_rows once = {(enum model_task)task, N, k, p, y, w, 0.4};
        struct metric_rows many = {(enum model_task)task, n, k, many_p, many_y, many_w, 0.4};
        struct metric_values got, expected;
        metrics_weigh(metrics_prepare(a, &once), counts, &got);
        metrics_compute(&many, &expected);
        assert_close(got.weight, expected.weight, 1e-9);
        for (int m = 0; m < METRIC_COUNT; m++) {
            assert_int_equal(isnan(got.v[m]), isnan(expected.v[m]));
            if (!isnan(got.v[m])) /* MAPE of a label 0 is huge */
                assert_close(got.v[m], expected.v[m], 1e-9 * fmax(1, fabs(expected.v[m])));
        }
    }
}

/* Equal labels have no variance to explain, whatever rounding says. */
static void test_metrics__equal_labels_have_no_r2(void **state)
{
    (void)state;
    const float p[] = {0.2f, 0.1f, 0.3f};
    const double y[] = {0.1, 0.1, 0.1};
    struct metric_rows rows = {MODEL_REGRESSION, 3, 1, p, y, NULL, 0};
    struct metric_values v;
    metrics_compute(&rows, &v);
    assert_true(isnan(v.v[METRIC_R2]));
    assert_close(v.v[METRIC_MEAN_LABEL], 0.1, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics__binary),
        cmocka_unit_test(test_metrics__one_class_has_no_auc),
        cmocka_unit_test(test_metrics__regression),
        cmocka_unit_test(test_metrics__multiclass),
        cmocka_unit_test(test_metrics__counts_are_rows),
        cmocka_unit_test(test_metrics__equal_labels_have_no_r2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
