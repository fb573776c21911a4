/* What the files of engine/ share. */
#pragma once

#include "base/map.h"
#include "core/lineage/cache_key.h"
#include "core/pipeline/plan.h"
#include "engine/engine.h"

/* Reads a whole object piece by piece. */
struct fetch {
    struct blob_request r;
    struct engine *e;
    struct sl_buf data;
    void (*done)(struct fetch *f, struct sl_err *err);
    void (*piece)(struct fetch *f, const void *p, size_t n); /* NULL: collected in `data` */
    void *piece_data;
};

/* `f->e`, `f->done` and, for files of any size, `f->piece` are set; `uri` outlives the fetch.
 * `done` owns err and calls fetch_deinit. */
void fetch_start(struct fetch *f, struct sl_str uri, size_t max_bytes);
void fetch_deinit(struct fetch *f);

struct driver; /* driver.h */

/* One step of the run. */
struct engine_step {
    struct engine *e;
    size_t index;
    struct driver *driver; /* resolving, or NULL */
    /* Of its drivers, as long as the run: answers are written into it by adapters' threads, one
     * request at a time, which the engine's own arena would not bear. */
    struct sl_arena *driver_a;
    struct sl_str *misses;
    size_t n_misses;
    struct cluster_request create;
    struct blob_request put_task;
    struct sl_buf task;
    struct fetch result;
    struct sl_str unit_message; /* what the cluster says of the newest unit's end */
    struct index_publish publish, publish_start;
    /* What is being published: the record itself may go on changing. */
    struct step_record published_start, published_end;
    bool publish_start_busy;
};

struct engine {
    struct engine_config cfg;
    struct sl_arena *a; /* as long as the run */
    struct completion_queue *q;
    const struct spec_pipeline *pipeline;
    struct run_record record;
    struct run_record head; /* as it was at the start: what steps are published with */
    size_t *order;
    struct run_state run;
    struct step_state *states;
    struct step_facts *facts;
    struct engine_step *steps;
    bool units_known, units_asked;
    enum answer published;
    bool dirty;             /* the recorded state is to be saved */
    size_t in_flight;       /* requests without an answer */
    struct sl_err *fatal;   /* the state cannot be saved, the cluster not asked */
    struct sl_map verified; /* artifacts of cache hits that hold, as "digest uri" */
    struct sl_arena *tick_a;
    struct sl_str publish_trouble;

    struct cluster_request list, watch;
    struct sl_arena *list_a, *watch_a;
    bool watch_open, closing;
    struct index_publish publish_start, publish_end;
    struct blob_request put_record;
    struct sl_buf record_text;
};

/* apply.c */
void apply(struct engine *e, const struct plan_action *act);

/* units.c: what the cluster shows becomes facts */
void units_list(struct engine *e);
void units_watch(struct engine *e);
/* A unit was created, or is about to be seen for the first time. */
void units_expect(struct engine *e, size_t step, int64_t attempt);

/* engine.c */
/* Keeps the first failure that the run cannot go on with. */
void engine_fail(struct engine *e, struct sl_err *err);
void engine_save(struct engine *e);
/* Text of a failure in `a`; frees it. */
struct sl_str engine_error_text(struct sl_arena *a, struct sl_err *err);

/* driver.c */
void driver_start(struct engine_step *s);
void driver_free(struct driver *d);
/* Artifact of the step's output, or NULL. */
const struct task_output *engine_find_output(const struct step_record *r, struct sl_str name);

/* task.c: the task of an attempt as JSON into s->task. Errors: invalid: a reference without value.
 */
struct sl_err *task_build(struct engine_step *s, int64_t attempt) SL_MUST_USE;
struct sl_str task_attempt_uri(struct engine_step *s, struct sl_arena *a, int64_t attempt);
const char *task_executable(const struct spec_step *spec);

/* scope.c: what references in a step stand for. */
struct scope {
    struct reference_scope base;
    struct engine_step *s;
    struct sl_arena *a;
    int64_t attempt; /* 0: for the cache key: paths stand as they are written */
};
void scope_init(struct scope *sc, struct engine_step *s, struct sl_arena *a, int64_t attempt);

/* publisher.c */
void publisher_run_start(struct engine *e);
void publisher_step_start(struct engine_step *s);
void publisher_step_end(struct engine_step *s);
void publisher_run_end(struct engine *e);
