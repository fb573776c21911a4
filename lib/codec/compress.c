#include "codec/compress.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <limits.h>
#include <lz4.h>
#include <snappy-c.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

/* zlib counts in unsigned int. */
enum { ZLIB_PIECE = 1 << 30, ZLIB_ANY_FRAMING = 15 + 32 };

struct compress_context {
    ZSTD_CCtx *zstd_out;
    ZSTD_DCtx *zstd_in;
    z_stream zlib_in;
    bool zlib_ready;
};

const char *compress_codec_name(int codec)
{
    switch (codec) {
    case COMPRESS_NONE:
        return "uncompressed";
    case COMPRESS_SNAPPY:
        return "snappy";
    case COMPRESS_GZIP:
        return "gzip";
    case COMPRESS_LZ4:
        return "lz4";
    case COMPRESS_ZSTD:
        return "zstd";
    case COMPRESS_LZ4_RAW:
        return "lz4_raw";
    default:
        return NULL;
    }
}

struct compress_context *compress_context_new(void)
{
    return SL_NEW(struct compress_context);
}

void compress_context_free(struct compress_context *c)
{
    if (!c)
        return;
    ZSTD_freeCCtx(c->zstd_out);
    ZSTD_freeDCtx(c->zstd_in);
    if (c->zlib_ready)
        inflateEnd(&c->zlib_in);
    sl_free(c);
}

/* Largest expansion that the formats allow: snappy copies 64 bytes with 3, LZ4 adds 255 to a length
 * with one, deflate codes 258 bytes with 2 bits, and zstd repeats a byte 128 KiB times in a block
 * of 4. */
bool compress_can_expand(enum compress_codec codec, size_t in_bytes, size_t out_bytes)
{
    size_t factor;
    switch (codec) {
    case COMPRESS_NONE:
        return in_bytes == out_bytes;
    case COMPRESS_SNAPPY:
        factor = 22;
        break;
    case COMPRESS_LZ4:
    case COMPRESS_LZ4_RAW:
        factor = 256;
        break;
    case COMPRESS_GZIP:
        factor = 1040;
        break;
    case COMPRESS_ZSTD:
        factor = 1 << 16;
        break;
    default:
        return false;
    }
    size_t most;
    return __builtin_mul_overflow(in_bytes, factor, &most) || out_bytes <= most;
}

/* ---- one block --------------------------------------------------------------------------------
 */

static struct sl_err *wrong_size(const char *codec, size_t got, size_t want)
{
    return SL_ERR(CORRUPT, "%s block holds %zu bytes, expected %zu", codec, got, want);
}

static struct sl_err *decode_snappy(const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
    size_t n = 0;
    if (snappy_uncompressed_length(in, in_bytes, &n) != SNAPPY_OK)
        return SL_ERR(CORRUPT, "snappy block without a length");
    if (n != out_bytes)
        return wrong_size("snappy", n, out_bytes);
    if (snappy_uncompress(in, in_bytes, out, &n) != SNAPPY_OK)
        return SL_ERR(CORRUPT, "damaged snappy block of %zu bytes", in_bytes);
    return NULL;
}

static struct sl_err *decode_zstd(struct compress_context *c, const void *in, size_t in_bytes,
                                  void *out, size_t out_bytes)
{
    if (!c->zstd_in)
        c->zstd_in = ZSTD_createDCtx();
    sl_assert(c->zstd_in);
    size_t n = ZSTD_decompressDCtx(c->zstd_in, out, out_bytes, in, in_bytes);
    if (ZSTD_isError(n))
        return SL_ERR(CORRUPT, "damaged zstd block: %s", ZSTD_getErrorName(n));
    return n == out_bytes ? NULL : wrong_size("zstd", n, out_bytes);
}

static struct sl_err *decode_lz4_block(const char *in, size_t in_bytes, char *out, size_t out_bytes)
{
    if (in_bytes > INT_MAX || out_bytes > INT_MAX)
        return SL_ERR(CORRUPT, "lz4 block of more than 2 GiB");
    int n = LZ4_decompress_safe(in, out, (int)in_bytes, (int)out_bytes);
    if (n < 0)
        return SL_ERR(CORRUPT, "damaged lz4 block of %zu bytes", in_bytes);
    return (size_t)n == out_bytes ? NULL : wrong_size("lz4", (size_t)n, out_bytes);
}

/* Big-endian, four bytes; false when they are not there. */
static bool take_be32(struct sl_str *in, size_t *ret)
{
    if (in->n < 4)
        return false;
    const unsigned char *p = (const unsigned char *)in->p;
    *ret = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    *in = sl_str_skip(*in, 4);
    return true;
}

