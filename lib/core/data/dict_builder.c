#define XXH_INLINE_ALL
#include "core/data/dict_builder.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <xxhash.h>

enum { FIRST_SLOTS = 32, FIRST_ENTRIES = 16, PROBATION = 4096 };

void dict_builder_deinit(struct dict_builder *d)
{
    sl_free(d->entries);
    sl_free(d->slots);
    *d = (struct dict_builder){0};
}

void dict_builder_clear(struct dict_builder *d)
{
    if (d->n && d->slots)
        memset(d->slots, 0, d->slot_count * sizeof(*d->slots));
    d->n = d->asked = 0;
    d->open = false;
}

static void grow_slots(struct dict_builder *d)
{
    size_t count = d->slot_count ? d->slot_count * 4 : FIRST_SLOTS;
    uint64_t *slots = sl_alloc_zero(count, sizeof(*slots));
    for (size_t i = 0; i < d->n; i++) {
        uint64_t hash = XXH3_64bits(d->entries[i].p, d->entries[i].n);
        size_t at = hash & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = hash >> 32 << 32 | (i + 1);
    }
    sl_free(d->slots);
    d->slots = slots;
    d->slot_count = count;
}

static uint32_t push(struct dict_builder *d, struct sl_str s)
{
    if (d->n == d->capacity) {
        d->capacity = d->capacity ? d->capacity * 2 : FIRST_ENTRIES;
        d->entries = sl_realloc(d->entries, d->capacity, sizeof(*d->entries));
    }
    sl_assert_cmp(d->n, <, UINT32_MAX);
    d->entries[d->n] = s;
    return (uint32_t)d->n++;
}

uint32_t dict_builder_add(struct dict_builder *d, struct sl_str s, bool *ret_added)
{
    *ret_added = true;
    d->asked++;
    if (d->open)
        return push(d, s);
    if (d->n > PROBATION && d->n > d->asked / 2) {
        d->open = true;
        return push(d, s);
    }
    if (d->n * 2 >= d->slot_count)
        grow_slots(d);
    uint64_t hash = XXH3_64bits(s.p, s.n);
    size_t at = hash & (d->slot_count - 1);
    for (; d->slots[at]; at = (at + 1) & (d->slot_count - 1)) {
        uint32_t entry = (uint32_t)d->slots[at] - 1;
        if (d->slots[at] >> 32 == hash >> 32 && sl_str_eq(d->entries[entry], s)) {
            *ret_added = false;
            return entry;
        }
    }
    d->slots[at] = hash >> 32 << 32 | (d->n + 1);
    return push(d, s);
}

void dict_builder_undo(struct dict_builder *d)
{
    sl_assert(d->n > 0);
    d->n--;
    if (d->open)
        return;
    /* The entry is the last of its probe sequence, so that no other one is cut off. */
    uint64_t hash = XXH3_64bits(d->entries[d->n].p, d->entries[d->n].n);
    size_t at = hash & (d->slot_count - 1);
    while ((uint32_t)d->slots[at] != d->n + 1)
        at = (at + 1) & (d->slot_count - 1);
    d->slots[at] = 0;
}
