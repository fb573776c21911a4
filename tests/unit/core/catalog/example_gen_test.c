#include "tests/support/test.h"

#include "core/catalog/example_gen.h"
#include "core/catalog/files.h"
#include "core/catalog/importer.h"

static struct sl_err *decode(struct sl_arena *a, const struct catalog_component *c,
                             const char *text, void **ret)
{
    struct json *params;
    struct diag_list l;
    assert_ok(json_parse(a, sl_str(text), &params));
    diag_list_init(&l, a, SL_STR(""));
    *ret = catalog_decode_params(&l, c, params, SL_STR("params"));
    return diag_to_err(&l);
}

static void test_example_gen__defaults(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    void *decoded;
    assert_ok(decode(a, &catalog_example_gen, "{\"input\": \"x.csv\"}", &decoded));
    const struct example_gen_params *p = decoded;
    const struct example_gen_split *splits = p->splits.p;
    assert_int_equal(p->splits.n, 3);
    assert_str(splits[0].name, "train");
    assert_int_equal(splits[0].buckets, 8);
    assert_str(splits[2].name, "eval");
    assert_int_equal(splits[2].buckets, 1);
    assert_true(p->header);
    assert_int_equal(p->memory, 512 << 20);
    assert_int_equal(p->on_bad_row, EXAMPLE_GEN_FAIL);
    assert_int_equal(example_gen_rule_of(p), EXAMPLE_GEN_BY_HASH);
}

static void test_example_gen__rules(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    void *p;
    assert_ok(decode(a, &catalog_example_gen,
                     "{\"splits\": [{\"name\": \"a\", \"input\": \"x\"},"
                     "             {\"name\": \"b\", \"input\": [\"y\", \"z\"]}]}",
                     &p));
    assert_int_equal(example_gen_rule_of(p), EXAMPLE_GEN_GIVEN);
    assert_ok(decode(a, &catalog_example_gen,
                     "{\"input\": [\"x\"], \"splitBy\": {\"time\": \"t\"}, \"splits\":"
                     "[{\"name\": \"a\", \"before\": \"2020-01-01\"}, {\"name\": \"b\"}]}",
                     &p));
    assert_int_equal(example_gen_rule_of(p), EXAMPLE_GEN_BY_TIME);
}

static void test_example_gen__refuses(void **state)
{
    (void)state;
    static const struct {
        const char *params, *message;
    } cases[] = {
        {"{}", "params.input: expected a path"},
        {"{\"input\": 3}", "params.input: expected a path"},
        {"{\"input\": []}", "params.input"},
        {"{\"input\": [\"a\", \"\"]}", "params.input"},
        {"{\"input\": \"x\", \"splits\": []}", "at least one split"},
        {"{\"input\": \"x\", \"splits\": [{\"name\": \"-a\"}]}", "params.splits[0].name"},
        {"{\"input\": \"x\", \"splits\": [{\"name\": \"a\", \"buckets\": 0}]}", "buckets"},
        {"{\"input\": \"x\", \"splits\": [{\"name\": \"a\", \"input\": \"y\"}]}",
         "params.splits[0].input"},
        {"{\"splits\": [{\"name\": \"a\", \"input\": \"y\"}, {\"name\": \"b\"}]}",
         "params.splits[1].input"},
        {"{\"splits\": [{\"name\": \"a\", \"input\": \"y\", \"buckets\": 2}]}", "no meaning"},
        {"{\"input\": \"x\", \"splitBy\": {\"time\": \"t\", \"group\": \"g\"}}", "not by both"},
        {"{\"input\": \"x\", \"splitBy\": {\"time\": \"t\"}, \"splits\": [{\"name\": \"a\","
         "\"before\": \"soon\"}]}",
         "expected a date or time"},
        {"{\"input\": \"x\", \"format\": \"parquet\", \"splitBy\": {\"hash\": \"tfx\"}}",
         "CSV only"},
        {"{\"input\": \"x\", \"delimiter\": \"\\n\"}", "params.delimiter"},
        {"{\"input\": \"x\", \"filter\": \"a >\"}", "params.filter"},
        {"{\"input\": \"x\", \"types\": [\"int\"]}", "params.types"},
        {"{\"input\": \"x\", \"types\": {\"a\": \"float\"}}", "params.types.a"},
        {"{\"input\": \"x\", \"columns\": [\"a\", \"a\"]}", "'a' is there twice"},
        {"{\"input\": \"x\", \"nope\": 1}", "nope"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        SL_AUTOARENA(a);
        void *p;
        assert_err(decode(a, &catalog_example_gen, cases[i].params, &p), INVALID, cases[i].message);
    }
}

static void test_importer__params(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    void *p;
    assert_ok(decode(a, &catalog_importer, "{\"uri\": \"x\", \"type\": \"Schema\"}", &p));
    assert_err(decode(a, &catalog_importer, "{\"uri\": \"x\"}", &p), INVALID, "type");
    assert_err(decode(a, &catalog_importer, "{\"uri\": \"x\", \"type\": \"a b\"}", &p), INVALID,
               "params.type");
    assert_err(
        decode(a, &catalog_importer, "{\"uri\": \"x\", \"type\": \"A\", \"properties\": [1]}", &p),
        INVALID, "expected an object, got list");
}

static void note(void *ctx, struct sl_str place, struct sl_str value)
{
    sl_buf_format(ctx, "%.*s=%.*s ", SL_FMT(place), SL_FMT(value));
}

static void test_catalog_files__places(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    SL_AUTOBUF(seen, 0);
    struct json *params;
    assert_ok(json_parse(a,
                         SL_STR("{\"input\": [\"a\", 3, \"b\"], \"splits\": [{\"input\": \"c\"},"
                                "{\"name\": \"x\"}, 7, {\"input\": [\"d\", \"e\"]}]}"),
                         &params));
    catalog_visit_files(a, &catalog_example_gen, params, note, &seen);
    assert_str(sl_buf_str(&seen),
               "input=a input=b splits[0].input=c splits[3].input=d splits[3].input=e ");
    sl_buf_clear(&seen);
    assert_ok(json_parse(a, SL_STR("{\"uri\": \"f\"}"), &params));
    catalog_visit_files(a, &catalog_importer, params, note, &seen);
    assert_str(sl_buf_str(&seen), "uri=f ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_gen__defaults), cmocka_unit_test(test_example_gen__rules),
        cmocka_unit_test(test_example_gen__refuses),  cmocka_unit_test(test_importer__params),
        cmocka_unit_test(test_catalog_files__places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
