#include "core/pipeline/task.h"

/* ---- tables: what the wire holds ----------------------------------------------------------------
 */

struct wire_port {
    struct sl_str name;
    struct json_objects artifacts;
};

struct wire_task {
    int64_t version;
    struct {
        struct sl_str name, uid, namespace, pipeline;
    } run;
    struct sl_str step, item, component, attempt_uri;
    int64_t attempt, memory_bytes, threads;
    struct json *params, *inputs, *outputs, *storage;
    struct json_objects files;
};

#define FIELD(type, member, field_kind, ...)                                                 \
    {                                                                                        \
        .name = #member, .kind = (field_kind), .offset = offsetof(type, member), __VA_ARGS__ \
    }

static const struct json_field artifact_fields[] = {
    FIELD(struct task_artifact, type, JSON_K_STRING, .required = true),
    FIELD(struct task_artifact, uri, JSON_K_STRING, .required = true),
    FIELD(struct task_artifact, digest, JSON_K_STRING),
    FIELD(struct task_artifact, properties, JSON_K_ANY),
};
static const struct json_table artifact_table = JSON_TABLE(artifact_fields, struct task_artifact);

static const struct json_field file_fields[] = {
    FIELD(struct task_file, param, JSON_K_STRING, .required = true),
    FIELD(struct task_file, uri, JSON_K_STRING, .required = true),
    FIELD(struct task_file, bytes, JSON_K_INT),
    FIELD(struct task_file, etag, JSON_K_STRING),
};
static const struct json_table file_table = JSON_TABLE(file_fields, struct task_file);

static const struct json_field run_fields[] = {
    {.name = "name", .kind = JSON_K_STRING, .offset = 0, .required = true},
    {.name = "uid", .kind = JSON_K_STRING, .offset = sizeof(struct sl_str), .required = true},
    {.name = "namespace", .kind = JSON_K_STRING, .offset = 2 * sizeof(struct sl_str)},
    {.name = "pipeline", .kind = JSON_K_STRING, .offset = 3 * sizeof(struct sl_str)},
};
static const struct json_table run_table = {
    .fields = run_fields, .n = SL_COUNTOF(run_fields), .size = 4 * sizeof(struct sl_str)};

static const struct json_field task_fields[] = {
    FIELD(struct wire_task, version, JSON_K_INT, .required = true),
    FIELD(struct wire_task, run, JSON_K_OBJECT, .required = true, .table = &run_table),
    FIELD(struct wire_task, step, JSON_K_STRING, .required = true),
    FIELD(struct wire_task, item, JSON_K_STRING),
    FIELD(struct wire_task, attempt, JSON_K_INT, .otherwise = "1"),
    FIELD(struct wire_task, component, JSON_K_STRING),
    FIELD(struct wire_task, params, JSON_K_ANY),
    FIELD(struct wire_task, inputs, JSON_K_ANY),
    FIELD(struct wire_task, outputs, JSON_K_ANY),
    FIELD(struct wire_task, files, JSON_K_OBJECT_LIST, .table = &file_table),
    FIELD(struct wire_task, attempt_uri, JSON_K_STRING, .required = true),
    FIELD(struct wire_task, memory_bytes, JSON_K_INT),
    FIELD(struct wire_task, threads, JSON_K_INT),
    FIELD(struct wire_task, storage, JSON_K_ANY),
};
static const struct json_table task_table = JSON_TABLE(task_fields, struct wire_task);

static const struct json_field output_fields[] = {
    FIELD(struct task_output, type, JSON_K_STRING, .required = true),
    FIELD(struct task_output, uri, JSON_K_STRING, .required = true),
    FIELD(struct task_output, digest, JSON_K_STRING, .required = true),
    FIELD(struct task_output, bytes, JSON_K_INT),
    FIELD(struct task_output, properties, JSON_K_ANY),
};
static const struct json_table output_table = JSON_TABLE(output_fields, struct task_output);

struct wire_result {
    struct sl_str outcome, message;
    struct json *outputs, *values, *metrics;
    struct {
        struct sl_str kind, message;
    } error;
};

static const struct json_field error_fields[] = {
    {.name = "kind", .kind = JSON_K_STRING, .offset = 0},
    {.name = "message", .kind = JSON_K_STRING, .offset = sizeof(struct sl_str)},
};
static const struct json_table error_table = {
    .fields = error_fields, .n = SL_COUNTOF(error_fields), .size = 2 * sizeof(struct sl_str)};

static const struct json_field result_fields[] = {
    FIELD(struct wire_result, outcome, JSON_K_STRING, .required = true),
    FIELD(struct wire_result, outputs, JSON_K_ANY),
    FIELD(struct wire_result, values, JSON_K_ANY),
    FIELD(struct wire_result, metrics, JSON_K_ANY),
    FIELD(struct wire_result, message, JSON_K_STRING),
    FIELD(struct wire_result, error, JSON_K_OBJECT, .table = &error_table),
};
static const struct json_table result_table = JSON_TABLE(result_fields, struct wire_result);

