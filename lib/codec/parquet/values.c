#include "codec/parquet/values.h"

#include "codec/parquet/bits.h"
#include "codec/parquet/delta.h"
#include "codec/parquet/rle.h"

const char *values_encoding_name(int encoding)
{
    static const char *const names[] = {
        "PLAIN",          "GROUP_VAR_INT",       "PLAIN_DICTIONARY",        "RLE",
        "BIT_PACKED",     "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY",
        "RLE_DICTIONARY", "BYTE_STREAM_SPLIT",
    };
    return encoding >= 0 && encoding < (int)SL_COUNTOF(names) ? names[encoding] : "unknown";
}

static struct sl_err *unfit(int encoding)
{
    return SL_ERR(INVALID, "encoding %s (%d) is not supported for this type",
                  values_encoding_name(encoding), encoding);
}

static struct sl_err *too_few(size_t n)
{
    return SL_ERR(CORRUPT, "the page holds fewer than the %zu values it states", n);
}

static struct sl_err *read_booleans(int encoding, const uint8_t *p, size_t bytes, size_t n,
                                    uint8_t *out)
{
    if (encoding == ENCODING_PLAIN) {
        if (bits_bytes(n) > bytes)
            return too_few(n);
        bits_to_bytes(p, n, out);
        return NULL;
    }
    if (encoding != ENCODING_RLE)
        return unfit(encoding);
    uint32_t length;
    if (bytes < 4)
        return too_few(n);
    memcpy(&length, p, 4);
    if (length > bytes - 4)
        return too_few(n);
    struct rle_reader r = rle_reader(p + 4, length, 1);
    /* In pieces: as bits, then as bytes. */
    for (size_t i = 0; i < n; i += 512) {
        uint8_t bits[64];
        size_t k = SL_MIN(n - i, (size_t)512);
        if (!rle_read_bits(&r, k, bits, 0))
            return too_few(n);
        bits_to_bytes(bits, k, out + i);
    }
    return NULL;
}

/* Byte i of every value stands in stream i; the streams share the bytes evenly. */
static void join_streams(const uint8_t *p, size_t bytes, size_t n, size_t size, uint8_t *out)
{
    size_t stream = bytes / size;
    for (size_t s = 0; s < size; s++)
        for (size_t i = 0; i < n; i++)
            out[i * size + s] = p[s * stream + i];
}

static struct sl_err *read_deltas(const struct parquet_leaf *leaf, const uint8_t *p, size_t bytes,
                                  size_t n, int64_t *scratch, void *out)
{
    if (leaf->physical == PHYSICAL_INT64)
        return delta_read(&p, p + bytes, n, out);
    SL_TRY(delta_read(&p, p + bytes, n, scratch));
    for (size_t i = 0; i < n; i++)
        ((int32_t *)out)[i] = (int32_t)(uint32_t)(uint64_t)scratch[i];
    return NULL;
}

static bool is_integer(const struct parquet_leaf *leaf)
{
    return leaf->physical == PHYSICAL_INT32 || leaf->physical == PHYSICAL_INT64;
}

size_t values_scratch_bytes(const struct parquet_leaf *leaf, int encoding, size_t n)
{
    bool cut = encoding == ENCODING_DELTA_BINARY_PACKED && leaf->physical == PHYSICAL_INT32;
    return cut ? n * sizeof(int64_t) : 0;
}

struct sl_err *values_read_fixed(const struct parquet_leaf *leaf, int encoding, const uint8_t *p,
                                 size_t bytes, size_t n, void *scratch, void *out)
{
    size_t size = leaf->raw_bytes;
    if (leaf->physical == PHYSICAL_BOOLEAN)
        return read_booleans(encoding, p, bytes, n, out);
    switch (encoding) {
    case ENCODING_PLAIN:
        if (bytes / size < n)
            return too_few(n);
        memcpy(out, p, n * size);
        return NULL;
    case ENCODING_BYTE_STREAM_SPLIT:
        if (bytes / size < n)
            return too_few(n);
        if (leaf->physical == PHYSICAL_INT96)
            return unfit(encoding);
        join_streams(p, bytes, n, size, out);
        return NULL;
    case ENCODING_DELTA_BINARY_PACKED:
        return is_integer(leaf) ? read_deltas(leaf, p, bytes, n, scratch, out) : unfit(encoding);
    default:
        return unfit(encoding);
    }
}

/* ---- strings ----------------------------------------------------------------------------------
 */

static struct sl_err *read_plain_strings(const uint8_t *p, size_t bytes, size_t n,
                                         struct sl_str *out)
{
    const uint8_t *end = p + bytes;
    for (size_t i = 0; i < n; i++) {
        uint32_t length;
        if (end - p < 4)
            return too_few(n);
        memcpy(&length, p, 4);
        p += 4;
        if (length > (size_t)(end - p))
            return SL_ERR(CORRUPT, "string %zu of the page reaches beyond it", i);
        out[i] = sl_strn((const char *)p, length);
        p += length;
    }
    return NULL;
}

static void cut_fixed(const char *p, size_t n, size_t length, struct sl_str *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = sl_strn(p + i * length, length);
}

static struct sl_err *read_prefixed(struct sl_arena *a, const uint8_t *p, size_t bytes, size_t n,
                                    size_t max_bytes, int64_t *scratch, struct sl_str *out)
{
    uint64_t total;
    SL_TRY(delta_read_prefixed(p, p + bytes, n, scratch, scratch + n, out, &total));
    if (total > max_bytes)
        return SL_ERR(EXHAUSTED, "the strings of the page need %llu bytes, more than the limit %zu",
                      (unsigned long long)total, max_bytes);
    delta_join(n, scratch, out, sl_arena_alloc(a, total));
    return NULL;
}

static struct sl_err *check_lengths(const struct parquet_leaf *leaf, const struct sl_str *strings,
                                    size_t n)
{
    for (size_t i = 0; leaf->physical == PHYSICAL_FIXED && i < n; i++)
        if (strings[i].n != leaf->fixed_bytes)
            return SL_ERR(CORRUPT, "a value has %zu bytes, expected %zu", strings[i].n,
                          leaf->fixed_bytes);
    return NULL;
}

struct sl_err *values_read_strings(struct sl_arena *a, const struct parquet_leaf *leaf,
                                   int encoding, const uint8_t *p, size_t bytes, size_t n,
                                   size_t max_bytes, int64_t *scratch, struct sl_str *out)
{
    bool fixed = leaf->physical == PHYSICAL_FIXED;
    switch (encoding) {
    case ENCODING_PLAIN:
        if (!fixed)
            return read_plain_strings(p, bytes, n, out);
        if (bytes / leaf->fixed_bytes < n)
            return too_few(n);
        cut_fixed((const char *)p, n, leaf->fixed_bytes, out);
        return NULL;
    case ENCODING_BYTE_STREAM_SPLIT:
        if (!fixed)
            return unfit(encoding);
        if (bytes / leaf->fixed_bytes < n)
            return too_few(n);
        char *joined = sl_arena_alloc(a, n * leaf->fixed_bytes);
        join_streams(p, bytes, n, leaf->fixed_bytes, (uint8_t *)joined);
        cut_fixed(joined, n, leaf->fixed_bytes, out);
        return NULL;
    case ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        SL_TRY(delta_read_strings(p, p + bytes, n, scratch, out));
        return check_lengths(leaf, out, n);
    case ENCODING_DELTA_BYTE_ARRAY:
        SL_TRY(read_prefixed(a, p, bytes, n, max_bytes, scratch, out));
        return check_lengths(leaf, out, n);
    default:
        return unfit(encoding);
    }
}
