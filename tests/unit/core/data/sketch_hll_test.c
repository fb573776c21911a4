#include "tests/support/test.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "core/data/sketch_hll.h"

#include <math.h>

static void add_range(struct hll *h, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        hll_add(h, sl_mix64(i + 0x9e3779b97f4a7c15u));
}

static void test_sketch_hll__is_within_its_error_at_every_size(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 100, 5000, 16384, 65537, 300000, 2000000};
    for (size_t i = 0; i < SL_COUNTOF(sizes); i++) {
        struct hll *h = hll_new();
        add_range(h, 0, sizes[i]);
        double off = fabs(hll_estimate(h) - (double)sizes[i]);
        assert_true(off <= 3 * HLL_RELATIVE_ERROR * (double)sizes[i] + 0.5);
        sl_free(h);
    }
}

static void test_sketch_hll__repeats_count_once(void **state)
{
    (void)state;
    struct hll *h = hll_new();
    for (int round = 0; round < 10; round++)
        add_range(h, 0, 1000);
    assert_true(fabs(hll_estimate(h) - 1000) < 25);
    sl_free(h);
}

static void test_sketch_hll__merge_equals_the_whole(void **state)
{
    (void)state;
    struct hll *whole = hll_new(), *left = hll_new(), *right = hll_new();
    add_range(whole, 0, 100000);
    add_range(left, 0, 70000);
    add_range(right, 40000, 100000);
    hll_merge(left, right);
    assert_memory_equal(left, whole, sizeof(*whole));
    sl_free(whole);
    sl_free(left);
    sl_free(right);
}

/* The largest rank there is: a hash of zeros but for the register's index. */
static void test_sketch_hll__a_hash_of_zeros_is_fine(void **state)
{
    (void)state;
    struct hll *h = hll_new();
    hll_add(h, 0);
    assert_int_equal(h->registers[0], 64 - HLL_BITS + 1);
    hll_add(h, UINT64_MAX);
    assert_int_equal(h->registers[HLL_REGISTERS - 1], 1);
    assert_true(hll_estimate(h) > 0);
    sl_free(h);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sketch_hll__is_within_its_error_at_every_size),
        cmocka_unit_test(test_sketch_hll__repeats_count_once),
        cmocka_unit_test(test_sketch_hll__merge_equals_the_whole),
        cmocka_unit_test(test_sketch_hll__a_hash_of_zeros_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
