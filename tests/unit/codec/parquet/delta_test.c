#include "codec/parquet/delta.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "tests/support/test.h"

/* The examples of Encodings.md, "Delta Encoding", in blocks of 128 values, the smallest that the
 * format allows. */

static void test_delta__first_example_of_the_specification(void **state)
{
    (void)state;
    /* 1, 2, 3, 4, 5: deltas 1, of width 0 above their minimum 1. */
    static const uint8_t bytes[] = {0x80, 0x01, 0x04, 0x05, 0x02, 0x02, 0, 0, 0, 0};
    const uint8_t *p = bytes;
    int64_t values[5];
    assert_ok(delta_read(&p, bytes + sizeof(bytes), 5, values));
    for (int64_t i = 0; i < 5; i++)
        assert_int_equal(values[i], i + 1);
    assert_ptr_equal(p, bytes + sizeof(bytes));
    SL_AUTOBUF(out, 0);
    delta_write(&out, values, 5);
    assert_int_equal(out.n, sizeof(bytes));
    assert_memory_equal(out.p, bytes, sizeof(bytes));
}

static void test_delta__second_example_of_the_specification(void **state)
{
    (void)state;
    /* 7, 5, 3, 1, 2, 3, 4, 5: deltas -2, -2, -2, 1, 1, 1, 1; above the minimum -2: 0 0 0 3 3 3 3 in
     * 2 bits, the miniblock filled up to 32 values. */
    static const uint8_t bytes[] = {0x80, 0x01, 0x04, 0x08, 0x0e, 0x03, 2, 0, 0,
                                    0,    0xc0, 0x3f, 0,    0,    0,    0, 0, 0};
    static const int64_t expected[] = {7, 5, 3, 1, 2, 3, 4, 5};
    const uint8_t *p = bytes;
    int64_t values[8];
    assert_ok(delta_read(&p, bytes + sizeof(bytes), 8, values));
    assert_memory_equal(values, expected, sizeof(expected));
    SL_AUTOBUF(out, 0);
    delta_write(&out, expected, 8);
    assert_int_equal(out.n, sizeof(bytes));
    assert_memory_equal(out.p, bytes, sizeof(bytes));
    /* Padding left out at the very end is fine. */
    p = bytes;
    assert_ok(delta_read(&p, bytes + 12, 8, values));
    assert_memory_equal(values, expected, sizeof(expected));
}

static void test_delta__round_trips(void **state)
{
    (void)state;
    struct sl_rng rng;
    sl_rng_init(&rng, 5);
    for (int trial = 0; trial < 300; trial++) {
        size_t n = sl_rng_below(&rng, 600);
        unsigned bits = (unsigned)sl_rng_below(&rng, 65);
        SL_AUTOFREE int64_t *values = sl_alloc(n * 8 + 8), *again = sl_alloc(n * 8 + 8);
        for (size_t i = 0; i < n; i++)
            values[i] = bits == 0 ? 5 : (int64_t)(sl_rng_u64(&rng) >> (64 - bits));
        if (n > 3 && trial % 2) {
            values[1] = INT64_MIN;
            values[2] = INT64_MAX;
            values[3] = INT64_MIN;
        }
        SL_AUTOBUF(out, 0);
        delta_write(&out, values, n);
        SL_AUTOFREE uint8_t *exact = sl_alloc(out.n);
        memcpy(exact, out.p, out.n);
        const uint8_t *p = exact;
        assert_ok(delta_read(&p, exact + out.n, n, again));
        assert_memory_equal(again, values, n * 8);
        assert_ptr_equal(p, exact + out.n);
    }
}

static void test_delta__damage(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *message;
    } cases[] = {
        {"", 0, "the header ends early"},
        {"\x80\x01\x04\x05", 4, "the header ends early"},
        {"\x08\x01\x05\x02", 4, "impossible block sizes"},     /* 8 values */
        {"\x80\x01\x03\x05\x02", 5, "impossible block sizes"}, /* 128 in 3 */
        {"\x80\x01\x00\x05\x02", 5, "impossible block sizes"},
        {"\x80\x80\x80\x80\x08\x04\x05\x02", 8, "impossible block sizes"},
        {"\x80\x01\x04\x06\x02", 5, "holds 6 values, expected 5"},
        {"\x80\x01\x04\x05\x02", 5, "a block ends early"},
        {"\x80\x01\x04\x05\x02\x02\x00", 7, "a block ends early"},
        {"\x80\x01\x04\x05\x02\x02\x41\x00\x00\x00", 10, "a miniblock ends early"}, /* 65 bits */
        {"\x80\x01\x04\x05\x02\x02\x10\x00\x00\x00\x00", 11, "a miniblock ends early"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        const uint8_t *p = (const uint8_t *)cases[i].bytes;
        int64_t values[5];
        assert_err(delta_read(&p, p + cases[i].n, 5, values), CORRUPT, cases[i].message);
    }
}

/* "Hello", "World", "Foobar", "ABCDEF". */
static void test_delta__strings_of_the_specification(void **state)
{
    (void)state;
    static const int64_t lengths[] = {5, 5, 6, 6};
    SL_AUTOBUF(in, 0);
    delta_write(&in, lengths, 4);
    sl_buf_add_cstr(&in, "HelloWorldFoobarABCDEF");
    int64_t scratch[4];
    struct sl_str out[4];
    const uint8_t *p = (const uint8_t *)in.p;
    assert_ok(delta_read_strings(p, p + in.n, 4, scratch, out));
    assert_str(out[0], "Hello");
    assert_str(out[1], "World");
    assert_str(out[2], "Foobar");
    assert_str(out[3], "ABCDEF");
    assert_err(delta_read_strings(p, p + in.n - 1, 4, scratch, out), CORRUPT,
               "a string reaches beyond the page");
}

/* "axis", "axle", "babble", "babyhood": prefixes 0, 2, 0, 3; suffixes axis, le, babble, yhood. */
static void test_delta__prefixes_of_the_specification(void **state)
{
    (void)state;
    static const int64_t prefixes[] = {0, 2, 0, 3}, lengths[] = {4, 2, 6, 5},
                         wrong[] = {0, 5, 0, 3};
    int64_t a[4], b[4];
    struct sl_str out[4];
    uint64_t total;
    SL_AUTOBUF(in, 0);
    delta_write(&in, prefixes, 4);
    delta_write(&in, lengths, 4);
    sl_buf_add_cstr(&in, "axislebabbleyhood");
    const uint8_t *p = (const uint8_t *)in.p;
    assert_ok(delta_read_prefixed(p, p + in.n, 4, a, b, out, &total));
    assert_int_equal(total, 4 + 4 + 6 + 8);
    char bytes[22];
    delta_join(4, a, out, bytes);
    assert_str(out[0], "axis");
    assert_str(out[1], "axle");
    assert_str(out[2], "babble");
    assert_str(out[3], "babyhood");
    sl_buf_clear(&in);
    delta_write(&in, wrong, 4);
    delta_write(&in, lengths, 4);
    sl_buf_add_cstr(&in, "axislebabbleyhood");
    p = (const uint8_t *)in.p;
    assert_err(delta_read_prefixed(p, p + in.n, 4, a, b, out, &total), CORRUPT,
               "a prefix is longer than the string before");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delta__first_example_of_the_specification),
        cmocka_unit_test(test_delta__second_example_of_the_specification),
        cmocka_unit_test(test_delta__round_trips),
        cmocka_unit_test(test_delta__damage),
        cmocka_unit_test(test_delta__strings_of_the_specification),
        cmocka_unit_test(test_delta__prefixes_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
