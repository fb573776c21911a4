/* Starting one child in a process group of its own. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <sys/types.h>

struct spawn {
    const char *path; /* of the executable */
    char *const *argv;
    char *const *env;
    int out_fd, err_fd; /* its stdout and stderr */
    int record_fd;      /* stays open in the child: its lock says that the child lives */
    int64_t data_bytes; /* RLIMIT_DATA; 0: as it is */
};

/* Stops the caller only until the child runs its own program. The child dies with the calling
 * thread. Errors: of the exec: not_found, denied, ...; unavailable: no process to be had. */
struct sl_err *spawn_child(const struct spawn *s, pid_t *ret_pid) SL_MUST_USE;
/* The environment of this process with NAME=value put in. Lifetime: `a`. */
char **spawn_env(struct sl_arena *a, const char *name, struct sl_str value);
