/* Any bytes through each block codec and each stream. The first byte says which, the second how
 * large the result is said to be. */
#include "codec/compress.h"

#include "base/alloc.h"

static void decode_block(int codec, struct sl_str in, size_t out_bytes)
{
    struct compress_context *c = compress_context_new();
    if (compress_can_expand((enum compress_codec)codec, in.n, out_bytes)) {
        SL_AUTOFREE char *out = sl_alloc(out_bytes);
        sl_err_free(compress_decode(c, codec, in.p, in.n, out, out_bytes));
    }
    compress_context_free(c);
}

static void decode_stream(enum compress_format format, struct sl_str in, size_t piece)
{
    struct compress_stream *s = compress_stream_new(format);
    struct sl_err *err = NULL;
    size_t total = 0;
    while (!err && in.n > 0 && total < 1 << 20) {
        struct sl_str now = sl_strn(in.p, SL_MIN(piece, in.n));
        char window[700];
        size_t got;
        in = sl_str_skip(in, now.n);
        do {
            err = compress_stream_decode(s, &now, window, sizeof(window), &got);
            total += err ? 0 : got;
        } while (!err && total < 1 << 20 && (got == sizeof(window) || now.n > 0));
    }
    sl_err_free(err);
    sl_err_free(compress_stream_finish(s));
    compress_stream_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct sl_str in = sl_strn((const char *)data + 2, size - 2);
    int which = data[0] % 11;
    if (which < 8)
        decode_block(which, in, (size_t)data[1] * 37);
    else
        decode_stream((enum compress_format)(which - 8), in, (size_t)data[1] + 1);
    return 0;
}
