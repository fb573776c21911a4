#include "codec/json.h"
#include "codec/sha256.h"
#include "tests/support/test.h"

static struct json *parse(struct sl_arena *a, const char *text)
{
    struct json *v = NULL;
    assert_ok(json_parse(a, sl_str(text), &v));
    return v;
}

static void test_json__formats(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct json *v =
        parse(a, "{\"b\": [1, 2.5, \"x\\n\\u00e9\"], \"a\": {\"c\": null, \"d\": true}}");
    SL_AUTOBUF(b, 0);
    json_format(v, JSON_CANONICAL, &b);
    assert_string_equal(b.p, "{\"a\":{\"c\":null,\"d\":true},\"b\":[1,2.5,\"x\\n\xc3\xa9\"]}");
    sl_buf_clear(&b);
    json_format(v, JSON_PRETTY, &b);
    assert_string_equal(b.p,
                        "{\n  \"b\": [1, 2.5, \"x\\n\xc3\xa9\"],\n  \"a\": {\n    \"c\": null,\n"
                        "    \"d\": true\n  }\n}\n");
}

static void test_json__bad_utf8_is_replaced(void **state)
{
    (void)state;
    SL_AUTOBUF(b, 0);
    json_format_string(SL_STR("a\xff"
                              "b\xc3"),
                       &b);
    assert_string_equal(b.p, "\"a\xef\xbf\xbd"
                             "b\xef\xbf\xbd\"");
}

static void test_json__refuses(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct json *v;
    assert_err(json_parse(a, SL_STR("{\"a\": 1,\n \"a\": 2}"), &v), INVALID, "duplicate key 'a'");
    assert_err(json_parse(a, SL_STR("{\n\"a\": }"), &v), INVALID, "line 2");
    assert_err(json_parse(a, SL_STR("[1] x"), &v), INVALID, "not valid JSON");
    assert_err(json_parse(a, SL_STR(""), &v), INVALID, "not valid JSON");
    SL_AUTOBUF(deep, 0);
    for (int i = 0; i < 100; i++)
        sl_buf_add_char(&deep, '[');
    for (int i = 0; i < 100; i++)
        sl_buf_add_char(&deep, ']');
    assert_err(json_parse(a, sl_buf_str(&deep), &v), INVALID, "nested deeper");
}

struct inner {
    int64_t x;
};
struct outer {
    struct sl_str name;
    int64_t count, timeout_ms, memory;
    double rate;
    bool flag, has_flag;
    int mode, line;
    struct inner inner;
    struct json_objects list;
    struct json_strings words;
};

static const char *const modes[] = {"fast", "slow", NULL};
static const struct json_field inner_fields[] = {{.name = "x",
                                                  .kind = JSON_K_INT,
                                                  .offset = offsetof(struct inner, x),
                                                  .required = true,
                                                  .min = 1,
                                                  .max = 9}};
static const struct json_table inner_table = JSON_TABLE(inner_fields, struct inner);
static const struct json_field outer_fields[] = {
    {.name = "name",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct outer, name),
     .required = true},
    {.name = "count",
     .kind = JSON_K_INT,
     .offset = offsetof(struct outer, count),
     .otherwise = "4"},
    {.name = "timeout",
     .kind = JSON_K_DURATION,
     .offset = offsetof(struct outer, timeout_ms),
     .otherwise = "\"2s\""},
    {.name = "memory", .kind = JSON_K_BYTES, .offset = offsetof(struct outer, memory)},
    {.name = "rate", .kind = JSON_K_NUMBER, .offset = offsetof(struct outer, rate)},
    {.name = "flag",
     .kind = JSON_K_BOOL,
     .offset = offsetof(struct outer, flag),
     .present_offset = offsetof(struct outer, has_flag)},
    {.name = "mode", .kind = JSON_K_ENUM, .offset = offsetof(struct outer, mode), .names = modes},
    {.name = "inner",
     .kind = JSON_K_OBJECT,
     .offset = offsetof(struct outer, inner),
     .table = &inner_table},
    {.name = "list",
     .kind = JSON_K_OBJECT_LIST,
     .offset = offsetof(struct outer, list),
     .table = &inner_table},
    {.name = "words", .kind = JSON_K_STRING_LIST, .offset = offsetof(struct outer, words)},
};
static const struct json_table outer_table = {
    .fields = outer_fields, .n = SL_COUNTOF(outer_fields), .size = sizeof(struct outer)};

