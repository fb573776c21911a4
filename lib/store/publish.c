#include "store/publish.h"

#include "codec/sha256.h"
#include "core/pipeline/outcome.h"
#include "store/cache.h"
#include "store/mlmd.h"
#include "store/registry_publish.h"

enum { US_PER_MS = 1000 };

static int64_t ms(int64_t us)
{
    return us / US_PER_MS;
}

struct sl_str publish_pipeline_name(struct sl_arena *a, struct sl_str run_namespace,
                                    struct sl_str pipeline)
{
    return sl_arena_format(a, "%.*s/%.*s", SL_FMT(run_namespace), SL_FMT(pipeline));
}

static struct sl_str json_text(struct sl_arena *a, const struct json *v)
{
    if (!v)
        return SL_STR("{}");
    SL_AUTOBUF(b, 0);
    json_format(v, JSON_CANONICAL, &b);
    return sl_arena_str(a, sl_buf_str(&b));
}

/* ---- the run --------------------------------------------------------------------------------- */
struct run_contexts {
    int64_t pipeline, run;
};

static struct sl_err *ensure_contexts(struct sql_tx *tx, struct sl_arena *a,
                                      const struct run_record *r, struct run_contexts *ret)
{
    struct run_contexts c;
    struct sl_str name = publish_pipeline_name(a, r->run_namespace, r->pipeline);
    SL_TRY(mlmd_context(tx, a, "pipeline", name, ms(r->created_us), &c.pipeline));
    SL_TRY(mlmd_context(tx, a, "pipeline_run", r->uid, ms(r->created_us), &c.run));
    *ret = c;
    return NULL;
}

/* A custom property of a run's context or of an execution; an empty text is none. */
static struct sl_err *text_property(struct sql_tx *tx, struct sl_arena *a, enum mlmd_kind kind,
                                    int64_t id, const char *name, struct sl_str value)
{
    if (value.n == 0)
        return NULL;
    return mlmd_property(tx, a, kind, SL_STR(""), id, sl_str(name), json_new_string(a, value));
}

static struct sl_err *run_row(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                              int64_t context)
{
    char digest[SHA256_HEX] = "";
    if (r->spec && r->spec->n)
        sha256_hex(json_text(a, r->spec), digest);
    return SQL_QUERY(
        tx, a, NULL,
        "INSERT INTO sluice_runs (uid, pipeline, name, run_namespace, outcome, message, created_by,"
        " uri, spec_digest, parameters, created_us, started_us, finished_us, context_id) VALUES"
        " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (uid) DO UPDATE"
        " SET outcome = excluded.outcome, message = excluded.message,"
        " created_by = excluded.created_by, uri = excluded.uri,"
        " spec_digest = excluded.spec_digest, parameters = excluded.parameters,"
        " created_us = excluded.created_us, started_us = excluded.started_us,"
        " finished_us = excluded.finished_us",
        sql_text(r->uid), sql_text(publish_pipeline_name(a, r->run_namespace, r->pipeline)),
        sql_text(r->name), sql_text(r->run_namespace), sql_text(r->outcome), sql_text(r->message),
        sql_text(r->created_by), sql_text(r->uri), sql_text(sl_str(digest)),
        sql_text(json_text(a, r->parameters)), sql_int(r->created_us), sql_int(r->started_us),
        sql_int(r->finished_us), sql_int(context));
}

struct sl_err *publish_run(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r)
{
    struct run_contexts c;
    SL_TRY(ensure_contexts(tx, a, r, &c));
    SL_TRY(mlmd_parent_context(tx, a, c.run, c.pipeline));
    SL_TRY(text_property(tx, a, MLMD_CONTEXT, c.run, "run_name", r->name));
    SL_TRY(text_property(tx, a, MLMD_CONTEXT, c.run, "created_by", r->created_by));
    SL_TRY(text_property(tx, a, MLMD_CONTEXT, c.run, "outcome", r->outcome));
    if (r->finished_us)
        SL_TRY(SQL_QUERY(tx, a, NULL,
                         "UPDATE Context SET last_update_time_since_epoch = $2 WHERE id = $1",
                         sql_int(c.run), sql_int(ms(r->finished_us))));
    return run_row(tx, a, r, c.run);
}

struct sl_err *publish_run_end(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r)
{
    SL_TRY(publish_run(tx, a, r));
    return SQL_QUERY(tx, a, NULL, "DELETE FROM sluice_pins WHERE run_uid = $1", sql_text(r->uid));
}

