#include "adapter/blob_fs/blob_fs.h"
#include "base/file.h"
#include "codec/sha256.h"
#include "store/artifact.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <unistd.h>

struct fixture {
    struct sl_arena *a;
    struct blobs *blobs;
    char folder[32];
    struct sl_str uri;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){
        .a = sl_arena_new(), .blobs = blob_fs_new(), .folder = "/tmp/sluice-test-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    f.uri = sl_arena_format(f.a, "file://%s/run/step/1/out", f.folder);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->blobs->ops->free(f->blobs);
    assert_ok(sl_dir_remove(f->folder));
    sl_arena_free(f->a);
    return 0;
}

static void write_big(struct artifact_writer *w, const char *path, size_t size)
{
    struct artifact_file *file;
    char block[1000];
    assert_ok(artifact_file_new(w, sl_str(path), &file));
    for (size_t done = 0; done < size; done += sizeof(block)) {
        memset(block, (int)('a' + done / sizeof(block) % 26), sizeof(block));
        assert_ok(artifact_file_append(file, block, SL_MIN(sizeof(block), size - done)));
    }
    assert_ok(artifact_file_close(file));
}

static void test_artifact__comes_back_as_written(void **state)
{
    struct fixture *f = *state;
    struct artifact_writer *w = artifact_writer_new(f->blobs, f->uri, SL_STR("Examples"));
    struct sl_str digest, data;
    int64_t bytes;
    struct json *properties = json_new_object(f->a);
    json_set_number(f->a, properties, "rows", 12);
    assert_ok(artifact_write(w, SL_STR("b/small.txt"), SL_STR("hello")));
    write_big(w, "a/big.bin", 20000500);
    struct artifact *t;
    assert_err(artifact_open(f->a, f->blobs, f->uri, SL_STR(""), &t), NOT_FOUND, "_manifest.json");
    assert_ok(artifact_commit(w, f->a, properties, &digest, &bytes));
    artifact_writer_free(w);
    assert_int_equal(bytes, 20000505);

    assert_ok(artifact_open(f->a, f->blobs, f->uri, digest, &t));
    assert_int_equal(t->n_files, 2);
    assert_str(t->files[0].path, "a/big.bin");
    assert_int_equal(json_get_number(t->properties, "rows", 0), 12);
    assert_ok(artifact_read(f->a, t, SL_STR("b/small.txt"), 100, &data));
    assert_str(data, "hello");
    assert_ok(artifact_read(f->a, t, SL_STR("a/big.bin"), 30000000, &data));
    assert_int_equal(data.p[8388608], 'a' + 8388608 / 1000 % 26);
    char two[2];
    assert_ok(artifact_pread(t, SL_STR("a/big.bin"), 999, two, 2));
    assert_memory_equal(two, "ab", 2);
    assert_err(artifact_pread(t, SL_STR("a/big.bin"), 20000499, two, 2), CORRUPT, "ends before");
    assert_err(artifact_read(f->a, t, SL_STR("c"), 1, &data), NOT_FOUND, "no file 'c'");
}

/* The digest is a fact of type and files: the JSON is written out here by hand. */
static void test_artifact__digest_is_of_canonical_json(void **state)
{
    struct fixture *f = *state;
    struct artifact_writer *w = artifact_writer_new(f->blobs, f->uri, SL_STR("T"));
    struct sl_str digest;
    int64_t bytes;
    assert_ok(artifact_write(w, SL_STR("x"), SL_STR("abc")));
    assert_ok(artifact_commit(w, f->a, NULL, &digest, &bytes));
    artifact_writer_free(w);
    char hex[SHA256_HEX];
    sha256_hex(SL_STR("{\"files\":[{\"bytes\":3,\"path\":\"x\",\"sha256\":"
                      "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}],"
                      "\"type\":\"T\"}"),
               hex);
    assert_str(digest, hex);
}

