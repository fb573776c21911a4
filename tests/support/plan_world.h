/* A world for plan(): a pipeline of a few steps whose attempts end as a script says, a cluster that
 * survives crashes of its controller, and a clock. */
#pragma once

#include "base/rng.h"
#include "core/pipeline/plan.h"

enum { WORLD_STEPS = 8, WORLD_ATTEMPTS = 64 };

/* How an attempt of a step ends. */
enum world_end {
    WORLD_SUCCEEDS,
    WORLD_FAILS,       /* exit 1, with a result */
    WORLD_CRASHES,     /* no result, the cluster says failed */
    WORLD_UNAVAILABLE, /* exit 3 */
    WORLD_INVALID,     /* exit 2 */
    WORLD_NO_MEMORY,
    WORLD_DISRUPTED, /* vanishes without a result */
    WORLD_HANGS,     /* until it is stopped */
    WORLD_REFUSED,   /* cannot be created: a configuration error */
    WORLD_ENDS,
};

struct world_script {
    enum world_end ends[4]; /* of attempts 1, 2, ...; the last stands for all that follow */
    bool cached, when_false;
};

struct world_unit {
    bool made, alive, has_result, success;
    enum outcome outcome; /* what its end tells */
};

struct world {
    struct spec_pipeline pipeline;
    struct spec_step steps[WORLD_STEPS];
    struct spec_edge edges[WORLD_STEPS][WORLD_STEPS];
    struct sl_str tolerated[WORLD_STEPS];
    char names[WORLD_STEPS][4];
    struct world_script scripts[WORLD_STEPS];
    size_t *order;

    /* what survives a crash */
    struct run_state run;
    struct step_state states[WORLD_STEPS];
    struct world_unit units[WORLD_STEPS][WORLD_ATTEMPTS];
    int64_t now_us;
    /* what does not */
    struct step_facts facts[WORLD_STEPS];
    bool units_known, units_asked;
    enum answer published;

    /* watched */
    int64_t max_live;
    size_t creates, plans;
    bool broken; /* a property did not hold: `why` */
    const char *why;
    size_t max_plans; /* a run that has not ended after so many is broken */
};

/* `n` steps without edges that succeed at once. */
void world_init(struct world *w, size_t n);
void world_add_edge(struct world *w, size_t from, size_t to, enum spec_edge_kind kind);
/* Takes the graph's order. Lifetime: `a`. False: a cycle. */
bool world_start(struct world *w, struct sl_arena *a);
struct snapshot world_snapshot(const struct world *w);
/* Carries an action out. The recorded part and the cluster change as engine/apply.c changes them.
 */
void world_apply(struct world *w, const struct plan_action *act);
/* One thing that happens outside: an attempt ends, an answer comes. `rng` picks which; NULL: the
 * first. False: nothing is to happen. */
bool world_happen(struct world *w, struct sl_rng *rng);
/* The controller dies and comes back. */
void world_crash(struct world *w, struct sl_rng *rng);
/* Plans, checks the properties and applies until the run has ended or a property is broken. */
void world_run(struct world *w, struct sl_arena *a, struct sl_rng *rng, uint64_t crash_one_in);
