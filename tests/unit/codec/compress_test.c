#include "codec/compress.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "tests/support/test.h"

#include <lz4.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

/* Text that compresses, of any length. */
static char *make_text(size_t n)
{
    struct sl_rng rng;
    sl_rng_init(&rng, 1);
    char *p = sl_alloc(n);
    for (size_t i = 0; i < n; i++)
        p[i] = "abcdefgh"[sl_rng_below(&rng, i % 100 < 50 ? 2 : 8)];
    return p;
}

static void add_gzip(struct sl_buf *out, const void *p, size_t n, int window)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t bound = deflateBound(&z, n);
    char *to = sl_buf_reserve(out, bound);
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (unsigned)n;
    z.next_out = (Bytef *)to;
    z.avail_out = (unsigned)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->n += bound - z.avail_out;
    deflateEnd(&z);
}

static void add_lz4(struct sl_buf *out, const char *p, size_t n)
{
    int bound = LZ4_compressBound((int)n);
    char *to = sl_buf_reserve(out, (size_t)bound);
    int stored = LZ4_compress_default(p, to, (int)n, bound);
    assert_true(stored > 0);
    out->n += (size_t)stored;
}

static void add_be32(struct sl_buf *out, size_t v)
{
    const char bytes[] = {(char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v};
    sl_buf_add(out, bytes, 4);
}

/* What each library itself makes of the text. */
static void encode(int codec, const char *p, size_t n, struct sl_buf *out)
{
    size_t bound;
    switch (codec) {
    case COMPRESS_NONE:
        sl_buf_add(out, p, n);
        break;
    case COMPRESS_SNAPPY:
        bound = snappy_max_compressed_length(n);
        assert_int_equal(snappy_compress(p, n, sl_buf_reserve(out, bound), &bound), SNAPPY_OK);
        out->n += bound;
        break;
    case COMPRESS_GZIP:
        add_gzip(out, p, n, 15 + 16);
        break;
    case COMPRESS_LZ4: {
        SL_AUTOBUF(block, 0);
        add_lz4(&block, p, n);
        add_be32(out, n);
        add_be32(out, block.n);
        sl_buf_add_str(out, sl_buf_str(&block));
        break;
    }
    case COMPRESS_LZ4_RAW:
        add_lz4(out, p, n);
        break;
    case COMPRESS_ZSTD:
        bound = ZSTD_compressBound(n);
        out->n += ZSTD_compress(sl_buf_reserve(out, bound), bound, p, n, 3);
        break;
    }
}

static const int codecs[] = {COMPRESS_NONE, COMPRESS_SNAPPY, COMPRESS_GZIP,
                             COMPRESS_LZ4,  COMPRESS_ZSTD,   COMPRESS_LZ4_RAW};

static void free_context(struct compress_context **c)
{
    compress_context_free(*c);
}
#define AUTOCONTEXT(c) struct compress_context *c SL_CLEANUP(free_context) = compress_context_new()

static void test_compress__decodes_what_the_libraries_encode(void **state)
{
    (void)state;
    AUTOCONTEXT(c);
    static const size_t sizes[] = {1, 10, 1000, 300000};
    for (size_t k = 0; k < SL_COUNTOF(codecs); k++)
        for (size_t s = 0; s < SL_COUNTOF(sizes); s++) {
            size_t n = sizes[s];
            SL_AUTOFREE char *text = make_text(n), *back = sl_alloc(n);
            SL_AUTOBUF(packed, 0);
            encode(codecs[k], text, n, &packed);
            assert_true(compress_can_expand((enum compress_codec)codecs[k], packed.n, n));
            assert_ok(compress_decode(c, codecs[k], packed.p, packed.n, back, n));
            assert_memory_equal(back, text, n);
        }
}

static void test_compress__stated_size_must_be_right(void **state)
{
    (void)state;
    AUTOCONTEXT(c);
    size_t n = 1000;
    SL_AUTOFREE char *text = make_text(n), *back = sl_alloc(n + 1);
    for (size_t k = 0; k < SL_COUNTOF(codecs); k++) {
        SL_AUTOBUF(packed, 0);
        encode(codecs[k], text, n, &packed);
        assert_err(compress_decode(c, codecs[k], packed.p, packed.n, back, n - 1), CORRUPT, "");
        assert_err(compress_decode(c, codecs[k], packed.p, packed.n, back, n + 1), CORRUPT, "");
        assert_err(compress_decode(c, codecs[k], packed.p, packed.n - 1, back, n), CORRUPT, "");
        assert_err(compress_decode(c, codecs[k], packed.p, 0, back, n), CORRUPT, "");
    }
    assert_err(compress_decode(c, 4, text, n, back, n), INVALID, "unknown compression codec 4");
}

static void test_compress__gzip_of_several_members(void **state)
{
    (void)state;
    AUTOCONTEXT(c);
    SL_AUTOBUF(packed, 0);
    char back[8];
    add_gzip(&packed, "one", 3, 15 + 16);
    add_gzip(&packed, "two", 3, 15 + 16);
    assert_ok(compress_decode(c, COMPRESS_GZIP, packed.p, packed.n, back, 6));
    assert_memory_equal(back, "onetwo", 6);
    sl_buf_clear(&packed);
    add_gzip(&packed, "zlib", 4, 15);
    assert_ok(compress_decode(c, COMPRESS_GZIP, packed.p, packed.n, back, 4));
    assert_memory_equal(back, "zlib", 4);
}

/* Hadoop splits a block whose compressed parts would not fit its buffer. */
static void test_compress__lz4_of_hadoop_and_bare(void **state)
{
    (void)state;
    AUTOCONTEXT(c);
    size_t n = 1000;
    SL_AUTOFREE char *text = make_text(n), *back = sl_alloc(n);
    SL_AUTOBUF(packed, 0);
    SL_AUTOBUF(part, 0);
    add_be32(&packed, 700);
    for (size_t at = 0; at < n; at += 350) {
        if (at == 700)
            add_be32(&packed, 300);
        sl_buf_clear(&part);
        add_lz4(&part, text + at, SL_MIN((size_t)350, n - at));
        add_be32(&packed, part.n);
        sl_buf_add_str(&packed, sl_buf_str(&part));
    }
    assert_ok(compress_decode(c, COMPRESS_LZ4, packed.p, packed.n, back, n));
    assert_memory_equal(back, text, n);
    sl_buf_clear(&packed);
    add_lz4(&packed, text, n);
    assert_ok(compress_decode(c, COMPRESS_LZ4, packed.p, packed.n, back, n));
    assert_memory_equal(back, text, n);
}

static void test_compress__expansion_is_bounded(void **state)
{
    (void)state;
    size_t n = 16 << 20;
    SL_AUTOFREE char *zeros = sl_alloc_zero(n, 1);
    for (size_t k = 0; k < SL_COUNTOF(codecs); k++) {
        SL_AUTOBUF(packed, 0);
        encode(codecs[k], zeros, n, &packed);
        /* The most compressible text there is passes. */
        assert_true(compress_can_expand((enum compress_codec)codecs[k], packed.n, n));
        assert_false(compress_can_expand((enum compress_codec)codecs[k], 10, n));
    }
    assert_false(compress_can_expand(COMPRESS_NONE, 5, 6));
    assert_true(compress_can_expand(COMPRESS_ZSTD, SIZE_MAX / 2, SIZE_MAX));
    assert_false(compress_can_expand((enum compress_codec)3, 10, 10));
}

static void test_compress__zstd_both_ways(void **state)
{
    (void)state;
    AUTOCONTEXT(c);
    size_t n = 100000;
    SL_AUTOFREE char *text = make_text(n), *back = sl_alloc(n);
    SL_AUTOBUF(packed, 0);
    assert_ok(compress_encode_zstd(c, 1, text, n, &packed));
    assert_int_equal(ZSTD_getFrameContentSize(packed.p, packed.n), n);
    assert_int_equal(ZSTD_decompress(back, n, packed.p, packed.n), n);
    assert_memory_equal(back, text, n);
    SL_AUTOBUF(small, 10);
    assert_err(compress_encode_zstd(c, 1, text, n, &small), EXHAUSTED, "no room");
}

/* ---- streams ----------------------------------------------------------------------------------
 */

static void free_stream(struct compress_stream **s)
{
    compress_stream_free(*s);
}

/* Decodes all of `in`, handed over in pieces, through a window of `room` bytes. */
static struct sl_err *decode_stream(enum compress_format format, struct sl_str in, size_t piece,
                                    size_t room, struct sl_buf *out)
{
    struct compress_stream *s SL_CLEANUP(free_stream) = compress_stream_new(format);
    char window[512];
    while (in.n > 0) {
        struct sl_str now = sl_strn(in.p, SL_MIN(piece, in.n));
        in = sl_str_skip(in, now.n);
        size_t got;
        do {
            SL_TRY(compress_stream_decode(s, &now, window, room, &got));
            sl_buf_add(out, window, got);
        } while (got == room || now.n > 0);
    }
    return compress_stream_finish(s);
}

static void make_stream(enum compress_format format, const char *text, size_t n, struct sl_buf *out)
{
    size_t half = n / 2;
    for (int part = 0; part < 2; part++) { /* two members or frames */
        const char *p = part ? text + half : text;
        size_t k = part ? n - half : half;
        if (format == COMPRESS_FORMAT_GZIP)
            add_gzip(out, p, k, 15 + 16);
        else
            encode(format == COMPRESS_FORMAT_ZSTD ? COMPRESS_ZSTD : COMPRESS_NONE, p, k, out);
    }
}

static void test_compress__streams_in_any_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 1000, 1 << 20}, rooms[] = {1, 13, 512};
    size_t n = 5000;
    SL_AUTOFREE char *text = make_text(n);
    for (int format = COMPRESS_FORMAT_PLAIN; format <= COMPRESS_FORMAT_ZSTD; format++) {
        SL_AUTOBUF(packed, 0);
        make_stream((enum compress_format)format, text, n, &packed);
        assert_int_equal(compress_detect(sl_buf_str(&packed)), format);
        for (size_t i = 0; i < SL_COUNTOF(pieces); i++)
            for (size_t j = 0; j < SL_COUNTOF(rooms); j++) {
                SL_AUTOBUF(out, 0);
                assert_ok(decode_stream((enum compress_format)format, sl_buf_str(&packed),
                                        pieces[i], rooms[j], &out));
                assert_int_equal(out.n, n);
                assert_memory_equal(out.p, text, n);
            }
    }
}

