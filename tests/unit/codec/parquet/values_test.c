#include "codec/parquet/values.h"

#include "tests/support/test.h"

/* Encodings.md, "Byte Stream Split": three values of four bytes. */
static void test_values__byte_stream_split(void **state)
{
    (void)state;
    static const uint8_t in[] = {0xaa, 0x00, 0xa3, 0xbb, 0x11, 0xb4,
                                 0xcc, 0x22, 0xc5, 0xdd, 0x33, 0xd6};
    static const uint8_t expected[] = {0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x11,
                                       0x22, 0x33, 0xa3, 0xb4, 0xc5, 0xd6};
    struct parquet_leaf leaf = {.physical = PHYSICAL_FLOAT, .raw_bytes = 4};
    uint8_t out[12];
    assert_ok(values_read_fixed(&leaf, ENCODING_BYTE_STREAM_SPLIT, in, 12, 3, NULL, out));
    assert_memory_equal(out, expected, 12);
    assert_err(values_read_fixed(&leaf, ENCODING_BYTE_STREAM_SPLIT, in, 11, 3, NULL, out), CORRUPT,
               "fewer than the 3 values");
}

static void test_values__plain_strings(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct parquet_leaf leaf = {.physical = PHYSICAL_BYTE_ARRAY, .kind = PARQUET_STRING};
    static const uint8_t in[] = {2, 0, 0, 0, 'h', 'i', 0, 0, 0, 0, 1, 0, 0, 0, '!'};
    struct sl_str out[3];
    int64_t scratch[6];
    assert_ok(values_read_strings(a, &leaf, ENCODING_PLAIN, in, sizeof(in), 3, 1000, scratch, out));
    assert_str(out[0], "hi");
    assert_str(out[1], "");
    assert_str(out[2], "!");
    assert_err(
        values_read_strings(a, &leaf, ENCODING_PLAIN, in, sizeof(in) - 1, 3, 1000, scratch, out),
        CORRUPT, "string 2 of the page reaches beyond it");
    assert_err(values_read_strings(a, &leaf, ENCODING_PLAIN, in, 10, 3, 1000, scratch, out),
               CORRUPT, "fewer than the 3 values");
    assert_err(values_read_strings(a, &leaf, ENCODING_RLE, in, 10, 3, 1000, scratch, out), INVALID,
               "encoding RLE (3) is not supported for this type");
}

static void test_values__booleans(void **state)
{
    (void)state;
    struct parquet_leaf leaf = {.physical = PHYSICAL_BOOLEAN, .raw_bytes = 1};
    static const uint8_t packed[] = {0x05, 0x01}, expected[] = {1, 0, 1, 0, 0, 0, 0, 0, 1};
    /* The same as runs behind their length: one packed group, then a run of one. */
    static const uint8_t runs[] = {4, 0, 0, 0, 0x03, 0x05, 0x02, 0x01};
    uint8_t out[9];
    assert_ok(values_read_fixed(&leaf, ENCODING_PLAIN, packed, 2, 9, NULL, out));
    assert_memory_equal(out, expected, 9);
    assert_ok(values_read_fixed(&leaf, ENCODING_RLE, runs, sizeof(runs), 9, NULL, out));
    assert_memory_equal(out, expected, 9);
    assert_err(values_read_fixed(&leaf, ENCODING_PLAIN, packed, 1, 9, NULL, out), CORRUPT,
               "fewer than the 9 values");
    assert_err(values_read_fixed(&leaf, ENCODING_RLE, runs, 7, 9, NULL, out), CORRUPT,
               "fewer than the 9 values");
    assert_err(values_read_fixed(&leaf, ENCODING_RLE, runs, 3, 9, NULL, out), CORRUPT,
               "fewer than the 9 values");
    assert_err(values_read_fixed(&leaf, ENCODING_DELTA_BINARY_PACKED, runs, 8, 9, NULL, out),
               INVALID, "encoding DELTA_BINARY_PACKED (5) is not supported for this type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values__byte_stream_split),
        cmocka_unit_test(test_values__plain_strings),
        cmocka_unit_test(test_values__booleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
