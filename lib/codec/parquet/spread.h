/* Values to their places. */
#pragma once

#include "base/attr.h"

/* out[i] = table[codes[i]]. Shapes: values of 1, 4 or 8 bytes; codes (n), in range; out (n). */
void spread_gather(const void *table, size_t value_bytes, const uint32_t *codes, size_t n,
                   void *out);
/* Moves the first `count` of `n` values to the rows that are valid, in order, and zeroes the rest.
 * Shapes:   values (n) of 1, 4 or 8 bytes; valid: bits [bit, bit + n), `count` of them one. */
void spread_values(void *values, size_t value_bytes, const uint8_t *valid, size_t bit, size_t n,
                   size_t count);
/* The other way: the values of valid rows, in order. Shapes: in (n); out (count). */
void spread_compact(const void *in, size_t value_bytes, const uint8_t *valid, size_t bit, size_t n,
                    void *out);
