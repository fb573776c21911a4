#include "store/registry.h"

struct sl_err *registry_insert_push(struct sql_tx *tx, struct sl_arena *a, int64_t model,
                                    const struct registry_push *p)
{
    struct sql_rows rows;
    SL_AUTOBUF(data, 0);
    if (p->data)
        json_format(p->data, JSON_CANONICAL, &data);
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT 1 FROM sluice_pushes WHERE model_id = $1 AND destination = $2",
                     sql_int(model), sql_text(p->destination)));
    if (rows.n)
        return NULL;
    SL_TRY(SQL_QUERY(tx, a, NULL,
                     "INSERT INTO sluice_pushes (model_id, push_version, destination, action,"
                     " model_version, run_uid, created_by, pushed_us, data) VALUES ($1, $2, $3, $4,"
                     " $5, $6, $7, $8, $9)",
                     sql_int(model), sql_text(p->version), sql_text(p->destination),
                     sql_text(p->action), sql_int(p->model_version), sql_text(p->run_uid),
                     sql_text(p->by), sql_int(p->at_us),
                     sql_text(p->data ? sl_buf_str(&data) : SL_STR("[]"))));
    SL_TRY(registry_raise_stage(tx, a, model, p->model_version, "pushed"));
    return registry_set_alias(tx, a, model, "production", p->model_version, p->by, p->at_us);
}

/* ---- reading --------------------------------------------------------------------------------- */
struct sl_err *registry_models(struct sql_tx *tx, struct sl_arena *a, struct sl_str **ret,
                               size_t *ret_n)
{
    struct sql_rows rows;
    SL_TRY(sql_query(tx, a, "SELECT name FROM sluice_models ORDER BY name", NULL, 0, &rows));
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        names[i] = sql_row(&rows, i)->s;
    *ret = names;
    *ret_n = rows.n;
    return NULL;
}

static struct sl_err *model_id(struct sql_tx *tx, struct sl_arena *a, struct sl_str name,
                               int64_t *ret)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows, "SELECT id FROM sluice_models WHERE name = $1", sql_text(name)));
    if (rows.n == 0) {
        struct sl_str *names;
        size_t n;
        SL_TRY(registry_models(tx, a, &names, &n));
        return SL_ERR(NOT_FOUND, "there is no registered model '%.*s'%s", SL_FMT(name),
                      diag_did_you_mean(a, name, names, n));
    }
    *ret = sql_row(&rows, 0)->i;
    return NULL;
}

struct sl_err *registry_pushes(struct sql_tx *tx, struct sl_arena *a, struct sl_str model,
                               struct registry_push **ret, size_t *ret_n)
{
    int64_t id;
    struct sql_rows rows;
    SL_TRY(model_id(tx, a, model, &id));
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT p.push_version, p.destination, p.action, p.model_version, v.digest,"
                     " t.uri, p.run_uid, p.created_by, p.pushed_us, p.data FROM sluice_pushes p"
                     " JOIN sluice_model_versions v ON v.model_id = p.model_id AND v.version ="
                     " p.model_version JOIN Artifact t ON t.id = v.artifact_id WHERE p.model_id ="
                     " $1 ORDER BY p.pushed_us DESC, p.id DESC",
                     sql_int(id)));
    struct registry_push *list = SL_ARENA_ARRAY(a, struct registry_push, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct sql_value *v = sql_row(&rows, i);
        list[i] = (struct registry_push){
            .version = v[0].s,
            .destination = v[1].s,
            .action = v[2].s,
            .model_version = v[3].i,
            .model_digest = v[4].s,
            .model_uri = v[5].s,
            .run_uid = v[6].s,
            .by = v[7].s,
            .at_us = v[8].i,
        };
        SL_TRY(json_parse(a, v[9].s, &list[i].data), "sluice_pushes.data");
    }
    *ret = list;
    *ret_n = rows.n;
    return NULL;
}

/* "blessed,latest" by version, in order of names. */
static struct sl_str aliases_of(struct sl_arena *a, const struct sql_rows *aliases, int64_t version)
{
    SL_AUTOBUF(b, 0);
    for (size_t i = 0; i < aliases->n; i++) {
        const struct sql_value *v = sql_row(aliases, i);
        if (v[1].i == version)
            sl_buf_format(&b, "%s%.*s", b.n ? "," : "", SL_FMT(v[0].s));
    }
    return sl_arena_str(a, sl_buf_str(&b));
}

struct sl_err *registry_versions(struct sql_tx *tx, struct sl_arena *a, struct sl_str model,
                                 struct registry_version **ret, size_t *ret_n)
{
    int64_t id;
    struct sql_rows rows, aliases;
    SL_TRY(model_id(tx, a, model, &id));
    SL_TRY(SQL_QUERY(tx, a, &aliases,
                     "SELECT alias, version FROM sluice_model_aliases WHERE model_id = $1"
                     " ORDER BY alias",
                     sql_int(id)));
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT v.version, v.digest, t.uri, v.stage, v.run_uid, coalesce(r.name, ''),"
                     " v.step, v.created_by, v.created_us FROM sluice_model_versions v"
                     " JOIN Artifact t ON t.id = v.artifact_id LEFT JOIN sluice_runs r ON"
                     " r.uid = v.run_uid WHERE v.model_id = $1 ORDER BY v.version DESC",
                     sql_int(id)));
    struct registry_version *list = SL_ARENA_ARRAY(a, struct registry_version, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct sql_value *v = sql_row(&rows, i);
        list[i] = (struct registry_version){
            .version = v[0].i,
            .digest = v[1].s,
            .uri = v[2].s,
            .stage = v[3].s,
            .aliases = aliases_of(a, &aliases, v[0].i),
            .run_uid = v[4].s,
            .run_name = v[5].s,
            .step = v[6].s,
            .by = v[7].s,
            .created_us = v[8].i,
        };
    }
    *ret = list;
    *ret_n = rows.n;
    return NULL;
}

/* ---- rolling back ---------------------------------------------------------------------------- */
struct sl_err *registry_rollback_target(struct sql_tx *tx, struct sl_arena *a, struct sl_str model,
                                        struct sl_str version, struct registry_push *ret)
{
    struct registry_push *list;
    size_t n, at;
    SL_TRY(registry_pushes(tx, a, model, &list, &n));
    SL_TRY(rules_rollback_target(list, n, version, &at), "model '%.*s'", SL_FMT(model));
    *ret = list[at];
    return NULL;
}

struct sl_err *registry_record_rollback(struct sql_tx *tx, struct sl_arena *a, struct sl_str model,
                                        const struct registry_push *done)
{
    int64_t id;
    SL_TRY(model_id(tx, a, model, &id));
    struct registry_push p = *done;
    p.action = SL_STR("rollback");
    p.run_uid = SL_STR("");
    return registry_insert_push(tx, a, id, &p);
}
