/* The index against SQLite: what is published is there, once, and answers. */
#include "tests/support/index_fixture.h"
#include "tests/support/run_record.h"
#include "tests/support/sql_dump.h"
#include "tests/support/test.h"

static int64_t number_of(struct index_fixture *f, const char *text)
{
    return test_number(f->a, f->db, text);
}

/* ---- publishing ------------------------------------------------------------------------------ */
static void test_index__publishes_a_run_as_mlmd_has_it(void **state)
{
    struct index_fixture *f = *state;
    index_fixture_publish(f, INDEX_RUN, test_run_record(f->a, "u1", 1000000, "m1", 100, true),
                          NULL);
    assert_int_equal(number_of(f, "SELECT count(*) FROM Execution"), 4);
    assert_int_equal(number_of(f, "SELECT count(*) FROM Execution WHERE last_known_state = 3"), 4);
    assert_int_equal(number_of(f, "SELECT count(*) FROM Artifact WHERE state = 2"), 4);
    /* pipeline, pipeline_run, and a node each. */
    assert_int_equal(number_of(f, "SELECT count(*) FROM Context"), 6);
    assert_int_equal(number_of(f, "SELECT count(*) FROM Association"), 3 * 4);
    assert_int_equal(number_of(f, "SELECT count(*) FROM ParentContext"), 1);
    assert_int_equal(number_of(f, "SELECT count(*) FROM Event WHERE type = 4"), 4);
    assert_int_equal(number_of(f, "SELECT count(*) FROM Event WHERE type = 3"), 5);
    /* span is TFX's declared property, bytes a custom one. */
    assert_int_equal(number_of(f, "SELECT is_custom_property FROM ArtifactProperty WHERE"
                                  " artifact_id = 1 AND name = 'span'"),
                     0);
    assert_int_equal(number_of(f, "SELECT is_custom_property FROM ArtifactProperty WHERE"
                                  " artifact_id = 1 AND name = 'bytes'"),
                     1);
    /* blessed as TFX keeps it, and which model. */
    assert_int_equal(number_of(f, "SELECT int_value FROM ArtifactProperty WHERE name = 'blessed'"),
                     1);
    assert_int_equal(
        number_of(f, "SELECT int_value FROM ArtifactProperty WHERE name = 'current_model_id'"), 2);
    assert_int_equal(number_of(f, "SELECT create_time_since_epoch FROM Execution WHERE id = 1"),
                     1001);
}

static void test_index__publishing_again_changes_nothing(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    struct run_record *later = test_run_record(f->a, "u2", 9000000, "m2", 200, true);
    index_fixture_publish(f, INDEX_RUN, r, NULL);
    index_fixture_publish(f, INDEX_RUN, later, NULL);
    const char *before = test_dump(f->a, f->db);
    index_fixture_publish(f, INDEX_RUN, r, NULL);
    index_fixture_publish(f, INDEX_STEP_START, r, &r->steps[1]);
    index_fixture_publish(f, INDEX_STEP_END, r, &r->steps[1]);
    test_same_dump(f->a, before, test_dump(f->a, f->db));
}

/* Facts one by one, as the engine sends them, give the same database as the record at once. */
static void test_index__facts_equal_the_record(void **state)
{
    struct index_fixture *f = *state, *other;
    void *other_state;
    index_fixture_set_up(&other_state);
    other = other_state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, false);
    struct run_record head = *r;
    head.outcome = SL_STR("");
    head.finished_us = 0;
    index_fixture_publish(f, INDEX_RUN_START, &head, NULL);
    for (size_t i = 0; i < r->n_steps; i++) {
        if (r->steps[i].attempt)
            index_fixture_publish(f, INDEX_STEP_START, &head, &r->steps[i]);
        index_fixture_publish(f, INDEX_STEP_END, &head, &r->steps[i]);
    }
    index_fixture_publish(f, INDEX_RUN_END, r, NULL);
    index_fixture_publish(other, INDEX_RUN, r, NULL);
    test_same_dump(f->a, test_dump(f->a, f->db), test_dump(f->a, other->db));
    index_fixture_tear_down(&other_state);
}

