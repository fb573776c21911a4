#include "base/err.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static struct sl_err *make(enum sl_err_kind kind, int code, const char *file, int line,
                           struct sl_err *cause, const char *fmt, va_list ap)
{
    struct sl_err *err = SL_NEW(struct sl_err);
    struct sl_buf text = SL_BUF_INIT(0);
    sl_buf_vformat(&text, fmt, ap);
    *err = (struct sl_err){
        .kind = kind, .code = code, .file = file, .line = line, .cause = cause, .message = text.p};
    return err;
}

struct sl_err *sl_err_new(enum sl_err_kind kind, int code, const char *file, int line,
                          const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct sl_err *err = make(kind, code, file, line, NULL, fmt, ap);
    va_end(ap);
    return err;
}

struct sl_err *sl_err_wrap(struct sl_err *cause, const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct sl_err *err = make(cause->kind, cause->code, file, line, cause, fmt, ap);
    va_end(ap);
    return err;
}

static enum sl_err_kind kind_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return SL_ERR_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return SL_ERR_CONFLICT;
    case EACCES:
    case EPERM:
    case EROFS:
        return SL_ERR_DENIED;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return SL_ERR_EXHAUSTED;
    case EAGAIN:
    case EINTR:
    case EIO:
    case EBUSY:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
        return SL_ERR_UNAVAILABLE;
    case ETIMEDOUT:
        return SL_ERR_TIMEOUT;
    case EINVAL:
    case ENAMETOOLONG:
    case EISDIR:
        return SL_ERR_INVALID;
    default:
        return SL_ERR_INTERNAL;
    }
}

struct sl_err *sl_err_from_errno(int number, const char *file, int line, const char *fmt, ...)
{
    struct sl_err *cause =
        sl_err_new(kind_of_errno(number), number, file, line, "%s", strerrordesc_np(number));
    va_list ap;
    va_start(ap, fmt);
    struct sl_err *err = make(cause->kind, number, file, line, cause, fmt, ap);
    va_end(ap);
    return err;
}

void sl_err_free(struct sl_err *err)
{
    while (err) {
        struct sl_err *cause = err->cause;
        sl_free(err->message);
        sl_free(err);
        err = cause;
    }
}

void sl_err_format(const struct sl_err *err, struct sl_buf *b)
{
    for (; err; err = err->cause)
        sl_buf_format(b, "%s%s", err->message, err->cause ? ": " : "");
}

const char *sl_err_kind_name(enum sl_err_kind kind)
{
    static const char *const names[] = {
        [SL_ERR_INVALID] = "invalid",         [SL_ERR_NOT_FOUND] = "not_found",
        [SL_ERR_CONFLICT] = "conflict",       [SL_ERR_EXHAUSTED] = "exhausted",
        [SL_ERR_UNAVAILABLE] = "unavailable", [SL_ERR_TIMEOUT] = "timeout",
        [SL_ERR_DENIED] = "denied",           [SL_ERR_CORRUPT] = "corrupt",
        [SL_ERR_CANCELED] = "canceled",       [SL_ERR_INTERNAL] = "internal",
    };
    return (size_t)kind < SL_COUNTOF(names) && names[kind] ? names[kind] : "unknown";
}

struct sl_err *sl_err_first(struct sl_err *first, struct sl_err *second)
{
    if (!first)
        return second;
    sl_err_free(second);
    return first;
}
