/* A growing byte buffer with a maximum. Always NUL-terminated, so `p` is a C string too.
 *
 * Passing the maximum is not checked call by call: the buffer stops growing, `overflow` is set, and
 * what follows is dropped; the one who made the buffer looks at it once, at the end. */
#pragma once

#include "base/attr.h"
#include "base/str.h"

#include <stdarg.h>

struct sl_buf {
    char *p;
    size_t n;        /* bytes used, without the NUL */
    size_t capacity; /* bytes held, with room for the NUL */
    size_t max;      /* 0: no maximum */
    bool overflow;
};

/* An empty buffer that may grow to `max` bytes (0: without limit). Holds no memory yet. */
#define SL_BUF_INIT(max_size) \
    {                         \
        .max = (max_size)     \
    }

void sl_buf_deinit(struct sl_buf *b);
/* Empties it and keeps the memory. */
void sl_buf_clear(struct sl_buf *b);
/* Room for `extra` more bytes at p + n; the caller then adds to `n` what it wrote. NULL past the
 * maximum. */
char *sl_buf_reserve(struct sl_buf *b, size_t extra);
void sl_buf_add(struct sl_buf *b, const void *p, size_t n);
void sl_buf_add_str(struct sl_buf *b, struct sl_str s);
void sl_buf_add_cstr(struct sl_buf *b, const char *s);
void sl_buf_add_char(struct sl_buf *b, char c);
void sl_buf_format(struct sl_buf *b, const char *fmt, ...) SL_PRINTF(2, 3);
void sl_buf_vformat(struct sl_buf *b, const char *fmt, va_list ap) SL_PRINTF(2, 0);
/* The shortest decimal text that reads back as the same double (17 digits at most); nan, inf, -inf
 * by name. */
void sl_buf_add_f64(struct sl_buf *b, double value);
/* `s` with & < > " ' escaped for HTML text and attributes. */
void sl_buf_add_html(struct sl_buf *b, struct sl_str s);
/* Takes the first `n` bytes out. */
void sl_buf_consume(struct sl_buf *b, size_t n);

static inline struct sl_str sl_buf_str(const struct sl_buf *b)
{
    return (struct sl_str){b->p ? b->p : "", b->n};
}

#define SL_AUTOBUF(name, max_size) \
    struct sl_buf name SL_CLEANUP(sl_buf_deinit) = SL_BUF_INIT(max_size)
