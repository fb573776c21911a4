/* What the files that read and check manifests share; nobody else includes this.
 *
 * The raw_ structs are what the tables of manifest_tables.c decode the YAML into, field by field;
 * manifest.c and manifest_step.c make the structs of spec.h of them. */
#pragma once

#include "core/pipeline/manifest.h"

struct raw_document {
    struct sl_str api_version, kind;
    const struct json *metadata, *spec, *status;
};

struct raw_metadata {
    struct sl_str name, generate_name, namespace;
    const struct json *labels, *annotations;
    /* What the API server adds: read over, so that the output of `kubectl get -o yaml` is a
     * manifest. */
    const struct json *from_server;
};

struct raw_param {
    struct sl_str name, description;
    int line; /* not first: offset 0 means none to the table */
    int type;
    const struct json *otherwise, *choices;
};

struct raw_storage {
    struct sl_str uri, secret_name, endpoint, region;
    bool path_style;
};

struct raw_retry {
    int64_t limit, backoff_ms, cap_ms, memory_cap_bytes;
    double factor, memory_factor;
    bool has_limit, has_backoff, has_cap, has_memory_cap, has_factor, has_memory_factor;
};

struct raw_cache {
    bool enabled;
    struct sl_str version;
    bool has_enabled, has_version;
};

struct raw_defaults {
    int64_t timeout_ms, pending_timeout_ms;
    struct raw_retry retry;
    struct raw_cache cache;
};

struct raw_concurrency {
    int policy;
    struct sl_str group;
};

struct raw_resources {
    const struct json *requests, *limits;
};

struct raw_container {
    struct sl_str image;
    const struct json *command, *args, *env;
    struct sl_str working_dir;
    int pull_policy; /* raw_pull_policies */
    struct sl_str source;
};

struct raw_step {
    struct sl_str name, description, component;
    int line;
    bool has_component, has_container, has_script;
    struct raw_container container, script;
    const struct json *params, *inputs, *outputs, *when, *exit_codes, *pod;
    struct json_strings after, continue_on;
    struct raw_retry retry;
    struct raw_cache cache;
    int64_t timeout_ms, pending_timeout_ms, replicas;
    bool has_timeout, has_pending_timeout;
    struct raw_resources resources;
    struct sl_str queue;
    const struct json *for_each, *shards, *pipeline, *pipeline_ref, *sensor, *priority;
};

struct raw_pipeline {
    struct sl_str description;
    struct json_objects parameters, steps, on_exit;
    struct raw_storage storage;
    bool has_storage;
    struct raw_defaults defaults;
    struct raw_concurrency concurrency;
    int64_t timeout_ms, parallelism;
    const struct json *priority;
};

struct raw_ref {
    struct sl_str name;
};

struct raw_run {
    struct raw_ref pipeline_ref;
    const struct json *pipeline_spec, *parameters, *priority;
    struct raw_storage storage;
    struct raw_concurrency concurrency;
    bool suspend, cancel, has_ttl, has_storage, has_pipeline_ref;
    int64_t retry, ttl_ms;
};

/* Kept as written: these two only say what may stand there. */
struct raw_env {
    struct sl_str name;
    const struct json *any;
};

struct raw_pod {
    struct sl_str string;
    const struct json *any;
};

struct raw_output {
    struct sl_str type;
    int value; /* enum spec_type */
    bool has_value;
};

extern const struct json_table raw_document_table, raw_metadata_table, raw_pipeline_table,
    raw_run_table, raw_env_table, raw_pod_table, raw_output_table;
extern const char *const raw_pull_policies[]; /* ended by NULL */

/* "path.name"; `path` alone lives on. */
struct sl_str manifest_path(struct sl_arena *a, struct sl_str path, struct sl_str name);
/* A finding that a part of the manifest language is for later. */
void manifest_not_yet(struct diag_list *l, const struct json *v, struct sl_str path,
                      const char *name);
/* A finding unless `v` is of the type; NULL is fine. Returns `v` when it is. */
const struct json *manifest_want(struct diag_list *l, const struct json *v, enum json_type type,
                                 struct sl_str path);
/* A step while it is read. */
struct manifest_reader {
    struct diag_list *l;
    const struct raw_step *raw;
    struct spec_step *step;
};

/* "spec.steps[3].name" */
struct sl_str manifest_step_path(const struct manifest_reader *r, const char *name);
/* The step's inputs and outputs, as far as they can be read without the other steps. */
void manifest_read_inputs(const struct manifest_reader *r);
void manifest_read_outputs(const struct manifest_reader *r);
/* One step of the tables into one of spec.h, all but what needs the other steps. */
void manifest_read_step(struct diag_list *l, const struct raw_step *raw,
                        const struct raw_defaults *defaults, struct spec_step *ret);

/* spec_resolve_params, where with `all` unset a parameter that has no value is left out. */
struct json *spec_resolve_known(struct diag_list *l, const struct spec_pipeline *p,
                                const struct json *given, struct sl_str path, bool all);

/* The parts of manifest_check over one pipeline, in this order. Findings go to l with p->file. */
/* Inputs and `after` name steps that are there; an input that names a step only gets the output of
 * its type. */
void validate_inputs(struct diag_list *l, struct spec_pipeline *p);
/* References name what is there; `when` is a boolean. */
void validate_references(struct diag_list *l, const struct spec_pipeline *p);
/* Parameters of components, with the values of `params` (an object; what is not in it is not known
 * yet) put in place of their references. */
void validate_params(struct diag_list *l, const struct spec_pipeline *p, const struct json *params);
/* Sets the steps' edges; cycles. */
void validate_graph(struct diag_list *l, struct spec_pipeline *p);

/* For "did you mean": the names of the steps, (p->n_steps). */
struct sl_str *validate_step_names(struct sl_arena *a, const struct spec_pipeline *p);
/* The output of that name, or NULL. */
const struct spec_output *validate_find_output(const struct spec_step *step, struct sl_str name);
/* Calls `visit` for every reference of a step: in params, container and `when` (then `when` is
 * true). */
void validate_visit(struct sl_arena *a, const struct spec_step *step,
                    void (*visit)(void *ctx, const struct reference *r, int line,
                                  struct sl_str path, bool when),
                    void *ctx);
