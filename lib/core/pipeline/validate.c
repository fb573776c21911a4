/* What only the whole can say of manifests: names taken twice, Runs and their Pipelines. The parts
 * over one pipeline stand in validate_*.c. */
#include "core/pipeline/manifest_impl.h"

struct sl_str *validate_step_names(struct sl_arena *a, const struct spec_pipeline *p)
{
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, p->n_steps);
    for (size_t i = 0; i < p->n_steps; i++)
        names[i] = p->steps[i].name;
    return names;
}

const struct spec_output *validate_find_output(const struct spec_step *step, struct sl_str name)
{
    for (size_t i = 0; i < step->n_outputs; i++)
        if (sl_str_eq(step->outputs[i].name, name))
            return &step->outputs[i];
    return NULL;
}

static void check_step_names(struct diag_list *l, const struct spec_pipeline *p)
{
    for (size_t i = 0; i < p->n_steps; i++)
        for (size_t j = 0; j < i; j++) {
            const struct spec_step *step = &p->steps[i];
            if (!step->name.n || !sl_str_eq(step->name, p->steps[j].name))
                continue;
            diag_add(l, DIAG_ERROR, step->line, manifest_path(l->a, step->path, SL_STR("name")),
                     "there is a step '%.*s' already, in line %d", SL_FMT(step->name),
                     p->steps[j].line);
            break;
        }
}

/* The defaults: what is known of a pipeline's parameters without a Run. */
static struct json *known_params(struct sl_arena *a, const struct spec_pipeline *p)
{
    struct json *known = json_new_object(a);
    for (size_t i = 0; i < p->n_params; i++)
        if (p->params[i].otherwise && spec_type_fits(p->params[i].type, p->params[i].otherwise))
            json_set_str(a, known, p->params[i].name, json_copy(a, p->params[i].otherwise));
    return known;
}

static void check_pipeline(struct diag_list *l, struct spec_pipeline *p)
{
    struct sl_str file = l->file;
    l->file = p->file;
    check_step_names(l, p);
    validate_inputs(l, p);
    validate_references(l, p);
    validate_params(l, p, known_params(l->a, p));
    validate_graph(l, p);
    l->file = file;
}

static bool same_object(const struct spec_metadata *x, const struct spec_metadata *y)
{
    return x->name.n && sl_str_eq(x->name, y->name) && sl_str_eq(x->namespace, y->namespace);
}

static void refuse_twice(struct diag_list *l, const char *kind, const struct spec_metadata *m,
                         struct sl_str file, int line, struct sl_str first_file, int first_line)
{
    struct sl_str before = l->file;
    l->file = file;
    diag_add(l, DIAG_ERROR, line, SL_STR("metadata.name"),
             "there is a %s '%.*s' already, at %.*s:%d", kind, SL_FMT(m->name), SL_FMT(first_file),
             first_line);
    l->file = before;
}

static void check_object_names(struct diag_list *l, const struct manifest *m)
{
    for (size_t i = 0; i < m->n_pipelines; i++)
        for (size_t j = 0; j < i; j++) {
            const struct spec_pipeline *p = m->pipelines[i], *q = m->pipelines[j];
            if (same_object(&p->metadata, &q->metadata))
                refuse_twice(l, "Pipeline", &p->metadata, p->file, p->line, q->file, q->line);
        }
    for (size_t i = 0; i < m->n_runs; i++)
        for (size_t j = 0; j < i; j++) {
            const struct spec_run *r = m->runs[i], *s = m->runs[j];
            if (same_object(&r->metadata, &s->metadata))
                refuse_twice(l, "Run", &r->metadata, r->file, r->line, s->file, s->line);
        }
}

/* ---- runs -------------------------------------------------------------------------------------
 */

static struct spec_pipeline *find_pipeline(const struct manifest *m, const struct spec_run *r)
{
    for (size_t i = 0; i < m->n_pipelines; i++)
        if (sl_str_eq(m->pipelines[i]->metadata.name, r->pipeline_ref) &&
            sl_str_eq(m->pipelines[i]->metadata.namespace, r->metadata.namespace))
            return m->pipelines[i];
    return NULL;
}

