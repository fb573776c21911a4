#include "core/data/statistics.h"

const struct feature_statistics *statistics_find(const struct dataset_statistics *d,
                                                 struct sl_str name)
{
    for (size_t i = 0; i < d->n_features; i++)
        if (sl_str_eq(d->features[i].name, name))
            return &d->features[i];
    return NULL;
}
