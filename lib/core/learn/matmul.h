/* The matrix products of evaluation and training.
 *
 * Every element is summed in order of k, with separate multiplications and additions, so that a
 * result is the same bits on every machine, whatever its vector width and however many rows go at
 * once. docs/decisions/0011-matrix-kernels.md says why this is no BLAS. */
#pragma once

#include <stddef.h>

/* c += a b. Shapes: a (m, k), b (k, n), c (m, n), row-major without gaps; c overlaps neither. */
void matmul_add(float *c, const float *a, const float *b, size_t m, size_t k, size_t n);
/* c += a^T b. Shapes: a (k, m), b (k, n), c (m, n). */
void matmul_add_transposed(float *c, const float *a, const float *b, size_t m, size_t k, size_t n);
/* ret = a^T. Shapes: a (m, n), ret (n, m). */
void matmul_transpose(float *ret, const float *a, size_t m, size_t n);
