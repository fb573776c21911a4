#include "tests/support/test.h"

#include "base/rng.h"
#include "core/data/csv_piece.h"

static struct csv_column columns[] = {
    {.name = {"i", 1}, .wanted = true, .type = COLUMN_INT64},
    {.name = {"d", 1}, .wanted = true, .type = COLUMN_DOUBLE},
    {.name = {"skip", 4}},
    {.name = {"s", 1}, .wanted = true, .type = COLUMN_STRING},
    {.name = {"t", 1}, .wanted = true, .type = COLUMN_TIMESTAMP},
    {.name = {"b", 1}, .wanted = true, .given = true, .type = COLUMN_BOOL},
};
static const struct sl_str nulls[] = {{"NA", 2}};
static const struct csv_layout layout = {
    .delimiter = ',', .columns = columns, .n_columns = 6, .nulls = nulls, .n_nulls = 1};

static struct csv_piece *decode(const char *text)
{
    struct csv_piece *p = csv_piece_new();
    csv_piece_decode(p, &layout, sl_str(text), 0, strlen(text), true, true, NULL);
    return p;
}

static void test_csv_piece__types_and_missing(void **state)
{
    (void)state;
    struct csv_piece *p = decode("1,1.5,x,a,1970-01-01,true\n"
                                 ",,,,,\n"
                                 "NA,NA,NA,NA,NA,NA\n"
                                 "-2,3,x,\"a\",1970-01-01 00:00:02,0\n"
                                 "3,4,x,b\"\"\"c,1970-01-01,1\n");
    const struct table *t = &p->table;
    assert_int_equal(t->n_rows, 5);
    assert_int_equal(t->n_columns, 5);
    assert_int_equal(p->bad_rows, 0);
    for (size_t c = 0; c < 5; c++) {
        assert_int_equal(column_valid_count(&t->columns[c]), 3);
        assert_false(column_is_valid(&t->columns[c], 1));
        assert_false(column_is_valid(&t->columns[c], 2));
    }
    assert_true(t->columns[0].i64[3] == -2);
    assert_true(t->columns[1].f64[0] == 1.5 && t->columns[1].f64[3] == 3);
    assert_int_equal(t->columns[2].dict_n, 2);
    assert_str(column_str(&t->columns[2], 3), "a");
    assert_str(column_str(&t->columns[2], 4), "b\"\"\"c");
    assert_true(t->columns[3].i64[3] == 2000000);
    assert_true(t->columns[4].boolean[0] == 1 && t->columns[4].boolean[3] == 0);
    assert_int_equal(p->starts[1], 26);
    assert_int_equal(p->seen[0], CELL_INT);
    assert_int_equal(infer_type(p->seen[1]), COLUMN_DOUBLE);
    assert_int_equal(p->seen[3], CELL_STRING);
    assert_int_equal(p->seen[4], CELL_TIMESTAMP);
    csv_piece_free(p);
}

static void test_csv_piece__a_wrong_guess_is_told(void **state)
{
    (void)state;
    struct csv_piece *p = decode("1,1,x,5,1970-01-01,\nx,2,x,6,7,\n");
    assert_int_equal(p->table.n_rows, 2);
    assert_int_equal(p->seen[0], CELL_INT | CELL_STRING);
    assert_int_equal(p->seen[1], CELL_INT);
    assert_int_equal(p->seen[3], CELL_INT);
    assert_int_equal(p->seen[4], CELL_TIMESTAMP | CELL_INT);
    csv_piece_free(p);
}

