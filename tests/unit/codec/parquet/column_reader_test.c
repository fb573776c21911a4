/* Pages that today's writers do not write, and pages that lie: one column, its pages by hand. */
#include "codec/parquet/page_header.h"
#include "codec/parquet/parquet.h"
#include "codec/parquet/thrift.h"

#include "tests/support/test.h"

struct file {
    struct sl_buf bytes;
    size_t rows;
    enum parquet_physical physical;
    bool optional;
    bool has_converted;
    int converted;
    int scale;
};

static void free_file(struct file *f)
{
    sl_buf_deinit(&f->bytes);
}
#define AUTOFILE(name, ...)                                 \
    struct file name SL_CLEANUP(free_file) = {__VA_ARGS__}; \
    sl_buf_add(&name.bytes, "PAR1", 4)

static void add_page(struct file *f, struct page_header h, const void *body, size_t n)
{
    h.bytes = h.decoded_bytes = (int32_t)n;
    page_header_encode(&h, &f->bytes);
    sl_buf_add(&f->bytes, body, n);
}

static void add_data(struct file *f, int encoding, int32_t rows, const void *body, size_t n)
{
    struct page_header h = {.type = PAGE_DATA,
                            .value_count = rows,
                            .encoding = encoding,
                            .level_encoding = ENCODING_RLE};
    add_page(f, h, body, n);
}

static void add_dictionary(struct file *f, int32_t count, const void *body, size_t n)
{
    struct page_header h = {
        .type = PAGE_DICTIONARY, .value_count = count, .encoding = ENCODING_PLAIN};
    add_page(f, h, body, n);
}

/* Version 2: uncompressed levels of `levels` bytes at the front of the body. */
static void add_v2(struct file *f, int encoding, int32_t rows, int32_t nulls, int32_t levels,
                   const void *body, size_t n)
{
    struct thrift_writer w = thrift_writer(&f->bytes);
    thrift_put_i32(&w, 1, PAGE_DATA_V2);
    thrift_put_i32(&w, 2, (int32_t)n);
    thrift_put_i32(&w, 3, (int32_t)n);
    thrift_begin(&w, 8);
    thrift_put_i32(&w, 1, rows);
    thrift_put_i32(&w, 2, nulls);
    thrift_put_i32(&w, 3, rows);
    thrift_put_i32(&w, 4, encoding);
    thrift_put_i32(&w, 5, levels);
    thrift_put_i32(&w, 6, 0);
    thrift_put_bool(&w, 7, false);
    thrift_end(&w);
    thrift_end(&w);
    sl_buf_add(&f->bytes, body, n);
}

static void add_footer(struct file *f)
{
    int64_t bytes = (int64_t)f->bytes.n - 4, rows = (int64_t)f->rows;
    size_t start = f->bytes.n;
    struct thrift_writer w = thrift_writer(&f->bytes);
    thrift_put_i32(&w, 1, 1);
    thrift_put_list(&w, 2, THRIFT_STRUCT, 2);
    thrift_begin(&w, THRIFT_ELEMENT);
    thrift_put_binary(&w, 4, SL_STR("root"));
    thrift_put_i32(&w, 5, 1);
    thrift_end(&w);
    thrift_begin(&w, THRIFT_ELEMENT);
    thrift_put_i32(&w, 1, f->physical);
    thrift_put_i32(&w, 3, f->optional);
    thrift_put_binary(&w, 4, SL_STR("x"));
    if (f->has_converted)
        thrift_put_i32(&w, 6, f->converted);
    thrift_put_i32(&w, 7, f->scale);
    thrift_end(&w);
    thrift_put_i64(&w, 3, rows);
    thrift_put_list(&w, 4, THRIFT_STRUCT, 1);
    thrift_begin(&w, THRIFT_ELEMENT);
    thrift_put_list(&w, 1, THRIFT_STRUCT, 1);
    thrift_begin(&w, THRIFT_ELEMENT);
    thrift_put_i64(&w, 2, 0);
    thrift_begin(&w, 3);
    thrift_put_i32(&w, 1, f->physical);
    thrift_put_i32(&w, 4, 0);
    thrift_put_i64(&w, 5, rows);
    thrift_put_i64(&w, 6, bytes);
    thrift_put_i64(&w, 7, bytes);
    thrift_put_i64(&w, 9, 4);
    thrift_end(&w);
    thrift_end(&w);
    thrift_put_i64(&w, 2, bytes);
    thrift_put_i64(&w, 3, rows);
    thrift_end(&w);
    thrift_end(&w);
    uint32_t n = (uint32_t)(f->bytes.n - start);
    sl_buf_add(&f->bytes, &n, 4);
    sl_buf_add(&f->bytes, "PAR1", 4);
}

