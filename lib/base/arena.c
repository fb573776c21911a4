#include "base/arena.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, ALIGNMENT = 16 };

struct block {
    struct block *previous;
    size_t size; /* of data */
    size_t used;
    _Alignas(ALIGNMENT) char data[];
};

struct sl_arena {
    struct block *current;
    size_t used;
};

static struct block *push_block(struct sl_arena *a, size_t size)
{
    struct block *b = sl_alloc(sizeof(*b) + size);
    *b = (struct block){.previous = a->current, .size = size};
    POISON(b->data, size);
    a->current = b;
    return b;
}

struct sl_arena *sl_arena_new(void)
{
    return SL_NEW(struct sl_arena);
}

static void free_blocks(struct block *b)
{
    while (b) {
        struct block *previous = b->previous;
        UNPOISON(b->data, b->size);
        sl_free(b);
        b = previous;
    }
}

void sl_arena_free(struct sl_arena *a)
{
    if (!a)
        return;
    free_blocks(a->current);
    sl_free(a);
}

void sl_arena_clear(struct sl_arena *a)
{
    struct block *keep = a->current;
    if (keep) {
        free_blocks(keep->previous);
        keep->previous = NULL;
        keep->used = 0;
        POISON(keep->data, keep->size);
    }
    a->used = 0;
}

size_t sl_arena_used(const struct sl_arena *a)
{
    return a->used;
}

void *sl_arena_alloc(struct sl_arena *a, size_t size)
{
    sl_assert(size < SIZE_MAX - ALIGNMENT);
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded == 0)
        rounded = ALIGNMENT;
    struct block *b = a->current;
    if (!b || b->size - b->used < rounded) {
        size_t next = b ? SL_MIN(b->size * 2, (size_t)LARGEST_BLOCK) : FIRST_BLOCK;
        b = push_block(a, SL_MAX(next, rounded));
    }
    void *p = b->data + b->used;
    b->used += rounded;
    a->used += rounded;
    UNPOISON(p, size);
    return p;
}

void *sl_arena_zero(struct sl_arena *a, size_t count, size_t size)
{
    size_t total;
    sl_assert(!__builtin_mul_overflow(count, size, &total));
    return memset(sl_arena_alloc(a, total), 0, total);
}

void *sl_arena_copy(struct sl_arena *a, const void *p, size_t size)
{
    void *copy = sl_arena_alloc(a, size);
    if (size)
        memcpy(copy, p, size);
    return copy;
}

struct sl_str sl_arena_str(struct sl_arena *a, struct sl_str s)
{
    return (struct sl_str){sl_arena_cstr(a, s), s.n};
}

char *sl_arena_cstr(struct sl_arena *a, struct sl_str s)
{
    char *p = sl_arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

struct sl_str sl_arena_vformat(struct sl_arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    sl_assert(n >= 0);
    char *p = sl_arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct sl_str){p, (size_t)n};
}

struct sl_str sl_arena_format(struct sl_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct sl_str s = sl_arena_vformat(a, fmt, ap);
    va_end(ap);
    return s;
}
