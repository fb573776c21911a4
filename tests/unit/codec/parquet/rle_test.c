#include "codec/parquet/bits.h"
#include "codec/parquet/rle.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "tests/support/test.h"

static void test_rle__hand_made_runs(void **state)
{
    (void)state;
    /* Width 3: five times 6; then the specification's 0 to 7, packed: one group, header 1 << 1 | 1;
     * then three times 1. */
    static const uint8_t bytes[] = {0x0a, 0x06, 0x03, 0x88, 0xc6, 0xfa, 0x06, 0x01};
    static const uint32_t expected[] = {6, 6, 6, 6, 6, 0, 1, 2, 3, 4, 5, 6, 7, 1, 1, 1};
    uint32_t values[16];
    struct rle_reader r = rle_reader(bytes, sizeof(bytes), 3);
    assert_true(rle_read(&r, 16, values));
    assert_memory_equal(values, expected, sizeof(expected));
    assert_false(rle_read(&r, 1, values));
    /* The same in pieces that end inside of runs and groups. */
    r = rle_reader(bytes, sizeof(bytes), 3);
    for (size_t i = 0; i < 16; i += 3)
        assert_true(rle_read(&r, SL_MIN((size_t)3, 16 - i), values + i));
    assert_memory_equal(values, expected, sizeof(expected));
}

static void test_rle__wide_values_take_whole_bytes(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x04, 0x34, 0x12, 0x02, 0xff, 0x01};
    uint32_t values[3];
    struct rle_reader r = rle_reader(bytes, sizeof(bytes), 13);
    assert_true(rle_read(&r, 3, values));
    assert_int_equal(values[0], 0x1234);
    assert_int_equal(values[1], 0x1234);
    assert_int_equal(values[2], 0x1ff);
}

static void test_rle__bits(void **state)
{
    (void)state;
    /* Ten ones; sixteen packed: 0xa5, 0x0f; three zeros. */
    static const uint8_t bytes[] = {0x14, 0x01, 0x05, 0xa5, 0x0f, 0x06, 0x00};
    uint8_t out[5] = {0};
    struct rle_reader r = rle_reader(bytes, sizeof(bytes), 1);
    assert_true(rle_read_bits(&r, 13, out, 3));
    assert_true(rle_read_bits(&r, 16, out, 16));
    assert_false(rle_read_bits(&r, 1, out, 32));
    assert_int_equal(bits_count(out, 3, 10), 10);
    assert_int_equal(bits_word(out, 13, 16), 0x0fa5);
    assert_int_equal(bits_count(out, 29, 3), 0);
}

static void test_rle__damage(void **state)
{
    (void)state;
    uint32_t values[64];
    struct rle_reader r = rle_reader("", 0, 3);
    assert_false(rle_read(&r, 1, values));
    r = rle_reader("\x08", 1, 3); /* no value */
    assert_false(rle_read(&r, 1, values));
    r = rle_reader("\x08\x0f", 2, 3); /* 15 in 3 bits */
    assert_false(rle_read(&r, 1, values));
    r = rle_reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x55", 11, 8);
    assert_false(rle_read(&r, 64, values));
    r = rle_reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, 0);
    assert_false(rle_read(&r, 64, values));
    r = rle_reader("\x00\x00\x00\x00", 4, 8); /* runs of nothing */
    assert_false(rle_read(&r, 1, values));
}

/* Some writers end the last group with its last value. */
static void test_rle__last_group_may_be_cut(void **state)
{
    (void)state;
    uint32_t values[8];
    struct rle_reader r = rle_reader("\x03\x01\x02\x03", 4, 8);
    assert_true(rle_read(&r, 3, values));
    assert_int_equal(values[2], 3);
    assert_false(rle_read(&r, 1, values));
}

static void round_trip(struct sl_rng *rng, size_t n, unsigned width, uint32_t longest)
{
    SL_AUTOFREE uint32_t *values = sl_alloc(n * 4 + 4), *again = sl_alloc(n * 4 + 4);
    uint64_t range = (uint64_t)1 << width;
    for (size_t i = 0; i < n;) {
        uint32_t v = (uint32_t)sl_rng_below(rng, range);
        size_t end = i + 1 + sl_rng_below(rng, longest);
        for (; i < n && i < end; i++)
            values[i] = v;
    }
    SL_AUTOBUF(out, 0);
    rle_write(&out, values, n, width);
    SL_AUTOFREE char *exact = sl_alloc(out.n);
    memcpy(exact, sl_buf_str(&out).p, out.n);
    struct rle_reader r = rle_reader(exact, out.n, width);
    for (size_t i = 0; i < n;) {
        size_t k = SL_MIN(n - i, (size_t)1 + sl_rng_below(rng, 50));
        assert_true(rle_read(&r, k, again + i));
        i += k;
    }
    assert_memory_equal(again, values, n * 4);
}

static void test_rle__round_trips(void **state)
{
    (void)state;
    struct sl_rng rng;
    sl_rng_init(&rng, 3);
    for (int trial = 0; trial < 600; trial++)
        round_trip(&rng, sl_rng_below(&rng, 400), (unsigned)sl_rng_below(&rng, 33),
                   trial % 3 == 0 ? 1 : 60);
}

static void test_rle__bits_round_trip(void **state)
{
    (void)state;
    struct sl_rng rng;
    sl_rng_init(&rng, 4);
    for (int trial = 0; trial < 500; trial++) {
        uint8_t bits[64], again[64] = {0};
        for (size_t i = 0; i < sizeof(bits); i++)
            bits[i] = (uint8_t)(trial % 5 == 0 ? 0xff : trial % 5 == 1 ? 0 : sl_rng_u64(&rng));
        size_t from = sl_rng_below(&rng, 64), n = 1 + sl_rng_below(&rng, 400);
        SL_AUTOBUF(out, 0);
        rle_write_bits(&out, bits, from, n);
        struct rle_reader r = rle_reader(out.p, out.n, 1);
        assert_true(rle_read_bits(&r, n, again, from));
        for (size_t i = 0; i < n; i++)
            assert_int_equal(bits_get(again, from + i), bits_get(bits, from + i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rle__hand_made_runs),
        cmocka_unit_test(test_rle__wide_values_take_whole_bytes),
        cmocka_unit_test(test_rle__bits),
        cmocka_unit_test(test_rle__damage),
        cmocka_unit_test(test_rle__last_group_may_be_cut),
        cmocka_unit_test(test_rle__round_trips),
        cmocka_unit_test(test_rle__bits_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
