#include "core/learn/transform_spec.h"

#include "transform_fixture.h"

static struct table sample(struct sl_arena *a)
{
    static const double x[] = {1, 2};
    static const char *const s[] = {"a", "b"};
    struct column *c = SL_ARENA_ARRAY(a, struct column, 5);
    c[0] = numbers(a, "speed", x, 2);
    c[1] = whole(a, "count", COLUMN_INT64, x, 2);
    c[2] = whole(a, "when", COLUMN_TIMESTAMP, x, 2);
    c[3] = texts(a, "name", s, 2);
    c[4] = whole(a, "label", COLUMN_INT64, x, 2);
    return table_of(c, 5);
}

static void expect(const char *features, const char *part)
{
    SL_AUTOARENA(a);
    struct table t = sample(a);
    struct transform_request r = request(a, features, "label", TRANSFORM_DENSE);
    const char *told = complaints(a, &r, &t);
    if (!strstr(told, part))
        fail_msg("%s: '%s' does not contain '%s'", features, told, part);
}

static void test_transform_spec__what_is_wrong_and_where(void **state)
{
    (void)state;
    expect("{}", "features: expected a list of features, got object");
    expect("[]", "features: there is none");
    expect("['sped']", "features[0]: there is no column 'sped', did you mean 'speed'?");
    expect("[{'name': 'a'}]", "features[0]: expected exactly one of column, expr and cross, got 0");
    expect("[{'column': 'speed', 'expr': 'count'}]", "got 2");
    expect("[{'expr': 'count'}]", "a feature from an expression needs a name");
    expect("[{'name': 'e', 'expr': 'coumt + 1'}]", "did you mean 'count'?");
    expect("[{'name': 'e', 'expr': '1 +'}]", "features[0]: ");
    expect("[{'column': 'speed', 'aply': 'log'}]", "features[0].aply: unknown field");
    expect("[{'column': 'speed', 'apply': 'zscor'}]",
           "features[0].apply: there is no function 'zscor', did you mean 'zscore'?");
    expect("['count', {'column': 'speed', 'apply': ['log', {'clip': {'mn': 1}}]}]",
           "features[1].apply[1].clip.mn: unknown field, did you mean 'min'?");
    expect("[{'column': 'speed', 'apply': {'clip': {}}}]", "clip: expected min, max or both");
    expect("[{'column': 'speed', 'apply': {'clip': {'min': 2, 'max': 1}}}]", "min is above max");
    expect("[{'column': 'speed', 'apply': {'zscore': {}}}]", "zscore takes no arguments");
    expect("[{'column': 'speed', 'apply': {'log': {'offset': 0}}}]", "offset must be above 0");
    expect("[{'column': 'speed', 'apply': {'minmax': {'low': 1, 'high': 1}}}]", "low is not below");
    expect("[{'column': 'speed', 'apply': 'bucketize'}]", "either quantiles or boundaries");
    expect("[{'column': 'speed', 'apply': {'bucketize': {'boundaries': [2, 1]}}}]",
           "boundaries are not ascending");
    expect("[{'column': 'speed', 'apply': {'bucketize': {'quantiles': 1}}}]",
           "expected an integer from 2 to 10000, got 1");
    expect("[{'column': 'speed', 'apply': 'vocabulary'}]", "this has fractions");
    expect("[{'column': 'count', 'fill': 'mean', 'apply': 'vocabulary'}]", "this has fractions");
    expect("[{'column': 'count', 'apply': 'identity'}]", "count is needed");
    expect("[{'column': 'count', 'apply': {'vocabulary': {'oov': 2}}}]", "only goes with text");
    expect("[{'column': 'name', 'apply': 'zscore'}]",
           "zscore takes numbers, and this is text: vocabulary makes ids of it");
    expect("[{'column': 'name', 'apply': ['vocabulary', 'zscore']}]", "and this is ids");
    expect("[{'column': 'name', 'apply': 'passthrough'}]", "it is still text at its end");
    expect("[{'column': 'name', 'fill': 'mean'}]", "text has no mean");
    expect("[{'column': 'name', 'fill': {'constant': 1}}]", "fill: the constant is no text");
    expect("[{'column': 'name', 'apply': {'vocabulary': {'values': ['a', 'a']}}}]",
           "values[1] is empty or there already");
    expect("[{'column': 'speed', 'apply': 'onehot'}]", "onehot takes ids");
    expect("[{'column': 'speed', 'apply': {'hash': {'buckets': 3}}}]", "hash takes text");
    expect("[{'column': 'speed', 'fill': 'avg'}]", "features[0].fill: expected mean, median");
    expect("[{'column': 'speed', 'fill': 'none'}]", "which target dense cannot read");
    expect("[{'column': 'speed', 'fill': {'constant': 'x'}}]", "the constant is no number");
    expect("[{'column': 'when', 'fill': {'constant': 'soon'}, 'apply': 'zscore'}]",
           "the constant is no date");
    expect("[{'column': 'when'}]", "a timestamp needs dateParts");
    expect("[{'column': 'when', 'dateParts': ['moth']}]",
           "features[0].dateParts[0]: there is no part 'moth', did you mean 'month'?");
    expect("[{'column': 'speed', 'dateParts': ['month']}]", "dateParts takes timestamps");
    expect("['speed', {'column': 'count', 'name': 'speed'}]", "already an output");
    expect("[{'column': 'speed', 'name': 'label'}]", "already an output, label or weight");
    expect("['speed', {'cross': ['speed', 'name']}]", "'speed' is a number: bucketize");
    expect("[{'cross': ['name']}]", "cross: expected at least two");
    expect("[{'cross': ['name', 'speed']}]", "column 'speed' has fractions");
    expect("[{'cross': ['name', 'nothing']}]", "there is no column 'nothing'");
    expect("[{'column': 'name', 'hidden': true}]", "features: there is none");
}