static void test_artifact__damage_is_found(void **state)
{
    struct fixture *f = *state;
    struct artifact_writer *w = artifact_writer_new(f->blobs, f->uri, SL_STR("T"));
    struct sl_str digest, data;
    int64_t bytes;
    struct artifact *t;
    assert_ok(artifact_write(w, SL_STR("x"), SL_STR("abc")));
    assert_ok(artifact_commit(w, f->a, NULL, &digest, &bytes));
    artifact_writer_free(w);
    assert_err(artifact_open(f->a, f->blobs, f->uri, SL_STR("00"), &t), CORRUPT, "expected 00");
    assert_ok(
        sl_file_write(sl_arena_format(f->a, "%s/run/step/1/out/x", f->folder).p, SL_STR("abd")));
    assert_ok(artifact_open(f->a, f->blobs, f->uri, digest, &t));
    assert_err(artifact_read(f->a, t, SL_STR("x"), 100, &data), CORRUPT,
               "not what its manifest says");
    const char *manifest = sl_arena_format(f->a, "%s/run/step/1/out/_manifest.json", f->folder).p;
    assert_ok(sl_file_write(manifest, SL_STR("{\"type\":\"T\",\"digest\":\"11\",\"files\":[]}")));
    assert_err(artifact_open(f->a, f->blobs, f->uri, SL_STR(""), &t), CORRUPT, "does not hold");
    assert_ok(sl_file_write(manifest, SL_STR("{\"type\":")));
    assert_err(artifact_open(f->a, f->blobs, f->uri, SL_STR(""), &t), INVALID, "_manifest.json");
}

static void test_blob_fs__put_if_absent_has_one_winner(void **state)
{
    struct fixture *f = *state;
    struct sl_str uri = sl_arena_format(f->a, "file://%s/claim", f->folder), data;
    assert_ok(blobs_write(f->blobs, uri, SL_STR("first"), true));
    assert_err(blobs_write(f->blobs, uri, SL_STR("second"), true), CONFLICT, "claim");
    assert_ok(blobs_read(f->blobs, f->a, uri, 100, &data));
    assert_str(data, "first");
    assert_err(blobs_read(f->blobs, f->a, uri, 4, &data), EXHAUSTED, "limit of 4");
    assert_err(blobs_read(f->blobs, f->a, SL_STR("s3://b/k"), 4, &data), INVALID, "no file URI");
    assert_err(blobs_read(f->blobs, f->a, SL_STR("file:///tmp/../etc/passwd"), 4, &data), INVALID,
               "'..'");
}

static void test_blob_fs__list_is_sorted_and_leaves_out_parts(void **state)
{
    struct fixture *f = *state;
    const char *names[] = {"b/2", "a", "b/1", "c.part-1-1"};
    for (size_t i = 0; i < SL_COUNTOF(names); i++)
        assert_ok(blobs_write(f->blobs,
                              sl_arena_format(f->a, "file://%s/d/%s", f->folder, names[i]),
                              SL_STR("x"), false));
    struct blob_request r = {
        .op = BLOB_LIST, .uri = sl_arena_format(f->a, "file://%s/d/", f->folder), .a = f->a};
    assert_ok(blobs_do(f->blobs, &r));
    assert_int_equal(r.ret_n, 3);
    assert_true(sl_str_ends(r.ret_list[0].uri, SL_STR("/d/a")));
    assert_true(sl_str_ends(r.ret_list[2].uri, SL_STR("/d/b/2")));
    r = (struct blob_request){
        .op = BLOB_LIST, .uri = sl_arena_format(f->a, "file://%s/none/", f->folder), .a = f->a};
    assert_ok(blobs_do(f->blobs, &r));
    assert_int_equal(r.ret_n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_artifact__comes_back_as_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_artifact__digest_is_of_canonical_json, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_artifact__damage_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_blob_fs__put_if_absent_has_one_winner, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_blob_fs__list_is_sorted_and_leaves_out_parts, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
