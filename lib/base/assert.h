/* Bugs stop the program at once: these checks are always on. */
#pragma once

#include "base/attr.h"

/* Prints what was expected, where, and aborts. */
SL_NORETURN void sl_assert_fail(const char *file, int line, const char *expr);
SL_NORETURN void sl_assert_cmp_fail(const char *file, int line, const char *expr, long long a,
                                    long long b);

#define sl_assert(expr)                                \
    do {                                               \
        if (__builtin_expect(!(expr), 0))              \
            sl_assert_fail(__FILE__, __LINE__, #expr); \
    } while (0)

/* Compares two integers and prints both when the comparison does not hold: sl_assert_cmp(i, <, n).
 */
#define sl_assert_cmp(a, op, b)                                                            \
    do {                                                                                   \
        __auto_type sl_cmp_a = (a);                                                        \
        __auto_type sl_cmp_b = (b);                                                        \
        if (__builtin_expect(!(sl_cmp_a op sl_cmp_b), 0))                                  \
            sl_assert_cmp_fail(__FILE__, __LINE__, #a " " #op " " #b, (long long)sl_cmp_a, \
                               (long long)sl_cmp_b);                                       \
    } while (0)
