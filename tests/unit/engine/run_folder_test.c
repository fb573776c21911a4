#include "engine/run_folder.h"

#include "base/file.h"
#include "core/pipeline/manifest.h"
#include "tests/support/engine_world.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>

static const char yaml[] =
    "apiVersion: sluice.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  steps:\n"
    "  - name: a\n    container: {image: 'x:1', command: [x]}\n"
    "  - name: b\n    container: {image: 'x:1', command: [x]}\n";

struct fixture {
    struct engine_world w;
    char root[64];
    const struct spec_pipeline *pipeline;
    struct run_record run;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->root, sizeof(f->root), "/tmp/sluice-folder-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    engine_world_init(&f->w);
    f->pipeline = engine_world_pipeline(&f->w, yaml);
    f->run = (struct run_record){.uid = SL_STR("u1"),
                                 .name = SL_STR("p-1"),
                                 .run_namespace = SL_STR("default"),
                                 .pipeline = SL_STR("p"),
                                 .created_by = SL_STR("me"),
                                 .uri = SL_STR("file:///s/u1"),
                                 .created_us = 1795336851450500};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    engine_world_deinit(&f->w);
    sl_err_free(sl_dir_remove(f->root));
    free(f);
    return 0;
}

static void save_status(struct fixture *f, struct run_folder *folder, const char *outcome)
{
    struct json *status = json_new_object(f->w.a);
    if (outcome)
        json_set_string(f->w.a, status, "outcome", sl_str(outcome));
    struct engine_store *store = run_folder_store(folder);
    assert_ok(store->save_status(store, &f->run, status));
}

static void test_run_folder__comes_back(void **state)
{
    struct fixture *f = *state;
    struct sl_arena *a = f->w.a;
    struct run_folder *folder;
    struct run_folder_content c;
    struct step_record *steps, b = {.step = SL_STR("b"), .attempt = 4};
    assert_ok(run_folder_create(f->root, &f->run, f->pipeline, "/home", &folder));
    struct engine_store *store = run_folder_store(folder);
    assert_ok(store->save_step(store, &f->run, &b));
    save_status(f, folder, NULL);
    run_folder_free(folder);

    assert_ok(run_folder_open(a, f->root, SL_STR("u1"), &folder, &c));
    assert_str(c.record.name, "p-1");
    assert_str(c.record.created_by, "me");
    assert_str(c.record.uri, "file:///s/u1");
    assert_str(c.folder, "/home");
    assert_int_equal(c.record.created_us, 1795336851450500);
    assert_non_null(c.status);
    assert_ok(run_folder_read_steps(a, folder, f->pipeline, &steps));
    assert_int_equal(steps[0].attempt, 0);
    assert_int_equal(steps[1].attempt, 4);
    struct diag_list l;
    struct manifest m = {0};
    diag_list_init(&l, a, SL_STR(""));
    manifest_read_object(&l, c.pipeline_object, &m);
    manifest_check(&l, &m);
    assert_ok(diag_to_err(&l));
    assert_int_equal(m.pipelines[0]->n_steps, 2);
    run_folder_free(folder);
}

static void test_run_folder__killed_before_its_first_state(void **state)
{
    struct fixture *f = *state;
    struct run_folder *folder;
    struct run_folder_content c;
    assert_ok(run_folder_create(f->root, &f->run, f->pipeline, "/home", &folder));
    run_folder_free(folder);
    assert_ok(run_folder_open(f->w.a, f->root, SL_STR("u1"), &folder, &c));
    assert_null(c.status);
    run_folder_free(folder);
}

static void test_run_folder__one_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct run_folder *folder, *second;
    struct run_folder_content c;
    assert_ok(run_folder_create(f->root, &f->run, f->pipeline, "/home", &folder));
    assert_err(run_folder_open(f->w.a, f->root, SL_STR("u1"), &second, &c), UNAVAILABLE,
               "another 'sluice run'");
    run_folder_free(folder);
    assert_err(run_folder_open(f->w.a, f->root, SL_STR("u2"), &second, &c), NOT_FOUND, "u2");
}

static void test_run_folder__lists_newest_first(void **state)
{
    struct fixture *f = *state;
    static const struct sl_str uids[] = {{"u1", 2}, {"u2", 2}, {"u3", 2}};
    struct run_folder_entry *all;
    size_t n;
    assert_ok(run_folder_list(f->w.a, f->root, &all, &n));
    assert_int_equal(n, 0);
    for (size_t i = 0; i < 3; i++) {
        struct run_folder *folder;
        f->run.uid = uids[i];
        f->run.created_us += i == 1 ? 100 : 1;
        assert_ok(run_folder_create(f->root, &f->run, f->pipeline, "/home", &folder));
        save_status(f, folder, i == 1 ? "failed" : NULL);
        run_folder_free(folder);
    }
    struct sl_str junk = sl_arena_format(f->w.a, "%s/runs/junk", f->root);
    assert_ok(sl_dir_make(junk.p));
    assert_ok(run_folder_list(f->w.a, f->root, &all, &n));
    assert_int_equal(n, 3);
    assert_str(all[0].uid, "u3");
    assert_str(all[1].uid, "u2");
    assert_str(all[1].outcome, "failed");
    assert_str(all[2].outcome, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_run_folder__comes_back),
        TEST(test_run_folder__killed_before_its_first_state),
        TEST(test_run_folder__one_at_a_time),
        TEST(test_run_folder__lists_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
