/* Command-line flags by a table: `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`, anywhere
 * among the arguments; `--` ends them. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum flag_kind {
    FLAG_BOOL,   /* bool */
    FLAG_STRING, /* struct sl_str */
    FLAG_INT,    /* int64_t */
    FLAG_LIST,   /* struct flag_list: may be given several times */
};

struct flag_list {
    struct sl_str *p;
    size_t n;
};

struct flag {
    const char *name;
    char letter; /* 0: none */
    enum flag_kind kind;
    void *to;          /* holds the default; written when the flag is given */
    const char *value; /* what stands for the value in the help: "FILE" */
    const char *help;
};

struct flag_set {
    const char *verb;  /* "get" */
    const char *usage; /* after the verb: "runs|steps [-o FORMAT]" */
    const char *help;  /* one sentence */
    const struct flag *flags;
    size_t n;
    int min_args, max_args; /* of arguments that are no flags; max < 0: any number */
};

struct flag_args {
    struct sl_str *p;
    size_t n;
    bool help; /* --help was given and printed: there is nothing else to do */
};

/* Lifetime: values point into argv, lists live in `a`. Errors: invalid, with "did you mean". */
struct sl_err *flags_parse(struct sl_arena *a, const struct flag_set *set, int argc, char **argv,
                           struct flag_args *ret) SL_MUST_USE;
