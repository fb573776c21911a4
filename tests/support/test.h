/* What every test program includes: cmocka with the headers it needs, and checks for this house's
 * types. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Fails the test with the error's whole text when `call` fails. */
#define assert_ok(call)                                          \
    do {                                                         \
        struct sl_err *test_err = (call);                        \
        if (test_err) {                                          \
            SL_AUTOBUF(test_text, 0);                            \
            sl_err_format(test_err, &test_text);                 \
            sl_err_free(test_err);                               \
            fail_msg("%s: %s", #call, sl_buf_str(&test_text).p); \
        }                                                        \
    } while (0)

/* Fails the test unless `call` fails with that kind and a text that contains `part`. */
#define assert_err(call, err_kind, part)                                                       \
    do {                                                                                       \
        struct sl_err *test_err = (call);                                                      \
        if (!test_err)                                                                         \
            fail_msg("%s: succeeded, expected a failure", #call);                              \
        SL_AUTOBUF(test_text, 0);                                                              \
        sl_err_format(test_err, &test_text);                                                   \
        enum sl_err_kind test_kind = test_err->kind;                                           \
        sl_err_free(test_err);                                                                 \
        if (sl_str_find(sl_buf_str(&test_text), sl_str(part)) < 0)                             \
            fail_msg("%s: '%s' does not contain '%s'", #call, sl_buf_str(&test_text).p, part); \
        assert_int_equal(test_kind, SL_ERR_##err_kind);                                        \
    } while (0)

#define assert_str(s, expected)                                      \
    do {                                                             \
        SL_AUTOARENA(test_a);                                        \
        assert_string_equal(sl_arena_cstr(test_a, (s)), (expected)); \
    } while (0)

/* Fails the test unless |x - y| <= epsilon, in double (cmocka's assert_float_equal is in float). */
#define assert_close(x, y, epsilon)                                                 \
    do {                                                                            \
        double test_x = (x), test_y = (y);                                          \
        double test_distance = test_x < test_y ? test_y - test_x : test_x - test_y; \
        if (!(test_distance <= (epsilon)))                                          \
            fail_msg("%s is %.17g, expected %.17g (%s)", #x, test_x, test_y, #y);   \
    } while (0)
