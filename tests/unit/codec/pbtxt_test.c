#include "codec/pbtxt.h"
#include "core/data/schema.h"
#include "tests/support/test.h"

static const char *const text = "feature {\n"
                                "  name: \"pay\\\"\\303\\251\"\n"
                                "  value_count {\n"
                                "    min: 1\n"
                                "    max: 1\n"
                                "  }\n"
                                "  type: BYTES\n"
                                "  domain: \"pay\"\n"
                                "  presence {\n"
                                "    min_fraction: 1.0\n"
                                "    min_count: 1\n"
                                "  }\n"
                                "  not_in_environment: \"SERVING\"\n"
                                "}\n"
                                "feature {\n"
                                "  name: \"fare\"\n"
                                "  type: FLOAT\n"
                                "  float_domain {\n"
                                "    min: 0.1\n"
                                "    disallow_nan: true\n"
                                "  }\n"
                                "}\n"
                                "string_domain {\n"
                                "  name: \"pay\"\n"
                                "  value: \"Cash\"\n"
                                "  value: \"Card\"\n"
                                "}\n"
                                "default_environment: \"SERVING\"\n";

static void test_pbtxt__round_trip_is_the_same_text(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    schema_message *s;
    SL_AUTOBUF(b, 0);
    assert_ok(schema_parse(a, sl_str(text), &s));
    assert_int_equal(s->n_feature, 2);
    assert_string_equal(s->feature[0]->name, "pay\"\xc3\xa9");
    assert_true(s->feature[1]->float_domain->min == 0.1f);
    assert_false(s->feature[1]->float_domain->has_max);
    assert_int_equal(s->string_domain[0]->n_value, 2);
    schema_format(s, &b);
    assert_string_equal(b.p, text);
}

/* The freedoms that protobuf's own parser takes. */
static void test_pbtxt__reads_other_spellings(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    schema_message *s;
    assert_ok(schema_parse(
        a,
        SL_STR("# a comment\nfeature: < name: 'a' 'b'; type: 2, presence: { min_count: 1 } >\n"
               "default_environment: [\"X\", \"Y\"] # the end"),
        &s));
    assert_string_equal(s->feature[0]->name, "ab");
    assert_int_equal(s->feature[0]->type, SCHEMA_INT);
    assert_int_equal(s->n_default_environment, 2);
    assert_string_equal(s->default_environment[1], "Y");
    assert_ok(schema_parse(a, SL_STR(""), &s));
    assert_int_equal(s->n_feature, 0);
}

static void test_pbtxt__says_where_and_what(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    schema_message *s;
    assert_err(schema_parse(a, SL_STR("feature {\n  nam: \"x\"\n}"), &s), INVALID,
               "line 2: unknown field 'nam' in Feature, did you mean 'name'?");
    assert_err(schema_parse(a, SL_STR("feature {\n  type: BYTE\n}"), &s), INVALID,
               "line 2: 'BYTE' is no value of FeatureType");
    assert_err(schema_parse(a, SL_STR("feature {\n"), &s), INVALID,
               "the text ends, expected a field name");
    assert_err(schema_parse(a, SL_STR("feature { name: \"x }"), &s), INVALID, "closing quote");
    assert_err(schema_parse(a, SL_STR("feature { presence { min_count: 1.5 } }"), &s), INVALID,
               "expected an integer");
    assert_err(schema_parse(a, SL_STR("feature { deprecated: maybe }"), &s), INVALID,
               "expected true or false");
    assert_err(schema_parse(a, SL_STR("feature { name: 3 }"), &s), INVALID,
               "expected a quoted string");
    assert_err(schema_parse(a, SL_STR("}"), &s), INVALID, "expected a field name");
    SL_AUTOBUF(deep, 0);
    for (int i = 0; i < 200; i++)
        sl_buf_add_cstr(&deep, "feature { struct_domain {");
    assert_err(schema_parse(a, sl_buf_str(&deep), &s), INVALID, "nested deeper");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pbtxt__round_trip_is_the_same_text),
        cmocka_unit_test(test_pbtxt__reads_other_spellings),
        cmocka_unit_test(test_pbtxt__says_where_and_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
