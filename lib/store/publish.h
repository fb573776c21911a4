/* A run record's facts, written into the MLMD and `sluice_*` tables. Used by index.c, inside units
 * of work. */
#pragma once

#include "core/lineage/record.h"
#include "port/sql.h"

/* `<namespace>/<pipeline>`: the name of the pipeline's context and of its registered model. */
struct sl_str publish_pipeline_name(struct sl_arena *a, struct sl_str run_namespace,
                                    struct sl_str pipeline);

/* The run's head: contexts and its row. */
struct sl_err *publish_run(struct sql_tx *tx, struct sl_arena *a,
                           const struct run_record *r) SL_MUST_USE;
/* The run has ended: its head, and its pins are lifted. */
struct sl_err *publish_run_end(struct sql_tx *tx, struct sl_arena *a,
                               const struct run_record *r) SL_MUST_USE;
/* The step is running: an execution with its inputs. */
struct sl_err *publish_step_start(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                                  const struct step_record *s) SL_MUST_USE;
/* The step has ended: state, outputs, cache and registry. */
struct sl_err *publish_step_end(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                                const struct step_record *s) SL_MUST_USE;

/* One fact of a run with its time. */
struct publish_fact {
    enum publish_kind {
        PUBLISH_RUN_START,
        PUBLISH_STEP_START,
        PUBLISH_STEP_END,
        PUBLISH_RUN_END
    } kind;
    int64_t at_us;
    const struct run_record *run;
    const struct step_record *step;
};

/* Every fact of the record; unordered. Lifetime: `a`. */
void publish_facts_of(struct sl_arena *a, const struct run_record *r, struct publish_fact **ret,
                      size_t *ret_n);
/* In the order in which they were published: by time, then run uid, then place in the run. */
void publish_facts_sort(struct publish_fact *facts, size_t n);
struct sl_err *publish_fact(struct sql_tx *tx, struct sl_arena *a,
                            const struct publish_fact *f) SL_MUST_USE;
