#include "base/str.h"

#include "base/alloc.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

int sl_str_cmp(struct sl_str a, struct sl_str b)
{
    size_t n = SL_MIN(a.n, b.n);
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

int sl_str_cmp_qsort(const void *a, const void *b)
{
    return sl_str_cmp(*(const struct sl_str *)a, *(const struct sl_str *)b);
}

bool sl_str_starts(struct sl_str s, struct sl_str prefix)
{
    return s.n >= prefix.n && sl_str_eq(sl_strn(s.p, prefix.n), prefix);
}

bool sl_str_ends(struct sl_str s, struct sl_str suffix)
{
    return s.n >= suffix.n && sl_str_eq(sl_strn(s.p + s.n - suffix.n, suffix.n), suffix);
}

struct sl_str sl_str_skip(struct sl_str s, size_t count)
{
    count = SL_MIN(count, s.n);
    return sl_strn(s.p ? s.p + count : NULL, s.n - count);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct sl_str sl_str_trim(struct sl_str s)
{
    while (s.n && is_space(s.p[0]))
        s = sl_str_skip(s, 1);
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

ptrdiff_t sl_str_find_char(struct sl_str s, char c)
{
    const char *p = s.n ? memchr(s.p, c, s.n) : NULL;
    return p ? p - s.p : -1;
}

ptrdiff_t sl_str_rfind_char(struct sl_str s, char c)
{
    const char *p = s.n ? memrchr(s.p, c, s.n) : NULL;
    return p ? p - s.p : -1;
}

ptrdiff_t sl_str_find(struct sl_str s, struct sl_str needle)
{
    const char *p = s.n >= needle.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return p ? p - s.p : -1;
}

bool sl_str_split(struct sl_str *rest, char sep, struct sl_str *ret_part)
{
    if (!rest->p)
        return false;
    ptrdiff_t at = sl_str_find_char(*rest, sep);
    if (at < 0) {
        *ret_part = *rest;
        *rest = (struct sl_str){NULL, 0};
    } else {
        *ret_part = sl_strn(rest->p, (size_t)at);
        *rest = sl_str_skip(*rest, (size_t)at + 1);
    }
    return true;
}

bool sl_str_to_u64(struct sl_str s, uint64_t *ret)
{
    if (s.n == 0 || s.n > 20)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)(s.p[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

bool sl_str_to_i64(struct sl_str s, int64_t *ret)
{
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = sl_str_skip(s, 1);
    uint64_t magnitude;
    if (!sl_str_to_u64(s, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *ret = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

static bool looks_decimal(struct sl_str s)
{
    bool digit = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9')
            digit = true;
        else if (c != '.' && c != '-' && c != '+' && !(digit && (c == 'e' || c == 'E')))
            return false;
    }
    return digit;
}

static locale_t c_locale;

/* Before main, so that threads find it made. */
__attribute__((constructor)) static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", NULL);
}

bool sl_str_to_f64(struct sl_str s, double *ret)
{
    char small[64];
    if (s.n == 0 || !looks_decimal(s))
        return false;
    char *text = s.n < sizeof(small) ? small : sl_alloc(s.n + 1);
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    char *end;
    double value = strtod_l(text, &end, c_locale);
    bool whole = end == text + s.n;
    if (text != small)
        sl_free(text);
    if (!whole || isinf(value))
        return false;
    *ret = value;
    return true;
}

uint64_t sl_str_hash(struct sl_str s)
{
    /* FNV-1a over 8-byte words, then a finaliser (Stafford's mix 13). */
    uint64_t h = 0xcbf29ce484222325u ^ s.n;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        uint64_t word;
        memcpy(&word, s.p + i, 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    for (; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    return h ^ (h >> 31);
}

size_t sl_str_distance(struct sl_str a, struct sl_str b)
{
    enum { LONGEST = 128 };
    if (a.n > LONGEST || b.n > LONGEST)
        return SIZE_MAX;
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *now = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t cost = a.p[i - 1] != b.p[j - 1];
            now[j] = SL_MIN(SL_MIN(above[j] + 1, now[j - 1] + 1), above[j - 1] + cost);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                now[j] = SL_MIN(now[j], above2[j - 2] + 1);
        }
    }
    return rows[a.n % 3][b.n];
}

struct sl_str sl_str_closest(struct sl_str s, const struct sl_str *candidates, size_t n)
{
    struct sl_str best = {NULL, 0};
    /* One slip in a short word, two in a longer one, a third of a long one. */
    size_t best_distance = SL_MAX(s.n / 3, s.n > 3 ? (size_t)2 : (size_t)1) + 1;
    for (size_t i = 0; i < n; i++) {
        size_t d = sl_str_distance(s, candidates[i]);
        if (d < best_distance && d < s.n) { /* one letter for another is no typing error */
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}

static size_t utf8_length(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    size_t length = c < 0x80                ? 1
                    : c >= 0xc2 && c < 0xe0 ? 2
                    : c >= 0xe0 && c < 0xf0 ? 3
                    : c >= 0xf0 && c < 0xf5 ? 4
                                            : 0;
    if (length == 0 || length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
        (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return length;
}

bool sl_str_is_utf8(struct sl_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        if (i + 8 <= s.n) {
            uint64_t word;
            memcpy(&word, p + i, 8);
            if (!(word & 0x8080808080808080u)) {
                i += 8;
                continue;
            }
        }
        size_t length = utf8_length(p + i, s.n - i);
        if (!length)
            return false;
        i += length;
    }
    return true;
}
