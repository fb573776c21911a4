#include "codec/parquet/rle.h"

#include "codec/parquet/bitpack.h"
#include "codec/parquet/bits.h"
#include "codec/parquet/thrift.h"

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool next_run(struct rle_reader *r)
{
    uint64_t header;
    if (!thrift_take_varint(&r->p, r->end, &header))
        return false;
    size_t left = (size_t)(r->end - r->p);
    r->packed = header & 1;
    r->run_left = header >> 1;
    if (!r->packed) {
        size_t bytes = (r->width + 7) / 8;
        if (bytes > left)
            return false;
        r->value = 0;
        memcpy(&r->value, r->p, bytes);
        r->p += bytes;
        return r->width == 32 || r->value >> r->width == 0;
    }
    /* Some writers cut the last group off after its last value. */
    size_t groups = header >> 1, whole = r->width ? left / r->width : groups;
    if (groups > whole) {
        r->run_left = left * 8 / (r->width ? r->width : 1);
        r->at = r->p;
        r->p = r->end;
    } else {
        if (groups > SIZE_MAX / 8)
            return false;
        r->run_left = groups * 8;
        r->at = r->p;
        r->p += groups * r->width;
    }
    r->bit = 0;
    return true;
}

/* Copies from the packed run, which need not be used from a byte's start on. */
static void take_packed(struct rle_reader *r, size_t n, uint32_t *out)
{
    size_t head = (8 - r->bit % 8) % 8; /* up to the next group */
    if (head > 0) {
        uint32_t group[8];
        size_t offset = 8 - head, k = SL_MIN(head, n);
        size_t start = r->bit - offset;
        /* The last group may be cut: unpack only what is asked for. */
        bitpack_unpack(r->at + start / 8 * r->width, r->width, offset + k, group);
        memcpy(out, group + offset, k * sizeof(*out));
        out += k;
        n -= k;
        r->bit += k;
    }
    if (n > 0)
        bitpack_unpack(r->at + r->bit / 8 * r->width, r->width, n, out);
    r->bit += n;
}

bool rle_read(struct rle_reader *r, size_t n, uint32_t *out)
{
    while (n > 0) {
        if (r->run_left == 0) {
            if (!next_run(r))
                return false;
            continue;
        }
        size_t k = SL_MIN(n, r->run_left);
        if (r->packed)
            take_packed(r, k, out);
        else
            for (size_t i = 0; i < k; i++)
                out[i] = r->value;
        out += k;
        n -= k;
        r->run_left -= k;
    }
    return true;
}

bool rle_read_bits(struct rle_reader *r, size_t n, uint8_t *out, size_t to)
{
    while (n > 0) {
        if (r->run_left == 0) {
            if (!next_run(r))
                return false;
            continue;
        }
        size_t k = SL_MIN(n, r->run_left);
        if (r->packed)
            bits_copy(out, to, r->at, r->bit, k);
        else
            bits_fill(out, to, k, r->value);
        r->bit += k;
        to += k;
        n -= k;
        r->run_left -= k;
    }
    return true;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* `n` is a multiple of 8 but in the last run, which is padded with zeros. */
static void put_packed(struct sl_buf *out, const uint32_t *values, size_t n, unsigned width)
{
    if (n == 0)
        return;
    size_t groups = (n + 7) / 8, bytes = groups * width;
    thrift_put_varint(out, (uint64_t)groups << 1 | 1);
    char *to = sl_buf_reserve(out, bytes);
    if (!to)
        return;
    memset(to + bitpack_bytes(n, width), 0, bytes - bitpack_bytes(n, width));
    bitpack_pack(values, n, width, (uint8_t *)to);
    out->n += bytes;
}

static void put_repeated(struct sl_buf *out, uint32_t value, size_t n, unsigned width)
{
    thrift_put_varint(out, (uint64_t)n << 1);
    sl_buf_add(out, &value, (width + 7) / 8);
}

/* From which length on a run of equal values is better told than packed: it costs some 4 bytes with
 * the header of the packed run behind it. */
static size_t shortest_run(unsigned width)
{
    return width < 4 ? 32 / SL_MAX(width, 1u) : 8;
}

void rle_write(struct sl_buf *out, const uint32_t *values, size_t n, unsigned width)
{
    size_t enough = shortest_run(width);
    size_t pending = 0,
           i = 0; /* values[pending .. i) wait to be packed; i - pending is in groups */
    while (i < n) {
        size_t end = i + 1;
        while (end < n && values[end] == values[i])
            end++;
        if (end - i >= enough) {
            put_packed(out, values + pending, i - pending, width);
            put_repeated(out, values[i], end - i, width);
            pending = i = end;
        } else {
            i = SL_MIN(i + 8, n);
        }
    }
    put_packed(out, values + pending, n - pending, width);
}

void rle_write_bits(struct sl_buf *out, const uint8_t *bits, size_t from, size_t n)
{
    size_t ones = bits_count(bits, from, n);
    if (ones == 0 || ones == n) {
        put_repeated(out, ones ? 1 : 0, n, 1);
        return;
    }
    thrift_put_varint(out, (uint64_t)bits_bytes(n) << 1 | 1);
    char *to = sl_buf_reserve(out, bits_bytes(n));
    if (!to)
        return;
    memset(to, 0, bits_bytes(n));
    bits_copy((uint8_t *)to, 0, bits, from, n);
    out->n += bits_bytes(n);
}
