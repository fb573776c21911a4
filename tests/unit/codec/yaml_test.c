#include "tests/support/test.h"

#include "base/limits.h"
#include "codec/yaml.h"

/* All documents as compact JSON, a line each. */
static struct sl_str to_json(struct sl_arena *a, const char *text)
{
    struct json **documents;
    size_t n;
    SL_AUTOBUF(b, 0);
    assert_ok(yaml_parse(a, sl_str(text), &documents, &n));
    for (size_t i = 0; i < n; i++) {
        if (i)
            sl_buf_add_char(&b, '\n');
        json_format(documents[i], JSON_COMPACT, &b);
    }
    return sl_arena_str(a, sl_buf_str(&b));
}

#define assert_yaml_fails(text, part)                                                       \
    do {                                                                                    \
        SL_AUTOARENA(fails_a);                                                              \
        struct json **fails_documents;                                                      \
        size_t fails_n;                                                                     \
        assert_err(yaml_parse(fails_a, (text), &fails_documents, &fails_n), INVALID, part); \
    } while (0)

/* Expected: what sigs.k8s.io/yaml makes of them (its resolve table and number syntax). */
static void test_yaml_parse__scalars_as_kubectl_reads_them(void **state SL_UNUSED)
{
    static const char *const cases[][2] = {
        {"yes", "true"},
        {"Yes", "true"},
        {"YES", "true"},
        {"y", "true"},
        {"N", "false"},
        {"no", "false"},
        {"on", "true"},
        {"Off", "false"},
        {"OFF", "false"},
        {"true", "true"},
        {"True", "true"},
        {"FALSE", "false"},
        {"tRUE", "\"tRUE\""},
        {"yEs", "\"yEs\""},
        {"'yes'", "\"yes\""},
        {"\"on\"", "\"on\""},
        {"null", "null"},
        {"~", "null"},
        {"Null", "null"},
        {"nULL", "\"nULL\""},
        {"", "null"},
        {"12", "12"},
        {"+12", "12"},
        {"-12", "-12"},
        {"1_000", "1000"},
        {"0x1F", "31"},
        {"0X1f", "31"},
        {"-0x10", "-16"},
        {"0o17", "15"},
        {"017", "15"},
        {"08", "8"},
        {"0b101", "5"},
        {"-0b101", "-5"},
        {"0b102", "\"0b102\""},
        {"0x", "\"0x\""},
        {"1.5", "1.5"},
        {"1.", "1"},
        {".5", "0.5"},
        {"-.5", "-0.5"},
        {"1e3", "1000"},
        {"1.5E-3", "0.0015"},
        {"1e", "\"1e\""},
        {"1.2.3", "\"1.2.3\""},
        {"12:30", "\"12:30\""},
        {"-", "[null]"},
        {"1e400", "\"1e400\""},
        {"_1", "\"_1\""},
        {"2020-01-02", "\"2020-01-02\""},
        {"1 2", "\"1 2\""},
        {"!!str 12", "\"12\""},
        {"!!int '12'", "12"},
        {"!!float 12", "12"},
        {"! 12", "\"12\""},
        {"$(params.x)", "\"$(params.x)\""},
        {"500m", "\"500m\""},
        {"512Mi", "\"512Mi\""},
        {"0.7", "0.7"},
        {"9007199254740992", "9007199254740992"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        SL_AUTOARENA(a);
        struct sl_str text = sl_arena_format(a, "k: %s\n", cases[i][0]);
        struct sl_str want = sl_arena_format(a, "{\"k\":%s}", cases[i][1]);
        if (sl_str_is(sl_str(cases[i][0]), "-"))
            text = SL_STR("k:\n-\n");
        struct sl_str got = to_json(a, text.p);
        if (!sl_str_eq(got, want))
            fail_msg("%s: got %s, expected %s", text.p, got.p, want.p);
    }
}

static void test_yaml_parse__structure(void **state SL_UNUSED)
{
    static const char *const cases[][2] = {
        {"a: {b: [1, two, {c: 3}]}", "{\"a\":{\"b\":[1,\"two\",{\"c\":3}]}}"},
        {"- a\n- b: c\n  d: e\n-\n  - f\n", "[\"a\",{\"b\":\"c\",\"d\":\"e\"},[\"f\"]]"},
        {"a: |\n  one\n  two\n", "{\"a\":\"one\\ntwo\\n\"}"},
        {"a: >-\n  one\n  two\n", "{\"a\":\"one two\"}"},
        {"a: 'it''s'", "{\"a\":\"it's\"}"},
        {"a: \"\\u00e9\\n\"", "{\"a\":\"\xc3\xa9\\n\"}"},
        {"1: a\ntrue: b\n", "{\"1\":\"a\",\"true\":\"b\"}"},
        {"--- 1\n---\na: 2\n...\n---\n", "1\n{\"a\":2}"},
        {"# nothing\n", ""},
        {"", ""},
        {"{\"json\": [true, null, 1.5]}", "{\"json\":[true,null,1.5]}"},
        {"\xef\xbb\xbf"
         "a: 1\r\nb: 2\r\n",
         "{\"a\":1,\"b\":2}"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        SL_AUTOARENA(a);
        assert_str(to_json(a, cases[i][0]), cases[i][1]);
    }
}

static void test_yaml_parse__anchors_and_merge_keys(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    assert_str(to_json(a, "a: &x {p: 1}\nb: *x\nc: [*x, *x]\n"),
               "{\"a\":{\"p\":1},\"b\":{\"p\":1},\"c\":[{\"p\":1},{\"p\":1}]}");
    assert_str(to_json(a, "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3, r: 4}\n"),
               "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"q\":3,\"r\":4,\"p\":1}}");
    assert_str(to_json(a, "a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}\n"),
               "{\"a\":{\"p\":1},\"b\":{\"p\":2,\"q\":2},\"c\":{\"p\":1,\"q\":2}}");
    assert_str(to_json(a, "a: {'<<': 1}"), "{\"a\":{\"<<\":1}}"); /* quoted: a key like others */
    assert_str(to_json(a, "a: &x 1\nb: &x 2\nc: *x\n"), "{\"a\":1,\"b\":2,\"c\":2}");
}

static void test_yaml_parse__lines(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    struct json **d;
    size_t n;
    assert_ok(yaml_parse(a, SL_STR("a: 1\nb:\n- x\n- {c: 2,\n   d: 3}\n---\ne: 4\n"), &d, &n));
    assert_int_equal(n, 2);
    assert_int_equal(d[0]->line, 1);
    assert_int_equal(json_get(d[0], "b")->line, 3);
    assert_int_equal(json_get(d[0], "b")->items[1]->line, 4);
    assert_int_equal(json_get(json_get(d[0], "b")->items[1], "d")->line, 5);
    assert_int_equal(json_get(d[1], "e")->line, 7);
}

static void test_yaml_parse__errors_say_where(void **state SL_UNUSED)
{
    static const char *const cases[][2] = {
        {"a: [1, 2", "line 2, column 1: did not find expected ',' or ']' (while parsing a flow "
                     "sequence that starts in line 1)"},
        {"a: 1\n b: 2\n", "line 2, column 3: mapping values are not allowed in this context"},
        {"a: 'x", "found unexpected end of stream"},
        {"a:\n\t- b", "line 2, column 1: found character that cannot start any token"},
        {"a: 1\nb: 2\na: 3\n", "line 3, column 1: duplicate key 'a'"},
        {"a: *x", "line 1, column 4: there is no anchor &x before this alias"},
        {"a: &x [*x]", "line 1, column 8: the alias *x stands inside of its own anchor"},
        {"--- &x 1\n--- *x\n", "line 2, column 5: there is no anchor &x"},
        {"? [a]\n: b", "line 1, column 3: a key must be a scalar"},
        {"a: .inf", "line 1, column 4: .inf has no place in JSON"},
        {"a: -.NaN", "a string"},
        {"a: 9007199254740993", "quote it to make it a string"},
        {"a: !!binary abc", "the tag tag:yaml.org,2002:binary is not supported"},
        {"a: !!int abc", "does not fit 'abc'"},
        {"a: !point {x: 1}", "the tag !point is not supported"},
        {"a: !!set {x}", "is not supported"},
        {"a: {<<: 1}", "'<<' takes a mapping or a list of mappings"},
        {"a: {<<: [1]}", "'<<' takes a mapping or a list of mappings"},
        {"a: \"\\0\"", "line 1, column 4: a NUL byte in a string"},
        {"a: \xff", "invalid leading UTF-8 octet"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++)
        if (!sl_str_is(sl_str(cases[i][0]), "a: -.NaN"))
            assert_yaml_fails(sl_str(cases[i][0]), cases[i][1]);
    SL_AUTOARENA(a);
    assert_str(to_json(a, "a: -.NaN"), "{\"a\":\"-.NaN\"}"); /* not in go-yaml's table */
}

static void test_yaml_parse__growth_is_bounded(void **state SL_UNUSED)
{
    SL_AUTOBUF(deep, 0);
    SL_AUTOBUF(laughs, 0);
    SL_AUTOBUF(many, 0);
    SL_AUTOBUF(large, 0);
    for (int i = 0; i < 100; i++)
        sl_buf_add_char(&deep, '[');
    assert_yaml_fails(sl_buf_str(&deep), "nested deeper than 64");
    /* Each line has ten of the one before: 10^9 in the end. */
    sl_buf_add_cstr(&laughs, "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for (int i = 1; i < 9; i++) {
        sl_buf_format(&laughs, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            sl_buf_format(&laughs, "%s*a%d", j ? ", " : "", i - 1);
        sl_buf_add_cstr(&laughs, "]\n");
    }
    assert_yaml_fails(sl_buf_str(&laughs), "more than 200000 nodes, those of aliases included");
    sl_buf_add_cstr(&many, "a: &a 1\nb: [");
    for (int i = 0; i < 1001; i++)
        sl_buf_add_cstr(&many, "*a, ");
    sl_buf_add_cstr(&many, "1]\n");
    assert_yaml_fails(sl_buf_str(&many), "more than 1000 aliases");
    for (size_t i = 0; i <= SL_LIMIT_MANIFEST_BYTES; i++)
        sl_buf_add_char(&large, 'a');
    assert_yaml_fails(sl_buf_str(&large), "the text is longer than 1048576 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml_parse__scalars_as_kubectl_reads_them),
        cmocka_unit_test(test_yaml_parse__structure),
        cmocka_unit_test(test_yaml_parse__anchors_and_merge_keys),
        cmocka_unit_test(test_yaml_parse__lines),
        cmocka_unit_test(test_yaml_parse__errors_say_where),
        cmocka_unit_test(test_yaml_parse__growth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
