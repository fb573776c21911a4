#include "core/pipeline/dag.h"

#include "tests/support/plan_world.h"
#include "tests/support/test.h"

static void test_dag__first_of_the_manifest_first(void **state)
{
    SL_AUTOARENA(a);
    struct world w;
    size_t *order;
    (void)state;
    world_init(&w, 4);
    world_add_edge(&w, 3, 0, SPEC_EDGE_AFTER);
    world_add_edge(&w, 3, 2, SPEC_EDGE_DATA);
    assert_ok(dag_order(a, &w.pipeline, &order));
    static const size_t expected[] = {1, 3, 0, 2};
    assert_memory_equal(order, expected, sizeof(expected));
}

static void test_dag__exit_steps_last(void **state)
{
    SL_AUTOARENA(a);
    struct world w;
    size_t *order;
    (void)state;
    world_init(&w, 3);
    w.pipeline.n_main = 2;
    w.steps[2].on_exit = true;
    assert_ok(dag_order(a, &w.pipeline, &order));
    assert_int_equal(order[2], 2);
}

static void test_dag__names_the_cycle(void **state)
{
    SL_AUTOARENA(a);
    struct world w;
    size_t *order;
    (void)state;
    world_init(&w, 4);
    world_add_edge(&w, 0, 1, SPEC_EDGE_DATA);
    world_add_edge(&w, 1, 2, SPEC_EDGE_DATA);
    world_add_edge(&w, 3, 1, SPEC_EDGE_DATA);
    world_add_edge(&w, 2, 3, SPEC_EDGE_DATA);
    assert_err(dag_order(a, &w.pipeline, &order), INVALID, "'s2' -> 's3' -> 's1' -> 's2'");
    world_init(&w, 1);
    world_add_edge(&w, 0, 0, SPEC_EDGE_DATA);
    assert_err(dag_order(a, &w.pipeline, &order), INVALID, "'s0' -> 's0'");
}

static void test_dag__waiting_for_an_exit_step(void **state)
{
    SL_AUTOARENA(a);
    struct world w;
    size_t *order;
    (void)state;
    world_init(&w, 2);
    w.pipeline.n_main = 1;
    w.steps[1].on_exit = true;
    world_add_edge(&w, 1, 0, SPEC_EDGE_DATA);
    assert_err(dag_order(a, &w.pipeline, &order), INVALID, "onExit step 's1'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dag__first_of_the_manifest_first),
        cmocka_unit_test(test_dag__exit_steps_last),
        cmocka_unit_test(test_dag__names_the_cycle),
        cmocka_unit_test(test_dag__waiting_for_an_exit_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
