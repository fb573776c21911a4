/* What Transform does before it writes: looks at the columns, builds the transform, finds its
 * constants. */
#pragma once

#include "components/transform/stream.h"
#include "core/catalog/transform.h"
#include "core/data/statistics.h"
#include "core/learn/transform.h"
#include "kit/step.h"

/* The complete transform of the step's parameters for these examples, and the statistics of their
 * raw columns over the analysed rows.
 * Lifetime: s->a. Errors: invalid: parameters that do not fit the data. */
struct sl_err *analyze_build(struct step *s, const struct examples *e, struct transform **ret,
                             struct dataset_statistics **ret_statistics) SL_MUST_USE;
