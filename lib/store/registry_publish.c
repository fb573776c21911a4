#include "store/registry_publish.h"

#include "core/lineage/rules.h"
#include "store/mlmd.h"
#include "store/publish.h"
#include "store/registry.h"

enum { BLESSINGS_READ = 100 };

/* ---- versions and aliases -------------------------------------------------------------------- */
static struct sl_err *ensure_model(struct sql_tx *tx, struct sl_arena *a, struct sl_str name,
                                   int64_t *ret)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows, "SELECT id FROM sluice_models WHERE name = $1", sql_text(name)));
    if (rows.n == 0)
        SL_TRY(SQL_QUERY(tx, a, &rows, "INSERT INTO sluice_models (name) VALUES ($1) RETURNING id",
                         sql_text(name)));
    *ret = sql_row(&rows, 0)->i;
    return NULL;
}

/* Who wins is decided by time, not by order of arrival: publishing again changes nothing. */
struct sl_err *registry_set_alias(struct sql_tx *tx, struct sl_arena *a, int64_t model,
                                  const char *alias, int64_t version, struct sl_str by,
                                  int64_t at_us)
{
    return SQL_QUERY(
        tx, a, NULL,
        "INSERT INTO sluice_model_aliases (model_id, alias, version, set_by, set_us)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (model_id, alias) DO UPDATE SET"
        " version = excluded.version, set_by = excluded.set_by,"
        " set_us = excluded.set_us WHERE sluice_model_aliases.set_us < excluded.set_us",
        sql_int(model), sql_text(sl_str(alias)), sql_int(version), sql_text(by), sql_int(at_us));
}

struct version {
    int64_t model, version;
};

static struct sl_err *insert_version(struct sql_tx *tx, struct sl_arena *a,
                                     const struct run_record *r, const struct step_record *s,
                                     int64_t model, const struct task_artifact *t, int64_t *ret)
{
    int64_t artifact;
    struct sql_rows rows;
    SL_TRY(mlmd_artifact(tx, a, t->type, t->uri, t->digest, s->finished_us / 1000, &artifact));
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "INSERT INTO sluice_model_versions (model_id, version, digest, artifact_id,"
                     " stage, run_uid, step, created_by, created_us) VALUES ($1, (SELECT"
                     " coalesce(max(version), 0) + 1 FROM sluice_model_versions WHERE model_id ="
                     " $1), $2, $3, 'trained', $4, $5, $6, $7) RETURNING version",
                     sql_int(model), sql_text(t->digest), sql_int(artifact), sql_text(r->uid),
                     sql_text(s->step), sql_text(r->created_by), sql_int(s->finished_us)));
    *ret = sql_row(&rows, 0)->i;
    return registry_set_alias(tx, a, model, "latest", *ret, r->created_by, s->finished_us);
}

static struct sl_err *ensure_version(struct sql_tx *tx, struct sl_arena *a,
                                     const struct run_record *r, const struct step_record *s,
                                     const struct task_artifact *t, struct version *ret)
{
    struct version v;
    struct sql_rows rows;
    SL_TRY(ensure_model(tx, a, publish_pipeline_name(a, r->run_namespace, r->pipeline), &v.model));
    SL_TRY(
        SQL_QUERY(tx, a, &rows,
                  "SELECT version FROM sluice_model_versions WHERE model_id = $1 AND digest = $2",
                  sql_int(v.model), sql_text(t->digest)));
    if (rows.n)
        v.version = sql_row(&rows, 0)->i;
    else
        SL_TRY(insert_version(tx, a, r, s, v.model, t, &v.version));
    *ret = v;
    return NULL;
}

struct sl_err *registry_raise_stage(struct sql_tx *tx, struct sl_arena *a, int64_t model,
                                    int64_t version, const char *stage)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT stage FROM sluice_model_versions WHERE model_id = $1 AND version = $2",
                     sql_int(model), sql_int(version)));
    if (rows.n == 0)
        return NULL;
    return SQL_QUERY(tx, a, NULL,
                     "UPDATE sluice_model_versions SET stage = $3 WHERE model_id = $1 AND"
                     " version = $2",
                     sql_int(model), sql_int(version),
                     sql_text(rules_later_stage(sql_row(&rows, 0)->s, sl_str(stage))));
}

/* ---- from what data -------------------------------------------------------------------------- */
#define UPSTREAM                                                                              \
    "WITH RECURSIVE up (id) AS (SELECT CAST($1 AS BIGINT) UNION SELECT i.artifact_id FROM up" \
    " JOIN Event o ON o.artifact_id = up.id AND o.type IN (1, 4, 6, 7)"                       \
    " JOIN Event i ON i.execution_id = o.execution_id AND i.type IN (2, 3, 5)) "

