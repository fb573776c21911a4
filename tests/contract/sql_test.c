/* What every adapter of port/sql.h owes its callers. Each database is one row of `openers`. */
#include "tests/support/test.h"

#include "adapter/sql_sqlite/sqlite.h"
#include "base/file.h"
#include "net/workers.h"

struct opener {
    const char *name;
    /* The database of this test, made when absent: two calls give two handles on the same one. */
    struct sl_err *(*open)(const char *folder, struct sql **ret);
};

static struct sl_err *open_sqlite(const char *folder, struct sql **ret)
{
    SL_AUTOARENA(a);
    return sql_sqlite_open(sl_arena_format(a, "%s/db/sluice.db", folder).p, SQLITE_FILE_CREATE,
                           ret);
}

static const struct opener openers[] = {{"sqlite", open_sqlite}};

struct fixture {
    const struct opener *opener;
    char folder[64];
    struct sql *db;
    struct sl_arena *a;
};

/* A unit of work made of a C function of the test. */
struct unit {
    struct sql_request r;
    struct fixture *f;
    struct sl_err *(*run)(struct unit *u, struct sql_tx *tx);
    int64_t number;
    struct sql_rows rows;
};

static struct sl_err *run_unit(struct sql_request *r, struct sql_tx *tx)
{
    struct unit *u = SL_CONTAINER_OF(r, struct unit, r);
    return u->run(u, tx);
}

#define UNIT(fixture, unit_mode, fn)                                                           \
    {                                                                                          \
        .r = {.mode = (unit_mode), .work = run_unit}, .f = (fixture), .run = (fn), .number = 1 \
    }

static struct sl_err *make_table(struct unit *u, struct sql_tx *tx)
{
    return sql_query(tx, u->f->a,
                     "CREATE TABLE contract_t (id BIGINT PRIMARY KEY, t TEXT, d DOUBLE PRECISION,"
                     " b BOOLEAN, n BIGINT)",
                     NULL, 0, NULL);
}

static int set_up(void **state)
{
    struct fixture *f = *state;
    snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-sql-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->a = sl_arena_new();
    assert_ok(f->opener->open(f->folder, &f->db));
    struct unit u = UNIT(f, SQL_WRITE, make_table);
    assert_ok(sql_do(f->db, &u.r));
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sql_free(f->db);
    sl_arena_free(f->a);
    assert_ok(sl_dir_remove(f->folder));
    return 0;
}

/* ---- values ---------------------------------------------------------------------------------- */
static struct sl_err *insert_values(struct unit *u, struct sql_tx *tx)
{
    struct sl_arena *a = u->f->a;
    SL_TRY(SQL_QUERY(tx, a, NULL,
                     "INSERT INTO contract_t (n, b, d, t, id) VALUES ($5, $4, $3, $2, $1)",
                     sql_int(1), sql_text(SL_STR("it's \"$1\" \\ \xc3\xa9")), sql_real(1e-7),
                     sql_bool(true), sql_int(INT64_MAX)));
    return SQL_QUERY(tx, a, NULL,
                     "INSERT INTO contract_t (id, t, d, b, n) VALUES ($1, $2, $3, $4, $5)",
                     sql_int(2), sql_text(SL_STR("")), sql_null(), sql_bool(false), sql_null());
}

static struct sl_err *read_all(struct unit *u, struct sql_tx *tx)
{
    return sql_query(tx, u->f->a, "SELECT id, t, d, b, n FROM contract_t ORDER BY id", NULL, 0,
                     &u->rows);
}

static void test_sql__keeps_values(void **state)
{
    struct fixture *f = *state;
    struct unit w = UNIT(f, SQL_WRITE, insert_values);
    struct unit r = UNIT(f, SQL_READ, read_all);
    assert_ok(sql_do(f->db, &w.r));
    assert_ok(sql_do(f->db, &r.r));
    assert_int_equal(r.rows.n, 2);
    const struct sql_value *v = sql_row(&r.rows, 0);
    assert_int_equal(v[0].i, 1);
    assert_str(v[1].s, "it's \"$1\" \\ \xc3\xa9");
    assert_true(v[2].d == 1e-7);
    assert_int_equal(v[3].i, 1);
    assert_true(v[4].i == INT64_MAX);
    v = sql_row(&r.rows, 1);
    assert_int_equal(v[1].type, SQL_TEXT);
    assert_int_equal(v[1].s.n, 0);
    assert_int_equal(v[2].type, SQL_NULL);
    assert_int_equal(v[3].i, 0);
    assert_int_equal(v[4].type, SQL_NULL);
}

