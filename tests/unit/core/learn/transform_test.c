#include "core/learn/transform.h"

#include "transform_fixture.h"

/* One day, and 2024-02-29T13:14:15Z, by `date -u +%s`. */
#define DAY  86400e6
#define LEAP 1709212455e6

static struct table sample(struct sl_arena *a)
{
    static const double x[] = {1, 2, NAN, 4, 5, 8};
    static const double i[] = {10, 20, 20, NAN, 30, 10};
    static const double b[] = {1, 1, 0, NAN, 1, 1};
    static const double t[] = {0, -1, LEAP, NAN, DAY - 1, 365 * DAY};
    static const char *const s[] = {"a", "b", "a", NULL, "ü-x", "a"};
    static const double label[] = {0, 1, 0, 1, 1, 0};
    struct column *c = SL_ARENA_ARRAY(a, struct column, 6);
    c[0] = numbers(a, "x", x, 6);
    c[1] = whole(a, "i", COLUMN_INT64, i, 6);
    c[2] = whole(a, "b", COLUMN_BOOL, b, 6);
    c[3] = whole(a, "t", COLUMN_TIMESTAMP, t, 6);
    c[4] = texts(a, "s", s, 6);
    c[5] = whole(a, "label", COLUMN_INT64, label, 6);
    return table_of(c, 6);
}

static const struct column *output(struct sl_arena *a, const char *features,
                                   enum transform_target target, const char *name)
{
    struct table rows = sample(a), *out = SL_ARENA_NEW(a, struct table);
    struct transform *t = make(a, features, &rows, target);
    assert_ok(transform_apply(a, t, &rows, out));
    assert_int_equal(out->n_rows, 6);
    const struct column *c = table_find(out, sl_str(name));
    assert_non_null(c);
    return c;
}

static void expect_floats(const struct column *c, const double *want)
{
    assert_int_equal(c->type, COLUMN_FLOAT);
    for (size_t i = 0; i < 6; i++) {
        if (isnan(want[i]))
            assert_true(isnan(c->f32[i]));
        else if (c->f32[i] != (float)want[i])
            fail_msg("row %zu: %.9g, expected %.9g", i, (double)c->f32[i], want[i]);
    }
}

static void expect_ids(const struct column *c, const int64_t *want)
{
    assert_int_equal(c->type, COLUMN_INT64);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(c->i64[i], want[i]);
}

#define FLOATS(features, target, name, ...)                                               \
    do {                                                                                  \
        SL_AUTOARENA(test_arena);                                                         \
        expect_floats(output(test_arena, features, target, name), (double[])__VA_ARGS__); \
    } while (0)
#define IDS(features, target, name, ...)                                                \
    do {                                                                                \
        SL_AUTOARENA(test_arena);                                                       \
        expect_ids(output(test_arena, features, target, name), (int64_t[])__VA_ARGS__); \
    } while (0)

/* x without NaN: 1 2 4 5 8, mean 4, median 4. Filled with 4: mean 4, squared deviations
 * 9 + 4 + 0 + 0 + 1 + 16 = 30, variance 5. */
