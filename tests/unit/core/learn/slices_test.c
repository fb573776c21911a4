#include "core/learn/slices.h"

#include "tests/support/test.h"

/* city: b a - a b b (the dictionary has "a" twice), n: 2 2 10 2 10 -, flag: 1 0 1 0 1 1 */
static const struct sl_str dict[] = {SL_STR("a"), SL_STR("b"), SL_STR("a")};
static const uint32_t codes[] = {1, 0, 0, 2, 1, 1};
static const uint8_t city_valid[] = {0x3b}, n_valid[] = {0x1f};
static const int64_t numbers[] = {2, 2, 10, 2, 10, 0};
static const uint8_t flags[] = {1, 0, 1, 0, 1, 1};
static struct column columns[] = {
    {SL_STR("city"), COLUMN_STRING, 6, city_valid, {.codes = codes}, dict, 3},
    {SL_STR("n"), COLUMN_INT64, 6, n_valid, {.i64 = numbers}, NULL, 0},
    {SL_STR("flag"), COLUMN_BOOL, 6, NULL, {.boolean = flags}, NULL, 0},
};
static const struct table table = {columns, 3, 6};

static void assert_slice(const struct slice *s, const char *name, size_t n, const uint32_t *rows)
{
    assert_true(sl_str_is(s->name, name));
    assert_int_equal(s->n, n);
    assert_memory_equal(s->rows, rows, n * sizeof *rows);
}

#define ROWS(...) SL_COUNTOF(((const uint32_t[]){__VA_ARGS__})), ((const uint32_t[]){__VA_ARGS__})

static void test_slices__by_value(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct slice_column city = {SL_STR("city"), true, {NULL, 0}};
    const struct slice_column n = {SL_STR("n"), true, {NULL, 0}};
    const struct slice_spec specs[] = {{NULL, 0}, {&city, 1}, {&n, 1}};
    struct slice *s;
    size_t count;
    assert_null(slices_find(a, &table, specs, 3, 1, &s, &count));
    assert_int_equal(count, 7);
    assert_slice(&s[0], "overall", ROWS(0, 1, 2, 3, 4, 5));
    assert_slice(&s[1], "city:(missing)", ROWS(2));
    assert_slice(&s[2], "city:a", ROWS(1, 3));
    assert_slice(&s[3], "city:b", ROWS(0, 4, 5));
    assert_slice(&s[4], "n:(missing)", ROWS(5));
    assert_slice(&s[5], "n:2", ROWS(0, 1, 3));
    assert_slice(&s[6], "n:10", ROWS(2, 4));
}

static void test_slices__crosses_and_fixed_values(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct slice_column cross[] = {{SL_STR("flag"), true, {NULL, 0}},
                                         {SL_STR("city"), true, {NULL, 0}}};
    const struct slice_column fixed[] = {{SL_STR("city"), false, SL_STR("b")},
                                         {SL_STR("n"), true, {NULL, 0}}};
    const struct slice_column none = {SL_STR("city"), false, SL_STR("z")};
    const struct slice_spec specs[] = {{cross, 2}, {fixed, 2}, {&none, 1}};
    struct slice *s;
    size_t count;
    assert_null(slices_find(a, &table, specs, 3, 1, &s, &count));
    assert_int_equal(count, 6);
    assert_slice(&s[0], "flag:false, city:a", ROWS(1, 3));
    assert_slice(&s[1], "flag:true, city:(missing)", ROWS(2));
    assert_slice(&s[2], "flag:true, city:b", ROWS(0, 4, 5));
    assert_slice(&s[3], "city:b, n:(missing)", ROWS(5));
    assert_slice(&s[4], "city:b, n:2", ROWS(0));
    assert_slice(&s[5], "city:b, n:10", ROWS(4));
}

static void test_slices__small_ones_are_left_out(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct slice_column city = {SL_STR("city"), true, {NULL, 0}};
    const struct slice_spec specs[] = {{NULL, 0}, {&city, 1}};
    struct slice *s;
    size_t count;
    assert_null(slices_find(a, &table, specs, 2, 3, &s, &count));
    assert_int_equal(count, 2);
    assert_slice(&s[1], "city:b", ROWS(0, 4, 5));
    assert_null(slices_find(a, &table, specs, 2, 100, &s, &count));
    assert_int_equal(count, 1); /* the overall one stays */
}

static void test_slices__errors(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct slice_column typo = {SL_STR("cty"), true, {NULL, 0}};
    const struct slice_spec spec = {&typo, 1};
    struct slice *s;
    size_t count;
    struct sl_err *err = slices_find(a, &table, &spec, 1, 1, &s, &count);
    assert_non_null(err);
    assert_int_equal(err->kind, SL_ERR_INVALID);
    sl_err_free(err);

    enum { N = 10001 };
    int64_t *many = SL_ARENA_ARRAY(a, int64_t, N);
    for (int64_t i = 0; i < N; i++)
        many[i] = i;
    struct column id = {SL_STR("id"), COLUMN_INT64, N, NULL, {.i64 = many}, NULL, 0};
    const struct table wide = {&id, 1, N};
    const struct slice_column by_id = {SL_STR("id"), true, {NULL, 0}};
    const struct slice_spec by = {&by_id, 1};
    err = slices_find(a, &wide, &by, 1, 1, &s, &count);
    assert_non_null(err);
    assert_int_equal(err->kind, SL_ERR_EXHAUSTED);
    sl_err_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices__by_value),
        cmocka_unit_test(test_slices__crosses_and_fixed_values),
        cmocka_unit_test(test_slices__small_ones_are_left_out),
        cmocka_unit_test(test_slices__errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
