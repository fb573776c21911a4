/* The registry's share of publishing: what a step's outputs mean for it. */
#pragma once

#include "core/lineage/record.h"
#include "port/sql.h"

/* Model: a version; ModelBlessing: its stage and `blessed`; PushedModel: a push and `production`.
 * Called at the end of every step, cached ones included. */
struct sl_err *registry_publish(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                                const struct step_record *s) SL_MUST_USE;
/* The newest blessed model of `<namespace>/<pipeline>` (core/lineage/rules.h). */
struct sl_err *registry_latest_blessed(struct sql_tx *tx, struct sl_arena *a,
                                       struct sl_str pipeline, struct sl_str exclude_digest,
                                       bool *ret_found, struct task_artifact *ret,
                                       struct sl_str *ret_run) SL_MUST_USE;
