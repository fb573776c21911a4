/* The engine over ports in memory: every place where its controller may die, and what it asks of
 * the index. */
#include "engine/engine.h"

#include "codec/sha256.h"
#include "tests/support/engine_world.h"
#include "tests/support/test.h"

#include <string.h>

#define HEAD                                                                 \
    "apiVersion: sluice.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\n" \
    "spec:\n  steps:\n"
#define STEP(name, fields)                                                                 \
    "  - name: " name "\n    container: {image: 'x:1', command: [x, $(outputs.o.path)]}\n" \
    "    outputs: {o: {type: Text}}\n" fields

static const char diamond[] = HEAD STEP("a", "") STEP("b", "    inputs: {i: a}\n")
    STEP("c", "    inputs: {i: a}\n    retry: {limit: 1, backoff: 1s}\n")
        STEP("d", "    inputs: {l: b, r: c}\n    when: steps.b.outcome == 'succeeded'\n")
            STEP("e", "    when: steps.a.outcome == 'failed'\n");

struct watcher {
    struct engine_world *w;
    int successes[5]; /* by step a..e */
    bool retry_c;     /* c's first attempt fails */
};

static void behave(struct engine_world_unit *u, void *ctx)
{
    static const char *const outputs[] = {"o:Text", NULL};
    struct watcher *x = ctx;
    if (x->retry_c && strcmp(u->step, "c") == 0 && u->attempt == 1) {
        u->exit_code = 1;
        return;
    }
    x->successes[u->step[0] - 'a']++;
    engine_world_commit(x->w, u, outputs);
}

static void start(struct engine_world *w, struct watcher *x)
{
    engine_world_init(w);
    *x = (struct watcher){.w = w};
    w->behave = behave;
    w->ctx = x;
}

static void test_engine__a_diamond(void **state)
{
    struct engine_world w;
    struct watcher x;
    (void)state;
    start(&w, &x);
    const struct spec_pipeline *p = engine_world_pipeline(&w, diamond);
    assert_int_equal(engine_world_live(&w, p), OUTCOME_SUCCEEDED);
    assert_null(w.broken);
    for (int i = 0; i < 4; i++)
        assert_int_equal(x.successes[i], 1);
    assert_str(engine_world_step(&w, "e").outcome, "skipped");
    assert_int_equal(engine_world_step(&w, "d").n_inputs, 2);
    assert_non_null(engine_world_find(&w, "/u1/_run.json"));
    assert_int_equal(*sl_map_find(&w.published, SL_STR("(run)")), 1);
    engine_world_deinit(&w);
}

/* What survives must not depend on where the controller died: outcomes, outputs, inputs. */
static void check_end(struct engine_world *w, const struct watcher *x, size_t at)
{
    static const char *const expected[] = {"succeeded", "succeeded", "succeeded", "succeeded",
                                           "skipped"};
    if (w->broken)
        fail_msg("died at %zu: %s", at, w->broken);
    for (int i = 0; i < 5; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        struct step_record r = engine_world_step(w, name);
        if (!sl_str_is(r.outcome, expected[i]))
            fail_msg("died at %zu: step %s: '%.*s'", at, name, SL_FMT(r.outcome));
        if (x->successes[i] != (i < 4))
            fail_msg("died at %zu: step %s ran %d times", at, name, x->successes[i]);
        if (i < 4 && (r.n_outputs != 1 || r.n_inputs != (size_t)(i == 0 ? 0 : i == 3 ? 2 : 1)))
            fail_msg("died at %zu: step %s: %zu inputs, %zu outputs", at, name, r.n_inputs,
                     r.n_outputs);
        uint64_t *published = sl_map_find(&w->published, sl_str(name));
        if (!published)
            fail_msg("died at %zu: the end of step %s was not published", at, name);
    }
    assert_non_null(engine_world_find(w, "/u1/_run.json"));
    assert_non_null(sl_map_find(&w->published, SL_STR("(run)")));
}

static void die_everywhere(bool retry_c, size_t second)
{
    for (size_t at = 1;; at++) {
        struct engine_world w;
        struct watcher x;
        start(&w, &x);
        x.retry_c = retry_c;
        const struct spec_pipeline *p = engine_world_pipeline(&w, diamond);
        w.die_at = at;
        enum outcome o = engine_world_live(&w, p);
        bool died = o == OUTCOME_NONE && !w.broken;
        if (died && second) {
            w.die_at = second;
            o = engine_world_live(&w, p);
        }
        w.die_at = 0;
        if (o == OUTCOME_NONE && !w.broken)
            o = engine_world_live(&w, p);
        assert_int_equal(o, OUTCOME_SUCCEEDED);
        check_end(&w, &x, at);
        engine_world_deinit(&w);
        if (!died)
            return;
    }
}