/* A step's fact may come first, when the run's own was lost. */
static struct sl_err *ensure_run(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                                 struct run_contexts *ret)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows, "SELECT 1 FROM sluice_runs WHERE uid = $1", sql_text(r->uid)));
    if (rows.n == 0)
        SL_TRY(publish_run(tx, a, r));
    return ensure_contexts(tx, a, r, ret);
}

/* ---- a step's execution ---------------------------------------------------------------------- */
struct step_nodes {
    int64_t execution;
    int64_t contexts[3]; /* pipeline, run, node */
};

static enum mlmd_execution_state state_of(struct sl_str outcome)
{
    switch (outcome_parse(outcome)) {
    case OUTCOME_NONE:
        return MLMD_EXECUTION_RUNNING;
    case OUTCOME_SUCCEEDED:
        return MLMD_EXECUTION_COMPLETE;
    case OUTCOME_CACHED:
        return MLMD_EXECUTION_CACHED;
    case OUTCOME_CANCELLED:
        return MLMD_EXECUTION_CANCELED;
    default:
        return MLMD_EXECUTION_FAILED;
    }
}

/* A step that was skipped, or stopped before its first attempt, executed nothing. */
static bool has_execution(const struct step_record *s)
{
    return s->attempt > 0 || outcome_parse(s->outcome) == OUTCOME_CACHED;
}

static struct sl_str item_suffix(struct sl_arena *a, const struct step_record *s)
{
    return s->item.n ? sl_arena_format(a, "/%.*s", SL_FMT(s->item)) : SL_STR("");
}

static struct sl_err *ensure_execution(struct sql_tx *tx, struct sl_arena *a,
                                       const struct run_record *r, const struct step_record *s,
                                       struct step_nodes *ret)
{
    struct run_contexts c;
    struct step_nodes n = {0};
    SL_TRY(ensure_run(tx, a, r, &c));
    struct sl_str pipeline = publish_pipeline_name(a, r->run_namespace, r->pipeline);
    struct sl_str node = sl_arena_format(a, "%.*s.%.*s", SL_FMT(pipeline), SL_FMT(s->step));
    n.contexts[0] = c.pipeline;
    n.contexts[1] = c.run;
    SL_TRY(mlmd_context(tx, a, "node", node, ms(s->started_us), &n.contexts[2]));
    struct sl_str name = sl_arena_format(a, "%.*s/%.*s%.*s", SL_FMT(r->uid), SL_FMT(s->step),
                                         SL_FMT(item_suffix(a, s)));
    struct sl_str type = s->component.n ? s->component : SL_STR("Container");
    int64_t updated = s->outcome.n ? s->finished_us : s->started_us;
    SL_TRY(mlmd_execution(tx, a, type, name, state_of(s->outcome), ms(s->started_us), ms(updated),
                          &n.execution));
    for (size_t i = 0; i < SL_COUNTOF(n.contexts); i++)
        SL_TRY(mlmd_associate(tx, a, n.contexts[i], n.execution));
    *ret = n;
    return NULL;
}

/* Parameters under their own names, as TFX has them; ours between underscores, so that they never
 * meet. */
static struct sl_err *execution_properties(struct sql_tx *tx, struct sl_arena *a,
                                           const struct step_record *s, int64_t execution)
{
    for (size_t i = 0; s->params && i < s->params->n; i++)
        SL_TRY(mlmd_property(tx, a, MLMD_EXECUTION, SL_STR(""), execution,
                             s->params->members[i].key, s->params->members[i].value));
    for (size_t i = 0; s->metrics && i < s->metrics->n; i++) {
        struct sl_str key = sl_arena_format(a, "metrics.%.*s", SL_FMT(s->metrics->members[i].key));
        SL_TRY(mlmd_property(tx, a, MLMD_EXECUTION, SL_STR(""), execution, key,
                             s->metrics->members[i].value));
    }
    SL_TRY(text_property(tx, a, MLMD_EXECUTION, execution, "__step__", s->step));
    SL_TRY(text_property(tx, a, MLMD_EXECUTION, execution, "__item__", s->item));
    SL_TRY(text_property(tx, a, MLMD_EXECUTION, execution, "__outcome__", s->outcome));
    SL_TRY(text_property(tx, a, MLMD_EXECUTION, execution, "__message__", s->message));
    SL_TRY(text_property(tx, a, MLMD_EXECUTION, execution, "__error__", s->error_message));
    SL_TRY(text_property(tx, a, MLMD_EXECUTION, execution, "__attempt_uri__", s->attempt_uri));
    if (s->attempt == 0)
        return NULL;
    return mlmd_property(tx, a, MLMD_EXECUTION, SL_STR(""), execution, SL_STR("__attempt__"),
                         json_new_number(a, (double)s->attempt));
}

