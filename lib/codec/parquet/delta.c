#include "codec/parquet/delta.h"

#include "codec/parquet/bitpack.h"
#include "codec/parquet/thrift.h"

enum {
    BLOCK = 128, /* what delta_write uses: the smallest allowed */
    MINIBLOCKS = 4,
    MINIBLOCK = BLOCK / MINIBLOCKS,
    LARGEST_BLOCK = 1 << 20, /* values; writers use 128 or 256 */
    PIECE = 256,             /* deltas unpacked at a time */
};

static struct sl_err *damaged(const char *what)
{
    return SL_ERR(CORRUPT, "damaged delta encoding: %s", what);
}

struct head {
    size_t per_miniblock, miniblocks;
};

static struct sl_err *read_head(const uint8_t **p, const uint8_t *end, size_t n, struct head *ret,
                                int64_t *ret_first)
{
    uint64_t block, miniblocks, total, first;
    if (!thrift_take_varint(p, end, &block) || !thrift_take_varint(p, end, &miniblocks) ||
        !thrift_take_varint(p, end, &total) || !thrift_take_varint(p, end, &first))
        return damaged("the header ends early");
    if (block == 0 || block > LARGEST_BLOCK || miniblocks == 0 || miniblocks > block ||
        block % miniblocks != 0 || block / miniblocks % 32 != 0)
        return damaged("impossible block sizes");
    if (total != n)
        return SL_ERR(CORRUPT, "delta encoding holds %llu values, expected %zu",
                      (unsigned long long)total, n);
    *ret = (struct head){.per_miniblock = block / miniblocks, .miniblocks = miniblocks};
    *ret_first = thrift_unzigzag(first);
    return NULL;
}

/* Adds up `n` deltas of `width` bits; returns the last sum. */
static uint64_t add_deltas(const uint8_t *p, unsigned width, size_t n, uint64_t min_delta,
                           uint64_t sum, int64_t *out)
{
    uint64_t deltas[PIECE];
    for (size_t i = 0; i < n; i += PIECE) {
        size_t k = SL_MIN(n - i, (size_t)PIECE);
        bitpack_unpack64(p + i / 8 * width, width, k, deltas);
        for (size_t j = 0; j < k; j++) {
            sum += min_delta + deltas[j];
            out[i + j] = (int64_t)sum;
        }
    }
    return sum;
}

/* One block: as many of its values as there are up to `n`. */
static struct sl_err *read_block(const uint8_t **p, const uint8_t *end, struct head h, size_t n,
                                 uint64_t *sum, int64_t *out, size_t *ret_done)
{
    uint64_t zigzag;
    if (!thrift_take_varint(p, end, &zigzag) || (size_t)(end - *p) < h.miniblocks)
        return damaged("a block ends early");
    uint64_t min_delta = (uint64_t)thrift_unzigzag(zigzag);
    const uint8_t *widths = *p;
    *p += h.miniblocks;
    size_t done = 0;
    for (size_t m = 0; m < h.miniblocks && done < n; m++) {
        size_t k = SL_MIN(h.per_miniblock, n - done), left = (size_t)(end - *p);
        unsigned width = widths[m];
        if (width > 64 || bitpack_bytes(k, width) > left)
            return damaged("a miniblock ends early");
        *sum = add_deltas(*p, width, k, min_delta, *sum, out + done);
        /* The last miniblock is padded; some writers leave the padding out at the very end. */
        *p += SL_MIN(bitpack_bytes(h.per_miniblock, width), left);
        done += k;
    }
    *ret_done = done;
    return NULL;
}

