#include "codec/parquet/bitpack.h"

#include "base/assert.h"

#include <string.h>

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

/* Eight values take `width` bytes. With the width a constant, every address, shift and mask below
 * is one too. Each load takes 8 bytes and so may look up to 8 beyond the group. */
#define UNPACK(width)                                                           \
    static void unpack_##width(const uint8_t *in, size_t groups, uint32_t *out) \
    {                                                                           \
        for (; groups > 0; groups--, in += (width), out += 8)                   \
            _Pragma("GCC unroll 8") for (unsigned i = 0; i < 8; i++) out[i] =   \
                (uint32_t)(load64(in + i * (width) / 8) >> (i * (width) % 8) &  \
                           (((uint64_t)1 << (width)) - 1));                     \
    }

UNPACK(1)
UNPACK(2)
UNPACK(3)
UNPACK(4)
UNPACK(5)
UNPACK(6)
UNPACK(7)
UNPACK(8)
UNPACK(9)
UNPACK(10)
UNPACK(11)
UNPACK(12)
UNPACK(13)
UNPACK(14)
UNPACK(15)
UNPACK(16)
UNPACK(17)
UNPACK(18)
UNPACK(19)
UNPACK(20)
UNPACK(21)
UNPACK(22)
UNPACK(23)
UNPACK(24)
UNPACK(25)
UNPACK(26)
UNPACK(27)
UNPACK(28)
UNPACK(29)
UNPACK(30)
UNPACK(31)
UNPACK(32)

static void (*const unpack_by_width[33])(const uint8_t *, size_t, uint32_t *) = {
    NULL,      unpack_1,  unpack_2,  unpack_3,  unpack_4,  unpack_5,  unpack_6,
    unpack_7,  unpack_8,  unpack_9,  unpack_10, unpack_11, unpack_12, unpack_13,
    unpack_14, unpack_15, unpack_16, unpack_17, unpack_18, unpack_19, unpack_20,
    unpack_21, unpack_22, unpack_23, unpack_24, unpack_25, unpack_26, unpack_27,
    unpack_28, unpack_29, unpack_30, unpack_31, unpack_32,
};

void bitpack_unpack(const uint8_t *in, unsigned width, size_t n, uint32_t *out)
{
    sl_assert_cmp(width, <=, 32u);
    if (width == 0) {
        memset(out, 0, n * sizeof(*out));
        return;
    }
    size_t bytes = bitpack_bytes(n, width), groups = n / 8;
    /* Groups with 8 readable bytes behind them, then the others from a padded copy. */
    size_t fast = bytes > 8 ? SL_MIN(groups, (bytes - 8) / width) : 0;
    unpack_by_width[width](in, fast, out);
    for (size_t i = fast * 8; i < n; i += 8) {
        uint8_t copy[32 + 8] = {0};
        uint32_t values[8];
        size_t at = i / 8 * width;
        memcpy(copy, in + at, SL_MIN((size_t)width, bytes - at));
        unpack_by_width[width](copy, 1, values);
        memcpy(out + i, values, SL_MIN((size_t)8, n - i) * sizeof(*out));
    }
}

void bitpack_unpack64(const uint8_t *in, unsigned width, size_t n, uint64_t *out)
{
    sl_assert_cmp(width, <=, 64u);
    if (width == 0) {
        memset(out, 0, n * sizeof(*out));
        return;
    }
    uint64_t mask = width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
    size_t bytes = bitpack_bytes(n, width), i = 0;
    if (width <= 56) /* a value and its shift fit one load */
        for (; i < n && i * width / 8 + 8 <= bytes; i++)
            out[i] = load64(in + i * width / 8) >> (i * width % 8) & mask;
    for (; i < n; i++) {
        uint8_t copy[16] = {0};
        size_t at = i * width / 8;
        unsigned shift = i * width % 8;
        memcpy(copy, in + at, SL_MIN((size_t)9, bytes - at));
        uint64_t high = shift ? (uint64_t)copy[8] << (64 - shift) : 0;
        out[i] = (load64(copy) >> shift | high) & mask;
    }
}

void bitpack_pack64(const uint64_t *in, size_t n, unsigned width, uint8_t *out)
{
    uint64_t word = 0;
    unsigned used = 0;
    for (size_t i = 0; width > 0 && i < n; i++) {
        word |= in[i] << used;
        used += width;
        if (used < 64)
            continue;
        memcpy(out, &word, 8);
        out += 8;
        used -= 64;
        word = used ? in[i] >> (width - used) : 0;
    }
    memcpy(out, &word, (used + 7) / 8);
}

void bitpack_pack(const uint32_t *in, size_t n, unsigned width, uint8_t *out)
{
    uint64_t word = 0;
    unsigned used = 0;
    for (size_t i = 0; width > 0 && i < n; i++) {
        word |= (uint64_t)in[i] << used;
        used += width;
        if (used < 32)
            continue;
        uint32_t low = (uint32_t)word;
        memcpy(out, &low, 4);
        out += 4;
        used -= 32;
        word >>= 32;
    }
    memcpy(out, &word, (used + 7) / 8);
}
