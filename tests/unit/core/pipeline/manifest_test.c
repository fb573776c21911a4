/* What manifests become; what is wrong with bad ones is in manifest_golden_test.c. */
#include "tests/support/test.h"

#include "core/pipeline/manifest.h"

#define HEAD "apiVersion: sluice.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n"

/* Reads and checks; fails the test on any error. */
static struct manifest read_text(struct sl_arena *a, const char *text)
{
    struct diag_list l;
    struct manifest m = {0};
    diag_list_init(&l, a, SL_STR("f.yaml"));
    manifest_read(&l, sl_str(text), &m);
    manifest_check(&l, &m);
    assert_ok(diag_to_err(&l));
    return m;
}

static const struct spec_pipeline *read_pipeline(struct sl_arena *a, const char *text)
{
    struct manifest m = read_text(a, text);
    assert_int_equal(m.n_pipelines, 1);
    return m.pipelines[0];
}

static const struct spec_step *step_of(const struct spec_pipeline *p, const char *name)
{
    const struct spec_step *step = spec_find_step(p, sl_str(name));
    assert_non_null(step);
    return step;
}

/* "a:data,b:after" */
static struct sl_str edges_of(struct sl_arena *a, const struct spec_pipeline *p, const char *name)
{
    static const char *const kinds[] = {"data", "when", "after", "outcome"};
    const struct spec_step *step = step_of(p, name);
    SL_AUTOBUF(b, 0);
    for (size_t i = 0; i < step->n_edges; i++)
        sl_buf_format(&b, "%s%.*s:%s", i ? "," : "", SL_FMT(p->steps[step->edges[i].step].name),
                      kinds[step->edges[i].kind]);
    return sl_arena_str(a, sl_buf_str(&b));
}

static void test_manifest_read__defaults_and_overrides(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    const struct spec_pipeline *p = read_pipeline(
        a, HEAD
        "  timeout: 6h\n  parallelism: 8\n  storage: {uri: s3://ml/p, secretName: s3, region: eu}\n"
        "  concurrency: {policy: queue, group: g}\n"
        "  defaults: {timeout: 1h, retry: {limit: 2, backoff: 1s, cap: 5m}, cache: {enabled: "
        "false}}\n"
        "  steps:\n"
        "  - {name: a, container: {image: 'x:1'}}\n"
        "  - name: b\n"
        "    script: {image: sh, command: [sh], source: 'echo $(date)', imagePullPolicy: Always}\n"
        "    timeout: 5m\n    pendingTimeout: 2m\n    retry: {limit: 0, factor: 3, memoryCap: "
        "4Gi}\n"
        "    cache: {enabled: true, version: v1}\n    replicas: 4\n    queue: gpu\n"
        "    continueOn: [failed, any]\n    exitCodes: {'42': invalid_input}\n"
        "    resources: {requests: {memory: 1Gi, cpu: 500m},\n"
        "                limits: {memory: 2Gi, nvidia.com/gpu: 1}}\n"
        "    pod: {nodeSelector: {gpu: h200}}\n");
    const struct spec_step *x = step_of(p, "a"), *y = step_of(p, "b");
    assert_int_equal(p->timeout_ms, 6 * 3600 * 1000);
    assert_int_equal(p->parallelism, 8);
    assert_str(p->storage.uri, "s3://ml/p");
    assert_str(p->storage.secret_name, "s3");
    assert_str(json_get_string(p->storage.object, "region", SL_STR("")), "eu");
    assert_int_equal(p->concurrency.policy, SPEC_CONCURRENCY_QUEUE);
    assert_str(p->concurrency.group, "g");
    assert_str(p->metadata.namespace, "default");
    assert_int_equal(x->timeout_ms, 3600 * 1000);
    assert_int_equal(x->pending_timeout_ms, 3600 * 1000);
    assert_int_equal(x->retry.limit, 2);
    assert_int_equal(x->retry.backoff_ms, 1000);
    assert_true(x->retry.factor == 2);
    assert_int_equal(x->retry.cap_ms, 300000);
    assert_false(x->cache.enabled);
    assert_int_equal(x->replicas, 1);
    assert_str(x->container->image, "x:1");
    assert_str(x->path, "spec.steps[0]");
    assert_int_equal(x->line, 11);
    assert_int_equal(y->timeout_ms, 300000);
    assert_int_equal(y->pending_timeout_ms, 120000);
    assert_int_equal(y->retry.limit, 0);
    assert_int_equal(y->retry.backoff_ms, 1000); /* the pipeline's default still counts */
    assert_true(y->retry.factor == 3);
    assert_int_equal(y->retry.memory_cap_bytes, (int64_t)4 << 30);
    assert_true(y->cache.enabled);
    assert_str(y->cache.version, "v1");
    assert_str(y->container->source, "echo $(date)");
    assert_str(y->container->pull_policy, "Always");
    assert_int_equal(y->replicas, 4);
    assert_str(y->queue, "gpu");
    assert_int_equal(y->continue_on.n, 2);
    assert_int_equal(y->n_exit_codes, 1);
    assert_int_equal(y->exit_codes[0].code, 42);
    assert_int_equal(y->resources.memory_bytes, (int64_t)2 << 30);
    assert_int_equal(y->resources.cpu_milli, 500);
    assert_int_equal(y->resources.gpus, 1);
    assert_non_null(json_get(y->pod, "nodeSelector"));
}

