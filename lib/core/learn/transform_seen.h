/* What analyzers gather about the values of one node: moments, the values themselves or counts of
 * them, in parts that are merged in order. */
#pragma once

#include "base/vec.h"
#include "core/data/sketch_heavy.h"
#include "core/data/sketch_kll.h"
#include "core/learn/transform_eval.h"

/* Quantiles are exact up to so many values, then within KLL_RANK_ERROR. */
#define SEEN_VALUES_MAX ((size_t)1 << 20)
/* Counts are exact up to so many distinct values and bytes; beyond, one is at most
 * 2 / SEEN_DISTINCT_MAX of the values too low. */
#define SEEN_DISTINCT_MAX ((size_t)1 << 20)
#define SEEN_TEXT_MAX     ((size_t)128 << 20)

/* Which parts are gathered. */
enum seen_need { SEEN_MOMENTS, SEEN_VALUES, SEEN_COUNTS };

struct seen {
    uint64_t n, n_missing;
    double mean, m2, min, max;
    SL_VEC(double) values;
    struct kll *kll;     /* all values once there are more than SEEN_VALUES_MAX; else NULL */
    struct heavy counts; /* by token, or by the 8 bytes of a number or id as a double */
};

/* Nothing seen. */
void seen_init(struct seen *s);
void seen_deinit(struct seen *s);
/* The values of some rows. Missing ones are counted in n_missing, and nowhere else. `a` is scratch.
 */
void seen_scan(struct sl_arena *a, struct seen *s, enum seen_need need,
               const struct transform_values *v, const uint32_t *rows, size_t n);
/* Adds what the next part has seen. `stream` seeds a sketch, should one be needed. */
void seen_merge(struct seen *to, const struct seen *from, enum seen_need need, uint64_t stream);
/* The missing values count as the constant of a fill from now on. (SEEN_VALUES: pass it to
 * seen_ranks_of instead.) */
void seen_fill(struct seen *s, enum seen_need need, const struct transform_node *fill);

/* ---- results ---- */

/* The number of a key of `counts`. */
double seen_number(struct sl_str key);
/* The entries of `counts`, the most frequent first, equals by value (as text, or as numbers); the
 * table is of no more use as one. */
const struct heavy_entry *seen_ranked(struct seen *s, bool text);

/* Values by rank: ascending points, each of which ends a run of ranks. */
struct seen_ranks {
    struct kll_point *p; /* (n) heap; weight: the rank after its last */
    size_t n;
    uint64_t total;
};
/* All values, and `more` copies of `value`. Free ret.p. */
struct seen_ranks seen_ranks_of(struct seen *s, double value, uint64_t more);
/* rank < total, from 0. */
double seen_value_at(const struct seen_ranks *r, uint64_t rank);
/* The middle value, or the mean of the two middle ones. There is one at least. */
double seen_median(struct seen *s);
