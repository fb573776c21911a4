#include "engine/params.h"

#include "core/catalog/catalog.h"
#include "tests/support/test.h"

static void check_uri(const char *path, const char *folder, const char *expected)
{
    SL_AUTOARENA(a);
    assert_str(params_absolute_uri(a, sl_str(path), folder), expected);
}

static void test_params__absolute_uri(void **state)
{
    (void)state;
    check_uri("x.csv", "/home/me", "file:///home/me/x.csv");
    check_uri("./a//b/../x.csv", "/home/me", "file:///home/me/a/x.csv");
    check_uri("../data/*.csv", "/home/me", "file:///home/data/*.csv");
    check_uri("../../../../x", "/home/me", "file:///x");
    check_uri("/abs/./x", "/home/me", "file:///abs/x");
    check_uri("folder/", "/home/me", "file:///home/me/folder/");
    check_uri("s3://b/../x", "/home/me", "s3://b/../x");
    check_uri("file:///x", "/home/me", "file:///x");
    check_uri(".", "/home/me", "file:///home/me");
}

static void test_params__globs(void **state)
{
    SL_AUTOARENA(a);
    struct sl_str glob = SL_STR("file:///d/part-*.csv");
    (void)state;
    assert_true(params_is_glob(glob));
    assert_false(params_is_glob(SL_STR("file:///d/x.csv")));
    assert_str(params_glob_folder(glob), "file:///d/");
    assert_str(params_glob_folder(SL_STR("file:///d/2026-*/x.csv")), "file:///d/");
    assert_true(params_glob_matches(a, glob, SL_STR("file:///d/part-7.csv")));
    assert_false(params_glob_matches(a, glob, SL_STR("file:///d/part-7/x.csv")));
    assert_false(params_glob_matches(a, SL_STR("file:///d/*"), SL_STR("file:///d/.hidden")));
    assert_true(params_glob_matches(a, SL_STR("file:///d/[ab]?"), SL_STR("file:///d/b1")));
}

/* ExampleGen's inputs: one for all splits, or one for each. */
static void test_params__make_absolute(void **state)
{
    SL_AUTOARENA(a);
    struct json *params;
    (void)state;
    assert_ok(json_parse(a,
                         SL_STR("{\"input\":\"x.csv\",\"splits\":[{\"name\":\"x.csv\"},"
                                "{\"input\":\"e/*.csv\"}],\"delimiter\":\"x.csv\"}"),
                         &params));
    params_make_absolute(a, catalog_find(SL_STR("ExampleGen")), params, "/d");
    SL_AUTOBUF(text, 0);
    json_format(params, JSON_COMPACT, &text);
    assert_str(sl_buf_str(&text), "{\"input\":\"file:///d/x.csv\",\"splits\":[{\"name\":\"x.csv\"},"
                                  "{\"input\":\"file:///d/e/*.csv\"}],\"delimiter\":\"x.csv\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_params__absolute_uri),
        cmocka_unit_test(test_params__globs),
        cmocka_unit_test(test_params__make_absolute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
