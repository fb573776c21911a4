#include "core/data/schema.h"
#include "tests/support/test.h"
#include "tests/unit/core/data/statistics_fixture.h"

static const struct schema_options options = {.infer_shape = true, .max_string_domain = 3};

static void check_text(const schema_message *s, const char *expected)
{
    SL_AUTOBUF(b, 0);
    schema_format(s, &b);
    assert_string_equal(sl_buf_str(&b).p, expected);
}

/* Each feature by the table of TFDV's rules: expected text written by hand. */
static void test_schema_infer__rules(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct statistics_value pay[] = {{SL_STR("Cash"), 6}, {SL_STR("Card"), 4}};
    struct statistics_value flag[] = {{SL_STR("true"), 6}, {SL_STR("false"), 4}};
    struct statistics_value code[] = {{SL_STR("07"), 6}, {SL_STR("12"), 4}};
    struct statistics_value many[] = {
        {SL_STR("a"), 4}, {SL_STR("b"), 3}, {SL_STR("c"), 2}, {SL_STR("d"), 1}};
    struct feature_statistics features[] = {
        fixture_strings("pay", 0, pay, 2),
        fixture_strings("flag", 2, flag, 2),
        fixture_strings("code", 0, code, 2),
        fixture_strings("many", 0, many, 4),
        fixture_numbers("hit", STATISTICS_INT, 10, 0, 0, 1),
        fixture_numbers("count", STATISTICS_INT, 10, 0, 0, 7),
        fixture_numbers("fare", STATISTICS_FLOAT, 9, 1, 0, 1),
        fixture_numbers("none", STATISTICS_FLOAT, 0, 10, 0, 0),
    };
    struct dataset_statistics d = {
        .n_examples = 10, .features = features, .n_features = SL_COUNTOF(features)};
    schema_message *s = schema_infer(a, &d, &options);
#define ALWAYS                                                                                 \
    "  presence {\n    min_fraction: 1.0\n    min_count: 1\n  }\n  shape {\n    dim {\n      " \
    "size: 1\n    }\n  }\n}\n"
#define SOMETIMES "  presence {\n    min_count: 1\n  }\n}\n"
#define SINGLE    "  value_count {\n    min: 1\n    max: 1\n  }\n"
    check_text(
        s, "feature {\n  name: \"pay\"\n  type: BYTES\n  domain: \"pay\"\n" ALWAYS
           "feature {\n  name: \"flag\"\n" SINGLE
           "  type: BYTES\n  bool_domain {\n    true_value: \"true\"\n"
           "    false_value: \"false\"\n  }\n" SOMETIMES
           "feature {\n  name: \"code\"\n  type: BYTES\n  int_domain {\n  }\n" ALWAYS
           "feature {\n  name: \"many\"\n  type: BYTES\n" ALWAYS
           "feature {\n  name: \"hit\"\n  type: INT\n  bool_domain {\n  }\n" ALWAYS
           "feature {\n  name: \"count\"\n  type: INT\n" ALWAYS
           "feature {\n  name: \"fare\"\n" SINGLE "  type: FLOAT\n" SOMETIMES
           "feature {\n  name: \"none\"\n  type: FLOAT\n  presence {\n    min_count: 0\n  }\n}\n"
           "string_domain {\n  name: \"pay\"\n  value: \"Card\"\n  value: \"Cash\"\n}\n");
}

static void test_schema_infer__time_is_kept(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct feature_statistics f = fixture_numbers("at", STATISTICS_INT, 10, 0, 0, 1e15);
    f.domain = STATISTICS_DOMAIN_TIME;
    struct dataset_statistics d = {.n_examples = 10, .features = &f, .n_features = 1};
    check_text(schema_infer(a, &d, &options),
               "feature {\n  name: \"at\"\n  type: INT\n"
               "  presence {\n    min_fraction: 1.0\n    min_count: 1\n  }\n"
               "  shape {\n    dim {\n      size: 1\n    }\n  }\n"
               "  time_domain {\n    integer_format: UNIX_MICROSECONDS\n  }\n}\n");
}

/* An unseen value goes to the end of its domain; a feature that misses a row loses its shape; a new
 * one is added. */
static void test_schema_relax__only_loosens(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct statistics_value pay[] = {{SL_STR("Cash"), 6}, {SL_STR("Card"), 4}};
    struct statistics_value more[] = {{SL_STR("Prcard"), 5}, {SL_STR("Card"), 4}};
    struct feature_statistics first[] = {fixture_strings("pay", 0, pay, 2),
                                         fixture_numbers("hit", STATISTICS_INT, 10, 0, 0, 1)};
    struct feature_statistics second[] = {fixture_strings("pay", 1, more, 2),
                                          fixture_numbers("hit", STATISTICS_INT, 10, 0, 0, 5),
                                          fixture_numbers("new", STATISTICS_FLOAT, 10, 0, 0, 1)};
    struct dataset_statistics d1 = {.n_examples = 10, .features = first, .n_features = 2};
    struct dataset_statistics d2 = {.n_examples = 10, .features = second, .n_features = 3};
    schema_message *s = schema_infer(a, &d1, &options);
    schema_relax(a, s, &d2, &options);
    const schema_feature *f = schema_find(s, SL_STR("pay"));
    assert_null(f->shape);
    assert_int_equal(f->value_count->max, 1);
    assert_true(f->presence->min_fraction == 0.9);
    const schema_string_domain *domain = schema_string_domain_of(s, f);
    assert_int_equal(domain->n_value, 3);
    assert_string_equal(domain->value[2], "Prcard");
    assert_int_equal(schema_find(s, SL_STR("hit"))->domain_info_case, 0);
    assert_non_null(schema_find(s, SL_STR("new")));
}

static void test_schema__environments(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct feature_statistics f = fixture_numbers("label", STATISTICS_INT, 10, 0, 0, 1);
    struct dataset_statistics d = {.n_examples = 10, .features = &f, .n_features = 1};
    schema_message *s = schema_infer(a, &d, &options);
    assert_err(schema_not_in_serving(a, s, SL_STR("lable")), NOT_FOUND, "no feature 'lable'");
    assert_ok(schema_not_in_serving(a, s, SL_STR("label")));
    assert_ok(schema_not_in_serving(a, s, SL_STR("label")));
    const schema_feature *label = schema_find(s, SL_STR("label"));
    assert_int_equal(label->n_not_in_environment, 1);
    assert_true(schema_in_environment(s, label, SL_STR("")));
    assert_true(schema_in_environment(s, label, SL_STR("TRAINING")));
    assert_false(schema_in_environment(s, label, SL_STR("SERVING")));
    assert_true(schema_is_required(s, label, SL_STR("TRAINING")));
    assert_false(schema_is_required(s, label, SL_STR("SERVING")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_infer__rules),
        cmocka_unit_test(test_schema_infer__time_is_kept),
        cmocka_unit_test(test_schema_relax__only_loosens),
        cmocka_unit_test(test_schema__environments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
