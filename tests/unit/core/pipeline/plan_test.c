/* The order array lives in an arena of its own: world_run clears the one it plans in. */
#include "core/pipeline/plan.h"

#include "tests/support/plan_world.h"
#include "tests/support/test.h"

/* ---- an oracle: how steps end, told by recursion alone -----------------------------------------
 */

enum fate { FATE_OK, FATE_FAIL, FATE_SKIP, FATE_TOLERATED, FATE_RETRIED, FATE_CACHED, FATES };

static void set_fate(struct world *w, size_t i, enum fate fate)
{
    struct world_script *s = &w->scripts[i];
    w->steps[i].retry.limit = 0;
    switch (fate) {
    case FATE_FAIL:
        s->ends[0] = WORLD_FAILS;
        s->ends[1] = s->ends[2] = s->ends[3] = WORLD_FAILS;
        break;
    case FATE_TOLERATED:
        set_fate(w, i, FATE_FAIL);
        w->tolerated[i] = SL_STR("failed");
        w->steps[i].continue_on = (struct json_strings){&w->tolerated[i], 1};
        break;
    case FATE_SKIP:
        s->when_false = true;
        break;
    case FATE_RETRIED:
        s->ends[0] = WORLD_FAILS;
        w->steps[i].retry.limit = 1;
        break;
    case FATE_CACHED:
        s->cached = true;
        break;
    default:
        break;
    }
}

static enum outcome oracle(const struct world *w, const enum fate *fates, size_t i,
                           enum outcome *known)
{
    static const enum outcome own[FATES] = {
        [FATE_OK] = OUTCOME_SUCCEEDED,      [FATE_FAIL] = OUTCOME_FAILED,
        [FATE_SKIP] = OUTCOME_SKIPPED,      [FATE_TOLERATED] = OUTCOME_FAILED,
        [FATE_RETRIED] = OUTCOME_SUCCEEDED, [FATE_CACHED] = OUTCOME_CACHED,
    };
    if (known[i] != OUTCOME_NONE)
        return known[i];
    bool failed = false, skipped = false;
    for (size_t e = 0; e < w->steps[i].n_edges; e++) {
        size_t j = w->edges[i][e].step;
        enum spec_edge_kind kind = w->edges[i][e].kind;
        enum outcome o = oracle(w, fates, j, known);
        bool tolerated = o == OUTCOME_FAILED && fates[j] == FATE_TOLERATED;
        bool bad = (o == OUTCOME_FAILED && !tolerated) || o == OUTCOME_UPSTREAM_FAILED;
        failed |= bad && kind <= SPEC_EDGE_AFTER && kind != SPEC_EDGE_WHEN;
        skipped |= (o == OUTCOME_SKIPPED || tolerated) && kind == SPEC_EDGE_DATA;
    }
    known[i] = failed ? OUTCOME_UPSTREAM_FAILED : skipped ? OUTCOME_SKIPPED : own[fates[i]];
    return known[i];
}

static void check_world(struct world *w, const enum fate *fates)
{
    enum outcome known[WORLD_STEPS] = {0};
    bool failed = false;
    if (w->broken)
        fail_msg("%s", w->why);
    for (size_t i = 0; i < w->pipeline.n_steps; i++) {
        enum outcome expected = oracle(w, fates, i, known);
        if (w->states[i].outcome != expected)
            fail_msg("step %zu: %s, expected %s", i, outcome_name(w->states[i].outcome),
                     outcome_name(expected));
        failed |= (expected == OUTCOME_FAILED && fates[i] != FATE_TOLERATED) ||
                  expected == OUTCOME_UPSTREAM_FAILED;
    }
    assert_int_equal(w->run.outcome, failed ? OUTCOME_FAILED : OUTCOME_SUCCEEDED);
}

