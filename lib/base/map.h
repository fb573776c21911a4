/* A hash map from strings to 64-bit values (an index, a count, or a pointer through the _ptr pair).
 * Keys are copied into the map. Iteration is in order of insertion, so that results never depend on
 * hashing. */
#pragma once

#include "base/attr.h"
#include "base/str.h"

struct sl_map_entry {
    struct sl_str key;
    uint64_t hash;
    uint64_t value;
};

struct sl_map {
    struct sl_map_entry *entries; /* in order of insertion */
    size_t n, capacity;
    uint32_t *slots; /* entry index + 1, 0: free */
    size_t slot_count;
    struct sl_arena *keys;
};

#define SL_MAP_INIT \
    {               \
        0           \
    }

void sl_map_deinit(struct sl_map *m);
/* Empties it. */
void sl_map_clear(struct sl_map *m);
/* The value of `key`, or NULL. Good until the next add. */
uint64_t *sl_map_find(const struct sl_map *m, struct sl_str key);
/* The value of `key`, added as 0 when absent (then *ret_added, which may be NULL, is true). */
uint64_t *sl_map_add(struct sl_map *m, struct sl_str key, bool *ret_added);

static inline void *sl_map_find_ptr(const struct sl_map *m, struct sl_str key)
{
    uint64_t *v = sl_map_find(m, key);
    return v ? (void *)(uintptr_t)*v : NULL;
}

static inline void sl_map_set_ptr(struct sl_map *m, struct sl_str key, void *value)
{
    *sl_map_add(m, key, NULL) = (uintptr_t)value;
}

#define SL_AUTOMAP(name) struct sl_map name SL_CLEANUP(sl_map_deinit) = SL_MAP_INIT
