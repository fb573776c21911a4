/* Transforms in artifacts: transform.json and vocab/N.txt, alone (TransformGraph) or under
 * "transform/" of a Model. */
#pragma once

#include "core/learn/transform.h"
#include "store/artifact.h"

/* `prefix` is "" or ends in '/'. Lifetime: `a`. Errors: not_found, corrupt, invalid. */
struct sl_err *transforms_load(struct sl_arena *a, const struct artifact *t, const char *prefix,
                               struct transform **ret) SL_MUST_USE;
struct sl_err *transforms_save(struct artifact_writer *w, const char *prefix,
                               const struct transform *t) SL_MUST_USE;