/* `kinds`: per pair (i < j) a digit of that base, 0: no edge. */
static void run_graph(struct sl_arena *a, struct sl_arena *order_a, size_t n, uint64_t kinds,
                      unsigned base, uint64_t fate_digits, unsigned n_fates, int64_t parallelism)
{
    static const enum spec_edge_kind edge_of[] = {0, SPEC_EDGE_DATA, SPEC_EDGE_AFTER,
                                                  SPEC_EDGE_WHEN, SPEC_EDGE_OUTCOME};
    struct world w;
    enum fate fates[WORLD_STEPS];
    world_init(&w, n);
    for (size_t j = 1; j < n; j++)
        for (size_t i = 0; i < j; i++, kinds /= base)
            if (kinds % base)
                world_add_edge(&w, i, j, edge_of[kinds % base]);
    for (size_t i = 0; i < n; i++, fate_digits /= n_fates) {
        fates[i] = (enum fate)(fate_digits % n_fates);
        set_fate(&w, i, fates[i]);
    }
    w.pipeline.parallelism = parallelism;
    sl_arena_clear(order_a);
    assert_true(world_start(&w, order_a));
    world_run(&w, a, NULL, 0);
    check_world(&w, fates);
}

static uint64_t power(uint64_t base, size_t n)
{
    return n ? base * power(base, n - 1) : 1;
}

/* Every graph of up to 3 steps with every kind of edge and every fate; of 4 steps with data and
 * after edges; of 5 steps with every set of edges, their kinds taken in turn. */
static void test_plan__all_graphs_up_to_3(void **state)
{
    SL_AUTOARENA(a);
    SL_AUTOARENA(order_a);
    (void)state;
    for (size_t n = 1; n <= 3; n++)
        for (uint64_t k = 0; k < power(5, n * (n - 1) / 2); k++)
            for (uint64_t f = 0; f < power(FATES, n); f++)
                for (int64_t parallelism = 0; parallelism <= 2; parallelism++)
                    run_graph(a, order_a, n, k, 5, f, FATES, parallelism);
}

static void test_plan__all_graphs_of_4(void **state)
{
    SL_AUTOARENA(a);
    SL_AUTOARENA(order_a);
    (void)state;
    for (uint64_t k = 0; k < power(3, 6); k++)
        for (uint64_t f = 0; f < power(4, 4); f++)
            run_graph(a, order_a, 4, k, 3, f, 4, (int64_t)(f % 3));
}

static uint64_t with_kinds(uint64_t bits, size_t pairs, unsigned turn)
{
    uint64_t digits = 0, place = 1;
    for (size_t i = 0; i < pairs; i++, place *= 3)
        if (bits >> i & 1)
            digits += place * (1 + (turn + i) % 2);
    return digits;
}

static void test_plan__all_graphs_of_5(void **state)
{
    SL_AUTOARENA(a);
    SL_AUTOARENA(order_a);
    (void)state;
    for (uint64_t bits = 0; bits < 1024; bits++)
        for (uint64_t f = 0; f < power(3, 5); f++)
            run_graph(a, order_a, 5, with_kinds(bits, 10, (unsigned)(f % 2)), 3, f, 3,
                      (int64_t)(bits % 3));
}

/* ---- single decisions ------------------------------------------------------------------------*/

static void finish_world(struct world *w)
{
    SL_AUTOARENA(a);
    SL_AUTOARENA(order_a);
    assert_true(world_start(w, order_a));
    world_run(w, a, NULL, 0);
    if (w->broken)
        fail_msg("%s", w->why);
}

static void test_plan__nothing_before_the_cluster_is_listed(void **state)
{
    SL_AUTOARENA(a);
    struct world w;
    (void)state;
    world_init(&w, 2);
    assert_true(world_start(&w, a));
    struct snapshot s = world_snapshot(&w);
    struct plan p = plan(a, &s, w.now_us);
    assert_int_equal(p.n, 1);
    assert_int_equal(p.actions[0].kind, PLAN_LIST_UNITS);
    s.units_asked = true;
    assert_int_equal(plan(a, &s, w.now_us).n, 0);
}

static void test_plan__exit_steps_come_last_and_always(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 3);
    w.pipeline.n_main = 2;
    w.steps[2].on_exit = true;
    w.scripts[0].ends[0] = WORLD_INVALID;
    world_add_edge(&w, 0, 1, SPEC_EDGE_DATA);
    finish_world(&w);
    assert_int_equal(w.states[0].outcome, OUTCOME_INVALID_INPUT);
    assert_int_equal(w.states[1].outcome, OUTCOME_UPSTREAM_FAILED);
    assert_int_equal(w.states[2].outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(w.run.outcome, OUTCOME_FAILED);
}

static void test_plan__budgets_are_separate(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 1);
    w.steps[0].retry.limit = 1;
    w.scripts[0].ends[0] = WORLD_UNAVAILABLE;
    w.scripts[0].ends[1] = WORLD_DISRUPTED;
    w.scripts[0].ends[2] = WORLD_FAILS;
    w.scripts[0].ends[3] = WORLD_SUCCEEDS;
    finish_world(&w);
    assert_int_equal(w.states[0].outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(w.creates, 4);
}

