#include "codec/parquet/spread.h"

#include "codec/parquet/bits.h"

#include "base/assert.h"

#include <string.h>

/* The same code for each size of a value; rows are taken 64 at a time, by a word of the bitmap. */
#define SPREAD(type)                                                                             \
    static void gather_##type(const type *table, const uint32_t *codes, size_t n, type *out)     \
    {                                                                                            \
        for (size_t i = 0; i < n; i++)                                                           \
            out[i] = table[codes[i]];                                                            \
    }                                                                                            \
                                                                                                 \
    static void spread_##type(type *v, const uint8_t *valid, size_t bit, size_t n, size_t count) \
    {                                                                                            \
        while (n > 0) {                                                                          \
            size_t k = n % 64 ? n % 64 : 64;                                                     \
            uint64_t word = bits_word(valid, bit + n - k, k);                                    \
            size_t ones = (size_t)__builtin_popcountll(word);                                    \
            n -= k;                                                                              \
            count -= ones;                                                                       \
            if (ones == k) {                                                                     \
                memmove(v + n, v + count, k * sizeof(type));                                     \
                continue;                                                                        \
            }                                                                                    \
            type block[64];                                                                      \
            memcpy(block, v + count, ones * sizeof(type));                                       \
            size_t next = 0;                                                                     \
            for (size_t i = 0; i < k; i++) {                                                     \
                bool one = word >> i & 1;                                                        \
                v[n + i] = one ? block[next] : 0;                                                \
                next += one;                                                                     \
            }                                                                                    \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    static void compact_##type(const type *in, const uint8_t *valid, size_t bit, size_t n,       \
                               type *out)                                                        \
    {                                                                                            \
        for (size_t i = 0; i < n; i += 64) {                                                     \
            size_t k = SL_MIN(n - i, (size_t)64);                                                \
            uint64_t word = bits_word(valid, bit + i, k);                                        \
            for (; word; word &= word - 1)                                                       \
                *out++ = in[i + (size_t)__builtin_ctzll(word)];                                  \
        }                                                                                        \
    }

SPREAD(uint8_t)
SPREAD(uint32_t)
SPREAD(uint64_t)

void spread_gather(const void *table, size_t value_bytes, const uint32_t *codes, size_t n,
                   void *out)
{
    if (value_bytes == 8)
        gather_uint64_t(table, codes, n, out);
    else if (value_bytes == 4)
        gather_uint32_t(table, codes, n, out);
    else
        gather_uint8_t(table, codes, n, out);
}

void spread_values(void *values, size_t value_bytes, const uint8_t *valid, size_t bit, size_t n,
                   size_t count)
{
    if (value_bytes == 8)
        spread_uint64_t(values, valid, bit, n, count);
    else if (value_bytes == 4)
        spread_uint32_t(values, valid, bit, n, count);
    else
        spread_uint8_t(values, valid, bit, n, count);
}

void spread_compact(const void *in, size_t value_bytes, const uint8_t *valid, size_t bit, size_t n,
                    void *out)
{
    if (value_bytes == 8)
        compact_uint64_t(in, valid, bit, n, out);
    else if (value_bytes == 4)
        compact_uint32_t(in, valid, bit, n, out);
    else
        compact_uint8_t(in, valid, bit, n, out);
}
