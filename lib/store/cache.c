#include "store/cache.h"

#include "store/mlmd.h"
#include "store/publish.h"
#include "store/registry.h"

/* How many of a step's latest executions a miss is compared with. */
#define EXPLAIN_LATEST "20"

struct owner {
    bool found, usable;
    int64_t execution;
    bool superseded; /* what it pushed is not what lies there now */
    struct sl_str run_uid, run_name, step, item, values, metrics;
    struct task_output *outputs;
    size_t n_outputs;
    int64_t finished_us;
};

static struct json *object_of(struct sl_arena *a, struct sl_str text)
{
    struct json *v = NULL;
    struct sl_err *err = json_parse(a, text, &v);
    sl_err_free(err);
    return !err && v->type == JSON_OBJECT ? v : json_new_object(a);
}

/* Outputs as the step's row holds them, in the order of their names. */
static struct sl_err *outputs_of(struct sl_arena *a, struct sl_str text, struct task_output **ret,
                                 size_t *ret_n)
{
    struct diag_list l;
    diag_list_init(&l, a, SL_STR("sluice_steps.outputs"));
    *ret = task_outputs_from_json(&l, object_of(a, text), ret_n);
    return diag_to_err(&l);
}

/* A push that another one to the same place followed does not stand any more: doing it again is not
 * idle. True when that holds of a PushedModel among the outputs. */
static struct sl_err *is_superseded(struct sql_tx *tx, struct sl_arena *a,
                                    const struct task_output *outputs, size_t n, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < n; i++) {
        struct sql_rows rows;
        struct sl_str uri =
            json_get_string(outputs[i].properties, PUSHED_PROPERTY_DESTINATION, SL_STR(""));
        ptrdiff_t slash = sl_str_rfind_char(uri, '/');
        if (!sl_str_is(outputs[i].type, "PushedModel") || slash < 0)
            continue;
        SL_TRY(SQL_QUERY(tx, a, &rows,
                         "SELECT destination FROM sluice_pushes WHERE substr(destination, 1,"
                         " length($1)) = $1 ORDER BY pushed_us DESC, id DESC LIMIT 1",
                         sql_text(sl_strn(uri.p, (size_t)slash + 1))));
        if (rows.n && !sl_str_eq(sql_row(&rows, 0)->s, uri))
            *ret = true;
    }
    return NULL;
}

/* Every output of the owner must be LIVE. */
static struct sl_err *find_owner(struct sql_tx *tx, struct sl_arena *a, struct sl_str run_namespace,
                                 struct sl_str key, struct owner *ret)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(
        tx, a, &rows,
        "SELECT c.execution_id, c.run_uid, r.name, c.step, c.item, s.step_values,"
        " s.metrics, s.finished_us, s.outputs, (SELECT count(*) FROM Event e JOIN Artifact t ON"
        " t.id = e.artifact_id WHERE e.execution_id = c.execution_id AND e.type = 4"
        " AND t.state <> 2) FROM sluice_cache c JOIN sluice_runs r ON r.uid ="
        " c.run_uid JOIN sluice_steps s ON s.run_uid = c.run_uid AND s.step = c.step"
        " AND s.item = c.item WHERE c.run_namespace = $1 AND c.cache_key = $2",
        sql_text(run_namespace), sql_text(key)));
    *ret = (struct owner){0};
    if (rows.n == 0)
        return NULL;
    const struct sql_value *v = sql_row(&rows, 0);
    *ret = (struct owner){
        .found = true,
        .execution = v[0].i,
        .run_uid = v[1].s,
        .run_name = v[2].s,
        .step = v[3].s,
        .item = v[4].s,
        .values = v[5].s,
        .metrics = v[6].s,
        .finished_us = v[7].i,
        .usable = v[9].i == 0,
    };
    SL_TRY(outputs_of(a, v[8].s, &ret->outputs, &ret->n_outputs));
    return is_superseded(tx, a, ret->outputs, ret->n_outputs, &ret->superseded);
}

struct sl_err *cache_enter(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                           const struct step_record *s, int64_t execution)
{
    struct owner o;
    struct sl_str key = cache_key(a, s->cache);
    SL_TRY(find_owner(tx, a, r->run_namespace, key, &o));
    if (o.found && o.usable && !o.superseded)
        return NULL;
    return SQL_QUERY(tx, a, NULL,
                     "INSERT INTO sluice_cache (run_namespace, cache_key, run_uid, step, item,"
                     " execution_id) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (run_namespace,"
                     " cache_key) DO UPDATE SET run_uid = excluded.run_uid, step = excluded.step,"
                     " item = excluded.item, execution_id = excluded.execution_id",
                     sql_text(r->run_namespace), sql_text(key), sql_text(r->uid), sql_text(s->step),
                     sql_text(s->item), sql_int(execution));
}