static void test_transform__numbers(void **state)
{
    (void)state;
    FLOATS("['x']", TRANSFORM_TREES, "x", {1, 2, NAN, 4, 5, 8});
    FLOATS("['x']", TRANSFORM_DENSE, "x", {1, 2, 4, 4, 5, 8});
    double s = sqrt(5);
    FLOATS("[{'column': 'x', 'apply': 'zscore'}]", TRANSFORM_DENSE, "x",
           {(1 - 4.0) / s, (2 - 4.0) / s, 0, 0, (5 - 4.0) / s, (8 - 4.0) / s});
    /* Missing stays missing and does not count: variance 30 / 5. */
    FLOATS("[{'column': 'x', 'apply': 'zscore'}]", TRANSFORM_TREES, "x",
           {-3 / sqrt(6), -2 / sqrt(6), NAN, 0, 1 / sqrt(6), 4 / sqrt(6)});
    FLOATS("[{'column': 'x', 'fill': {'constant': 0}, 'apply': 'minmax'}]", TRANSFORM_DENSE, "x",
           {0.125, 0.25, 0, 0.5, 0.625, 1});
    FLOATS("[{'column': 'x', 'fill': 'median', 'apply': {'minmax': {'low': -1, 'high': 1}}}]",
           TRANSFORM_DENSE, "x", {-1, -5 / 7.0, -1 / 7.0, -1 / 7.0, 1 / 7.0, 1});
    FLOATS("[{'column': 'x', 'apply': [{'clip': {'min': 2, 'max': 5}}]}]", TRANSFORM_TREES, "x",
           {2, 2, NAN, 4, 5, 5});
    FLOATS("[{'column': 'x', 'apply': [{'clip': {'max': 5}}, 'passthrough']}]", TRANSFORM_TREES,
           "x", {1, 2, NAN, 4, 5, 5});
    FLOATS("[{'column': 'x', 'apply': 'log'}]", TRANSFORM_TREES, "x",
           {log(2), log(3), NAN, log(5), log(6), log(9)});
    FLOATS("[{'name': 'y', 'expr': '2 - x', 'apply': {'log': {'offset': 0.5}}}]", TRANSFORM_TREES,
           "y", {log(1.5), log(0.5), NAN, log(0.5), log(0.5), log(0.5)});
}

static void test_transform__fill(void **state)
{
    (void)state;
    FLOATS("[{'column': 'i', 'fill': 'mean'}]", TRANSFORM_TREES, "i", {10, 20, 20, 18, 30, 10});
    FLOATS("[{'column': 'i', 'fill': 'median'}]", TRANSFORM_TREES, "i", {10, 20, 20, 20, 30, 10});
    /* 10 and 20 occur twice each: the smaller one. */
    FLOATS("[{'column': 'i', 'fill': 'mode'}]", TRANSFORM_TREES, "i", {10, 20, 20, 10, 30, 10});
    FLOATS("[{'column': 'b'}]", TRANSFORM_DENSE, "b", {1, 1, 0, 1, 1, 1});
    FLOATS("[{'column': 'x', 'missing': true}]", TRANSFORM_DENSE, "x_missing", {0, 0, 1, 0, 0, 0});
    FLOATS("[{'column': 's', 'missing': true}]", TRANSFORM_DENSE, "s_missing", {0, 0, 0, 1, 0, 0});
    IDS("[{'column': 's', 'fill': 'mode'}]", TRANSFORM_DENSE, "s", {0, 1, 0, 0, 2, 0});
    IDS("[{'column': 's', 'fill': {'constant': 'zz'}, 'apply': {'vocabulary': {'topK': 1}}}]",
        TRANSFORM_DENSE, "s", {0, 1, 0, 1, 1, 0});
    FLOATS("[{'column': 't', 'fill': {'constant': '1970-01-02'}, 'dateParts': ['days'], 'apply': "
           "'passthrough'}]",
           TRANSFORM_DENSE, "t_days", {0, -1, 19782, 1, 0, 365});
}