static struct sl_err *link_artifact(struct sql_tx *tx, struct sl_arena *a,
                                    const struct step_nodes *n, int64_t artifact)
{
    for (size_t i = 0; i < SL_COUNTOF(n->contexts); i++)
        SL_TRY(mlmd_attribute(tx, a, n->contexts[i], artifact));
    return NULL;
}

/* ---- inputs ---------------------------------------------------------------------------------- */
struct input {
    int64_t artifact;
    struct mlmd_path path;
};

static size_t count_inputs(const struct step_record *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_inputs; i++)
        n += s->inputs[i].n;
    return n;
}

static struct sl_err *ensure_inputs(struct sql_tx *tx, struct sl_arena *a,
                                    const struct step_record *s, struct input *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_inputs; i++) {
        for (size_t j = 0; j < s->inputs[i].n; j++, n++) {
            const struct task_artifact *t = &s->inputs[i].artifacts[j];
            ret[n].path = (struct mlmd_path){.key = s->inputs[i].name, .index = (int64_t)j};
            SL_TRY(mlmd_artifact(tx, a, t->type, t->uri, t->digest, ms(s->started_us),
                                 &ret[n].artifact));
        }
    }
    return NULL;
}

/* MLMD has one INPUT event per artifact and execution: an artifact that serves several keys has all
 * of them in its path. */
static struct sl_err *publish_inputs(struct sql_tx *tx, struct sl_arena *a,
                                     const struct step_record *s, const struct step_nodes *nodes)
{
    size_t n = count_inputs(s);
    struct input *inputs = SL_ARENA_ARRAY(a, struct input, n);
    struct mlmd_path *path = SL_ARENA_ARRAY(a, struct mlmd_path, n);
    SL_TRY(ensure_inputs(tx, a, s, inputs));
    for (size_t i = 0; i < n; i++) {
        int64_t artifact = inputs[i].artifact;
        size_t length = 0;
        for (size_t j = i; j < n; j++)
            if (inputs[j].artifact == artifact)
                path[length++] = inputs[j].path;
        SL_TRY(mlmd_event(tx, a, artifact, nodes->execution, MLMD_EVENT_INPUT, ms(s->started_us),
                          path, length));
        SL_TRY(link_artifact(tx, a, nodes, artifact));
    }
    return NULL;
}

/* ---- outputs --------------------------------------------------------------------------------- */
static struct sl_err *artifact_string(struct sql_tx *tx, struct sl_arena *a, struct sl_str type,
                                      int64_t artifact, const char *name, struct sl_str value)
{
    return mlmd_property(tx, a, MLMD_ARTIFACT, type, artifact, sl_str(name),
                         json_new_string(a, value));
}

/* What TFX writes on a ModelBlessing: which model was blessed, compared with which, by whom. */
static struct sl_err *blessing_properties(struct sql_tx *tx, struct sl_arena *a,
                                          const struct step_record *s,
                                          const struct task_output *out, int64_t artifact)
{
    static const char *const roles[][3] = {{"model", "current_model", "current_model_id"},
                                           {"baseline", "baseline_model", "baseline_model_id"}};
    for (size_t i = 0; i < s->n_inputs; i++) {
        for (size_t k = 0; k < SL_COUNTOF(roles); k++) {
            if (s->inputs[i].n == 0 || !sl_str_is(s->inputs[i].name, roles[k][0]))
                continue;
            const struct task_artifact *m = &s->inputs[i].artifacts[0];
            int64_t id;
            SL_TRY(mlmd_find_artifact(tx, a, m->type, m->uri, m->digest, &id));
            SL_TRY(artifact_string(tx, a, out->type, artifact, roles[k][1], m->uri));
            SL_TRY(mlmd_property(tx, a, MLMD_ARTIFACT, out->type, artifact, sl_str(roles[k][2]),
                                 json_new_number(a, (double)id)));
        }
    }
    return artifact_string(tx, a, out->type, artifact, "component_id", s->step);
}

static bool is_blessing(struct sl_str type)
{
    return sl_str_is(type, "ModelBlessing") || sl_str_is(type, "InfraBlessing");
}

/* TFX keeps `blessed` as 1 or 0. */
static struct json *tfx_value(struct sl_arena *a, struct sl_str type, const struct json_member *m)
{
    if (m->value->type == JSON_BOOL &&
        ((is_blessing(type) && sl_str_is(m->key, "blessed")) || sl_str_is(m->key, "pushed")))
        return json_new_number(a, m->value->boolean);
    return m->value;
}

