#include "core/lineage/record.h"

#define FIELD(type, member, field_kind, ...)                                                 \
    {                                                                                        \
        .name = #member, .kind = (field_kind), .offset = offsetof(type, member), __VA_ARGS__ \
    }

/* ---- what the file holds --------------------------------------------------------------------- */
struct wire_step {
    struct sl_str step, item, component, outcome, message, attempt_uri, cached_run, cached_step;
    int64_t attempt, started_us, finished_us;
    struct json *error, *params, *inputs, *files, *outputs, *values, *metrics, *cache;
};

static const struct json_field step_fields[] = {
    FIELD(struct wire_step, step, JSON_K_STRING, .required = true),
    FIELD(struct wire_step, item, JSON_K_STRING),
    FIELD(struct wire_step, component, JSON_K_STRING),
    FIELD(struct wire_step, outcome, JSON_K_STRING),
    FIELD(struct wire_step, message, JSON_K_STRING),
    FIELD(struct wire_step, error, JSON_K_ANY),
    FIELD(struct wire_step, attempt, JSON_K_INT),
    FIELD(struct wire_step, attempt_uri, JSON_K_STRING),
    FIELD(struct wire_step, started_us, JSON_K_INT),
    FIELD(struct wire_step, finished_us, JSON_K_INT),
    FIELD(struct wire_step, params, JSON_K_ANY),
    FIELD(struct wire_step, inputs, JSON_K_ANY),
    FIELD(struct wire_step, files, JSON_K_ANY),
    FIELD(struct wire_step, outputs, JSON_K_ANY),
    FIELD(struct wire_step, values, JSON_K_ANY),
    FIELD(struct wire_step, metrics, JSON_K_ANY),
    FIELD(struct wire_step, cache, JSON_K_ANY),
    FIELD(struct wire_step, cached_run, JSON_K_STRING),
    FIELD(struct wire_step, cached_step, JSON_K_STRING),
};
static const struct json_table step_table = JSON_TABLE(step_fields, struct wire_step);

struct wire_run {
    int64_t version;
    struct run_record run;
    struct json_objects steps;
};

#define RUN_FIELD(json_name, member, field_kind, ...)                                           \
    {                                                                                           \
        .name = (json_name), .kind = (field_kind), .offset = offsetof(struct wire_run, member), \
        __VA_ARGS__                                                                             \
    }

static const struct json_field run_fields[] = {
    RUN_FIELD("version", version, JSON_K_INT, .required = true),
    RUN_FIELD("uid", run.uid, JSON_K_STRING, .required = true),
    RUN_FIELD("name", run.name, JSON_K_STRING, .required = true),
    RUN_FIELD("namespace", run.run_namespace, JSON_K_STRING, .otherwise = "\"default\""),
    RUN_FIELD("pipeline", run.pipeline, JSON_K_STRING, .required = true),
    RUN_FIELD("created_by", run.created_by, JSON_K_STRING),
    RUN_FIELD("uri", run.uri, JSON_K_STRING, .required = true),
    RUN_FIELD("outcome", run.outcome, JSON_K_STRING),
    RUN_FIELD("message", run.message, JSON_K_STRING),
    RUN_FIELD("created_us", run.created_us, JSON_K_INT),
    RUN_FIELD("started_us", run.started_us, JSON_K_INT),
    RUN_FIELD("finished_us", run.finished_us, JSON_K_INT),
    RUN_FIELD("parameters", run.parameters, JSON_K_ANY),
    RUN_FIELD("spec", run.spec, JSON_K_ANY),
    RUN_FIELD("steps", steps, JSON_K_OBJECT_LIST, .table = &step_table),
};
static const struct json_table run_table = JSON_TABLE(run_fields, struct wire_run);

/* ---- encoding -------------------------------------------------------------------------------- */
static void set_string(struct sl_arena *a, struct json *o, const char *key, struct sl_str s)
{
    if (s.n)
        json_set_string(a, o, key, s);
}

static void set_number(struct sl_arena *a, struct json *o, const char *key, int64_t i)
{
    if (i)
        json_set_number(a, o, key, (double)i);
}

static void set_object(struct sl_arena *a, struct json *o, const char *key, struct json *v)
{
    if (v && v->type == JSON_OBJECT && v->n)
        json_set(a, o, key, v);
}

