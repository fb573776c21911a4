#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void sl_assert_fail(const char *file, int line, const char *expr)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expr);
    abort();
}

void sl_assert_cmp_fail(const char *file, int line, const char *expr, long long a, long long b)
{
    fprintf(stderr, "%s:%d: assertion failed: %s (%lld, %lld)\n", file, line, expr, a, b);
    abort();
}
