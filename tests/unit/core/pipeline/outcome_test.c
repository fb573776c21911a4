#include "core/pipeline/outcome.h"

#include "tests/support/test.h"

static const struct retry_policy policy = {.limit = 2,
                                           .backoff_ms = 1000,
                                           .factor = 3,
                                           .cap_ms = 10000,
                                           .pending_timeout_ms = 60000,
                                           .memory_factor = 2,
                                           .memory_cap_bytes = 500};

/* Follows the decisions until none allows another attempt; the delays in between. */
static size_t follow(enum outcome o, int64_t memory, int64_t *ret_delays, int64_t *ret_memory)
{
    struct retry_spent spent = {0};
    for (size_t n = 0;; n++) {
        struct retry_decision d = outcome_retry(o, &policy, &spent, memory, 0);
        if (!d.again)
            return n;
        ret_delays[n] = d.delay_ms;
        *ret_memory = memory = d.memory_bytes;
        spent = d.spent;
    }
}

/* DESIGN 2, the table. */
static void test_outcome__budgets(void **state)
{
    int64_t delays[64], memory = 0;
    (void)state;
    assert_int_equal(follow(OUTCOME_FAILED, 0, delays, &memory), 2);
    assert_int_equal(follow(OUTCOME_TIMED_OUT, 0, delays, &memory), 2);
    assert_int_equal(follow(OUTCOME_UNAVAILABLE, 0, delays, &memory), 6);
    assert_int_equal(follow(OUTCOME_QUOTA, 0, delays, &memory), 6);
    assert_int_equal(follow(OUTCOME_DISRUPTED, 0, delays, &memory), 20);
    for (enum outcome o = OUTCOME_SUCCEEDED; o <= OUTCOME_CONFIG_ERROR; o++)
        assert_int_equal(follow(o, 0, delays, &memory), 0);
    assert_int_equal(follow(OUTCOME_PENDING_TIMEOUT, 0, delays, &memory), 0);
}

static void test_outcome__backoff_grows_to_the_cap(void **state)
{
    static const int64_t expected[] = {1000, 3000, 9000, 10000, 10000, 10000};
    int64_t delays[64], memory;
    (void)state;
    assert_int_equal(follow(OUTCOME_UNAVAILABLE, 0, delays, &memory), 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(delays[i], expected[i]);
}

static void test_outcome__memory_grows_to_the_cap(void **state)
{
    int64_t delays[64], memory = 0;
    (void)state;
    assert_int_equal(follow(OUTCOME_OUT_OF_MEMORY, 50, delays, &memory), 3); /* own limit */
    assert_int_equal(memory, 400);
    assert_int_equal(follow(OUTCOME_OUT_OF_MEMORY, 200, delays, &memory), 2); /* 400, 500 */
    assert_int_equal(memory, 500);
    assert_int_equal(follow(OUTCOME_OUT_OF_MEMORY, 0, delays, &memory), 0); /* no limit to raise */
}

static void test_outcome__limits_do_not_share(void **state)
{
    struct retry_spent spent = {.user = 2, .unavailable = 5};
    (void)state;
    assert_false(outcome_retry(OUTCOME_FAILED, &policy, &spent, 0, 0).again);
    assert_true(outcome_retry(OUTCOME_UNAVAILABLE, &policy, &spent, 0, 0).again);
    assert_true(outcome_retry(OUTCOME_DISRUPTED, &policy, &spent, 0, 0).again);
}

static void test_outcome__image_error_until_the_pending_timeout(void **state)
{
    struct retry_spent spent = {0};
    (void)state;
    assert_true(outcome_retry(OUTCOME_IMAGE_ERROR, &policy, &spent, 0, 58000).again);
    assert_false(outcome_retry(OUTCOME_IMAGE_ERROR, &policy, &spent, 0, 59000).again);
}

static void test_outcome__names(void **state)
{
    (void)state;
    for (int o = OUTCOME_SUCCEEDED; o < OUTCOME_COUNT; o++)
        assert_int_equal(outcome_parse(sl_str(outcome_name((enum outcome)o))), o);
    assert_int_equal(outcome_parse(SL_STR("")), OUTCOME_NONE);
    assert_int_equal(outcome_parse(SL_STR("Succeeded")), OUTCOME_NONE);
}

static void test_outcome__exit_codes(void **state)
{
    (void)state;
    assert_int_equal(outcome_from_exit(0), OUTCOME_SUCCEEDED);
    assert_int_equal(outcome_from_exit(1), OUTCOME_FAILED);
    assert_int_equal(outcome_from_exit(2), OUTCOME_INVALID_INPUT);
    assert_int_equal(outcome_from_exit(3), OUTCOME_UNAVAILABLE);
    assert_int_equal(outcome_from_exit(77), OUTCOME_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcome__budgets),
        cmocka_unit_test(test_outcome__backoff_grows_to_the_cap),
        cmocka_unit_test(test_outcome__memory_grows_to_the_cap),
        cmocka_unit_test(test_outcome__limits_do_not_share),
        cmocka_unit_test(test_outcome__image_error_until_the_pending_timeout),
        cmocka_unit_test(test_outcome__names),
        cmocka_unit_test(test_outcome__exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
