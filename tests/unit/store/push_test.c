#include "tests/support/test.h"

#include "adapter/blob_fs/blob_fs.h"
#include "base/alloc.h"
#include "base/file.h"
#include "net/workers.h"
#include "store/push.h"

#include <dirent.h>

struct fixture {
    char folder[64];
    struct sl_arena *a;
    struct blobs *blobs;
    struct sl_str destination;
    struct artifact *model;
};

static struct sl_str uri_of(struct fixture *f, const char *path)
{
    return sl_arena_format(f->a, "file://%s/%s", f->folder, path);
}

static int set_up(void **state)
{
    struct fixture *f = SL_NEW(struct fixture);
    struct sl_str digest;
    int64_t bytes;
    snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-push-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->a = sl_arena_new();
    f->blobs = blob_fs_new();
    f->destination = uri_of(f, "serving");
    struct artifact_writer *w = artifact_writer_new(f->blobs, uri_of(f, "model"), SL_STR("Model"));
    assert_ok(artifact_write(w, SL_STR("model.json"), SL_STR("{}")));
    assert_ok(artifact_write(w, SL_STR("weights/w.bin"), SL_STR("1234567890")));
    assert_ok(artifact_write(w, SL_STR("empty"), SL_STR("")));
    assert_ok(artifact_commit(w, f->a, NULL, &digest, &bytes));
    artifact_writer_free(w);
    assert_ok(artifact_open(f->a, f->blobs, uri_of(f, "model"), SL_STR(""), &f->model));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->blobs->ops->free(f->blobs);
    sl_arena_free(f->a);
    assert_ok(sl_dir_remove(f->folder));
    sl_free(f);
    return 0;
}

static struct push_result push(struct fixture *f, int64_t now_us)
{
    struct push_result r;
    assert_ok(push_model(f->a, f->blobs, f->model, f->destination, now_us, &r));
    return r;
}

static void test_push__is_the_model_again(void **state)
{
    struct fixture *f = *state;
    struct artifact *pushed;
    struct push_result r = push(f, 1763797137123456);
    assert_str(r.version, "1763797137");
    assert_str(r.uri, sl_arena_format(f->a, "%s/1763797137", f->destination.p).p);
    assert_int_equal(r.bytes, 12);
    assert_ok(artifact_open(f->a, f->blobs, r.uri, f->model->digest, &pushed));
    assert_int_equal(pushed->n_files, 3);
}

/* Servers take the highest number: a clock that went back must not hide a push. */
static void test_push__versions_only_grow(void **state)
{
    struct fixture *f = *state;
    assert_str(push(f, 2000000000).version, "2000");
    assert_str(push(f, 1000000000).version, "2001");
    assert_str(push(f, 2000000000).version, "2002");
    /* Other things may lie beside them. */
    assert_ok(blobs_write(f->blobs, uri_of(f, "serving/README"), SL_STR("x"), false));
    assert_ok(blobs_write(f->blobs, uri_of(f, "serving/next/9999"), SL_STR("x"), false));
    assert_str(push(f, 3000000000).version, "3000");
}

static void test_push__a_changed_file_is_not_pushed(void **state)
{
    struct fixture *f = *state;
    struct push_result r;
    struct artifact *pushed;
    assert_ok(blobs_write(f->blobs, uri_of(f, "model/weights/w.bin"), SL_STR("1234567899"), false));
    assert_err(push_model(f->a, f->blobs, f->model, f->destination, 2000000000, &r), CORRUPT,
               "weights/w.bin");
    assert_err(artifact_open(f->a, f->blobs, uri_of(f, "serving/2000"), SL_STR(""), &pushed),
               NOT_FOUND, "");
    /* Nothing stays: no version, no staging. */
    DIR *dir = opendir(sl_arena_format(f->a, "%s/serving", f->folder).p);
    assert_null(dir);
}

struct pusher {
    struct fixture *f;
    struct sl_arena *arenas[8];
    struct push_result results[8];
};

static struct sl_err *push_part(void *ctx, size_t index, int thread SL_UNUSED)
{
    struct pusher *p = ctx;
    return push_model(p->arenas[index], p->f->blobs, p->f->model, p->f->destination, 2000000000,
                      &p->results[index]);
}

/* All want version 2000: each gets one of its own, and each is whole. */
static void test_push__several_at_once(void **state)
{
    struct fixture *f = *state;
    struct pusher p = {.f = f};
    struct workers *w = workers_new(4);
    for (size_t i = 0; i < 8; i++)
        p.arenas[i] = sl_arena_new();
    assert_ok(workers_parallel_for(w, 8, push_part, &p));
    for (size_t i = 0; i < 8; i++) {
        struct artifact *pushed;
        struct sl_str weights;
        for (size_t j = 0; j < i; j++)
            assert_false(sl_str_eq(p.results[i].version, p.results[j].version));
        assert_ok(artifact_open(f->a, f->blobs, p.results[i].uri, f->model->digest, &pushed));
        assert_ok(artifact_read(f->a, pushed, SL_STR("weights/w.bin"), 100, &weights));
        assert_ok(artifact_read(f->a, pushed, SL_STR("model.json"), 100, &weights));
    }
    for (size_t i = 0; i < 8; i++)
        sl_arena_free(p.arenas[i]);
    workers_free(w);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_push__is_the_model_again),
        CASE(test_push__versions_only_grow),
        CASE(test_push__a_changed_file_is_not_pushed),
        CASE(test_push__several_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
