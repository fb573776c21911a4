/* The probability from which on a binary model says yes. */
#pragma once

#include "base/attr.h"

/* The threshold with the largest F1 of the positive class, one of the scores (of equal ones the
 * largest), or 0.5 when there is no positive row. Rows with score >= threshold are positive.
 * Shapes: scores, labels (n); weights (n) or NULL. ret_f1 may be NULL. */
float threshold_choose(const float *scores, const float *labels, const float *weights, size_t n,
                       double *ret_f1);