/* ---- a hit ----------------------------------------------------------------------------------- */
static struct sl_err *pin(struct sql_tx *tx, struct sl_arena *a, struct sl_str run_uid,
                          int64_t artifact)
{
    return SQL_QUERY(tx, a, NULL,
                     "INSERT INTO sluice_pins (run_uid, artifact_id) VALUES ($1, $2)"
                     " ON CONFLICT DO NOTHING",
                     sql_text(run_uid), sql_int(artifact));
}

static struct sl_err *fill_hit(struct sql_tx *tx, struct index_cache_lookup *r,
                               const struct owner *o)
{
    struct sl_arena *a = r->a;
    r->ret = (struct index_cache_hit){
        .run_uid = o->run_uid,
        .run_name = o->run_name,
        .step = o->step,
        .finished_us = o->finished_us,
        .values = object_of(a, o->values),
        .metrics = object_of(a, o->metrics),
        .outputs = o->outputs,
        .n_outputs = o->n_outputs,
    };
    for (size_t i = 0; i < r->ret.n_outputs; i++) {
        const struct task_output *t = &r->ret.outputs[i];
        int64_t id;
        SL_TRY(mlmd_find_artifact(tx, a, t->type, t->uri, t->digest, &id));
        if (id)
            SL_TRY(pin(tx, a, r->run_uid, id));
    }
    r->ret_hit = true;
    return NULL;
}

/* ---- a miss ---------------------------------------------------------------------------------- */
static void say_one(struct index_cache_lookup *r, const char *text)
{
    r->ret_why = SL_ARENA_NEW(r->a, struct sl_str);
    r->ret_why[0] = sl_str(text);
    r->ret_n_why = 1;
}

/* Of the step's latest executions the one that differs least; of equals the latest. */
static struct sl_err *explain(struct sql_tx *tx, struct index_cache_lookup *r)
{
    struct sl_arena *a = r->a;
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT cache_record FROM sluice_steps WHERE pipeline = $1 AND step = $2 AND"
                     " cache_record IS NOT NULL AND outcome IN ('succeeded', 'cached') AND"
                     " run_uid <> $3 ORDER BY finished_us DESC, run_uid LIMIT " EXPLAIN_LATEST,
                     sql_text(publish_pipeline_name(a, r->run_namespace, r->pipeline)),
                     sql_text(r->step), sql_text(r->run_uid)));
    say_one(r, "this step has not succeeded before");
    for (size_t i = 0; i < rows.n; i++) {
        struct sl_str *lines;
        size_t n;
        cache_explain(a, object_of(a, sql_row(&rows, i)->s), r->record, &lines, &n);
        if (i == 0 || n < r->ret_n_why) {
            r->ret_why = lines;
            r->ret_n_why = n;
        }
    }
    if (r->ret_n_why == 0)
        say_one(r, "nothing differs, but the cache has forgotten the execution");
    return NULL;
}

struct sl_err *cache_lookup(struct sql_tx *tx, struct index_cache_lookup *r)
{
    struct owner o;
    r->ret_hit = false;
    r->ret_n_why = 0;
    SL_TRY(find_owner(tx, r->a, r->run_namespace, cache_key(r->a, r->record), &o));
    if (o.found && o.usable && !o.superseded)
        return fill_hit(tx, r, &o);
    if (!r->explain)
        return NULL;
    if (o.found) {
        say_one(r, o.usable ? "another model was pushed since"
                            : "the outputs of the execution with this key are not there any more");
        return NULL;
    }
    SL_TRY(explain(tx, r));
    return NULL;
}

struct sl_err *cache_reject(struct sql_tx *tx, struct sl_arena *a,
                            const struct task_output *outputs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t id;
        const struct task_output *o = &outputs[i];
        SL_TRY(mlmd_find_artifact(tx, a, o->type, o->uri, o->digest, &id));
        SL_TRY(SQL_QUERY(tx, a, NULL, "UPDATE Artifact SET state = $2 WHERE id = $1", sql_int(id),
                         sql_int(MLMD_ARTIFACT_ABANDONED)));
    }
    return NULL;
}
