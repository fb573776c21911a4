#include "core/data/tfx_hash.h"

#include "codec/sha256.h"

#include <math.h>

/* ---- what Python reads ------------------------------------------------------------------------
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static struct sl_str strip(struct sl_str s)
{
    while (s.n && is_space(s.p[0]))
        s = sl_str_skip(s, 1);
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

enum { LONGEST_NUMBER = 512 };

/* The cell without blanks around it and without the underscores that may stand between digits.
 * False: it is no number for its underscores, or for its length. */
static bool plain_number(struct sl_str cell, char *text, struct sl_str *ret)
{
    struct sl_str s = strip(cell);
    size_t n = 0;
    if (s.n == 0 || s.n > LONGEST_NUMBER)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '_')
            text[n++] = s.p[i];
        else if (i == 0 || i + 1 == s.n || !is_digit(s.p[i - 1]) || !is_digit(s.p[i + 1]))
            return false;
    }
    *ret = sl_strn(text, n);
    return true;
}

static size_t count_digits(struct sl_str s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && is_digit(s.p[at + n]))
        n++;
    return n;
}

static bool is_word(struct sl_str s, const char *lower)
{
    size_t n = strlen(lower);
    bool same = s.n == n;
    for (size_t i = 0; same && i < n; i++)
        same = (s.p[i] | 0x20) == lower[i];
    return same;
}

enum number { NO_NUMBER, WHOLE, DECIMAL, SPECIAL };