static struct sl_err *upsert(struct unit *u, struct sql_tx *tx)
{
    struct sl_arena *a = u->f->a;
    SL_TRY(SQL_QUERY(tx, a, NULL, "INSERT INTO contract_t (id, n) VALUES ($1, 1)", sql_int(5)));
    SL_TRY(SQL_QUERY(tx, a, &u->rows,
                     "INSERT INTO contract_t (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE"
                     " SET n = contract_t.n + excluded.n RETURNING n",
                     sql_int(5), sql_int(41)));
    return NULL;
}

static void test_sql__upserts_and_returns(void **state)
{
    struct fixture *f = *state;
    struct unit u = UNIT(f, SQL_WRITE, upsert);
    assert_ok(sql_do(f->db, &u.r));
    assert_int_equal(u.rows.n, 1);
    assert_int_equal(sql_row(&u.rows, 0)->i, 42);
}

/* ---- failures -------------------------------------------------------------------------------- */
static struct sl_err *insert_number(struct unit *u, struct sql_tx *tx)
{
    return SQL_QUERY(tx, u->f->a, NULL, "INSERT INTO contract_t (id) VALUES ($1)",
                     sql_int(u->number));
}

static struct sl_err *insert_then_fail(struct unit *u, struct sql_tx *tx)
{
    SL_TRY(insert_number(u, tx));
    return SL_ERR(CANCELED, "changed my mind");
}

static struct sl_err *count(struct unit *u, struct sql_tx *tx)
{
    SL_TRY(sql_query(tx, u->f->a, "SELECT count(*) FROM contract_t", NULL, 0, &u->rows));
    u->number = sql_row(&u->rows, 0)->i;
    return NULL;
}

static int64_t counted(struct fixture *f)
{
    struct unit u = UNIT(f, SQL_READ, count);
    assert_ok(sql_do(f->db, &u.r));
    return u.number;
}

static void test_sql__failure_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct unit u = UNIT(f, SQL_WRITE, insert_then_fail);
    assert_err(sql_do(f->db, &u.r), CANCELED, "changed my mind");
    assert_int_equal(counted(f), 0);
}

static void test_sql__unique_key_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    struct unit first = UNIT(f, SQL_WRITE, insert_number);
    struct unit again = UNIT(f, SQL_WRITE, insert_number);
    assert_ok(sql_do(f->db, &first.r));
    assert_err(sql_do(f->db, &again.r), CONFLICT, "");
    assert_int_equal(counted(f), 1);
}

static struct sl_err *bad_statement(struct unit *u, struct sql_tx *tx)
{
    return sql_query(tx, u->f->a, "SELEKT 1", NULL, 0, NULL);
}

static struct sl_err *bad_parameters(struct unit *u, struct sql_tx *tx)
{
    return SQL_QUERY(tx, u->f->a, NULL, "SELECT $1", sql_int(1), sql_int(2));
}

static void test_sql__wrong_statements_are_told(void **state)
{
    struct fixture *f = *state;
    struct unit statement = UNIT(f, SQL_WRITE, bad_statement);
    struct unit parameters = UNIT(f, SQL_READ, bad_parameters);
    assert_err(sql_do(f->db, &statement.r), INTERNAL, "SELEKT");
    assert_err(sql_do(f->db, &parameters.r), INTERNAL, "SELECT $1");
}

/* ---- many at once ---------------------------------------------------------------------------- */
enum { MANY = 1000 };

/* Every third fails; the others' work stays, answers come in order. */
static void test_sql__group_keeps_the_good(void **state)
{
    struct fixture *f = *state;
    struct completion_queue *q = completion_queue_new();
    struct unit *units = SL_ARENA_ARRAY(f->a, struct unit, MANY);
    for (int i = 0; i < MANY; i++) {
        units[i] = (struct unit)UNIT(f, SQL_WRITE, i % 3 ? insert_number : insert_then_fail);
        units[i].number = i;
        sql_submit(f->db, q, &units[i].r);
    }
    for (int i = 0; i < MANY; i++) {
        struct sl_err *err = completion_wait(q, &units[i].r.c);
        assert_int_equal(err == NULL, i % 3 != 0);
        sl_err_free(err);
    }
    completion_queue_free(q);
    assert_int_equal(counted(f), MANY - (MANY + 2) / 3);
}

