#include "core/learn/leak.h"

#include "base/rng.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>

enum { N = 2000 };

static double labels[N], values[N];
static int64_t whole[N];
static uint32_t codes[N];
static struct sl_str dict[N];
static char text[N][24];

static int setup(void **state)
{
    (void)state;
    struct sl_rng r;
    sl_rng_init(&r, 3);
    for (size_t i = 0; i < N; i++)
        labels[i] = sl_rng_f64(&r) < 0.3;
    return 0;
}

static struct column doubles(const uint8_t *valid)
{
    return (struct column){SL_STR("x"), COLUMN_DOUBLE, N, valid, {.f64 = values}, NULL, 0};
}

static struct column texts(size_t dict_n)
{
    for (size_t i = 0; i < dict_n; i++) {
        snprintf(text[i], sizeof text[i], "t%zu", i);
        dict[i] = sl_str(text[i]);
    }
    return (struct column){SL_STR("x"), COLUMN_STRING, N, NULL, {.codes = codes}, dict, dict_n};
}

static double binary(const struct column *c)
{
    return leak_strength(c, MODEL_BINARY, 2, labels, NULL);
}

static void test_leak__numbers_by_value_either_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++)
        values[i] = -5 * labels[i] + (double)(i % 5);
    struct column c = doubles(NULL);
    assert_true(binary(&c) > LEAK_LIMIT);
    for (size_t i = 0; i < N; i++)
        values[i] = (double)(i % 97);
    assert_true(binary(&c) < 0.6);
}

/* The cost of the damage: there only where there was damage, any value. */
static void test_leak__missing_values_tell(void **state)
{
    (void)state;
    uint8_t valid[N / 8 + 1] = {0};
    for (size_t i = 0; i < N; i++) {
        values[i] = labels[i] == 1 ? (double)(i % 97) - 40 : 0;
        valid[i / 8] |= (uint8_t)((labels[i] == 1) << (i % 8));
    }
    struct column c = doubles(valid);
    assert_true(binary(&c) > LEAK_LIMIT);
}

static void test_leak__text_by_its_meaning_not_as_an_id(void **state)
{
    (void)state;
    struct column c = texts(N);
    for (size_t i = 0; i < N; i++)
        codes[i] = (uint32_t)i; /* different in every row */
    assert_true(binary(&c) < 0.6);
    for (size_t i = 0; i < N; i++)
        codes[i] = (uint32_t)(2 * (i % 7) + (labels[i] == 1)); /* 14 values, each of one class */
    assert_true(binary(&c) > LEAK_LIMIT);
}

/* Codes whose order says nothing: only their meaning tells. */
static void test_leak__whole_numbers_are_codes_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++)
        whole[i] = (int64_t)(2 * (i % 50)) + (labels[i] == 1);
    struct column c = {SL_STR("x"), COLUMN_INT64, N, NULL, {.i64 = whole}, NULL, 0};
    assert_true(binary(&c) > LEAK_LIMIT);
}

static void test_leak__few_rows_say_nothing(void **state)
{
    (void)state;
    const double y[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct column c = {SL_STR("x"), COLUMN_DOUBLE, 20, NULL, {.f64 = y}, NULL, 0};
    assert_true(isnan(leak_strength(&c, MODEL_BINARY, 2, y, NULL)));
}

/* A number that tells one class from the rest, but not the two others apart, is no leak. */
static void test_leak__classes_are_averaged(void **state)
{
    (void)state;
    double y[N];
    for (size_t i = 0; i < N; i++) {
        y[i] = (double)(sl_mix64(i) % 3);
        values[i] = (y[i] == 0 ? 10 : 0) + (double)(i % 7);
        whole[i] = (int64_t)y[i] * 7;
    }
    struct column c = doubles(NULL);
    assert_true(leak_strength(&c, MODEL_MULTICLASS, 3, y, NULL) < 0.9);
    struct column d = {SL_STR("x"), COLUMN_INT64, N, NULL, {.i64 = whole}, NULL, 0};
    assert_true(leak_strength(&d, MODEL_MULTICLASS, 3, y, NULL) > LEAK_LIMIT);
}

static void test_leak__regression_by_r2(void **state)
{
    (void)state;
    double y[N];
    struct sl_rng r;
    sl_rng_init(&r, 4);
    uint8_t valid[N / 8 + 1] = {0};
    for (size_t i = 0; i < N; i++) {
        y[i] = sl_rng_normal(&r) * 10 + 50;
        values[i] = 3 - y[i] * 2;
        valid[i / 8] |= (uint8_t)((i % 2) << (i % 8));
    }
    struct column c = doubles(NULL);
    assert_true(leak_strength(&c, MODEL_REGRESSION, 0, y, NULL) > LEAK_LIMIT);
    c.valid = valid; /* half of the rows: half of the variance */
    assert_close(leak_strength(&c, MODEL_REGRESSION, 0, y, NULL), 0.5, 0.05);
    c = texts(20);
    for (size_t i = 0; i < N; i++)
        codes[i] = (uint32_t)(i % 20);
    assert_true(leak_strength(&c, MODEL_REGRESSION, 0, y, NULL) < 0.1);
    for (size_t i = 0; i < N; i++)
        y[i] = (double)(i % 20) * (i % 20);
    assert_true(leak_strength(&c, MODEL_REGRESSION, 0, y, NULL) > LEAK_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leak__numbers_by_value_either_way),
        cmocka_unit_test(test_leak__missing_values_tell),
        cmocka_unit_test(test_leak__text_by_its_meaning_not_as_an_id),
        cmocka_unit_test(test_leak__whole_numbers_are_codes_too),
        cmocka_unit_test(test_leak__few_rows_say_nothing),
        cmocka_unit_test(test_leak__classes_are_averaged),
        cmocka_unit_test(test_leak__regression_by_r2),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
