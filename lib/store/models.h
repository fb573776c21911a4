/* Models in artifacts. */
#pragma once

#include "core/learn/model.h"
#include "store/artifact.h"

/* Reads what the evaluator needs of a Model artifact, checked. Lifetime: `a`. Errors: not_found,
 * corrupt, invalid. */
struct sl_err *models_load(struct sl_arena *a, const struct artifact *t,
                           const struct model **ret) SL_MUST_USE;
