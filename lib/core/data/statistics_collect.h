/* Statistics of one feature, gathered from columns in pieces.
 *
 *     c = statistics_collector_new(type, &options, seed);      one per part of the data
 *     statistics_collector_update(a, c, &column, NULL);        for each row group of the part
 *     statistics_collector_merge(first, c);                    parts in their order
 *     statistics_collector_finish(a, first, name, &feature);
 *
 * A collector belongs to one thread at a time. The result depends on how the data is cut into parts
 * and on their order, never on which thread did what or when: fields that are exact do not depend
 * on that either. Memory of a collector is bounded (about 3 MiB for numbers; max_bytes and as much
 * again for text), whatever the number of rows. */
#pragma once

#include "base/arena.h"
#include "core/data/statistics.h"
#include "core/data/table.h"

struct statistics_options {
    size_t n_histogram_buckets; /* of equal width */
    size_t n_quantiles;         /* buckets of equal mass */
    size_t n_top_values;
    size_t n_rank_buckets;
    size_t max_distinct; /* exact up to this many distinct values ... */
    size_t max_bytes;    /* ... and this much text, of one feature */
    bool weighted;       /* every update has weights */
};

/* TFDV's defaults: 10, 10, 20, 1000; exact up to 65,536 distinct values and 16 MiB. */
extern const struct statistics_options statistics_options_default;

struct statistics_collector;

/* `part` is the number of the part, counted from 0: it seeds the sketches, with the feature's name.
 */
struct statistics_collector *statistics_collector_new(const struct column_spec *spec,
                                                      const struct statistics_options *o,
                                                      uint64_t part);
/* NULL is fine. */
void statistics_collector_free(struct statistics_collector *c);
/* Shapes:   weights (column->n), finite and not negative; NULL unless options.weighted.
 * Lifetime: `a` is for scratch and may be cleared afterwards. */
void statistics_collector_update(struct sl_arena *a, struct statistics_collector *c,
                                 const struct column *column, const double *weights);
/* Adds all that `from` holds, which stays as it is. Both were made for one feature. */
void statistics_collector_merge(struct statistics_collector *into,
                                const struct statistics_collector *from);
/* Lifetime: `a`. */
void statistics_collector_finish(struct sl_arena *a, const struct statistics_collector *c,
                                 struct feature_statistics *ret);
