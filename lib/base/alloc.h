/* Heap memory. This is the one module that calls malloc. Out of memory aborts: no caller checks. */
#pragma once

#include "base/attr.h"

/* `size` bytes, uninitialised. Never NULL. */
void *sl_alloc(size_t size) __attribute__((malloc, alloc_size(1)));
/* `count` x `size` bytes of zeros; aborts when the product overflows. */
void *sl_alloc_zero(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2)));
/* Grows or shrinks `p` (NULL: a new block) to `count` x `size` bytes. */
void *sl_realloc(void *p, size_t count, size_t size) SL_MUST_USE;
/* `size` bytes at an address that is a multiple of 64, for vector code; free with sl_free. */
void *sl_alloc_aligned(size_t size);
/* Frees; NULL is fine. */
void sl_free(void *p);
/* A heap copy of a C string. */
char *sl_strdup(const char *s);

#define SL_NEW(type)              ((type *)sl_alloc_zero(1, sizeof(type)))
#define SL_NEW_ARRAY(type, count) ((type *)sl_alloc_zero((count), sizeof(type)))
/* For a program that works in rounds of one size (a step over row groups): what is freed stays with
 * the process instead of going back to the kernel and being faulted in again. Called once by
 * main(), before threads. */
void sl_alloc_keep(void);
/* The same for the heap of a thread that such a program starts; nothing in other programs. */
void sl_alloc_keep_thread(void);

/* For SL_CLEANUP on a pointer of any type. */
static inline void sl_free_ptr(void *pp)
{
    sl_free(*(void **)pp);
}
#define SL_AUTOFREE SL_CLEANUP(sl_free_ptr)
