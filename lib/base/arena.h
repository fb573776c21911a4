/* Memory of a unit of work: a reconcile, a request, a component's phase, a record batch.
 *
 * Blocks are handed out by bumping a pointer and freed all at once by clear or free. What a
 * function returns with an arena as its first parameter lives as long as that arena. An arena
 * belongs to one thread at a time. In builds with AddressSanitizer, cleared memory is poisoned, so
 * that a pointer kept too long is found. */
#pragma once

#include "base/attr.h"
#include "base/str.h"

#include <stdarg.h>

struct sl_arena;

struct sl_arena *sl_arena_new(void);
/* Frees the arena and all that was allocated in it; NULL is fine. */
void sl_arena_free(struct sl_arena *a);
/* Forgets all allocations and keeps one block for the next unit of work. */
void sl_arena_clear(struct sl_arena *a);
/* Bytes handed out since the arena was made or cleared. */
size_t sl_arena_used(const struct sl_arena *a);

/* `size` bytes aligned to 16, uninitialised. Never NULL. */
void *sl_arena_alloc(struct sl_arena *a, size_t size) __attribute__((malloc, alloc_size(2)));
/* `count` x `size` zero bytes; aborts when the product overflows. */
void *sl_arena_zero(struct sl_arena *a, size_t count, size_t size);
/* A copy of `size` bytes. */
void *sl_arena_copy(struct sl_arena *a, const void *p, size_t size);
/* A copy of a string, with a NUL after it. */
struct sl_str sl_arena_str(struct sl_arena *a, struct sl_str s);
/* The same as a C string. The bytes of `s` hold no NUL, or the C string ends early. */
char *sl_arena_cstr(struct sl_arena *a, struct sl_str s);
/* printf into the arena; `p` is NUL-terminated. */
struct sl_str sl_arena_format(struct sl_arena *a, const char *fmt, ...) SL_PRINTF(2, 3);
struct sl_str sl_arena_vformat(struct sl_arena *a, const char *fmt, va_list ap) SL_PRINTF(2, 0);

#define SL_ARENA_NEW(a, type)          ((type *)sl_arena_zero((a), 1, sizeof(type)))
#define SL_ARENA_ARRAY(a, type, count) ((type *)sl_arena_zero((a), (count), sizeof(type)))

static inline void sl_arena_free_ptr(struct sl_arena **pa)
{
    sl_arena_free(*pa);
}
/* `SL_AUTOARENA(a);` declares an arena that ends with the block. */
#define SL_AUTOARENA(name) struct sl_arena *name SL_CLEANUP(sl_arena_free_ptr) = sl_arena_new()
