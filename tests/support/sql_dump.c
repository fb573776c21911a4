#include "tests/support/sql_dump.h"

#include "tests/support/test.h"

struct ask {
    struct sql_request r;
    struct sl_arena *a;
    const char *text;
    struct sql_rows rows;
};

static struct sl_err *run_ask(struct sql_request *r, struct sql_tx *tx)
{
    struct ask *k = SL_CONTAINER_OF(r, struct ask, r);
    return sql_query(tx, k->a, k->text, NULL, 0, &k->rows);
}

struct sql_rows test_query(struct sl_arena *a, struct sql *db, const char *text)
{
    struct ask k = {.r = {.mode = SQL_READ, .work = run_ask}, .a = a, .text = text};
    assert_ok(sql_do(db, &k.r));
    return k.rows;
}

int64_t test_number(struct sl_arena *a, struct sql *db, const char *text)
{
    struct sql_rows rows = test_query(a, db, text);
    assert_int_equal(rows.n, 1);
    return sql_row(&rows, 0)->i;
}

const char *test_dump(struct sl_arena *a, struct sql *db)
{
    SL_AUTOBUF(b, 0);
    struct sql_rows tables =
        test_query(a, db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
    for (size_t t = 0; t < tables.n; t++) {
        struct sl_str table = sql_row(&tables, t)->s;
        struct sql_rows rows =
            test_query(a, db, sl_arena_format(a, "SELECT * FROM %.*s", SL_FMT(table)).p);
        struct sl_str *lines = SL_ARENA_ARRAY(a, struct sl_str, rows.n);
        for (size_t i = 0; i < rows.n; i++) {
            SL_AUTOBUF(line, 0);
            for (size_t c = 0; c < rows.n_columns; c++) {
                const struct sql_value *v = sql_row(&rows, i) + c;
                sl_buf_format(&line, " %lld %g '%.*s'", (long long)v->i, v->d, SL_FMT(v->s));
            }
            lines[i] = sl_arena_str(a, sl_buf_str(&line));
        }
        if (rows.n)
            qsort(lines, rows.n, sizeof(*lines), sl_str_cmp_qsort);
        for (size_t i = 0; i < rows.n; i++)
            sl_buf_format(&b, "%.*s:%.*s\n", SL_FMT(table), SL_FMT(lines[i]));
    }
    return sl_arena_str(a, sl_buf_str(&b)).p;
}

void test_same_dump(struct sl_arena *a, const char *x, const char *y)
{
    struct sl_str left = sl_str(x), right = sl_str(y), p = {0}, q = {0};
    while (sl_str_split(&left, '\n', &p) && sl_str_split(&right, '\n', &q))
        if (!sl_str_eq(p, q))
            fail_msg("%s\nis not\n%s", sl_arena_cstr(a, p), sl_arena_cstr(a, q));
    assert_string_equal(x, y);
}
