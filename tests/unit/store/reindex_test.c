/* A database rebuilt from storage equals the one that was published as it happened. */
#include "tests/support/run_record.h"
#include "tests/support/sql_dump.h"
#include "tests/support/test.h"

#include "adapter/blob_fs/blob_fs.h"
#include "adapter/sql_sqlite/sqlite.h"
#include "base/alloc.h"
#include "base/file.h"
#include "store/index.h"
#include "store/publish.h"
#include "store/reindex.h"

struct fixture {
    char folder[64];
    struct sl_arena *a;
    struct blobs *blobs;
    struct sql *live, *rebuilt;
    const char *root;
};

static struct sql *open_database(struct fixture *f, const char *name)
{
    struct sql *db;
    assert_ok(sql_sqlite_open(sl_arena_format(f->a, "%s/%s", f->folder, name).p, SQLITE_FILE_CREATE,
                              &db));
    return db;
}

static int set_up(void **state)
{
    struct fixture *f = SL_NEW(struct fixture);
    snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-reindex-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->a = sl_arena_new();
    f->blobs = blob_fs_new();
    f->live = open_database(f, "live.db");
    f->rebuilt = open_database(f, "rebuilt.db");
    f->root = sl_arena_format(f->a, "file://%s/storage", f->folder).p;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sql_free(f->live);
    sql_free(f->rebuilt);
    f->blobs->ops->free(f->blobs);
    sl_arena_free(f->a);
    assert_ok(sl_dir_remove(f->folder));
    sl_free(f);
    return 0;
}

static void put(struct fixture *f, struct sl_str uri, struct sl_str text)
{
    assert_ok(blobs_write(f->blobs, uri, text, false));
}

static void store(struct fixture *f, const struct run_record *r)
{
    SL_AUTOBUF(text, 0);
    run_record_encode(r, &text);
    put(f, sl_arena_format(f->a, "%.*s/_run.json", SL_FMT(r->uri)), sl_buf_str(&text));
    for (size_t i = 0; i < r->n_steps; i++)
        for (size_t k = 0; k < r->steps[i].n_outputs; k++)
            put(f, sl_arena_format(f->a, "%.*s/_manifest.json", SL_FMT(r->steps[i].outputs[k].uri)),
                SL_STR("{}"));
}

/* As engines do it: each fact when it happens, several runs in turns. */
static void publish_as_it_happens(struct fixture *f, struct run_record *const *runs, size_t n)
{
    struct index *x = index_new(f->live);
    struct completion_queue *q = completion_queue_new();
    struct publish_fact *all = SL_ARENA_ARRAY(f->a, struct publish_fact, 100);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        struct publish_fact *facts;
        size_t k;
        publish_facts_of(f->a, runs[i], &facts, &k);
        memcpy(all + count, facts, k * sizeof(*facts));
        count += k;
    }
    publish_facts_sort(all, count);
    for (size_t i = 0; i < count; i++) {
        static const enum index_fact names[] = {
            [PUBLISH_RUN_START] = INDEX_RUN_START,
            [PUBLISH_STEP_START] = INDEX_STEP_START,
            [PUBLISH_STEP_END] = INDEX_STEP_END,
            [PUBLISH_RUN_END] = INDEX_RUN_END,
        };
        struct run_record head = *all[i].run;
        if (all[i].kind != PUBLISH_RUN_END) {
            head.outcome = SL_STR("");
            head.finished_us = 0;
        }
        struct index_publish p = {.fact = names[all[i].kind], .run = &head, .step = all[i].step};
        index_publish(x, q, &p);
        assert_ok(completion_wait(q, &p.c));
    }
    completion_queue_free(q);
    index_free(x);
}

static struct reindex_report rebuild(struct fixture *f)
{
    struct reindex_report report;
    assert_ok(reindex(f->a, f->blobs, sl_str(f->root), f->rebuilt, &report));
    return report;
}

static void test_reindex__gives_the_database_that_was_lost(void **state)
{
    struct fixture *f = *state;
    /* u1 and u2 overlap; u3 comes later, its uid sorts first. */
    struct run_record *runs[] = {
        test_run_record_in(f->a, f->root, "u2", 1000000, "m2", 100, true),
        test_run_record_in(f->a, f->root, "u1", 1000500, "m1", 200, true),
        test_run_record_in(f->a, f->root, "a0", 9000000, "m3", 300, false),
    };
    for (size_t i = 0; i < SL_COUNTOF(runs); i++)
        store(f, runs[i]);
    publish_as_it_happens(f, runs, SL_COUNTOF(runs));
    struct reindex_report report = rebuild(f);
    assert_int_equal(report.runs, 3);
    assert_int_equal(report.gone, 0);
    assert_int_equal(report.n_notes, 0);
    test_same_dump(f->a, test_dump(f->a, f->live), test_dump(f->a, f->rebuilt));
    /* Once more into the same database: nothing moves. */
    rebuild(f);
    test_same_dump(f->a, test_dump(f->a, f->live), test_dump(f->a, f->rebuilt));
}

static void test_reindex__says_what_it_could_not_read(void **state)
{
    struct fixture *f = *state;
    store(f, test_run_record_in(f->a, f->root, "u1", 1000000, "m1", 100, true));
    put(f, sl_arena_format(f->a, "%s/default/taxi/u2/_run.json", f->root), SL_STR("{\"uid\": 7}"));
    put(f, sl_arena_format(f->a, "%s/default/taxi/u3/train/1/_result.json", f->root), SL_STR("{}"));
    put(f, sl_arena_format(f->a, "%s/_run.json", f->root), SL_STR("not one of ours"));
    struct reindex_report report = rebuild(f);
    assert_int_equal(report.runs, 1);
    assert_int_equal(report.unfinished, 1);
    assert_int_equal(report.n_notes, 1);
    assert_true(sl_str_find(report.notes[0], SL_STR("taxi/u2/_run.json")) >= 0);
}

static void test_reindex__artifacts_that_are_gone_are_deleted(void **state)
{
    struct fixture *f = *state;
    struct run_record *r = test_run_record_in(f->a, f->root, "u1", 1000000, "m1", 100, true);
    store(f, r);
    struct blob_request remove = {
        .op = BLOB_REMOVE,
        .uri = sl_arena_format(f->a, "%.*s/_manifest.json", SL_FMT(r->steps[0].outputs[0].uri))};
    assert_ok(blobs_do(f->blobs, &remove));
    assert_int_equal(rebuild(f).gone, 1);
    assert_int_equal(test_number(f->a, f->rebuilt, "SELECT state FROM Artifact WHERE id = 1"), 4);
}

static void test_reindex__no_storage_is_an_empty_index(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rebuild(f).runs, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_reindex__gives_the_database_that_was_lost),
        CASE(test_reindex__says_what_it_could_not_read),
        CASE(test_reindex__artifacts_that_are_gone_are_deleted),
        CASE(test_reindex__no_storage_is_an_empty_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
