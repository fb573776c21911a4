#include "base/alloc.h"

#include "base/assert.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *sl_alloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    sl_assert(p != NULL);
    return p;
}

void *sl_alloc_zero(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    sl_assert(p != NULL);
    return p;
}

void *sl_realloc(void *p, size_t count, size_t size)
{
    size_t total;
    sl_assert(!__builtin_mul_overflow(count, size, &total));
    p = realloc(p, total ? total : 1);
    sl_assert(p != NULL);
    return p;
}

void *sl_alloc_aligned(size_t size)
{
    void *p = NULL;
    sl_assert(posix_memalign(&p, 64, size ? size : 1) == 0);
    return p;
}

void sl_free(void *p)
{
    free(p);
}

char *sl_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(sl_alloc(n), s, n);
}

void sl_alloc_keep(void)
{
    enum { MMAP_FROM = 32 << 20, TRIM_FROM = 512 << 20 };
    mallopt(M_MMAP_THRESHOLD, MMAP_FROM);
    mallopt(M_TRIM_THRESHOLD, TRIM_FROM);
}
