/* The verbs of `sluice`: one file each, listed in main.c. */
#pragma once

#include "base/attr.h"

/* What every verb exits with. `run` adds the outcome of the run to it. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,  /* it could not be done */
    CLI_INVALID = 2, /* wrong usage or wrong input; nothing was done */
};

/* argv[0] is the verb. Returns the exit code. */
typedef int cli_verb(int argc, char **argv);

cli_verb cli_lint;
