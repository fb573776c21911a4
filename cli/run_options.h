/* The command line of `sluice run`. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct run_options {
    const char *file;            /* NULL: none was given (then --resume was) */
    const struct sl_str *params; /* (n_params) NAME=TEXT */
    size_t n_params;
    bool resume;
    struct sl_str resume_run; /* name or uid; empty: the newest */
    bool no_cache;
    bool explain_cache;
    bool host_exec;
    bool help;
    const char *root;
    int64_t grace_ms;
    int64_t max_parallel; /* 0: as many as there are cores */
    int64_t threads;      /* of a step; 0: as many as there are cores */
};

extern const char run_options_help[];

/* Lifetime: `a` and argv. Errors: invalid, with "did you mean". */
struct sl_err *run_options_parse(struct sl_arena *a, int argc, char **argv,
                                 struct run_options *ret) SL_MUST_USE;
