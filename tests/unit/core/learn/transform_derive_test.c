#include "core/learn/transform_derive.h"

#include "transform_fixture.h"

enum { COLUMNS = 12 };

static struct feature_statistics feature(const char *name, uint64_t present, uint64_t missing,
                                         uint64_t unique)
{
    return (struct feature_statistics){.name = sl_str(name),
                                       .common = {.n_present = present, .n_missing = missing},
                                       .n_unique = unique};
}

static struct feature_statistics number(const char *name, uint64_t missing, uint64_t unique,
                                        double min, double max, double mean, double std)
{
    struct feature_statistics s = feature(name, 1000 - missing, missing, unique);
    s.numeric = (struct statistics_numeric){.mean = mean, .std_dev = std, .min = min, .max = max};
    return s;
}

static struct feature_statistics text(const char *name, uint64_t missing, uint64_t unique,
                                      double length)
{
    struct feature_statistics s = feature(name, 1000 - missing, missing, unique);
    s.string.mean_length = length;
    return s;
}

/* What is derived, as JSON on one line, and what is left out. */
static const char *derived(struct sl_arena *a, enum transform_target target, const char *schema,
                           struct transform_exclusions *ret)
{
#define DAY 86400e6
    static const enum column_type types[COLUMNS] = {COLUMN_DOUBLE,    COLUMN_DOUBLE, COLUMN_INT64,
                                                    COLUMN_INT64,     COLUMN_BOOL,   COLUMN_STRING,
                                                    COLUMN_STRING,    COLUMN_STRING, COLUMN_STRING,
                                                    COLUMN_TIMESTAMP, COLUMN_STRING, COLUMN_DOUBLE};
    struct feature_statistics f[COLUMNS] = {
        number("plain", 0, 900, -5, 5, 0, 1),
        number("tail", 10, 900, 0, 1e6, 10, 500),
        number("row", 0, 1000, 1, 1000, 500, 288),
        number("code", 0, 7, 0, 9, 4, 2),
        number("flag", 0, 2, 0, 1, 0.5, 0.5),
        text("city", 3, 40, 8),
        text("user", 0, 990, 9),
        text("note", 500, 480, 60),
        text("same", 0, 1, 4),
        number("date", 0, 300, 0, 400 * DAY, 200 * DAY, 100 * DAY),
        text("left", 0, 5, 4),
        number("empty", 1000, 0, 0, 0, 0, 0),
    };
    struct column_spec *columns = SL_ARENA_ARRAY(a, struct column_spec, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = (struct column_spec){f[i].name, types[i]};
    struct dataset_statistics d = {.features = f, .n_features = COLUMNS};
    struct transform_excluded left = {SL_STR("left"), SL_STR("excluded by params.exclude")};
    struct transform_derivation asked = {.target = target,
                                         .columns = columns,
                                         .n_columns = COLUMNS,
                                         .statistics = &d,
                                         .leave_out = {&left, 1}};
    schema_message *parsed = NULL;
    if (schema)
        assert_ok(schema_parse(a, sl_str(schema), &parsed));
    asked.schema = parsed;
    struct json *list;
    assert_ok(transform_derive(a, &asked, &list, ret));
    SL_AUTOBUF(b, 0);
    json_format(list, JSON_COMPACT, &b);
    return sl_arena_cstr(a, sl_buf_str(&b));
}

static const char *reason(const struct transform_exclusions *e, const char *column)
{
    for (size_t i = 0; i < e->n; i++)
        if (sl_str_is(e->p[i].column, column))
            return e->p[i].reason.p;
    return "not left out";
}

static void test_transform_derive__dense(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct transform_exclusions out;
    assert_string_equal(
        derived(a, TRANSFORM_DENSE, NULL, &out),
        "[{\"column\":\"plain\",\"fill\":\"mean\",\"apply\":[\"zscore\"]},"
        "{\"column\":\"tail\",\"fill\":\"mean\",\"missing\":true,\"apply\":[\"log\",\"zscore\"]},"
        "{\"column\":\"code\",\"fill\":\"mean\",\"apply\":[\"zscore\"]},"
        "{\"column\":\"flag\",\"fill\":\"mode\"},"
        "{\"column\":\"city\",\"apply\":[{\"vocabulary\":{\"topK\":1000,\"minCount\":2}}]},"
        "{\"column\":\"date\",\"dateParts\":[\"month\",\"weekday\"]},"
        "{\"column\":\"date\",\"dateParts\":[\"year\"],\"apply\":[\"zscore\"]}]");
    assert_int_equal(out.n, 6);
    assert_string_equal(reason(&out, "row"), "it numbers the rows");
    assert_string_equal(reason(&out, "user"), "nearly every value is another");
    assert_string_equal(reason(&out, "note"), "it is free text");
    assert_string_equal(reason(&out, "same"), "it has one value only");
    assert_string_equal(reason(&out, "left"), "excluded by params.exclude");
    assert_string_equal(reason(&out, "empty"), "it has no value");
}

static void test_transform_derive__trees(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct transform_exclusions out;
    assert_string_equal(
        derived(a, TRANSFORM_TREES, NULL, &out),
        "[{\"column\":\"plain\"},{\"column\":\"tail\"},{\"column\":\"code\"},{\"column\":\"flag\"},"
        "{\"column\":\"city\",\"apply\":[{\"vocabulary\":{\"topK\":1000,\"minCount\":2}}]},"
        "{\"column\":\"date\",\"dateParts\":[\"year\",\"month\",\"yearday\",\"weekday\"]}]");
    assert_int_equal(out.n, 6);
}

static void test_transform_derive__the_schema_has_a_say(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct transform_exclusions out;
    const char *got =
        derived(a, TRANSFORM_DENSE,
                "feature { name: 'plain' type: FLOAT lifecycle_stage: DEPRECATED }\n"
                "feature { name: 'code' type: INT int_domain { is_categorical: true } }\n"
                "feature { name: 'city' type: BYTES natural_language_domain {} }\n"
                "feature { name: 'flag' type: INT not_in_environment: 'SERVING' }\n"
                "feature { name: 'tail' type: FLOAT }\n"
                "default_environment: 'TRAINING' default_environment: 'SERVING'\n",
                &out);
    assert_string_equal(
        got,
        "[{\"column\":\"tail\",\"fill\":\"mean\",\"missing\":true,\"apply\":[\"log\",\"zscore\"]},"
        "{\"column\":\"code\",\"apply\":[{\"vocabulary\":{\"topK\":1000,\"minCount\":2}}]}]");
    assert_string_equal(reason(&out, "plain"), "the schema calls it deprecated");
    assert_string_equal(reason(&out, "city"), "it is free text");
    assert_string_equal(reason(&out, "flag"), "serving does not have it");
    assert_string_equal(reason(&out, "date"), "it is not in the schema");
    assert_string_equal(reason(&out, "left"), "excluded by params.exclude");
}

static void test_transform_derive__statistics_of_something_else(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct column_spec c = {SL_STR("x"), COLUMN_DOUBLE};
    struct dataset_statistics d = {0};
    struct transform_derivation asked = {.columns = &c, .n_columns = 1, .statistics = &d};
    struct json *list;
    struct transform_exclusions out;
    assert_err(transform_derive(a, &asked, &list, &out), INVALID, "have no feature 'x'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform_derive__dense),
        cmocka_unit_test(test_transform_derive__trees),
        cmocka_unit_test(test_transform_derive__the_schema_has_a_say),
        cmocka_unit_test(test_transform_derive__statistics_of_something_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
