/* Documents to Pipelines and Runs: the object around them, and what is no step. */
#include "core/pipeline/manifest.h"

#include "base/limits.h"
#include "codec/yaml.h"
#include "core/pipeline/manifest_impl.h"
#include "core/pipeline/names.h"

#define API_GROUP   "sluice.dev"
#define API_VERSION API_GROUP "/v1alpha1"

struct sl_str manifest_path(struct sl_arena *a, struct sl_str path, struct sl_str name)
{
    return path.n ? sl_arena_format(a, "%.*s.%.*s", SL_FMT(path), SL_FMT(name)) : name;
}

void manifest_not_yet(struct diag_list *l, const struct json *v, struct sl_str path,
                      const char *name)
{
    if (v)
        diag_add(l, DIAG_ERROR, v->line, manifest_path(l->a, path, sl_str(name)),
                 "%s is not supported yet", name);
}

const struct json *manifest_want(struct diag_list *l, const struct json *v, enum json_type type,
                                 struct sl_str path)
{
    if (!v || v->type == JSON_NULL)
        return NULL;
    if (v->type == type)
        return v;
    diag_add(l, DIAG_ERROR, v->line, path, "expected %s, got %s", json_type_name(type),
             json_type_name(v->type));
    return NULL;
}

/* ---- metadata ---------------------------------------------------------------------------------
 */

static void check_name(struct diag_list *l, int line, struct sl_str path, struct sl_str name,
                       const char *(*fault)(struct sl_str))
{
    const char *message = fault(name);
    if (message)
        diag_add(l, DIAG_ERROR, line, path, "'%.*s': %s", SL_FMT(name), message);
}

static const struct json *read_labels(struct diag_list *l, const struct json *labels,
                                      struct sl_str path, bool check_values)
{
    labels = manifest_want(l, labels, JSON_OBJECT, path);
    for (size_t i = 0; labels && i < labels->n; i++) {
        const struct json_member *m = &labels->members[i];
        struct sl_str at = manifest_path(l->a, path, m->key);
        check_name(l, m->value->line, at, m->key, name_fault_label_key);
        if (m->value->type != JSON_STRING)
            diag_add(l, DIAG_ERROR, m->value->line, at, "expected string, got %s; quote it",
                     json_type_name(m->value->type));
        else if (check_values)
            check_name(l, m->value->line, at, m->value->string, name_fault_label_value);
    }
    return labels;
}

static int line_of(const struct json *object, const char *key, int otherwise)
{
    const struct json *v = json_get(object, key);
    return v ? v->line : otherwise;
}

static void read_metadata(struct diag_list *l, const struct json *object, int line,
                          struct spec_metadata *ret)
{
    struct raw_metadata raw = {0};
    struct sl_str path = SL_STR("metadata");
    object = manifest_want(l, object, JSON_OBJECT, path);
    json_decode(l, object, &raw_metadata_table, path, &raw);
    line = object ? object->line : line;
    if (!raw.name.n && !raw.generate_name.n)
        diag_add(l, DIAG_ERROR, line, SL_STR("metadata.name"), "is required, or generateName");
    if (raw.name.n)
        check_name(l, line_of(object, "name", line), SL_STR("metadata.name"), raw.name,
                   name_fault_object);
    else if (raw.generate_name.n)
        check_name(l, line_of(object, "generateName", line), SL_STR("metadata.generateName"),
                   raw.generate_name, name_fault_prefix);
    if (raw.namespace.n)
        check_name(l, line_of(object, "namespace", line), SL_STR("metadata.namespace"),
                   raw.namespace, name_fault_label);
    *ret = (struct spec_metadata){
        .name = raw.name,
        .generate_name = raw.name.n ? (struct sl_str){NULL, 0} : raw.generate_name,
        .namespace = raw.namespace.n ? raw.namespace : SL_STR("default"),
        .labels = read_labels(l, raw.labels, SL_STR("metadata.labels"), true),
        .annotations = read_labels(l, raw.annotations, SL_STR("metadata.annotations"), false),
    };
}

/* ---- the pipeline -----------------------------------------------------------------------------
 */

