/* Statistics of some row groups: from before the transform (which derived features follow from) and
 * from after it. */
#pragma once

#include "components/transform/stream.h"
#include "core/data/statistics.h"

/* Statistics of all columns over the stream's rows. Lifetime: `a`; the dataset is named `name`. */
struct sl_err *describe(struct sl_arena *a, const struct stream *s, struct sl_str name,
                        struct dataset_statistics **ret) SL_MUST_USE;
