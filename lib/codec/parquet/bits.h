/* Bitmaps, least significant bit first: bit i is bit i%8 of byte i/8. */
#pragma once

#include "base/attr.h"

static inline bool bits_get(const uint8_t *bits, size_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

/* Bytes that hold n bits. */
static inline size_t bits_bytes(size_t n)
{
    return n / 8 + (n % 8 != 0);
}

/* Copies bits [from, from + n) of `in` to [to, to + n) of `out`; other bits of `out` stay. */
void bits_copy(uint8_t *out, size_t to, const uint8_t *in, size_t from, size_t n);
/* Sets bits [from, from + n) to `value`. */
void bits_fill(uint8_t *bits, size_t from, size_t n, bool value);
/* Ones among bits [from, from + n). */
size_t bits_count(const uint8_t *bits, size_t from, size_t n);
/* Up to 64 bits from `from` on as a word, the rest zero; reads only bytes that hold them. */
uint64_t bits_word(const uint8_t *bits, size_t from, size_t n);
/* One byte, 0 or 1, per bit. Shapes: bits: n bits from bit 0 on; out (n). */
void bits_to_bytes(const uint8_t *bits, size_t n, uint8_t *out);
/* The other way round; unused bits of the last byte are zero. */
void bits_from_bytes(const uint8_t *bytes, size_t n, uint8_t *out);
