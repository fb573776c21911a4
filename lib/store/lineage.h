/* Reading the index: runs, steps, artifacts, and what an artifact was made from and into.
 *
 * Answers are JSON values, for a CLI to print and a service to send: times are RFC 3339 texts,
 * durations seconds, absent values null. Foreign clients' nodes are among them: what only Sluice
 * records is null there. Functions run in a unit of work; answers live in `a`. */
#pragma once

#include "codec/json.h"
#include "port/sql.h"

struct lineage_filter {
    struct sl_str pipeline; /* `<namespace>/<pipeline>` or just the pipeline; empty: all */
    struct sl_str run;      /* uid or name; empty: all */
    struct sl_str type;     /* of artifacts; empty: all */
    struct sl_str outcome;  /* of runs and steps ("running" too); empty: all */
    int64_t limit;          /* newest so many; 0: all */
};

/* {uid, name, pipeline, outcome, created, started, finished, seconds, steps, created_by, message,
 * uri}, newest first. */
struct sl_err *lineage_runs(struct sql_tx *tx, struct sl_arena *a, const struct lineage_filter *f,
                            struct json **ret) SL_MUST_USE;
/* {run, run_uid, pipeline, step, item, component, outcome, attempt, started, finished, seconds,
 * rows_in, rows_out, message, error, cached_run, cached_step, execution}; newest run first, a run's
 * steps in order of their start. */
struct sl_err *lineage_steps(struct sql_tx *tx, struct sl_arena *a, const struct lineage_filter *f,
                             struct json **ret) SL_MUST_USE;
/* {id, type, name, state, digest, bytes, created, uri, run, run_uid, step}, newest first. */
struct sl_err *lineage_artifacts(struct sql_tx *tx, struct sl_arena *a,
                                 const struct lineage_filter *f, struct json **ret) SL_MUST_USE;

/* The run of that uid or, the newest, of that name. Errors: not_found, with "did you mean". */
struct lineage_run {
    struct sl_str uid, name, uri;
};
struct sl_err *lineage_find_run(struct sql_tx *tx, struct sl_arena *a, struct sl_str name,
                                struct lineage_run *ret) SL_MUST_USE;

/* Where the step's outputs and logs come from: itself, or, when it was a cache hit, the execution
 * that was hit. `step` is "step" or "step/item"; *run and *step are followed in place. */
struct sl_err *lineage_follow_hit(struct sql_tx *tx, struct sl_arena *a, struct lineage_run *run,
                                  struct sl_str *step) SL_MUST_USE;

/* The artifact that `text` names: an id, a uri (also of a file in the artifact), or at least 4
 * digits of a digest. Errors: not_found; invalid: several, the message lists them. */
struct sl_err *lineage_find_artifact(struct sql_tx *tx, struct sl_arena *a, struct sl_str text,
                                     int64_t *ret) SL_MUST_USE;

struct lineage_node {
    int64_t id;
    struct sl_str type, name, uri,
        digest;          /* of an execution: type is the component, name the step */
    struct sl_str run;   /* executions: the run's name, or empty */
    struct json *files;  /* executions: uris of the files outside that it read */
    struct sl_str state; /* "LIVE", "COMPLETE", ... */
};

struct lineage_edge {
    size_t artifact, execution; /* indices into the lists below */
    bool output;                /* the execution made the artifact; else it read it */
    struct sl_str key;          /* "examples"; may be empty */
};

/* What lies upstream and downstream of an artifact. An execution that was a cache hit made nothing:
 * it stands in neither list. */
struct lineage_graph {
    struct lineage_node *artifacts, *executions; /* by ascending id */
    size_t n_artifacts, n_executions;
    struct lineage_edge *edges; /* each once */
    size_t n_edges;
    size_t start; /* index of the artifact that was asked for */
};

/* One recursive query each for up and down. Errors: not_found. */
struct sl_err *lineage_walk(struct sql_tx *tx, struct sl_arena *a, int64_t artifact, bool up,
                            bool down, struct lineage_graph *ret) SL_MUST_USE;