/* ---- decoding -----------------------------------------------------------------------------------
 */

/* An object, an empty one when absent; anything else is an error at `path`. */
static struct json *object_at(struct diag_list *l, struct json *v, const char *path)
{
    if (v && v->type == JSON_OBJECT)
        return v;
    if (v && v->type != JSON_NULL)
        diag_add(l, DIAG_ERROR, v->line, sl_str(path), "expected object, got %s",
                 json_type_name(v->type));
    return json_new_object(l->a);
}

static void decode_artifact(struct diag_list *l, const struct json *v, struct sl_str path,
                            struct task_artifact *ret)
{
    json_decode(l, v, &artifact_table, path, ret);
    ret->properties = object_at(l, ret->properties, "properties");
}

/* {name: [artifact, ...]} or {name: artifact}. */
struct task_port *task_ports_from_json(struct diag_list *l, struct json *v, const char *path,
                                       size_t *ret_n)
{
    v = object_at(l, v, path);
    struct task_port *ports = SL_ARENA_ARRAY(l->a, struct task_port, v->n);
    for (size_t i = 0; i < v->n; i++) {
        struct json *value = v->members[i].value;
        size_t n = value->type == JSON_ARRAY ? value->n : 1;
        ports[i] = (struct task_port){
            .name = v->members[i].key,
            .artifacts = SL_ARENA_ARRAY(l->a, struct task_artifact, n),
            .n = n,
        };
        for (size_t j = 0; j < n; j++)
            decode_artifact(l, value->type == JSON_ARRAY ? value->items[j] : value,
                            sl_arena_format(l->a, "%s.%.*s[%zu]", path, SL_FMT(ports[i].name), j),
                            &ports[i].artifacts[j]);
    }
    *ret_n = v->n;
    return ports;
}

struct sl_err *task_decode(struct sl_arena *a, struct sl_str text, struct task **ret)
{
    struct json *v;
    struct diag_list l;
    struct wire_task w;
    SL_TRY(json_parse(a, text, &v), "task");
    diag_list_init(&l, a, SL_STR("task"));
    json_decode(&l, v, &task_table, SL_STR(""), &w);
    if (l.error_count == 0 && w.version != TASK_VERSION)
        diag_add(&l, DIAG_ERROR, 0, SL_STR("version"), "expected %d, got %lld", TASK_VERSION,
                 (long long)w.version);
    struct task *t = SL_ARENA_NEW(a, struct task);
    *t = (struct task){
        .run_name = w.run.name,
        .run_uid = w.run.uid,
        .run_namespace = w.run.namespace,
        .pipeline = w.run.pipeline,
        .step = w.step,
        .item = w.item,
        .attempt = w.attempt,
        .component = w.component,
        .params = object_at(&l, w.params, "params"),
        .files = w.files.p,
        .n_files = w.files.n,
        .attempt_uri = w.attempt_uri,
        .memory_bytes = w.memory_bytes,
        .threads = w.threads,
        .storage = object_at(&l, w.storage, "storage"),
    };
    t->inputs = task_ports_from_json(&l, w.inputs, "inputs", &t->n_inputs);
    t->outputs = task_ports_from_json(&l, w.outputs, "outputs", &t->n_outputs);
    SL_TRY(diag_to_err(&l));
    *ret = t;
    return NULL;
}

struct task_output *task_outputs_from_json(struct diag_list *l, struct json *v, size_t *ret_n)
{
    v = object_at(l, v, "outputs");
    struct task_output *outputs = SL_ARENA_ARRAY(l->a, struct task_output, v->n);
    for (size_t i = 0; i < v->n; i++) {
        struct sl_str path = sl_arena_format(l->a, "outputs.%.*s", SL_FMT(v->members[i].key));
        json_decode(l, v->members[i].value, &output_table, path, &outputs[i]);
        outputs[i].name = v->members[i].key;
        outputs[i].properties = object_at(l, outputs[i].properties, "properties");
    }
    *ret_n = v->n;
    return outputs;
}

struct task_file *task_files_from_json(struct diag_list *l, const struct json *v, size_t *ret_n)
{
    size_t n = v && v->type == JSON_ARRAY ? v->n : 0;
    struct task_file *files = SL_ARENA_ARRAY(l->a, struct task_file, n);
    for (size_t i = 0; i < n; i++)
        json_decode(l, v->items[i], &file_table, sl_arena_format(l->a, "files[%zu]", i), &files[i]);
    *ret_n = n;
    return files;
}

struct sl_err *task_result_decode(struct sl_arena *a, struct sl_str text, struct task_result **ret)
{
    struct json *v;
    struct diag_list l;
    struct wire_result w;
    SL_TRY(json_parse(a, text, &v), "result");
    diag_list_init(&l, a, SL_STR("result"));
    json_decode(&l, v, &result_table, SL_STR(""), &w);
    struct task_result *r = SL_ARENA_NEW(a, struct task_result);
    *r = (struct task_result){
        .outcome = w.outcome,
        .values = object_at(&l, w.values, "values"),
        .metrics = object_at(&l, w.metrics, "metrics"),
        .message = w.message,
        .error_kind = w.error.kind,
        .error_message = w.error.message,
    };
    r->outputs = task_outputs_from_json(&l, w.outputs, &r->n_outputs);
    SL_TRY(diag_to_err(&l));
    *ret = r;
    return NULL;
}

