/* The delta encodings: integers as bit-packed differences, strings as such lengths and prefixes.
 * Source: parquet-format Encodings.md, "Delta Encoding", "Delta-length byte array", "Delta
 * Strings". */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Decodes exactly `n` integers (arithmetic modulo 2^64; callers of 32-bit columns cut).
 *
 * Shapes:   out (n).
 * Errors:   corrupt: damaged, or the data hold another number of values. */
struct sl_err *delta_read(const uint8_t **p, const uint8_t *end, size_t n,
                          int64_t *out) SL_MUST_USE;
/* Appends `n` integers. */
void delta_write(struct sl_buf *out, const int64_t *values, size_t n);

/* DELTA_LENGTH_BYTE_ARRAY. The strings point into [p, end).
 * Shapes:   lengths (n) scratch; out (n). */
struct sl_err *delta_read_strings(const uint8_t *p, const uint8_t *end, size_t n, int64_t *lengths,
                                  struct sl_str *out) SL_MUST_USE;

/* DELTA_BYTE_ARRAY, part one: prefix lengths and suffixes, checked; *ret_bytes is how much the
 * whole strings need.
 * Shapes:   prefixes (n), lengths (n) scratch; suffixes (n), pointing into [p, end). */
struct sl_err *delta_read_prefixed(const uint8_t *p, const uint8_t *end, size_t n,
                                   int64_t *prefixes, int64_t *lengths, struct sl_str *suffixes,
                                   uint64_t *ret_bytes) SL_MUST_USE;
/* Part two: replaces each suffix by its whole string, laid out in `bytes`. */
void delta_join(size_t n, const int64_t *prefixes, struct sl_str *strings, char *bytes);
