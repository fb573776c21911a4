/* Rows by score, descending: what AUC, average precision and curves walk over. Made once, walked
 * under any weights. */
#pragma once

#include "base/arena.h"

enum { RANKING_POSITIVE = 1, RANKING_LAST = 2 };

struct ranking {
    const uint32_t *rows; /* (n) by score descending, equal scores by row */
    const uint8_t *flags; /* (n) of rows[i]: POSITIVE; LAST: the last of equal scores */
    size_t n;
};

/* Rows whose label is `positive` are positive. Scores are not NaN; infinite ones are fine.
 * Shapes: scores, labels (n), n < 2^32. Lifetime: `a`. */
void ranking_init(struct sl_arena *a, const double *scores, const double *labels, double positive,
                  size_t n, struct ranking *ret);
/* Area under the ROC curve: the chance that a positive row stands above a negative one, ties half;
 * NaN with one class. Shapes: weights (n) by row, or NULL: 1 each; counts (n) by row, or NULL: how
 * many times a row is there. */
double ranking_auc(const struct ranking *r, const double *weights, const uint8_t *counts);
