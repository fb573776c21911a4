#include "core/data/anomalies.h"
#include "tests/support/test.h"
#include "tests/unit/core/data/statistics_fixture.h"

/* One feature under a schema text: the names of the findings, in order, joined by spaces. */
static void check(const char *schema_text, struct feature_statistics f,
                  const struct validate_options *options, const char *expected)
{
    SL_AUTOARENA(a);
    schema_message *s;
    struct dataset_statistics d = {
        .n_examples = f.common.n_present + f.common.n_missing, .features = &f, .n_features = 1};
    static const struct validate_options none = {0};
    assert_ok(schema_parse(a, sl_str(schema_text), &s));
    const struct anomalies *l = anomalies_find(a, &d, s, options ? options : &none);
    SL_AUTOBUF(names, 0);
    for (const struct anomaly *x = l->first; x; x = x->next)
        sl_buf_format(&names, "%s%s%s", names.n ? " " : "", anomaly_type_name(x->type),
                      x->severity == ANOMALY_WARNING ? "(w)" : "");
    assert_string_equal(sl_buf_str(&names).p, expected);
}

static struct statistics_value pay[] = {
    {SL_STR("Cash"), 60}, {SL_STR("Card"), 35}, {SL_STR("Odd"), 5}};

static void test_anomalies__presence_and_type(void **state)
{
    (void)state;
#define FARE(rest) "feature { name: 'fare' type: FLOAT " rest " }"
    struct feature_statistics fare = fixture_numbers("fare", STATISTICS_FLOAT, 90, 10, -1, 50);
    check(FARE(""), fare, NULL, "");
    check("", fare, NULL, "SCHEMA_NEW_COLUMN");
    check(FARE("presence { min_fraction: 0.9 }"), fare, NULL, "");
    check(FARE("presence { min_fraction: 0.91 }"), fare, NULL, "FEATURE_TYPE_LOW_FRACTION_PRESENT");
    check(FARE("presence { min_count: 91 }"), fare, NULL, "FEATURE_TYPE_LOW_NUMBER_PRESENT");
    check(FARE("shape { dim { size: 1 } }"), fare, NULL, "INVALID_FEATURE_SHAPE");
    check("feature { name: 'fare' type: INT }", fare, NULL, "UNEXPECTED_DATA_TYPE");
    check(FARE("") "feature { name: 'tip' type: FLOAT presence { min_count: 1 } }", fare, NULL,
          "SCHEMA_MISSING_COLUMN");
    check(FARE("") "feature { name: 'tip' type: FLOAT presence { min_count: 1 } deprecated: true }",
          fare, NULL, "");
    struct feature_statistics empty = fixture_numbers("fare", STATISTICS_FLOAT, 0, 100, 0, 0);
    check(FARE("presence { min_count: 1 }"), empty, NULL, "FEATURE_TYPE_NOT_PRESENT");
    check(FARE(""), empty, NULL, "");
    check(FARE("lifecycle_stage: PLANNED presence { min_fraction: 1 }"), fare, NULL, "");
}

static void test_anomalies__numbers(void **state)
{
    (void)state;
    struct feature_statistics fare = fixture_numbers("fare", STATISTICS_FLOAT, 100, 0, -1, 50);
    check(FARE("float_domain { min: -1 max: 50 }"), fare, NULL, "");
    check(FARE("float_domain { min: 0 max: 49 }"), fare, NULL,
          "FLOAT_TYPE_SMALL_FLOAT FLOAT_TYPE_BIG_FLOAT");
    fare.numeric.n_nan = 3;
    check(FARE("float_domain { disallow_nan: true }"), fare, NULL, "FLOAT_TYPE_HAS_NAN");
    struct feature_statistics n = fixture_numbers("n", STATISTICS_INT, 100, 0, -1, 2);
    check("feature { name: 'n' type: INT bool_domain { } }", n, NULL,
          "BOOL_TYPE_BIG_INT BOOL_TYPE_SMALL_INT");
    check("feature { name: 'n' type: INT int_domain { min: 0 max: 1 } }", n, NULL,
          "INT_TYPE_SMALL_INT INT_TYPE_BIG_INT");
    check("feature { name: 'n' type: INT float_domain { } }", n, NULL, "DOMAIN_INVALID_FOR_TYPE");
    check("feature { name: 'n' }", n, NULL, "FEATURE_MISSING_TYPE");
    check("feature { name: 'n' type: INT presence { min_fraction: 2 } }", n, NULL,
          "INVALID_SCHEMA_SPECIFICATION");
}