static void test_engine__dying_at_every_request(void **state)
{
    (void)state;
    die_everywhere(false, 0);
    die_everywhere(true, 0);
}

static void test_engine__dying_twice(void **state)
{
    (void)state;
    for (size_t second = 1; second <= 40; second++)
        die_everywhere(true, second);
}

/* The first state cannot be saved: the run gives up, and its requests are waited for. */
static void test_engine__a_full_disk_ends_the_run(void **state)
{
    struct engine_world w;
    struct watcher x;
    (void)state;
    start(&w, &x);
    const struct spec_pipeline *p = engine_world_pipeline(&w, diamond);
    w.store_fails = true;
    engine_world_live(&w, p);
    assert_string_equal(w.broken, "a tick failed");
    assert_null(w.watch);
    engine_world_deinit(&w);
}

/* ---- the index -------------------------------------------------------------------------------*/

static void test_engine__a_run_goes_on_without_the_index(void **state)
{
    struct engine_world w;
    struct watcher x;
    (void)state;
    start(&w, &x);
    const struct spec_pipeline *p = engine_world_pipeline(&w, diamond);
    w.index_down = true;
    assert_int_equal(engine_world_live(&w, p), OUTCOME_SUCCEEDED);
    assert_int_equal(x.successes[3], 1);
    assert_non_null(engine_world_find(&w, "/u1/_run.json"));
    engine_world_deinit(&w);
}

static const char cached[] =
    HEAD STEP("a", "    cache: {version: v1}\n") STEP("b", "    cache: {version: v2}\n"
                                                           "    inputs: {i: a}\n");

#define OLD           "file:///store/old/o"
#define SHA256_HELLO  "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define FILE_OF(name) "{\"bytes\":5,\"path\":\"" name "\",\"sha256\":\"" SHA256_HELLO "\"}"
#define FILES         "[" FILE_OF("x") "," FILE_OF("y") "]"

enum damage { INTACT, BAD_DIGEST, SHORT_FILE, NO_FILE, FLIPPED_FILE };

static void put_text(struct engine_world *w, const char *uri, struct sl_str text)
{
    struct blob_request r = {
        .op = BLOB_PUT, .uri = sl_str(uri), .data = sl_arena_cstr(w->a, text), .size = text.n};
    assert_ok(blobs_do(&w->blobs, &r));
}

/* The artifact that an earlier run has left, and the execution in the cache that names it. */
static struct step_record *fill_cache(struct engine_world *w, enum damage damage)
{
    static const char *const contents[] = {"hello", "hello", "hell", NULL, "hellp"};
    char hex[SHA256_HEX];
    struct step_record *hit = SL_ARENA_NEW(w->a, struct step_record);
    struct task_output *output = SL_ARENA_NEW(w->a, struct task_output);
    sha256_hex(SL_STR("{\"files\":" FILES ",\"type\":\"Text\"}"), hex);
    *output = (struct task_output){.name = SL_STR("o"),
                                   .type = SL_STR("Text"),
                                   .uri = SL_STR(OLD),
                                   .digest = sl_arena_str(w->a, sl_str(hex)),
                                   .properties = json_new_object(w->a)};
    *hit = (struct step_record){.step = SL_STR("a"), .outputs = output, .n_outputs = 1};
    put_text(w, OLD "/_manifest.json",
             sl_arena_format(w->a, "{\"type\":\"Text\",\"files\":" FILES ",\"digest\":\"%s\"}",
                             damage == BAD_DIGEST ? "0000" : hex));
    put_text(w, OLD "/x", SL_STR("hello"));
    if (contents[damage])
        put_text(w, OLD "/y", sl_str(contents[damage]));
    return hit;
}

/* The next life is another run: the first one's units and results are none of its. */
static void forget_run(struct engine_world *w)
{
    sl_buf_clear(&w->status);
    w->dead = false;
    for (size_t i = 0; i < w->units.n; i++)
        w->units.p[i]->step[0] = w->units.p[i]->name[0] = 'z';
    for (size_t i = 0; i < w->files.n; i++)
        w->files.p[i]->uri[0] = 'z';
}

