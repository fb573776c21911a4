#include "adapter/blob_fs/blob_fs.h"

#include "base/file.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

struct fixture {
    struct sl_arena *a;
    struct blobs *blobs;
    char folder[32];
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){
        .a = sl_arena_new(), .blobs = blob_fs_new(), .folder = "/tmp/sluice-test-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
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

static void check_sha256(struct fixture *f, struct sl_str data, const char *expected)
{
    struct sl_str uri = sl_arena_format(f->a, "file://%s/object", f->folder);
    struct blob_request r = {.op = BLOB_SHA256, .uri = uri};
    assert_ok(blobs_write(f->blobs, uri, data, false));
    assert_ok(blobs_do(f->blobs, &r));
    assert_string_equal(r.ret_sha256, expected);
}

/* The expected digests are FIPS 180-2's examples; the last is larger than one read. */
static void test_blob_fs__sha256(void **state)
{
    struct fixture *f = *state;
    char *million = sl_arena_alloc(f->a, 1000000);
    memset(million, 'a', 1000000);
    check_sha256(f, SL_STR(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_sha256(f, SL_STR("abc"),
                 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_sha256(f, sl_strn(million, 1000000),
                 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_blob_fs__sha256_of_no_object(void **state)
{
    struct fixture *f = *state;
    struct blob_request r = {.op = BLOB_SHA256,
                             .uri = sl_arena_format(f->a, "file://%s/none", f->folder)};
    assert_err(blobs_do(f->blobs, &r), NOT_FOUND, "none'");
    r.uri = sl_arena_format(f->a, "file://%s/none/..", f->folder);
    assert_err(blobs_do(f->blobs, &r), INVALID, "leaves its folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_blob_fs__sha256, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_blob_fs__sha256_of_no_object, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
