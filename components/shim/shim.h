/* What the files of the shim share. */
#pragma once

#include "kit/step.h"

/* Parameters: what engine/task.c puts into the task of a container step. */
struct shim_params {
    struct sl_str image;
    struct json_strings command, args;
    struct json *env; /* a list of {name, value} */
    struct sl_str working_dir, source;
    struct json *params;     /* the step's own, for the record */
    struct json *values;     /* an object: small outputs by name, with their type */
    struct json *exit_codes; /* an object: outcomes by exit code */
    struct sl_str work;      /* a folder of this attempt, for its files */
    struct sl_str folder;    /* of the manifest */
    bool host_exec;
};

/* The argument vector of the step: the command itself, or podman's that runs it in its image.
 * Lifetime: s->a. Errors: invalid: podman is not there. */
struct sl_err *command_build(struct step *s, const struct shim_params *p, const char *script,
                             char ***ret_argv) SL_MUST_USE;
/* Runs it. ret_stopped: we were asked to end, and so was it. ret_status: waitpid's.
 * Errors: not_found, denied, ... of the exec. */
struct sl_err *command_run(struct step *s, const struct shim_params *p, char **argv,
                           int *ret_status, bool *ret_stopped) SL_MUST_USE;

/* Makes artifacts of what lies at <work>/<output>, and reads small values. */
struct sl_err *outputs_collect(struct step *s, const struct shim_params *p) SL_MUST_USE;
