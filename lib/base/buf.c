#include "base/buf.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void sl_buf_deinit(struct sl_buf *b)
{
    sl_free(b->p);
    *b = (struct sl_buf){.max = b->max};
}

void sl_buf_clear(struct sl_buf *b)
{
    b->n = 0;
    b->overflow = false;
    if (b->p)
        b->p[0] = '\0';
}

char *sl_buf_reserve(struct sl_buf *b, size_t extra)
{
    size_t want;
    if (__builtin_add_overflow(b->n, extra, &want) || want == SIZE_MAX ||
        (b->max && want > b->max)) {
        b->overflow = true;
        return NULL;
    }
    if (want + 1 > b->capacity) {
        size_t capacity = SL_MAX(want + 1, b->capacity * 2);
        b->p = sl_realloc(b->p, SL_MAX(capacity, (size_t)64), 1);
        b->capacity = SL_MAX(capacity, (size_t)64);
    }
    return b->p + b->n;
}

void sl_buf_add(struct sl_buf *b, const void *p, size_t n)
{
    if (b->overflow)
        return;
    char *to = sl_buf_reserve(b, n);
    if (!to)
        return;
    if (n)
        memcpy(to, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void sl_buf_add_str(struct sl_buf *b, struct sl_str s)
{
    sl_buf_add(b, s.p, s.n);
}

void sl_buf_add_cstr(struct sl_buf *b, const char *s)
{
    sl_buf_add(b, s, strlen(s));
}

void sl_buf_add_char(struct sl_buf *b, char c)
{
    sl_buf_add(b, &c, 1);
}

void sl_buf_vformat(struct sl_buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    sl_assert(n >= 0);
    char *to = b->overflow ? NULL : sl_buf_reserve(b, (size_t)n);
    if (to) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void sl_buf_format(struct sl_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    sl_buf_vformat(b, fmt, ap);
    va_end(ap);
}

void sl_buf_add_f64(struct sl_buf *b, double value)
{
    if (isnan(value) || isinf(value)) {
        sl_buf_add_cstr(b, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (digits == 17 || strtod(text, NULL) == value)
            break;
    }
    sl_buf_add_cstr(b, text);
}

void sl_buf_add_html(struct sl_buf *b, struct sl_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&':
            sl_buf_add_cstr(b, "&amp;");
            break;
        case '<':
            sl_buf_add_cstr(b, "&lt;");
            break;
        case '>':
            sl_buf_add_cstr(b, "&gt;");
            break;
        case '"':
            sl_buf_add_cstr(b, "&quot;");
            break;
        case '\'':
            sl_buf_add_cstr(b, "&#39;");
            break;
        default:
            sl_buf_add_char(b, s.p[i]);
        }
    }
}

void sl_buf_consume(struct sl_buf *b, size_t n)
{
    sl_assert_cmp(n, <=, b->n);
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
    b->p[b->n] = '\0';
}
