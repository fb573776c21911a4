#include "cli/run_report.h"

#include "base/time.h"
#include "cli/cli.h"
#include "cli/log_tail.h"
#include "cli/run_evaluation.h"

#include <stdio.h>

enum { EXIT_TIMED_OUT = 124, EXIT_CANCELLED = 130 };

static struct sl_str path_of(struct sl_arena *a, struct blobs *b, struct sl_str uri)
{
    struct sl_str path = b->ops->local_path(b, a, uri);
    return path.n ? path : uri;
}

static void print_reports(struct sl_arena *a, const struct engine *e, struct blobs *b)
{
    static const struct {
        const char *type, *file;
    } reports[] = {
        {"ExampleStatistics", "report.html"},
        {"ExampleAnomalies", "anomalies.html"},
        {"ModelEvaluation", "report.html"},
    };
    const struct run_record *run = engine_record(e);
    for (size_t i = 0; i < run->n_steps; i++) {
        const struct step_record *s = &run->steps[i];
        for (size_t o = 0; o < s->n_outputs; o++)
            for (size_t k = 0; k < SL_COUNTOF(reports); k++)
                if (sl_str_is(s->outputs[o].type, reports[k].type))
                    printf("report of %.*s: %.*s/%s\n", SL_FMT(s->step),
                           SL_FMT(path_of(a, b, s->outputs[o].uri)), reports[k].file);
    }
}

static void print_log(struct sl_arena *a, struct sl_str folder)
{
    struct sl_str lines[LOG_TAIL_LINES];
    size_t n = log_tail(a, folder, lines);
    for (size_t i = 0; i < n; i++)
        printf("  | %.*s\n", SL_FMT(lines[i]));
    printf("  logs: %.*s/_logs\n", SL_FMT(folder));
}

static void print_failures(struct sl_arena *a, const struct engine *e, struct blobs *b)
{
    const struct run_record *run = engine_record(e);
    for (size_t i = 0; i < run->n_steps; i++) {
        const struct step_record *s = &run->steps[i];
        enum outcome o = engine_step_states(e)[i].outcome;
        if (!outcome_is_failure(o))
            continue;
        printf("step '%.*s': %s: %.*s\n", SL_FMT(s->step), outcome_name(o), SL_FMT(s->message));
        if (s->attempt > 0)
            print_log(a, path_of(a, b, s->attempt_uri));
    }
}

void run_report_print(struct sl_arena *a, const struct engine *e, struct blobs *b)
{
    const struct run_state *run = engine_run_state(e);
    const struct run_record *record = engine_record(e);
    char took[SL_TIME_TEXT];
    sl_duration_format(run->ended_us - run->started_us, took);
    printf("\nrun %.*s: %s after %s\n", SL_FMT(record->name), outcome_name(run->outcome), took);
    run_evaluation_print(e);
    print_failures(a, e, b);
    print_reports(a, e, b);
    struct sl_str trouble = engine_publish_trouble(e);
    if (trouble.n)
        fprintf(stderr, "the index could not be written: %.*s; `sluice reindex` makes up for it\n",
                SL_FMT(trouble));
    fflush(stdout);
}

static bool may_help_later(enum outcome o)
{
    return o == OUTCOME_UNAVAILABLE || o == OUTCOME_QUOTA || o == OUTCOME_DISRUPTED ||
           o == OUTCOME_IMAGE_ERROR || o == OUTCOME_PENDING_TIMEOUT;
}

/* The class of the failures, when all are of one. */
static int exit_code_of_failure(const struct engine *e)
{
    const struct spec_pipeline *p = engine_pipeline(e);
    bool refused = true, later = true;
    for (size_t i = 0; i < p->n_steps; i++) {
        enum outcome o = engine_step_states(e)[i].outcome;
        if (!outcome_is_failure(o) || snapshot_tolerates(&p->steps[i], o))
            continue;
        refused &= o == OUTCOME_INVALID_INPUT || o == OUTCOME_CONFIG_ERROR;
        later &= may_help_later(o);
    }
    return refused ? CLI_INVALID : later ? CLI_UNAVAILABLE : CLI_FAILED;
}

int run_report_exit_code(const struct engine *e)
{
    switch (engine_run_state(e)->outcome) {
    case OUTCOME_SUCCEEDED:
        return CLI_OK;
    case OUTCOME_CANCELLED:
        return EXIT_CANCELLED;
    case OUTCOME_TIMED_OUT:
        return EXIT_TIMED_OUT;
    default:
        return exit_code_of_failure(e);
    }
}
