#include "core/pipeline/snapshot.h"

#include "tests/support/plan_world.h"
#include "tests/support/test.h"

static void test_snapshot__round_trip(void **state)
{
    SL_AUTOARENA(a);
    struct world w;
    struct run_state run = {.outcome = OUTCOME_CANCELLED,
                            .cancel = CANCEL_GRACEFUL,
                            .timed_out = true,
                            .started_us = 1795336851450500,
                            .ended_us = 1795336851450501};
    struct step_state steps[3] = {
        {0},
        {.phase = STEP_ENDED,
         .outcome = OUTCOME_OUT_OF_MEMORY,
         .last = OUTCOME_UNAVAILABLE,
         .stop = OUTCOME_TIMED_OUT,
         .attempt = 7,
         .spent = {.user = 1, .unavailable = 2, .memory = 3, .disrupted = 4, .image = 5},
         .memory_bytes = 4096,
         .first_us = 6,
         .created_us = 7,
         .retry_at_us = 8,
         .started_us = 9,
         .ended_us = 10},
        {.phase = STEP_RUNNING, .attempt = 1},
    };
    (void)state;
    world_init(&w, 3);
    SL_AUTOBUF(text, 0);
    json_format(snapshot_encode(a, &w.pipeline, &run, steps), JSON_PRETTY, &text);
    struct json *v;
    assert_ok(json_parse(a, sl_buf_str(&text), &v));
    struct run_state run_again;
    struct step_state steps_again[3];
    assert_ok(snapshot_decode(a, v, &w.pipeline, &run_again, steps_again));
    assert_memory_equal(&run_again, &run, sizeof(run));
    assert_memory_equal(steps_again, steps, sizeof(steps));
}

/* A run of 500 steps stays within 64 KiB (DESIGN 3). */
static void test_snapshot__stays_small(void **state)
{
    enum { N = 500 };
    SL_AUTOARENA(a);
    struct spec_step *specs = SL_ARENA_ARRAY(a, struct spec_step, N);
    struct step_state *steps = SL_ARENA_ARRAY(a, struct step_state, N);
    struct spec_pipeline p = {.steps = specs, .n_steps = N, .n_main = N};
    struct run_state run = {.started_us = 1795336851450500};
    (void)state;
    for (int i = 0; i < N; i++) {
        specs[i].name = sl_arena_format(a, "step-%d", i);
        steps[i] = (struct step_state){.phase = STEP_ENDED,
                                       .outcome = OUTCOME_CACHED,
                                       .started_us = 1795336851450500,
                                       .ended_us = 1795336851450500};
    }
    SL_AUTOBUF(text, 0);
    json_format(snapshot_encode(a, &p, &run, steps), JSON_COMPACT, &text);
    assert_true(text.n <= 64 << 10);
}

static void test_snapshot__refuses_nonsense(void **state)
{
    SL_AUTOARENA(a);
    struct world w;
    struct json *v;
    struct run_state run;
    struct step_state steps[1];
    (void)state;
    world_init(&w, 1);
    assert_ok(json_parse(a, SL_STR("{\"steps\":{\"s0\":{\"phase\":\"gone\"}}}"), &v));
    assert_err(snapshot_decode(a, v, &w.pipeline, &run, steps), INVALID, "steps.s0.phase");
    assert_ok(json_parse(
        a, SL_STR("{\"steps\":{\"s0\":{\"phase\":\"ended\",\"outcome\":\"fine\"}}}"), &v));
    assert_err(snapshot_decode(a, v, &w.pipeline, &run, steps), INVALID, "'fine' is no outcome");
}

static void test_snapshot__tolerates(void **state)
{
    struct sl_str some[] = {SL_STR("failed"), SL_STR("timed_out")}, any[] = {SL_STR("any")};
    struct spec_step s = {.continue_on = {some, 2}};
    (void)state;
    assert_true(snapshot_tolerates(&s, OUTCOME_FAILED));
    assert_false(snapshot_tolerates(&s, OUTCOME_INVALID_INPUT));
    s.continue_on = (struct json_strings){any, 1};
    assert_true(snapshot_tolerates(&s, OUTCOME_INVALID_INPUT));
    assert_false(snapshot_tolerates(&s, OUTCOME_CANCELLED));
}

static void test_snapshot__reset_failed(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 4);
    w.pipeline.n_main = 3;
    w.steps[3].on_exit = true;
    struct step_state steps[4] = {
        {.phase = STEP_ENDED, .outcome = OUTCOME_SUCCEEDED, .attempt = 2},
        {.phase = STEP_ENDED, .outcome = OUTCOME_FAILED, .attempt = 3, .spent = {.user = 2}},
        {.phase = STEP_RUNNING, .attempt = 1},
        {.phase = STEP_ENDED, .outcome = OUTCOME_SUCCEEDED, .attempt = 1},
    };
    struct run_state run = {.outcome = OUTCOME_FAILED, .started_us = 5};
    snapshot_reset_failed(&w.pipeline, &run, steps, 99);
    assert_int_equal(run.outcome, OUTCOME_NONE);
    assert_int_equal(run.started_us, 99);
    assert_int_equal(steps[0].phase, STEP_ENDED);
    assert_int_equal(steps[1].phase, STEP_WAITING);
    assert_int_equal(steps[1].attempt, 3);
    assert_int_equal(steps[1].spent.user, 0);
    assert_int_equal(steps[2].phase, STEP_RUNNING);
    assert_int_equal(steps[3].phase, STEP_WAITING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshot__round_trip),
        cmocka_unit_test(test_snapshot__stays_small),
        cmocka_unit_test(test_snapshot__refuses_nonsense),
        cmocka_unit_test(test_snapshot__tolerates),
        cmocka_unit_test(test_snapshot__reset_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