static void test_manifest_read__nothing_given(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    const struct spec_pipeline *p =
        read_pipeline(a, HEAD "  steps:\n  - {name: a, container: {image: x}}\n");
    const struct spec_step *s = step_of(p, "a");
    assert_int_equal(p->timeout_ms, 0);
    assert_int_equal(p->parallelism, 0);
    assert_int_equal(s->timeout_ms, 0);
    assert_int_equal(s->retry.limit, 0);
    assert_int_equal(s->retry.backoff_ms, 10000);
    assert_true(s->cache.enabled);
    assert_int_equal(s->container->command->op, REFERENCE_TREE_VALUE);
    assert_int_equal(s->container->command->value->type, JSON_ARRAY);
    assert_int_equal(s->params->value->type, JSON_OBJECT);
    assert_null(s->when);
    assert_int_equal(s->n_edges, 0);
}

static void test_manifest_check__edges_say_why(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    const struct spec_pipeline *p = read_pipeline(
        a, HEAD
        "  steps:\n"
        "  - {name: a, container: {image: x}, outputs: {h: HTML, v: {value: int}}}\n"
        "  - {name: b, container: {image: x}, after: [a]}\n"
        "  - {name: c, container: {image: x}, inputs: {h: a}, after: [a, b]}\n"
        "  - {name: d, container: {image: x}, when: $(steps.a.values.v) > 1 || "
        "$(steps.b.outcome) == 'failed'}\n"
        "  - {name: e, container: {image: x, args: [$(steps.a.values.v), $(steps.b.outcome)]}, "
        "when: $(steps.a.outcome) == 'succeeded'}\n"
        "  - {name: f, container: {image: x}, after: [e], when: $(steps.e.outcome) == 'failed'}\n"
        "  onExit:\n"
        "  - {name: z, container: {image: x, args: [$(run.outcome), $(steps.d.outcome)]}}\n");
    assert_int_equal(p->n_main, 6);
    assert_int_equal(p->n_steps, 7);
    assert_true(step_of(p, "z")->on_exit);
    assert_str(step_of(p, "z")->path, "spec.onExit[0]");
    assert_str(edges_of(a, p, "a"), "");
    assert_str(edges_of(a, p, "b"), "a:after");
    assert_str(edges_of(a, p, "c"), "a:data,b:after");
    assert_str(edges_of(a, p, "d"), "a:when,b:outcome");
    assert_str(edges_of(a, p, "e"), "a:data,b:outcome");
    assert_str(edges_of(a, p, "f"), "e:outcome");
    assert_str(edges_of(a, p, "z"), "d:outcome");
}

