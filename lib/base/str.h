/* A borrowed, read-only string: bytes and a length, not necessarily NUL-terminated. */
#pragma once

#include "base/attr.h"

#include <string.h>

struct sl_str {
    const char *p;
    size_t n;
};

/* A string literal as sl_str. */
#define SL_STR(literal) ((struct sl_str){"" literal, sizeof(literal) - 1})
/* For printf: "%.*s". */
#define SL_FMT(s) (int)(s).n, (s).p

static inline struct sl_str sl_str(const char *cstr)
{
    return (struct sl_str){cstr, cstr ? strlen(cstr) : 0};
}

static inline struct sl_str sl_strn(const char *p, size_t n)
{
    return (struct sl_str){p, n};
}

static inline bool sl_str_eq(struct sl_str a, struct sl_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool sl_str_is(struct sl_str a, const char *cstr)
{
    return sl_str_eq(a, sl_str(cstr));
}

/* memcmp order, the shorter first when one is a prefix of the other. */
int sl_str_cmp(struct sl_str a, struct sl_str b);
/* For qsort over an array of struct sl_str. */
int sl_str_cmp_qsort(const void *a, const void *b);
bool sl_str_starts(struct sl_str s, struct sl_str prefix);
bool sl_str_ends(struct sl_str s, struct sl_str suffix);
/* `s` without `count` bytes at its start (at most all). */
struct sl_str sl_str_skip(struct sl_str s, size_t count);
/* `s` without spaces, tabs and line ends at both ends. */
struct sl_str sl_str_trim(struct sl_str s);
/* Index of the first / last `c`, or -1. */
ptrdiff_t sl_str_find_char(struct sl_str s, char c);
ptrdiff_t sl_str_rfind_char(struct sl_str s, char c);
/* Index of the first `needle`, or -1. */
ptrdiff_t sl_str_find(struct sl_str s, struct sl_str needle);
/* Cuts the part before the first `sep` off `*rest` into `*ret_part`; false when `*rest` was already
 * used up
 * (`p` NULL). After the last part `*rest` has `p` NULL. */
bool sl_str_split(struct sl_str *rest, char sep, struct sl_str *ret_part);

/* The whole of `s` as a decimal number; false when it is anything else or out of range. No spaces,
 * no locale. */
bool sl_str_to_i64(struct sl_str s, int64_t *ret);
bool sl_str_to_u64(struct sl_str s, uint64_t *ret);
/* The whole of `s` as a decimal floating-point number, correctly rounded; refuses hex, inf and nan.
 */
bool sl_str_to_f64(struct sl_str s, double *ret);

/* 64-bit hash, the same in every process (for maps; not for adversaries). */
uint64_t sl_str_hash(struct sl_str s);
/* Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`; for "did you mean".
 */
size_t sl_str_distance(struct sl_str a, struct sl_str b);
/* The candidate closest to `s`, when it is close enough to be a typing error; else an empty string.
 */
struct sl_str sl_str_closest(struct sl_str s, const struct sl_str *candidates, size_t n);
/* True when all bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool sl_str_is_utf8(struct sl_str s);
