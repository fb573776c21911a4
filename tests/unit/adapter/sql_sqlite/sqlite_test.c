/* Opening: what the file may be, and what becomes of it. Units of work are in
 * tests/contract/sql_test.c. */
#include "tests/support/sql_dump.h"
#include "tests/support/test.h"

#include "adapter/sql_sqlite/connection.h"
#include "adapter/sql_sqlite/sqlite.h"
#include "base/alloc.h"
#include "base/file.h"

#include <unistd.h>

struct fixture {
    char folder[64];
    struct sl_arena *a;
    const char *path;
};

static int set_up(void **state)
{
    struct fixture *f = SL_NEW(struct fixture);
    snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-sqlite-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->a = sl_arena_new();
    f->path = sl_arena_format(f->a, "%s/a/b/sluice.db", f->folder).p;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sl_arena_free(f->a);
    assert_ok(sl_dir_remove(f->folder));
    sl_free(f);
    return 0;
}

static struct sql *open_ok(struct fixture *f, enum sqlite_open mode)
{
    struct sql *db;
    assert_ok(sql_sqlite_open(f->path, mode, &db));
    return db;
}

static void test_sqlite__makes_folders_and_tables_once(void **state)
{
    struct fixture *f = *state;
    struct sql *db = open_ok(f, SQLITE_FILE_CREATE);
    const char *first = test_dump(f->a, db);
    sql_free(db);
    db = open_ok(f, SQLITE_FILE_EXISTING);
    assert_string_equal(first, test_dump(f->a, db));
    assert_int_equal(test_number(f->a, db, "SELECT schema_version FROM MLMDEnv"), 10);
    assert_int_equal(test_number(f->a, db, "SELECT count(*) FROM Type"), 9);
    assert_int_equal(test_number(f->a, db, "SELECT id FROM Type WHERE name = 'mlmd.Deploy'"), 9);
    sql_free(db);
}

static void test_sqlite__absent_is_told(void **state)
{
    struct fixture *f = *state;
    struct sql *db;
    assert_err(sql_sqlite_open(f->path, SQLITE_FILE_EXISTING, &db), NOT_FOUND, f->path);
    assert_false(sl_file_exists(f->path));
}

static void test_sqlite__no_database_is_told(void **state)
{
    struct fixture *f = *state;
    struct sql *db;
    const char *path = sl_arena_format(f->a, "%s/x.db", f->folder).p;
    assert_ok(sl_file_write(path, SL_STR("this is a text file, and long enough to look like a "
                                         "database header of a hundred bytes or even more than "
                                         "that, I believe")));
    assert_err(sql_sqlite_open(path, SQLITE_FILE_CREATE, &db), CORRUPT, path);
}

static void exec(struct fixture *f, const char *text)
{
    struct sqlite_connection c;
    assert_ok(sqlite_connection_init(&c, f->path, 1000));
    assert_ok(sqlite_connection_exec(&c, text));
    sqlite_connection_deinit(&c);
}

static void test_sqlite__other_versions_are_refused(void **state)
{
    struct fixture *f = *state;
    struct sql *db;
    sql_free(open_ok(f, SQLITE_FILE_CREATE));
    exec(f, "INSERT INTO sluice_migrations (version) VALUES (1000)");
    assert_err(sql_sqlite_open(f->path, SQLITE_FILE_EXISTING, &db), INVALID, "newer Sluice");
}

/* Tables of ML Metadata alone, as a foreign client left them. */
static void test_sqlite__a_foreign_database_gets_our_tables(void **state)
{
    struct fixture *f = *state;
    sql_free(open_ok(f, SQLITE_FILE_CREATE));
    exec(f, "DROP TABLE sluice_migrations; DROP TABLE sluice_runs; DROP TABLE sluice_steps;"
            "DROP TABLE sluice_cache; DROP TABLE sluice_pins; DROP TABLE sluice_models;"
            "DROP TABLE sluice_model_versions; DROP TABLE sluice_model_aliases;"
            "DROP TABLE sluice_pushes; DROP INDEX sluice_idx_association_execution;"
            "DROP INDEX sluice_idx_attribution_artifact; DROP INDEX sluice_idx_artifact_type_time;"
            "DROP TRIGGER sluice_guard_type; DROP TRIGGER sluice_guard_event;"
            "DROP TRIGGER sluice_guard_artifact;"
            "INSERT INTO Type (name, type_kind) VALUES ('Theirs', 1)");
    struct sql *db = open_ok(f, SQLITE_FILE_EXISTING);
    assert_int_equal(test_number(f->a, db, "SELECT count(*) FROM Type WHERE name = 'Theirs'"), 1);
    assert_int_equal(test_number(f->a, db, "SELECT count(*) FROM sluice_runs"), 0);
    sql_free(db);
}

/* ---- a group that is lost as a whole ----------------------------------------------------------
 */
struct unit {
    struct sql_request r;
    int64_t number;
    int gate; /* read from before work, >= 0: what is submitted meanwhile forms one group */
    bool loses_transaction;
    int runs;
};

static struct sl_err *run_unit(struct sql_request *r, struct sql_tx *tx)
{
    struct unit *u = SL_CONTAINER_OF(r, struct unit, r);
    SL_AUTOARENA(a);
    char c;
    u->runs++;
    if (u->gate >= 0 && u->runs == 1)
        assert_int_equal(read(u->gate, &c, 1), 1);
    SL_TRY(SQL_QUERY(tx, a, NULL, "INSERT INTO sluice_models (id, name) VALUES ($1, $2)",
                     sql_int(u->number), sql_text(sl_arena_format(a, "m%d", (int)u->number))));
    /* What SQLite itself does when the disk is full. */
    return u->loses_transaction ? sql_query(tx, a, "ROLLBACK", NULL, 0, NULL) : NULL;
}

static void test_sqlite__a_lost_group_is_run_again_one_by_one(void **state)
{
    struct fixture *f = *state;
    struct sql *db = open_ok(f, SQLITE_FILE_CREATE);
    struct completion_queue *q = completion_queue_new();
    struct unit units[6];
    int gate[2];
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < 6; i++) {
        units[i] = (struct unit){.r = {.mode = SQL_WRITE, .work = run_unit},
                                 .number = i + 1,
                                 .gate = i == 0 ? gate[0] : -1,
                                 .loses_transaction = i == 3};
        sql_submit(db, q, &units[i].r);
    }
    assert_int_equal(write(gate[1], "x", 1), 1);
    for (int i = 0; i < 6; i++) {
        struct sl_err *err = completion_wait(q, &units[i].r.c);
        assert_int_equal(err != NULL, i == 3);
        sl_err_free(err);
    }
    /* The unit before the lost one ran in the group and again alone; the ones after it only alone.
     */
    assert_int_equal(units[2].runs, 2);
    assert_int_equal(units[5].runs, 1);
    assert_int_equal(test_number(f->a, db, "SELECT count(*) FROM sluice_models"), 5);
    sql_free(db);
    completion_queue_free(q);
    close(gate[0]);
    close(gate[1]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_sqlite__makes_folders_and_tables_once),
        CASE(test_sqlite__absent_is_told),
        CASE(test_sqlite__no_database_is_told),
        CASE(test_sqlite__other_versions_are_refused),
        CASE(test_sqlite__a_foreign_database_gets_our_tables),
        CASE(test_sqlite__a_lost_group_is_run_again_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
