/* The verbs of `sluice`: one file each, listed in main.c. */
#pragma once

#include "base/err.h"

/* What every verb exits with. `run` adds the outcome of the run to it. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,      /* it could not be done */
    CLI_INVALID = 2,     /* wrong usage or wrong input; nothing was done */
    CLI_UNAVAILABLE = 3, /* not now: trying again later may help */
    CLI_NOT_FOUND = 4,   /* what was asked for does not exist */
};

/* argv[0] is the verb. Returns the exit code. */
typedef int cli_verb(int argc, char **argv);

/* What a verb returns: CLI_OK without a failure; else prints it ("sluice get: ...") and returns the
 * code of its kind. Consumes `err`. */
int cli_finish(const char *verb, struct sl_err *err);

cli_verb cli_get, cli_lineage, cli_lint, cli_logs, cli_reindex, cli_rollback, cli_run, cli_version;
