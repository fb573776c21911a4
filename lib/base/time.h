/* Times are int64_t microseconds since 1970-01-01 UTC; durations are int64_t milliseconds or
 * microseconds, by name. Everything but the two clocks is pure. Proleptic Gregorian calendar, no
 * leap seconds. */
#pragma once

#include "base/attr.h"
#include "base/str.h"

struct sl_civil {
    int64_t year;
    int month;  /* 1..12 */
    int day;    /* 1..31 */
    int hour;   /* 0..23 */
    int minute; /* 0..59 */
    int second; /* 0..59 */
    int microsecond;
    int weekday; /* 0 Sunday .. 6 Saturday */
    int yearday; /* 1..366 */
};

enum { SL_TIME_TEXT = 32 };

/* The wall clock and a clock that never goes back. For logs, adapters and programs; core/ gets its
 * time handed in. */
int64_t sl_time_now_us(void);
int64_t sl_time_monotonic_us(void);

/* Days since 1970-01-01 of a civil date, and back. */
int64_t sl_days_from_civil(int64_t year, int month, int day);
struct sl_civil sl_civil_from_us(int64_t time_us);

/* "2026-11-22T07:38:57.000001Z", without the fraction when it is zero; NUL-terminated. */
void sl_time_format(int64_t time_us, char ret[SL_TIME_TEXT]);
/* A date or a date and time: YYYY-MM-DD, optionally [T or space]HH:MM[:SS[.f{1,9}]], optionally Z
 * or an offset +HH[:]MM. UTC unless an offset is given. False when `s` is anything else, or no date
 * of the calendar. */
bool sl_time_parse(struct sl_str s, int64_t *ret_us);
/* "1h30m", "10s", "250ms", "1d": digits (a fraction allowed) and unit, repeated; the units are
 * those of Go's durations plus d. False when `s` is anything else, negative, or beyond 292 years.
 */
bool sl_duration_parse(struct sl_str s, int64_t *ret_ms);
/* For people: "412ms", "3.1s", "2m05s", "1h02m". NUL-terminated. */
void sl_duration_format(int64_t duration_us, char ret[SL_TIME_TEXT]);