static void test_manifest_check__inputs_find_their_output(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    const struct spec_pipeline *p = read_pipeline(
        a,
        HEAD "  steps:\n"
             "  - {name: examples, component: ExampleGen, params: {input: a.csv}}\n"
             "  - {name: transform, component: Transform, inputs: {examples: examples},\n"
             "     params: {label: {name: late, expr: delay > 15}}}\n"
             "  - {name: train, component: Trainer, inputs: {examples: transform, transform: "
             "transform}}\n"
             "  - {name: evaluate, component: Evaluator,\n"
             "     inputs: {examples: examples, model: train, baseline: {latestBlessed: true}}}\n"
             "  - {name: page, container: {image: x}, inputs: {model: train.model_run}}\n");
    const struct spec_step *train = step_of(p, "train"), *evaluate = step_of(p, "evaluate");
    assert_str(train->inputs[0].output, "transformed_examples");
    assert_str(train->inputs[1].output, "transform_graph");
    assert_int_equal(train->inputs[1].step, 1);
    assert_str(evaluate->inputs[1].output, "model");
    assert_str(evaluate->inputs[1].type, "Model");
    assert_int_equal(evaluate->inputs[2].source, SPEC_SOURCE_LATEST_BLESSED);
    assert_true(evaluate->inputs[2].optional);
    assert_str(step_of(p, "page")->inputs[0].type, "ModelRun");
    assert_str(edges_of(a, p, "evaluate"), "examples:data,train:data");
    assert_str(train->outputs[0].type, "Model");
}

/* What a run folder keeps is read again on --resume. */
static void test_manifest_read_object__from_json(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    struct diag_list l;
    struct manifest m = {0};
    struct json *object;
    assert_ok(json_parse(a,
                         SL_STR("{\"apiVersion\": \"sluice.dev/v1alpha1\", \"kind\": \"List\","
                                "\"items\": [{\"apiVersion\": \"sluice.dev/v1alpha1\","
                                "\"kind\": \"Pipeline\", \"metadata\": {\"name\": \"p\","
                                "\"uid\": \"x\", \"resourceVersion\": \"7\"},"
                                "\"spec\": {\"steps\": [{\"name\": \"a\","
                                "\"container\": {\"image\": \"x\"}}]},"
                                "\"status\": {\"any\": [1]}}]}"),
                         &object));
    diag_list_init(&l, a, SL_STR("run.json"));
    manifest_read_object(&l, object, &m);
    manifest_check(&l, &m);
    assert_ok(diag_to_err(&l));
    assert_int_equal(m.n_pipelines, 1);
    assert_str(m.pipelines[0]->steps[0].name, "a");
}

/* ---- runs and parameters ----------------------------------------------------------------------
 */

#define PARAMS                                                                                  \
    HEAD "  parameters:\n"                                                                      \
         "  - {name: s, default: x}\n  - {name: i, type: int, default: 1}\n"                    \
         "  - {name: d, type: double, default: 2}\n  - {name: flag, type: bool, default: no}\n" \
         "  - {name: l, type: list, default: [1]}\n  - {name: must, type: int, enum: [1, 2]}\n" \
         "  steps:\n  - {name: a, container: {image: x, args: ['$(params.s) $(params.i) "       \
         "$(params.d) $(params.flag) $(params.l) $(params.must)']}}\n"

static void test_spec_parse_param__by_type(void **state SL_UNUSED)
{
    static const struct {
        const char *name, *text, *json; /* NULL: refused */
    } cases[] = {
        {"s", "12", "\"12\""},
        {"s", "", "\"\""},
        {"i", "12", "12"},
        {"i", "1.5", NULL},
        {"i", "x", NULL},
        {"i", "", NULL},
        {"d", "1e3", "1000"},
        {"d", "3", "3"},
        {"flag", "true", "true"},
        {"flag", "yes", NULL},
        {"l", "[1, \"a\"]", "[1,\"a\"]"},
        {"l", "{}", NULL},
        {"must", "2", "2"},
        {"must", "3", NULL},
        {"mist", "2", NULL},
    };
    SL_AUTOARENA(a);
    const struct spec_pipeline *p = read_pipeline(a, PARAMS);
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct diag_list l;
        SL_AUTOBUF(b, 0);
        diag_list_init(&l, a, SL_STR(""));
        struct json *v = spec_parse_param(&l, p, sl_str(cases[i].name), sl_str(cases[i].text));
        assert_int_equal(v == NULL, cases[i].json == NULL);
        assert_int_equal(l.error_count, cases[i].json == NULL);
        if (!v)
            continue;
        json_format(v, JSON_COMPACT, &b);
        assert_str(sl_buf_str(&b), cases[i].json);
    }
}

