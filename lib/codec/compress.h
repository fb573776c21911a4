/* Compressed bytes to bytes: the block codecs of Parquet, and streams of gzip and zstd files.
 *
 * A decompressed size always comes from the caller, who knows it from a header and has checked it
 * against a limit; compress_can_expand says beforehand whether the codec could make that many bytes
 * of that few, so that a small hostile input does not ask for large memory. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* Numbers are those of Parquet's CompressionCodec. */
enum compress_codec {
    COMPRESS_NONE = 0,
    COMPRESS_SNAPPY = 1,
    COMPRESS_GZIP = 2, /* gzip or zlib framing */
    COMPRESS_LZ4 = 5,  /* Hadoop's framing, as Parquet files have it; also bare blocks */
    COMPRESS_ZSTD = 6,
    COMPRESS_LZ4_RAW = 7,
};

/* "snappy", ...; NULL for a number that is none of the above. */
const char *compress_codec_name(int codec);

/* Contexts and tables that are worth keeping between calls. One thread at a time. */
struct compress_context;
struct compress_context *compress_context_new(void);
/* NULL is fine. */
void compress_context_free(struct compress_context *c);

/* False when no valid input of `in_bytes` decompresses to `out_bytes`. */
bool compress_can_expand(enum compress_codec codec, size_t in_bytes, size_t out_bytes);

/* Decompresses one block of exactly `out_bytes`.
 * Shapes:   in (in_bytes); out (out_bytes), contents undefined after an error.
 * Errors:   corrupt: damaged, or of another size; invalid: a codec this build does not know. */
struct sl_err *compress_decode(struct compress_context *c, int codec, const void *in,
                               size_t in_bytes, void *out, size_t out_bytes) SL_MUST_USE;

/* Appends the zstd frame of `in` (with its content size) to `out`. */
struct sl_err *compress_encode_zstd(struct compress_context *c, int level, const void *in,
                                    size_t in_bytes, struct sl_buf *out) SL_MUST_USE;

/* ---- streams ----------------------------------------------------------------------------------
 */

enum compress_format { COMPRESS_FORMAT_PLAIN, COMPRESS_FORMAT_GZIP, COMPRESS_FORMAT_ZSTD };

/* What the first bytes of a file (4 are enough) say. */
enum compress_format compress_detect(struct sl_str head);

/* Decompresses a file piece by piece; members and frames that follow each other are one stream. */
struct compress_stream;
struct compress_stream *compress_stream_new(enum compress_format format);
/* NULL is fine. */
void compress_stream_free(struct compress_stream *s);

/* Takes bytes off `*in` (p and n move on) and puts at most `room` into `out`.
 * Call again with more room while *ret_out == room or in->n > 0.
 * Errors:   corrupt. */
struct sl_err *compress_stream_decode(struct compress_stream *s, struct sl_str *in, void *out,
                                      size_t room, size_t *ret_out) SL_MUST_USE;
/* To be called when the input has ended.
 * Errors:   corrupt: in the middle of a member or frame. */
struct sl_err *compress_stream_finish(struct compress_stream *s) SL_MUST_USE;
