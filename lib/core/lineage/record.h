/* What is recorded of a run: the one description that `_run.json` in storage holds and the index
 * publishes.
 *
 * `<storage>/<namespace>/<pipeline>/<run uid>/_run.json` is this struct as JSON; `sluice reindex`
 * reads all of them and publishes them again, in order of the times recorded here. So nothing that
 * the index shows of a run may come from anywhere else, no clock included. */
#pragma once

#include "core/pipeline/task.h"

enum { RUN_RECORD_VERSION = 1 };

struct step_record {
    struct sl_str step;
    struct sl_str item;      /* of a forEach; else empty */
    struct sl_str component; /* "Trainer"; a step with an image of its own: "Container" */
    struct sl_str outcome;   /* "succeeded", "cached", "skipped", ...; empty: still running */
    struct sl_str message;   /* the step's own sentence, or why it was skipped */
    struct sl_str error_kind, error_message; /* empty without a failure */
    int64_t attempt;                         /* the last one, from 1; 0: none was started */
    struct sl_str attempt_uri; /* its folder (`_result.json`, `_logs/`); may be empty */
    int64_t started_us;  /* first attempt's start, or the moment of a hit or skip; 0: not yet */
    int64_t finished_us; /* 0: not yet */
    struct json *params; /* substituted; an object or NULL */
    struct task_port *inputs;
    size_t n_inputs;
    struct task_file *files;
    size_t n_files;
    struct task_output
        *outputs; /* of a cached step: the artifacts of the hit, as they were found */
    size_t n_outputs;
    struct json *values, *metrics; /* objects or NULL */
    struct json
        *cache; /* what the key is made of (core/lineage/cache_key.h); NULL: not cacheable */
    struct sl_str cached_run, cached_step; /* run uid and step of the execution that was hit */
};

struct run_record {
    struct sl_str uid, name;
    struct sl_str run_namespace; /* "default" on a laptop */
    struct sl_str pipeline;
    struct sl_str created_by; /* who; may be empty */
    struct sl_str uri;        /* <storage>/<namespace>/<pipeline>/<run uid> */
    struct sl_str outcome;    /* "succeeded", "failed", "cancelled"; empty: still running */
    struct sl_str message;
    int64_t created_us, started_us, finished_us; /* 0: not yet */
    struct json *spec;         /* the Pipeline's spec that was run; an object or NULL */
    struct json *parameters;   /* with defaults filled in; an object or NULL */
    struct step_record *steps; /* in the order of the manifest */
    size_t n_steps;
};

/* As JSON, two-space indented: same record, same bytes. */
void run_record_encode(const struct run_record *r, struct sl_buf *b);
/* Lifetime: `a`. Errors: invalid, with the path of the field. */
struct sl_err *run_record_decode(struct sl_arena *a, struct sl_str text,
                                 struct run_record **ret) SL_MUST_USE;