static void read_param(struct diag_list *l, const struct raw_param *raw, struct sl_str path,
                       struct spec_param *ret)
{
    *ret = (struct spec_param){
        .name = raw->name,
        .type = (enum spec_type)raw->type,
        .otherwise = raw->otherwise && raw->otherwise->type != JSON_NULL ? raw->otherwise : NULL,
        .description = raw->description,
        .line = raw->line,
    };
    if (raw->name.n)
        check_name(l, raw->line, manifest_path(l->a, path, SL_STR("name")), raw->name,
                   name_fault_word);
    struct sl_str at = manifest_path(l->a, path, SL_STR("enum"));
    ret->choices = manifest_want(l, raw->choices, JSON_ARRAY, at);
    for (size_t i = 0; ret->choices && i < ret->choices->n; i++)
        if (!spec_type_fits(ret->type, ret->choices->items[i]))
            diag_add(l, DIAG_ERROR, ret->choices->items[i]->line,
                     sl_arena_format(l->a, "%.*s[%zu]", SL_FMT(at), i), "expected %s, got %s",
                     spec_type_name(ret->type), json_type_name(ret->choices->items[i]->type));
    if (ret->otherwise)
        spec_check_param(l, ret, ret->otherwise, manifest_path(l->a, path, SL_STR("default")));
}

static void read_params(struct diag_list *l, const struct json_objects *raw,
                        struct spec_pipeline *p)
{
    const struct raw_param *params = raw->p;
    p->params = SL_ARENA_ARRAY(l->a, struct spec_param, raw->n);
    p->n_params = raw->n;
    for (size_t i = 0; i < raw->n; i++) {
        struct sl_str path = sl_arena_format(l->a, "%.*s.parameters[%zu]", SL_FMT(p->path), i);
        read_param(l, &params[i], path, &p->params[i]);
        for (size_t j = 0; j < i; j++)
            if (p->params[i].name.n && sl_str_eq(p->params[i].name, p->params[j].name)) {
                diag_add(l, DIAG_ERROR, p->params[i].line,
                         manifest_path(l->a, path, SL_STR("name")),
                         "there is a parameter '%.*s' already, in line %d",
                         SL_FMT(p->params[i].name), p->params[j].line);
                break;
            }
    }
}

static struct spec_storage read_storage(struct diag_list *l, const struct raw_storage *raw,
                                        const struct json *spec, struct sl_str path)
{
    const struct json *object = json_get(spec, "storage");
    struct sl_str at = manifest_path(l->a, path, SL_STR("storage.uri"));
    bool plain = raw->uri.n && raw->uri.p[0] == '/';
    if (!raw->uri.n && object && object->type == JSON_OBJECT)
        diag_add(l, DIAG_ERROR, object->line, at, "is required");
    else if (raw->uri.n && !plain && !sl_str_starts(raw->uri, SL_STR("s3://")) &&
             !sl_str_starts(raw->uri, SL_STR("file:///")))
        diag_add(l, DIAG_ERROR, line_of(object, "uri", 0), at,
                 "expected s3://bucket/prefix, file:///folder or an absolute path, got '%.*s'",
                 SL_FMT(raw->uri));
    return (struct spec_storage){
        .uri = raw->uri, .secret_name = raw->secret_name, .object = object};
}

static struct spec_concurrency read_concurrency(const struct raw_concurrency *raw)
{
    return (struct spec_concurrency){(enum spec_concurrency_policy)raw->policy, raw->group};
}

static void read_steps(struct diag_list *l, const struct raw_pipeline *raw, struct spec_pipeline *p)
{
    size_t n = raw->steps.n + raw->on_exit.n;
    const struct json *steps = json_get(p->object, "steps");
    p->n_steps = SL_MIN(n, (size_t)SL_LIMIT_STEPS);
    p->n_main = SL_MIN(raw->steps.n, p->n_steps);
    p->steps = SL_ARENA_ARRAY(l->a, struct spec_step, p->n_steps);
    if (n > SL_LIMIT_STEPS)
        diag_add(l, DIAG_ERROR, p->line, manifest_path(l->a, p->path, SL_STR("steps")),
                 "%zu steps, at most %d are possible", n, SL_LIMIT_STEPS);
    else if (raw->steps.n == 0 && steps && steps->type == JSON_ARRAY)
        diag_add(l, DIAG_ERROR, p->line, manifest_path(l->a, p->path, SL_STR("steps")),
                 "expected at least one step");
    for (size_t i = 0; i < p->n_steps; i++) {
        struct spec_step *step = &p->steps[i];
        step->on_exit = i >= p->n_main;
        step->path =
            sl_arena_format(l->a, "%.*s.%s[%zu]", SL_FMT(p->path),
                            step->on_exit ? "onExit" : "steps", step->on_exit ? i - p->n_main : i);
        const struct raw_step *from = step->on_exit ? raw->on_exit.p : raw->steps.p;
        manifest_read_step(l, &from[step->on_exit ? i - p->n_main : i], &raw->defaults, step);
    }
}

