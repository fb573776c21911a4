#include "core/data/cell.h"

#include "base/time.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define LARGEST_INT ((int64_t)1 << 53)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct sl_str trim(struct sl_str s)
{
    while (s.n && is_blank(s.p[0]))
        s = sl_str_skip(s, 1);
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Codes such as 007 and 01.10 are no numbers. */
static bool has_leading_zero(struct sl_str s)
{
    s = sl_str_skip(s, s.n && s.p[0] == '-');
    return s.n > 1 && s.p[0] == '0' && is_digit(s.p[1]);
}

static bool eq_lower(struct sl_str s, const char *lower)
{
    size_t n = strlen(lower);
    if (s.n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((s.p[i] | 0x20) != lower[i])
            return false;
    return true;
}

static bool parse_special(struct sl_str s, double *ret)
{
    bool negative = s.n && s.p[0] == '-';
    s = sl_str_skip(s, negative);
    double value;
    if (eq_lower(s, "nan"))
        value = NAN;
    else if (eq_lower(s, "inf") || eq_lower(s, "infinity"))
        value = negative ? -INFINITY : INFINITY;
    else
        return false;
    *ret = value;
    return true;
}

static bool parse_bool(struct sl_str s, bool *ret)
{
    bool yes = eq_lower(s, "true");
    if (!yes && !eq_lower(s, "false"))
        return false;
    *ret = yes;
    return true;
}

/* What begins like a number: int, double or string. */
static enum cell_kind read_number(struct sl_str s, struct cell_value *ret)
{
    if (cell_quick_int(s, &ret->i64))
        return CELL_INT;
    if (has_leading_zero(s))
        return CELL_STRING;
    int64_t wide;
    if (sl_str_to_i64(s, &wide)) {
        ret->i64 = wide;
        return wide <= LARGEST_INT && wide >= -LARGEST_INT ? CELL_INT : CELL_STRING;
    }
    bool only_digits = true;
    for (size_t i = s.p[0] == '-'; i < s.n; i++)
        only_digits &= is_digit(s.p[i]);
    if (only_digits)
        return CELL_STRING;
    return sl_str_to_f64(s, &ret->f64) ? CELL_DOUBLE : CELL_STRING;
}

enum cell_kind cell_read(struct sl_str text, struct cell_value *ret_value)
{
    if (text.n == 0)
        return CELL_MISSING;
    struct cell_value v = {0};
    struct sl_str s = trim(text);
    enum cell_kind kind = CELL_STRING;
    if (s.n == 0)
        return CELL_STRING;
    char c = s.p[0];
    if (sl_time_parse(s, &v.i64))
        kind = CELL_TIMESTAMP;
    else if ((is_digit(c) || c == '-' || c == '.') && s.n > 0)
        kind = read_number(s, &v);
    else if (parse_bool(s, &v.boolean))
        kind = CELL_BOOL;
    if (kind == CELL_STRING && parse_special(s, &v.f64))
        kind = CELL_DOUBLE;
    if (kind != CELL_STRING)
        *ret_value = v;
    return kind;
}

bool cell_parse(struct sl_str text, enum column_type type, struct cell_value *ret_value)
{
    struct cell_value v = {0};
    struct sl_str s = trim(text);
    bool ok = false;
    switch (type) {
    case COLUMN_INT64:
        ok = sl_str_to_i64(s, &v.i64) && v.i64 <= LARGEST_INT && v.i64 >= -LARGEST_INT;
        break;
    case COLUMN_DOUBLE:
    case COLUMN_FLOAT:
        ok = sl_str_to_f64(s, &v.f64) || parse_special(s, &v.f64);
        break;
    case COLUMN_BOOL:
        ok = parse_bool(s, &v.boolean);
        if (!ok && s.n == 1 && (s.p[0] == '0' || s.p[0] == '1')) {
            v.boolean = s.p[0] == '1';
            ok = true;
        }
        break;
    case COLUMN_TIMESTAMP:
        ok = sl_time_parse(s, &v.i64);
        break;
    case COLUMN_STRING:
        break;
    }
    if (ok)
        *ret_value = v;
    return ok;
}

/* mantissa / 10^places as the nearest double, or false: it takes a closer look.
 *
 * Up to 15 digits the mantissa and the power of ten are doubles, so that their quotient is rounded
 * once (Clinger 1990). Up to 19 digits both are exact in the 64 bits of x87's long double; the
 * quotient is then rounded twice, which is the same unless its last 11 bits are next to one half.
 */
static bool divide(uint64_t mantissa, size_t digits, size_t places, double *ret)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    if (digits <= 15) {
        *ret = places ? (double)mantissa / powers[places] : (double)mantissa;
        return true;
    }
    if (LDBL_MANT_DIG != 64 || mantissa == 0)
        return false;
    static const long double wide[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                       1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                       1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L};
    long double quotient = (long double)mantissa / wide[places];
    uint64_t bits;
    memcpy(&bits, &quotient, sizeof(bits));
    *ret = (double)quotient;
    return (bits & 0x7ff) - 0x3ff > 2;
}

bool cell_quick_double(struct sl_str s, double *ret)
{
    bool negative = s.n && s.p[0] == '-';
    size_t n = s.n, i = negative, point = n, digits = 0;
    if (n - i > 20 || n == i || !is_digit(s.p[n - 1]) ||
        (s.p[i] == '0' && n > i + 1 && s.p[i + 1] != '.'))
        return false;
    uint64_t mantissa = 0;
    for (; i < n; i++) {
        unsigned digit = (unsigned char)s.p[i] - '0';
        if (digit <= 9) {
            mantissa = mantissa * 10 + digit;
            digits++;
        } else if (s.p[i] == '.' && point == n) {
            point = i;
        } else {
            return false;
        }
    }
    /* Without a point, more than 15 digits may be beyond 2^53: that is for cell_read to tell. */
    double value;
    if (digits > (point < n ? 19 : 15) ||
        !divide(mantissa, digits, point < n ? n - point - 1 : 0, &value))
        return false;
    *ret = negative ? -value : value;
    return true;
}

/* Two digits at p, or 100 and more. */
static inline unsigned two(const char *p)
{
    unsigned high = (unsigned char)p[0] - '0', low = (unsigned char)p[1] - '0';
    return high > 9 || low > 9 ? 100 : high * 10 + low;
}

bool cell_quick_timestamp(struct sl_str s, struct cell_date *last, int64_t *ret)
{
    if (s.n != 10 && s.n != 19)
        return false;
    if (memcmp(s.p, last->text, 10) != 0) {
        if (!sl_time_parse(sl_strn(s.p, 10), &last->us))
            return false;
        memcpy(last->text, s.p, 10);
    }
    int64_t seconds = 0;
    if (s.n == 19) {
        unsigned hour = two(s.p + 11), minute = two(s.p + 14), second = two(s.p + 17);
        if (hour > 23 || minute > 59 || second > 59 || s.p[13] != ':' || s.p[16] != ':' ||
            (s.p[10] != ' ' && s.p[10] != 'T'))
            return false;
        seconds = hour * 3600 + minute * 60 + second;
    }
    *ret = last->us + seconds * 1000000;
    return true;
}