static void test_spec_resolve_params__given_else_default(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    struct diag_list l;
    SL_AUTOBUF(b, 0);
    const struct spec_pipeline *p = read_pipeline(a, PARAMS);
    struct json *given;
    assert_ok(json_parse(a, SL_STR("{\"must\": 2, \"d\": 5, \"flag\": true}"), &given));
    diag_list_init(&l, a, SL_STR(""));
    json_format(spec_resolve_params(&l, p, given, SL_STR("p")), JSON_COMPACT, &b);
    assert_ok(diag_to_err(&l));
    assert_str(sl_buf_str(&b), "{\"s\":\"x\",\"i\":1,\"d\":5,\"flag\":true,\"l\":[1],\"must\":2}");
    diag_list_init(&l, a, SL_STR(""));
    spec_resolve_params(&l, p, NULL, SL_STR("p"));
    assert_err(diag_to_err(&l), INVALID, "p.must: the parameter has no default and is not given");
}

static const struct spec_run *select_run(struct sl_arena *a, const char *text, const char *fault)
{
    struct diag_list l;
    struct manifest m = read_text(a, text);
    diag_list_init(&l, a, SL_STR("f.yaml"));
    const struct spec_run *run = manifest_select_run(&l, &m);
    if (fault)
        assert_err(diag_to_err(&l), INVALID, fault);
    else
        assert_ok(diag_to_err(&l));
    return run;
}

#define STEPS "  steps:\n  - {name: a, container: {image: x}}\n"
#define A_RUN "---\napiVersion: sluice.dev/v1alpha1\nkind: Run\nmetadata: {generateName: r-}\n"

static void test_manifest_select_run__of_one_file(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    const struct spec_run *run = select_run(a, HEAD STEPS, NULL);
    assert_str(run->metadata.generate_name, "p-");
    assert_str(run->pipeline->metadata.name, "p");
    run = select_run(a,
                     HEAD STEPS A_RUN "spec: {pipelineRef: {name: p}, retry: 2, "
                                      "ttlAfterFinished: 1h}\n",
                     NULL);
    assert_str(run->metadata.generate_name, "r-");
    assert_int_equal(run->retry, 2);
    assert_int_equal(run->ttl_after_finished_ms, 3600000);
    assert_str(run->pipeline->metadata.name, "p");
    run = select_run(a,
                     A_RUN "spec:\n  pipelineSpec:\n    steps:\n"
                           "    - {name: a, container: {image: x}}\n",
                     NULL);
    assert_str(run->pipeline->metadata.name, "r");
    assert_str(run->pipeline->path, "spec.pipelineSpec");
    assert_int_equal(run->ttl_after_finished_ms, -1);
    assert_null(select_run(a, A_RUN "spec: {pipelineRef: {name: q}}\n",
                           "there is no Pipeline 'q' in the file"));
    assert_null(select_run(a,
                           HEAD STEPS "---\napiVersion: sluice.dev/v1alpha1\nkind: Pipeline\n"
                                      "metadata: {name: q}\nspec:\n" STEPS,
                           "got 0 Runs and 2 Pipelines"));
}

static void test_manifest_check__parameters_that_follow(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    for (int follow = 0; follow < 2; follow++) {
        struct diag_list l;
        struct manifest m = {.params_follow = follow};
        diag_list_init(&l, a, SL_STR("f.yaml"));
        manifest_read(&l, SL_STR(PARAMS A_RUN "spec: {pipelineRef: {name: p}}\n"), &m);
        manifest_check(&l, &m);
        assert_int_equal(l.error_count, !follow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest_read__defaults_and_overrides),
        cmocka_unit_test(test_manifest_read__nothing_given),
        cmocka_unit_test(test_manifest_check__edges_say_why),
        cmocka_unit_test(test_manifest_check__inputs_find_their_output),
        cmocka_unit_test(test_manifest_read_object__from_json),
        cmocka_unit_test(test_spec_parse_param__by_type),
        cmocka_unit_test(test_spec_resolve_params__given_else_default),
        cmocka_unit_test(test_manifest_select_run__of_one_file),
        cmocka_unit_test(test_manifest_check__parameters_that_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