/* `spec` of a Pipeline, or `spec.pipelineSpec` of a Run. */
static struct spec_pipeline *read_pipeline(struct diag_list *l, const struct json *spec, int line,
                                           struct sl_str path)
{
    struct raw_pipeline raw;
    struct spec_pipeline *p = SL_ARENA_NEW(l->a, struct spec_pipeline);
    spec = manifest_want(l, spec, JSON_OBJECT, path);
    p->file = l->file;
    p->line = line;
    p->path = path;
    p->object = spec ? spec : json_new_object(l->a);
    json_decode(l, p->object, &raw_pipeline_table, path, &raw);
    manifest_not_yet(l, raw.priority, path, "priority");
    read_params(l, &raw.parameters, p);
    p->storage = read_storage(l, &raw.storage, p->object, path);
    p->timeout_ms = raw.timeout_ms;
    p->parallelism = raw.parallelism;
    p->concurrency = read_concurrency(&raw.concurrency);
    read_steps(l, &raw, p);
    return p;
}

/* ---- documents --------------------------------------------------------------------------------
 */

static void add_pipeline(struct sl_arena *a, struct manifest *m, struct spec_pipeline *p)
{
    if (m->n_pipelines == m->capacity_pipelines) {
        m->capacity_pipelines = m->capacity_pipelines ? m->capacity_pipelines * 2 : 4;
        struct spec_pipeline **grown =
            SL_ARENA_ARRAY(a, struct spec_pipeline *, m->capacity_pipelines);
        if (m->n_pipelines)
            memcpy(grown, m->pipelines, m->n_pipelines * sizeof(*grown));
        m->pipelines = grown;
    }
    m->pipelines[m->n_pipelines++] = p;
}

static void add_run(struct sl_arena *a, struct manifest *m, struct spec_run *r)
{
    if (m->n_runs == m->capacity_runs) {
        m->capacity_runs = m->capacity_runs ? m->capacity_runs * 2 : 4;
        struct spec_run **grown = SL_ARENA_ARRAY(a, struct spec_run *, m->capacity_runs);
        if (m->n_runs)
            memcpy(grown, m->runs, m->n_runs * sizeof(*grown));
        m->runs = grown;
    }
    m->runs[m->n_runs++] = r;
}

static void read_pipeline_document(struct diag_list *l, const struct raw_document *d, int line,
                                   struct manifest *m)
{
    struct spec_metadata metadata;
    read_metadata(l, d->metadata, line, &metadata);
    if (!metadata.name.n && metadata.generate_name.n)
        diag_add(l, DIAG_ERROR, line, SL_STR("metadata.name"),
                 "is required: a Pipeline is named by its Runs");
    if (!d->spec || d->spec->type == JSON_NULL) {
        diag_add(l, DIAG_ERROR, line, SL_STR("spec"), "is required");
        return;
    }
    struct spec_pipeline *p = read_pipeline(l, d->spec, line, SL_STR("spec"));
    p->metadata = metadata;
    add_pipeline(l->a, m, p);
}

/* The pipeline of a Run with a pipelineSpec is named like the Run, less the dash of a prefix. */
static struct spec_metadata inline_metadata(const struct spec_metadata *run)
{
    struct spec_metadata metadata = *run;
    if (!metadata.name.n) {
        metadata.name = run->generate_name;
        while (metadata.name.n && (metadata.name.p[metadata.name.n - 1] == '-' ||
                                   metadata.name.p[metadata.name.n - 1] == '.'))
            metadata.name.n--;
        metadata.generate_name = (struct sl_str){NULL, 0};
    }
    return metadata;
}

static void read_run_spec(struct diag_list *l, const struct json *spec, struct spec_run *r)
{
    struct raw_run raw;
    struct sl_str path = SL_STR("spec");
    json_decode(l, spec, &raw_run_table, path, &raw);
    manifest_not_yet(l, raw.priority, path, "priority");
    if (raw.has_pipeline_ref && raw.pipeline_spec)
        diag_add(l, DIAG_ERROR, raw.pipeline_spec->line, SL_STR("spec.pipelineSpec"),
                 "expected either pipelineRef or pipelineSpec, got both");
    else if (!raw.has_pipeline_ref && !raw.pipeline_spec)
        diag_add(l, DIAG_ERROR, r->line, SL_STR("spec.pipelineRef"),
                 "is required, or pipelineSpec");
    if (raw.pipeline_spec && !raw.has_pipeline_ref) {
        r->pipeline = read_pipeline(l, raw.pipeline_spec, raw.pipeline_spec->line,
                                    SL_STR("spec.pipelineSpec"));
        r->pipeline->metadata = inline_metadata(&r->metadata);
    }
    r->pipeline_ref = raw.pipeline_ref.name;
    r->parameters = manifest_want(l, raw.parameters, JSON_OBJECT, SL_STR("spec.parameters"));
    if (!r->parameters)
        r->parameters = json_new_object(l->a);
    r->storage = read_storage(l, &raw.storage, spec, path);
    r->suspend = raw.suspend;
    r->cancel = raw.cancel;
    r->retry = raw.retry;
    r->ttl_after_finished_ms = raw.has_ttl ? raw.ttl_ms : -1;
    r->concurrency = read_concurrency(&raw.concurrency);
}

