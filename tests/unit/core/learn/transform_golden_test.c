/* transform.json and its vocabularies as files: written as tests/golden/transform says, read back
 * to the same transform, and refused when they are not what the writer writes. GOLDEN_UPDATE=1
 * (`make golden-update`) writes the golden file anew. */
#include "base/file.h"
#include "base/limits.h"
#include "transform_fixture.h"

#define GOLDEN "tests/golden/transform/transform.json"

static const char *const features =
    "['x', {'column': 'x', 'name': 'z', 'fill': 'median', 'missing': true, 'apply': [{'clip': "
    "{'max': "
    "6}}, 'log', 'zscore']},"
    " {'column': 'x', 'name': 'mm', 'fill': {'constant': 0.1}, 'apply': {'minmax': {'low': -1}}},"
    " {'column': 'x', 'name': 'q', 'apply': {'bucketize': {'quantiles': 3}}},"
    " {'column': 's', 'apply': [{'vocabulary': {'topK': 2}}, {'embedding': {'size': 3}}]},"
    " {'column': 's', 'name': 'filled', 'fill': 'mode', 'apply': 'onehot'},"
    " {'column': 's', 'name': 'h', 'apply': {'hash': {'buckets': 7}}},"
    " {'column': 's', 'name': 'len', 'apply': 'textLength'},"
    " {'column': 'i', 'apply': 'vocabulary'},"
    " {'column': 'i', 'name': 'id', 'apply': {'identity': {'first': 10, 'count': 5}}},"
    " {'column': 't', 'dateParts': ['year', 'month']},"
    " {'cross': ['q', 's'], 'name': 'c'}, {'name': 'e', 'expr': 'x * 2 > i ? 1 : 0'}]";

static struct table sample(struct sl_arena *a)
{
    static const double x[] = {1, 2, NAN, 4, 5, 8};
    static const double i[] = {10, 20, 20, NAN, 30, 10};
    static const double t[] = {0, -1, 1709212455e6, NAN, 86399e6, 365 * 86400e6};
    static const char *const s[] = {"a", "b\\c", "a", NULL, "line\nend\r", "a"};
    static const double label[] = {3, 1, 2, 1, 2, NAN};
    struct column *c = SL_ARENA_ARRAY(a, struct column, 5);
    c[0] = numbers(a, "x", x, 6);
    c[1] = whole(a, "i", COLUMN_INT64, i, 6);
    c[2] = whole(a, "t", COLUMN_TIMESTAMP, t, 6);
    c[3] = texts(a, "s", s, 6);
    c[4] = whole(a, "label", COLUMN_INT64, label, 6);
    return table_of(c, 5);
}

static struct transform *complete(struct sl_arena *a)
{
    struct table rows = sample(a);
    struct transform_request r = request(a, features, "label", TRANSFORM_DENSE);
    r.label_task = TRANSFORM_MULTICLASS;
    r.weight_name = SL_STR("w");
    r.weight_expr = SL_STR("coalesce(i, 1)");
    struct transform *t = build(a, &r, &rows);
    assert_ok(analyze(a, t, &rows, 4, NULL));
    t->excluded = SL_ARENA_NEW(a, struct transform_excluded);
    t->excluded[0] = (struct transform_excluded){SL_STR("note"), SL_STR("it is free text")};
    t->n_excluded = 1;
    return t;
}

static struct sl_str formatted(struct sl_arena *a, const struct transform *t)
{
    SL_AUTOBUF(b, 0);
    transform_format(t, &b);
    return sl_arena_str(a, sl_buf_str(&b));
}

struct files {
    struct sl_arena *a;
    const struct transform *t;
    const char *instead; /* the text of every vocabulary; NULL: its own */
};

static bool read_file(void *ctx, struct sl_str path, struct sl_str *ret)
{
    struct files *f = ctx;
    for (size_t i = 0; i < f->t->n_nodes; i++) {
        const struct transform_vocabulary *v = f->t->nodes[i].vocabulary;
        if (!v || !sl_str_eq(v->file, path))
            continue;
        SL_AUTOBUF(b, 0);
        transform_format_vocabulary(v, &b);
        *ret = f->instead ? sl_str(f->instead) : sl_arena_str(f->a, sl_buf_str(&b));
        return true;
    }
    return false;
}

static void test_transform_golden__the_file(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct sl_str got = formatted(a, complete(a)), want;
    if (getenv("GOLDEN_UPDATE"))
        assert_ok(sl_file_write(GOLDEN, got));
    assert_ok(sl_file_read(a, GOLDEN, SL_LIMIT_DOCUMENT_BYTES, &want));
    assert_string_equal(got.p, want.p);
}