/* Ids: tokens by frequency, ties by value; then one for others, then one for missing. */
static void test_transform__vocabulary(void **state)
{
    (void)state;
    IDS("['s']", TRANSFORM_DENSE, "s", {0, 1, 0, 4, 2, 0});
    IDS("[{'column': 's', 'apply': {'vocabulary': {'minCount': 2}}}]", TRANSFORM_DENSE, "s",
        {0, 1, 0, 2, 1, 0});
    IDS("[{'column': 's', 'apply': {'vocabulary': {'values': ['b', 'c']}}}]", TRANSFORM_DENSE, "s",
        {2, 0, 2, 3, 2, 2});
    IDS("[{'column': 'i', 'apply': 'vocabulary'}]", TRANSFORM_DENSE, "i", {0, 1, 1, 4, 2, 0});
    IDS("[{'column': 'i', 'fill': 'mode', 'apply': 'vocabulary'}]", TRANSFORM_DENSE, "i",
        {0, 1, 1, 0, 2, 0});
    /* MurmurHash3 x86_32, seed 0, of "a" 0x3c2569b2, "b" 0x95de7e03, "ü-x" 0xb4ad07da
     * (onnxruntime).
     */
    IDS("[{'column': 's', 'apply': {'vocabulary': {'topK': 1, 'oov': 3}}}]", TRANSFORM_DENSE, "s",
        {0, 1 + 0x95de7e03 % 3, 0, 4, 1 + 0xb4ad07dau % 3, 0});
    IDS("[{'column': 's', 'apply': {'hash': {'buckets': 10}}}]", TRANSFORM_DENSE, "s",
        {0x3c2569b2 % 10, 0x95de7e03u % 10, 0x3c2569b2 % 10, 10, 0xb4ad07dau % 10,
         0x3c2569b2 % 10});
    FLOATS("[{'column': 's', 'name': 'n', 'apply': 'textLength'}]", TRANSFORM_DENSE, "n",
           {1, 1, 1, 0, 3, 1});
}

static void test_transform__buckets(void **state)
{
    (void)state;
    /* On a boundary belongs above it. */
    IDS("[{'column': 'x', 'apply': {'bucketize': {'boundaries': [2, 4.5, 100]}}}]", TRANSFORM_DENSE,
        "x", {0, 1, 4, 1, 2, 2});
    /* Sorted 1 2 4 5 8; quartile boundaries at ranks 5/4, 10/4, 15/4: 2, 4, 5. */
    IDS("[{'column': 'x', 'apply': {'bucketize': {'quantiles': 4}}}]", TRANSFORM_DENSE, "x",
        {0, 1, 4, 2, 3, 3});
    /* With the fill 4 among them, 1 2 4 4 5 8: ranks 1, 3, 4: 2, 4, 5. */
    IDS("[{'column': 'x', 'fill': 'median', 'apply': {'bucketize': {'quantiles': 4}}}]",
        TRANSFORM_DENSE, "x", {0, 1, 2, 2, 3, 3});
    IDS("[{'column': 'i', 'apply': {'identity': {'first': 15, 'count': 10}}}]", TRANSFORM_DENSE,
        "i", {0, 5, 5, 10, 9, 0});
    IDS("[{'column': 'i', 'name': 'five', 'apply': {'bucketize': {'boundaries': [15]}}},"
        " {'column': 's', 'apply': {'vocabulary': {'topK': 1}}},"
        " {'cross': ['five', 's'], 'name': 'both', 'apply': 'passthrough'}]",
        TRANSFORM_DENSE, "both", {0, 4, 3, 8, 4, 0});
    /* The pairs by how often they occur: 0 twice, then 3, 4 (twice) and 8: 0 and 4 first. */
    IDS("[{'column': 'i', 'name': 'five', 'apply': {'bucketize': {'boundaries': [15]}}},"
        " {'column': 's', 'apply': {'vocabulary': {'topK': 1}}}, {'cross': ['five', 's']}]",
        TRANSFORM_DENSE, "five_x_s", {0, 1, 2, 3, 1, 0});
}

static void test_transform__date_parts(void **state)
{
    (void)state;
    /* By `date -u -d @SECONDS`: 1970-01-01 Thu, 1969-12-31T23:59:59.999999 Wed, 2024-02-29 Thu,
     * 1970-01-01T23:59:59, 1971-01-01 Fri. */
#define PARTS(part, ...)                                                           \
    FLOATS("[{'column': 't', 'dateParts': ['" part "'], 'apply': 'passthrough'}]", \
           TRANSFORM_TREES, "t_" part, __VA_ARGS__)
    PARTS("year", {1970, 1969, 2024, NAN, 1970, 1971});
    PARTS("quarter", {1, 4, 1, NAN, 1, 1});
    PARTS("month", {1, 12, 2, NAN, 1, 1});
    PARTS("day", {1, 31, 29, NAN, 1, 1});
    PARTS("weekday", {4, 3, 4, NAN, 4, 5});
    PARTS("yearday", {1, 365, 60, NAN, 1, 1});
    PARTS("hour", {0, 23, 13, NAN, 23, 0});
    PARTS("minute", {0, 59, 14, NAN, 59, 0});
    PARTS("second", {0, 59, 15, NAN, 59, 0});
    PARTS("days", {0, -1, 19782, NAN, 0, 365});
    /* Parts with bounds are ids for a dense learner, by themselves. */
    IDS("[{'column': 't', 'dateParts': ['month', 'weekday']}]", TRANSFORM_DENSE, "t_month",
        {0, 11, 1, 12, 0, 0});
}

