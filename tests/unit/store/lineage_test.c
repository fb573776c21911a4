/* Reading the index: lists, names of artifacts, and walks, against a brute-force walk over the
 * tables. */
#include "tests/support/index_fixture.h"
#include "tests/support/run_record.h"
#include "tests/support/sql_dump.h"
#include "tests/support/test.h"

#include "base/rng.h"
#include "store/lineage.h"

struct unit {
    struct sql_request r;
    struct index_fixture *f;
    struct sl_err *(*run)(struct unit *u, struct sql_tx *tx);
    struct lineage_filter filter;
    struct json *list;
    struct sl_str text;
    int64_t id;
    bool up, down;
    struct lineage_graph graph;
    struct lineage_run found;
};

static struct sl_err *run_unit(struct sql_request *r, struct sql_tx *tx)
{
    struct unit *u = SL_CONTAINER_OF(r, struct unit, r);
    return u->run(u, tx);
}

#define UNIT(fixture, fn)                                                       \
    {                                                                           \
        .r = {.mode = SQL_WRITE, .work = run_unit}, .f = (fixture), .run = (fn) \
    }

static struct sl_err *read_runs(struct unit *u, struct sql_tx *tx)
{
    return lineage_runs(tx, u->f->a, &u->filter, &u->list);
}

static struct sl_err *read_steps(struct unit *u, struct sql_tx *tx)
{
    return lineage_steps(tx, u->f->a, &u->filter, &u->list);
}

static struct sl_err *read_artifacts(struct unit *u, struct sql_tx *tx)
{
    return lineage_artifacts(tx, u->f->a, &u->filter, &u->list);
}

static struct sl_err *find_artifact(struct unit *u, struct sql_tx *tx)
{
    return lineage_find_artifact(tx, u->f->a, u->text, &u->id);
}

static struct sl_err *find_run(struct unit *u, struct sql_tx *tx)
{
    SL_TRY(lineage_find_run(tx, u->f->a, SL_STR("taxi-u2"), &u->found));
    return lineage_follow_hit(tx, u->f->a, &u->found, &u->text);
}

static struct sl_err *walk(struct unit *u, struct sql_tx *tx)
{
    return lineage_walk(tx, u->f->a, u->id, u->up, u->down, &u->graph);
}

static void publish_two(struct index_fixture *f)
{
    struct run_record *first = test_run_record(f->a, "u1", 1000000, "1a2b3c", 100, true);
    struct run_record *second = test_run_record(f->a, "u2", 2000000, "1a2bff", 200, false);
    struct step_record *s = &second->steps[0];
    s->outcome = SL_STR("cached");
    s->attempt = 0;
    s->cached_run = SL_STR("u1");
    s->cached_step = SL_STR("examples");
    s->outputs = first->steps[0].outputs;
    second->steps[1].inputs[0].artifacts->uri = s->outputs[0].uri;
    second->steps[2].inputs[0].artifacts->uri = s->outputs[0].uri;
    index_fixture_publish(f, INDEX_RUN, first, NULL);
    index_fixture_publish(f, INDEX_RUN, second, NULL);
}

static const char *text_of(const struct json *list, size_t i, const char *key, struct sl_arena *a)
{
    return sl_arena_cstr(a, json_get_string(list->items[i], key, SL_STR("")));
}