static struct sl_err *output_properties(struct sql_tx *tx, struct sl_arena *a,
                                        const struct run_record *r, const struct step_record *s,
                                        const struct task_output *out, int64_t artifact)
{
    struct sl_str pipeline = publish_pipeline_name(a, r->run_namespace, r->pipeline);
    for (size_t i = 0; out->properties && i < out->properties->n; i++)
        SL_TRY(mlmd_property(tx, a, MLMD_ARTIFACT, out->type, artifact,
                             out->properties->members[i].key,
                             tfx_value(a, out->type, &out->properties->members[i])));
    SL_TRY(artifact_string(tx, a, out->type, artifact, "name", out->name));
    SL_TRY(artifact_string(tx, a, out->type, artifact, "pipeline_name", pipeline));
    SL_TRY(artifact_string(tx, a, out->type, artifact, "producer_component", s->step));
    SL_TRY(mlmd_property(tx, a, MLMD_ARTIFACT, out->type, artifact, SL_STR("bytes"),
                         json_new_number(a, (double)out->bytes)));
    if (is_blessing(out->type))
        SL_TRY(blessing_properties(tx, a, s, out, artifact));
    struct sl_str name = sl_arena_format(a, "%.*s:%.*s:%.*s%.*s:%.*s:%lld", SL_FMT(pipeline),
                                         SL_FMT(r->uid), SL_FMT(s->step), SL_FMT(item_suffix(a, s)),
                                         SL_FMT(out->name), (long long)s->attempt);
    return mlmd_name_artifact(tx, a, artifact, name);
}

/* A hit's artifacts keep what the execution that made them said of them. */
static struct sl_err *publish_outputs(struct sql_tx *tx, struct sl_arena *a,
                                      const struct run_record *r, const struct step_record *s,
                                      const struct step_nodes *nodes)
{
    bool cached = outcome_parse(s->outcome) == OUTCOME_CACHED;
    for (size_t i = 0; i < s->n_outputs; i++) {
        const struct task_output *out = &s->outputs[i];
        struct mlmd_path path = {.key = out->name};
        int64_t id, known;
        SL_TRY(mlmd_find_artifact(tx, a, out->type, out->uri, out->digest, &known));
        SL_TRY(mlmd_artifact(tx, a, out->type, out->uri, out->digest, ms(s->finished_us), &id));
        if (!cached || !known)
            SL_TRY(output_properties(tx, a, r, s, out, id));
        SL_TRY(mlmd_event(tx, a, id, nodes->execution, MLMD_EVENT_OUTPUT, ms(s->finished_us), &path,
                          1));
        SL_TRY(link_artifact(tx, a, nodes, id));
    }
    return NULL;
}

/* ---- the step -------------------------------------------------------------------------------- */
static struct sl_err *step_row(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                               const struct step_record *s, int64_t execution)
{
    return SQL_QUERY(
        tx, a, NULL,
        "INSERT INTO sluice_steps (run_uid, step, item, pipeline, component, outcome, message,"
        " error_kind, error_message, attempt, attempt_uri, started_us, finished_us, execution_id,"
        " cache_key, cache_record, cached_run, cached_step, files, outputs, step_values, metrics) "
        "VALUES"
        " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"
        " $20, $21, $22) ON CONFLICT (run_uid, step, item) DO UPDATE SET component = "
        "excluded.component,"
        " outcome = excluded.outcome, message = excluded.message,"
        " error_kind = excluded.error_kind, error_message = excluded.error_message,"
        " attempt = excluded.attempt, attempt_uri = excluded.attempt_uri,"
        " started_us = excluded.started_us, finished_us = excluded.finished_us,"
        " execution_id = excluded.execution_id, cache_key = excluded.cache_key,"
        " cache_record = excluded.cache_record, cached_run = excluded.cached_run,"
        " cached_step = excluded.cached_step, files = excluded.files, outputs = excluded.outputs, "
        "step_values = excluded.step_values,"
        " metrics = excluded.metrics",
        sql_text(r->uid), sql_text(s->step), sql_text(s->item),
        sql_text(publish_pipeline_name(a, r->run_namespace, r->pipeline)), sql_text(s->component),
        sql_text(s->outcome), sql_text(s->message), sql_text(s->error_kind),
        sql_text(s->error_message), sql_int(s->attempt), sql_text(s->attempt_uri),
        sql_int(s->started_us), sql_int(s->finished_us),
        execution ? sql_int(execution) : sql_null(),
        s->cache ? sql_text(cache_key(a, s->cache)) : sql_null(),
        s->cache ? sql_text(json_text(a, s->cache)) : sql_null(), sql_text(s->cached_run),
        sql_text(s->cached_step),
        sql_text(json_text(a, task_files_to_json(a, s->files, s->n_files))),
        sql_text(json_text(a, task_outputs_to_json(a, s->outputs, s->n_outputs))),
        sql_text(json_text(a, s->values)), sql_text(json_text(a, s->metrics)));
}