static void test_index__a_running_step_shows(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    index_fixture_publish(f, INDEX_STEP_START, r, &r->steps[1]);
    assert_int_equal(number_of(f, "SELECT last_known_state FROM Execution"), 2);
    assert_int_equal(number_of(f, "SELECT count(*) FROM Event WHERE type = 3"), 1);
    assert_int_equal(number_of(f, "SELECT count(*) FROM sluice_steps WHERE outcome = ''"), 1);
    assert_int_equal(number_of(f, "SELECT count(*) FROM sluice_runs"), 1);
}

static void test_index__one_artifact_under_two_keys_is_one_event(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    struct step_record *s = &r->steps[2];
    s->inputs[s->n_inputs++] =
        test_port(f->a, "baseline", "Model", s->inputs[1].artifacts->uri, "m1");
    index_fixture_publish(f, INDEX_STEP_END, r, s);
    struct sql_rows rows =
        test_query(f->a, f->db,
                   "SELECT p.step_key, p.step_index FROM EventPath p JOIN Event e ON e.id ="
                   " p.event_id JOIN Artifact t ON t.id = e.artifact_id JOIN Type y ON y.id ="
                   " t.type_id WHERE y.name = 'Model' AND e.type = 3 ORDER BY p.rowid");
    assert_int_equal(rows.n, 4);
    assert_str(sql_row(&rows, 0)[0].s, "model");
    assert_int_equal(sql_row(&rows, 1)[1].type, SQL_INT);
    assert_str(sql_row(&rows, 2)[0].s, "baseline");
}

/* ---- cache ----------------------------------------------------------------------------------- */
static struct index_cache_lookup look_up(struct index_fixture *f, const struct step_record *s)
{
    struct index_cache_lookup l = {
        .a = f->a,
        .run_namespace = SL_STR("default"),
        .pipeline = SL_STR("taxi"),
        .run_uid = SL_STR("u9"),
        .step = s->step,
        .record = s->cache,
        .explain = true,
    };
    index_cache_lookup(f->x, f->q, &l);
    assert_ok(completion_wait(f->q, &l.c));
    return l;
}

static void test_index__cache_hits_the_first_publish(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    index_fixture_publish(f, INDEX_RUN, r, NULL);
    index_fixture_publish(f, INDEX_RUN, test_run_record(f->a, "u2", 2000000, "m2", 100, true),
                          NULL);
    struct index_cache_lookup l = look_up(f, &r->steps[1]);
    assert_true(l.ret_hit);
    assert_str(l.ret.run_uid, "u1");
    assert_str(l.ret.run_name, "taxi-u1");
    assert_int_equal(l.ret.n_outputs, 1);
    assert_str(l.ret.outputs[0].name, "model");
    assert_str(l.ret.outputs[0].type, "Model");
    assert_str(l.ret.outputs[0].digest, "m1");
    assert_str(l.ret.outputs[0].uri, "file:///s/default/taxi/u1/train/1/model");
    assert_int_equal(l.ret.outputs[0].bytes, 4096);
    assert_int_equal(number_of(f, "SELECT count(*) FROM sluice_pins WHERE run_uid = 'u9'"), 1);
}

static void test_index__blessed_comes_back_as_a_boolean(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    index_fixture_publish(f, INDEX_RUN, r, NULL);
    struct index_cache_lookup l = look_up(f, &r->steps[2]);
    assert_true(l.ret_hit);
    assert_int_equal(json_get(l.ret.outputs[0].properties, "blessed")->type, JSON_BOOL);
}

static void test_index__rejected_artifacts_are_hit_no_more(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    index_fixture_publish(f, INDEX_RUN, r, NULL);
    struct index_cache_reject j = {.outputs = r->steps[1].outputs, .n_outputs = 1};
    index_cache_reject(f->x, f->q, &j);
    assert_ok(completion_wait(f->q, &j.c));
    struct index_cache_lookup l = look_up(f, &r->steps[1]);
    assert_false(l.ret_hit);
    assert_str(l.ret_why[0], "the outputs of the execution with this key are not there any more");
    /* The next execution takes the key over. */
    index_fixture_publish(f, INDEX_RUN, test_run_record(f->a, "u2", 2000000, "m2", 100, true),
                          NULL);
    l = look_up(f, &r->steps[1]);
    assert_true(l.ret_hit);
    assert_str(l.ret.run_uid, "u2");
}

