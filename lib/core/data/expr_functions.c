#include "core/data/expr_functions.h"

#include "base/time.h"
#include "core/data/exact_math.h"
#include "core/data/expr_impl.h"

#include <math.h>

typedef struct expr_value value; /* this file is little else than values */

#define ARGS struct sl_arena *a SL_UNUSED, const value *x, size_t n SL_UNUSED

/* ---- numbers ----------------------------------------------------------------------------------
 */

static value call_abs(ARGS)
{
    return x[0].type == EXPR_INT ? expr_int(x[0].i64 < 0 ? -x[0].i64 : x[0].i64)
                                 : expr_double(fabs(x[0].f64));
}

static value call_log(ARGS)
{
    return expr_double(exact_ln(x[0].f64));
}

/* Not libm's log1p: ONNX has none, and both must give the same bits. */
static value call_log1p(ARGS)
{
    return expr_double(exact_ln(1.0 + x[0].f64));
}

static value call_exp(ARGS)
{
    return expr_double(exact_exp(x[0].f64));
}

static value call_sqrt(ARGS)
{
    return expr_double(sqrt(x[0].f64));
}

static value call_floor(ARGS)
{
    return x[0].type == EXPR_INT ? x[0] : expr_double(floor(x[0].f64));
}

static value call_ceil(ARGS)
{
    return x[0].type == EXPR_INT ? x[0] : expr_double(ceil(x[0].f64));
}

/* Halves go to the even neighbour, as in ONNX and IEEE 754. */
static value call_round(ARGS)
{
    return x[0].type == EXPR_INT ? x[0] : expr_double(rint(x[0].f64));
}

static value call_pow(ARGS)
{
    return expr_double(pow(x[0].f64, x[1].f64));
}

static bool less(value x, value y)
{
    return x.type == EXPR_INT ? x.i64 < y.i64 : x.f64 < y.f64;
}

static value call_min(ARGS)
{
    value best = x[0];
    for (size_t i = 1; i < n; i++)
        best = less(x[i], best) ? x[i] : best;
    return best;
}

static value call_max(ARGS)
{
    value best = x[0];
    for (size_t i = 1; i < n; i++)
        best = less(best, x[i]) ? x[i] : best;
    return best;
}

static value call_clip(ARGS)
{
    value raised = less(x[0], x[1]) ? x[1] : x[0];
    return less(x[2], raised) ? x[2] : raised;
}

/* ---- missing values, conversions --------------------------------------------------------------
 */

static value call_is_null(ARGS)
{
    return expr_bool(x[0].type == EXPR_NULL);
}

static value call_coalesce(ARGS)
{
    for (size_t i = 0; i < n; i++)
        if (x[i].type != EXPR_NULL)
            return x[i];
    return expr_null();
}

static value call_if(ARGS)
{
    return x[0].type == EXPR_BOOL && x[0].boolean ? x[1] : x[2];
}

static value call_int(ARGS)
{
    int64_t i;
    switch (x[0].type) {
    case EXPR_BOOL:
        return expr_int(x[0].boolean);
    case EXPR_DOUBLE:
        /* Beyond 2^53 the cast is out of the domain anyway, and may be undefined. */
        return fabs(x[0].f64) < 0x1p53 ? expr_int((int64_t)x[0].f64) : expr_null();
    case EXPR_STRING:
        return sl_str_to_i64(x[0].string, &i) ? expr_int(i) : expr_null();
    case EXPR_INT:
    case EXPR_TIMESTAMP:
        return expr_int(x[0].i64);
    default:
        return expr_null();
    }
}

static value call_double(ARGS)
{
    double d;
    switch (x[0].type) {
    case EXPR_BOOL:
        return expr_double(x[0].boolean);
    case EXPR_INT:
    case EXPR_TIMESTAMP:
        return expr_double((double)x[0].i64);
    case EXPR_STRING:
        return sl_str_to_f64(x[0].string, &d) ? expr_double(d) : expr_null();
    case EXPR_DOUBLE:
        return x[0];
    default:
        return expr_null();
    }
}

static value call_string(ARGS)
{
    char text[SL_TIME_TEXT];
    switch (x[0].type) {
    case EXPR_BOOL:
        return expr_string(x[0].boolean ? SL_STR("true") : SL_STR("false"));
    case EXPR_INT:
        return expr_string(sl_arena_format(a, "%lld", (long long)x[0].i64));
    case EXPR_DOUBLE: {
        SL_AUTOBUF(b, 0);
        sl_buf_add_f64(&b, x[0].f64);
        return expr_string(sl_arena_str(a, sl_buf_str(&b)));
    }
    case EXPR_TIMESTAMP:
        sl_time_format(x[0].i64, text);
        return expr_string(sl_arena_str(a, sl_str(text)));
    default:
        return x[0];
    }
}

