/* The distribution of a numeric feature as ascending points, and what is read from it. The same for
 * exact counts and for the points of a sketch. */
#pragma once

#include "core/data/statistics.h"

struct distribution_point {
    double value; /* no NaN */
    double weight;
};

struct distribution {
    struct distribution_point *points; /* ascending by value */
    size_t n;
    double total; /* of the weights */
};

/* Sorts the points and adds up the weights. */
void distribution_init(struct distribution *d, struct distribution_point *points, size_t n);
/* The smallest value that has at least `rank` of `of` of the weight at or below it: 1 of 2 is a
 * lower median. NaN when there are no points. */
double distribution_quantile(const struct distribution *d, double rank, double of);
/* The middle: between two values when exactly half of the weight lies on each side. */
double distribution_median(const struct distribution *d);
/* `n` buckets of equal width from the smallest to the largest finite value, one bucket when these
 * are equal; infinite values get a bucket of their own at either end. Lifetime: `a`. */
void distribution_standard(struct sl_arena *a, const struct distribution *d, size_t n,
                           struct statistics_histogram *ret);
/* `n` buckets of equal mass between quantiles. Lifetime: `a`. */
void distribution_quantiles(struct sl_arena *a, const struct distribution *d, size_t n,
                            struct statistics_histogram *ret);