static struct sl_err *count_twice(struct unit *u, struct sql_tx *tx)
{
    SL_TRY(count(u, tx));
    int64_t first = u->number;
    struct unit w = UNIT(u->f, SQL_WRITE, insert_number);
    w.number = first + 1;
    SL_TRY(sql_do(u->f->db, &w.r));
    SL_TRY(count(u, tx));
    return u->number == first ? NULL : SL_ERR(INTERNAL, "the view moved");
}

static void test_sql__reader_sees_one_view_beside_a_writer(void **state)
{
    struct fixture *f = *state;
    struct unit u = UNIT(f, SQL_READ, count_twice);
    assert_ok(sql_do(f->db, &u.r));
    assert_int_equal(counted(f), 1);
}

static struct sl_err *add_one(struct unit *u, struct sql_tx *tx)
{
    struct sql_rows rows;
    struct sl_arena *a = sl_arena_new();
    struct sl_err *err = sql_query(tx, a, "SELECT n FROM contract_t WHERE id = 1", NULL, 0, &rows);
    if (!err)
        err = SQL_QUERY(tx, a, NULL, "UPDATE contract_t SET n = $1 WHERE id = 1",
                        sql_int(sql_row(&rows, 0)->i + 1));
    sl_arena_free(a);
    (void)u;
    return err;
}

static struct sl_err *insert_zero(struct unit *u, struct sql_tx *tx)
{
    return sql_query(tx, u->f->a, "INSERT INTO contract_t (id, n) VALUES (1, 0)", NULL, 0, NULL);
}

/* Read-modify-write of two handles on one database: none is lost. */
static void test_sql__two_writers_lose_nothing(void **state)
{
    struct fixture *f = *state;
    struct unit zero = UNIT(f, SQL_WRITE, insert_zero);
    assert_ok(sql_do(f->db, &zero.r));
    struct sql *other;
    assert_ok(f->opener->open(f->folder, &other));
    struct completion_queue *q = completion_queue_new();
    enum { EACH = 100 };
    struct unit *units = SL_ARENA_ARRAY(f->a, struct unit, 2 * EACH);
    for (int i = 0; i < 2 * EACH; i++) {
        units[i] = (struct unit)UNIT(f, SQL_WRITE, add_one);
        sql_submit(i % 2 ? other : f->db, q, &units[i].r);
    }
    for (int i = 0; i < 2 * EACH; i++)
        assert_ok(completion_wait(q, &units[i].r.c));
    completion_queue_free(q);
    sql_free(other);
    struct unit r = UNIT(f, SQL_READ, read_all);
    assert_ok(sql_do(f->db, &r.r));
    assert_int_equal(sql_row(&r.rows, 0)[4].i, 2 * EACH);
}

static void test_sql__free_finishes_what_was_submitted(void **state)
{
    struct fixture *f = *state;
    struct completion_queue *q = completion_queue_new();
    struct unit *units = SL_ARENA_ARRAY(f->a, struct unit, MANY);
    for (int i = 0; i < MANY; i++) {
        units[i] = (struct unit)UNIT(f, SQL_WRITE, insert_number);
        units[i].number = i;
        sql_submit(f->db, q, &units[i].r);
    }
    sql_free(f->db);
    for (int i = 0; i < MANY; i++)
        assert_ok(completion_wait(q, &units[i].r.c));
    completion_queue_free(q);
    assert_ok(f->opener->open(f->folder, &f->db));
    assert_int_equal(counted(f), MANY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    int failed = 0;
    for (size_t i = 0; i < SL_COUNTOF(openers); i++) {
        struct fixture f = {.opener = &openers[i]};
        struct CMUnitTest tests[] = {
            CASE(test_sql__keeps_values),
            CASE(test_sql__upserts_and_returns),
            CASE(test_sql__failure_leaves_nothing),
            CASE(test_sql__unique_key_is_a_conflict),
            CASE(test_sql__wrong_statements_are_told),
            CASE(test_sql__group_keeps_the_good),
            CASE(test_sql__reader_sees_one_view_beside_a_writer),
            CASE(test_sql__two_writers_lose_nothing),
            CASE(test_sql__free_finishes_what_was_submitted),
        };
        for (size_t t = 0; t < SL_COUNTOF(tests); t++)
            tests[t].initial_state = &f;
        failed += cmocka_run_group_tests_name(openers[i].name, tests, NULL, NULL);
    }
    return failed;
}