static struct sl_err *read_file(void *ctx, uint64_t offset, void *to, size_t n)
{
    const struct sl_buf *bytes = ctx;
    assert_in_range(offset + n, 0, bytes->n);
    memcpy(to, bytes->p + offset, n);
    return NULL;
}

/* Finishes the file and reads its column. */
static struct sl_err *read_column(struct sl_arena *a, struct file *f, struct parquet_vector *ret)
{
    PARQUET_AUTOWORKSPACE(ws);
    const struct parquet_file *file;
    add_footer(f);
    struct parquet_source source = {read_file, &f->bytes, f->bytes.n};
    SL_TRY(parquet_open(a, &source, NULL, &file));
    return parquet_read_column(a, file, ws, 0, 0, ret);
}

/* ---- pages of other times ---------------------------------------------------------------------
 */

/* Encodings.md, "Bit-packed (Deprecated)": from the most significant bit on. */
static void test_column_reader__bit_packed_levels(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOFILE(f, .rows = 10, .physical = PHYSICAL_INT64, .optional = true);
    const struct page_header h = {.type = PAGE_DATA,
                                  .value_count = 10,
                                  .encoding = ENCODING_PLAIN,
                                  .level_encoding = ENCODING_BIT_PACKED};
    /* Rows 0, 2 and 9 have values. */
    static const uint8_t body[] = {0xa0, 0x40, 7, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0,
                                   0,    0,    0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0};
    add_page(&f, h, body, sizeof(body));
    struct parquet_vector v;
    assert_ok(read_column(a, &f, &v));
    assert_int_equal(v.null_count, 7);
    assert_int_equal(v.i64[0], 7);
    assert_int_equal(v.i64[2], 8);
    assert_int_equal(v.i64[9], 9);
    assert_int_equal(v.valid[0], 0x05);
    assert_int_equal(v.valid[1], 0x02);
}

static void test_column_reader__decimals_as_byte_arrays(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOFILE(f, .rows = 3, .physical = PHYSICAL_BYTE_ARRAY, .has_converted = true,
             .converted = CONVERTED_DECIMAL, .scale = 1);
    static const uint8_t dict[] = {1, 0, 0, 0, 0x80, 2, 0, 0, 0, 0x01, 0x00};
    add_dictionary(&f, 2, dict, sizeof(dict));
    add_data(&f, ENCODING_PLAIN_DICTIONARY, 2, "\x01\x03\x02", 3); /* 0, 1 in one group */
    add_data(&f, ENCODING_PLAIN, 1, "\1\0\0\0\x0f", 5);
    struct parquet_vector v;
    assert_ok(read_column(a, &f, &v));
    assert_true(v.f64[0] == -12.8 && v.f64[1] == 25.6 && v.f64[2] == 1.5);
}

static void test_column_reader__dictionary_of_one_value_without_runs(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOFILE(f, .rows = 5, .physical = PHYSICAL_INT32);
    add_dictionary(&f, 1, "\x2a\0\0\0", 4);
    add_data(&f, ENCODING_RLE_DICTIONARY, 5, "\0", 1);
    struct parquet_vector v;
    assert_ok(read_column(a, &f, &v));
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(v.i64[i], 42);
}

