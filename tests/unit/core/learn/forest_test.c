#include "core/learn/forest.h"

#include "codec/json.h"
#include "codec/safetensors.h"
#include "tests/support/test.h"

#include <math.h>

static const struct input INPUTS[] = {
    {.name = SL_STR("x"), .kind = INPUT_FLOAT},
    {.name = SL_STR("id"), .kind = INPUT_ORDINAL, .vocab_size = 9}};

/*        x < 0.5 (missing: left)
 *        /               \
 *   id < 3 (missing: right)  +8
 *    /   \
 *  +1    +2          and a second tree that is a leaf: +0.25 */
static struct forest *two_trees(struct sl_arena *a)
{
    struct forest *f = forest_new(a, 1, 2, 6);
    static const int32_t columns[] = {0, 1, -1, -1, -1, -1}, left[] = {1, 3, 0, 0, 0, 0};
    static const int32_t right[] = {2, 4, 0, 0, 0, 0};
    static const float values[] = {0.5f, 3, 8, 1, 2, 0.25f};
    static const uint8_t default_left[] = {1, 0, 0, 0, 0, 0};
    memcpy(f->columns, columns, sizeof columns);
    memcpy(f->left, left, sizeof left);
    memcpy(f->right, right, sizeof right);
    memcpy(f->values, values, sizeof values);
    memcpy(f->default_left, default_left, sizeof default_left);
    f->roots[1] = 5;
    f->base[0] = -1;
    forest_set_inputs(a, f, INPUTS, 2);
    return f;
}

static void test_forest__goes_left_when_less_and_where_missing_goes(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct forest *f = two_trees(a);
    assert_ok(forest_check(f));
    const float x[] = {0.4f, 2, 0.4f, 3, 0.5f, 0, NAN, 2, NAN, NAN, INFINITY, 0, -INFINITY, 8};
    const float expected[] = {0.25f, 1.25f, 7.25f, 0.25f, 1.25f, 7.25f, 1.25f};
    float z[7];
    forest_forward(f, x, 7, z);
    assert_memory_equal(z, expected, sizeof z);
    /* Compared as floats: the float next below 0.5 is less, 0.5 itself is not. */
    const float edge[] = {nextafterf(0.5f, 0), 0, 0.5f, 0};
    forest_forward(f, edge, 2, z);
    assert_float_equal(z[0], 0.25, 0);
    assert_float_equal(z[1], 7.25, 0);
}

static void test_forest__tensors_and_back(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct forest *f = two_trees(a), *again;
    struct safetensors s, read;
    forest_to_tensors(a, f, &s);
    SL_AUTOBUF(b, 0);
    safetensors_encode(&s, &b);
    assert_ok(safetensors_decode(a, sl_buf_str(&b), &read));
    assert_ok(forest_from_tensors(a, &read, 1, &again));
    forest_set_inputs(a, again, INPUTS, 2);
    assert_ok(forest_check(again));
    float z, y;
    forest_forward(f, (const float[]){0.4f, 3}, 1, &z);
    forest_forward(again, (const float[]){0.4f, 3}, 1, &y);
    assert_float_equal(z, y, 0);
    assert_err(forest_from_tensors(a, &read, 2, &again), CORRUPT, "base");
}

static void test_forest__hostile_nodes(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct forest *f = two_trees(a);
    f->columns[1] = 2;
    assert_err(forest_check(f), CORRUPT, "splits on column 2 of 2");
    f = two_trees(a);
    f->left[1] = 0; /* a circle */
    assert_err(forest_check(f), CORRUPT, "children");
    f = two_trees(a);
    f->right[1] = 5; /* into the next tree */
    assert_err(forest_check(f), CORRUPT, "children");
    f = two_trees(a);
    f->right[0] = 6;
    assert_err(forest_check(f), CORRUPT, "children");
    f = two_trees(a);
    f->roots[1] = 0;
    assert_err(forest_check(f), CORRUPT, "out of order");
    f = two_trees(a);
    f->roots[1] = 7;
    assert_err(forest_check(f), CORRUPT, "out of order");
    f = two_trees(a);
    f->outputs[0] = 1;
    assert_err(forest_check(f), CORRUPT, "output 1 of 1");
}

#define MODEL(trees, info)                                                                   \
    "{\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{\"tree_info\":" info \
    ",\"trees\":[" trees "]}}}}"
#define TREE(left, right, columns, values, default_left)                                  \
    "{\"left_children\":" left ",\"right_children\":" right ",\"split_indices\":" columns \
    ",\"split_conditions\":" values ",\"default_left\":" default_left "}"

/* Nodes 3 and 4 are what pruning left behind. */
static void test_forest__reads_a_model_of_xgboost(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct json *model;
    struct forest *f;
    const char *text = MODEL(TREE("[1,-1,-1,-1,-1]", "[2,-1,-1,-1,-1]", "[1,0,0,0,0]",
                                  "[2.5E0,-1E0,4.2E-1,9,9]", "[true,false,false,false,false]"),
                             "[0]");
    assert_ok(json_parse(a, sl_str(text), &model));
    assert_ok(forest_from_xgboost(a, model, 1, 1, &f));
    assert_int_equal(f->n_nodes, 3);
    forest_set_inputs(a, f, INPUTS, 2);
    assert_ok(forest_check(f));
    float z[3];
    forest_forward(f, (const float[]){0, 2, 0, 2.5f, 0, NAN}, 3, z);
    assert_float_equal(z[0], -1, 0);
    assert_float_equal(z[1], 0.42f, 0);
    assert_float_equal(z[2], -1, 0);
    assert_err(forest_from_xgboost(a, model, 1, 2, &f), INVALID, "at least 2 trees");
}

static void refused(const char *text, const char *part)
{
    SL_AUTOARENA(a);
    struct json *model;
    struct forest *f;
    assert_ok(json_parse(a, sl_str(text), &model));
    assert_err(forest_from_xgboost(a, model, 1, 1, &f), INVALID, part);
}

static void test_forest__refuses_what_is_no_model_of_xgboost(void **state)
{
    (void)state;
    refused("{}", "no XGBoost model");
    refused("[1]", "no XGBoost model");
    refused("{\"learner\":{\"gradient_booster\":{\"name\":\"dart\"}}}", "gbtree");
    refused(MODEL("7", "[0]"), "left_children");
    refused(MODEL(TREE("[1]", "[2]", "[0]", "[0]", "[0]"), "[0]"), "no tree");
    refused(MODEL(TREE("[0,0,0]", "[0,0,0]", "[0,0,0]", "[0,0,0]", "[0,0,0]"), "[0]"), "no tree");
    refused(MODEL(TREE("[-1]", "[-1,2]", "[0]", "[0]", "[0]"), "[0]"), "right_children");
    refused(MODEL(TREE("[-1]", "[-1]", "[0]", "[\"x\"]", "[0]"), "[0]"), "split_conditions[0]");
    refused(MODEL(TREE("[1e30]", "[-1]", "[0]", "[0]", "[0]"), "[0]"), "no tree");
    refused(MODEL("{\"left_children\":[-1],\"right_children\":[-1],\"split_indices\":[0],"
                  "\"split_conditions\":[0],\"default_left\":[0],\"split_type\":[1]}",
                  "[0]"),
            "categorical");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forest__goes_left_when_less_and_where_missing_goes),
        cmocka_unit_test(test_forest__tensors_and_back),
        cmocka_unit_test(test_forest__hostile_nodes),
        cmocka_unit_test(test_forest__reads_a_model_of_xgboost),
        cmocka_unit_test(test_forest__refuses_what_is_no_model_of_xgboost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
