/* The main() of every step executable: task in, artifacts and `_result.json` out, exit code by
 * class of failure.
 *
 *     int main(int argc, char **argv)
 *     {
 *         return step_main(argc, argv, "StatisticsGen", run);
 *     }
 *
 * The task comes from the environment (SLUICE_TASK: the JSON itself, or the URI of one). An attempt
 * whose
 * `_result.json` is there already is reported again and nothing runs. SIGTERM ends the process;
 * nothing half-written is ever taken for an artifact, because manifest and result come last. */
#pragma once

#include "core/catalog/catalog.h"
#include "core/pipeline/task.h"
#include "net/workers.h"
#include "store/artifact.h"

struct step {
    struct sl_arena *a; /* lives as long as the process */
    const struct task *task;
    const struct catalog_component *component;
    const void *params; /* the component's decoded struct */
    struct blobs *blobs;
    struct workers *workers;
    struct task_result result; /* filled by the calls below */
    size_t capacity_outputs;
};

typedef struct sl_err *step_run(struct step *s);

/* Decodes the task and the parameters, runs, writes the result. Returns the exit code
 * (core/pipeline/task.h). */
int step_main(int argc, char **argv, const char *component, step_run *run);
/* The same for one that users cannot name (the shim of container steps). */
int step_main_of(int argc, char **argv, const struct catalog_component *component, step_run *run);

/* The artifact of an input, opened and checked. ret is NULL for an optional input that was not
 * given. Errors: not_found, corrupt. */
struct sl_err *step_input(struct step *s, const char *name,
                          const struct artifact **ret) SL_MUST_USE;
/* A writer for the output; give it back to step_commit. */
struct sl_err *step_output(struct step *s, const char *name,
                           struct artifact_writer **ret) SL_MUST_USE;
/* Commits an output with its properties (an object or NULL), frees the writer and puts it into the
 * result. */
struct sl_err *step_commit(struct step *s, const char *name, struct artifact_writer *w,
                           struct json *properties) SL_MUST_USE;
/* The files that the driver saw for a parameter; fails with unavailable (exit 3) when one differs
 * now. */
struct sl_err *step_files(struct step *s, const char *param, const struct task_file **ret,
                          size_t *ret_n) SL_MUST_USE;
/* A number or a small value for the result: rows in and out, losses. By convention rows_in and
 * rows_out are metrics that the step table shows. */
void step_metric(struct step *s, const char *name, double value);
void step_value(struct step *s, const char *name, struct json *value);
/* One sentence that the step table shows. */
void step_message(struct step *s, const char *fmt, ...) SL_PRINTF(2, 3);
/* Ends the step as invalid_input after its findings are committed (ExampleValidator's failOn): pass
 * as run's failure. */
struct sl_err *step_refuse(const char *fmt, ...) SL_PRINTF(1, 2) SL_MUST_USE;
/* The outcome of a failing step, where its failure's kind does not tell ("out_of_memory"). */
void step_outcome(struct step *s, const char *outcome);
/* A progress line on stderr: rewritten in place on a terminal, else at most every two seconds. */
void step_progress(struct step *s, const char *fmt, ...) SL_PRINTF(2, 3);
