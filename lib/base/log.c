#include "base/log.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"

#include <stdarg.h>
#include <unistd.h>

static enum sl_log_level least_level = SL_LOG_INFO;
static bool as_text;

void sl_log_setup(enum sl_log_level least, enum sl_log_format format)
{
    least_level = least;
    as_text = format == SL_LOG_TEXT || (format == SL_LOG_AUTO && isatty(STDERR_FILENO));
}

static void add_json(struct sl_buf *b, const char *s)
{
    sl_buf_add_char(b, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            sl_buf_format(b, "\\%c", c);
        else if (c < 0x20)
            sl_buf_format(b, "\\u%04x", c);
        else
            sl_buf_add_char(b, (char)c);
    }
    sl_buf_add_char(b, '"');
}

static void add_pair(struct sl_buf *b, const char *key, const char *value)
{
    if (as_text) {
        sl_buf_format(b, " %s=%s", key, value);
        return;
    }
    sl_buf_add_char(b, ',');
    add_json(b, key);
    sl_buf_add_char(b, ':');
    add_json(b, value);
}

/* One write, so that lines of several threads and processes do not mix. */
static void write_line(struct sl_buf *b)
{
    sl_buf_add_char(b, '\n');
    ssize_t written = write(STDERR_FILENO, b->p, b->n);
    (void)written; /* There is nowhere left to complain. */
}

void sl_log(enum sl_log_level level, const char *message, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < least_level)
        return;
    SL_AUTOBUF(b, 1 << 20);
    if (as_text) {
        sl_buf_format(&b, "%s: %s", names[level], message);
    } else {
        char now[SL_TIME_TEXT];
        sl_time_format(sl_time_now_us(), now);
        sl_buf_format(&b, "{\"ts\":\"%s\",\"level\":\"%s\",\"msg\":", now, names[level]);
        add_json(&b, message);
    }
    va_list ap;
    va_start(ap, message);
    for (const char *key; (key = va_arg(ap, const char *));) {
        const char *value = va_arg(ap, const char *);
        add_pair(&b, key, value ? value : "");
    }
    va_end(ap);
    if (!as_text)
        sl_buf_add_char(&b, '}');
    write_line(&b);
}

void sl_log_err(enum sl_log_level level, struct sl_err *err, const char *message)
{
    if (!err)
        return;
    SL_AUTOBUF(b, 1 << 16);
    sl_err_format(err, &b);
    if (as_text && level == SL_LOG_ERROR)
        sl_log(level, sl_buf_str(&b).p, NULL);
    else
        sl_log(level, message, "kind", sl_err_kind_name(err->kind), "error", sl_buf_str(&b).p,
               NULL);
    sl_err_free(err);
}