static void test_json_decode__fills_by_table(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct diag_list l;
    struct outer o;
    diag_list_init(&l, a, SL_STR(""));
    json_decode(&l,
                parse(a, "{\"name\":\"n\",\"memory\":\"2Mi\",\"flag\":false,\"mode\":\"slow\","
                         "\"list\":[{\"x\":3},{\"x\":4}],\"words\":[\"a\"]}"),
                &outer_table, SL_STR("spec"), &o);
    assert_int_equal(l.error_count, 0);
    assert_true(sl_str_is(o.name, "n"));
    assert_int_equal(o.count, 4);
    assert_int_equal(o.timeout_ms, 2000);
    assert_int_equal(o.memory, 2 << 20);
    assert_true(o.has_flag && !o.flag);
    assert_int_equal(o.mode, 1);
    assert_int_equal(o.list.n, 2);
    assert_int_equal(((struct inner *)o.list.p)[1].x, 4);
    assert_int_equal(o.inner.x, 0); /* absent and optional: what it requires is not missed */
}

static void test_json_decode__tells_all_errors_with_paths(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct diag_list l;
    struct outer o;
    diag_list_init(&l, a, SL_STR("f.yaml"));
    json_decode(&l,
                parse(a, "{\"nam\":\"n\",\"count\":1.5,\"timeout\":\"2\",\"memory\":-1,\"mode\":"
                         "\"fats\",\"inner\":{\"x\":10},\"list\":[{}, 3],\"words\":[1]}"),
                &outer_table, SL_STR("spec"), &o);
    struct sl_err *err = diag_to_err(&l);
    const char *expected =
        "f.yaml: spec.nam: unknown field, did you mean 'name'?\n"
        "f.yaml: spec.name: is required\n"
        "f.yaml: spec.count: expected integer, got a fraction\n"
        "f.yaml: spec.timeout: '2' is no duration, expected one such as \"10s\" or \"1h30m\"\n"
        "f.yaml: spec.memory: expected a size such as \"512Mi\", got number\n"
        "f.yaml: spec.mode: 'fats' is not one of: fast, slow, did you mean 'fast'?\n"
        "f.yaml: spec.inner.x: expected an integer from 1 to 9, got 10\n"
        "f.yaml: spec.list[0].x: is required\n"
        "f.yaml: spec.list[1]: expected object, got number\n"
        "f.yaml: spec.words[0]: expected string, got number; quote it";
    assert_string_equal(err->message, expected);
    sl_err_free(err);
}

static void test_json_decode__refuses_what_is_no_object(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct diag_list l;
    struct outer o;
    diag_list_init(&l, a, SL_STR("f.yaml"));
    json_decode(&l, parse(a, "[1, {}]"), &outer_table, SL_STR("spec"), &o);
    assert_err(diag_to_err(&l), INVALID, "f.yaml: spec: expected object, got list");
}

/* FIPS 180-4 examples. */
static void test_sha256__published_vectors(void **state)
{
    (void)state;
    char hex[SHA256_HEX];
    sha256_hex(SL_STR("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_hex(SL_STR(""), hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    struct sha256 *h = sha256_new();
    sha256_add(h, "a", 1);
    sha256_add(h, "bc", 2);
    sha256_finish(h, hex);
    sha256_free(h);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__formats),
        cmocka_unit_test(test_json__bad_utf8_is_replaced),
        cmocka_unit_test(test_json__refuses),
        cmocka_unit_test(test_json_decode__fills_by_table),
        cmocka_unit_test(test_json_decode__tells_all_errors_with_paths),
        cmocka_unit_test(test_json_decode__refuses_what_is_no_object),
        cmocka_unit_test(test_sha256__published_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
