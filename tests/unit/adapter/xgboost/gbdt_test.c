#include "adapter/xgboost/gbdt.h"

#include "base/rng.h"
#include "codec/json.h"
#include "codec/safetensors.h"
#include "tests/support/test.h"

#include <xgboost/c_api.h>

#include <math.h>

enum { COLUMNS = 4 };

static const struct input INPUTS[COLUMNS] = {{.name = SL_STR("a"), .kind = INPUT_FLOAT},
                                             {.name = SL_STR("b"), .kind = INPUT_FLOAT},
                                             {.name = SL_STR("c"), .kind = INPUT_FLOAT},
                                             {.name = SL_STR("d"), .kind = INPUT_FLOAT}};

/* Few distinct values in a and b, so that rows lie on the splits themselves; a tenth is missing. */
static struct dataset make_data(struct sl_arena *a, size_t n, enum model_task task, uint64_t seed)
{
    struct dataset d = {.n_rows = n, .n_floats = COLUMNS};
    struct sl_rng r;
    sl_rng_init(&r, seed);
    d.floats = SL_ARENA_ARRAY(a, float, n *COLUMNS);
    d.labels = SL_ARENA_ARRAY(a, float, n);
    for (size_t i = 0; i < n; i++) {
        float *x = d.floats + i * COLUMNS;
        x[0] = (float)sl_rng_below(&r, 7) / 3;
        x[1] = (float)sl_rng_below(&r, 20) * 0.1f;
        x[2] = (float)sl_rng_normal(&r);
        x[3] = (float)sl_rng_normal(&r) * 1e6f;
        double z = (double)x[0] - (double)x[1] + (double)x[2] * (x[3] > 0 ? 1 : -1);
        for (size_t k = 0; k < COLUMNS; k++)
            x[k] = sl_rng_below(&r, 10) == 0 ? NAN : x[k];
        d.labels[i] = (float)z;
        if (task == MODEL_BINARY)
            d.labels[i] = z + sl_rng_normal(&r) > 0;
        else if (task == MODEL_MULTICLASS)
            d.labels[i] = (float)(z < -0.5 ? 0 : z < 0.5 ? 1 : 2);
    }
    return d;
}

static struct gbdt_config make_config(enum model_task task)
{
    return (struct gbdt_config){.task = task,
                                .n_outputs = task == MODEL_MULTICLASS ? 3 : 1,
                                .base = task == MODEL_BINARY ? 0.3f : 0.1f,
                                .rate = 0.3,
                                .l2 = 1,
                                .min_child_weight = 1,
                                .subsample = 1,
                                .column_sample = 1,
                                .depth = 4,
                                .bins = 64,
                                .seed = 3,
                                .threads = 2};
}

/* Raw outputs by the library. Shapes: ret (n, n_outputs). Lifetime: `a`. */
static void library_margins(struct sl_arena *a, const struct dataset *d, struct sl_str model,
                            size_t n_outputs, const float **ret)
{
    const float *margins;
    BoosterHandle b;
    DMatrixHandle m;
    const bst_ulong *shape;
    bst_ulong dims;
    struct sl_str array = sl_arena_format(
        a, "{\"data\":[%zu,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
        (size_t)(uintptr_t)d->floats, d->n_rows, d->n_floats);
    assert_int_equal(XGDMatrixCreateFromDense(array.p, "{\"missing\":NaN,\"nthread\":1}", &m), 0);
    assert_int_equal(XGBoosterCreate(NULL, 0, &b), 0);
    assert_int_equal(XGBoosterLoadModelFromBuffer(b, model.p, model.n), 0);
    assert_int_equal(XGBoosterSetParam(b, "nthread", "1"), 0);
    assert_int_equal(XGBoosterPredictFromDMatrix(b, m,
                                                 "{\"type\":1,\"training\":false,"
                                                 "\"iteration_begin\":0,\"iteration_end\":0,"
                                                 "\"strict_shape\":true}",
                                                 &shape, &dims, &margins),
                     0);
    *ret = sl_arena_copy(a, margins, d->n_rows * n_outputs * sizeof *margins);
    XGBoosterFree(b);
    XGDMatrixFree(m);
}