static void test_anomalies__strings(void **state)
{
    (void)state;
#define PAY(rest)                                         \
    "feature { name: 'pay' type: BYTES domain: 'd' " rest \
    " } string_domain { name: 'd' value: ['Cash', 'Card'] }"
    struct feature_statistics f = fixture_strings("pay", 0, pay, 3);
    check(PAY(""), f, NULL, "ENUM_TYPE_UNEXPECTED_STRING_VALUES");
    /* 5 of 100 outside: a mass of 0.95 allows it, 0.96 does not. */
    check(PAY("distribution_constraints { min_domain_mass: 0.95 }"), f, NULL, "");
    check(PAY("distribution_constraints { min_domain_mass: 0.96 }"), f, NULL,
          "ENUM_TYPE_UNEXPECTED_STRING_VALUES");
    check("feature { name: 'pay' type: BYTES domain: 'x' }", f, NULL,
          "INVALID_DOMAIN_SPECIFICATION");
    check("feature { name: 'pay' type: BYTES bool_domain { true_value: 'Cash' false_value: 'Card' "
          "} }",
          f, NULL, "BOOL_TYPE_UNEXPECTED_STRING");
    check("feature { name: 'pay' type: BYTES int_domain { } }", f, NULL, "INT_TYPE_NOT_INT_STRING");
    check("feature { name: 'pay' type: BYTES unique_constraints { min: 4 max: 9 } }", f, NULL,
          "FEATURE_TYPE_LOW_UNIQUE");
    check("feature { name: 'pay' type: BYTES unique_constraints { min: 1 max: 2 } }", f, NULL,
          "FEATURE_TYPE_HIGH_UNIQUE");
}

static void test_anomalies__drift_and_skew(void **state)
{
    (void)state;
    struct statistics_value before[] = {{SL_STR("Cash"), 50}, {SL_STR("Card"), 50}};
    struct feature_statistics was = fixture_strings("pay", 0, before, 2);
    struct dataset_statistics previous = {.n_examples = 100, .features = &was, .n_features = 1};
    struct dataset_statistics nothing = {.n_examples = 100};
    struct validate_options drift = {.previous = &previous}, skew = {.serving = &previous},
                            lost = {.previous = &nothing};
    struct feature_statistics f = fixture_strings("pay", 0, pay, 3);
#define DRIFT(kind, threshold) \
    "feature { name: 'pay' type: BYTES " kind " { infinity_norm { threshold: " threshold " } } }"
    /* Shares: Card .35 now, .50 before. */
    check(DRIFT("drift_comparator", "0.151"), f, &drift, "");
    check(DRIFT("drift_comparator", "0.149"), f, &drift, "COMPARATOR_L_INFTY_HIGH");
    check(DRIFT("skew_comparator", "0.1"), f, &drift, "");
    check(DRIFT("skew_comparator", "0.1"), f, &skew, "COMPARATOR_L_INFTY_HIGH");
    check(DRIFT("drift_comparator", "0.1"), f, NULL, "");
    check(DRIFT("drift_comparator", "0.1"), f, &lost, "COMPARATOR_CONTROL_DATA_MISSING");
    check("feature { name: 'pay' type: BYTES drift_comparator { jensen_shannon_divergence { "
          "threshold: 0.001 } } }",
          f, &drift, "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH");
}

static void test_anomalies__severity_and_environment(void **state)
{
    (void)state;
    struct feature_statistics f = fixture_strings("pay", 0, pay, 3);
    struct severity_override override = {ANOMALY_ENUM_UNEXPECTED_VALUES, ANOMALY_WARNING};
    struct validate_options o = {
        .overrides = &override, .n_overrides = 1, .new_features_are_warnings = true};
    check(PAY(""), f, &o, "ENUM_TYPE_UNEXPECTED_STRING_VALUES(w)");
    check("", f, &o, "SCHEMA_NEW_COLUMN(w)");
    struct validate_options serving = {.environment = SL_STR("SERVING")};
    check("default_environment: ['TRAINING', 'SERVING'] feature { name: 'pay' type: BYTES "
          "not_in_environment: 'SERVING' }",
          f, &serving, "SCHEMA_NEW_COLUMN");
}

static void test_anomalies__no_example_is_data_missing(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    schema_message *s;
    struct dataset_statistics d = {0};
    struct validate_options o = {0};
    assert_ok(
        schema_parse(a, SL_STR("feature { name: 'x' type: INT presence { min_count: 1 } }"), &s));
    const struct anomalies *l = anomalies_find(a, &d, s, &o);
    assert_true(l->data_missing);
    assert_null(l->first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anomalies__presence_and_type),
        cmocka_unit_test(test_anomalies__numbers),
        cmocka_unit_test(test_anomalies__strings),
        cmocka_unit_test(test_anomalies__drift_and_skew),
        cmocka_unit_test(test_anomalies__severity_and_environment),
        cmocka_unit_test(test_anomalies__no_example_is_data_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
