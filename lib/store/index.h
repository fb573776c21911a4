/* The metadata index: what runs did, as the engine writes and asks it.
 *
 * It is an index, not the truth (DESIGN 2): written behind, safe to publish twice, rebuilt from
 * storage by `sluice reindex`. Every call is submitted and answered through the caller's completion
 * queue; the work runs on the database's own thread, publishes that wait together are committed
 * together, and answers come in the order of submission. With the database down a publish fails
 * with `unavailable` (publish it again later) and a cache look-up may be taken as a miss.
 *
 * A request and all that it points to stays alive and unchanged until its completion.
 *
 * The MLMD tables get one Execution per (run, step, item), named `<run uid>/<step>[/<item>]`; an
 * Artifact per (type, uri, digest); contexts `pipeline` = `<namespace>/<pipeline>`, `pipeline_run`
 * = run uid, `node` = `<namespace>/<pipeline>.<step>`. Steps that executed nothing (no attempt and
 * no hit: skipped, upstream_failed, ...) stand in `sluice_steps` alone. */
#pragma once

#include "core/lineage/cache_key.h"
#include "core/lineage/record.h"
#include "port/sql.h"

struct index;

/* `db` is used until index_free and not owned. */
struct index *index_new(struct sql *db);
/* Every request must have been answered. NULL is fine. */
void index_free(struct index *x);

/* The index's part of every request below; nobody else's. */
struct index_call {
    struct sql_request sql;
    struct completion *answer;
};

/* ---- publishing ---- */
enum index_fact {
    INDEX_RUN_START,  /* run: the head of the record (steps are not looked at) */
    INDEX_STEP_START, /* run's head and `step`, inputs resolved: a RUNNING execution with its inputs
                       */
    INDEX_STEP_END,   /* run's head and `step` with outcome and outputs; also for cached and skipped
                       */
    INDEX_RUN_END,    /* run's head with outcome and finished_us */
    INDEX_RUN, /* the whole record with all its steps: after a restart, or from `_run.json` */
};

/* Idempotent, and complete by itself: a fact that was lost is made up for by a later one of the
 * same run or step. Publish facts in the order of their times: then a database rebuilt from storage
 * gets the same ids. A step that ends with a PushedModel among its outputs is entered into the
 * registry too (store/registry.h). */
struct index_publish {
    struct completion c;
    struct index_call call; /* the index's */
    enum index_fact fact;
    const struct run_record *run;
    const struct step_record *step; /* STEP_START, STEP_END */
};

void index_publish(struct index *x, struct completion_queue *q, struct index_publish *p);

/* ---- cache ---- */
struct index_cache_hit {
    struct sl_str run_uid, run_name, step; /* whose execution it is */
    int64_t finished_us;
    struct task_output *outputs; /* as recorded: check them against their `_manifest.json` */
    size_t n_outputs;
    struct json *values, *metrics; /* of the execution; objects, never NULL */
};

/* The first execution published with this key whose outputs are all LIVE. A hit is pinned for
 * `run_uid` in the same transaction: garbage collection leaves its artifacts alone until that run's
 * end is published. */
struct index_cache_lookup {
    struct completion c;
    struct index_call call; /* the index's */
    struct sl_arena *a;     /* where the answer lives */
    struct sl_str run_namespace, pipeline, run_uid, step;
    const struct json *record; /* cache_record() */
    bool explain;              /* on a miss, say what differs */

    bool ret_hit;
    struct index_cache_hit ret;
    /* With explain and a miss: sentences about the nearest of this step's latest executions. */
    struct sl_str *ret_why;
    size_t ret_n_why;
};

void index_cache_lookup(struct index *x, struct completion_queue *q, struct index_cache_lookup *r);

/* A hit whose artifacts turned out to be gone or changed: their state becomes ABANDONED, so that
 * they are hit no more. */
struct index_cache_reject {
    struct completion c;
    struct index_call call; /* the index's */
    const struct task_output *outputs;
    size_t n_outputs;
};

void index_cache_reject(struct index *x, struct completion_queue *q, struct index_cache_reject *r);

/* ---- registry ---- */
/* The newest model of the pipeline that a ModelBlessing blessed, other than `exclude_digest` (the
 * candidate's own: an unchanged second run compares with the same baseline and is cached). */
struct index_latest_blessed {
    struct completion c;
    struct index_call call; /* the index's */
    struct sl_arena *a;
    struct sl_str run_namespace, pipeline;
    struct sl_str exclude_digest; /* empty: none */

    bool ret_found;
    struct task_artifact ret_model;
    struct sl_str ret_run_uid; /* the run that made it */
};

void index_latest_blessed(struct index *x, struct completion_queue *q,
                          struct index_latest_blessed *r);
