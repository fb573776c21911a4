/* The text of one value: what it is, and the value. The rules that turn CSV into the types of the
 * house (DESIGN 5), for one cell; core/data/infer.h joins them into the type of a column.
 *
 *     int        0, 17, -4          no leading zero, no '+'; |x| <= 2^53
 *     double     1.5, .5, -2e10     no leading zero before another digit; also nan, inf, infinity
 *     bool       true, false        in any case
 *     timestamp  2026-11-22, 2026-11-22T07:38:57.25+01:00     as sl_time_parse
 *     string     anything else
 *     missing    no text at all
 *
 * Blanks around all but strings are passed over. */
#pragma once

#include "core/data/table.h"

/* Bits, so that a set of kinds is a number. */
enum cell_kind {
    CELL_MISSING = 0,
    CELL_INT = 1,
    CELL_DOUBLE = 2,
    CELL_BOOL = 4,
    CELL_TIMESTAMP = 8,
    CELL_STRING = 16,
};

struct cell_value {
    union {
        int64_t i64; /* int, timestamp */
        double f64;
        bool boolean;
    };
};

/* The kind of a cell; ret_value is set for all but missing and string. */
enum cell_kind cell_read(struct sl_str text, struct cell_value *ret_value);

/* A cell of a column whose type is given: more forms are read than are recognised ("007" and "+7"
 * as a number, 1 and 0 as a bool, any integer as a double). `text` is not empty. False: it cannot
 * be read as that type. Not for strings. */
bool cell_parse(struct sl_str text, enum column_type type, struct cell_value *ret_value);

/* The quick way for cells as most are: true when `text` is of that kind, and the value is
 * cell_read's; false says nothing. */
static inline bool cell_quick_int(struct sl_str s, int64_t *ret)
{
    bool negative = s.n && s.p[0] == '-';
    const char *p = s.p + negative;
    size_t n = s.n - negative;
    if (n == 0 || n > 15 || (p[0] == '0' && n > 1))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned char)p[i] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *ret = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* As cell_quick_int, for decimals. */
bool cell_quick_double(struct sl_str s, double *ret);

/* The date of the last cell that was read: neighbours often share it. */
struct cell_date {
    char text[16]; /* YYYY-MM-DD */
    int64_t us;
};

/* As cell_quick_int, for dates and times without an offset. */
bool cell_quick_timestamp(struct sl_str s, struct cell_date *last, int64_t *ret);
