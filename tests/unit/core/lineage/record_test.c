#include "tests/support/run_record.h"
#include "tests/support/test.h"

static void test_record__comes_back_as_it_went(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    SL_AUTOBUF(first, 0);
    SL_AUTOBUF(second, 0);
    struct run_record *r = test_run_record(a, "u1", 1763797137000001, "m1", 100, true), *back;
    r->steps[2].error_kind = SL_STR("internal");
    r->steps[2].error_message = SL_STR("it broke");
    r->steps[2].item = SL_STR("fold-3");
    r->steps[3].cached_run = SL_STR("u0");
    r->steps[3].cached_step = SL_STR("push");
    run_record_encode(r, &first);
    assert_ok(run_record_decode(a, sl_buf_str(&first), &back));
    run_record_encode(back, &second);
    assert_string_equal(first.p, second.p);
    assert_int_equal(back->n_steps, 4);
    assert_true(back->created_us == 1763797137000001);
    assert_str(back->created_by, "ann");
    const struct step_record *s = &back->steps[2];
    assert_str(s->item, "fold-3");
    assert_str(s->error_message, "it broke");
    assert_int_equal(s->n_inputs, 2);
    assert_str(s->inputs[1].name, "model");
    assert_str(s->inputs[1].artifacts[0].digest, "m1");
    assert_true(json_get_bool(s->outputs[0].properties, "blessed", false));
    assert_str(back->steps[0].files[0].etag, "sha256:aa");
    assert_str(back->steps[3].cached_step, "push");
}

static void decode_err(const char *text, const char *part)
{
    SL_AUTOARENA(a);
    struct run_record *r = NULL;
    assert_err(run_record_decode(a, sl_str(text), &r), INVALID, part);
    assert_null(r);
}

static void test_record__says_what_is_wrong(void **state)
{
    (void)state;
    decode_err("", "run record");
    decode_err("[]", "expected object");
    decode_err("{\"version\": 1, \"uid\": \"u\", \"name\": \"n\", \"uri\": \"x\"}", "pipeline");
    decode_err(
        "{\"version\": 2, \"uid\": \"u\", \"name\": \"n\", \"uri\": \"x\", \"pipeline\": \"p\"}",
        "expected 1, got 2");
    decode_err(
        "{\"version\": 1, \"uid\": \"u\", \"name\": \"n\", \"uri\": \"x\", \"pipeline\": \"p\","
        " \"steps\": [{\"step\": 3}]}",
        "steps[0].step");
    decode_err(
        "{\"version\": 1, \"uid\": \"u\", \"name\": \"n\", \"uri\": \"x\", \"pipeline\": \"p\","
        " \"steps\": [{\"step\": \"s\", \"inputs\": {\"i\": [{}]}}]}",
        "inputs.i[0]");
}

/* Records lie in storage that others may write. */
static void test_record__refuses_values_of_another_type(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"step\": \"s\", \"outputs\": {\"o\": [7]}}", "outputs.o: expected object, got list"},
        {"{\"step\": \"s\", \"files\": [\"f\"]}", "files[0]: expected object, got string"},
        {"{\"step\": \"s\", \"metrics\": [1]}", "metrics: expected object, got list"},
        {"{\"step\": \"s\", \"values\": 1}", "values: expected object, got number"},
        {"{\"step\": \"s\", \"params\": \"p\"}", "params: expected object, got string"},
        {"{\"step\": \"s\", \"cache\": true}", "cache: expected object, got boolean"},
        {"7", "steps[0]"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        SL_AUTOARENA(a);
        decode_err(
            sl_arena_format(a,
                            "{\"version\": 1, \"uid\": \"u\", \"name\": \"n\", \"uri\": \"x\","
                            " \"pipeline\": \"p\", \"steps\": [%s]}",
                            cases[i][0])
                .p,
            cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record__comes_back_as_it_went),
        cmocka_unit_test(test_record__says_what_is_wrong),
        cmocka_unit_test(test_record__refuses_values_of_another_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