static value call_bool(ARGS)
{
    switch (x[0].type) {
    case EXPR_INT:
        return expr_bool(x[0].i64 != 0);
    case EXPR_DOUBLE:
        return expr_bool(x[0].f64 != 0);
    case EXPR_STRING:
        return sl_str_is(x[0].string, "true")    ? expr_bool(true)
               : sl_str_is(x[0].string, "false") ? expr_bool(false)
                                                 : expr_null();
    case EXPR_BOOL:
        return x[0];
    default:
        return expr_null();
    }
}

static value call_timestamp(ARGS)
{
    int64_t us;
    switch (x[0].type) {
    case EXPR_INT:
        return expr_timestamp(x[0].i64);
    case EXPR_STRING:
        return sl_time_parse(x[0].string, &us) ? expr_timestamp(us) : expr_null();
    case EXPR_TIMESTAMP:
        return x[0];
    default:
        return expr_null();
    }
}

/* ---- strings ----------------------------------------------------------------------------------
 */

static value change_case(struct sl_arena *a, struct sl_str s, char first, char last)
{
    char *to = sl_arena_copy(a, s.p, s.n);
    for (size_t i = 0; i < s.n; i++)
        if (to[i] >= first && to[i] <= last)
            to[i] ^= 0x20;
    return expr_string(sl_strn(to, s.n));
}

static value call_lower(ARGS)
{
    return change_case(a, x[0].string, 'A', 'Z');
}

static value call_upper(ARGS)
{
    return change_case(a, x[0].string, 'a', 'z');
}

static value call_trim(ARGS)
{
    return expr_string(sl_str_trim(x[0].string));
}

