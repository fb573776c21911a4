#include "codec/parquet/bitpack.h"
#include "codec/parquet/bits.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "tests/support/test.h"

/* Bit by bit, as the definition says. */
static uint64_t slow_get(const uint8_t *p, size_t i, unsigned width)
{
    uint64_t v = 0;
    for (unsigned b = 0; b < width; b++)
        v |= (uint64_t)bits_get(p, i * width + b) << b;
    return v;
}

/* Encodings.md: 0 to 7 in 3 bits are 10001000 11000110 11111010. */
static void test_bitpack__example_of_the_specification(void **state)
{
    (void)state;
    static const uint8_t packed[] = {0x88, 0xc6, 0xfa};
    uint32_t values[8];
    uint8_t again[3];
    bitpack_unpack(packed, 3, 8, values);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(values[i], i);
    bitpack_pack(values, 8, 3, again);
    assert_memory_equal(again, packed, 3);
}

/* Heap blocks of the exact size, so that a byte too far is found by ASan. */
static void test_bitpack__every_width_and_length(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 2, 7, 8, 9, 31, 64, 65, 100};
    struct sl_rng rng;
    sl_rng_init(&rng, 1);
    for (unsigned width = 0; width <= 64; width++) {
        for (size_t k = 0; k < SL_COUNTOF(lengths); k++) {
            size_t n = lengths[k], bytes = bitpack_bytes(n, width);
            SL_AUTOFREE uint8_t *packed = sl_alloc(bytes), *again = sl_alloc(bytes);
            SL_AUTOFREE uint64_t *wide = sl_alloc(n * 8);
            SL_AUTOFREE uint32_t *narrow = sl_alloc(n * 4);
            for (size_t i = 0; i < bytes; i++)
                packed[i] = (uint8_t)sl_rng_u64(&rng);
            if (n * width % 8) /* what is packed again has zeros there */
                packed[bytes - 1] &= (uint8_t)((1u << (n * width % 8)) - 1);
            bitpack_unpack64(packed, width, n, wide);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(wide[i], slow_get(packed, i, width));
            bitpack_pack64(wide, n, width, again);
            assert_memory_equal(again, packed, bytes);
            if (width > 32)
                continue;
            bitpack_unpack(packed, width, n, narrow);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(narrow[i], wide[i]);
            bitpack_pack(narrow, n, width, again);
            assert_memory_equal(again, packed, bytes);
        }
    }
}

static void test_bitpack__width_of_a_number(void **state)
{
    (void)state;
    assert_int_equal(bitpack_width(0), 0);
    assert_int_equal(bitpack_width(1), 1);
    assert_int_equal(bitpack_width(255), 8);
    assert_int_equal(bitpack_width(256), 9);
    assert_int_equal(bitpack_width(UINT64_MAX), 64);
}

static void test_bits__copy_fill_count_at_every_offset(void **state)
{
    (void)state;
    struct sl_rng rng;
    sl_rng_init(&rng, 2);
    for (int trial = 0; trial < 4000; trial++) {
        uint8_t in[40], out[40], expected[40];
        for (size_t i = 0; i < sizeof(in); i++) {
            in[i] = (uint8_t)sl_rng_u64(&rng);
            out[i] = expected[i] = (uint8_t)sl_rng_u64(&rng);
        }
        size_t from = sl_rng_below(&rng, 100), to = sl_rng_below(&rng, 100);
        size_t n = sl_rng_below(&rng, 200), ones = 0;
        for (size_t i = 0; i < n; i++) {
            bool bit = bits_get(in, from + i);
            uint8_t mask = (uint8_t)(1u << ((to + i) % 8));
            uint8_t *byte = &expected[(to + i) / 8];
            *byte = (uint8_t)(bit ? *byte | mask : *byte & ~mask);
            ones += bit;
        }
        bits_copy(out, to, in, from, n);
        assert_memory_equal(out, expected, sizeof(out));
        assert_int_equal(bits_count(in, from, n), ones);
        bits_fill(out, to, n, trial % 2);
        assert_int_equal(bits_count(out, to, n), trial % 2 ? n : 0);
        bits_copy(out, to, expected, to, n);
        assert_memory_equal(out, expected, sizeof(out));
    }
}

static void test_bits__bytes_and_back(void **state)
{
    (void)state;
    static const uint8_t bits[] = {0xa5, 0x0f, 0x01};
    static const uint8_t expected[] = {1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1};
    uint8_t bytes[17], again[3];
    bits_to_bytes(bits, 17, bytes);
    assert_memory_equal(bytes, expected, 17);
    bits_from_bytes(bytes, 17, again);
    assert_memory_equal(again, bits, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bitpack__example_of_the_specification),
        cmocka_unit_test(test_bitpack__every_width_and_length),
        cmocka_unit_test(test_bitpack__width_of_a_number),
        cmocka_unit_test(test_bits__copy_fill_count_at_every_offset),
        cmocka_unit_test(test_bits__bytes_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