/* Hadoop writes blocks of {decoded length, {stored length, LZ4 block}...} until that length is
 * reached. */
static bool decode_lz4_hadoop(struct sl_str in, char *out, size_t out_bytes)
{
    size_t done = 0;
    while (in.n > 0) {
        size_t block;
        if (!take_be32(&in, &block) || block > out_bytes - done || block > INT_MAX)
            return false;
        size_t end = done + block;
        while (done < end) {
            size_t stored;
            if (!take_be32(&in, &stored) || stored > in.n || stored > INT_MAX)
                return false;
            int n = LZ4_decompress_safe(in.p, out + done, (int)stored, (int)(end - done));
            if (n <= 0)
                return false;
            done += (size_t)n;
            in = sl_str_skip(in, stored);
        }
    }
    return done == out_bytes;
}

static struct sl_err *decode_gzip(struct compress_context *c, const void *in, size_t in_bytes,
                                  void *out, size_t out_bytes)
{
    z_stream *z = &c->zlib_in;
    if (in_bytes > ZLIB_PIECE || out_bytes > ZLIB_PIECE)
        return SL_ERR(CORRUPT, "gzip block of more than 1 GiB");
    if (!c->zlib_ready)
        sl_assert(inflateInit2(z, ZLIB_ANY_FRAMING) == Z_OK);
    c->zlib_ready = true;
    /* zlib wants a pointer even where there is nothing to write. */
    char none = 0;
    z->next_in = in;
    z->avail_in = (unsigned)in_bytes;
    z->next_out = out_bytes ? out : &none;
    z->avail_out = (unsigned)out_bytes;
    int rc;
    do { /* once per member */
        sl_assert(inflateReset2(z, ZLIB_ANY_FRAMING) == Z_OK);
        rc = inflate(z, Z_FINISH);
    } while (rc == Z_STREAM_END && z->avail_in > 0);
    if (rc != Z_STREAM_END)
        return SL_ERR(CORRUPT, "damaged gzip block: %s",
                      z->msg ? z->msg : "it ends early or is larger than stated");
    return z->avail_out == 0 ? NULL : wrong_size("gzip", out_bytes - z->avail_out, out_bytes);
}

struct sl_err *compress_decode(struct compress_context *c, int codec, const void *in,
                               size_t in_bytes, void *out, size_t out_bytes)
{
    switch (codec) {
    case COMPRESS_NONE:
        if (in_bytes != out_bytes)
            return wrong_size("uncompressed", in_bytes, out_bytes);
        if (out_bytes)
            memcpy(out, in, out_bytes);
        return NULL;
    case COMPRESS_SNAPPY:
        return decode_snappy(in, in_bytes, out, out_bytes);
    case COMPRESS_GZIP:
        return decode_gzip(c, in, in_bytes, out, out_bytes);
    case COMPRESS_LZ4:
        if (decode_lz4_hadoop(sl_strn(in, in_bytes), out, out_bytes))
            return NULL;
        SL_FALLTHROUGH; /* some writers said LZ4 and wrote the bare block */
    case COMPRESS_LZ4_RAW:
        return decode_lz4_block(in, in_bytes, out, out_bytes);
    case COMPRESS_ZSTD:
        return decode_zstd(c, in, in_bytes, out, out_bytes);
    default:
        return SL_ERR(INVALID, "unknown compression codec %d", codec);
    }
}

struct sl_err *compress_encode_zstd(struct compress_context *c, int level, const void *in,
                                    size_t in_bytes, struct sl_buf *out)
{
    if (!c->zstd_out)
        c->zstd_out = ZSTD_createCCtx();
    sl_assert(c->zstd_out);
    size_t bound = ZSTD_compressBound(in_bytes);
    char *to = sl_buf_reserve(out, bound);
    if (!to)
        return SL_ERR(EXHAUSTED, "no room for %zu compressed bytes", bound);
    size_t n = ZSTD_compressCCtx(c->zstd_out, to, bound, in, in_bytes, level);
    if (ZSTD_isError(n))
        return SL_ERR(INTERNAL, "zstd: %s", ZSTD_getErrorName(n));
    out->n += n;
    out->p[out->n] = '\0';
    return NULL;
}

/* ---- streams ----------------------------------------------------------------------------------
 */

struct compress_stream {
    enum compress_format format;
    bool inside; /* a member or frame has begun and not ended */
    bool padded; /* zeros after the last gzip member, as tapes have them */
    z_stream zlib;
    ZSTD_DCtx *zstd;
};

