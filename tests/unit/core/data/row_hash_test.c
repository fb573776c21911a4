#include "tests/support/test.h"

#include "core/data/row_hash.h"

/* Expected values: PyPI xxhash 4.1.0, xxh3_64_intdigest over struct.pack of the words. */
static void test_row_hash__words(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    static const int64_t ints[] = {3, 0, -1}, times[] = {1000000, 0, -5};
    static const double doubles[] = {0.5, 0, -0.0};
    static const uint8_t bools[] = {1, 0, 0}, valid[] = {5};
    static const uint32_t codes[] = {1, 0, 0};
    static const struct sl_str dict[] = {{"\xc3\xa9", 2}, {"abc", 3}};
    struct column columns[] = {
        {.type = COLUMN_INT64, .n = 3, .valid = valid, .i64 = ints},
        {.type = COLUMN_DOUBLE, .n = 3, .valid = valid, .f64 = doubles},
        {.type = COLUMN_BOOL, .n = 3, .valid = valid, .boolean = bools},
        {.type = COLUMN_TIMESTAMP, .n = 3, .valid = valid, .i64 = times},
        {.type = COLUMN_STRING, .n = 3, .valid = valid, .codes = codes, .dict = dict, .dict_n = 2},
    };
    struct table t = {.columns = columns, .n_columns = 5, .n_rows = 3};
    uint64_t hashes[3];
    row_hash_table(a, &t, NULL, 0, hashes);
    assert_true(hashes[0] == UINT64_C(0xbf8719bfde633bb7));
    assert_true(hashes[1] == UINT64_C(0x4c4e7664eb212eb1));
    assert_true(hashes[2] == UINT64_C(0xe0cc31ad1c201463));
}

static void test_row_hash__int_and_double_are_one(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    enum { N = 200 };
    int64_t ints[N];
    double doubles[N];
    for (int i = 0; i < N; i++) {
        ints[i] = i * 7 - 300;
        doubles[i] = (double)ints[i];
    }
    struct column x = {.type = COLUMN_INT64, .n = N, .i64 = ints};
    struct column y = {.type = COLUMN_DOUBLE, .n = N, .f64 = doubles};
    struct column both[] = {y, x};
    struct table tx = {&x, 1, N}, ty = {both, 2, N};
    uint64_t hx[N], hy[N];
    size_t first = 0;
    row_hash_table(a, &tx, NULL, 0, hx);
    row_hash_table(a, &ty, &first, 1, hy);
    assert_memory_equal(hx, hy, sizeof(hx));
}

static void test_row_hash__column_without_any_value(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    static const uint32_t codes[2] = {0};
    static const uint8_t valid[1] = {0};
    struct column c = {.type = COLUMN_STRING, .n = 2, .valid = valid, .codes = codes};
    struct table t = {&c, 1, 2};
    uint64_t hashes[2];
    row_hash_table(a, &t, NULL, 0, hashes);
    assert_true(hashes[0] == hashes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_hash__words),
        cmocka_unit_test(test_row_hash__int_and_double_are_one),
        cmocka_unit_test(test_row_hash__column_without_any_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