/* The grammar of int() and float(). */
static enum number classify(struct sl_str s)
{
    size_t at = s.n && (s.p[0] == '-' || s.p[0] == '+');
    struct sl_str rest = sl_str_skip(s, at);
    if (is_word(rest, "nan") || is_word(rest, "inf") || is_word(rest, "infinity"))
        return SPECIAL;
    size_t whole = count_digits(s, at), fraction = 0;
    at += whole;
    if (at == s.n)
        return whole ? WHOLE : NO_NUMBER;
    if (s.p[at] == '.') {
        fraction = count_digits(s, at + 1);
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return NO_NUMBER;
    if (at < s.n && (s.p[at] | 0x20) == 'e') {
        at += 1 + (at + 1 < s.n && (s.p[at + 1] == '-' || s.p[at + 1] == '+'));
        size_t exponent = count_digits(s, at);
        if (exponent == 0)
            return NO_NUMBER;
        at += exponent;
    }
    return at == s.n ? DECIMAL : NO_NUMBER;
}

/* A whole number with its sign and whatever zeros in front. False: it does not fit int64. */
static bool parse_whole(struct sl_str s, int64_t *ret)
{
    bool negative = s.p[0] == '-';
    uint64_t value = 0;
    for (size_t i = negative || s.p[0] == '+'; i < s.n; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
            return false;
    if (value > (uint64_t)INT64_MAX + negative)
        return false;
    *ret = (int64_t)(negative ? 0 - value : value);
    return true;
}

enum tfx_kind tfx_kind_of(struct sl_str cell)
{
    char text[LONGEST_NUMBER];
    struct sl_str s;
    int64_t value;
    if (cell.n == 0)
        return TFX_UNKNOWN;
    if (!plain_number(cell, text, &s))
        return TFX_STRING;
    switch (classify(s)) {
    case WHOLE:
        return parse_whole(s, &value) ? TFX_INT : TFX_STRING;
    case DECIMAL:
    case SPECIAL:
        return TFX_FLOAT;
    case NO_NUMBER:
        break;
    }
    return TFX_STRING;
}

static int64_t int_of(struct sl_str cell)
{
    char text[LONGEST_NUMBER];
    struct sl_str s;
    int64_t value = 0;
    if (plain_number(cell, text, &s))
        (void)parse_whole(s, &value);
    return value;
}

static float float_of(struct sl_str cell)
{
    char text[LONGEST_NUMBER];
    struct sl_str s;
    double value;
    if (!plain_number(cell, text, &s))
        return 0;
    bool negative = s.p[0] == '-';
    if (classify(s) == SPECIAL)
        value =
            is_word(sl_str_skip(s, s.p[0] == '-' || s.p[0] == '+'), "nan") ? (double)NAN : INFINITY;
    else if (sl_str_to_f64(s, &value))
        return (float)value;
    else
        value = INFINITY;
    return (float)(negative ? -value : value);
}

/* ---- protobuf ---------------------------------------------------------------------------------
 */

enum { FEATURES = 0x0a, ENTRY = 0x0a, KEY = 0x0a, VALUE = 0x12 };
enum { BYTES_LIST = 0x0a, FLOAT_LIST = 0x12, INT64_LIST = 0x1a, LIST_VALUE = 0x0a };

static void add_varint(struct sl_buf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        sl_buf_add_char(out, (char)(v | 0x80));
    sl_buf_add_char(out, (char)v);
}

static size_t varint_bytes(uint64_t v)
{
    size_t n = 1;
    for (; v >= 0x80; v >>= 7)
        n++;
    return n;
}

/* A field of length-delimited kind. */
static void add_field(struct sl_buf *out, int tag, struct sl_str data)
{
    sl_buf_add_char(out, (char)tag);
    add_varint(out, data.n);
    sl_buf_add_str(out, data);
}

/* A list of one value, or an empty one, as the kind's oneof member. */
static void add_list(struct sl_buf *out, int tag, bool empty, struct sl_str value)
{
    sl_buf_add_char(out, (char)tag);
    add_varint(out, empty ? 0 : 1 + varint_bytes(value.n) + value.n);
    if (!empty)
        add_field(out, LIST_VALUE, value);
}

void tfx_format_feature(enum tfx_kind kind, struct sl_str cell, struct sl_buf *out)
{
    bool empty = cell.n == 0;
    float f;
    SL_AUTOBUF(packed, 0);
    switch (kind) {
    case TFX_UNKNOWN:
        break;
    case TFX_STRING:
        add_list(out, BYTES_LIST, empty, cell);
        break;
    case TFX_FLOAT:
        f = float_of(cell);
        add_list(out, FLOAT_LIST, empty, sl_strn((const char *)&f, sizeof(f)));
        break;
    case TFX_INT:
        add_varint(&packed, (uint64_t)int_of(cell));
        add_list(out, INT64_LIST, empty, sl_buf_str(&packed));
        break;
    }
}

void tfx_format_example(const struct tfx_columns *c, const struct sl_str *cells, struct sl_buf *out)
{
    SL_AUTOBUF(features, 0);
    SL_AUTOBUF(entry, 0);
    SL_AUTOBUF(feature, 0);
    for (size_t i = 0; i < c->n; i++) {
        size_t column = c->order[i];
        sl_buf_clear(&feature);
        sl_buf_clear(&entry);
        tfx_format_feature(c->kinds[column], cells[column], &feature);
        add_field(&entry, KEY, c->names[column]);
        add_field(&entry, VALUE, sl_buf_str(&feature));
        add_field(&features, ENTRY, sl_buf_str(&entry));
    }
    add_field(out, FEATURES, sl_buf_str(&features));
}

/* ---- columns and buckets ----------------------------------------------------------------------
 */

struct tfx_columns tfx_columns_new(struct sl_arena *a, const struct sl_str *names,
                                   const enum tfx_kind *kinds, size_t n)
{
    size_t *order = SL_ARENA_ARRAY(a, size_t, n);
    /* Names are few; insertion keeps this without a comparison function that needs a context. */
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && sl_str_cmp(names[order[at - 1]], names[i]) > 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return (struct tfx_columns){.names = names, .kinds = kinds, .order = order, .n = n};
}

uint32_t tfx_bucket(struct sl_str key, uint32_t total)
{
    char hex[SHA256_HEX];
    uint64_t rest = 0;
    sha256_hex(key, hex);
    for (const char *p = hex; *p; p++)
        rest = (rest * 16 + (uint64_t)(is_digit(*p) ? *p - '0' : *p - 'a' + 10)) % total;
    return (uint32_t)rest;
}