static void test_transform__numbers_beyond_float_and_zero(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    static const double x[] = {1e300, -1e300, -0.0, -1e-300, INFINITY, NAN};
    static const double label[] = {0, 1, 0, 1, 0, 1};
    struct column c[] = {numbers(a, "x", x, 6), whole(a, "label", COLUMN_INT64, label, 6)};
    struct table rows = table_of(c, 2), out;
    struct transform *t = make(a, "['x']", &rows, TRANSFORM_TREES);
    assert_ok(transform_apply(a, t, &rows, &out));
    const float *y = out.columns[0].f32;
    assert_true(y[0] == 0x1.fffffep127f && y[1] == -0x1.fffffep127f);
    assert_true(y[2] == 0 && !signbit(y[2]) && y[3] == 0 && !signbit(y[3]));
    assert_true(isnan(y[4]) && isnan(y[5])); /* infinite is missing */
}

/* ---- label, columns ---------------------------------------------------------------------------*/

static struct transform *labelled(struct sl_arena *a, const struct table *rows, const char *expr,
                                  int task)
{
    struct transform_request r = request(a, "['x']", expr, TRANSFORM_DENSE);
    r.label_task = task;
    struct transform *t = build(a, &r, rows);
    assert_ok(analyze(a, t, rows, 4, NULL));
    return t;
}

static void test_transform_label__tasks(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table rows = sample(a);
    struct column c;
    struct transform *t = labelled(a, &rows, "x > 3", -1);
    assert_int_equal(t->label.task, TRANSFORM_BINARY);
    assert_str(t->label.classes[1], "true");
    assert_ok(transform_apply_label(a, t, &rows, &c));
    assert_int_equal(c.type, COLUMN_FLOAT);
    assert_int_equal(column_valid_count(&c), 5);
    assert_false(column_is_valid(&c, 2));
    assert_true(c.f32[0] == 0 && c.f32[3] == 1);

    t = labelled(a, &rows, "label", -1); /* whole, and only 0 and 1 */
    assert_int_equal(t->label.task, TRANSFORM_BINARY);
    t = labelled(a, &rows, "i", -1);
    assert_int_equal(t->label.task, TRANSFORM_REGRESSION);
    assert_ok(transform_apply_label(a, t, &rows, &c));
    assert_true(c.f32[4] == 30);

    t = labelled(a, &rows, "i", TRANSFORM_MULTICLASS);
    assert_int_equal(t->label.n_classes, 3);
    assert_str(t->label.classes[2], "30");
    assert_ok(transform_apply_label(a, t, &rows, &c));
    assert_int_equal(c.type, COLUMN_INT64);
    assert_int_equal(c.i64[1], 1);

    t = labelled(a, &rows, "s", -1);
    assert_int_equal(t->label.task, TRANSFORM_MULTICLASS);
    assert_str(t->label.classes[0], "a");
    struct table fewer = rows;
    static const char *const unseen[] = {"a", "c", "b", "b", NULL, "a"};
    fewer.columns = sl_arena_copy(a, rows.columns, 6 * sizeof(struct column));
    fewer.columns[4] = texts(a, "s", unseen, 6);
    assert_ok(transform_apply_label(a, t, &fewer, &c));
    assert_false(column_is_valid(&c, 1)); /* no class of the training rows */
    assert_false(column_is_valid(&c, 4));
    assert_int_equal(c.i64[2], 1);
}