static void run_cached(enum damage damage, const char *expected, int runs)
{
    struct engine_world w;
    struct watcher x;
    start(&w, &x);
    const struct spec_pipeline *p = engine_world_pipeline(&w, cached);
    /* The key of the step as the engine will ask for it: found by a first run. */
    assert_int_equal(engine_world_live(&w, p), OUTCOME_SUCCEEDED);
    struct step_record first = engine_world_step(&w, "a");
    assert_non_null(first.cache);
    assert_int_equal(w.lookups, 2);
    forget_run(&w);
    x.successes[0] = 0;
    struct step_record *hit = fill_cache(&w, damage);
    sl_map_set_ptr(&w.cache, cache_key(w.a, first.cache), hit);
    assert_int_equal(engine_world_live(&w, p), OUTCOME_SUCCEEDED);
    struct step_record second = engine_world_step(&w, "a");
    assert_str(second.outcome, expected);
    assert_int_equal(x.successes[0], runs);
    assert_int_equal(w.rejections, runs);
    if (runs == 0)
        assert_str(second.cached_run, "u0");
    engine_world_deinit(&w);
}

static void test_engine__a_hit_is_taken(void **state)
{
    (void)state;
    run_cached(INTACT, "cached", 0);
}

static void test_engine__a_hit_that_does_not_hold_is_rejected(void **state)
{
    (void)state;
    run_cached(BAD_DIGEST, "succeeded", 1);
    run_cached(SHORT_FILE, "succeeded", 1);
    run_cached(NO_FILE, "succeeded", 1);
    run_cached(FLIPPED_FILE, "succeeded", 1);
}

/* Two steps hit one artifact: its two files are read once. */
static void test_engine__a_hit_is_verified_once_a_run(void **state)
{
    struct engine_world w;
    struct watcher x;
    (void)state;
    start(&w, &x);
    const struct spec_pipeline *p = engine_world_pipeline(&w, cached);
    assert_int_equal(engine_world_live(&w, p), OUTCOME_SUCCEEDED);
    struct step_record first = engine_world_step(&w, "a");
    forget_run(&w);
    struct step_record *hit = fill_cache(&w, INTACT);
    sl_map_set_ptr(&w.cache, cache_key(w.a, first.cache), hit);
    assert_int_equal(engine_world_live(&w, p), OUTCOME_SUCCEEDED);
    sl_map_set_ptr(&w.cache, cache_key(w.a, engine_world_step(&w, "b").cache), hit);
    forget_run(&w);
    fill_cache(&w, INTACT);
    w.hashed = 0;
    assert_int_equal(engine_world_live(&w, p), OUTCOME_SUCCEEDED);
    assert_str(engine_world_step(&w, "a").outcome, "cached");
    assert_str(engine_world_step(&w, "b").outcome, "cached");
    assert_int_equal(w.hashed, 2);
    engine_world_deinit(&w);
}

/* ---- the guard of a push ---------------------------------------------------------------------*/

static const char push[] =
    "apiVersion: sluice.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n"
    "  steps:\n"
    "  - name: data\n    component: Importer\n    params: {uri: 'file:///x', type: Examples}\n"
    "  - name: model\n    component: Importer\n    params: {uri: 'file:///x', type: Model}\n"
    "  - name: evaluate\n    component: Evaluator\n"
    "    inputs: {examples: data.result, model: model.result, baseline: {latestBlessed: true}}\n"
    "    params: {thresholds: [{metric: auc, min: 0.5}]}\n"
    "  - name: push\n    component: Pusher\n"
    "    inputs: {model: model.result, blessing: evaluate.blessing}\n"
    "    params: {destination: out}\n";

struct pusher {
    struct engine_world *w;
    const char *blessed_meanwhile; /* another model is blessed while the evaluation runs */
};

static void put_result(struct engine_world *w, const struct engine_world_unit *u, const char *text)
{
    struct sl_str uri = sl_arena_format(w->a, "file:///store/default/p/u1/%s/%lld/_result.json",
                                        u->step, (long long)u->attempt);
    struct blob_request put = {.op = BLOB_PUT,
                               .uri = uri,
                               .data = sl_arena_cstr(w->a, sl_str(text)),
                               .size = strlen(text)};
    assert_ok(blobs_do(&w->blobs, &put));
}

