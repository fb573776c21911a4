#include "codec/parquet/bits.h"

#include <string.h>

uint64_t bits_word(const uint8_t *bits, size_t from, size_t n)
{
    const uint8_t *p = bits + from / 8;
    unsigned shift = from % 8;
    size_t bytes = bits_bytes(shift + n);
    uint64_t word = 0;
    memcpy(&word, p, bytes < 8 ? bytes : 8);
    word >>= shift;
    if (bytes > 8)
        word |= (uint64_t)p[8] << (64 - shift);
    return n < 64 ? word & (((uint64_t)1 << n) - 1) : word;
}

void bits_copy(uint8_t *out, size_t to, const uint8_t *in, size_t from, size_t n)
{
    for (; n > 0 && to % 8 != 0; n--, to++, from++) {
        uint8_t bit = (uint8_t)(1u << (to % 8));
        out[to / 8] = (uint8_t)((out[to / 8] & ~bit) | (bits_get(in, from) ? bit : 0));
    }
    for (; n >= 64; n -= 64, to += 64, from += 64) {
        uint64_t word = bits_word(in, from, 64);
        memcpy(out + to / 8, &word, 8);
    }
    for (; n >= 8; n -= 8, to += 8, from += 8)
        out[to / 8] = (uint8_t)bits_word(in, from, 8);
    if (n > 0) {
        uint8_t mask = (uint8_t)((1u << n) - 1);
        out[to / 8] = (uint8_t)((out[to / 8] & ~mask) | (uint8_t)bits_word(in, from, n));
    }
}

void bits_fill(uint8_t *bits, size_t from, size_t n, bool value)
{
    while (n > 0) {
        if (from % 8 == 0 && n >= 8) {
            memset(bits + from / 8, value ? 0xff : 0, n / 8);
            from += n / 8 * 8;
            n %= 8;
            continue;
        }
        uint8_t bit = (uint8_t)(1u << (from % 8));
        bits[from / 8] = (uint8_t)(value ? bits[from / 8] | bit : bits[from / 8] & ~bit);
        from++;
        n--;
    }
}

size_t bits_count(const uint8_t *bits, size_t from, size_t n)
{
    size_t count = 0;
    for (; n >= 64; n -= 64, from += 64)
        count += (size_t)__builtin_popcountll(bits_word(bits, from, 64));
    if (n > 0)
        count += (size_t)__builtin_popcountll(bits_word(bits, from, n));
    return count;
}

void bits_to_bytes(const uint8_t *bits, size_t n, uint8_t *out)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        /* Byte j of the word keeps bit j only; adding 127 carries it to the top. */
        uint64_t word = bits[i / 8] * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
        word = (word + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101);
        memcpy(out + i, &word, 8);
    }
    for (; i < n; i++)
        out[i] = bits_get(bits, i);
}

void bits_from_bytes(const uint8_t *bytes, size_t n, uint8_t *out)
{
    memset(out, 0, bits_bytes(n));
    for (size_t i = 0; i < n; i++)
        out[i / 8] = (uint8_t)(out[i / 8] | (bytes[i] != 0) << (i % 8));
}
