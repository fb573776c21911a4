/* A Pipeline and a Run as structs: what the linter has checked and the engine carries out.
 *
 * Made by manifest.h only. All of it lives in one arena and is immutable. Everything that the
 * manifest leaves out is filled in here: a step's retry, timeout and cache are already merged with
 * `spec.defaults` and the built-in defaults, shorthand inputs name their step and output, and a
 * component's outputs stand in its step like a container's. docs/reference/manifest.md describes
 * the fields. */
#pragma once

#include "core/catalog/catalog.h"
#include "core/pipeline/reference.h"

enum spec_type { /* of a parameter or of a small value */
                 SPEC_STRING,
                 SPEC_INT,
                 SPEC_DOUBLE,
                 SPEC_BOOL,
                 SPEC_LIST,
                 SPEC_OBJECT,
};

struct spec_param {
    struct sl_str name;
    enum spec_type type;
    const struct json *otherwise; /* the default; NULL: a run must give it */
    const struct json *choices;   /* `enum`: a list, or NULL */
    struct sl_str description;
    int line;
};

struct spec_storage {
    struct sl_str uri; /* empty: not given */
    struct sl_str secret_name;
    const struct json *object; /* as written, uri and secretName included; NULL: not given */
};

struct spec_retry {
    int64_t limit; /* of failed and timed_out attempts; 0: one attempt */
    int64_t backoff_ms;
    double factor;
    int64_t cap_ms;
    double memory_factor;     /* x memory after out_of_memory */
    int64_t memory_cap_bytes; /* 0: none */
};

struct spec_cache {
    bool enabled;
    struct sl_str version; /* part of the key; lets a container by tag be cached */
};

/* Where an input comes from. */
enum spec_source {
    SPEC_SOURCE_STEP,           /* step, output */
    SPEC_SOURCE_LATEST_BLESSED, /* asked of the registry when the step starts; may be none */
};

struct spec_input {
    struct sl_str name;
    struct sl_str from; /* as written: "step" or "step.output" */
    enum spec_source source;
    size_t step; /* index in pipeline->steps */
    struct sl_str output;
    struct sl_str type; /* artifact type; empty: any */
    bool optional;      /* the component runs without it */
    int line;
};

struct spec_output {
    struct sl_str name;
    struct sl_str type; /* artifact type; empty: a small value */
    enum spec_type value_type;
    int line;
};

/* Why a step waits for another. One pair of steps has at most one edge: DATA if that applies, else
 * WHEN, else OUTCOME, else AFTER (`after: [a]` with `when` on a's outcome runs when a has failed).
 */
enum spec_edge_kind {
    SPEC_EDGE_DATA,    /* an input, or a value in params: skip and failure go through */
    SPEC_EDGE_WHEN,    /* `when` reads a value or property: null if the other has not succeeded */
    SPEC_EDGE_AFTER,   /* `after`: failure goes through, skip does not */
    SPEC_EDGE_OUTCOME, /* only its outcome is read: waits for the end, whatever it is */
};

struct spec_edge {
    size_t step; /* index in pipeline->steps: it comes first */
    enum spec_edge_kind kind;
};

struct spec_exit_code { /* what an exit code of a container means */
    int code;
    struct sl_str outcome;
};

struct spec_resources {
    int64_t memory_bytes;        /* limit, else request; 0: none */
    int64_t cpu_milli;           /* the same */
    int64_t gpus;                /* limits of nvidia.com/gpu or amd.com/gpu */
    const struct json *requests; /* as written, or NULL */
    const struct json *limits;
};

struct spec_container {
    struct sl_str image;
    struct reference_tree *command, *args; /* lists, never NULL */
    struct reference_tree *env; /* a list of {name, value} or {name, valueFrom}, never NULL */
    struct sl_str working_dir, pull_policy;
    struct sl_str source; /* of a `script` step: text for the last argument's file; else empty */
};

