/* Features that predict the label almost alone: mostly they were written after the fact. */
#pragma once

#include "core/data/table.h"
#include "core/learn/model.h"

/* From this on a feature is suspected: AUC of one column, R2 for a regression. */
#define LEAK_LIMIT 0.99

/* Rows of each class that must be there (of either half for text), else chance would do. */
enum { LEAK_LEAST_ROWS = 10, LEAK_MOST_CLASSES = 20 };

/* How well the column tells the label alone, in [0, 1]; NaN where that cannot be said.
 *
 * Numbers tell by their value: the AUC, whichever way round (a missing value is the smallest or the
 * largest, what tells more), or R2 of a straight line (missing: their own mean). Text, truth values
 * and whole numbers tell by the label's mean for each value, taken from one half of the rows and
 * judged on the other, both ways, so that what is different in every row (an id) tells nothing;
 * whole numbers get the better of the two. Multi-class: the mean over classes, one against the
 * rest.
 *
 * Shapes: labels (n); weights (n) or NULL. */
double leak_strength(const struct column *c, enum model_task task, size_t n_classes,
                     const double *labels, const double *weights);
