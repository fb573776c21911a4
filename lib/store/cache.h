/* The cache on SQL: which execution owns a key, and what a miss differs in. Inside units of work;
 * index.h has the calls for the engine. */
#pragma once

#include "core/lineage/cache_key.h"
#include "core/lineage/record.h"
#include "store/index.h"

/* The execution becomes the key's owner, unless another one is whose outputs are still all LIVE:
 * the first publish owns it. */
struct sl_err *cache_enter(struct sql_tx *tx, struct sl_arena *a, const struct run_record *r,
                           const struct step_record *s, int64_t execution) SL_MUST_USE;
/* Fills r->ret...; on a hit the artifacts are pinned for r->run_uid. Lifetime: r->a. */
struct sl_err *cache_lookup(struct sql_tx *tx, struct index_cache_lookup *r) SL_MUST_USE;
/* The artifacts become ABANDONED. */
struct sl_err *cache_reject(struct sql_tx *tx, struct sl_arena *a,
                            const struct task_output *outputs, size_t n) SL_MUST_USE;
