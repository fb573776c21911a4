/* The registry as publishing fills it, and rollbacks. */
#include "tests/support/index_fixture.h"
#include "tests/support/run_record.h"
#include "tests/support/sql_dump.h"
#include "tests/support/test.h"

#include "store/registry.h"

#define MODEL SL_STR("default/taxi")

struct unit {
    struct sql_request r;
    struct index_fixture *f;
    struct sl_err *(*run)(struct unit *u, struct sql_tx *tx);
    struct sl_str model, version;
    struct registry_version *versions;
    struct registry_push *pushes, target;
    size_t n;
};

static struct sl_err *run_unit(struct sql_request *r, struct sql_tx *tx)
{
    struct unit *u = SL_CONTAINER_OF(r, struct unit, r);
    return u->run(u, tx);
}

#define UNIT(fixture, fn)                                                                       \
    {                                                                                           \
        .r = {.mode = SQL_WRITE, .work = run_unit}, .f = (fixture), .run = (fn), .model = MODEL \
    }

static struct sl_err *read_versions(struct unit *u, struct sql_tx *tx)
{
    return registry_versions(tx, u->f->a, u->model, &u->versions, &u->n);
}

static struct sl_err *read_pushes(struct unit *u, struct sql_tx *tx)
{
    return registry_pushes(tx, u->f->a, u->model, &u->pushes, &u->n);
}

static struct sl_err *find_target(struct unit *u, struct sql_tx *tx)
{
    return registry_rollback_target(tx, u->f->a, u->model, u->version, &u->target);
}

static struct sl_err *record_rollback(struct unit *u, struct sql_tx *tx)
{
    return registry_record_rollback(tx, u->f->a, u->model, &u->target);
}

static void publish_run(struct index_fixture *f, const char *uid, int64_t at_us, const char *digest,
                        bool blessed)
{
    index_fixture_publish(f, INDEX_RUN, test_run_record(f->a, uid, at_us, digest, 100, blessed),
                          NULL);
}

static void test_registry__versions_stages_and_aliases(void **state)
{
    struct index_fixture *f = *state;
    publish_run(f, "u1", 1000000, "m1", true);
    publish_run(f, "u2", 2000000, "m2", true);
    publish_run(f, "u3", 3000000, "m3", false);
    struct unit u = UNIT(f, read_versions);
    assert_ok(sql_do(f->db, &u.r));
    assert_int_equal(u.n, 3);
    assert_int_equal(u.versions[0].version, 3);
    assert_str(u.versions[0].stage, "rejected");
    assert_str(u.versions[0].aliases, "latest");
    assert_str(u.versions[1].stage, "pushed");
    assert_str(u.versions[1].aliases, "blessed,production");
    assert_str(u.versions[1].digest, "m2");
    assert_str(u.versions[1].run_name, "taxi-u2");
    assert_str(u.versions[1].by, "ann");
    assert_str(u.versions[2].aliases, "");
}

/* The same model made again is the same version; blessed anew it is the blessed one again. */
static void test_registry__a_digest_is_one_version(void **state)
{
    struct index_fixture *f = *state;
    publish_run(f, "u1", 1000000, "m1", true);
    publish_run(f, "u2", 2000000, "m2", true);
    publish_run(f, "u3", 3000000, "m1", true);
    struct unit u = UNIT(f, read_versions);
    assert_ok(sql_do(f->db, &u.r));
    assert_int_equal(u.n, 2);
    assert_str(u.versions[1].aliases, "blessed,production");
    assert_str(u.versions[0].aliases, "latest");
}

