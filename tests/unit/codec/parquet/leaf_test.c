#include "codec/parquet/leaf.h"

#include "tests/support/test.h"

#include <math.h>

static struct parquet_leaf leaf_of(struct footer_element e, struct parquet_column *column)
{
    static struct sl_arena *a;
    struct parquet_leaf leaf = {0};
    sl_arena_free(a);
    a = sl_arena_new();
    *column = (struct parquet_column){0};
    leaf_from_element(a, &e, &leaf, column);
    return leaf;
}

static struct footer_element element(int physical, int converted, int logical)
{
    return (struct footer_element){
        .physical = physical, .converted = converted, .logical = logical};
}

static void test_leaf__types_and_kinds(void **state)
{
    (void)state;
    struct footer_element decimal = element(PHYSICAL_FIXED, CONVERTED_DECIMAL, LOGICAL_NONE);
    decimal.type_length = 3;
    decimal.scale = 2;
    struct footer_element nanos = element(PHYSICAL_INT64, CONVERTED_NONE, LOGICAL_TIMESTAMP);
    nanos.unit = UNIT_NANOS;
    struct footer_element listed = element(PHYSICAL_INT64, CONVERTED_NONE, LOGICAL_NONE);
    listed.repetition = REPETITION_REPEATED;
    struct footer_element half = element(PHYSICAL_FIXED, CONVERTED_NONE, LOGICAL_FLOAT16);
    half.type_length = 3;
    const struct {
        struct footer_element e;
        enum parquet_kind kind;
        const char *type;
        const char *why;
    } cases[] = {
        {element(PHYSICAL_BOOLEAN, -1, 0), PARQUET_BOOL, "BOOLEAN", ""},
        {element(PHYSICAL_INT32, -1, 0), PARQUET_INT64, "INT32", ""},
        {element(PHYSICAL_INT32, CONVERTED_UINT_16, 0), PARQUET_INT64, "INT32 UINT16", ""},
        {element(PHYSICAL_INT32, CONVERTED_DATE, 0), PARQUET_TIMESTAMP, "INT32 DATE", ""},
        {element(PHYSICAL_INT96, -1, 0), PARQUET_TIMESTAMP, "INT96", ""},
        {element(PHYSICAL_INT64, CONVERTED_TIMESTAMP_MILLIS, 0), PARQUET_TIMESTAMP,
         "INT64 TIMESTAMP(MILLIS)", ""},
        {nanos, PARQUET_TIMESTAMP, "INT64 TIMESTAMP(NANOS)", ""},
        {element(PHYSICAL_BYTE_ARRAY, CONVERTED_UTF8, 0), PARQUET_STRING, "BYTE_ARRAY STRING", ""},
        {element(PHYSICAL_BYTE_ARRAY, -1, LOGICAL_JSON), PARQUET_STRING, "BYTE_ARRAY JSON", ""},
        {decimal, PARQUET_DOUBLE, "FIXED_LEN_BYTE_ARRAY(3) DECIMAL", ""},
        {element(PHYSICAL_INT64, CONVERTED_UTF8, 0), PARQUET_UNSUPPORTED, "INT64",
         "its logical type does not fit"},
        {element(PHYSICAL_INT64, -1, LOGICAL_LATER), PARQUET_UNSUPPORTED, "INT64",
         "its logical type is not known here"},
        {element(99, -1, 0), PARQUET_UNSUPPORTED, "?", "its physical type is not known here"},
        {element(PHYSICAL_FIXED, -1, 0), PARQUET_UNSUPPORTED, "FIXED_LEN_BYTE_ARRAY(0)",
         "its fixed length is impossible"},
        {half, PARQUET_UNSUPPORTED, "FIXED_LEN_BYTE_ARRAY(3)", "its logical type does not fit"},
        {listed, PARQUET_UNSUPPORTED, "INT64", "it is repeated: a list in every row"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct parquet_column column;
        leaf_of(cases[i].e, &column);
        assert_int_equal(column.kind, cases[i].kind);
        assert_str(column.type, cases[i].type);
        assert_str(column.why, cases[i].why);
    }
}

static void test_leaf__instants_and_wall_clocks(void **state)
{
    (void)state;
    struct parquet_column column;
    leaf_of(element(PHYSICAL_INT64, CONVERTED_TIMESTAMP_MICROS, 0), &column);
    assert_true(column.utc);
    struct footer_element e = element(PHYSICAL_INT64, CONVERTED_NONE, LOGICAL_TIMESTAMP);
    e.unit = UNIT_MICROS;
    leaf_of(e, &column);
    assert_false(column.utc);
}

static struct sl_err *convert(struct footer_element e, const void *raw, void *out)
{
    struct parquet_column column;
    struct parquet_leaf leaf = leaf_of(e, &column);
    assert_int_not_equal(column.kind, PARQUET_UNSUPPORTED);
    return leaf_convert_values(&leaf, raw, 1, out);
}

static void test_leaf__integers_and_times(void **state)
{
    (void)state;
    int64_t out;
    int32_t minus = -1;
    assert_ok(convert(element(PHYSICAL_INT32, -1, 0), &minus, &out));
    assert_int_equal(out, -1);
    assert_ok(convert(element(PHYSICAL_INT32, CONVERTED_UINT_32, 0), &minus, &out));
    assert_int_equal(out, UINT32_MAX);
    assert_ok(convert(element(PHYSICAL_INT32, CONVERTED_DATE, 0), &minus, &out));
    assert_int_equal(out, INT64_C(-86400000000));
    int32_t far = INT32_MAX;
    assert_err(convert(element(PHYSICAL_INT32, CONVERTED_DATE, 0), &far, &out), INVALID,
               "beyond the years");
    int64_t wide = -1;
    assert_err(convert(element(PHYSICAL_INT64, CONVERTED_UINT_64, 0), &wide, &out), INVALID,
               "above 2^63 - 1");
    wide = INT64_MAX / 999;
    assert_err(convert(element(PHYSICAL_INT64, CONVERTED_TIMESTAMP_MILLIS, 0), &wide, &out),
               INVALID, "beyond the years");
    struct footer_element nanos = element(PHYSICAL_INT64, CONVERTED_NONE, LOGICAL_TIMESTAMP);
    nanos.unit = UNIT_NANOS;
    wide = -1; /* floor, so that order is kept */
    assert_ok(convert(nanos, &wide, &out));
    assert_int_equal(out, -1);
    wide = 1999;
    assert_ok(convert(nanos, &wide, &out));
    assert_int_equal(out, 1);
    /* Julian day 2440589 is 1970-01-02; 1 us and 1 ns past midnight. */
    static const uint8_t int96[] = {0xe9, 0x03, 0, 0, 0, 0, 0, 0, 0x8d, 0x3d, 0x25, 0};
    assert_ok(convert(element(PHYSICAL_INT96, -1, 0), int96, &out));
    assert_int_equal(out, INT64_C(86400000001));
}

static void test_leaf__decimals(void **state)
{
    (void)state;
    double out;
    int32_t cents = -12345;
    struct footer_element e = element(PHYSICAL_INT32, CONVERTED_DECIMAL, LOGICAL_NONE);
    e.scale = 2;
    assert_ok(convert(e, &cents, &out));
    assert_true(out == -123.45);
    e = element(PHYSICAL_FIXED, CONVERTED_NONE, LOGICAL_DECIMAL);
    e.type_length = 3;
    e.scale = 2;
    assert_ok(convert(e, "\xff\xcf\xc7", &out)); /* -12345, big-endian */
    assert_true(out == -123.45);
    e.type_length = 18; /* longer than the widest integer */
    assert_ok(convert(e, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x30\x39", &out));
    assert_true(out == 123.45);
    e = element(PHYSICAL_BYTE_ARRAY, CONVERTED_NONE, LOGICAL_DECIMAL);
    e.scale = 1;
    struct sl_str raw = SL_STR("\x80");
    assert_ok(convert(e, &raw, &out));
    assert_true(out == -12.8);
    raw = SL_STR("");
    assert_ok(convert(e, &raw, &out));
    assert_true(out == 0);
}

/* Values of IEEE 754 binary16 from its definition. */
static void test_leaf__half_floats(void **state)
{
    (void)state;
    struct footer_element e = element(PHYSICAL_FIXED, CONVERTED_NONE, LOGICAL_FLOAT16);
    e.type_length = 2;
    float out;
    assert_ok(convert(e, "\x00\x3c", &out));
    assert_true(out == 1.0f);
    assert_ok(convert(e, "\xff\xfb", &out));
    assert_true(out == -65504.0f);
    assert_ok(convert(e, "\x01\x00", &out));
    assert_true(out == 0x1p-24f);
    assert_ok(convert(e, "\x00\x80", &out));
    assert_true(out == 0.0f && signbit(out));
    assert_ok(convert(e, "\x00\x7c", &out));
    assert_true(isinf(out));
    assert_ok(convert(e, "\x01\x7c", &out));
    assert_true(isnan(out));
}

static void test_leaf__statistics(void **state)
{
    (void)state;
    struct parquet_column column;
    struct footer_stats none = {
        .null_count = -1, .distinct_count = -1, .min_exact = -1, .max_exact = -1};
    struct parquet_leaf leaf = leaf_of(element(PHYSICAL_INT32, -1, 0), &column);
    struct footer_stats s = none;
    s.old_min = SL_STR("\xff\xff\xff\xff");
    s.max = SL_STR("\x05\0\0\0");
    s.null_count = 3;
    struct parquet_stats out = leaf_decode_stats(&leaf, &s);
    assert_true(out.has_min && out.has_max && out.has_null_count && !out.has_distinct_count);
    assert_int_equal(out.min.i64, -1);
    assert_int_equal(out.max.i64, 5);
    assert_int_equal(out.null_count, 3);
    s.max = SL_STR("\x05");
    assert_false(leaf_decode_stats(&leaf, &s).has_max);
    /* The old fields have no known order for strings and unsigned numbers. */
    leaf = leaf_of(element(PHYSICAL_BYTE_ARRAY, CONVERTED_UTF8, 0), &column);
    s = none;
    s.old_min = SL_STR("a");
    s.max = SL_STR("z");
    out = leaf_decode_stats(&leaf, &s);
    assert_false(out.has_min);
    assert_str(out.max.str, "z");
    assert_false(out.max_exact);
    leaf = leaf_of(element(PHYSICAL_DOUBLE, -1, 0), &column);
    s = none;
    s.min = SL_STR("\0\0\0\0\0\0\xf8\x7f"); /* NaN */
    assert_false(leaf_decode_stats(&leaf, &s).has_min);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaf__types_and_kinds),
        cmocka_unit_test(test_leaf__instants_and_wall_clocks),
        cmocka_unit_test(test_leaf__integers_and_times),
        cmocka_unit_test(test_leaf__decimals),
        cmocka_unit_test(test_leaf__half_floats),
        cmocka_unit_test(test_leaf__statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
