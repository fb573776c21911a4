/* Compiler attributes and the small macros that every floor uses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_CLEANUP(fn)       __attribute__((cleanup(fn)))
#define SL_MUST_USE          __attribute__((warn_unused_result))
#define SL_NORETURN          __attribute__((noreturn))
#define SL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SL_UNUSED            __attribute__((unused))
#define SL_FALLTHROUGH       __attribute__((fallthrough))

#define SL_COUNTOF(a) (sizeof(a) / sizeof((a)[0]))

#define SL_MIN(a, b)                               \
    ({                                             \
        __auto_type sl_min_a = (a);                \
        __auto_type sl_min_b = (b);                \
        sl_min_a < sl_min_b ? sl_min_a : sl_min_b; \
    })
#define SL_MAX(a, b)                               \
    ({                                             \
        __auto_type sl_max_a = (a);                \
        __auto_type sl_max_b = (b);                \
        sl_max_a > sl_max_b ? sl_max_a : sl_max_b; \
    })

/* The struct that holds `member` at `ptr`. */
#define SL_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
