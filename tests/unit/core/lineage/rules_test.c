#include "tests/support/test.h"

#include "core/lineage/rules.h"

static struct rules_blessing blessing(const char *digest, bool blessed, bool live)
{
    return (struct rules_blessing){sl_str(digest), blessed, live};
}

static void test_rules__latest_blessed(void **state)
{
    (void)state;
    const struct rules_blessing list[] = {
        blessing("d", false, true), blessing("c", true, false), blessing("b", true, true),
        blessing("b", true, true),  blessing("a", true, true),
    };
    assert_int_equal(rules_latest_blessed(list, 5, SL_STR("")), 2);
    assert_int_equal(rules_latest_blessed(list, 5, SL_STR("d")), 2);
    /* The candidate's own is left out, however often it was blessed. */
    assert_int_equal(rules_latest_blessed(list, 5, SL_STR("b")), 4);
    assert_int_equal(rules_latest_blessed(list, 4, SL_STR("b")), -1);
    assert_int_equal(rules_latest_blessed(list, 0, SL_STR("")), -1);
}

static struct registry_push pushed(const char *version, const char *digest)
{
    return (struct registry_push){.version = sl_str(version), .model_digest = sl_str(digest)};
}

static void test_rules__rollback_takes_another_model_than_the_live_one(void **state)
{
    (void)state;
    /* The live one was pushed twice. */
    const struct registry_push list[] = {pushed("104", "c"), pushed("103", "c"), pushed("102", "b"),
                                         pushed("101", "a")};
    size_t at = 99;
    assert_ok(rules_rollback_target(list, 4, SL_STR(""), &at));
    assert_int_equal(at, 2);
    assert_ok(rules_rollback_target(list, 4, SL_STR("101"), &at));
    assert_int_equal(at, 3);
    assert_err(rules_rollback_target(list, 4, SL_STR("103"), &at), INVALID, "live already");
    assert_err(rules_rollback_target(list, 4, SL_STR("7"), &at), NOT_FOUND, "104, 103, 102, 101");
    assert_err(rules_rollback_target(list, 2, SL_STR(""), &at), NOT_FOUND, "no other model");
    assert_err(rules_rollback_target(list, 0, SL_STR(""), &at), NOT_FOUND, "nothing was pushed");
    assert_int_equal(at, 3);
}

static void test_rules__stages_only_grow(void **state)
{
    (void)state;
    static const char *const order[] = {"trained", "rejected", "blessed", "pushed"};
    for (size_t i = 0; i < SL_COUNTOF(order); i++)
        for (size_t j = 0; j < SL_COUNTOF(order); j++)
            assert_str(rules_later_stage(sl_str(order[i]), sl_str(order[j])), order[SL_MAX(i, j)]);
    assert_str(rules_later_stage(SL_STR("odd"), SL_STR("trained")), "trained");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules__latest_blessed),
        cmocka_unit_test(test_rules__rollback_takes_another_model_than_the_live_one),
        cmocka_unit_test(test_rules__stages_only_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
