/* `sluice VERB ...` */
#include "cli.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    cli_verb *run;
    const char *usage;
    const char *help;
} verbs[] = {
    {"run", cli_run, "run FILE [-p NAME=VALUE]...", "carry out a pipeline on this machine"},
    {"lint", cli_lint, "lint FILE...", "check manifests and print everything that is wrong"},
    {"get", cli_get, "get runs|steps|artifacts|models|pushes",
     "list what was run, made and pushed"},
    {"lineage", cli_lineage, "lineage ARTIFACT", "show what an artifact was made from and into"},
    {"logs", cli_logs, "logs RUN/STEP", "print what a step wrote to stdout and stderr"},
    {"rollback", cli_rollback, "rollback MODEL [VERSION]",
     "push an earlier version of a model again"},
    {"reindex", cli_reindex, "reindex", "rebuild the metadata database from storage"},
    {"version", cli_version, "version", "print which build this is"},
};

static void print_help(FILE *to)
{
    fprintf(to, "usage: sluice VERB [ARGUMENT...]\n\n");
    for (size_t i = 0; i < SL_COUNTOF(verbs); i++)
        fprintf(to, "  %-40s %s\n", verbs[i].usage, verbs[i].help);
    fprintf(to,
            "\nExit codes: 0 done, 1 failed, 2 wrong usage or input, 3 not now, 4 not found.\n");
}

int main(int argc, char **argv)
{
    sl_log_setup(SL_LOG_INFO, SL_LOG_AUTO);
    if (argc < 2) {
        print_help(stderr);
        return CLI_INVALID;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        print_help(stdout);
        return CLI_OK;
    }
    for (size_t i = 0; i < SL_COUNTOF(verbs); i++)
        if (!strcmp(argv[1], verbs[i].name))
            return verbs[i].run(argc - 1, argv + 1);
    fprintf(stderr, "sluice: there is no verb '%s'; `sluice help` lists them\n", argv[1]);
    return CLI_INVALID;
}
