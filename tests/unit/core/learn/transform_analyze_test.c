#include "core/learn/transform_analyze.h"

#include "base/rng.h"
#include "transform_fixture.h"

enum { ROWS = 5000 };

/* Doubles with some missing, texts, and a label. */
static struct table sample(struct sl_arena *a, uint64_t seed)
{
    struct sl_rng r;
    sl_rng_init(&r, seed);
    double *x = SL_ARENA_ARRAY(a, double, ROWS), *label = SL_ARENA_ARRAY(a, double, ROWS);
    const char **s = SL_ARENA_ARRAY(a, const char *, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = sl_rng_below(&r, 10) ? 1e6 + sl_rng_normal(&r) : NAN;
        label[i] = sl_rng_below(&r, 20) ? (double)sl_rng_below(&r, 2) : NAN;
        s[i] =
            sl_rng_below(&r, 10)
                ? sl_arena_format(a, "t%llu",
                                  (unsigned long long)(sl_rng_below(&r, 30) * sl_rng_below(&r, 3)))
                      .p
                : NULL;
    }
    struct column *c = SL_ARENA_ARRAY(a, struct column, 3);
    c[0] = numbers(a, "x", x, ROWS);
    c[1] = texts(a, "s", s, ROWS);
    c[2] = whole(a, "label", COLUMN_INT64, label, ROWS);
    return table_of(c, 3);
}

static const struct transform_node *node_of(const struct transform *t, enum transform_op op)
{
    for (size_t i = 0; i < t->n_nodes; i++)
        if (t->nodes[i].op == op)
            return &t->nodes[i];
    fail_msg("there is no %s", transform_op_name(op));
    return NULL;
}

static const struct transform *analyzed(struct sl_arena *a, const char *features,
                                        const struct table *rows, size_t group, int *passes)
{
    struct transform_request r = request(a, features, "label", TRANSFORM_DENSE);
    struct transform *t = build(a, &r, rows);
    assert_ok(analyze(a, t, rows, group, passes));
    return t;
}

/* Values of labelled rows by brute force, `fill` in the place of missing ones; NaN leaves them out.
 */
static size_t labelled_values(const struct table *rows, double fill, double *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (!column_is_valid(&rows->columns[2], i))
            continue;
        double v = column_is_valid(&rows->columns[0], i) ? rows->columns[0].f64[i] : fill;
        if (!isnan(v))
            ret[n++] = v;
    }
    return n;
}

static void test_transform_analyze__moments_by_brute_force(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table rows = sample(a, 1);
    int passes;
    const struct transform *t =
        analyzed(a, "[{'column': 'x', 'fill': {'constant': 999999}, 'apply': 'zscore'}]", &rows,
                 100, &passes);
    assert_int_equal(passes, 1);
    double *v = SL_ARENA_ARRAY(a, double, ROWS);
    size_t n = labelled_values(&rows, 999999, v);
    long double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    for (size_t i = 0; i < n; i++)
        squares += (v[i] - sum / n) * (v[i] - sum / n);
    const struct transform_node *z = node_of(t, TRANSFORM_ZSCORE);
    assert_true(fabs(z->mean - (double)(sum / n)) < 1e-8);
    assert_true(fabs(z->std - sqrt((double)(squares / n))) < 1e-8);
}

static void test_transform_analyze__groups_and_passes(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table rows = sample(a, 2);
    int passes;
    /* A fill and what follows it take one pass; a log between takes another. */
    analyzed(a, "[{'column': 'x', 'fill': 'median', 'apply': 'minmax'}]", &rows, 64, &passes);
    assert_int_equal(passes, 1);
    analyzed(a, "[{'column': 'x', 'fill': 'mean', 'apply': ['log', 'zscore']}]", &rows, 64,
             &passes);
    assert_int_equal(passes, 2);
    analyzed(a,
             "[{'column': 's'}, {'column': 'x', 'apply': {'bucketize': {'quantiles': 4}}}, "
             "{'cross': ['s', 'x']}]",
             &rows, 64, &passes);
    assert_int_equal(passes, 2);
    /* The same for any way to cut the rows, but for the last bits of sums. */
    const struct transform *one =
        analyzed(a, "[{'column': 'x', 'apply': 'zscore'}, 's']", &rows, ROWS, NULL);
    const struct transform *many =
        analyzed(a, "[{'column': 'x', 'apply': 'zscore'}, 's']", &rows, 7, NULL);
    const struct transform_node *x = node_of(one, TRANSFORM_ZSCORE),
                                *y = node_of(many, TRANSFORM_ZSCORE);
    assert_true(fabs(x->mean - y->mean) < 1e-8 && fabs(x->std - y->std) < 1e-8);
    const struct transform_vocabulary *u = node_of(one, TRANSFORM_VOCABULARY)->vocabulary;
    const struct transform_vocabulary *v = node_of(many, TRANSFORM_VOCABULARY)->vocabulary;
    assert_int_equal(u->n, v->n);
    for (size_t i = 0; i < u->n; i++)
        assert_true(sl_str_eq(u->tokens[i], v->tokens[i]));
}