static void test_registry__pushes_say_from_what_data(void **state)
{
    struct index_fixture *f = *state;
    publish_run(f, "u1", 1000000, "m1", true);
    publish_run(f, "u2", 2000000, "m2", true);
    struct unit u = UNIT(f, read_pushes);
    assert_ok(sql_do(f->db, &u.r));
    assert_int_equal(u.n, 2);
    assert_str(u.pushes[0].version, "2000000");
    assert_str(u.pushes[0].destination, "file:///serving/taxi/2000000");
    assert_str(u.pushes[0].action, "push");
    assert_str(u.pushes[0].by, "ann");
    assert_str(u.pushes[0].run_uid, "u2");
    assert_str(u.pushes[0].model_uri, "file:///s/default/taxi/u2/train/1/model");
    SL_AUTOBUF(data, 0);
    json_format(u.pushes[0].data, JSON_CANONICAL, &data);
    assert_string_equal(
        data.p, "[{\"digest\":\"e0e0e0e0\",\"type\":\"Examples\",\"uri\":\"file:///s/default/"
                "taxi/u2/examples/1/examples\"},{\"digest\":\"sha256:aa\",\"type\":\"file\","
                "\"uri\":\"file:///data/taxi.csv\"}]");
}

static void test_registry__what_was_not_pushed_is_no_push(void **state)
{
    struct index_fixture *f = *state;
    struct run_record *r = test_run_record(f->a, "u1", 1000000, "m1", 100, true);
    json_set_bool(f->a, r->steps[3].outputs[0].properties, "pushed", false);
    index_fixture_publish(f, INDEX_RUN, r, NULL);
    struct unit u = UNIT(f, read_pushes);
    assert_ok(sql_do(f->db, &u.r));
    assert_int_equal(u.n, 0);
}

static void test_registry__rollback_is_recorded_and_moves_production(void **state)
{
    struct index_fixture *f = *state;
    publish_run(f, "u1", 1000000, "m1", true);
    publish_run(f, "u2", 2000000, "m2", true);
    struct unit u = UNIT(f, find_target);
    assert_ok(sql_do(f->db, &u.r));
    assert_str(u.target.version, "1000000");
    assert_str(u.target.model_digest, "m1");

    struct unit done = UNIT(f, record_rollback);
    done.target = u.target;
    done.target.version = SL_STR("3000000");
    done.target.destination = SL_STR("file:///serving/taxi/3000000");
    done.target.by = SL_STR("bob");
    done.target.at_us = 3000000;
    assert_ok(sql_do(f->db, &done.r));

    struct unit pushes = UNIT(f, read_pushes), versions = UNIT(f, read_versions);
    assert_ok(sql_do(f->db, &pushes.r));
    assert_int_equal(pushes.n, 3);
    assert_str(pushes.pushes[0].action, "rollback");
    assert_str(pushes.pushes[0].by, "bob");
    assert_int_equal(pushes.pushes[0].model_version, 1);
    assert_ok(sql_do(f->db, &versions.r));
    assert_str(versions.versions[1].aliases, "production");

    /* Runs that are published again do not undo it; the next rollback goes forth again. */
    publish_run(f, "u2", 2000000, "m2", true);
    assert_ok(sql_do(f->db, &versions.r));
    assert_str(versions.versions[1].aliases, "production");
    struct unit again = UNIT(f, find_target);
    assert_ok(sql_do(f->db, &again.r));
    assert_str(again.target.version, "2000000");
}

static void test_registry__unknown_models_are_told(void **state)
{
    struct index_fixture *f = *state;
    publish_run(f, "u1", 1000000, "m1", true);
    struct unit u = UNIT(f, read_versions);
    u.model = SL_STR("default/taxy");
    assert_err(sql_do(f->db, &u.r), NOT_FOUND, "did you mean 'default/taxi'");
    struct unit target = UNIT(f, find_target);
    assert_err(sql_do(f->db, &target.r), NOT_FOUND, "no other model");
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, index_fixture_set_up, index_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_registry__versions_stages_and_aliases),
        CASE(test_registry__a_digest_is_one_version),
        CASE(test_registry__pushes_say_from_what_data),
        CASE(test_registry__what_was_not_pushed_is_no_push),
        CASE(test_registry__rollback_is_recorded_and_moves_production),
        CASE(test_registry__unknown_models_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
