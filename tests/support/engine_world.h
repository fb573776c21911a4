/* Ports in memory for the engine: a clock that jumps, a cluster whose units end as told, blobs in a
 * map, an index that remembers, a store that survives. The controller can be made to die at the
 * n-th thing it asks of the world. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "engine/engine.h"

struct engine_world_unit {
    char *name, *step;
    int64_t attempt;
    bool alive;
    enum unit_end end;
    int exit_code;
    int64_t ends_at_us;
    bool seen; /* its last change has been told */
};

/* What an attempt does: called when its time has come; may write a result with
 * engine_world_commit. */
typedef void engine_world_behave(struct engine_world_unit *u, void *ctx);

struct engine_world_file {
    char *uri;
    struct sl_buf data;
};

struct engine_world {
    struct cluster cluster;
    struct blobs blobs;
    struct clock clock;
    struct engine_index index;
    struct engine_store store;

    struct sl_arena *a; /* the world's own memory */
    int64_t now_us;
    SL_VEC(struct engine_world_unit *) units;
    SL_VEC(struct engine_world_file *) files;
    size_t hashed; /* digests of files asked for */
    struct cluster_request *watch;
    struct completion_queue *watch_q;
    engine_world_behave *behave;
    void *ctx;

    /* the store */
    struct sl_buf status;
    SL_VEC(struct engine_world_file *) steps; /* by name of the step */

    /* the index */
    struct sl_map published;             /* "step", "run": how often its end was published */
    struct index_latest_blessed blessed; /* what ret_* to answer with */
    bool index_down;
    size_t lookups, rejections;
    struct sl_map cache; /* key -> struct step_record * */

    /* dying */
    size_t asked;  /* things asked of the world in this life */
    size_t die_at; /* 0: never */
    bool dead;
    bool store_fails;   /* the disk is full, and all else works */
    const char *broken; /* a property that did not hold */
};

void engine_world_init(struct engine_world *w);
void engine_world_deinit(struct engine_world *w);
/* Reads the only Pipeline of a manifest. Lifetime: w->a. Fails the test when it is wrong. */
const struct spec_pipeline *engine_world_pipeline(struct engine_world *w, const char *yaml);
/* One life of the controller. Returns the run's outcome, or NONE when it died. */
enum outcome engine_world_live(struct engine_world *w, const struct spec_pipeline *p);
/* A succeeded result of the unit, with an artifact of `type` for each output given as "name:Type"
 * (NULL-ended; may be NULL). */
void engine_world_commit(struct engine_world *w, const struct engine_world_unit *u,
                         const char *const *outputs);
/* What is stored at a URI that ends so, or NULL. */
const struct engine_world_file *engine_world_find(const struct engine_world *w, const char *suffix);
/* The record of the step as it was saved last. Lifetime: w->a. */
struct step_record engine_world_step(struct engine_world *w, const char *step);
