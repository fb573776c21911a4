#include "tests/support/run_record.h"
#include "tests/support/test.h"

#include "core/lineage/cache_key.h"

struct fixture {
    struct sl_arena *a;
    struct task_port inputs[2], outputs[2];
    struct task_file files[1];
    struct cache_parts p;
};

static int set_up(void **state)
{
    static struct fixture f;
    struct sl_arena *a = sl_arena_new();
    f = (struct fixture){
        .a = a,
        .inputs = {test_port(a, "examples", "Examples", SL_STR("file:///e"), "e1"),
                   test_port(a, "schema", "Schema", SL_STR("file:///s"), "s1")},
        .outputs = {test_port(a, "model", "Model", SL_STR(""), ""),
                    test_port(a, "model_run", "ModelRun", SL_STR(""), "")},
        .files = {{SL_STR("input"), SL_STR("file:///x.csv"), 10, SL_STR("sha256:1")}},
    };
    struct json *params = json_new_object(a);
    json_set_number(a, params, "steps", 100);
    json_set_string(a, params, "model", SL_STR("dnn"));
    f.p = (struct cache_parts){
        SL_STR("Trainer"), SL_STR("b1"), SL_STR(""), params, f.inputs, 2, f.files, 1, f.outputs, 2};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    sl_arena_free(((struct fixture *)*state)->a);
    return 0;
}

static struct sl_str key_of(struct fixture *f)
{
    return cache_key(f->a, cache_record(f->a, &f->p));
}

/* Written out by hand; the digest is sha256sum's of that text. */
static void test_cache_key__is_the_digest_of_the_canonical_record(void **state)
{
    struct fixture *f = *state;
    SL_AUTOBUF(text, 0);
    json_format(cache_record(f->a, &f->p), JSON_CANONICAL, &text);
    assert_str(sl_buf_str(&text),
               "{\"build\":\"b1\",\"component\":\"Trainer\",\"files\":[{\"bytes\":10,\"etag\":"
               "\"sha256:1\",\"param\":\"input\",\"uri\":\"file:///x.csv\"}],\"inputs\":{"
               "\"examples\":[\"e1\"],\"schema\":[\"s1\"]},\"outputs\":{\"model\":\"Model\","
               "\"model_run\":\"ModelRun\"},\"params\":{\"model\":\"dnn\",\"steps\":100},"
               "\"version\":\"\"}");
    assert_str(key_of(f), "349e3d967f438de1041ae7743ebf3661c3b9bf70301655ae769b05c17f93708b");
}

static void test_cache_key__order_and_uris_do_not_count(void **state)
{
    struct fixture *f = *state;
    struct sl_str key = key_of(f);
    struct task_port swapped[] = {f->inputs[1], f->inputs[0]};
    f->p.inputs = swapped;
    swapped[0].artifacts->uri = SL_STR("file:///elsewhere");
    json_set_number(f->a, swapped[1].artifacts->properties, "span", 3);
    assert_true(sl_str_eq(key_of(f), key));
}

static void test_cache_key__everything_else_counts(void **state)
{
    struct fixture *f = *state;
    struct sl_str keys[10];
    size_t n = 0;
    keys[n++] = key_of(f);
    f->p.build = SL_STR("b2");
    keys[n++] = key_of(f);
    f->p.component = SL_STR("Tuner");
    keys[n++] = key_of(f);
    f->p.version = SL_STR("v2");
    keys[n++] = key_of(f);
    f->files[0].etag = SL_STR("sha256:2");
    keys[n++] = key_of(f);
    f->inputs[0].artifacts->digest = SL_STR("e2");
    keys[n++] = key_of(f);
    f->p.n_inputs = 1;
    keys[n++] = key_of(f);
    f->p.n_outputs = 1;
    keys[n++] = key_of(f);
    f->p.n_files = 0;
    keys[n++] = key_of(f);
    f->p.params = NULL;
    keys[n++] = key_of(f);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(sl_str_eq(keys[i], keys[j]));
}

static void test_cache_key__equal_records_need_no_words(void **state)
{
    struct fixture *f = *state;
    struct sl_str *lines;
    size_t n;
    struct json *r = cache_record(f->a, &f->p);
    cache_explain(f->a, r, r, &lines, &n);
    assert_int_equal(n, 0);
}

static void test_cache_key__each_difference_is_said(void **state)
{
    struct fixture *f = *state;
    struct json *before = cache_record(f->a, &f->p);
    struct json *params = json_new_object(f->a), *hidden = json_new_array(f->a);
    struct task_file files[] = {{SL_STR("input"), SL_STR("file:///x.csv"), 11, SL_STR("sha256:2")},
                                {SL_STR("input"), SL_STR("file:///y.csv"), 1, SL_STR("sha256:3")}};
    json_push(f->a, hidden, json_new_number(f->a, 8));
    json_set_number(f->a, params, "steps", 250);
    json_set(f->a, params, "hidden", hidden);
    f->p.build = SL_STR("b2");
    f->p.version = SL_STR("2");
    f->p.params = params;
    f->p.files = files;
    f->p.n_files = 2;
    f->inputs[0].artifacts->digest = SL_STR("0123456789abcdef");
    f->inputs[1].name = SL_STR("transform");
    f->p.n_outputs = 1;
    struct sl_str *lines;
    size_t n;
    cache_explain(f->a, before, cache_record(f->a, &f->p), &lines, &n);
    static const char *const expected[] = {
        "Trainer is another build than then",
        "cache.version: was '', is '2'",
        "params.steps: was 100, is 250",
        "params.hidden: was absent, is [8]",
        "params.model: was \"dnn\", is absent",
        "input 'examples': another artifact (was e1, is 0123456789ab)",
        "input 'transform': was not given before",
        "input 'schema': is not given any more",
        "file 'file:///x.csv': its content changed",
        "file 'file:///y.csv': was not there before",
        "the declared outputs differ",
    };
    assert_int_equal(n, SL_COUNTOF(expected));
    for (size_t i = 0; i < n; i++)
        assert_str(lines[i], expected[i]);
}

/* Records come back from a database that others may write. */
static void test_cache_key__strange_records_do_no_harm(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "{}", "{\"inputs\": [1], \"files\": {\"a\": 1}, \"params\": 3, \"outputs\": null}",
        "{\"inputs\": {\"examples\": \"e\"}, \"files\": [1, {\"uri\": 2}], \"component\": {}}"};
    struct json *now = cache_record(f->a, &f->p);
    for (size_t i = 0; i < SL_COUNTOF(texts); i++) {
        struct json *before;
        struct sl_str *lines;
        size_t n;
        assert_ok(json_parse(f->a, sl_str(texts[i]), &before));
        cache_explain(f->a, before, now, &lines, &n);
        assert_true(n > 0);
        cache_explain(f->a, now, before, &lines, &n);
        assert_true(n > 0);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_cache_key__is_the_digest_of_the_canonical_record),
        CASE(test_cache_key__order_and_uris_do_not_count),
        CASE(test_cache_key__everything_else_counts),
        CASE(test_cache_key__equal_records_need_no_words),
        CASE(test_cache_key__each_difference_is_said),
        CASE(test_cache_key__strange_records_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