static void test_transform_golden__read_back(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct transform *t = complete(a), *back;
    struct sl_str text = formatted(a, t);
    assert_ok(transform_parse(a, text, read_file, &(struct files){a, t, NULL}, &back));
    assert_string_equal(formatted(a, back).p, text.p);

    struct table rows = sample(a), x, y;
    assert_ok(transform_apply(a, t, &rows, &x));
    assert_ok(transform_apply(a, back, &rows, &y));
    assert_int_equal(x.n_columns, y.n_columns);
    for (size_t i = 0; i < x.n_columns; i++)
        assert_memory_equal(x.columns[i].i64, y.columns[i].i64,
                            6 * (x.columns[i].type == COLUMN_INT64 ? 8 : 4));
    struct column l, m;
    assert_ok(transform_apply_label(a, t, &rows, &l));
    assert_ok(transform_apply_label(a, back, &rows, &m));
    assert_memory_equal(l.i64, m.i64, 6 * 8);
    assert_ok(transform_apply_weight(a, back, &rows, &m));
    assert_true(m.f32[3] == 1);
}

/* The text with one part of it replaced. */
static struct sl_str with(struct sl_arena *a, struct sl_str text, const char *old, const char *new)
{
    ptrdiff_t at = sl_str_find(text, sl_str(old));
    if (at < 0)
        fail_msg("'%s' is not in the file", old);
    return sl_arena_format(a, "%.*s%s%s", (int)at, text.p, new, text.p + at + strlen(old));
}

static void test_transform_golden__what_no_writer_writes(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct transform *t = complete(a), *back;
    struct sl_str text = formatted(a, t);
    static const struct {
        const char *old, *new, *part;
        bool invalid;
    } bad[] = {
        {"\"version\": 1", "\"version\": 2", "this program knows version 1", true},
        {"\"target\": \"dense\"", "\"target\": \"dens\"", "target", true},
        {"\"op\": \"zscore\"", "\"op\": \"zscores\"", "op", true},
        {"\"mean\":", "\"meen\":", "unknown field", true},
        {"\"of\": [0]", "\"of\": [1]", "expected an earlier node", false},
        {"\"of\": [0]", "\"of\": [-1]", "expected an earlier node", false},
        {"\"of\": [0]", "\"of\": [0.5]", "expected an earlier node", false},
        {"\"of\": [0]", "\"of\": [0, 0]", "expected 1 nodes, got 2", false},
        {"\"column\": \"s\"", "\"column\": \"r\"", "there is no column 'r'", false},
        {"\"type\": \"double\"", "\"type\": \"decimal\"", "there is no type", false},
        {"\"vocabulary\": \"vocab/0.txt\"", "\"vocabulary\": \"../0.txt\"", "is not there", false},
        {"\"oov\": 1", "\"oov\": 0", "oov: expected", false},
        {"\"oov\": 1", "\"oov\": 2", "has 5 ids", false},
        {"\"size\": 4", "\"size\": 40", "its node has 4 ids", false},
        {"\"part\": \"year\"", "\"part\": \"century\"", "there is no part", false},
        {"\"count\": 7", "\"count\": 0", "count: expected", false},
        {"\"task\": \"multiclass\"", "\"task\": \"binary\"", "do not go with its task", false},
        {"\"classes\": [\"1\", \"2\", \"3\"]", "\"classes\": [\"1\"]", "do not go with", false},
        {"x * 2 > i", "x * 2 > j", "there is no", true},
        {"\"node\": 1", "\"node\": 99", "there is no node 99", false},
        {"\"type\": \"float\"", "\"type\": \"id\"", "values of another kind", false},
    };
    for (size_t i = 0; i < SL_COUNTOF(bad); i++) {
        struct sl_str changed = with(a, text, bad[i].old, bad[i].new);
        struct sl_err *err =
            transform_parse(a, changed, read_file, &(struct files){a, t, NULL}, &back);
        if (!err)
            fail_msg("'%s' was accepted", bad[i].new);
        SL_AUTOBUF(b, 0);
        sl_err_format(err, &b);
        if (!strstr(b.p, bad[i].part))
            fail_msg("'%s': '%s' does not contain '%s'", bad[i].new, b.p, bad[i].part);
        assert_int_equal(err->kind, bad[i].invalid ? SL_ERR_INVALID : SL_ERR_CORRUPT);
        sl_err_free(err);
    }
}

static void test_transform_golden__vocabularies_that_are_none(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct transform *t = complete(a), *back;
    struct sl_str text = formatted(a, t);
    static const char *const bad[] = {"a\nb", "a\n\n", "a\\\nb\n", "a\\q\nb\n", "a\nb\nc\n"};
    for (size_t i = 0; i < SL_COUNTOF(bad); i++)
        assert_err(transform_parse(a, text, read_file, &(struct files){a, t, bad[i]}, &back),
                   CORRUPT, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform_golden__the_file),
        cmocka_unit_test(test_transform_golden__read_back),
        cmocka_unit_test(test_transform_golden__what_no_writer_writes),
        cmocka_unit_test(test_transform_golden__vocabularies_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
