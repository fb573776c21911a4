#include "tests/support/run_record.h"

#include "core/lineage/cache_key.h"

struct task_port test_port(struct sl_arena *a, const char *name, const char *type,
                           struct sl_str uri, const char *digest)
{
    struct task_artifact *t = SL_ARENA_NEW(a, struct task_artifact);
    *t = (struct task_artifact){.type = sl_str(type),
                                .uri = uri,
                                .digest = sl_str(digest),
                                .properties = json_new_object(a)};
    return (struct task_port){.name = sl_str(name), .artifacts = t, .n = 1};
}

struct maker {
    struct sl_arena *a;
    struct run_record *r;
    int64_t now_us;
};

static struct step_record *begin(struct maker *m, const char *name, const char *component)
{
    struct step_record *s = &m->r->steps[m->r->n_steps++];
    *s = (struct step_record){
        .step = sl_str(name),
        .component = sl_str(component),
        .outcome = SL_STR("succeeded"),
        .message = SL_STR("done"),
        .attempt = 1,
        .attempt_uri = sl_arena_format(m->a, "%.*s/%s/1", SL_FMT(m->r->uri), name),
        .started_us = m->now_us += 1000,
        .finished_us = m->now_us += 1000,
        .params = json_new_object(m->a),
        .inputs = SL_ARENA_ARRAY(m->a, struct task_port, 4),
        .outputs = SL_ARENA_ARRAY(m->a, struct task_output, 2),
        .values = json_new_object(m->a),
        .metrics = json_new_object(m->a),
    };
    return s;
}

static void input(struct maker *m, struct step_record *s, const char *name,
                  const struct task_output *from)
{
    s->inputs[s->n_inputs++] = test_port(m->a, name, from->type.p, from->uri, from->digest.p);
}

static struct task_output *output(struct maker *m, struct step_record *s, const char *name,
                                  const char *type, const char *digest)
{
    struct task_output *o = &s->outputs[s->n_outputs++];
    *o = (struct task_output){
        .name = sl_str(name),
        .type = sl_str(type),
        .uri = sl_arena_format(m->a, "%.*s/%s", SL_FMT(s->attempt_uri), name),
        .digest = sl_str(digest),
        .bytes = 4096,
        .properties = json_new_object(m->a),
    };
    return o;
}

static void cacheable(struct maker *m, struct step_record *s)
{
    struct task_port *declared = SL_ARENA_ARRAY(m->a, struct task_port, s->n_outputs);
    for (size_t i = 0; i < s->n_outputs; i++)
        declared[i] = test_port(m->a, s->outputs[i].name.p, s->outputs[i].type.p, SL_STR(""), "");
    struct cache_parts p = {
        .component = s->component,
        .build = SL_STR("build-1"),
        .params = s->params,
        .inputs = s->inputs,
        .n_inputs = s->n_inputs,
        .files = s->files,
        .n_files = s->n_files,
        .outputs = declared,
        .n_outputs = s->n_outputs,
    };
    s->cache = cache_record(m->a, &p);
}

static struct task_output *make_examples(struct maker *m)
{
    struct step_record *s = begin(m, "examples", "ExampleGen");
    s->files = SL_ARENA_NEW(m->a, struct task_file);
    *s->files = (struct task_file){.param = SL_STR("input"),
                                   .uri = SL_STR("file:///data/taxi.csv"),
                                   .bytes = 100,
                                   .etag = SL_STR("sha256:aa")};
    s->n_files = 1;
    json_set_string(m->a, s->params, "input", SL_STR("file:///data/taxi.csv"));
    json_set_number(m->a, s->metrics, "rows_out", 15000);
    struct task_output *o = output(m, s, "examples", "Examples", "e0e0e0e0");
    json_set_string(m->a, o->properties, "split_names", SL_STR("[\"train\",\"eval\"]"));
    json_set_number(m->a, o->properties, "span", 3);
    cacheable(m, s);
    return o;
}

struct run_record *test_run_record(struct sl_arena *a, const char *uid, int64_t start_us,
                                   const char *model_digest, int steps, bool blessed)
{
    return test_run_record_in(a, "file:///s", uid, start_us, model_digest, steps, blessed);
}

struct run_record *test_run_record_in(struct sl_arena *a, const char *root, const char *uid,
                                      int64_t start_us, const char *model_digest, int steps,
                                      bool blessed)
{
    struct run_record *r = SL_ARENA_NEW(a, struct run_record);
    struct maker m = {.a = a, .r = r, .now_us = start_us};
    *r = (struct run_record){
        .uid = sl_str(uid),
        .name = sl_arena_format(a, "taxi-%s", uid),
        .run_namespace = SL_STR("default"),
        .pipeline = SL_STR("taxi"),
        .created_by = SL_STR("ann"),
        .uri = sl_arena_format(a, "%s/default/taxi/%s", root, uid),
        .outcome = SL_STR("succeeded"),
        .created_us = start_us,
        .started_us = start_us,
        .spec = json_new_object(a),
        .parameters = json_new_object(a),
        .steps = SL_ARENA_ARRAY(a, struct step_record, 5),
    };
    json_set_number(a, r->parameters, "steps", steps);
    struct task_output *examples = make_examples(&m);

    struct step_record *train = begin(&m, "train", "Trainer");
    json_set_number(a, train->params, "steps", steps);
    input(&m, train, "examples", examples);
    struct task_output *model = output(&m, train, "model", "Model", model_digest);
    cacheable(&m, train);

    struct step_record *evaluate = begin(&m, "evaluate", "Evaluator");
    input(&m, evaluate, "examples", examples);
    input(&m, evaluate, "model", model);
    struct task_output *blessing =
        output(&m, evaluate, "blessing", "ModelBlessing", blessed ? "b1e5" : "0b1e5");
    json_set_bool(a, blessing->properties, "blessed", blessed);
    cacheable(&m, evaluate);

    struct step_record *push = begin(&m, "push", "Pusher");
    if (blessed) {
        input(&m, push, "model", model);
        input(&m, push, "blessing", blessing);
        struct task_output *pushed = output(&m, push, "pushed_model", "PushedModel", uid);
        json_set_bool(a, pushed->properties, "pushed", true);
        json_set_string(a, pushed->properties, "pushed_destination",
                        sl_arena_format(a, "file:///serving/taxi/%lld", (long long)start_us));
        json_set_string(a, pushed->properties, "pushed_version",
                        sl_arena_format(a, "%lld", (long long)start_us));
        cacheable(&m, push);
    } else {
        push->outcome = SL_STR("skipped");
        push->attempt = 0;
        push->attempt_uri = SL_STR("");
    }
    r->finished_us = m.now_us + 1000;
    return r;
}
