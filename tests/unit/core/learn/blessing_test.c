#include "core/learn/blessing.h"

#include "tests/support/test.h"

#include <math.h>

static struct metric_values overall, part, overall_before, part_before;

static int setup(void **state)
{
    (void)state;
    overall.v[METRIC_AUC] = 0.8;
    part.v[METRIC_AUC] = 0.6;
    overall_before.v[METRIC_AUC] = 0.75;
    part_before.v[METRIC_AUC] = 0.7;
    overall.v[METRIC_MCC] = 0.1;
    overall_before.v[METRIC_MCC] = -0.1;
    overall.v[METRIC_F1] = NAN;
    overall.v[METRIC_RECALL] = 0.5;
    overall_before.v[METRIC_RECALL] = 0;
    return 0;
}

static struct blessing decide(struct sl_arena *a, const struct blessing_threshold *t, size_t n,
                              bool baseline)
{
    const struct blessing_slice slices[] = {
        {SL_STR("overall"), &overall, baseline ? &overall_before : NULL},
        {SL_STR("size:Large"), &part, baseline ? &part_before : NULL},
    };
    struct blessing_input in = {.thresholds = t,
                                .n_thresholds = n,
                                .slices = slices,
                                .n_slices = 2,
                                .task = MODEL_BINARY,
                                .loss = 0.4,
                                .constant_loss = 0.5};
    struct blessing b;
    blessing_decide(a, &in, &b);
    return b;
}

static bool blessed(struct blessing_threshold t, bool baseline)
{
    SL_AUTOARENA(a);
    return decide(a, &t, 1, baseline).blessed;
}

static void test_blessing__nothing_is_blessed_without_thresholds(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct blessing b = decide(a, NULL, 0, false);
    assert_false(b.blessed);
    assert_non_null(strstr(b.reason.p, "no thresholds"));
}

static void test_blessing__bounds_are_inclusive_and_nan_fails(void **state)
{
    (void)state;
    assert_true(
        blessed((struct blessing_threshold){METRIC_AUC, .has_min = true, .min = 0.8}, false));
    assert_false(
        blessed((struct blessing_threshold){METRIC_AUC, .has_min = true, .min = 0.81}, false));
    assert_true(
        blessed((struct blessing_threshold){METRIC_AUC, .has_max = true, .max = 0.8}, false));
    assert_false(
        blessed((struct blessing_threshold){METRIC_AUC, .has_max = true, .max = 0.79}, false));
    assert_false(blessed((struct blessing_threshold){METRIC_F1, .has_min = true, .min = 0}, false));
    assert_false(blessed((struct blessing_threshold){METRIC_F1, .has_max = true, .max = 1}, false));
}

static void test_blessing__undefined_is_said(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct blessing_threshold t = {METRIC_F1, .has_min = true, .min = 0};
    struct blessing b = decide(a, &t, 1, true);
    assert_non_null(strstr(b.reason.p, "f1 undefined on these rows, at least 0"));
    t = (struct blessing_threshold){METRIC_F1, .has_min_change = true};
    b = decide(a, &t, 1, true);
    assert_false(b.blessed);
    assert_non_null(strstr(b.reason.p, "change of f1"));
}

static void test_blessing__slices(void **state)
{
    (void)state;
    struct blessing_threshold t = {METRIC_AUC, .has_min = true, .min = 0.7};
    assert_true(blessed(t, false));
    t.slice = SL_STR("size:Large");
    assert_false(blessed(t, false));
    t.slice = SL_STR("*");
    assert_false(blessed(t, false));
    t.min = 0.5;
    assert_true(blessed(t, false));
    t.slice = SL_STR("size:Tiny"); /* has no rows */
    assert_false(blessed(t, false));
}

static void test_blessing__changes(void **state)
{
    (void)state;
    struct blessing_threshold t = {METRIC_AUC, .has_min_change = true, .min_change = 0.04};
    assert_true(blessed(t, true));
    t.slice = SL_STR("*"); /* size:Large became worse */
    assert_false(blessed(t, true));
    t.min_change = -0.11;
    assert_true(blessed(t, true));
    t = (struct blessing_threshold){METRIC_AUC, .has_max_change = true, .max_change = 0.04};
    assert_false(blessed(t, true));
}

static void test_blessing__relative_changes(void **state)
{
    (void)state;
    /* 0.05 / 0.75 = 6.7 % */
    struct blessing_threshold t = {METRIC_AUC, .has_min_relative = true, .min_relative = 0.06};
    assert_true(blessed(t, true));
    t.min_relative = 0.07;
    assert_false(blessed(t, true));
    t = (struct blessing_threshold){METRIC_AUC, .has_max_relative = true, .max_relative = 0.06};
    assert_false(blessed(t, true));
    /* Better is better, also from below zero: 0.2 / 0.1. */
    t = (struct blessing_threshold){METRIC_MCC, .has_min_relative = true, .min_relative = 1.9};
    assert_true(blessed(t, true));
    /* Of nothing there is no share. */
    t = (struct blessing_threshold){METRIC_RECALL, .has_min_relative = true, .min_relative = -1};
    assert_false(blessed(t, true));
}

static void test_blessing__changes_are_waived_without_a_blessed_model(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct blessing_threshold t = {METRIC_AUC, .has_min_change = true, .min_change = 1,
                                   .has_min = true, .min = 0.7};
    struct blessing b = decide(a, &t, 1, false);
    assert_true(b.blessed && b.rubber_stamp);
    assert_non_null(strstr(b.reason.p, "waived"));
    t.min = 0.9;
    b = decide(a, &t, 1, false);
    assert_false(b.blessed);
}

static void test_blessing__the_constant_and_leaks(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct blessing_threshold t = {METRIC_AUC, .has_min = true, .min = 0.5};
    struct blessing_slice slice = {SL_STR("overall"), &overall, NULL};
    struct sl_str leaks[] = {SL_STR("cost")};
    struct blessing_input in = {&t, 1, &slice, 1, MODEL_BINARY, 0.4, 0.4, NULL, 0};
    struct blessing b;
    blessing_decide(a, &in, &b); /* as good as the constant is not enough */
    assert_false(b.blessed);
    in.constant_loss = 0.41;
    blessing_decide(a, &in, &b);
    assert_true(b.blessed);
    in.leaks = leaks;
    in.n_leaks = 1;
    blessing_decide(a, &in, &b);
    assert_false(b.blessed);
    assert_non_null(strstr(b.reason.p, "'cost'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blessing__nothing_is_blessed_without_thresholds),
        cmocka_unit_test(test_blessing__bounds_are_inclusive_and_nan_fails),
        cmocka_unit_test(test_blessing__undefined_is_said),
        cmocka_unit_test(test_blessing__slices),
        cmocka_unit_test(test_blessing__changes),
        cmocka_unit_test(test_blessing__relative_changes),
        cmocka_unit_test(test_blessing__changes_are_waived_without_a_blessed_model),
        cmocka_unit_test(test_blessing__the_constant_and_leaks),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
