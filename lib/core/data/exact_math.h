/* Logarithm and exponential by additions, multiplications and divisions only, in a fixed order: any
 * IEEE 754 machine, and the same sequence of ONNX nodes (core/learn/transform_onnx_math.c), give
 * the same bits. libm, Eigen and vector units differ in the last one. */
#pragma once

#include "base/attr.h"

/* The natural logarithm, within 3 ulp; NaN unless x > 0. */
double exact_ln(double x);

/* The steps of exact_ln as tables, for the export (x > 0):
 *
 *     k = how many of `coarse` are <= x
 *     x = x * scale[k] * scale[k]                  in [1, 2^64) now
 *     j = how many of `fine` are <= x
 *     x = x * shrink[j]                            in [1, 2) now
 *     e = exponent[k] + j
 *     where x >= half_up: x = x / 2, e = e + 1
 *     f = (x - 1) / (x + 1), z = f * f, p = Horner's scheme over `series` in z
 *     e * high + ((f + f) * (p * z + 1) + e * low) */
enum { EXACT_LN_COARSE = 32, EXACT_LN_FINE = 63, EXACT_LN_SERIES = 11 };
struct exact_ln_tables {
    double coarse[EXACT_LN_COARSE];       /* 2^-1024, 2^-960 ... 2^960 */
    double scale[EXACT_LN_COARSE + 1];    /* square roots of the powers that undo them */
    double exponent[EXACT_LN_COARSE + 1]; /* -1088, -1024 ... 960 */
    double fine[EXACT_LN_FINE];           /* 2, 4 ... 2^63 */
    double shrink[EXACT_LN_FINE + 1];     /* 1, 1/2 ... 2^-63 */
    double half_up;                       /* sqrt 2 */
    double series[EXACT_LN_SERIES];       /* 1/23, 1/21 ... 1/3 */
    double high, low;                     /* ln 2 in two parts */
};
const struct exact_ln_tables *exact_ln_tables(void);

/* e to the power x, within 2 ulp where the result is a normal number; overflows to infinity. */
double exact_exp(double x);

/* The steps of exact_exp; high and low are those of exact_ln:
 *
 *     x held within [-bound, bound], k = x * inverse rounded (halves to even)
 *     r = (x - k * high) - k * low, p = Horner's scheme over `series` in r
 *     p * 2^floor(k / 2) * 2^(k - floor(k / 2)) */
enum { EXACT_EXP_SERIES = 14 };
struct exact_exp_tables {
    double bound, inverse;           /* 1100, 1 / ln 2 */
    double series[EXACT_EXP_SERIES]; /* 1/13!, 1/12! ... 1 */
};
const struct exact_exp_tables *exact_exp_tables(void);
