#include "core/learn/matmul.h"

#include "base/attr.h"

/* Of a product: c (m, n), and where the next row and the next k of `a` lie. */
struct shape {
    size_t m, k, n;
    size_t next_row, next_k;
};

#define KERNEL wide
#define LANES  16
#define ROWS   8
#define TARGET __attribute__((target("avx512f")))
#include "core/learn/matmul_kernel.inc"

#define KERNEL middle
#define LANES  8
#define ROWS   4
#define TARGET __attribute__((target("avx2")))
#include "core/learn/matmul_kernel.inc"

#define KERNEL narrow
#define LANES  4
#define ROWS   4
#define TARGET
#include "core/learn/matmul_kernel.inc"

/* Which kernel runs changes no bit: a lane never meets another. */
static void multiply(float *c, const float *a, const struct shape *s, const float *b)
{
    if (__builtin_cpu_supports("avx512f"))
        wide(c, a, s, b);
    else if (__builtin_cpu_supports("avx2"))
        middle(c, a, s, b);
    else
        narrow(c, a, s, b);
}

void matmul_add(float *c, const float *a, const float *b, size_t m, size_t k, size_t n)
{
    multiply(c, a, &(struct shape){.m = m, .k = k, .n = n, .next_row = k, .next_k = 1}, b);
}

void matmul_add_transposed(float *c, const float *a, const float *b, size_t m, size_t k, size_t n)
{
    multiply(c, a, &(struct shape){.m = m, .k = k, .n = n, .next_row = 1, .next_k = m}, b);
}

/* Square tiles, so that neither side walks through memory in long strides. */
void matmul_transpose(float *ret, const float *a, size_t m, size_t n)
{
    enum { TILE = 16 };
    for (size_t i = 0; i < m; i += TILE) {
        for (size_t j = 0; j < n; j += TILE) {
            for (size_t r = i; r < m && r < i + TILE; r++) {
                for (size_t c = j; c < n && c < j + TILE; c++)
                    ret[c * m + r] = a[r * n + c];
            }
        }
    }
}
