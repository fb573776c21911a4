#include "core/data/statistics.h"

#include <math.h>

const struct feature_statistics *statistics_find(const struct dataset_statistics *d,
                                                 struct sl_str name)
{
    for (size_t i = 0; i < d->n_features; i++)
        if (sl_str_eq(d->features[i].name, name))
            return &d->features[i];
    return NULL;
}

const char *statistics_type_name(enum statistics_type type)
{
    static const char *const names[] = {
        [STATISTICS_INT] = "INT",       [STATISTICS_FLOAT] = "FLOAT",
        [STATISTICS_STRING] = "STRING", [STATISTICS_BYTES] = "BYTES",
        [STATISTICS_STRUCT] = "STRUCT",
    };
    return names[type];
}

double statistics_quantile(const struct statistics_histogram *quantiles, double rank)
{
    double total = 0;
    for (size_t i = 0; i < quantiles->n; i++)
        total += quantiles->buckets[i].count;
    double want = rank * total;
    for (size_t i = 0; i < quantiles->n; i++) {
        const struct statistics_bucket *b = &quantiles->buckets[i];
        if (want <= b->count || i + 1 == quantiles->n) {
            double share = b->count > 0 ? SL_MIN(want / b->count, 1.0) : 0;
            return b->low == b->high ? b->low : b->low + (b->high - b->low) * share;
        }
        want -= b->count;
    }
    return NAN;
}
