/* Failures: a must-use pointer, NULL for success.
 *
 * Three things, three mechanisms. A bug stops the program (base/assert.h). An outcome that the
 * caller expects (absent, exists already) is an enum of the module. A failure is a `struct sl_err
 * *`: what kind, a code of the system below (errno, HTTP status, SQLSTATE), a message, and the
 * frames that say what was being attempted:
 *
 *     run 'taxi-7': step 'train': read 'model.json': line 4: expected a string
 *
 * Outputs (`ret_x`) are untouched when a function fails. Messages carry no credentials and no data
 * values. */
#pragma once

#include "base/attr.h"
#include "base/buf.h"

enum sl_err_kind {
    SL_ERR_INVALID = 1, /* the input is wrong: trying again cannot help */
    SL_ERR_NOT_FOUND,
    SL_ERR_CONFLICT,    /* somebody else was there first */
    SL_ERR_EXHAUSTED,   /* a quota or limit is reached */
    SL_ERR_UNAVAILABLE, /* try again later */
    SL_ERR_TIMEOUT,
    SL_ERR_DENIED,
    SL_ERR_CORRUPT, /* bytes are not what their digest or format says */
    SL_ERR_CANCELED,
    SL_ERR_INTERNAL,
};

struct sl_err {
    enum sl_err_kind kind;
    int code; /* 0: none */
    const char *file;
    int line;
    char *message;
    struct sl_err *cause; /* NULL at the innermost frame */
};

struct sl_err *sl_err_new(enum sl_err_kind kind, int code, const char *file, int line,
                          const char *fmt, ...) SL_PRINTF(5, 6) SL_MUST_USE
    __attribute__((returns_nonnull));
/* A frame around `cause` (consumed) that says what was being attempted; kind and code are the
 * cause's. */
struct sl_err *sl_err_wrap(struct sl_err *cause, const char *file, int line, const char *fmt, ...)
    SL_PRINTF(4, 5) SL_MUST_USE __attribute__((returns_nonnull));
/* From errno: the kind follows from the number (ENOENT: not found, EACCES: denied, ENOSPC:
 * exhausted, ...). */
struct sl_err *sl_err_from_errno(int number, const char *file, int line, const char *fmt, ...)
    SL_PRINTF(4, 5) SL_MUST_USE __attribute__((returns_nonnull));
/* NULL is fine. */
void sl_err_free(struct sl_err *err);
/* Appends "frame: frame: message". */
void sl_err_format(const struct sl_err *err, struct sl_buf *b);
/* "invalid", "not_found", ... */
const char *sl_err_kind_name(enum sl_err_kind kind);
/* Two failures, one to tell: keeps `first` if there is one and frees the other. For clean-up paths.
 */
struct sl_err *sl_err_first(struct sl_err *first, struct sl_err *second) SL_MUST_USE;

#define SL_ERR(kind, ...) sl_err_new(SL_ERR_##kind, 0, __FILE__, __LINE__, __VA_ARGS__)
#define SL_ERR_CODE(kind, code, ...) \
    sl_err_new(SL_ERR_##kind, (code), __FILE__, __LINE__, __VA_ARGS__)
#define SL_ERRNO(...)     sl_err_from_errno(errno, __FILE__, __LINE__, __VA_ARGS__)
#define SL_WRAP(err, ...) sl_err_wrap((err), __FILE__, __LINE__, __VA_ARGS__)

/* Returns the failure of `call` to the caller; with a format, inside a frame that says what was
 * being attempted. */
#define SL_TRY(...)                                                                                \
    SL_TRY_PICK(__VA_ARGS__, SL_TRY_N, SL_TRY_N, SL_TRY_N, SL_TRY_N, SL_TRY_N, SL_TRY_N, SL_TRY_N, \
                SL_TRY_N, SL_TRY_N, SL_TRY_N, SL_TRY_1, )                                          \
    (__VA_ARGS__)
#define SL_TRY_PICK(a, b, c, d, e, f, g, h, i, j, k, name, ...) name
#define SL_TRY_1(call)                               \
    do {                                             \
        struct sl_err *sl_try_err = (call);          \
        if (__builtin_expect(sl_try_err != NULL, 0)) \
            return sl_try_err;                       \
    } while (0)
#define SL_TRY_N(call, ...)                          \
    do {                                             \
        struct sl_err *sl_try_err = (call);          \
        if (__builtin_expect(sl_try_err != NULL, 0)) \
            return SL_WRAP(sl_try_err, __VA_ARGS__); \
    } while (0)

static inline void sl_err_free_ptr(struct sl_err **perr)
{
    sl_err_free(*perr);
}
#define SL_AUTOERR SL_CLEANUP(sl_err_free_ptr)