static void test_lineage__lists(void **state)
{
    struct index_fixture *f = *state;
    publish_two(f);
    struct unit runs = UNIT(f, read_runs), steps = UNIT(f, read_steps);
    struct unit artifacts = UNIT(f, read_artifacts);
    assert_ok(sql_do(f->db, &runs.r));
    assert_int_equal(runs.list->n, 2);
    assert_string_equal(text_of(runs.list, 0, "name", f->a), "taxi-u2");
    assert_string_equal(text_of(runs.list, 1, "created", f->a), "1970-01-01T00:00:01Z");
    steps.filter.run = SL_STR("taxi-u2");
    assert_ok(sql_do(f->db, &steps.r));
    assert_int_equal(steps.list->n, 4);
    assert_string_equal(text_of(steps.list, 0, "step", f->a), "examples");
    assert_string_equal(text_of(steps.list, 0, "outcome", f->a), "cached");
    assert_string_equal(text_of(steps.list, 3, "outcome", f->a), "skipped");
    assert_true(json_get_number(steps.list->items[0], "rows_out", 0) == 15000);
    steps.filter.outcome = SL_STR("skipped");
    assert_ok(sql_do(f->db, &steps.r));
    assert_int_equal(steps.list->n, 1);
    artifacts.filter = (struct lineage_filter){.pipeline = SL_STR("taxi"), .type = SL_STR("Model")};
    assert_ok(sql_do(f->db, &artifacts.r));
    assert_int_equal(artifacts.list->n, 2);
    assert_string_equal(text_of(artifacts.list, 0, "run", f->a), "taxi-u2");
    artifacts.filter.limit = 1;
    assert_ok(sql_do(f->db, &artifacts.r));
    assert_int_equal(artifacts.list->n, 1);
    artifacts.filter.pipeline = SL_STR("other");
    assert_ok(sql_do(f->db, &artifacts.r));
    assert_int_equal(artifacts.list->n, 0);
}

static int64_t found(struct index_fixture *f, const char *text)
{
    struct unit u = UNIT(f, find_artifact);
    u.text = sl_str(text);
    assert_ok(sql_do(f->db, &u.r));
    return u.id;
}

static void test_lineage__artifacts_by_any_name(void **state)
{
    struct index_fixture *f = *state;
    publish_two(f);
    assert_int_equal(found(f, "2"), 2);
    assert_int_equal(found(f, "1a2b3"), 2);
    assert_int_equal(found(f, "file:///s/default/taxi/u1/train/1/model"), 2);
    assert_int_equal(found(f, "file:///s/default/taxi/u1/train/1/model/weights/x.bin"), 2);
    assert_int_equal(found(f, "file:///s/default/taxi/u1/train/1/model/"), 2);
    struct unit u = UNIT(f, find_artifact);
    u.text = SL_STR("1a2b");
    assert_err(sql_do(f->db, &u.r), INVALID, "2 (Model), 5 (Model)");
    u.text = SL_STR("999");
    assert_err(sql_do(f->db, &u.r), NOT_FOUND, "'999'");
    u.text = SL_STR("file:///nowhere");
    assert_err(sql_do(f->db, &u.r), NOT_FOUND, "nowhere");
    u.text = SL_STR("1a2");
    assert_err(sql_do(f->db, &u.r), NOT_FOUND, "at least 4");
}

static void test_lineage__a_hit_leads_to_its_execution(void **state)
{
    struct index_fixture *f = *state;
    publish_two(f);
    struct unit u = UNIT(f, find_run);
    u.text = SL_STR("examples");
    assert_ok(sql_do(f->db, &u.r));
    assert_str(u.found.uid, "u1");
    assert_str(u.text, "examples");
    u.text = SL_STR("train");
    assert_ok(sql_do(f->db, &u.r));
    assert_str(u.found.uid, "u2");
}

static void test_lineage__up_and_down(void **state)
{
    struct index_fixture *f = *state;
    publish_two(f);
    struct unit u = UNIT(f, walk);
    u.id = found(f, "1a2bff"); /* the second run's model, from the first run's examples */
    u.up = true;
    assert_ok(sql_do(f->db, &u.r));
    assert_int_equal(u.graph.n_artifacts, 2);
    assert_int_equal(u.graph.n_executions, 2);
    assert_int_equal(u.graph.n_edges, 3);
    assert_str(u.graph.executions[0].run, "taxi-u1");
    assert_str(u.graph.executions[0].name, "examples");
    assert_int_equal(u.graph.executions[0].files->n, 1);
    assert_str(u.graph.artifacts[u.graph.start].digest, "1a2bff");
    u.down = true;
    u.up = false;
    u.id = 1; /* the examples: everything of both runs, but for the cache hit */
    assert_ok(sql_do(f->db, &u.r));
    assert_int_equal(u.graph.n_executions, 5);
    assert_int_equal(u.graph.n_artifacts, 6);
    u.id = 77;
    assert_err(sql_do(f->db, &u.r), NOT_FOUND, "77");
}

