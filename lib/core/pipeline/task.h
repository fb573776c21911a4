/* The contract between the engine and a step's executable: a task goes in, a result comes out
 * (DESIGN 4). The same in a child process and in a pod; JSON on the wire. No credentials in either.
 */
#pragma once

#include "base/err.h"
#include "codec/json.h"

enum { TASK_VERSION = 1 };

/* Exit codes of the built-in executables. */
enum task_exit {
    TASK_EXIT_OK = 0,
    TASK_EXIT_FAILED = 1,
    TASK_EXIT_INVALID = 2,   /* invalid input: never retried */
    TASK_EXIT_TRANSIENT = 3, /* retried */
};

struct task_artifact {
    struct sl_str type; /* "Examples" */
    struct sl_str uri;  /* its folder: file:///... or s3://bucket/..., without a slash at the end */
    struct sl_str digest;    /* of its _manifest.json, hex; empty for one that is not there yet */
    struct json *properties; /* an object, never NULL */
};

struct task_port {
    struct sl_str name;
    struct task_artifact *artifacts;
    size_t n; /* an output has one */
};

/* A file outside of the artifacts that a parameter names (a glob, a curated schema), as the driver
 * saw it. */
struct task_file {
    struct sl_str param; /* which parameter: "input" */
    struct sl_str uri;
    int64_t bytes;
    struct sl_str etag; /* sha256:... or the store's ETag; a file that differs now is exit 3 */
};

struct task {
    struct sl_str run_name, run_uid, run_namespace, pipeline;
    struct sl_str step;
    struct sl_str item; /* of a forEach; else empty */
    int64_t attempt;    /* from 1 */
    struct sl_str component;
    struct json *params; /* an object, substituted, never NULL */
    struct task_port *inputs;
    size_t n_inputs;
    struct task_port *outputs;
    size_t n_outputs;
    struct task_file *files;
    size_t n_files;
    struct sl_str
        attempt_uri;      /* <storage>/<namespace>/<pipeline>/<run uid>/<step>/[<item>/]<attempt> */
    int64_t memory_bytes; /* 0: no limit */
    int64_t threads;      /* 0: all cores */
    struct json *storage; /* endpoint, region, ...: an object, never NULL */
};

struct task_output {
    struct sl_str name;
    struct sl_str type;
    struct sl_str uri;
    struct sl_str digest;
    int64_t bytes;
    struct json *properties; /* an object, never NULL */
};

struct task_result {
    struct sl_str outcome; /* "succeeded", "failed", "invalid_input", "unavailable" */
    struct task_output *outputs;
    size_t n_outputs;
    struct json *values;  /* small values by name: an object, never NULL */
    struct json *metrics; /* numbers by name: an object, never NULL */
    struct sl_str message;
    struct sl_str error_kind, error_message; /* empty on success */
};

/* Lifetime: `a`. Errors: invalid, with the path of the field. */
struct sl_err *task_decode(struct sl_arena *a, struct sl_str text, struct task **ret) SL_MUST_USE;
void task_encode(const struct task *t, struct sl_buf *b);
struct sl_err *task_result_decode(struct sl_arena *a, struct sl_str text,
                                  struct task_result **ret) SL_MUST_USE;
void task_result_encode(const struct task_result *r, struct sl_buf *b);

/* The port of that name, or NULL. */
const struct task_port *task_input(const struct task *t, struct sl_str name);
const struct task_port *task_output(const struct task *t, struct sl_str name);

/* The parts of a task and a result as JSON values, for records that hold them too (run records,
 * cached outputs). Decoding adds findings to `l` and copies nothing; ports are {name: [artifact,
 * ...]}, outputs {name: output}. Lifetime: l->a and the tree. */
struct json *task_ports_to_json(struct sl_arena *a, const struct task_port *ports, size_t n);
struct task_port *task_ports_from_json(struct diag_list *l, struct json *v, const char *path,
                                       size_t *ret_n);
struct json *task_files_to_json(struct sl_arena *a, const struct task_file *files, size_t n);
struct task_file *task_files_from_json(struct diag_list *l, const struct json *v, size_t *ret_n);
struct json *task_outputs_to_json(struct sl_arena *a, const struct task_output *list, size_t n);
struct task_output *task_outputs_from_json(struct diag_list *l, struct json *v, size_t *ret_n);
