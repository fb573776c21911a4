/* All that plan() may look at: the spec, what is recorded of the run, what the cluster shows, and
 * which answers have come back.
 *
 * What is recorded (run_state, step_state) survives a crash: it is `Run.status` in a cluster,
 * `run.json` on a laptop, and stays small. Facts do not survive: after a restart they are asked
 * again. */
#pragma once

#include "core/pipeline/outcome.h"
#include "core/pipeline/spec.h"

/* ---- recorded ---------------------------------------------------------------------------------*/

enum step_phase {
    STEP_WAITING, /* for steps before it, its turn, or the time of its retry */
    STEP_RUNNING, /* attempt `attempt` has been created */
    STEP_ENDED,
};

struct step_state {
    enum step_phase phase;
    enum outcome outcome; /* when ended */
    enum outcome last;    /* of the attempt before, while it waits for a retry */
    enum outcome stop;    /* why the attempt under way is being removed: timed_out, cancelled,
                             pending_timeout; NONE: it is not */
    int64_t attempt;      /* the last one created; 0: none */
    struct retry_spent spent;
    int64_t memory_bytes; /* raised by out_of_memory; 0: as the spec says */
    int64_t first_us;     /* when the first attempt was created (since spent began); 0: none */
    int64_t created_us;   /* of the attempt under way */
    int64_t retry_at_us;  /* not before */
    int64_t started_us;   /* of the step: its first attempt ever, or the decision */
    int64_t ended_us;
};

enum cancel_level {
    CANCEL_NONE,
    CANCEL_GRACEFUL, /* steps are stopped with grace, onExit steps run */
    CANCEL_KILL,     /* everything ends now */
};

struct run_state {
    enum outcome outcome; /* NONE while it runs; succeeded, failed, cancelled, timed_out */
    enum cancel_level cancel;
    bool timed_out;     /* the run's timeout struck while steps were under way */
    int64_t started_us; /* of this life: a retried run's timeout begins anew */
    int64_t ended_us;
};

/* ---- facts ------------------------------------------------------------------------------------*/

/* What the driver answered: resolved inputs and the cache. */
enum resolution {
    RESOLVE_UNKNOWN,
    RESOLVE_ASKED,
    RESOLVE_RUN,    /* it is to be executed */
    RESOLVE_CACHED, /* an earlier execution did the same */
    RESOLVE_WHEN_FALSE,
    RESOLVE_NO_INPUT, /* a tolerated failure left no such output */
    RESOLVE_REFUSED,  /* invalid_input: the inputs are there and it must not run on them */
    RESOLVE_CONFIG_ERROR,
    RESOLVE_LATER, /* what it needs to ask is down: again at resolve_at_us */
};

enum answer { ANSWER_UNKNOWN, ANSWER_ASKED, ANSWER_NO, ANSWER_YES };

enum unit_sight {
    SIGHT_ABSENT,
    SIGHT_PENDING,
    SIGHT_RUNNING,
    SIGHT_ENDED,
};

struct step_facts {
    enum resolution resolution;
    int64_t resolve_at_us;
    /* The newest unit of the step that the cluster shows. */
    enum unit_sight unit;
    int64_t unit_attempt;
    enum outcome unit_outcome; /* what its end alone tells; SUCCEEDED for exit code 0 */
    int64_t unit_started_us;
    /* A create under way or refused. */
    enum answer create; /* ASKED; NO: refused, create_outcome says why */
    int64_t create_attempt;
    enum outcome create_outcome;
    /* `_result.json` of the attempt under way. */
    enum answer result;
    enum outcome result_outcome;  /* when YES */
    enum cancel_level stop_asked; /* how the attempt under way was asked to stop */
    enum answer published;        /* the step's end, in the index */
};

struct snapshot {
    const struct spec_pipeline *pipeline;
    const size_t *order; /* dag_order of the pipeline */
    struct run_state run;
    const struct step_state *steps; /* (pipeline->n_steps) */
    const struct step_facts *facts; /* (pipeline->n_steps) */
    bool units_known;               /* the cluster has been listed */
    bool units_asked;
    enum answer published; /* the run's end */
    int64_t grace_ms;      /* between asking a unit to stop and killing it */
    int64_t max_parallel;  /* the machine's own bound beside the spec's; 0: none */
};

/* The failure is one that the step's continueOn names. */
bool snapshot_tolerates(const struct spec_step *step, enum outcome o);
/* What a run is brought back with when it is retried: steps that have not done well wait again with
 * fresh budgets, attempt numbers go on. Steps of onExit run again. */
void snapshot_reset_failed(const struct spec_pipeline *p, struct run_state *run,
                           struct step_state *steps, int64_t now_us);

/* The recorded part as JSON, and back. `steps` are matched by name; one that is not there waits.
 * Lifetime: `a`; the encoded tree borrows names. Errors: invalid, with the path of the field. */
struct json *snapshot_encode(struct sl_arena *a, const struct spec_pipeline *p,
                             const struct run_state *run, const struct step_state *steps);
struct sl_err *snapshot_decode(struct sl_arena *a, const struct json *v,
                               const struct spec_pipeline *p, struct run_state *ret_run,
                               struct step_state *ret_steps) SL_MUST_USE;
