#include "base/map.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/assert.h"

#include <string.h>

void sl_map_deinit(struct sl_map *m)
{
    sl_free(m->entries);
    sl_free(m->slots);
    sl_arena_free(m->keys);
    *m = (struct sl_map){0};
}

void sl_map_clear(struct sl_map *m)
{
    if (m->slots)
        memset(m->slots, 0, m->slot_count * sizeof(*m->slots));
    if (m->keys)
        sl_arena_clear(m->keys);
    m->n = 0;
}

static size_t find_slot(const struct sl_map *m, struct sl_str key, uint64_t hash)
{
    size_t mask = m->slot_count - 1;
    size_t i = hash & mask;
    while (m->slots[i]) {
        const struct sl_map_entry *e = &m->entries[m->slots[i] - 1];
        if (e->hash == hash && sl_str_eq(e->key, key))
            break;
        i = (i + 1) & mask;
    }
    return i;
}

static void grow(struct sl_map *m)
{
    sl_free(m->slots);
    m->slot_count = m->slot_count ? m->slot_count * 2 : 16;
    m->slots = SL_NEW_ARRAY(uint32_t, m->slot_count);
    m->capacity = m->slot_count / 2;
    m->entries = sl_realloc(m->entries, m->capacity, sizeof(*m->entries));
    for (size_t i = 0; i < m->n; i++)
        m->slots[find_slot(m, m->entries[i].key, m->entries[i].hash)] = (uint32_t)i + 1;
}

uint64_t *sl_map_find(const struct sl_map *m, struct sl_str key)
{
    if (m->n == 0)
        return NULL;
    uint32_t slot = m->slots[find_slot(m, key, sl_str_hash(key))];
    return slot ? &m->entries[slot - 1].value : NULL;
}

uint64_t *sl_map_add(struct sl_map *m, struct sl_str key, bool *ret_added)
{
    if (!m->keys)
        m->keys = sl_arena_new();
    if (m->n == m->capacity)
        grow(m);
    sl_assert_cmp(m->n, <, UINT32_MAX - 1);
    uint64_t hash = sl_str_hash(key);
    uint32_t *slot = &m->slots[find_slot(m, key, hash)];
    if (ret_added)
        *ret_added = !*slot;
    if (!*slot) {
        m->entries[m->n] = (struct sl_map_entry){.key = sl_arena_str(m->keys, key), .hash = hash};
        *slot = (uint32_t)++m->n;
    }
    return &m->entries[*slot - 1].value;
}
