#include "tests/support/test.h"

#include "base/rng.h"
#include "core/data/tally.h"

static uint64_t count_of(const struct tally *t, uint64_t key)
{
    for (size_t i = 0; i < tally_slots(t); i++)
        if (t->slots[i].count && t->slots[i].key == key)
            return t->slots[i].count;
    return 0;
}

static void test_tally__counts_every_key(void **state)
{
    (void)state;
    struct tally t;
    tally_init(&t, 5000, false);
    uint64_t keys[5000];
    for (uint64_t round = 1; round <= 3; round++) {
        for (size_t i = 0; i < 5000; i++)
            keys[i] = i * 0x100000001u;
        assert_int_equal(tally_add(&t, keys, NULL, 5000), 5000);
        assert_int_equal(t.n, 5000);
        assert_int_equal(count_of(&t, 0), round);
        assert_int_equal(count_of(&t, 4999 * 0x100000001u), round);
    }
    tally_deinit(&t);
}

static void test_tally__stops_at_the_key_too_many(void **state)
{
    (void)state;
    struct tally t;
    tally_init(&t, 3, false);
    uint64_t keys[] = {7, 8, 7, 9, 8, 10, 7};
    assert_int_equal(tally_add(&t, keys, NULL, 7), 5);
    assert_int_equal(t.n, 3);
    assert_int_equal(count_of(&t, 7), 2);
    assert_int_equal(count_of(&t, 10), 0);
    assert_true(tally_add_count(&t, 9, 5, 0));
    assert_false(tally_add_count(&t, 11, 5, 0));
    assert_int_equal(count_of(&t, 9), 6);
    tally_deinit(&t);
}

static void test_tally__weights_add_up(void **state)
{
    (void)state;
    struct tally t;
    tally_init(&t, 1000, true);
    for (uint64_t i = 0; i < 3000; i++) {
        uint64_t key = i % 600;
        double weight = 0.5;
        assert_int_equal(tally_add(&t, &key, &weight, 1), 1);
    }
    for (size_t i = 0; i < tally_slots(&t); i++)
        if (t.slots[i].count) {
            assert_int_equal(t.slots[i].count, 5);
            assert_true(t.weights[i] == 2.5);
        }
    tally_deinit(&t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally__counts_every_key),
        cmocka_unit_test(test_tally__stops_at_the_key_too_many),
        cmocka_unit_test(test_tally__weights_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
