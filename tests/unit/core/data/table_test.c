#include "core/data/table.h"
#include "tests/support/test.h"

static void test_table__find(void **state)
{
    struct column columns[] = {{.name = SL_STR("a")}, {.name = SL_STR("b")}, {.name = SL_STR("c")}};
    const struct table t = {.columns = columns, .n_columns = 3}, none = {0};
    (void)state;
    for (size_t from = 0; from < 8; from++) {
        assert_ptr_equal(table_find_from(&t, from, SL_STR("a")), &columns[0]);
        assert_ptr_equal(table_find_from(&t, from, SL_STR("b")), &columns[1]);
        assert_ptr_equal(table_find_from(&t, from, SL_STR("c")), &columns[2]);
        assert_null(table_find_from(&t, from, SL_STR("d")));
        assert_null(table_find_from(&none, from, SL_STR("a")));
    }
    assert_ptr_equal(table_find(&t, SL_STR("b")), &columns[1]);
    assert_null(table_find(&t, SL_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table__find)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
