/* Arithmetic that the evaluator and its ONNX export must agree on bit by bit. */
#pragma once

#include "base/str.h"
#include "core/learn/transform.h"

/* The natural logarithm by additions, multiplications and one division only, in a fixed order, so
 * that any IEEE 754 machine and the same sequence of ONNX nodes give the same bits (libm and Eigen
 * differ in the last one). x > 0: within 3 ulp of the true value; 0 gives a number below -744, NaN
 * gives NaN. */
double transform_ln(double x);

/* The steps of transform_ln as tables, for the export:
 *
 *     k = how many of ln_coarse are <= x          x = x * ln_scale[k] * ln_scale[k]   now in [1,
 * 2^64) j = how many of ln_fine are <= x            x = x * ln_shrink[j]                now in [1,
 * 2) e = ln_exponent[k] + j; x >= ln_half_up: x = x / 2, e = e + 1 f = (x - 1) / (x + 1); z = f *
 * f; p = Horner over ln_series e * ln_high + (2 * f * (1 + z * p) + e * ln_low) */
enum { TRANSFORM_LN_COARSE = 32, TRANSFORM_LN_FINE = 63, TRANSFORM_LN_SERIES = 11 };
struct transform_ln_tables {
    double coarse[TRANSFORM_LN_COARSE];       /* 2^-1024, 2^-960 ... 2^960 */
    double scale[TRANSFORM_LN_COARSE + 1];    /* square roots of the powers that undo them */
    double exponent[TRANSFORM_LN_COARSE + 1]; /* -1088, -1024 ... 960 */
    double fine[TRANSFORM_LN_FINE];           /* 2, 4 ... 2^63 */
    double shrink[TRANSFORM_LN_FINE + 1];     /* 1, 1/2 ... 2^-63 */
    double half_up;                           /* sqrt 2 */
    double series[TRANSFORM_LN_SERIES];       /* 1/23, 1/21 ... 1/3 */
    double high, low;                         /* ln 2 in two parts */
};
const struct transform_ln_tables *transform_ln_tables(void);

/* A part of a time in microseconds since 1970; NaN gives NaN. */
double transform_part_of(enum transform_part part, double time_us);
/* MurmurHash3 x86_32 (Austin Appleby, public domain), seed 0. */
uint32_t transform_murmur3(struct sl_str s);