static void read_run_document(struct diag_list *l, const struct raw_document *d, int line,
                              struct manifest *m)
{
    struct spec_run *r = SL_ARENA_NEW(l->a, struct spec_run);
    const struct json *spec = manifest_want(l, d->spec, JSON_OBJECT, SL_STR("spec"));
    r->file = l->file;
    r->line = line;
    r->object = spec ? spec : json_new_object(l->a);
    read_metadata(l, d->metadata, line, &r->metadata);
    read_run_spec(l, r->object, r);
    add_run(l->a, m, r);
}

/* True when the document is one of ours to read. */
static bool is_ours(struct diag_list *l, const struct raw_document *d, int line)
{
    static const struct sl_str kinds[] = {{"Pipeline", 8}, {"Run", 3}};
    struct sl_str group = d->api_version, kind = d->kind;
    bool known = sl_str_eq(kind, kinds[0]) || sl_str_eq(kind, kinds[1]);
    if (!sl_str_starts(group, SL_STR(API_GROUP "/")) && !known) {
        diag_add(l, DIAG_WARNING, line, SL_STR("kind"),
                 "%.*s %.*s is no object of " API_GROUP ", it is passed over", SL_FMT(group),
                 SL_FMT(kind));
        return false;
    }
    if (!sl_str_is(group, API_VERSION)) {
        diag_add(l, DIAG_ERROR, line, SL_STR("apiVersion"),
                 "expected '" API_VERSION "', got '%.*s'", SL_FMT(group));
        return false;
    }
    if (sl_str_is(kind, "Schedule") || sl_str_is(kind, "ModelServer"))
        diag_add(l, DIAG_ERROR, line, SL_STR("kind"), "the kind %.*s is not supported yet",
                 SL_FMT(kind));
    else if (!known)
        diag_add(l, DIAG_ERROR, line, SL_STR("kind"), "unknown kind '%.*s'%s", SL_FMT(kind),
                 diag_did_you_mean(l->a, kind, kinds, SL_COUNTOF(kinds)));
    return known;
}

static void read_list(struct diag_list *l, const struct json *object, struct manifest *m)
{
    const struct json *items =
        manifest_want(l, json_get(object, "items"), JSON_ARRAY, SL_STR("items"));
    for (size_t i = 0; items && i < items->n; i++)
        manifest_read_object(l, items->items[i], m);
}

void manifest_read_object(struct diag_list *l, const struct json *object, struct manifest *m)
{
    struct raw_document d;
    if (!manifest_want(l, object, JSON_OBJECT, (struct sl_str){NULL, 0}))
        return;
    if (sl_str_is(json_get_string(object, "kind", SL_STR("")), "List")) {
        read_list(l, object, m);
        return;
    }
    struct diag_list around; /* of a foreign object only apiVersion and kind are our business */
    diag_list_init(&around, l->a, l->file);
    json_decode(&around, object, &raw_document_table, (struct sl_str){NULL, 0}, &d);
    if (d.api_version.n && d.kind.n && !is_ours(l, &d, object->line))
        return;
    json_decode(l, object, &raw_document_table, (struct sl_str){NULL, 0}, &d);
    if (sl_str_is(d.kind, "Pipeline"))
        read_pipeline_document(l, &d, object->line, m);
    else if (sl_str_is(d.kind, "Run"))
        read_run_document(l, &d, object->line, m);
}

void manifest_read(struct diag_list *l, struct sl_str text, struct manifest *m)
{
    struct json **documents;
    size_t n;
    struct sl_err *err SL_AUTOERR = yaml_parse(l->a, text, &documents, &n);
    if (err) {
        /* "line 4, column 5: ...": the line goes where lines of findings go. */
        struct sl_str message = sl_str(err->message);
        ptrdiff_t column = err->code ? sl_str_find(message, SL_STR("column ")) : -1;
        diag_add(l, DIAG_ERROR, err->code, (struct sl_str){NULL, 0}, "%s",
                 err->message + (column < 0 ? 0 : column));
        return;
    }
    if (n == 0)
        diag_add(l, DIAG_ERROR, 0, (struct sl_str){NULL, 0}, "there is no document in it");
    for (size_t i = 0; i < n; i++)
        manifest_read_object(l, documents[i], m);
}