/* Late news of a start must not undo an end that is known already. */
static struct sl_err *has_ended(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                                const struct step_record *s, bool *ret)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT 1 FROM sluice_steps WHERE run_uid = $1 AND step = $2 AND item = $3 AND"
                     " outcome <> '' AND attempt >= $4",
                     sql_text(r->uid), sql_text(s->step), sql_text(s->item), sql_int(s->attempt)));
    *ret = rows.n > 0;
    return NULL;
}

struct sl_err *publish_step_start(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                                  const struct step_record *s)
{
    bool ended;
    SL_TRY(has_ended(tx, a, r, s, &ended));
    if (ended)
        return NULL;
    struct step_record running = *s;
    struct step_nodes nodes;
    running.outcome = SL_STR("");
    running.finished_us = 0;
    running.attempt = SL_MAX(s->attempt, 1);
    SL_TRY(ensure_execution(tx, a, r, &running, &nodes));
    SL_TRY(publish_inputs(tx, a, &running, &nodes));
    return step_row(tx, a, r, &running, nodes.execution);
}

struct sl_err *publish_step_end(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                                const struct step_record *s)
{
    struct run_contexts contexts;
    if (!has_execution(s)) {
        SL_TRY(ensure_run(tx, a, r, &contexts));
        return step_row(tx, a, r, s, 0);
    }
    struct step_nodes nodes;
    SL_TRY(ensure_execution(tx, a, r, s, &nodes));
    SL_TRY(publish_inputs(tx, a, s, &nodes));
    SL_TRY(publish_outputs(tx, a, r, s, &nodes));
    SL_TRY(execution_properties(tx, a, s, nodes.execution));
    SL_TRY(step_row(tx, a, r, s, nodes.execution));
    /* The push first: it decides whether an earlier owner of the cache key is superseded, and
     * publishing again must come to the same decision. */
    SL_TRY(registry_publish(tx, a, r, s));
    if (outcome_parse(s->outcome) == OUTCOME_SUCCEEDED && s->cache)
        return cache_enter(tx, a, r, s, nodes.execution);
    return NULL;
}

/* ---- facts ----------------------------------------------------------------------------------- */
void publish_facts_of(struct sl_arena *a, const struct run_record *r, struct publish_fact **ret,
                      size_t *ret_n)
{
    struct publish_fact *f = SL_ARENA_ARRAY(a, struct publish_fact, 2 + 2 * r->n_steps);
    size_t n = 0;
    f[n++] = (struct publish_fact){PUBLISH_RUN_START, r->created_us, r, NULL};
    for (size_t i = 0; i < r->n_steps; i++) {
        const struct step_record *s = &r->steps[i];
        bool cached = outcome_parse(s->outcome) == OUTCOME_CACHED;
        if (s->started_us && has_execution(s) && !cached)
            f[n++] = (struct publish_fact){PUBLISH_STEP_START, s->started_us, r, s};
        if (s->outcome.n)
            f[n++] = (struct publish_fact){PUBLISH_STEP_END, s->finished_us, r, s};
    }
    if (r->outcome.n)
        f[n++] = (struct publish_fact){PUBLISH_RUN_END, r->finished_us, r, NULL};
    *ret = f;
    *ret_n = n;
}

static int compare_facts(const void *x, const void *y)
{
    const struct publish_fact *f = x, *g = y;
    if (f->at_us != g->at_us)
        return f->at_us < g->at_us ? -1 : 1;
    int by_run = sl_str_cmp(f->run->uid, g->run->uid);
    if (by_run)
        return by_run;
    if (f->step && g->step && f->step != g->step)
        return f->step < g->step ? -1 : 1;
    return (int)f->kind - (int)g->kind;
}

void publish_facts_sort(struct publish_fact *facts, size_t n)
{
    if (n)
        qsort(facts, n, sizeof(*facts), compare_facts);
}

struct sl_err *publish_fact(struct sql_tx *tx, struct sl_arena *a, const struct publish_fact *f)
{
    switch (f->kind) {
    case PUBLISH_RUN_START:
        return publish_run(tx, a, f->run);
    case PUBLISH_STEP_START:
        return publish_step_start(tx, a, f->run, f->step);
    case PUBLISH_STEP_END:
        return publish_step_end(tx, a, f->run, f->step);
    case PUBLISH_RUN_END:
        return publish_run_end(tx, a, f->run);
    }
    return NULL;
}