/* The same bits as the library's own prediction, values on the splits and missing ones included. */
static void check_forest(enum model_task task)
{
    SL_AUTOARENA(a);
    struct dataset train = make_data(a, 3000, task, 1), val = make_data(a, 500, task, 2);
    struct gbdt_config config = make_config(task);
    struct gbdt *g;
    assert_ok(gbdt_new(&config, &train, &val, SL_STR(""), &g));
    double before = INFINITY, train_loss, val_loss;
    for (int64_t round = 0; round < 15; round++) {
        assert_ok(gbdt_round(g, round, &train_loss, &val_loss));
        assert_true(train_loss < before);
        assert_true(isfinite(val_loss));
        before = train_loss;
    }
    struct forest *f;
    struct sl_str model;
    assert_ok(gbdt_forest(g, a, 15, &f));
    forest_set_inputs(a, f, INPUTS, COLUMNS);
    assert_ok(forest_check(f));
    assert_ok(gbdt_model(g, a, &model));
    float *z = SL_ARENA_ARRAY(a, float, val.n_rows *config.n_outputs);
    const float *expected;
    library_margins(a, &val, model, config.n_outputs, &expected);
    forest_forward(f, val.floats, val.n_rows, z);
    assert_memory_equal(z, expected, val.n_rows * config.n_outputs * sizeof *z);

    /* Fewer rounds are the start of the same forest. */
    struct forest *start;
    assert_ok(gbdt_forest(g, a, 4, &start));
    assert_int_equal(start->n_trees, 4 * config.n_outputs);
    assert_memory_equal(start->values, f->values, start->n_nodes * sizeof *f->values);
    gbdt_free(g);
}

static void test_gbdt__forest_equals_the_library(void **state)
{
    (void)state;
    check_forest(MODEL_BINARY);
    check_forest(MODEL_REGRESSION);
    check_forest(MODEL_MULTICLASS);
}

static struct sl_str run_rounds(struct gbdt *g, struct sl_arena *a, int64_t from, int64_t to)
{
    struct sl_str model;
    double train, val;
    for (int64_t round = from; round < to; round++)
        assert_ok(gbdt_round(g, round, &train, &val));
    assert_true(isnan(val));
    assert_ok(gbdt_model(g, a, &model));
    return model;
}

static void test_gbdt__goes_on_from_a_state(void **state)
{
    (void)state;
    for (int sampled = 0; sampled < 2; sampled++) {
        SL_AUTOARENA(a);
        struct dataset train = make_data(a, 2000, MODEL_BINARY, 1);
        struct gbdt_config config = make_config(MODEL_BINARY);
        config.subsample = sampled ? 0.6 : 1;
        config.column_sample = sampled ? 0.5 : 1;
        struct gbdt *whole, *first, *second;
        struct sl_str saved, none = SL_STR("");
        assert_ok(gbdt_new(&config, &train, NULL, none, &whole));
        run_rounds(whole, a, 0, 6);
        assert_ok(gbdt_save(whole, a, &saved));
        if (sampled)
            assert_ok(gbdt_restart(whole, saved));
        struct sl_str expected = run_rounds(whole, a, 6, 12);
        assert_ok(gbdt_new(&config, &train, NULL, none, &first));
        run_rounds(first, a, 0, 6);
        assert_ok(gbdt_save(first, a, &saved));
        gbdt_free(first);
        assert_ok(gbdt_new(&config, &train, NULL, saved, &second));
        assert_true(sl_str_eq(run_rounds(second, a, 6, 12), expected));
        gbdt_free(whole);
        gbdt_free(second);
    }
}

static void test_gbdt__failures_have_the_librarys_message(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct dataset train = make_data(a, 50, MODEL_BINARY, 1);
    struct gbdt_config config = make_config(MODEL_BINARY);
    struct gbdt *g;
    assert_err(gbdt_new(&config, &train, NULL, SL_STR("nonsense"), &g), CORRUPT, "xgboost");
    train.labels[3] = 7; /* no probability */
    assert_ok(gbdt_new(&config, &train, NULL, SL_STR(""), &g));
    double loss, val;
    assert_err(gbdt_round(g, 0, &loss, &val), INTERNAL, "label must be in [0,1]");
    gbdt_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gbdt__forest_equals_the_library),
        cmocka_unit_test(test_gbdt__goes_on_from_a_state),
        cmocka_unit_test(test_gbdt__failures_have_the_librarys_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
