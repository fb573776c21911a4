/* The hybrid of run-length and bit-packed runs that levels, dictionary codes and booleans use.
 *
 *     run      := header, then  a value of ceil(width / 8) bytes       (header even: header/2
 * times) or  header/2 groups of 8 bit-packed values (header odd) header   := varint
 *
 * Source: parquet-format Encodings.md, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)". */
#pragma once

#include "base/buf.h"

struct rle_reader {
    const uint8_t *p, *end;
    unsigned width;    /* <= 32 */
    size_t run_left;   /* values left of the current run */
    bool packed;       /* what kind of run */
    uint32_t value;    /* of a repeated run */
    const uint8_t *at; /* of a packed run */
    size_t bit;        /* values of it used so far */
};

static inline struct rle_reader rle_reader(const void *p, size_t n, unsigned width)
{
    return (struct rle_reader){.p = p, .end = (const uint8_t *)p + n, .width = width};
}

/* The next `n` values; false when the bytes hold fewer. */
bool rle_read(struct rle_reader *r, size_t n, uint32_t *out);
/* The same for width 1, as bits [to, to + n) of `out`. */
bool rle_read_bits(struct rle_reader *r, size_t n, uint8_t *out, size_t to);

/* Appends `n` values, each < 2^width. */
void rle_write(struct sl_buf *out, const uint32_t *values, size_t n, unsigned width);
/* Appends bits [from, from + n) of a bitmap, as values of width 1. */
void rle_write_bits(struct sl_buf *out, const uint8_t *bits, size_t from, size_t n);
