/* The encodings of data pages that stand alone (not the dictionary ones), to raw values.
 * Source: parquet-format Encodings.md. */
#pragma once

#include "codec/parquet/leaf.h"

/* Decodes `n` values of a fixed size: numbers, booleans (a byte each), fixed byte strings.
 *
 * Shapes:   p (bytes); out (n x leaf->raw_bytes), aligned to 8.
 * Errors:   corrupt: fewer values; invalid: an encoding not meant for the type. */
struct sl_err *values_read_fixed(const struct parquet_leaf *leaf, int encoding, const uint8_t *p,
                                 size_t bytes, size_t n, void *scratch, void *out) SL_MUST_USE;
/* Bytes of scratch that values_read_fixed needs. */
size_t values_scratch_bytes(const struct parquet_leaf *leaf, int encoding, size_t n);

/* Decodes `n` byte strings.
 *
 * Shapes:   p (bytes); scratch (n x 2); out (n).
 * Lifetime: the strings point into `p`, or into `a` where they had to be put together.
 * Errors:   as above; exhausted: more than `max_bytes` of strings. */
struct sl_err *values_read_strings(struct sl_arena *a, const struct parquet_leaf *leaf,
                                   int encoding, const uint8_t *p, size_t bytes, size_t n,
                                   size_t max_bytes, int64_t *scratch,
                                   struct sl_str *out) SL_MUST_USE;

/* "PLAIN", ... */
const char *values_encoding_name(int encoding);