enum compress_format compress_detect(struct sl_str head)
{
    if (sl_str_starts(head, SL_STR("\x1f\x8b")))
        return COMPRESS_FORMAT_GZIP;
    if (sl_str_starts(head, SL_STR("\x28\xb5\x2f\xfd")))
        return COMPRESS_FORMAT_ZSTD;
    return COMPRESS_FORMAT_PLAIN;
}

struct compress_stream *compress_stream_new(enum compress_format format)
{
    struct compress_stream *s = SL_NEW(struct compress_stream);
    s->format = format;
    if (format == COMPRESS_FORMAT_GZIP)
        sl_assert(inflateInit2(&s->zlib, ZLIB_ANY_FRAMING) == Z_OK);
    if (format == COMPRESS_FORMAT_ZSTD)
        sl_assert((s->zstd = ZSTD_createDCtx()) != NULL);
    return s;
}

void compress_stream_free(struct compress_stream *s)
{
    if (!s)
        return;
    if (s->format == COMPRESS_FORMAT_GZIP)
        inflateEnd(&s->zlib);
    ZSTD_freeDCtx(s->zstd);
    sl_free(s);
}

static void skip_padding(const struct compress_stream *s, struct sl_str *in)
{
    while (s->padded && !s->inside && in->n > 0 && in->p[0] == 0)
        *in = sl_str_skip(*in, 1);
}

static struct sl_err *stream_gzip(struct compress_stream *s, struct sl_str *in, void *out,
                                  size_t room, size_t *ret_out)
{
    z_stream *z = &s->zlib;
    size_t done = 0;
    skip_padding(s, in);
    /* With nothing to take zlib may still have bytes to give. */
    while (done < room && (in->n > 0 || s->inside)) {
        size_t piece = SL_MIN(in->n, (size_t)ZLIB_PIECE);
        size_t space = SL_MIN(room - done, (size_t)ZLIB_PIECE);
        z->next_in = (const Bytef *)in->p;
        z->avail_in = (unsigned)piece;
        z->next_out = (Bytef *)out + done;
        z->avail_out = (unsigned)space;
        int rc = inflate(z, Z_NO_FLUSH);
        *in = sl_str_skip(*in, piece - z->avail_in);
        done += space - z->avail_out;
        s->inside = true;
        if (rc == Z_STREAM_END) {
            sl_assert(inflateReset2(z, ZLIB_ANY_FRAMING) == Z_OK);
            s->inside = false;
            s->padded = true;
            skip_padding(s, in);
        } else if (rc == Z_BUF_ERROR) {
            break; /* wants more input */
        } else if (rc != Z_OK) {
            return SL_ERR(CORRUPT, "damaged gzip data: %s", z->msg ? z->msg : "unknown");
        }
    }
    *ret_out = done;
    return NULL;
}

static struct sl_err *stream_zstd(struct compress_stream *s, struct sl_str *in, void *out,
                                  size_t room, size_t *ret_out)
{
    ZSTD_inBuffer from = {in->p, in->n, 0};
    ZSTD_outBuffer to = {out, room, 0};
    while (to.pos < to.size && (from.pos < from.size || s->inside)) {
        size_t in_before = from.pos, out_before = to.pos;
        size_t rc = ZSTD_decompressStream(s->zstd, &to, &from);
        if (ZSTD_isError(rc))
            return SL_ERR(CORRUPT, "damaged zstd data: %s", ZSTD_getErrorName(rc));
        s->inside = rc != 0;
        if (from.pos == in_before && to.pos == out_before)
            break;
    }
    *in = sl_str_skip(*in, from.pos);
    *ret_out = to.pos;
    return NULL;
}

struct sl_err *compress_stream_decode(struct compress_stream *s, struct sl_str *in, void *out,
                                      size_t room, size_t *ret_out)
{
    switch (s->format) {
    case COMPRESS_FORMAT_GZIP:
        return stream_gzip(s, in, out, room, ret_out);
    case COMPRESS_FORMAT_ZSTD:
        return stream_zstd(s, in, out, room, ret_out);
    case COMPRESS_FORMAT_PLAIN:
        break;
    }
    size_t n = SL_MIN(in->n, room);
    if (n)
        memcpy(out, in->p, n);
    *in = sl_str_skip(*in, n);
    *ret_out = n;
    return NULL;
}

struct sl_err *compress_stream_finish(struct compress_stream *s)
{
    if (s->inside)
        return SL_ERR(CORRUPT, "the compressed data end in the middle");
    return NULL;
}
