/* Where the interesting bytes are: the vector part of codec/csv. */
#pragma once

#include "base/attr.h"

/* Bit i of ret[b] is set when byte 64 b + i is `x`, `y` or `z`.
 * Shapes: p (64 x blocks), ret (blocks). */
void csv_masks(const char *p, size_t blocks, char x, char y, char z, uint64_t *ret);
/* How often `x` stands in p[0..n). */
size_t csv_count(const char *p, size_t n, char x);