struct sl_err *delta_read(const uint8_t **p, const uint8_t *end, size_t n, int64_t *out)
{
    struct head h;
    int64_t first;
    SL_TRY(read_head(p, end, n, &h, &first));
    if (n == 0)
        return NULL;
    out[0] = first;
    uint64_t sum = (uint64_t)first;
    for (size_t i = 1; i < n;) {
        size_t done;
        SL_TRY(read_block(p, end, h, n - i, &sum, out + i, &done));
        i += done;
    }
    return NULL;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static void write_block(struct sl_buf *out, const int64_t *values, size_t n, int64_t previous)
{
    uint64_t deltas[BLOCK] = {0};
    int64_t min = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        deltas[i] = (uint64_t)values[i] - (uint64_t)(i ? values[i - 1] : previous);
        min = SL_MIN(min, (int64_t)deltas[i]);
    }
    thrift_put_varint(out, thrift_zigzag(min));
    uint8_t widths[MINIBLOCKS] = {0};
    for (size_t i = 0; i < n; i++) {
        deltas[i] -= (uint64_t)min;
        widths[i / MINIBLOCK] =
            (uint8_t)SL_MAX((unsigned)widths[i / MINIBLOCK], bitpack_width(deltas[i]));
    }
    sl_buf_add(out, widths, sizeof(widths));
    for (size_t m = 0; m * MINIBLOCK < n; m++) {
        size_t bytes = bitpack_bytes(MINIBLOCK, widths[m]);
        char *to = sl_buf_reserve(out, bytes);
        if (!to)
            return;
        bitpack_pack64(deltas + m * MINIBLOCK, MINIBLOCK, widths[m], (uint8_t *)to);
        out->n += bytes;
    }
}

void delta_write(struct sl_buf *out, const int64_t *values, size_t n)
{
    thrift_put_varint(out, BLOCK);
    thrift_put_varint(out, MINIBLOCKS);
    thrift_put_varint(out, n);
    thrift_put_varint(out, n ? thrift_zigzag(values[0]) : 0);
    for (size_t i = 1; i < n; i += BLOCK)
        write_block(out, values + i, SL_MIN(n - i, (size_t)BLOCK), values[i - 1]);
}

/* ---- strings ----------------------------------------------------------------------------------
 */

struct sl_err *delta_read_strings(const uint8_t *p, const uint8_t *end, size_t n, int64_t *lengths,
                                  struct sl_str *out)
{
    SL_TRY(delta_read(&p, end, n, lengths));
    for (size_t i = 0; i < n; i++) {
        if (lengths[i] < 0 || lengths[i] > end - p)
            return damaged("a string reaches beyond the page");
        out[i] = sl_strn((const char *)p, (size_t)lengths[i]);
        p += lengths[i];
    }
    return NULL;
}

struct sl_err *delta_read_prefixed(const uint8_t *p, const uint8_t *end, size_t n,
                                   int64_t *prefixes, int64_t *lengths, struct sl_str *suffixes,
                                   uint64_t *ret_bytes)
{
    SL_TRY(delta_read(&p, end, n, prefixes));
    SL_TRY(delta_read_strings(p, end, n, lengths, suffixes));
    uint64_t total = 0, previous = 0; /* no overflow: n < 2^32 strings of < 2^31 bytes each */
    for (size_t i = 0; i < n; i++) {
        if (prefixes[i] < 0 || (uint64_t)prefixes[i] > previous)
            return damaged("a prefix is longer than the string before");
        previous = (uint64_t)prefixes[i] + suffixes[i].n;
        total += previous;
    }
    *ret_bytes = total;
    return NULL;
}

void delta_join(size_t n, const int64_t *prefixes, struct sl_str *strings, char *bytes)
{
    const char *previous = bytes;
    for (size_t i = 0; i < n; i++) {
        size_t prefix = (size_t)prefixes[i];
        char *at = bytes;
        if (prefix)
            memcpy(at, previous, prefix);
        if (strings[i].n)
            memcpy(at + prefix, strings[i].p, strings[i].n);
        bytes += prefix + strings[i].n;
        strings[i] = sl_strn(at, (size_t)(bytes - at));
        previous = at;
    }
}
