#include "base/buf.h"
#include "base/file.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/vec.h"
#include "tests/support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void test_arena__blocks_are_aligned_and_distinct(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    char *previous = NULL;
    for (size_t size = 0; size < 5000; size += 7) {
        char *p = sl_arena_alloc(a, size);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, 0xab, size);
        assert_ptr_not_equal(p, previous);
        previous = p;
    }
    sl_arena_clear(a);
    assert_int_equal(sl_arena_used(a), 0);
    assert_str(sl_arena_format(a, "%d-%s", 5, "x"), "5-x");
}

static void test_buf__stops_at_its_maximum(void **state)
{
    (void)state;
    SL_AUTOBUF(b, 8);
    sl_buf_add_cstr(&b, "12345");
    assert_false(b.overflow);
    sl_buf_add_cstr(&b, "6789");
    assert_true(b.overflow);
    sl_buf_add_cstr(&b, "x");
    assert_string_equal(b.p, "12345");
}

static void test_buf__doubles_read_back(void **state)
{
    (void)state;
    struct sl_rng r;
    sl_rng_init(&r, 7);
    for (int i = 0; i < 20000; i++) {
        double d = (sl_rng_f64(&r) - 0.5) * (double)(sl_rng_u64(&r) >> (i % 60)), back;
        SL_AUTOBUF(b, 0);
        sl_buf_add_f64(&b, d);
        assert_true(sl_str_to_f64(sl_buf_str(&b), &back));
        assert_true(back == d);
    }
    SL_AUTOBUF(b, 0);
    sl_buf_add_f64(&b, 0.1);
    assert_string_equal(b.p, "0.1");
}

static void test_buf__html_is_escaped(void **state)
{
    (void)state;
    SL_AUTOBUF(b, 0);
    sl_buf_add_html(&b, SL_STR("<a href=\"x\">&'"));
    assert_string_equal(b.p, "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

static void test_err__frames_read_from_outside_in(void **state)
{
    (void)state;
    struct sl_err *err =
        SL_WRAP(SL_WRAP(SL_ERR_CODE(DENIED, 403, "forbidden"), "create pod"), "run 'r'");
    SL_AUTOBUF(b, 0);
    sl_err_format(err, &b);
    assert_string_equal(b.p, "run 'r': create pod: forbidden");
    assert_int_equal(err->kind, SL_ERR_DENIED);
    assert_int_equal(err->code, 403);
    sl_err_free(err);
    errno = ENOENT;
    err = SL_ERRNO("open 'x'");
    assert_int_equal(err->kind, SL_ERR_NOT_FOUND);
    assert_int_equal(err->code, ENOENT);
    sl_err_free(err);
}

static void test_map__keeps_the_order_of_insertion(void **state)
{
    (void)state;
    SL_AUTOMAP(m);
    char key[16];
    for (int i = 0; i < 10000; i++) {
        bool added;
        snprintf(key, sizeof(key), "k%d", (i * 7919) % 10000);
        *sl_map_add(&m, sl_str(key), &added) = (uint64_t)i;
        assert_true(added);
    }
    assert_int_equal(m.n, 10000);
    for (int i = 0; i < 10000; i++) {
        snprintf(key, sizeof(key), "k%d", (i * 7919) % 10000);
        assert_int_equal(*sl_map_find(&m, sl_str(key)), i);
        assert_true(sl_str_is(m.entries[i].key, key));
    }
    assert_null(sl_map_find(&m, SL_STR("absent")));
    sl_map_clear(&m);
    assert_null(sl_map_find(&m, SL_STR("k1")));
}

static void test_vec__grows(void **state)
{
    (void)state;
    SL_VEC(int) v = {0};
    for (int i = 0; i < 1000; i++)
        *sl_vec_add(&v) = i;
    assert_int_equal(v.n, 1000);
    assert_int_equal(v.p[999], 999);
    sl_vec_deinit(&v);
}

/* xoshiro256** seeded with the state {1, 2, 3, 4}: first outputs by hand from the published
 * recurrence. */
static void test_rng__is_xoshiro256starstar(void **state)
{
    (void)state;
    struct sl_rng r = {{1, 2, 3, 4}};
    assert_true(sl_rng_u64(&r) == 11520);
    assert_true(sl_rng_u64(&r) == 0);
    assert_true(sl_rng_u64(&r) == 1509978240);
    for (int i = 0; i < 1000; i++)
        assert_true(sl_rng_below(&r, 7) < 7);
}

static void test_file__write_is_whole_and_leaves_no_part(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    char folder[] = "/tmp/sluice-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    const char *deep = sl_arena_format(a, "%s/a/b", folder).p;
    const char *path = sl_arena_format(a, "%s/f", deep).p;
    struct sl_str back;
    assert_ok(sl_dir_make(deep));
    assert_ok(sl_file_write(path, SL_STR("one")));
    assert_ok(sl_file_write(path, SL_STR("two")));
    assert_ok(sl_file_read(a, path, 3, &back));
    assert_str(back, "two");
    assert_err(sl_file_read(a, path, 2, &back), EXHAUSTED, path);
    assert_err(sl_file_read(a, deep, 10, &back), INVALID, "folder");
    assert_ok(sl_dir_remove(folder));
    assert_false(sl_file_exists(folder));
    assert_ok(sl_dir_remove(folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena__blocks_are_aligned_and_distinct),
        cmocka_unit_test(test_buf__stops_at_its_maximum),
        cmocka_unit_test(test_buf__doubles_read_back),
        cmocka_unit_test(test_buf__html_is_escaped),
        cmocka_unit_test(test_err__frames_read_from_outside_in),
        cmocka_unit_test(test_map__keeps_the_order_of_insertion),
        cmocka_unit_test(test_vec__grows),
        cmocka_unit_test(test_rng__is_xoshiro256starstar),
        cmocka_unit_test(test_file__write_is_whole_and_leaves_no_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
