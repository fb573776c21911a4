/* Each call becomes a unit of work of the database:
 *
 *     caller -> r->sql --(database's thread: work)--> r->sql.c --(caller's queue: finish)--> r->c
 */
#include "store/index.h"

#include "base/alloc.h"
#include "store/cache.h"
#include "store/publish.h"
#include "store/registry_publish.h"

struct index {
    struct sql *db;
};

struct index *index_new(struct sql *db)
{
    struct index *x = SL_NEW(struct index);
    x->db = db;
    return x;
}

void index_free(struct index *x)
{
    sl_free(x);
}

/* The database's answer, passed on. */
static void finish(struct completion *done)
{
    struct index_call *call = SL_CONTAINER_OF(done, struct index_call, sql.c);
    struct sl_err *err = call->sql.c.err;
    call->sql.c.err = NULL;
    completion_post(call->sql.q, call->answer, err);
}

static void submit(struct index *x, struct completion_queue *q, struct index_call *call,
                   struct completion *answer,
                   struct sl_err *(*work)(struct sql_request *r, struct sql_tx *tx))
{
    *call = (struct index_call){
        .sql = {.c = {.done = finish}, .mode = SQL_WRITE, .work = work},
        .answer = answer,
    };
    sql_submit(x->db, q, &call->sql);
}

/* ---- publishing ------------------------------------------------------------------------------ */
static struct sl_err *publish_all(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r)
{
    struct publish_fact *facts;
    size_t n;
    publish_facts_of(a, r, &facts, &n);
    publish_facts_sort(facts, n);
    for (size_t i = 0; i < n; i++)
        SL_TRY(publish_fact(tx, a, &facts[i]));
    return NULL;
}

static struct sl_err *run_publish(struct sql_request *r, struct sql_tx *tx)
{
    struct index_publish *p = SL_CONTAINER_OF(r, struct index_publish, call.sql);
    SL_AUTOARENA(a);
    struct sl_err *err = NULL;
    switch (p->fact) {
    case INDEX_RUN_START:
        err = publish_run(tx, a, p->run);
        break;
    case INDEX_STEP_START:
        err = publish_step_start(tx, a, p->run, p->step);
        break;
    case INDEX_STEP_END:
        err = publish_step_end(tx, a, p->run, p->step);
        break;
    case INDEX_RUN_END:
        err = publish_run_end(tx, a, p->run);
        break;
    case INDEX_RUN:
        err = publish_all(tx, a, p->run);
        break;
    }
    return err ? SL_WRAP(err, "publish run '%.*s'%s%.*s", SL_FMT(p->run->name),
                         p->step ? ", step " : "", SL_FMT(p->step ? p->step->step : SL_STR("")))
               : NULL;
}

void index_publish(struct index *x, struct completion_queue *q, struct index_publish *p)
{
    submit(x, q, &p->call, &p->c, run_publish);
}

/* ---- cache ----------------------------------------------------------------------------------- */
static struct sl_err *run_lookup(struct sql_request *r, struct sql_tx *tx)
{
    struct index_cache_lookup *l = SL_CONTAINER_OF(r, struct index_cache_lookup, call.sql);
    SL_TRY(cache_lookup(tx, l), "cache of step '%.*s'", SL_FMT(l->step));
    return NULL;
}

void index_cache_lookup(struct index *x, struct completion_queue *q, struct index_cache_lookup *r)
{
    submit(x, q, &r->call, &r->c, run_lookup);
}

static struct sl_err *run_reject(struct sql_request *r, struct sql_tx *tx)
{
    struct index_cache_reject *j = SL_CONTAINER_OF(r, struct index_cache_reject, call.sql);
    SL_AUTOARENA(a);
    return cache_reject(tx, a, j->outputs, j->n_outputs);
}

void index_cache_reject(struct index *x, struct completion_queue *q, struct index_cache_reject *r)
{
    submit(x, q, &r->call, &r->c, run_reject);
}

/* ---- registry -------------------------------------------------------------------------------- */
static struct sl_err *run_latest_blessed(struct sql_request *r, struct sql_tx *tx)
{
    struct index_latest_blessed *b = SL_CONTAINER_OF(r, struct index_latest_blessed, call.sql);
    struct sl_str name = publish_pipeline_name(b->a, b->run_namespace, b->pipeline);
    SL_TRY(registry_latest_blessed(tx, b->a, name, b->exclude_digest, &b->ret_found, &b->ret_model,
                                   &b->ret_run_uid),
           "latest blessed model of '%.*s'", SL_FMT(name));
    return NULL;
}

void index_latest_blessed(struct index *x, struct completion_queue *q,
                          struct index_latest_blessed *r)
{
    submit(x, q, &r->call, &r->c, run_latest_blessed);
}
