/* Smallest and largest value of a chunk, as the footer has them. */
#pragma once

#include "codec/parquet/parquet.h"

struct chunk_stats {
    bool has_min, has_max;
    bool min_exact, max_exact;
    struct sl_str min, max; /* PLAIN-encoded, strings without length */
};

/* Bytes of a string that a statistic keeps at most. */
enum { CHUNK_STATS_BYTES = 64 };

/* Over `n` values without nulls; NaNs do not count, and zeros are widened to -0 .. +0.
 * Shapes:   values (n), of the kind's size; no strings.
 * Lifetime: in `a`. */
struct chunk_stats chunk_stats_of_numbers(struct sl_arena *a, enum parquet_kind kind,
                                          const void *values, size_t n);
/* A long string becomes a bound: the smallest is cut, the largest cut and made larger, at a
 * character's end where they are UTF-8. */
struct chunk_stats chunk_stats_of_strings(struct sl_arena *a, const struct sl_str *values,
                                          size_t n);