static void behave_push(struct engine_world_unit *u, void *ctx)
{
    struct pusher *x = ctx;
    if (strcmp(u->step, "data") == 0) {
        engine_world_commit(x->w, u, (const char *const[]){"result:Examples", NULL});
    } else if (strcmp(u->step, "model") == 0) {
        engine_world_commit(x->w, u, (const char *const[]){"result:Model", NULL});
    } else if (strcmp(u->step, "evaluate") == 0) {
        put_result(x->w, u,
                   "{\"outcome\":\"succeeded\",\"outputs\":{\"blessing\":{\"type\":"
                   "\"ModelBlessing\",\"uri\":\"file:///b\",\"digest\":\"11\",\"bytes\":1,"
                   "\"properties\":{\"blessed\":true,\"baseline_digest\":\"aaaa\"}}},"
                   "\"values\":{},\"metrics\":{}}");
        x->w->blessed.ret_model.digest = sl_str(x->blessed_meanwhile);
    } else {
        engine_world_commit(x->w, u, (const char *const[]){"pushed_model:PushedModel", NULL});
    }
}

static void run_push(const char *blessed_meanwhile, const char *expected)
{
    struct engine_world w;
    struct pusher x = {&w, blessed_meanwhile};
    engine_world_init(&w);
    w.behave = behave_push;
    w.ctx = &x;
    w.blessed.ret_found = true;
    w.blessed.ret_model = (struct task_artifact){.type = SL_STR("Model"),
                                                 .uri = SL_STR("file:///m"),
                                                 .digest = SL_STR("aaaa"),
                                                 .properties = json_new_object(w.a)};
    struct blob_request put = {.op = BLOB_PUT,
                               .uri = SL_STR("file:///x"),
                               .data = sl_arena_cstr(w.a, SL_STR("x")),
                               .size = 1};
    assert_ok(blobs_do(&w.blobs, &put));
    const struct spec_pipeline *p = engine_world_pipeline(&w, push);
    engine_world_live(&w, p);
    assert_null(w.broken);
    struct step_record evaluate = engine_world_step(&w, "evaluate");
    assert_int_equal(evaluate.n_inputs, 3);
    struct step_record r = engine_world_step(&w, "push");
    assert_str(r.outcome, expected);
    if (strcmp(expected, "invalid_input") == 0)
        assert_true(sl_str_find(r.message, SL_STR("evaluate again")) > 0);
    engine_world_deinit(&w);
}

static void test_engine__pushes_what_was_compared_with_the_latest(void **state)
{
    (void)state;
    run_push("aaaa", "succeeded");
    run_push("bbbb", "invalid_input");
}

/* A look-up that only the registry can answer waits for it. */
static void behave_index_back(struct engine_world_unit *u, void *ctx)
{
    struct pusher *x = ctx;
    behave_push(u, ctx);
    if (strcmp(u->step, "data") == 0)
        x->w->index_down = false;
}

static void test_engine__latest_blessed_waits_for_the_index(void **state)
{
    struct engine_world w;
    struct pusher x = {&w, "aaaa"};
    (void)state;
    engine_world_init(&w);
    w.behave = behave_index_back;
    w.ctx = &x;
    w.index_down = true;
    struct blob_request put = {.op = BLOB_PUT,
                               .uri = SL_STR("file:///x"),
                               .data = sl_arena_cstr(w.a, SL_STR("x")),
                               .size = 1};
    assert_ok(blobs_do(&w.blobs, &put));
    const struct spec_pipeline *p = engine_world_pipeline(&w, push);
    assert_int_equal(engine_world_live(&w, p), OUTCOME_FAILED); /* compared with aaaa, none now */
    assert_null(w.broken);
    assert_str(engine_world_step(&w, "evaluate").outcome, "succeeded");
    engine_world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine__a_diamond),
        cmocka_unit_test(test_engine__dying_at_every_request),
        cmocka_unit_test(test_engine__dying_twice),
        cmocka_unit_test(test_engine__a_full_disk_ends_the_run),
        cmocka_unit_test(test_engine__a_run_goes_on_without_the_index),
        cmocka_unit_test(test_engine__a_hit_is_taken),
        cmocka_unit_test(test_engine__a_hit_that_does_not_hold_is_rejected),
        cmocka_unit_test(test_engine__a_hit_is_verified_once_a_run),
        cmocka_unit_test(test_engine__pushes_what_was_compared_with_the_latest),
        cmocka_unit_test(test_engine__latest_blessed_waits_for_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
