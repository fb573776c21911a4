#include "tests/support/test.h"

#include "base/rng.h"
#include "core/data/infer.h"

#include <math.h>
#include <stdio.h>

static enum cell_kind kind(const char *text)
{
    struct cell_value v;
    return cell_read(sl_str(text), &v);
}

static void test_cell__kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cell_kind kind;
    } cases[] = {
        {"", CELL_MISSING},
        {"0", CELL_INT},
        {"-0", CELL_INT},
        {"17", CELL_INT},
        {" 17\t", CELL_INT},
        {"-4", CELL_INT},
        {"9007199254740992", CELL_INT},
        {"-9007199254740992", CELL_INT},
        {"9007199254740993", CELL_STRING},
        {"123456789012345678901234567890", CELL_STRING},
        {"007", CELL_STRING},
        {"-01", CELL_STRING},
        {"00.5", CELL_STRING},
        {"+7", CELL_STRING},
        {"1.5", CELL_DOUBLE},
        {"0.5", CELL_DOUBLE},
        {".5", CELL_DOUBLE},
        {"5.", CELL_DOUBLE},
        {"-2e10", CELL_DOUBLE},
        {"1E-3", CELL_DOUBLE},
        {"1e400", CELL_STRING},
        {"nan", CELL_DOUBLE},
        {"NaN", CELL_DOUBLE},
        {"-inf", CELL_DOUBLE},
        {"Infinity", CELL_DOUBLE},
        {"0x10", CELL_STRING},
        {"1_000", CELL_STRING},
        {"1,5", CELL_STRING},
        {"-", CELL_STRING},
        {".", CELL_STRING},
        {" ", CELL_STRING},
        {"true", CELL_BOOL},
        {"FALSE", CELL_BOOL},
        {"yes", CELL_STRING},
        {"2026-11-22", CELL_TIMESTAMP},
        {"2026-11-22T07:38:57Z", CELL_TIMESTAMP},
        {"2026-11-22 07:38", CELL_TIMESTAMP},
        {"2026-02-30", CELL_STRING},
        {"2026-11-22x", CELL_STRING},
        {"abc", CELL_STRING},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++)
        if (kind(cases[i].text) != cases[i].kind)
            fail_msg("'%s': %d, expected %d", cases[i].text, (int)kind(cases[i].text),
                     (int)cases[i].kind);
}

static void test_cell__values(void **state)
{
    (void)state;
    struct cell_value v;
    assert_int_equal(cell_read(SL_STR("-9007199254740992"), &v), CELL_INT);
    assert_true(v.i64 == -9007199254740992);
    assert_int_equal(cell_read(SL_STR("-inf"), &v), CELL_DOUBLE);
    assert_true(isinf(v.f64) && v.f64 < 0);
    assert_int_equal(cell_read(SL_STR("True"), &v), CELL_BOOL);
    assert_true(v.boolean);
    assert_int_equal(cell_read(SL_STR("1970-01-01T00:00:01+00:00"), &v), CELL_TIMESTAMP);
    assert_true(v.i64 == 1000000);
}

static void test_cell__given_types_read_more(void **state)
{
    (void)state;
    struct cell_value v;
    assert_true(cell_parse(SL_STR("007"), COLUMN_INT64, &v));
    assert_true(v.i64 == 7);
    assert_true(cell_parse(SL_STR("+7"), COLUMN_INT64, &v));
    assert_true(cell_parse(SL_STR("3"), COLUMN_DOUBLE, &v));
    assert_true(v.f64 == 3);
    assert_true(cell_parse(SL_STR("9007199254740993"), COLUMN_DOUBLE, &v));
    assert_true(cell_parse(SL_STR("1"), COLUMN_BOOL, &v));
    assert_true(v.boolean);
    assert_false(cell_parse(SL_STR("9007199254740993"), COLUMN_INT64, &v));
    assert_false(cell_parse(SL_STR("1.5"), COLUMN_INT64, &v));
    assert_false(cell_parse(SL_STR("2"), COLUMN_BOOL, &v));
    assert_false(cell_parse(SL_STR("x"), COLUMN_DOUBLE, &v));
    assert_false(cell_parse(SL_STR("12:00"), COLUMN_TIMESTAMP, &v));
}