/* ---- random graphs against a walk by hand ---------------------------------------------------- */
enum { NODES = 30, EVENTS = 60, GRAPHS = 20 };

struct event {
    int64_t artifact, execution;
    bool output;
};

static struct sl_err *insert_graph(struct unit *u, struct sql_tx *tx)
{
    const struct event *events = (const void *)u->text.p;
    struct sl_arena *a = u->f->a;
    SL_TRY(sql_query(tx, a, "DELETE FROM Event", NULL, 0, NULL));
    for (int64_t i = 1; i <= NODES; i++) {
        SL_TRY(SQL_QUERY(tx, a, NULL,
                         "INSERT INTO Artifact (id, type_id, uri) VALUES ($1, 1, $2) ON CONFLICT"
                         " DO NOTHING",
                         sql_int(i), sql_text(SL_STR("x"))));
        SL_TRY(
            SQL_QUERY(tx, a, NULL,
                      "INSERT INTO Execution (id, type_id) VALUES ($1, 5) ON CONFLICT DO NOTHING",
                      sql_int(i)));
    }
    for (size_t i = 0; i < EVENTS; i++)
        SL_TRY(SQL_QUERY(tx, a, NULL,
                         "INSERT INTO Event (artifact_id, execution_id, type) VALUES ($1, $2, $3)"
                         " ON CONFLICT DO NOTHING",
                         sql_int(events[i].artifact), sql_int(events[i].execution),
                         sql_int(events[i].output ? 4 : 3)));
    return NULL;
}

/* Marks what is reached, over and over until nothing new comes. */
static size_t reach(const struct event *events, int64_t start, bool up, bool *artifacts)
{
    bool executions[NODES + 1] = {0}, more = true;
    artifacts[start] = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < EVENTS; i++) {
            const struct event *e = &events[i];
            bool *from = e->output == up ? &artifacts[e->artifact] : &executions[e->execution];
            bool *to = e->output == up ? &executions[e->execution] : &artifacts[e->artifact];
            more |= *from && !*to;
            *to |= *from;
        }
    }
    size_t n = 0;
    for (size_t i = 1; i <= NODES; i++)
        n += executions[i];
    return n;
}

static void check_walk(struct index_fixture *f, const struct event *events, int64_t start, bool up)
{
    bool expected[NODES + 1] = {0};
    size_t n_executions = reach(events, start, up, expected);
    struct unit u = UNIT(f, walk);
    u.id = start;
    u.up = up;
    u.down = !up;
    assert_ok(sql_do(f->db, &u.r));
    assert_int_equal(u.graph.n_executions, n_executions);
    for (size_t i = 0; i < u.graph.n_artifacts; i++) {
        assert_true(expected[u.graph.artifacts[i].id]);
        expected[u.graph.artifacts[i].id] = false;
    }
    for (size_t i = 0; i <= NODES; i++)
        assert_false(expected[i]);
    assert_int_equal(u.graph.artifacts[u.graph.start].id, start);
}

/* Cycles included, which only foreign clients could make. */
static void test_lineage__equals_a_walk_by_hand(void **state)
{
    struct index_fixture *f = *state;
    struct sl_rng rng;
    sl_rng_init(&rng, 7);
    for (int g = 0; g < GRAPHS; g++) {
        struct event events[EVENTS];
        for (size_t i = 0; i < EVENTS; i++)
            events[i] =
                (struct event){1 + (int64_t)sl_rng_below(&rng, NODES),
                               1 + (int64_t)sl_rng_below(&rng, NODES), sl_rng_below(&rng, 2) == 0};
        struct unit insert = UNIT(f, insert_graph);
        insert.text = sl_strn((const void *)events, sizeof(events));
        assert_ok(sql_do(f->db, &insert.r));
        for (int64_t start = 1; start <= NODES; start += 5) {
            check_walk(f, events, start, true);
            check_walk(f, events, start, false);
        }
    }
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, index_fixture_set_up, index_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_lineage__lists),
        CASE(test_lineage__artifacts_by_any_name),
        CASE(test_lineage__a_hit_leads_to_its_execution),
        CASE(test_lineage__up_and_down),
        CASE(test_lineage__equals_a_walk_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