/* A chunk that begins with a dictionary and goes on without. */
static void test_column_reader__strings_of_both_kinds(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOFILE(f, .rows = 5, .physical = PHYSICAL_BYTE_ARRAY, .has_converted = true,
             .converted = CONVERTED_UTF8);
    add_dictionary(&f, 2, "\1\0\0\0a\1\0\0\0b", 10);
    add_data(&f, ENCODING_RLE_DICTIONARY, 2, "\x01\x03\x01", 3); /* 1, 0 */
    add_data(&f, ENCODING_PLAIN, 2, "\1\0\0\0a\2\0\0\0cd", 11);
    add_data(&f, ENCODING_RLE_DICTIONARY, 1, "\x01\x03\x01", 3);
    struct parquet_vector v;
    assert_ok(read_column(a, &f, &v));
    static const char *const expected[] = {"b", "a", "a", "cd", "b"};
    for (size_t i = 0; i < 5; i++)
        assert_str(v.dict[v.codes[i]], expected[i]);
    assert_false(v.valid);
}

static void test_column_reader__version_2(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOFILE(f, .rows = 7, .physical = PHYSICAL_FLOAT, .optional = true);
    /* Levels 1 0 1 packed; then two rows without levels; then two nulls. */
    add_v2(&f, ENCODING_PLAIN, 3, 1, 2, "\x03\x05\0\0\x80\x3f\0\0\0\x40", 10);
    add_v2(&f, ENCODING_PLAIN, 2, 0, 0, "\0\0\x40\x40\0\0\x80\x40", 8);
    add_v2(&f, ENCODING_PLAIN, 2, 2, 2, "\x04\0", 2);
    struct parquet_vector v;
    assert_ok(read_column(a, &f, &v));
    assert_int_equal(v.null_count, 3);
    assert_int_equal(v.valid[0], 0x1d);
    assert_true(v.f32[0] == 1 && v.f32[2] == 2 && v.f32[3] == 3 && v.f32[4] == 4);
    assert_true(v.f32[1] == 0 && v.f32[5] == 0 && v.f32[6] == 0);
}

static void test_column_reader__other_pages_are_skipped(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOFILE(f, .rows = 1, .physical = PHYSICAL_BOOLEAN);
    struct thrift_writer w = thrift_writer(&f.bytes);
    thrift_put_i32(&w, 1, PAGE_INDEX);
    thrift_put_i32(&w, 2, 3);
    thrift_put_i32(&w, 3, 3);
    thrift_begin(&w, 6);
    thrift_end(&w);
    thrift_end(&w);
    sl_buf_add(&f.bytes, "???", 3);
    add_data(&f, ENCODING_PLAIN, 0, "", 0);
    add_data(&f, ENCODING_PLAIN, 1, "\x01", 1);
    struct parquet_vector v;
    assert_ok(read_column(a, &f, &v));
    assert_int_equal(v.boolean[0], 1);
}

/* ---- pages that lie ---------------------------------------------------------------------------
 */

