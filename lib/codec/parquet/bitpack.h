/* Unsigned integers of a fixed number of bits, packed least significant bit first: value i takes
 * bits [i * width, (i + 1) * width) of the bytes. */
#pragma once

#include "base/attr.h"

/* Bytes of `n` values. No overflow for n < 2^58. */
static inline size_t bitpack_bytes(size_t n, unsigned width)
{
    return (n * width + 7) / 8;
}

/* Shapes:   in: bitpack_bytes(n, width), not a byte more is read; out (n). width <= 32. */
void bitpack_unpack(const uint8_t *in, unsigned width, size_t n, uint32_t *out);
/* The same for width <= 64. */
void bitpack_unpack64(const uint8_t *in, unsigned width, size_t n, uint64_t *out);
/* Shapes:   in (n), each < 2^width; out: bitpack_bytes(n, width), the last bits zero. */
void bitpack_pack(const uint32_t *in, size_t n, unsigned width, uint8_t *out);
void bitpack_pack64(const uint64_t *in, size_t n, unsigned width, uint8_t *out);

/* Bits needed for values up to `max`: 0 for 0. */
static inline unsigned bitpack_width(uint64_t max)
{
    return max ? 64 - (unsigned)__builtin_clzll(max) : 0;
}