static size_t attempts_until_given_up(enum world_end end, int64_t limit, enum outcome expected)
{
    struct world w;
    world_init(&w, 1);
    w.steps[0].retry.limit = limit;
    w.steps[0].resources.memory_bytes = 1 << 20;
    for (size_t i = 0; i < SL_COUNTOF(w.scripts[0].ends); i++)
        w.scripts[0].ends[i] = end;
    finish_world(&w);
    assert_int_equal(w.states[0].outcome, expected);
    assert_int_equal(w.run.outcome, OUTCOME_FAILED);
    return w.creates;
}

/* DESIGN 2's table, limit 2: 1 + 2, 1 + 2 x 3, 1 + 3, 1 + 20, never. */
static void test_plan__attempts_until_given_up(void **state)
{
    (void)state;
    assert_int_equal(attempts_until_given_up(WORLD_FAILS, 2, OUTCOME_FAILED), 3);
    assert_int_equal(attempts_until_given_up(WORLD_CRASHES, 2, OUTCOME_FAILED), 3);
    assert_int_equal(attempts_until_given_up(WORLD_UNAVAILABLE, 2, OUTCOME_UNAVAILABLE), 7);
    assert_int_equal(attempts_until_given_up(WORLD_NO_MEMORY, 2, OUTCOME_OUT_OF_MEMORY), 4);
    assert_int_equal(attempts_until_given_up(WORLD_DISRUPTED, 2, OUTCOME_DISRUPTED), 21);
    assert_int_equal(attempts_until_given_up(WORLD_INVALID, 2, OUTCOME_INVALID_INPUT), 1);
    assert_int_equal(attempts_until_given_up(WORLD_REFUSED, 2, OUTCOME_CONFIG_ERROR), 0);
}

static void test_plan__memory_doubles(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 1);
    w.steps[0].resources.memory_bytes = 100;
    w.scripts[0].ends[0] = w.scripts[0].ends[1] = WORLD_NO_MEMORY;
    finish_world(&w);
    assert_int_equal(w.states[0].outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(w.states[0].memory_bytes, 400);
}

static void test_plan__step_timeout_stops_and_retries(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 1);
    w.steps[0].timeout_ms = 5000;
    w.steps[0].retry.limit = 1;
    w.scripts[0].ends[0] = WORLD_HANGS;
    finish_world(&w);
    assert_int_equal(w.states[0].outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(w.states[0].spent.user, 1);
    assert_int_equal(w.creates, 2);
}