static void test_transform_spec__all_errors_at_once(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table t = sample(a);
    struct transform_request r =
        request(a, "['a', 'b', {'column': 'speed', 'apply': 'log'}]", "lable", TRANSFORM_DENSE);
    const char *told = complaints(a, &r, &t);
    assert_non_null(strstr(told, "label: "));
    assert_non_null(strstr(told, "features[0]"));
    assert_non_null(strstr(told, "features[1]"));
}

static void test_transform_spec__labels_that_do_not_fit(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table t = sample(a);
    static const struct {
        const char *expr;
        int task;
        const char *part;
    } bad[] = {
        {"when", -1, "expected a condition, a text or a number"},
        {"name", TRANSFORM_BINARY, "expected a condition such as"},
        {"name", TRANSFORM_REGRESSION, "task regression does not go"},
        {"speed", TRANSFORM_MULTICLASS, "task multiclass does not go"},
        {"speed > 1", TRANSFORM_MULTICLASS, "task multiclass does not go"},
        {"null", -1, "expected a condition"},
    };
    for (size_t i = 0; i < SL_COUNTOF(bad); i++) {
        struct transform_request r = request(a, "['speed']", bad[i].expr, TRANSFORM_DENSE);
        r.label_task = bad[i].task;
        const char *told = complaints(a, &r, &t);
        if (!strstr(told, bad[i].part))
            fail_msg("%s: '%s' does not contain '%s'", bad[i].expr, told, bad[i].part);
    }
    struct transform_request r = request(a, "['speed']", "label", TRANSFORM_DENSE);
    r.weight_name = SL_STR("w");
    r.weight_expr = SL_STR("name");
    assert_non_null(strstr(complaints(a, &r, &t), "weight: expected a number"));
}

static void test_transform_spec__a_feature_that_the_label_reads_is_told(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table t = sample(a);
    struct transform_request r = request(a, "['speed', 'count']", "speed > 1", TRANSFORM_DENSE);
    struct diag_list l;
    diag_list_init(&l, a, SL_STR(""));
    assert_non_null(transform_build(&l, &r, specs_of(a, &t), t.n_columns));
    assert_int_equal(l.warning_count, 1);
    assert_str(l.first->path, "features[0]");
}

static void test_transform_spec__hints_for_the_learner(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table t = sample(a);
    struct transform_request r = request(
        a,
        "[{'column': 'name', 'apply': 'onehot'}, {'column': 'count', 'apply': [{'identity': "
        "{'count': 3}}, {'embedding': {'size': 5}}]}, {'column': 'when', 'dateParts': "
        "['hour', 'year'], 'name': 't'}]",
        "label", TRANSFORM_DENSE);
    struct transform *built = build(a, &r, &t);
    assert_int_equal(built->n_outputs, 4);
    assert_int_equal(built->outputs[0].encoding, TRANSFORM_ONEHOT);
    assert_false(built->outputs[0].ordered);
    assert_int_equal(built->outputs[1].encoding, TRANSFORM_EMBEDDING);
    assert_int_equal(built->outputs[1].embedding_size, 5);
    assert_true(built->outputs[1].ordered);
    assert_str(built->outputs[2].name, "t_hour");
    assert_true(built->outputs[2].is_id && built->outputs[2].ordered);
    assert_str(built->outputs[3].name, "t_year");
    assert_false(built->outputs[3].is_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform_spec__what_is_wrong_and_where),
        cmocka_unit_test(test_transform_spec__all_errors_at_once),
        cmocka_unit_test(test_transform_spec__labels_that_do_not_fit),
        cmocka_unit_test(test_transform_spec__a_feature_that_the_label_reads_is_told),
        cmocka_unit_test(test_transform_spec__hints_for_the_learner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
