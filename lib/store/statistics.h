/* ExampleStatistics artifacts: `Split-<name>/FeatureStats.pb`, one dataset a split. */
#pragma once

#include "core/data/statistics.h"
#include "store/artifact.h"

struct statistics_split {
    struct sl_str name;
    const struct dataset_statistics *statistics;
};

/* The splits of an artifact but those named in `exclude`: train first where there is one, then by
 * name. Lifetime: `a`. Errors: corrupt or invalid, naming the split; invalid: no split is left. */
struct sl_err *statistics_open(struct sl_arena *a, const struct artifact *t,
                               const struct json_strings *exclude, struct statistics_split **ret,
                               size_t *ret_n) SL_MUST_USE;
