#include "codec/parquet/chunk_stats.h"

#include "base/assert.h"

#include <math.h>

static struct chunk_stats exact(struct sl_arena *a, const void *min, const void *max, size_t bytes)
{
    return (struct chunk_stats){
        .has_min = true,
        .has_max = true,
        .min_exact = true,
        .max_exact = true,
        .min = sl_strn(sl_arena_copy(a, min, bytes), bytes),
        .max = sl_strn(sl_arena_copy(a, max, bytes), bytes),
    };
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

static struct chunk_stats of_integers(struct sl_arena *a, const int64_t *v, size_t n)
{
    int64_t min = v[0], max = v[0];
    for (size_t i = 1; i < n; i++) {
        min = SL_MIN(min, v[i]);
        max = SL_MAX(max, v[i]);
    }
    return exact(a, &min, &max, sizeof(min));
}

static struct chunk_stats of_booleans(struct sl_arena *a, const uint8_t *v, size_t n)
{
    bool min = true, max = false;
    for (size_t i = 0; i < n; i++) {
        min = min && v[i];
        max = max || v[i];
    }
    return exact(a, &min, &max, 1);
}

/* Comparisons with NaN are false, so a NaN changes nothing. */
static struct chunk_stats of_doubles(struct sl_arena *a, const double *v, size_t n)
{
    double min = INFINITY, max = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        min = v[i] < min ? v[i] : min;
        max = v[i] > max ? v[i] : max;
    }
    if (min > max)
        return (struct chunk_stats){0};
    min = min == 0 ? -0.0 : min;
    max = max == 0 ? 0.0 : max;
    return exact(a, &min, &max, sizeof(min));
}

static struct chunk_stats of_floats(struct sl_arena *a, const float *v, size_t n)
{
    float min = INFINITY, max = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        min = v[i] < min ? v[i] : min;
        max = v[i] > max ? v[i] : max;
    }
    if (min > max)
        return (struct chunk_stats){0};
    min = min == 0 ? -0.0f : min;
    max = max == 0 ? 0.0f : max;
    return exact(a, &min, &max, sizeof(min));
}

struct chunk_stats chunk_stats_of_numbers(struct sl_arena *a, enum parquet_kind kind,
                                          const void *values, size_t n)
{
    if (n == 0)
        return (struct chunk_stats){0};
    switch (kind) {
    case PARQUET_INT64:
    case PARQUET_TIMESTAMP:
        return of_integers(a, values, n);
    case PARQUET_DOUBLE:
        return of_doubles(a, values, n);
    case PARQUET_FLOAT:
        return of_floats(a, values, n);
    case PARQUET_BOOL:
        return of_booleans(a, values, n);
    case PARQUET_STRING:
    case PARQUET_UNSUPPORTED:
        break;
    }
    sl_assert(!"a kind of numbers");
    return (struct chunk_stats){0};
}

/* ---- strings ----------------------------------------------------------------------------------
 */

static bool is_continuation(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}

/* At most CHUNK_STATS_BYTES of `s`, whole characters if it is UTF-8. */
static struct sl_str cut(struct sl_str s, bool utf8)
{
    size_t n = CHUNK_STATS_BYTES;
    if (s.n <= n)
        return s;
    while (utf8 && n > 0 && is_continuation(s.p[n]))
        n--;
    return sl_strn(s.p, n);
}

/* The character at p, and how it is written. */
static uint32_t decode_character(const char *p, size_t n)
{
    static const uint8_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = (uint8_t)p[0] & first_mask[n];
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((uint8_t)p[i] & 0x3f);
    return c;
}

static size_t encode_character(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    static const uint8_t first_mark[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(first_mark[n] | c);
    return n;
}

/* Makes the `n` bytes at p the smallest string above all that begin with them: the last character
 * that can grow does, and what follows is dropped. 0 when none can. */
static size_t increase_utf8(char *p, size_t n)
{
    while (n > 0) {
        size_t start = n - 1;
        while (start > 0 && is_continuation(p[start]))
            start--;
        uint32_t c = decode_character(p + start, n - start) + 1;
        if (c == 0xd800) /* no surrogates in UTF-8 */
            c = 0xe000;
        if (c <= 0x10ffff)
            return start + encode_character(c, p + start);
        n = start;
    }
    return 0;
}

static size_t increase_bytes(char *p, size_t n)
{
    while (n > 0 && (uint8_t)p[n - 1] == 0xff)
        n--;
    if (n > 0)
        p[n - 1]++;
    return n;
}

struct chunk_stats chunk_stats_of_strings(struct sl_arena *a, const struct sl_str *values, size_t n)
{
    if (n == 0)
        return (struct chunk_stats){0};
    struct sl_str min = values[0], max = values[0];
    for (size_t i = 1; i < n; i++) {
        if (sl_str_cmp(values[i], min) < 0)
            min = values[i];
        if (sl_str_cmp(values[i], max) > 0)
            max = values[i];
    }
    bool min_utf8 = sl_str_is_utf8(min), max_utf8 = sl_str_is_utf8(max);
    struct chunk_stats s = {.has_min = true, .has_max = true};
    s.min_exact = min.n <= CHUNK_STATS_BYTES;
    s.max_exact = max.n <= CHUNK_STATS_BYTES;
    s.min = sl_arena_str(a, cut(min, min_utf8));
    /* One byte more than what is cut: a larger character may take it. */
    struct sl_str head = cut(max, max_utf8);
    char *p = sl_arena_zero(a, head.n + 1, 1);
    if (head.n > 0)
        memcpy(p, head.p, head.n);
    s.max = sl_strn(p, head.n);
    if (!s.max_exact) {
        s.max.n = max_utf8 ? increase_utf8(p, head.n) : increase_bytes(p, head.n);
        s.has_max = s.max.n > 0;
    }
    return s;
}