static void test_column_reader__lies(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct parquet_vector v;
    AUTOFILE(no_dictionary, .rows = 1, .physical = PHYSICAL_INT64);
    add_data(&no_dictionary, ENCODING_RLE_DICTIONARY, 1, "\x01\x02\0", 3);
    assert_err(read_column(a, &no_dictionary, &v), CORRUPT,
               "column 'x', row group 0: page at offset 4: dictionary codes without a dictionary");

    AUTOFILE(beyond, .rows = 1, .physical = PHYSICAL_INT32);
    add_dictionary(&beyond, 1, "\0\0\0\0", 4);
    add_data(&beyond, ENCODING_RLE_DICTIONARY, 1, "\x01\x02\x01", 3);
    assert_err(read_column(a, &beyond, &v), CORRUPT, "beyond the dictionary of 1 values");

    AUTOFILE(far_beyond, .rows = 1, .physical = PHYSICAL_BYTE_ARRAY);
    add_dictionary(&far_beyond, 1, "\0\0\0\0", 4);
    add_data(&far_beyond, ENCODING_RLE_DICTIONARY, 1, "\x20\x02\xff\xff\xff\xff", 6);
    assert_err(read_column(a, &far_beyond, &v), CORRUPT, "beyond the dictionary of 1 values");

    AUTOFILE(hollow, .rows = 1, .physical = PHYSICAL_INT64);
    add_dictionary(&hollow, 1 << 30, "\0\0\0\0\0\0\0\0", 8);
    add_data(&hollow, ENCODING_RLE_DICTIONARY, 1, "\x01\x02\0", 3);
    assert_err(read_column(a, &hollow, &v), CORRUPT,
               "dictionary page at offset 4: 8 bytes cannot hold a dictionary of 1073741824");

    AUTOFILE(empty, .rows = 1, .physical = PHYSICAL_INT64);
    add_dictionary(&empty, 0, "", 0);
    add_data(&empty, ENCODING_RLE_DICTIONARY, 1, "\x01\x02\0", 3);
    assert_err(read_column(a, &empty, &v), CORRUPT, "beyond the dictionary of 0 values");

    AUTOFILE(late, .rows = 2, .physical = PHYSICAL_INT32);
    add_data(&late, ENCODING_PLAIN, 1, "\0\0\0\0", 4);
    add_dictionary(&late, 1, "\0\0\0\0", 4);
    assert_err(read_column(a, &late, &v), CORRUPT, "a dictionary after other pages");

    AUTOFILE(more, .rows = 2, .physical = PHYSICAL_INT32);
    add_data(&more, ENCODING_PLAIN, 1, "\0\0\0\0", 4);
    add_data(&more, ENCODING_PLAIN, 2, "\0\0\0\0\0\0\0\0", 8);
    assert_err(read_column(a, &more, &v), CORRUPT, "more values than the row group's 2 rows");

    AUTOFILE(fewer, .rows = 2, .physical = PHYSICAL_INT32);
    add_data(&fewer, ENCODING_PLAIN, 1, "\0\0\0\0", 4);
    assert_err(read_column(a, &fewer, &v), CORRUPT, "hold 1 values, the row group has 2 rows");

    AUTOFILE(shorter, .rows = 2, .physical = PHYSICAL_INT32);
    add_data(&shorter, ENCODING_PLAIN, 2, "\0\0\0\0", 4);
    assert_err(read_column(a, &shorter, &v), CORRUPT, "fewer than the 2 values");

    AUTOFILE(levels, .rows = 2, .physical = PHYSICAL_INT32, .optional = true);
    add_data(&levels, ENCODING_PLAIN, 2, "\xff\0\0\0\x04\x01", 6);
    assert_err(read_column(a, &levels, &v), CORRUPT, "it ends in the definition levels");

    AUTOFILE(v2, .rows = 2, .physical = PHYSICAL_INT32, .optional = true);
    add_v2(&v2, ENCODING_PLAIN, 2, 0, 100, "\x04\x01", 2);
    assert_err(read_column(a, &v2, &v), CORRUPT, "its levels are longer than the page");

    AUTOFILE(encoding, .rows = 1, .physical = PHYSICAL_DOUBLE);
    add_data(&encoding, ENCODING_DELTA_BINARY_PACKED, 1, "\0\0\0\0\0\0\0\0", 8);
    assert_err(read_column(a, &encoding, &v), INVALID,
               "encoding DELTA_BINARY_PACKED (5) is not supported for this type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_column_reader__bit_packed_levels),
        cmocka_unit_test(test_column_reader__decimals_as_byte_arrays),
        cmocka_unit_test(test_column_reader__dictionary_of_one_value_without_runs),
        cmocka_unit_test(test_column_reader__strings_of_both_kinds),
        cmocka_unit_test(test_column_reader__version_2),
        cmocka_unit_test(test_column_reader__other_pages_are_skipped),
        cmocka_unit_test(test_column_reader__lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
