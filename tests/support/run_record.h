/* A small run for tests of the index: examples -> train -> evaluate -> push, with made-up digests.
 */
#pragma once

#include "core/lineage/record.h"

/* A run of `default/taxi` that succeeded. Its times start at `start_us` and grow by a millisecond;
 * the model's digest is `model_digest`, its trainer's parameter steps is `steps`. Lifetime: `a`. */
struct run_record *test_run_record(struct sl_arena *a, const char *uid, int64_t start_us,
                                   const char *model_digest, int steps, bool blessed);
/* The same below another storage root than file:///s. */
struct run_record *test_run_record_in(struct sl_arena *a, const char *root, const char *uid,
                                      int64_t start_us, const char *model_digest, int steps,
                                      bool blessed);
/* One artifact with a digest. */
struct task_port test_port(struct sl_arena *a, const char *name, const char *type,
                           struct sl_str uri, const char *digest);
