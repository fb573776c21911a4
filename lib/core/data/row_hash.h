/* A 64-bit hash of a row's values: what splits by hash and the logical digest of rows rest on.
 *
 * A value is one 64-bit word:
 *     int64, timestamp, bool   the bits of the value as a double (timestamps: as an integer)
 *     double                   its bits; -0 as 0; every NaN as one
 *     float                    as a double
 *     string                   XXH3_64bits of its bytes
 *     missing                  0x9e3779b97f4a7c15
 * and the row's hash is XXH3_64bits over the little-endian words of its columns in order. So 3 and
 * 3.0 are the same, and a column that turns from integers to decimals keeps its rows where they
 * were. */
#pragma once

#include "core/data/table.h"

/* The word that stands for a missing value. */
#define ROW_HASH_MISSING UINT64_C(0x9e3779b97f4a7c15)

/* Hashes of the rows over `columns[0..n)` (indices into t->columns; NULL: all of them).
 * Shapes: ret_hashes (t->n_rows). */
void row_hash_table(struct sl_arena *a, const struct table *t, const size_t *columns, size_t n,
                    uint64_t *ret_hashes);