static struct json *step_to_json(struct sl_arena *a, const struct step_record *s)
{
    struct json *o = json_new_object(a);
    json_set_string(a, o, "step", s->step);
    set_string(a, o, "item", s->item);
    set_string(a, o, "component", s->component);
    set_string(a, o, "outcome", s->outcome);
    set_string(a, o, "message", s->message);
    if (s->error_kind.n || s->error_message.n) {
        struct json *error = json_new_object(a);
        json_set_string(a, error, "kind", s->error_kind);
        json_set_string(a, error, "message", s->error_message);
        json_set(a, o, "error", error);
    }
    set_number(a, o, "attempt", s->attempt);
    set_string(a, o, "attempt_uri", s->attempt_uri);
    set_number(a, o, "started_us", s->started_us);
    set_number(a, o, "finished_us", s->finished_us);
    set_object(a, o, "params", s->params);
    if (s->n_inputs)
        json_set(a, o, "inputs", task_ports_to_json(a, s->inputs, s->n_inputs));
    if (s->n_files)
        json_set(a, o, "files", task_files_to_json(a, s->files, s->n_files));
    if (s->n_outputs)
        json_set(a, o, "outputs", task_outputs_to_json(a, s->outputs, s->n_outputs));
    set_object(a, o, "values", s->values);
    set_object(a, o, "metrics", s->metrics);
    set_object(a, o, "cache", s->cache);
    set_string(a, o, "cached_run", s->cached_run);
    set_string(a, o, "cached_step", s->cached_step);
    return o;
}

void run_record_encode(const struct run_record *r, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    struct json *o = json_new_object(a);
    json_set_number(a, o, "version", RUN_RECORD_VERSION);
    json_set_string(a, o, "uid", r->uid);
    json_set_string(a, o, "name", r->name);
    json_set_string(a, o, "namespace", r->run_namespace);
    json_set_string(a, o, "pipeline", r->pipeline);
    set_string(a, o, "created_by", r->created_by);
    json_set_string(a, o, "uri", r->uri);
    set_string(a, o, "outcome", r->outcome);
    set_string(a, o, "message", r->message);
    set_number(a, o, "created_us", r->created_us);
    set_number(a, o, "started_us", r->started_us);
    set_number(a, o, "finished_us", r->finished_us);
    set_object(a, o, "parameters", r->parameters);
    set_object(a, o, "spec", r->spec);
    struct json *steps = json_new_array(a);
    for (size_t i = 0; i < r->n_steps; i++)
        json_push(a, steps, step_to_json(a, &r->steps[i]));
    json_set(a, o, "steps", steps);
    json_format(o, JSON_PRETTY, b);
}

/* ---- decoding -------------------------------------------------------------------------------- */
/* Absent and null are the same. */
static struct json *object_or_null(struct diag_list *l, struct json *v, const char *path)
{
    if (!v || v->type == JSON_NULL)
        return NULL;
    if (v->type != JSON_OBJECT)
        diag_add(l, DIAG_ERROR, v->line, sl_str(path), "expected object, got %s",
                 json_type_name(v->type));
    return v;
}

static struct step_record step_from_wire(struct diag_list *l, const struct wire_step *w)
{
    struct step_record s = {
        .step = w->step,
        .item = w->item,
        .component = w->component,
        .outcome = w->outcome,
        .message = w->message,
        .error_kind = json_get_string(w->error, "kind", SL_STR("")),
        .error_message = json_get_string(w->error, "message", SL_STR("")),
        .attempt = w->attempt,
        .attempt_uri = w->attempt_uri,
        .started_us = w->started_us,
        .finished_us = w->finished_us,
        .params = object_or_null(l, w->params, "params"),
        .values = object_or_null(l, w->values, "values"),
        .metrics = object_or_null(l, w->metrics, "metrics"),
        .cache = object_or_null(l, w->cache, "cache"),
        .cached_run = w->cached_run,
        .cached_step = w->cached_step,
    };
    s.inputs = task_ports_from_json(l, w->inputs, "inputs", &s.n_inputs);
    s.files = task_files_from_json(l, w->files, &s.n_files);
    s.outputs = task_outputs_from_json(l, w->outputs, &s.n_outputs);
    return s;
}

struct sl_err *run_record_decode(struct sl_arena *a, struct sl_str text, struct run_record **ret)
{
    struct json *v;
    SL_TRY(json_parse(a, text, &v), "run record");
    struct diag_list l;
    struct wire_run w;
    diag_list_init(&l, a, SL_STR("run record"));
    json_decode(&l, v, &run_table, SL_STR(""), &w);
    if (l.error_count == 0 && w.version != RUN_RECORD_VERSION)
        diag_add(&l, DIAG_ERROR, 0, SL_STR("version"), "expected %d, got %lld", RUN_RECORD_VERSION,
                 (long long)w.version);
    struct run_record *r = SL_ARENA_NEW(a, struct run_record);
    *r = w.run;
    r->spec = object_or_null(&l, r->spec, "spec");
    r->parameters = object_or_null(&l, r->parameters, "parameters");
    r->n_steps = w.steps.n;
    r->steps = SL_ARENA_ARRAY(a, struct step_record, r->n_steps);
    for (size_t i = 0; i < r->n_steps; i++)
        r->steps[i] = step_from_wire(&l, (const struct wire_step *)w.steps.p + i);
    SL_TRY(diag_to_err(&l));
    *ret = r;
    return NULL;
}
