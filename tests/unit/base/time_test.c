#include "base/time.h"
#include "tests/support/test.h"

#include <time.h>

/* Against libc's own calendar, over 800 years. */
static void test_time__civil_equals_libc(void **state)
{
    (void)state;
    for (int64_t day = -150000; day < 150000; day += 37) {
        int64_t us = (day * 86400 + 45296) * 1000000 + 250;
        time_t seconds = (time_t)(day * 86400 + 45296);
        struct tm tm;
        gmtime_r(&seconds, &tm);
        struct sl_civil c = sl_civil_from_us(us);
        assert_int_equal(c.year, tm.tm_year + 1900);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
        assert_int_equal(c.weekday, tm.tm_wday);
        assert_int_equal(c.yearday, tm.tm_yday + 1);
        assert_int_equal(c.hour, 12);
        assert_int_equal(c.microsecond, 250);
        assert_int_equal(sl_days_from_civil(c.year, c.month, c.day), day);
    }
}

static void test_time__parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"1970-01-01", 0},
        {"1999-10-19", 940291200000000},
        {"2000-02-29T12:30", 951827400000000},
        {"2000-02-29 12:30:01.5Z", 951827401500000},
        {"2000-02-29T12:30:01+02:00", 951820201000000},
        {"1969-12-31T23:59:59.999999Z", -1},
    };
    int64_t us;
    for (size_t i = 0; i < SL_COUNTOF(good); i++) {
        assert_true(sl_time_parse(sl_str(good[i].text), &us));
        assert_int_equal(us, good[i].us);
    }
    const char *bad[] = {"",
                         "2001-02-29",
                         "1999-13-01",
                         "1999-1-1",
                         "19991019",
                         "1999-10-19T",
                         "1999-10-19T25:00",
                         "1999-10-19T10",
                         "1999-10-19 10:00 ",
                         "1999-10-19T10:00+2"};
    for (size_t i = 0; i < SL_COUNTOF(bad); i++)
        assert_false(sl_time_parse(sl_str(bad[i]), &us));
}

static void test_time__durations(void **state)
{
    (void)state;
    int64_t ms;
    assert_true(sl_duration_parse(SL_STR("1h30m"), &ms) && ms == 5400000);
    assert_true(sl_duration_parse(SL_STR("1.5s"), &ms) && ms == 1500);
    assert_true(sl_duration_parse(SL_STR("250ms"), &ms) && ms == 250);
    assert_true(sl_duration_parse(SL_STR("2d"), &ms) && ms == 172800000);
    const char *bad[] = {"", "10", "s", "-1s", "1x", "1s2"};
    for (size_t i = 0; i < SL_COUNTOF(bad); i++)
        assert_false(sl_duration_parse(sl_str(bad[i]), &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time__civil_equals_libc),
        cmocka_unit_test(test_time__parse),
        cmocka_unit_test(test_time__durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