/* The same model again after another one: the push has to be done, not found. */
static void test_index__a_push_that_another_followed_is_no_hit(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    index_fixture_publish(f, INDEX_RUN, r, NULL);
    assert_true(look_up(f, &r->steps[3]).ret_hit);
    index_fixture_publish(f, INDEX_RUN, test_run_record(f->a, "u2", 2000000, "m2", 200, true),
                          NULL);
    struct index_cache_lookup l = look_up(f, &r->steps[3]);
    assert_false(l.ret_hit);
    assert_str(l.ret_why[0], "another model was pushed since");
    struct run_record *again = test_run_record(f->a, "u3", 3000000, "m1", 100, true);
    index_fixture_publish(f, INDEX_RUN, again, NULL);
    l = look_up(f, &r->steps[3]);
    assert_true(l.ret_hit);
    assert_str(l.ret.run_uid, "u3");
}

static void test_index__miss_is_explained(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    struct run_record *now = test_run_record(f->a, "u2", 2000000, "m2", 250, true);
    assert_str(look_up(f, &r->steps[1]).ret_why[0], "this step has not succeeded before");
    index_fixture_publish(f, INDEX_RUN, r, NULL);
    struct index_cache_lookup l = look_up(f, &now->steps[1]);
    assert_false(l.ret_hit);
    assert_int_equal(l.ret_n_why, 1);
    assert_str(l.ret_why[0], "params.steps: was 100, is 250");
}

/* ---- registry -------------------------------------------------------------------------------- */
static struct index_latest_blessed latest(struct index_fixture *f, const char *exclude)
{
    struct index_latest_blessed b = {.a = f->a,
                                     .run_namespace = SL_STR("default"),
                                     .pipeline = SL_STR("taxi"),
                                     .exclude_digest = sl_str(exclude)};
    index_latest_blessed(f->x, f->q, &b);
    assert_ok(completion_wait(f->q, &b.c));
    return b;
}

static void test_index__latest_blessed_leaves_the_candidate_out(void **state)
{
    struct index_fixture *f = *state;
    assert_false(latest(f, "").ret_found);
    index_fixture_publish(f, INDEX_RUN, test_run_record(f->a, "u1", 1000000, "m1", 100, true),
                          NULL);
    index_fixture_publish(f, INDEX_RUN, test_run_record(f->a, "u2", 2000000, "m2", 200, true),
                          NULL);
    index_fixture_publish(f, INDEX_RUN, test_run_record(f->a, "u3", 3000000, "m3", 300, false),
                          NULL);
    struct index_latest_blessed b = latest(f, "");
    assert_true(b.ret_found);
    assert_str(b.ret_model.digest, "m2");
    assert_str(b.ret_run_uid, "u2");
    assert_str(b.ret_model.type, "Model");
    assert_str(latest(f, "m2").ret_model.digest, "m1");
}

static void test_index__blessing_is_of_its_pipeline(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *other = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    other->pipeline = SL_STR("birds");
    index_fixture_publish(f, INDEX_RUN, other, NULL);
    assert_false(latest(f, "").ret_found);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, index_fixture_set_up, index_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_index__publishes_a_run_as_mlmd_has_it),
        CASE(test_index__publishing_again_changes_nothing),
        CASE(test_index__facts_equal_the_record),
        CASE(test_index__a_running_step_shows),
        CASE(test_index__one_artifact_under_two_keys_is_one_event),
        CASE(test_index__cache_hits_the_first_publish),
        CASE(test_index__blessed_comes_back_as_a_boolean),
        CASE(test_index__rejected_artifacts_are_hit_no_more),
        CASE(test_index__a_push_that_another_followed_is_no_hit),
        CASE(test_index__miss_is_explained),
        CASE(test_index__latest_blessed_leaves_the_candidate_out),
        CASE(test_index__blessing_is_of_its_pipeline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
