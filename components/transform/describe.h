/* Statistics of some row groups: from before the transform (which derived features follow from) and
 * from after it. */
#pragma once

#include "components/transform/stream.h"
#include "core/data/statistics.h"

/* Statistics of the columns over the stream's rows, which do not depend on the number of threads.
 * Lifetime: `a`; the dataset is named `name`. */
struct sl_err *describe(struct sl_arena *a, const struct stream *s,
                        const struct column_spec *columns, size_t n, struct sl_str name,
                        struct dataset_statistics **ret) SL_MUST_USE;