static void test_transform_label__errors(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table rows = sample(a);
    static const struct {
        const char *expr;
        int task;
        const char *part;
    } bad[] = {
        {"x > 100", -1, "is false in all 5 analysed rows"},
        {"i", TRANSFORM_BINARY, "values other than 0 and 1"},
        {"s == 'a' ? 'one' : null", -1, "one class only"},
        {"x > 100 ? 1.5 : null", -1, "no analysed row has a label"},
    };
    for (size_t i = 0; i < SL_COUNTOF(bad); i++) {
        struct transform_request r = request(a, "['x']", bad[i].expr, TRANSFORM_DENSE);
        r.label_task = bad[i].task;
        struct transform *t = build(a, &r, &rows);
        assert_err(analyze(a, t, &rows, 4, NULL), INVALID, bad[i].part);
    }
}

static void test_transform_weight__rows_without_do_not_count(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table rows = sample(a);
    struct transform_request r =
        request(a, "[{'column': 'x', 'fill': 'mean'}]", "label", TRANSFORM_DENSE);
    r.weight_name = SL_STR("w");
    r.weight_expr = SL_STR("i - 20");
    struct transform *t = build(a, &r, &rows);
    assert_ok(analyze(a, t, &rows, 2, NULL));
    /* Weights -10, 0, 0, missing, 10, -10: rows 1, 2 and 4 are left, with x 2, missing and 5. */
    assert_true(t->nodes[t->outputs[0].node].value == 3.5);
    struct column c;
    assert_ok(transform_apply_weight(a, t, &rows, &c));
    assert_int_equal(column_valid_count(&c), 3);
    assert_true(c.f32[4] == 10);
    size_t n;
    const struct column_spec *specs = transform_specs(a, t, &n);
    assert_int_equal(n, 3);
    assert_str(specs[1].name, "label");
    assert_str(specs[2].name, "w");
    specs = transform_raw_columns(a, t, false, &n);
    assert_int_equal(n, 1);
    specs = transform_raw_columns(a, t, true, &n);
    assert_int_equal(n, 3);
}

static void test_transform_apply__columns_by_name(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table rows = sample(a), out;
    struct transform *t = make(a, "['x', 's']", &rows, TRANSFORM_DENSE);
    /* Another order, an int where a double was: fine. */
    static const double x[] = {1};
    static const char *const s[] = {"b"};
    struct column c[] = {texts(a, "s", s, 1), whole(a, "x", COLUMN_INT64, x, 1)};
    struct table other = table_of(c, 2);
    assert_ok(transform_apply(a, t, &other, &out));
    assert_true(out.columns[0].f32[0] == 1);
    assert_int_equal(out.columns[1].i64[0], 1);
    other.n_columns = 1;
    assert_err(transform_apply(a, t, &other, &out), INVALID, "column 'x'");
    struct column wrong[] = {numbers(a, "s", x, 1), whole(a, "x", COLUMN_INT64, x, 1)};
    other = table_of(wrong, 2);
    assert_err(transform_apply(a, t, &other, &out), INVALID, "column 's': expected string");
    struct column none[] = {texts(a, "s", s, 0), whole(a, "x", COLUMN_INT64, x, 0)};
    other = table_of(none, 2);
    assert_ok(transform_apply(a, t, &other, &out));
    assert_int_equal(out.n_rows, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform__numbers),
        cmocka_unit_test(test_transform__fill),
        cmocka_unit_test(test_transform__vocabulary),
        cmocka_unit_test(test_transform__buckets),
        cmocka_unit_test(test_transform__date_parts),
        cmocka_unit_test(test_transform__numbers_beyond_float_and_zero),
        cmocka_unit_test(test_transform_label__tasks),
        cmocka_unit_test(test_transform_label__errors),
        cmocka_unit_test(test_transform_weight__rows_without_do_not_count),
        cmocka_unit_test(test_transform_apply__columns_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
