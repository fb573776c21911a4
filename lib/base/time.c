#include "base/time.h"

#include <stdio.h>
#include <time.h>

static int64_t clock_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t sl_time_now_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

int64_t sl_time_monotonic_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

/* Days and civil dates: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int64_t sl_days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct sl_civil sl_civil_from_us(int64_t time_us)
{
    const int64_t day_us = 86400000000;
    int64_t days = floor_div(time_us, day_us);
    int64_t rest = time_us % day_us; /* days * day_us may be below INT64_MIN */
    rest += rest < 0 ? day_us : 0;
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    struct sl_civil c = {
        .month = (int)(mp < 10 ? mp + 3 : mp - 9),
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = (int)(rest / 3600000000),
        .minute = (int)(rest / 60000000 % 60),
        .second = (int)(rest / 1000000 % 60),
        .microsecond = (int)(rest % 1000000),
        .weekday = (int)((days % 7 + 11) % 7),
    };
    c.year = yoe + era * 400 + (c.month <= 2);
    c.yearday = (int)(days - sl_days_from_civil(c.year, 1, 1)) + 1;
    return c;
}

void sl_time_format(int64_t time_us, char ret[SL_TIME_TEXT])
{
    struct sl_civil c = sl_civil_from_us(time_us);
    int n = snprintf(ret, SL_TIME_TEXT, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)c.year,
                     c.month, c.day, c.hour, c.minute, c.second);
    if (c.microsecond)
        n += snprintf(ret + n, SL_TIME_TEXT - (size_t)n, ".%06d", c.microsecond);
    snprintf(ret + n, SL_TIME_TEXT - (size_t)n, "Z");
}

/* Exactly `count` digits off the front of `s`. */
static bool take_digits(struct sl_str *s, size_t count, int *ret)
{
    if (s->n < count)
        return false;
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(s->p[i] - '0');
        if (digit > 9)
            return false;
        value = value * 10 + (int)digit;
    }
    *s = sl_str_skip(*s, count);
    *ret = value;
    return true;
}

static bool take_char(struct sl_str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = sl_str_skip(*s, 1);
    return true;
}

static bool take_fraction(struct sl_str *s, int *ret_us)
{
    int value = 0, scale = 100000, digit, count = 0;
    for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; count++) {
        if (!take_digits(s, 1, &digit))
            return false;
        value += digit * scale;
        scale /= 10;
    }
    *ret_us = value;
    return count >= 1 && count <= 9;
}

static bool take_offset(struct sl_str *s, int *ret_minutes)
{
    *ret_minutes = 0;
    if (s->n == 0 || take_char(s, 'Z'))
        return true;
    int sign = s->p[0] == '-' ? -1 : 1, hours, minutes = 0;
    if (!take_char(s, '+') && !take_char(s, '-'))
        return false;
    if (!take_digits(s, 2, &hours) || hours > 23)
        return false;
    bool colon = take_char(s, ':');
    if ((colon || s->n) && (!take_digits(s, 2, &minutes) || minutes > 59))
        return false;
    *ret_minutes = sign * (hours * 60 + minutes);
    return true;
}

static bool take_clock(struct sl_str *s, struct sl_civil *c)
{
    if (!take_digits(s, 2, &c->hour) || !take_char(s, ':') || !take_digits(s, 2, &c->minute))
        return false;
    if (take_char(s, ':')) {
        if (!take_digits(s, 2, &c->second))
            return false;
        if (take_char(s, '.') && !take_fraction(s, &c->microsecond))
            return false;
    }
    return c->hour < 24 && c->minute < 60 && c->second < 60;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool sl_time_parse(struct sl_str s, int64_t *ret_us)
{
    int year, offset = 0;
    struct sl_civil c = {0};
    if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &c.month) ||
        !take_char(&s, '-') || !take_digits(&s, 2, &c.day))
        return false;
    if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > days_in_month(year, c.month))
        return false;
    if (s.n) {
        if (!take_char(&s, 'T') && !take_char(&s, ' '))
            return false;
        if (!take_clock(&s, &c) || !take_offset(&s, &offset) || s.n)
            return false;
    }
    int64_t seconds =
        sl_days_from_civil(year, c.month, c.day) * 86400 + c.hour * 3600 + c.minute * 60 + c.second;
    *ret_us = (seconds - (int64_t)offset * 60) * 1000000 + c.microsecond;
    return true;
}

static bool take_unit(struct sl_str *s, double *ret_ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1},  {"us", 1e-3}, {"ns", 1e-6}, {"s", 1e3},
                 {"m", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};
    for (size_t i = 0; i < SL_COUNTOF(units); i++)
        if (sl_str_starts(*s, sl_str(units[i].name))) {
            *s = sl_str_skip(*s, strlen(units[i].name));
            *ret_ms = units[i].ms;
            return true;
        }
    return false;
}

bool sl_duration_parse(struct sl_str s, int64_t *ret_ms)
{
    double total = 0;
    if (s.n == 0)
        return false;
    while (s.n) {
        size_t n = 0;
        while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))
            n++;
        double value, unit;
        if (!sl_str_to_f64(sl_strn(s.p, n), &value))
            return false;
        s = sl_str_skip(s, n);
        if (!take_unit(&s, &unit))
            return false;
        total += value * unit;
    }
    if (total > 9.2e15)
        return false;
    *ret_ms = (int64_t)(total + 0.5);
    return true;
}

void sl_duration_format(int64_t us, char ret[SL_TIME_TEXT])
{
    long long seconds = us / 1000000;
    if (us < 1000000)
        snprintf(ret, SL_TIME_TEXT, "%lldms", (long long)us / 1000);
    else if (seconds < 60)
        snprintf(ret, SL_TIME_TEXT, "%.1fs", (double)us / 1e6);
    else if (seconds < 3600)
        snprintf(ret, SL_TIME_TEXT, "%lldm%02llds", seconds / 60, seconds % 60);
    else
        snprintf(ret, SL_TIME_TEXT, "%lldh%02lldm", seconds / 3600, seconds / 60 % 60);
}
