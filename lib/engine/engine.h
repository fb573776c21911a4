/* A plan carried out: one run of a pipeline, from its first look-up to its last publication.
 *
 * The engine keeps the snapshot, calls plan(), submits the actions through ports and turns their
 * answers into facts of the next snapshot (DESIGN 2). It waits for nothing but its completion
 * queue: engine_run is that loop for a program that has no other; an operator calls engine_tick
 * from its own. Sources: driver.c resolves a step and asks the cache, apply.c carries actions out,
 * publisher.c writes the index behind. */
#pragma once

#include "core/lineage/record.h"
#include "core/pipeline/snapshot.h"
#include "port/blobs.h"
#include "port/clock.h"
#include "port/cluster.h"
#include "store/index.h"

struct engine;

/* Where the recorded state of a run goes; must be there before its call returns. */
struct engine_store {
    /* `status` is snapshot_encode's. Called after every change of it. */
    struct sl_err *(*save_status)(struct engine_store *s, const struct run_record *run,
                                  const struct json *status);
    /* What a step was resolved to; called before its unit is created, and when it has ended. */
    struct sl_err *(*save_step)(struct engine_store *s, const struct run_record *run,
                                const struct step_record *step);
};

/* The part of store/index.h that the engine uses, so that a simulation can own it. */
struct engine_index {
    void (*publish)(struct engine_index *x, struct completion_queue *q, struct index_publish *p);
    void (*lookup)(struct engine_index *x, struct completion_queue *q,
                   struct index_cache_lookup *r);
    void (*reject)(struct engine_index *x, struct completion_queue *q,
                   struct index_cache_reject *r);
    void (*latest_blessed)(struct engine_index *x, struct completion_queue *q,
                           struct index_latest_blessed *r);
};

struct engine_config {
    struct cluster *cluster;
    struct blobs *blobs;
    struct clock *clock;
    struct engine_store *store;
    struct engine_index *index; /* NULL: nothing is published, nothing found */
    /* Build id of an executable, "" when unknown: then its steps are not cached. */
    const char *(*build_id)(const char *executable);
    const char *folder;      /* that plain paths in a manifest are relative to */
    const char *work_folder; /* where container steps find and leave files on this machine */
    bool no_cache;           /* look nothing up; what is made is published for others */
    bool explain_cache;
    bool host_exec; /* container steps run on the host */
    int64_t grace_ms;
    int64_t max_parallel;
    int64_t threads; /* for each step; 0: all cores */
    /* Called after every tick that changed something; may be NULL. */
    void (*changed)(void *ctx, const struct engine *e);
    void *ctx;
};

/* What a run starts from, or goes on from. Everything outlives the engine. */
struct engine_run_spec {
    const struct spec_pipeline *pipeline;
    struct run_record record; /* head: uid, name, ..., parameters; `steps` (pipeline->n_steps) of an
                                 earlier life, or NULL */
    const struct run_state *run;     /* of an earlier life, or NULL */
    const struct step_state *states; /* (pipeline->n_steps) of an earlier life, or NULL */
};

/* Errors: invalid: a cycle. */
struct sl_err *engine_new(const struct engine_config *config, const struct engine_run_spec *spec,
                          struct engine **ret) SL_MUST_USE;
/* Waits for requests that are under way. NULL is fine. */
void engine_free(struct engine *e);

/* Carries out what is due. ret_wake_us: to be called again then, or when something was reaped; 0:
 * only the latter. Errors: the state cannot be saved: the run cannot go on (its units still run).
 */
struct sl_err *engine_tick(struct engine *e, int64_t *ret_wake_us) SL_MUST_USE;
/* To wait on, beside the caller's own descriptors; then engine_reap, then engine_tick. */
int engine_fd(const struct engine *e);
size_t engine_reap(struct engine *e);
bool engine_is_finished(const struct engine *e);
/* Asks the run to end; a second call, or `kill`, ends it at once. */
void engine_cancel(struct engine *e, bool kill);

/* Ticks until the run is finished. `ready(ctx)` is called when `fd` (-1: none) is readable, and
 * `refresh(ctx)` every refresh_ms (0: never). */
struct engine_watch {
    int fd;
    void (*ready)(void *ctx);
    int64_t refresh_ms;
    void (*refresh)(void *ctx);
    void *ctx;
};
struct sl_err *engine_run(struct engine *e, const struct engine_watch *watch) SL_MUST_USE;

/* ---- what a display shows; good until the next tick ---- */
const struct run_record *engine_record(const struct engine *e);
const struct spec_pipeline *engine_pipeline(const struct engine *e);
const struct run_state *engine_run_state(const struct engine *e);
/* (n_steps) */
const struct step_state *engine_step_states(const struct engine *e);
/* Why the step was no cache hit, (n) sentences; empty unless explain_cache. */
const struct sl_str *engine_cache_misses(const struct engine *e, size_t step, size_t *ret_n);
/* The first failure to publish, or an empty string: `sluice reindex` makes up for it. */
struct sl_str engine_publish_trouble(const struct engine *e);

/* The real index behind the table. Free with sl_free. */
struct engine_index *engine_index_new(struct index *x);