/* IN rather than a join with `up`: without statistics of the tables SQLite walks all of Artifact
 * then. */
static const char root_examples_query[] = UPSTREAM
    "SELECT t.uri, coalesce(d.string_value, '') FROM Artifact t"
    " JOIN Type y ON y.id = t.type_id AND y.name = 'Examples'"
    " LEFT JOIN ArtifactProperty d ON d.artifact_id = t.id AND d.name = 'digest'"
    " WHERE t.id IN (SELECT id FROM up) AND NOT EXISTS (SELECT 1 FROM Event o JOIN Event i ON"
    " i.execution_id = o.execution_id AND i.type IN (2, 3, 5) JOIN Artifact p ON"
    " p.id = i.artifact_id AND p.type_id = t.type_id"
    " WHERE o.artifact_id = t.id AND o.type IN (1, 4, 6, 7)) ORDER BY t.id";

static const char files_query[] = UPSTREAM
    "SELECT DISTINCT s.files FROM sluice_steps s WHERE s.files <> '[]' AND s.execution_id IN"
    " (SELECT o.execution_id FROM Event o WHERE o.type = 4 AND o.artifact_id IN"
    " (SELECT id FROM up)) ORDER BY s.files";

static void add_data(struct sl_arena *a, struct json *list, const char *type, struct sl_str uri,
                     struct sl_str digest)
{
    for (size_t i = 0; i < list->n; i++)
        if (sl_str_eq(json_get_string(list->items[i], "uri", SL_STR("")), uri))
            return;
    struct json *o = json_new_object(a);
    json_set_string(a, o, "type", sl_str(type));
    json_set_string(a, o, "uri", uri);
    json_set_string(a, o, "digest", digest);
    json_push(a, list, o);
}

/* What an artifact was made from: [{type, uri, digest}] of the Examples upstream that no other
 * Examples were made into, and of the files outside that their steps read. Lifetime: `a`. */
static struct sl_err *data_of(struct sql_tx *tx, struct sl_arena *a, int64_t artifact,
                              struct json **ret)
{
    struct json *list = json_new_array(a);
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows, root_examples_query, sql_int(artifact)));
    for (size_t i = 0; i < rows.n; i++)
        add_data(a, list, "Examples", sql_row(&rows, i)[0].s, sql_row(&rows, i)[1].s);
    SL_TRY(SQL_QUERY(tx, a, &rows, files_query, sql_int(artifact)));
    for (size_t i = 0; i < rows.n; i++) {
        struct json *files;
        SL_TRY(json_parse(a, sql_row(&rows, i)->s, &files), "sluice_steps.files");
        for (size_t j = 0; files->type == JSON_ARRAY && j < files->n; j++)
            add_data(a, list, "file", json_get_string(files->items[j], "uri", SL_STR("")),
                     json_get_string(files->items[j], "etag", SL_STR("")));
    }
    *ret = list;
    return NULL;
}

/* ---- outputs --------------------------------------------------------------------------------- */
static bool property_true(const struct json *properties, const char *name)
{
    return json_get_bool(properties, name, json_get_number(properties, name, 0) != 0);
}

/* The step's model input, or NULL. */
static const struct task_artifact *model_input(const struct step_record *s)
{
    for (size_t i = 0; i < s->n_inputs; i++)
        if (s->inputs[i].n && sl_str_is(s->inputs[i].name, "model"))
            return &s->inputs[i].artifacts[0];
    return NULL;
}

static struct sl_err *publish_model(struct sql_tx *tx, struct sl_arena *a,
                                    const struct run_record *r, const struct step_record *s,
                                    const struct task_output *out)
{
    struct version v;
    struct task_artifact t = {.type = out->type, .uri = out->uri, .digest = out->digest};
    return ensure_version(tx, a, r, s, &t, &v);
}

static struct sl_err *publish_blessing(struct sql_tx *tx, struct sl_arena *a,
                                       const struct run_record *r, const struct step_record *s,
                                       const struct task_output *out)
{
    const struct task_artifact *model = model_input(s);
    if (!model)
        return NULL;
    struct version v;
    bool blessed = property_true(out->properties, "blessed");
    SL_TRY(ensure_version(tx, a, r, s, model, &v));
    SL_TRY(registry_raise_stage(tx, a, v.model, v.version, blessed ? "blessed" : "rejected"));
    if (!blessed)
        return NULL;
    return registry_set_alias(tx, a, v.model, "blessed", v.version, r->created_by, s->finished_us);
}