static void test_plan__run_timeout_cancels_what_runs(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 4);
    w.pipeline.n_main = 3;
    w.steps[3].on_exit = true;
    w.pipeline.timeout_ms = 5000;
    w.scripts[1].ends[0] = WORLD_HANGS;
    world_add_edge(&w, 1, 2, SPEC_EDGE_AFTER);
    finish_world(&w);
    assert_int_equal(w.states[0].outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(w.states[1].outcome, OUTCOME_CANCELLED);
    assert_int_equal(w.states[2].outcome, OUTCOME_CANCELLED);
    assert_int_equal(w.states[3].outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(w.run.outcome, OUTCOME_TIMED_OUT);
}

static void test_plan__cancel_runs_exit_steps_and_kill_does_not(void **state)
{
    (void)state;
    for (int level = CANCEL_GRACEFUL; level <= CANCEL_KILL; level++) {
        struct world w;
        world_init(&w, 2);
        w.pipeline.n_main = 1;
        w.steps[1].on_exit = true;
        w.run.cancel = (enum cancel_level)level;
        finish_world(&w);
        assert_int_equal(w.states[0].outcome, OUTCOME_CANCELLED);
        assert_int_equal(w.states[1].outcome,
                         level == CANCEL_KILL ? OUTCOME_CANCELLED : OUTCOME_SUCCEEDED);
        assert_int_equal(w.run.outcome, OUTCOME_CANCELLED);
        assert_int_equal(w.creates, level == CANCEL_KILL ? 0 : 1);
    }
}

/* An attempt that the record does not know of: the controller died between create and record. */
static void test_plan__adopts_what_the_record_does_not_know(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 1);
    w.units[0][1] = (struct world_unit){
        .made = true, .has_result = true, .success = true, .outcome = OUTCOME_SUCCEEDED};
    finish_world(&w);
    assert_int_equal(w.states[0].outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(w.creates, 0);
}

static void test_plan__a_vanished_unit_is_judged_by_its_result(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 1);
    w.states[0] = (struct step_state){.phase = STEP_RUNNING, .attempt = 3};
    w.units[0][3] = (struct world_unit){
        .has_result = true, .success = true, .outcome = OUTCOME_SUCCEEDED}; /* not made: absent */
    finish_world(&w);
    assert_int_equal(w.states[0].outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(w.creates, 0);
}

/* ---- random worlds with crashes --------------------------------------------------------------*/

static enum world_end random_end(struct sl_rng *rng)
{
    /* Mostly success, so that there is something downstream. */
    return sl_rng_below(rng, 2) ? WORLD_SUCCEEDS : (enum world_end)sl_rng_below(rng, WORLD_ENDS);
}

static void random_world(struct world *w, struct sl_rng *rng)
{
    size_t n = 1 + sl_rng_below(rng, WORLD_STEPS);
    world_init(w, n);
    w->max_plans = 100000;
    for (size_t j = 0; j < n; j++) {
        struct spec_step *s = &w->steps[j];
        for (size_t i = 0; i < j; i++)
            if (sl_rng_below(rng, 3) == 0)
                world_add_edge(w, i, j, (enum spec_edge_kind)sl_rng_below(rng, 4));
        s->retry.limit = (int64_t)sl_rng_below(rng, 3);
        s->timeout_ms = 10000; /* or an attempt that hangs would hang the run */
        s->resources.memory_bytes = sl_rng_below(rng, 2) ? 1000 : 0;
        for (size_t k = 0; k < SL_COUNTOF(w->scripts[j].ends); k++)
            w->scripts[j].ends[k] = random_end(rng);
        w->scripts[j].when_false = sl_rng_below(rng, 8) == 0;
        w->scripts[j].cached = sl_rng_below(rng, 8) == 0;
    }
    w->pipeline.n_main = n - sl_rng_below(rng, 2) * (n > 1);
    w->steps[n - 1].on_exit = w->pipeline.n_main < n;
    w->pipeline.parallelism = (int64_t)sl_rng_below(rng, 4);
    w->pipeline.timeout_ms = sl_rng_below(rng, 4) == 0 ? 15000 : 0;
}

static void test_plan__random_worlds_with_crashes(void **state)
{
    SL_AUTOARENA(a);
    SL_AUTOARENA(order_a);
    (void)state;
    for (uint64_t seed = 0; seed < 20000; seed++) {
        struct sl_rng rng;
        struct world w;
        sl_rng_init(&rng, seed);
        random_world(&w, &rng);
        sl_arena_clear(order_a);
        assert_true(world_start(&w, order_a));
        if (sl_rng_below(&rng, 8) == 0)
            w.run.cancel = CANCEL_GRACEFUL;
        world_run(&w, a, &rng, 4 + sl_rng_below(&rng, 20));
        if (w.broken)
            fail_msg("seed %llu: %s", (unsigned long long)seed, w.why);
        for (size_t i = 0; i < w.pipeline.n_steps; i++)
            assert_int_equal(w.states[i].phase, STEP_ENDED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan__all_graphs_up_to_3),
        cmocka_unit_test(test_plan__all_graphs_of_4),
        cmocka_unit_test(test_plan__all_graphs_of_5),
        cmocka_unit_test(test_plan__nothing_before_the_cluster_is_listed),
        cmocka_unit_test(test_plan__exit_steps_come_last_and_always),
        cmocka_unit_test(test_plan__budgets_are_separate),
        cmocka_unit_test(test_plan__attempts_until_given_up),
        cmocka_unit_test(test_plan__memory_doubles),
        cmocka_unit_test(test_plan__step_timeout_stops_and_retries),
        cmocka_unit_test(test_plan__run_timeout_cancels_what_runs),
        cmocka_unit_test(test_plan__cancel_runs_exit_steps_and_kill_does_not),
        cmocka_unit_test(test_plan__adopts_what_the_record_does_not_know),
        cmocka_unit_test(test_plan__a_vanished_unit_is_judged_by_its_result),
        cmocka_unit_test(test_plan__random_worlds_with_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