static void test_csv_piece__bad_rows_are_left_out(void **state)
{
    (void)state;
    struct csv_piece *p = decode("1,1,x,a,,true\n"
                                 "2,1,x,a,,maybe\n"
                                 "3,1,x\n"
                                 "4,1,x,\xff,,\n"
                                 "5,1,x,b,,\n");
    assert_int_equal(p->table.n_rows, 2);
    assert_true(p->table.columns[0].i64[1] == 5);
    assert_str(column_str(&p->table.columns[2], 1), "b");
    assert_int_equal(p->starts[1], 45);
    assert_int_equal(p->bad_rows, 3);
    assert_int_equal(p->n_faults, 3);
    assert_int_equal(p->faults[0].fault, CSV_FAULT_TYPE);
    assert_int_equal(p->faults[0].column, 5);
    assert_int_equal(p->faults[0].start, 14);
    assert_int_equal(p->faults[1].fault, CSV_FAULT_ROW);
    assert_int_equal(p->faults[1].n_cells, 3);
    assert_int_equal(p->faults[2].fault, CSV_FAULT_UTF8);
    assert_int_equal(p->faults[2].column, 3);
    csv_piece_free(p);
}

static void test_csv_piece__looking_only(void **state)
{
    (void)state;
    const char *text = "1,1,x,a,1,\n2,1.5,x,a,1970-01-01,\n";
    struct csv_piece *p = csv_piece_new();
    csv_piece_decode(p, &layout, sl_str(text), 0, strlen(text), true, false, NULL);
    assert_int_equal(p->seen[0], CELL_INT);
    assert_int_equal(p->seen[1], CELL_INT | CELL_DOUBLE);
    assert_int_equal(infer_type(p->seen[4]), COLUMN_STRING);
    assert_int_equal(p->table.n_rows, 0);
    csv_piece_free(p);
}

/* Many values, so that the dictionary grows and then gives up. */
static void test_csv_piece__many_strings(void **state)
{
    (void)state;
    SL_AUTOBUF(text, 0);
    enum { ROWS = 20000 };
    for (int i = 0; i < ROWS; i++)
        sl_buf_format(&text, "%d,%d.25,,v%d,,\n", i, i, i < 10000 ? i % 5000 : i);
    struct csv_piece *p = csv_piece_new();
    for (int again = 0; again < 2; again++) {
        csv_piece_decode(p, &layout, sl_buf_str(&text), 0, text.n, true, true, NULL);
        assert_int_equal(p->table.n_rows, ROWS);
        for (size_t i = 0; i < ROWS; i++) {
            char expected[16];
            snprintf(expected, sizeof(expected), "v%zu", i < 10000 ? i % 5000 : i);
            assert_true(sl_str_is(column_str(&p->table.columns[2], i), expected));
            assert_true(p->table.columns[1].f64[i] == (double)i + 0.25);
        }
    }
    csv_piece_free(p);
}

/* Cut anywhere where a row seems to begin, pieces that join hold the same rows. */
static void test_csv_piece__pieces_join(void **state)
{
    (void)state;
    struct sl_rng rng;
    sl_rng_init(&rng, 3);
    SL_AUTOBUF(text, 0);
    enum { ROWS = 500 };
    for (int i = 0; i < ROWS; i++)
        sl_buf_format(&text, "%d,1.5,\"x\ny\",\"s\"\"%d\n\",,\n", i, i);
    struct csv_piece *p = csv_piece_new();
    for (int round = 0; round < 200; round++) {
        struct sl_str t = sl_buf_str(&text);
        size_t from = sl_rng_below(&rng, t.n);
        bool inside = csv_count_quotes(sl_strn(t.p, from)) & 1;
        size_t cut = csv_guess_row(t, from, inside);
        csv_piece_decode(p, &layout, t, 0, cut, true, true, NULL);
        assert_int_equal(p->end, cut);
        size_t rows = p->table.n_rows;
        csv_piece_decode(p, &layout, t, cut, t.n, true, true, NULL);
        assert_int_equal(p->table.n_rows + rows, ROWS);
        if (p->table.n_rows)
            assert_int_equal(p->table.columns[0].i64[0], rows);
    }
    csv_piece_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_piece__types_and_missing),
        cmocka_unit_test(test_csv_piece__a_wrong_guess_is_told),
        cmocka_unit_test(test_csv_piece__bad_rows_are_left_out),
        cmocka_unit_test(test_csv_piece__looking_only),
        cmocka_unit_test(test_csv_piece__many_strings),
        cmocka_unit_test(test_csv_piece__pieces_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