/* Whatever the quick ways take, the careful one reads alike; strtod and strtoll are the oracle. */
static void test_cell__quick_ways_agree(void **state)
{
    (void)state;
    static const char letters[] = "0123456789012345678901234567890..-";
    struct sl_rng rng;
    size_t ints = 0, doubles = 0;
    sl_rng_init(&rng, 11);
    for (int round = 0; round < 500000; round++) {
        char text[32];
        size_t n = 1 + sl_rng_below(&rng, 17);
        for (size_t i = 0; i < n; i++)
            text[i] = letters[sl_rng_below(&rng, sizeof(letters) - 1)];
        text[n] = '\0';
        int64_t i64;
        double f64;
        struct cell_value v;
        if (cell_quick_int(sl_str(text), &i64)) {
            ints++;
            assert_int_equal(cell_read(sl_str(text), &v), CELL_INT);
            assert_true(i64 == strtoll(text, NULL, 10));
        }
        if (cell_quick_double(sl_str(text), &f64)) {
            doubles++;
            assert_true(f64 == strtod(text, NULL));
            assert_true(cell_read(sl_str(text), &v) & (CELL_INT | CELL_DOUBLE));
        }
    }
    assert_true(ints > 1000 && doubles > 1000);
}

/* Values as programs print them, and their neighbours. */
static void test_cell__long_decimals(void **state)
{
    (void)state;
    struct sl_rng rng;
    size_t taken = 0;
    sl_rng_init(&rng, 13);
    for (int round = 0; round < 500000; round++) {
        char text[64];
        double f64, value = sl_rng_f64(&rng) * (round % 3 ? 1 : 100000);
        snprintf(text, sizeof(text), "%.*f", 12 + round % 8, value);
        if (!cell_quick_double(sl_str(text), &f64))
            continue;
        taken++;
        if (f64 != strtod(text, NULL))
            fail_msg("%s", text);
    }
    assert_true(taken > 300000);
}

static void test_cell__quick_timestamps_agree(void **state)
{
    (void)state;
    struct sl_rng rng;
    sl_rng_init(&rng, 12);
    struct cell_date last = {0};
    size_t taken = 0;
    for (int round = 0; round < 100000; round++) {
        char text[64];
        int n = snprintf(text, sizeof(text), "20%02d-%02d-%02d%c%02d:%02d:%02d",
                         (int)sl_rng_below(&rng, 3), (int)sl_rng_below(&rng, 14),
                         (int)sl_rng_below(&rng, 33), sl_rng_below(&rng, 2) ? ' ' : 'T',
                         (int)sl_rng_below(&rng, 26), (int)sl_rng_below(&rng, 62),
                         (int)sl_rng_below(&rng, 62));
        if (sl_rng_below(&rng, 3) == 0)
            n = 10;
        if (sl_rng_below(&rng, 10) == 0)
            text[sl_rng_below(&rng, (uint64_t)n)] = 'x';
        int64_t us;
        struct cell_value v;
        if (!cell_quick_timestamp(sl_strn(text, (size_t)n), &last, &us)) {
            assert_int_not_equal(cell_read(sl_strn(text, (size_t)n), &v), CELL_TIMESTAMP);
            continue;
        }
        taken++;
        assert_int_equal(cell_read(sl_strn(text, (size_t)n), &v), CELL_TIMESTAMP);
        assert_true(v.i64 == us);
    }
    assert_true(taken > 10000);
}

static void test_infer__joins(void **state)
{
    (void)state;
    assert_int_equal(infer_type(0), COLUMN_STRING);
    assert_int_equal(infer_type(CELL_INT), COLUMN_INT64);
    assert_int_equal(infer_type(CELL_INT | CELL_DOUBLE), COLUMN_DOUBLE);
    assert_int_equal(infer_type(CELL_BOOL), COLUMN_BOOL);
    assert_int_equal(infer_type(CELL_BOOL | CELL_INT), COLUMN_STRING);
    assert_int_equal(infer_type(CELL_TIMESTAMP), COLUMN_TIMESTAMP);
    assert_int_equal(infer_type(CELL_TIMESTAMP | CELL_STRING), COLUMN_STRING);
}

/* A settled set stays of one type whatever is joined, and an unsettled one can still change. */
static void test_infer__settled(void **state)
{
    (void)state;
    for (unsigned seen = 0; seen < 32; seen++) {
        bool changes = false;
        for (unsigned more = 0; more < 32; more++)
            changes |= infer_type(seen | more) != infer_type(seen);
        assert_int_equal(infer_is_settled(seen), seen != 0 && !changes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cell__kinds),
        cmocka_unit_test(test_cell__values),
        cmocka_unit_test(test_cell__given_types_read_more),
        cmocka_unit_test(test_cell__quick_ways_agree),
        cmocka_unit_test(test_cell__long_decimals),
        cmocka_unit_test(test_cell__quick_timestamps_agree),
        cmocka_unit_test(test_infer__joins),
        cmocka_unit_test(test_infer__settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
