#include "core/learn/inputs.h"

#include "tests/support/test.h"

#include <math.h>

static const float X[] = {1.5f, NAN, -2};
static const int64_t IDS[] = {2, 0, 1}, BUCKETS[] = {4, 0, 9};
static const struct column COLUMNS[] = {
    {.name = SL_STR("bucket"), .type = COLUMN_INT64, .n = 3, .i64 = BUCKETS},
    {.name = SL_STR("x"), .type = COLUMN_FLOAT, .n = 3, .f32 = X},
    {.name = SL_STR("id"), .type = COLUMN_INT64, .n = 3, .i64 = IDS},
};

static struct table make_table(struct sl_arena *a)
{
    return (struct table){
        .columns = sl_arena_copy(a, COLUMNS, sizeof COLUMNS), .n_columns = 3, .n_rows = 3};
}

static void test_inputs__sides_and_matrix(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct input inputs[] = {
        {.name = SL_STR("id"), .kind = INPUT_ONE_HOT, .vocab_size = 3},
        {.name = SL_STR("x"), .kind = INPUT_FLOAT},
        {.name = SL_STR("bucket"), .kind = INPUT_ORDINAL, .vocab_size = 10},
    };
    struct table t = make_table(a);
    const struct column **columns;
    assert_ok(inputs_find_columns(a, inputs, 3, &t, &columns));
    float floats[2], matrix[10];
    uint32_t ids[4];
    assert_ok(inputs_fill(inputs, 3, columns, 1, 2, floats, ids));
    assert_true(isnan(floats[0]) && floats[1] == -2);
    assert_memory_equal(ids, ((const uint32_t[]){0, 0, 1, 9}), sizeof ids);
    assert_ok(inputs_matrix(inputs, 3, columns, 0, 2, matrix));
    const float expected[] = {0, 0, 1, 1.5f, 4, 1, 0, 0, 0, 0};
    for (size_t i = 0; i < 10; i++)
        assert_true(i == 8 ? isnan(matrix[i]) : matrix[i] == expected[i]);
    assert_int_equal(input_width(&inputs[0]), 3);
    assert_int_equal(input_width(&inputs[2]), 1);
}

static void test_inputs__what_does_not_fit(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table t = make_table(a);
    const struct column **columns;
    struct input in = {.name = SL_STR("nowhere"), .kind = INPUT_FLOAT};
    assert_err(inputs_find_columns(a, &in, 1, &t, &columns), INVALID, "'nowhere' is absent");
    in.name = SL_STR("id");
    assert_err(inputs_find_columns(a, &in, 1, &t, &columns), INVALID, "expected float, got int");
    in = (struct input){
        .name = SL_STR("bucket"), .kind = INPUT_EMBEDDING, .vocab_size = 9, .dim = 1};
    assert_ok(inputs_find_columns(a, &in, 1, &t, &columns));
    uint32_t ids[3];
    float x[30];
    assert_err(inputs_fill(&in, 1, columns, 0, 3, NULL, ids), INVALID, "row 2: id 9");
    in.kind = INPUT_ONE_HOT;
    assert_err(inputs_matrix(&in, 1, columns, 0, 3, x), INVALID, "row 2: id 9");
    t.columns[0].valid = (const uint8_t[]){5};
    assert_err(inputs_find_columns(a, &in, 1, &t, &columns), INVALID, "a value is missing");
}

static void test_inputs__names_of_kinds(void **state)
{
    (void)state;
    for (int k = INPUT_FLOAT; k <= INPUT_ORDINAL; k++) {
        enum input_kind found;
        assert_true(input_kind_find(sl_str(input_kind_name((enum input_kind)k)), &found));
        assert_int_equal(found, k);
    }
    enum input_kind found;
    assert_false(input_kind_find(SL_STR("onehot"), &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs__sides_and_matrix),
        cmocka_unit_test(test_inputs__what_does_not_fit),
        cmocka_unit_test(test_inputs__names_of_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