struct spec_step {
    struct sl_str name;
    int line;
    struct sl_str path; /* "spec.steps[3]", for messages */
    bool on_exit;
    struct sl_str component_name;              /* as written; empty: a container */
    const struct catalog_component *component; /* NULL: a container */
    const struct spec_container *container;    /* NULL: a component */
    struct reference_tree *params;             /* an object, never NULL */
    struct spec_input *inputs;
    size_t n_inputs;
    struct spec_output *outputs; /* of a component: all that it declares */
    size_t n_outputs;
    struct json_strings after;
    struct spec_edge *edges; /* ascending by step */
    size_t n_edges;
    const struct expr *when; /* NULL: always */
    struct sl_str when_text;
    int when_line;
    struct json_strings continue_on; /* names of outcomes that do not fail the run nor what follows;
                                        "any": all but cancelled */
    struct spec_exit_code *exit_codes;
    size_t n_exit_codes;
    struct spec_retry retry;
    int64_t timeout_ms;         /* of an attempt; 0: none */
    int64_t pending_timeout_ms; /* until the container starts; 0: none */
    struct spec_cache cache;
    int64_t replicas;
    struct spec_resources resources;
    struct sl_str queue;
    const struct json *pod; /* as written, or NULL */
};

enum spec_concurrency_policy {
    SPEC_CONCURRENCY_ALLOW,
    SPEC_CONCURRENCY_QUEUE,
    SPEC_CONCURRENCY_REPLACE,
    SPEC_CONCURRENCY_REFUSE
};

struct spec_concurrency {
    enum spec_concurrency_policy policy;
    struct sl_str group; /* empty: the pipeline */
};

struct spec_metadata {
    struct sl_str name;                      /* empty: generate_name is given */
    struct sl_str generate_name;             /* prefix */
    struct sl_str namespace;                 /* "default" unless given */
    const struct json *labels, *annotations; /* objects, or NULL */
};

struct spec_pipeline {
    struct sl_str file; /* that it was read from, for messages */
    int line;
    struct sl_str path; /* "spec", or "spec.pipelineSpec" of a Run */
    struct spec_metadata metadata;
    struct spec_param *params;
    size_t n_params;
    struct spec_storage storage;
    int64_t timeout_ms;  /* of a run; 0: none */
    int64_t parallelism; /* steps at a time; 0: as many as are ready */
    struct spec_concurrency concurrency;
    struct spec_step *steps; /* (n_steps) in order of the manifest, those of onExit last */
    size_t n_steps;
    size_t n_main;             /* steps before those of onExit */
    const struct json *object; /* `spec` as written: what a run folder keeps */
};

struct spec_run {
    struct sl_str file;
    int line;
    struct spec_metadata metadata;
    struct sl_str pipeline_ref;     /* name; empty: pipelineSpec */
    struct spec_pipeline *pipeline; /* resolved by manifest_check; NULL: not in these files */
    const struct json *parameters;  /* an object, never NULL: as given, checked by manifest_check */
    struct spec_storage storage;    /* wins over the pipeline's when it has a uri */
    bool suspend, cancel;
    int64_t retry;                 /* a counter: raising it runs failed steps again */
    int64_t ttl_after_finished_ms; /* -1: kept */
    struct spec_concurrency concurrency;
    const struct json *object; /* `spec` as written */
};

/* "string", "int", "double", "bool", "list", "object". */
const char *spec_type_name(enum spec_type type);
/* The step of that name, or NULL. */
const struct spec_step *spec_find_step(const struct spec_pipeline *p, struct sl_str name);
const struct spec_param *spec_find_param(const struct spec_pipeline *p, struct sl_str name);

/* Whether a value is of the type (an int is a double, too). */
bool spec_type_fits(enum spec_type type, const struct json *v);
/* False, and a finding at `path`, when the value is not of the parameter's type or no choice of
 * its `enum`. */
bool spec_check_param(struct diag_list *l, const struct spec_param *param, const struct json *v,
                      struct sl_str path);
/* Every parameter's value: from `given` (an object, or NULL), else its default.
 * Unknown, missing and mistyped ones are findings under `path`. An int is taken for a double.
 * Lifetime: l->a and the values' own. Returns an object in order of the parameters. */
struct json *spec_resolve_params(struct diag_list *l, const struct spec_pipeline *p,
                                 const struct json *given, struct sl_str path);
/* The value of a parameter given as text (`-p NAME=TEXT`), by its type: lists and objects as JSON.
 * NULL, and a finding, when there is none of that name or the text does not fit. */
struct json *spec_parse_param(struct diag_list *l, const struct spec_pipeline *p,
                              struct sl_str name, struct sl_str text);
/* The parameters of all components with `params` (of a run, resolved) put in place of their
 * references: findings that a value given for one run brings. manifest_check has done this with the
 * defaults; whoever overrides parameters afterwards does it again. */
void spec_check_values(struct diag_list *l, const struct spec_pipeline *p,
                       const struct json *params);