static int compare(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static void test_transform_analyze__quantiles_by_sorting(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table rows = sample(a, 3);
    double *v = SL_ARENA_ARRAY(a, double, ROWS);
    /* A fill between the values: its copies count. */
    size_t n = labelled_values(&rows, 1e6, v);
    qsort(v, n, sizeof(*v), compare);
    const struct transform *t = analyzed(a,
                                         "[{'column': 'x', 'fill': {'constant': 1000000}, 'apply': "
                                         "{'bucketize': {'quantiles': 50}}}]",
                                         &rows, 333, NULL);
    const struct transform_node *b = node_of(t, TRANSFORM_BUCKETIZE);
    assert_true(b->count > 40 && b->count < 50); /* a tenth is one value: boundaries merge */
    size_t k = 0;
    for (size_t i = 1; i < 50; i++) {
        double want = v[i * n / 50];
        if (k && want == b->boundaries[k - 1])
            continue;
        assert_true(b->boundaries[k++] == want);
    }
    assert_int_equal(k, b->count);

    n = labelled_values(&rows, NAN, v);
    qsort(v, n, sizeof(*v), compare);
    t = analyzed(a, "[{'column': 'x', 'fill': 'median'}]", &rows, 333, NULL);
    double median = n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
    assert_true(node_of(t, TRANSFORM_FILL)->value == median);
}

/* Beyond 2^20 values a sketch: ranks within 0.1 %. */
static void test_transform_analyze__many_values(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    enum { MANY = 1500000, GROUP = 65536 };
    double *x = SL_ARENA_ARRAY(a, double, MANY), *label = SL_ARENA_ARRAY(a, double, MANY);
    for (size_t i = 0; i < MANY; i++) {
        x[i] = (double)(i * 7919 % MANY); /* every number below MANY once */
        label[i] = (double)(i % 2);
    }
    struct column c[] = {numbers(a, "x", x, MANY), whole(a, "label", COLUMN_INT64, label, MANY)};
    struct table rows = table_of(c, 2);
    double first[3];
    for (int again = 0; again < 2; again++) {
        const struct transform *t = analyzed(
            a, "[{'column': 'x', 'apply': {'bucketize': {'quantiles': 4}}}]", &rows, GROUP, NULL);
        const struct transform_node *b = node_of(t, TRANSFORM_BUCKETIZE);
        assert_int_equal(b->count, 3);
        for (size_t i = 0; i < 3; i++) {
            assert_true(fabs(b->boundaries[i] - (double)(i + 1) * MANY / 4) < 0.001 * MANY);
            assert_true(!again || b->boundaries[i] == first[i]); /* the same every time */
            first[i] = b->boundaries[i];
        }
    }
}

static void test_transform_analyze__errors(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    static const double none[] = {NAN, NAN}, label[] = {0, 1};
    static const char *const no_text[] = {NULL, NULL};
    struct column c[] = {numbers(a, "x", none, 2), texts(a, "s", no_text, 2),
                         whole(a, "label", COLUMN_INT64, label, 2)};
    struct table rows = table_of(c, 3);
    struct transform_request r = request(a, "['x']", "label", TRANSFORM_DENSE);
    assert_err(analyze(a, build(a, &r, &rows), &rows, 2, NULL), INVALID,
               "column 'x' has no value in the analysed rows");
    r = request(a, "[{'name': 'e', 'expr': 'x + 1', 'fill': 'mode'}]", "label", TRANSFORM_DENSE);
    assert_err(analyze(a, build(a, &r, &rows), &rows, 2, NULL), INVALID, "expression 'x + 1'");
    r = request(a, "[{'column': 's', 'fill': 'mode'}]", "label", TRANSFORM_DENSE);
    assert_err(analyze(a, build(a, &r, &rows), &rows, 2, NULL), INVALID, "column 's'");
    r = request(a,
                "[{'name': 'p', 'expr': 'label', 'apply': {'identity': {'count': 10000000}}},"
                " {'cross': ['p', 'p'], 'apply': 'passthrough'}]",
                "label", TRANSFORM_DENSE);
    assert_err(analyze(a, build(a, &r, &rows), &rows, 2, NULL), EXHAUSTED, "smaller vocabulary");
    static const double huge[] = {1e200, -1e200};
    c[0] = numbers(a, "x", huge, 2);
    r = request(a, "[{'column': 'x', 'apply': 'zscore'}]", "label", TRANSFORM_DENSE);
    assert_err(analyze(a, build(a, &r, &rows), &rows, 2, NULL), INVALID,
               "zscore of column 'x': its numbers are too large");
    c[0] = numbers(a, "x", none, 2);
    /* Vocabularies and boundaries of nothing are fine: all is other or missing. */
    r = request(a, "['s', {'column': 'x', 'apply': {'bucketize': {'quantiles': 4}}}]", "label",
                TRANSFORM_DENSE);
    struct transform *t = build(a, &r, &rows);
    assert_ok(analyze(a, t, &rows, 2, NULL));
    assert_int_equal(t->outputs[0].size, 2);
    assert_int_equal(t->outputs[1].size, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform_analyze__moments_by_brute_force),
        cmocka_unit_test(test_transform_analyze__groups_and_passes),
        cmocka_unit_test(test_transform_analyze__quantiles_by_sorting),
        cmocka_unit_test(test_transform_analyze__many_values),
        cmocka_unit_test(test_transform_analyze__errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