static void warn_no_pipeline(struct diag_list *l, const struct manifest *m,
                             const struct spec_run *r)
{
    struct sl_str *names = SL_ARENA_ARRAY(l->a, struct sl_str, m->n_pipelines);
    for (size_t i = 0; i < m->n_pipelines; i++)
        names[i] = m->pipelines[i]->metadata.name;
    diag_add(l, DIAG_WARNING, r->line, SL_STR("spec.pipelineRef.name"),
             "parameters are not checked: there is no Pipeline '%.*s' in these files%s",
             SL_FMT(r->pipeline_ref),
             diag_did_you_mean(l->a, r->pipeline_ref, names, m->n_pipelines));
}

static void check_run(struct diag_list *l, const struct manifest *m, struct spec_run *r)
{
    struct sl_str file = l->file;
    l->file = r->file;
    if (r->pipeline)
        check_pipeline(l, r->pipeline);
    else if (r->pipeline_ref.n && !(r->pipeline = find_pipeline(m, r)))
        warn_no_pipeline(l, m, r);
    if (r->pipeline) {
        size_t before = l->error_count;
        struct json *params = spec_resolve_known(l, r->pipeline, r->parameters,
                                                 SL_STR("spec.parameters"), !m->params_follow);
        if (l->error_count == before)
            spec_check_values(l, r->pipeline, params);
    }
    l->file = file;
}

static bool is_known(const struct diag_list *l, const struct diag *d)
{
    for (const struct diag *other = l->first; other; other = other->next)
        if (other->level == d->level && sl_str_eq(other->path, d->path) &&
            sl_str_eq(other->file, d->file) && sl_str_eq(other->message, d->message))
            return true;
    return false;
}

void spec_check_values(struct diag_list *l, const struct spec_pipeline *p,
                       const struct json *params)
{
    struct diag_list found; /* the defaults may have told the same */
    diag_list_init(&found, l->a, p->file);
    validate_params(&found, p, params);
    struct sl_str file = l->file;
    for (const struct diag *d = found.first; d; d = d->next) {
        l->file = d->file;
        if (!is_known(l, d))
            diag_add(l, d->level, d->line, d->path, "%.*s", SL_FMT(d->message));
    }
    l->file = file;
}

void manifest_check(struct diag_list *l, struct manifest *m)
{
    check_object_names(l, m);
    for (size_t i = 0; i < m->n_pipelines; i++)
        check_pipeline(l, m->pipelines[i]);
    for (size_t i = 0; i < m->n_runs; i++)
        check_run(l, m, m->runs[i]);
    diag_sort(l);
}

const struct spec_run *manifest_select_run(struct diag_list *l, const struct manifest *m)
{
    struct sl_str none = {NULL, 0};
    if (m->n_runs == 1) {
        const struct spec_run *r = m->runs[0];
        if (r->pipeline)
            return r;
        diag_add(l, DIAG_ERROR, r->line, SL_STR("spec.pipelineRef.name"),
                 "there is no Pipeline '%.*s' in the file", SL_FMT(r->pipeline_ref));
        return NULL;
    }
    if (m->n_runs > 1 || m->n_pipelines != 1) {
        diag_add(l, DIAG_ERROR, 0, none,
                 "expected one Run, or one Pipeline to make a Run of, got %zu Run%s and %zu "
                 "Pipeline%s",
                 m->n_runs, m->n_runs == 1 ? "" : "s", m->n_pipelines,
                 m->n_pipelines == 1 ? "" : "s");
        return NULL;
    }
    struct spec_pipeline *p = m->pipelines[0];
    struct spec_run *r = SL_ARENA_NEW(l->a, struct spec_run);
    *r = (struct spec_run){
        .file = p->file,
        .line = p->line,
        .metadata = p->metadata,
        .pipeline_ref = p->metadata.name,
        .pipeline = p,
        .parameters = json_new_object(l->a),
        .ttl_after_finished_ms = -1,
        .object = json_new_object(l->a),
    };
    r->metadata.name = none;
    r->metadata.generate_name = sl_arena_format(l->a, "%.*s-", SL_FMT(p->metadata.name));
    return r;
}