/* ---- encoding -----------------------------------------------------------------------------------
 */

static struct json *artifact_to_json(struct sl_arena *a, const struct task_artifact *t)
{
    struct json *o = json_new_object(a);
    json_set_string(a, o, "type", t->type);
    json_set_string(a, o, "uri", t->uri);
    if (t->digest.n)
        json_set_string(a, o, "digest", t->digest);
    if (t->properties && t->properties->n)
        json_set(a, o, "properties", t->properties);
    return o;
}

struct json *task_ports_to_json(struct sl_arena *a, const struct task_port *ports, size_t n)
{
    struct json *o = json_new_object(a);
    for (size_t i = 0; i < n; i++) {
        struct json *list = json_new_array(a);
        for (size_t j = 0; j < ports[i].n; j++)
            json_push(a, list, artifact_to_json(a, &ports[i].artifacts[j]));
        json_set_str(a, o, ports[i].name, list);
    }
    return o;
}

struct json *task_files_to_json(struct sl_arena *a, const struct task_file *files, size_t n)
{
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < n; i++) {
        struct json *f = json_new_object(a);
        json_set_string(a, f, "param", files[i].param);
        json_set_string(a, f, "uri", files[i].uri);
        json_set_number(a, f, "bytes", (double)files[i].bytes);
        json_set_string(a, f, "etag", files[i].etag);
        json_push(a, list, f);
    }
    return list;
}

void task_encode(const struct task *t, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    struct json *run = json_new_object(a);
    json_set_string(a, run, "name", t->run_name);
    json_set_string(a, run, "uid", t->run_uid);
    json_set_string(a, run, "namespace", t->run_namespace);
    json_set_string(a, run, "pipeline", t->pipeline);
    struct json *o = json_new_object(a);
    json_set_number(a, o, "version", TASK_VERSION);
    json_set(a, o, "run", run);
    json_set_string(a, o, "step", t->step);
    if (t->item.n)
        json_set_string(a, o, "item", t->item);
    json_set_number(a, o, "attempt", (double)t->attempt);
    json_set_string(a, o, "component", t->component);
    json_set(a, o, "params", t->params ? t->params : json_new_object(a));
    json_set(a, o, "inputs", task_ports_to_json(a, t->inputs, t->n_inputs));
    json_set(a, o, "outputs", task_ports_to_json(a, t->outputs, t->n_outputs));
    json_set(a, o, "files", task_files_to_json(a, t->files, t->n_files));
    json_set_string(a, o, "attempt_uri", t->attempt_uri);
    json_set_number(a, o, "memory_bytes", (double)t->memory_bytes);
    json_set_number(a, o, "threads", (double)t->threads);
    json_set(a, o, "storage", t->storage ? t->storage : json_new_object(a));
    json_format(o, JSON_COMPACT, b);
}

struct json *task_outputs_to_json(struct sl_arena *a, const struct task_output *list, size_t n)
{
    struct json *outputs = json_new_object(a);
    for (size_t i = 0; i < n; i++) {
        const struct task_output *out = &list[i];
        struct json *o = json_new_object(a);
        json_set_string(a, o, "type", out->type);
        json_set_string(a, o, "uri", out->uri);
        json_set_string(a, o, "digest", out->digest);
        json_set_number(a, o, "bytes", (double)out->bytes);
        json_set(a, o, "properties", out->properties ? out->properties : json_new_object(a));
        json_set_str(a, outputs, out->name, o);
    }
    return outputs;
}

void task_result_encode(const struct task_result *r, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    struct json *o = json_new_object(a);
    json_set_string(a, o, "outcome", r->outcome);
    json_set(a, o, "outputs", task_outputs_to_json(a, r->outputs, r->n_outputs));
    json_set(a, o, "values", r->values ? r->values : json_new_object(a));
    json_set(a, o, "metrics", r->metrics ? r->metrics : json_new_object(a));
    json_set_string(a, o, "message", r->message);
    if (r->error_kind.n) {
        struct json *error = json_new_object(a);
        json_set_string(a, error, "kind", r->error_kind);
        json_set_string(a, error, "message", r->error_message);
        json_set(a, o, "error", error);
    }
    json_format(o, JSON_PRETTY, b);
}

static const struct task_port *find_port(const struct task_port *ports, size_t n,
                                         struct sl_str name)
{
    for (size_t i = 0; i < n; i++)
        if (sl_str_eq(ports[i].name, name))
            return &ports[i];
    return NULL;
}

const struct task_port *task_input(const struct task *t, struct sl_str name)
{
    return find_port(t->inputs, t->n_inputs, name);
}

const struct task_port *task_output(const struct task *t, struct sl_str name)
{
    return find_port(t->outputs, t->n_outputs, name);
}