static void test_compress__streams_that_end_early(void **state)
{
    (void)state;
    size_t n = 5000;
    SL_AUTOFREE char *text = make_text(n);
    for (int format = COMPRESS_FORMAT_GZIP; format <= COMPRESS_FORMAT_ZSTD; format++) {
        SL_AUTOBUF(packed, 0);
        SL_AUTOBUF(out, 0);
        make_stream((enum compress_format)format, text, n, &packed);
        struct sl_str cut = sl_strn(packed.p, packed.n - 3);
        assert_err(decode_stream((enum compress_format)format, cut, 100, 100, &out), CORRUPT,
                   "end in the middle");
        /* Frames of zstd need not have a checksum, so there the magic number is damaged. */
        packed.p[format == COMPRESS_FORMAT_GZIP ? packed.n / 4 : 1] ^= 0x55;
        assert_err(decode_stream((enum compress_format)format, sl_buf_str(&packed), 100, 100, &out),
                   CORRUPT, "");
    }
}

static void test_compress__gzip_padding_and_garbage(void **state)
{
    (void)state;
    SL_AUTOBUF(packed, 0);
    SL_AUTOBUF(out, 0);
    add_gzip(&packed, "text", 4, 15 + 16);
    sl_buf_add(&packed, "\0\0\0\0\0", 5);
    assert_ok(decode_stream(COMPRESS_FORMAT_GZIP, sl_buf_str(&packed), 3, 100, &out));
    assert_str(sl_buf_str(&out), "text");
    sl_buf_add(&packed, "garbage", 7);
    assert_err(decode_stream(COMPRESS_FORMAT_GZIP, sl_buf_str(&packed), 3, 100, &out), CORRUPT,
               "damaged gzip data");
}

static void test_compress__detects_by_the_first_bytes(void **state)
{
    (void)state;
    assert_int_equal(compress_detect(SL_STR("")), COMPRESS_FORMAT_PLAIN);
    assert_int_equal(compress_detect(SL_STR("a,b")), COMPRESS_FORMAT_PLAIN);
    assert_int_equal(compress_detect(SL_STR("\x1f\x8b\x08")), COMPRESS_FORMAT_GZIP);
    assert_int_equal(compress_detect(SL_STR("\x28\xb5\x2f\xfd")), COMPRESS_FORMAT_ZSTD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compress__decodes_what_the_libraries_encode),
        cmocka_unit_test(test_compress__stated_size_must_be_right),
        cmocka_unit_test(test_compress__gzip_of_several_members),
        cmocka_unit_test(test_compress__lz4_of_hadoop_and_bare),
        cmocka_unit_test(test_compress__expansion_is_bounded),
        cmocka_unit_test(test_compress__zstd_both_ways),
        cmocka_unit_test(test_compress__streams_in_any_pieces),
        cmocka_unit_test(test_compress__streams_that_end_early),
        cmocka_unit_test(test_compress__gzip_padding_and_garbage),
        cmocka_unit_test(test_compress__detects_by_the_first_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