static struct sl_err *publish_push(struct sql_tx *tx, struct sl_arena *a,
                                   const struct run_record *r, const struct step_record *s,
                                   const struct task_output *out)
{
    const struct task_artifact *model = model_input(s);
    struct sl_str uri = json_get_string(out->properties, PUSHED_PROPERTY_DESTINATION, SL_STR(""));
    if (!model || !uri.n || !property_true(out->properties, PUSHED_PROPERTY))
        return NULL;
    struct version v;
    int64_t artifact;
    struct registry_push p = {
        .version = json_get_string(out->properties, PUSHED_PROPERTY_VERSION, SL_STR("")),
        .destination = uri,
        .action = SL_STR("push"),
        .run_uid = r->uid,
        .by = r->created_by,
        .at_us = s->finished_us,
    };
    SL_TRY(ensure_version(tx, a, r, s, model, &v));
    SL_TRY(mlmd_find_artifact(tx, a, model->type, model->uri, model->digest, &artifact));
    SL_TRY(data_of(tx, a, artifact, &p.data));
    p.model_version = v.version;
    return registry_insert_push(tx, a, v.model, &p);
}

struct sl_err *registry_publish(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                                const struct step_record *s)
{
    for (size_t i = 0; i < s->n_outputs; i++) {
        const struct task_output *out = &s->outputs[i];
        if (sl_str_is(out->type, "Model"))
            SL_TRY(publish_model(tx, a, r, s, out));
        else if (sl_str_is(out->type, "ModelBlessing"))
            SL_TRY(publish_blessing(tx, a, r, s, out));
        else if (sl_str_is(out->type, "PushedModel"))
            SL_TRY(publish_push(tx, a, r, s, out));
    }
    return NULL;
}

/* ---- latest blessed -------------------------------------------------------------------------- */
static const char blessings_query[] =
    "SELECT m.uri, m.state, coalesce(d.string_value, ''), mt.name FROM Context c"
    " JOIN Type ct ON ct.id = c.type_id AND ct.name = 'pipeline' AND ct.type_kind = 2"
    " JOIN Attribution x ON x.context_id = c.id"
    " JOIN Artifact b ON b.id = x.artifact_id AND b.state IN (2, 3, 4)"
    " JOIN Type bt ON bt.id = b.type_id AND bt.name = 'ModelBlessing'"
    " JOIN ArtifactProperty f ON f.artifact_id = b.id AND f.name = 'blessed' AND f.int_value = 1"
    " JOIN ArtifactProperty i ON i.artifact_id = b.id AND i.name = 'current_model_id'"
    " JOIN Artifact m ON m.id = i.int_value JOIN Type mt ON mt.id = m.type_id"
    " LEFT JOIN ArtifactProperty d ON d.artifact_id = m.id AND d.name = 'digest'"
    " WHERE c.name = $1 ORDER BY b.create_time_since_epoch DESC, b.id DESC LIMIT $2";

static struct sl_err *run_of(struct sql_tx *tx, struct sl_arena *a, struct sl_str pipeline,
                             struct sl_str digest, struct sl_str *ret)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT v.run_uid FROM sluice_model_versions v JOIN sluice_models m ON"
                     " m.id = v.model_id WHERE m.name = $1 AND v.digest = $2",
                     sql_text(pipeline), sql_text(digest)));
    *ret = rows.n ? sql_row(&rows, 0)->s : SL_STR("");
    return NULL;
}

struct sl_err *registry_latest_blessed(struct sql_tx *tx, struct sl_arena *a,
                                       struct sl_str pipeline, struct sl_str exclude_digest,
                                       bool *ret_found, struct task_artifact *ret,
                                       struct sl_str *ret_run)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows, blessings_query, sql_text(pipeline), sql_int(BLESSINGS_READ)));
    struct rules_blessing *list = SL_ARENA_ARRAY(a, struct rules_blessing, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        list[i] = (struct rules_blessing){
            .model_digest = sql_row(&rows, i)[2].s,
            .blessed = true,
            .live = sql_row(&rows, i)[1].i == MLMD_ARTIFACT_LIVE,
        };
    ptrdiff_t at = rules_latest_blessed(list, rows.n, exclude_digest);
    *ret_found = at >= 0;
    if (at < 0)
        return NULL;
    const struct sql_value *v = sql_row(&rows, (size_t)at);
    *ret = (struct task_artifact){
        .type = v[3].s, .uri = v[0].s, .digest = v[2].s, .properties = json_new_object(a)};
    return run_of(tx, a, pipeline, v[2].s, ret_run);
}
