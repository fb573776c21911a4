#include "core/pipeline/task.h"
#include "tests/support/test.h"

static const char *const text =
    "{\"version\":1,\"run\":{\"name\":\"r\",\"uid\":\"u\",\"namespace\":\"default\",\"pipeline\":"
    "\"p\"},\"step\":\"s\","
    "\"attempt\":2,\"component\":\"Trainer\",\"params\":{\"steps\":5},"
    "\"inputs\":{\"examples\":[{\"type\":\"Examples\",\"uri\":\"file:///"
    "e\",\"digest\":\"d\",\"properties\":{\"rows\":3}}]},"
    "\"outputs\":{\"model\":{\"type\":\"Model\",\"uri\":\"file:///m\"}},"
    "\"files\":[{\"param\":\"input\",\"uri\":\"file:///f\",\"bytes\":10,\"etag\":\"x\"}],"
    "\"attempt_uri\":\"file:///a\",\"memory_bytes\":0,\"threads\":2}";

static void check(const struct task *t)
{
    assert_str(t->run_uid, "u");
    assert_int_equal(t->attempt, 2);
    assert_int_equal(json_get_number(t->params, "steps", 0), 5);
    const struct task_port *in = task_input(t, SL_STR("examples"));
    assert_non_null(in);
    assert_int_equal(in->n, 1);
    assert_int_equal(json_get_number(in->artifacts[0].properties, "rows", 0), 3);
    assert_str(task_output(t, SL_STR("model"))->artifacts[0].uri, "file:///m");
    assert_null(task_output(t, SL_STR("x")));
    assert_int_equal(t->n_files, 1);
    assert_int_equal(t->files[0].bytes, 10);
    assert_int_equal(t->threads, 2);
}

static void test_task__decodes_and_survives_a_round_trip(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct task *t, *again;
    assert_ok(task_decode(a, sl_str(text), &t));
    check(t);
    SL_AUTOBUF(b, 0);
    task_encode(t, &b);
    assert_ok(task_decode(a, sl_buf_str(&b), &again));
    check(again);
}

static void test_task__refuses(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct task *t;
    assert_err(task_decode(a,
                           SL_STR("{\"version\":2,\"run\":{\"name\":\"r\",\"uid\":\"u\"},\"step\":"
                                  "\"s\",\"attempt_uri\":\"x\"}"),
                           &t),
               INVALID, "version: expected 1, got 2");
    assert_err(task_decode(a, SL_STR("{\"version\":1}"), &t), INVALID, "step: is required");
    assert_err(task_decode(a,
                           SL_STR("{\"version\":1,\"run\":{\"name\":\"r\",\"uid\":\"u\"},\"step\":"
                                  "\"s\",\"attempt_uri\":\"x\","
                                  "\"inputs\":{\"e\":[{\"uri\":\"y\"}]}}"),
                           &t),
               INVALID, "inputs.e[0].type: is required");
}

static void test_task_result__round_trip(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct task_output out = {.name = SL_STR("model"),
                              .type = SL_STR("Model"),
                              .uri = SL_STR("file:///m"),
                              .digest = SL_STR("d"),
                              .bytes = 7,
                              .properties = json_new_object(a)};
    struct task_result r = {.outcome = SL_STR("failed"),
                            .outputs = &out,
                            .n_outputs = 1,
                            .message = SL_STR("m"),
                            .error_kind = SL_STR("internal"),
                            .error_message = SL_STR("why")};
    struct task_result *back;
    SL_AUTOBUF(b, 0);
    task_result_encode(&r, &b);
    assert_ok(task_result_decode(a, sl_buf_str(&b), &back));
    assert_str(back->outcome, "failed");
    assert_int_equal(back->n_outputs, 1);
    assert_str(back->outputs[0].name, "model");
    assert_int_equal(back->outputs[0].bytes, 7);
    assert_str(back->error_message, "why");
    assert_err(task_result_decode(a, SL_STR("{}"), &back), INVALID, "outcome: is required");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_task__decodes_and_survives_a_round_trip),
        cmocka_unit_test(test_task__refuses),
        cmocka_unit_test(test_task_result__round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