static bool starts_code_point(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static int64_t code_points(struct sl_str s)
{
    int64_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += starts_code_point(s.p[i]);
    return count;
}

static value call_length(ARGS)
{
    return expr_int(code_points(x[0].string));
}

static value call_contains(ARGS)
{
    return expr_bool(sl_str_find(x[0].string, x[1].string) >= 0);
}

static value call_starts_with(ARGS)
{
    return expr_bool(sl_str_starts(x[0].string, x[1].string));
}

static value call_ends_with(ARGS)
{
    return expr_bool(sl_str_ends(x[0].string, x[1].string));
}

/* The byte at which code point `index` starts; the length past the last. */
static size_t byte_of(struct sl_str s, int64_t index)
{
    size_t i = 0;
    for (; i < s.n; i++)
        if (starts_code_point(s.p[i]) && index-- == 0)
            break;
    return i;
}

static value call_substr(ARGS)
{
    struct sl_str s = x[0].string;
    int64_t start = x[1].i64;
    if (start < 0) {
        start += code_points(s);
        start = SL_MAX(start, (int64_t)0);
    }
    s = sl_str_skip(s, byte_of(s, start));
    if (n == 3)
        s.n = x[2].i64 > 0 ? byte_of(s, x[2].i64) : 0;
    return expr_string(s);
}

static value call_replace(ARGS)
{
    struct sl_str rest = x[0].string;
    SL_AUTOBUF(b, 0);
    ptrdiff_t at;
    while ((at = sl_str_find(rest, x[1].string)) >= 0) {
        sl_buf_add(&b, rest.p, (size_t)at);
        if (x[2].type == EXPR_STRING) /* missing: the empty string, that is, removed */
            sl_buf_add_str(&b, x[2].string);
        rest = sl_str_skip(rest, (size_t)at + x[1].string.n);
    }
    sl_buf_add_str(&b, rest);
    return expr_string(sl_arena_str(a, sl_buf_str(&b)));
}

static value call_replace_if_there(ARGS)
{
    if (x[0].type == EXPR_NULL || x[1].type == EXPR_NULL)
        return x[0];
    return call_replace(a, x, n);
}

static value call_concat(ARGS)
{
    SL_AUTOBUF(b, 0);
    for (size_t i = 0; i < n; i++)
        if (x[i].type == EXPR_STRING)
            sl_buf_add_str(&b, x[i].string);
    return expr_string(sl_arena_str(a, sl_buf_str(&b)));
}

/* ---- time -------------------------------------------------------------------------------------
 */

#define DATE_PART(name, part)                           \
    static value call_##name(ARGS)                      \
    {                                                   \
        struct sl_civil c = sl_civil_from_us(x[0].i64); \
        return expr_int(part);                          \
    }
DATE_PART(year, c.year)
DATE_PART(quarter, (c.month + 2) / 3)
DATE_PART(month, c.month)
DATE_PART(day, c.day)
DATE_PART(hour, c.hour)
DATE_PART(minute, c.minute)
DATE_PART(second, c.second)
DATE_PART(weekday, c.weekday)
DATE_PART(yearday, c.yearday)

static value call_date_diff(ARGS)
{
    return expr_date_diff(x[0].string, x[1].i64, x[2].i64);
}

static value call_date_trunc(ARGS)
{
    return expr_date_trunc(x[0].string, x[1].i64);
}

/* ---- the table --------------------------------------------------------------------------------
 */

#define MANY SIZE_MAX
static const struct expr_function functions[] = {
    {EXPR_F_ABS, "abs", "abs(x) -> type of x", "absolute value", "n", 1, 1, EXPR_ANY, true,
     call_abs},
    {EXPR_F_LOG, "log", "log(x) -> double", "natural logarithm; null for x <= 0", "d", 1, 1,
     EXPR_DOUBLE, true, call_log},
    {EXPR_F_LOG1P, "log1p", "log1p(x) -> double", "log(1 + x), computed so", "d", 1, 1, EXPR_DOUBLE,
     true, call_log1p},
    {EXPR_F_EXP, "exp", "exp(x) -> double", "e to the power x", "d", 1, 1, EXPR_DOUBLE, true,
     call_exp},
    {EXPR_F_SQRT, "sqrt", "sqrt(x) -> double", "square root; null for x < 0", "d", 1, 1,
     EXPR_DOUBLE, true, call_sqrt},
    {EXPR_F_FLOOR, "floor", "floor(x) -> type of x", "largest whole number <= x", "n", 1, 1,
     EXPR_ANY, true, call_floor},
    {EXPR_F_CEIL, "ceil", "ceil(x) -> type of x", "smallest whole number >= x", "n", 1, 1, EXPR_ANY,
     true, call_ceil},
    {EXPR_F_ROUND, "round", "round(x) -> type of x", "nearest whole number, halves to the even one",
     "n", 1, 1, EXPR_ANY, true, call_round},
    {EXPR_F_POW, "pow", "pow(x, y) -> double", "x to the power y", "dd", 2, 2, EXPR_DOUBLE, true,
     call_pow},
    {EXPR_F_MIN, "min", "min(x, y, ...) -> number", "the smallest; null when one is missing", "n",
     2, MANY, EXPR_ANY, true, call_min},
    {EXPR_F_MAX, "max", "max(x, y, ...) -> number", "the largest; null when one is missing", "n", 2,
     MANY, EXPR_ANY, true, call_max},
    {EXPR_F_CLIP, "clip", "clip(x, low, high) -> number", "min(max(x, low), high)", "nnn", 3, 3,
     EXPR_ANY, true, call_clip},
    {EXPR_F_IS_NULL, "is_null", "is_null(x) -> bool", "whether x is missing", "*", 1, 1, EXPR_BOOL,
     false, call_is_null},
    {EXPR_F_COALESCE, "coalesce", "coalesce(x, y, ...) -> type of x", "the first that is there",
     "=", 1, MANY, EXPR_ANY, false, call_coalesce},
    {EXPR_F_IF, "if", "if(test, x, y) -> type of x", "test ? x : y", "b==", 3, 3, EXPR_ANY, false,
     call_if},
    {EXPR_F_INT, "int", "int(x) -> int",
     "towards zero; decimal text; false 0, true 1; microseconds since 1970; else null", "*", 1, 1,
     EXPR_INT, true, call_int},
    {EXPR_F_DOUBLE, "double", "double(x) -> double",
     "decimal text; false 0, true 1; microseconds since 1970; else null", "*", 1, 1, EXPR_DOUBLE,
     true, call_double},
    {EXPR_F_STRING, "string", "string(x) -> string",
     "the shortest decimal text that reads back the same; true, false; an RFC 3339 time", "*", 1, 1,
     EXPR_STRING, true, call_string},
    {EXPR_F_BOOL, "bool", "bool(x) -> bool",
     "numbers: whether x is not 0; 'true' and 'false'; else null", "*", 1, 1, EXPR_BOOL, true,
     call_bool},
    {EXPR_F_TIMESTAMP, "timestamp", "timestamp(x) -> timestamp",
     "YYYY-MM-DD with or without a time of day, UTC unless an offset is given; an int: "
     "microseconds "
     "since 1970; else null",
     "*", 1, 1, EXPR_TIMESTAMP, true, call_timestamp},
    {EXPR_F_LOWER, "lower", "lower(s) -> string", "A to Z in small letters, others as they are",
     "s", 1, 1, EXPR_STRING, true, call_lower},
    {EXPR_F_UPPER, "upper", "upper(s) -> string", "a to z in capitals, others as they are", "s", 1,
     1, EXPR_STRING, true, call_upper},
    {EXPR_F_TRIM, "trim", "trim(s) -> string", "without spaces, tabs and line ends at both ends",
     "s", 1, 1, EXPR_STRING, true, call_trim},
    {EXPR_F_LENGTH, "length", "length(s) -> int", "Unicode code points; null when missing", "s", 1,
     1, EXPR_INT, true, call_length},
    {EXPR_F_CONTAINS, "contains", "contains(s, part) -> bool", "whether part occurs in s", "ss", 2,
     2, EXPR_BOOL, true, call_contains},
    {EXPR_F_STARTS_WITH, "starts_with", "starts_with(s, part) -> bool", "whether s starts so", "ss",
     2, 2, EXPR_BOOL, true, call_starts_with},
    {EXPR_F_ENDS_WITH, "ends_with", "ends_with(s, part) -> bool", "whether s ends so", "ss", 2, 2,
     EXPR_BOOL, true, call_ends_with},
    {EXPR_F_SUBSTR, "substr", "substr(s, start[, count]) -> string",
     "code points from start (the first is 0; below 0: from the end); null when none", "sii", 2, 3,
     EXPR_STRING, true, call_substr},
    {EXPR_F_REPLACE, "replace", "replace(s, part, by) -> string",
     "every part replaced, from the left; by '' (missing): removed", "sss", 3, 3, EXPR_STRING,
     false, call_replace_if_there},
    {EXPR_F_CONCAT, "concat", "concat(s, t, ...) -> string",
     "joined, missing ones left out (+ is null then)", "s", 1, MANY, EXPR_STRING, false,
     call_concat},
    {EXPR_F_YEAR, "year", "year(t) -> int", "of the proleptic Gregorian calendar, UTC", "t", 1, 1,
     EXPR_INT, true, call_year},
    {EXPR_F_QUARTER, "quarter", "quarter(t) -> int", "1 to 4", "t", 1, 1, EXPR_INT, true,
     call_quarter},
    {EXPR_F_MONTH, "month", "month(t) -> int", "1 to 12", "t", 1, 1, EXPR_INT, true, call_month},
    {EXPR_F_DAY, "day", "day(t) -> int", "of the month, 1 to 31", "t", 1, 1, EXPR_INT, true,
     call_day},
    {EXPR_F_HOUR, "hour", "hour(t) -> int", "0 to 23", "t", 1, 1, EXPR_INT, true, call_hour},
    {EXPR_F_MINUTE, "minute", "minute(t) -> int", "0 to 59", "t", 1, 1, EXPR_INT, true,
     call_minute},
    {EXPR_F_SECOND, "second", "second(t) -> int", "0 to 59", "t", 1, 1, EXPR_INT, true,
     call_second},
    {EXPR_F_WEEKDAY, "weekday", "weekday(t) -> int", "0 Sunday to 6 Saturday", "t", 1, 1, EXPR_INT,
     true, call_weekday},
    {EXPR_F_YEARDAY, "yearday", "yearday(t) -> int", "1 to 366", "t", 1, 1, EXPR_INT, true,
     call_yearday},
    {EXPR_F_DATE_DIFF, "date_diff", "date_diff(unit, from, to) -> int",
     "whole units that passed, towards zero: second, minute, hour, day, week", "utt", 3, 3,
     EXPR_INT, true, call_date_diff},
    {EXPR_F_DATE_TRUNC, "date_trunc", "date_trunc(unit, t) -> timestamp",
     "the start of t's second, minute, hour, day, week (Monday), month, quarter or year, UTC", "ut",
     2, 2, EXPR_TIMESTAMP, true, call_date_trunc},
};

const struct expr_function *expr_function_all(size_t *ret_n)
{
    *ret_n = SL_COUNTOF(functions);
    return functions;
}

const struct expr_function *expr_function_get(enum expr_function_id id)
{
    return &functions[id];
}

const struct expr_function *expr_function_find(struct sl_str name)
{
    for (size_t i = 0; i < SL_COUNTOF(functions); i++)
        if (sl_str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}
