#include "base/alloc.h"

#include "base/assert.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

static bool keeps;

/* Asks for huge pages in the stretch of this thread's heap that the next large blocks come from. A
 * hint: nothing is touched, and where the kernel has none, nothing changes. */
void sl_alloc_keep_thread(void)
{
    enum { STRETCH = 24 << 20, HUGE_PAGE = 2 << 20 };
    if (!keeps)
        return;
    char *p = sl_alloc(STRETCH);
    size_t skip = HUGE_PAGE - (uintptr_t)p % HUGE_PAGE;
    madvise(p + skip, STRETCH - HUGE_PAGE, MADV_HUGEPAGE);
    sl_free(p);
}

void sl_alloc_keep(void)
{
    enum { MMAP_FROM = 32 << 20, TRIM_FROM = 512 << 20 };
    mallopt(M_MMAP_THRESHOLD, MMAP_FROM);
    mallopt(M_TRIM_THRESHOLD, TRIM_FROM);
    keeps = true;
    sl_alloc_keep_thread();
}
