/* A growing array of one type:
 *
 *     SL_VEC(int) v = {0};
 *     *sl_vec_add(&v) = 3;            a zeroed slot at the end, as an lvalue
 *     for (size_t i = 0; i < v.n; i++) use(v.p[i]);
 *     sl_vec_deinit(&v);
 *
 * A pointer into the array is good until the next add. */
#pragma once

#include "base/alloc.h"

#include <string.h>

#define SL_VEC(type)        \
    struct {                \
        type *p;            \
        size_t n, capacity; \
    }

#define sl_vec_reserve(v, count)                                               \
    do {                                                                       \
        size_t sl_vec_want = (count);                                          \
        if (sl_vec_want > (v)->capacity) {                                     \
            size_t sl_vec_cap = (v)->capacity * 2 < 8 ? 8 : (v)->capacity * 2; \
            if (sl_vec_cap < sl_vec_want)                                      \
                sl_vec_cap = sl_vec_want;                                      \
            (v)->p = sl_realloc((v)->p, sl_vec_cap, sizeof(*(v)->p));          \
            (v)->capacity = sl_vec_cap;                                        \
        }                                                                      \
    } while (0)

#define sl_vec_add(v)                                \
    ({                                               \
        sl_vec_reserve((v), (v)->n + 1);             \
        memset(&(v)->p[(v)->n], 0, sizeof(*(v)->p)); \
        &(v)->p[(v)->n++];                           \
    })

#define sl_vec_deinit(v)            \
    do {                            \
        sl_free((v)->p);            \
        (v)->p = NULL;              \
        (v)->n = (v)->capacity = 0; \
    } while (0)
