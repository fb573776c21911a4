/* Rows as a learner holds them: contiguous matrices in memory. */
#pragma once

#include "base/attr.h"

struct dataset {
    size_t n_rows, n_floats, n_ids;
    float *floats;  /* (n_rows, n_floats) */
    uint32_t *ids;  /* (n_rows, n_ids) */
    float *labels;  /* (n_rows): 0 or 1, the index of the class, or the target */
    float *weights; /* (n_rows), or NULL: all 1 */
};

static inline float dataset_weight(const struct dataset *d, size_t row)
{
    return d->weights ? d->weights[row] : 1.0f;
}
