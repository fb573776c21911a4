#include "core/data/sketch_heavy.h"

#include "base/alloc.h"
#include "base/arena.h"

#include <xxhash.h>

void heavy_init(struct heavy *h, size_t max_distinct, size_t max_bytes)
{
    *h = (struct heavy){.max_distinct = max_distinct, .max_bytes = max_bytes};
}

void heavy_deinit(struct heavy *h)
{
    sl_free(h->entries);
    sl_free(h->slots);
    sl_arena_free(h->text);
    sl_free(h->hll);
    heavy_init(h, h->max_distinct, h->max_bytes);
}

uint64_t heavy_hash(struct sl_str value)
{
    return XXH3_64bits(value.p, value.n);
}

/* ---- the table ---- */

/* The hash in the slot tells nearly all other values apart without a look at their entries. */
static uint64_t slot_of(uint64_t hash, size_t entry)
{
    return (hash >> 32 << 32) | (uint32_t)(entry + 1);
}

static size_t find_slot(const struct heavy *h, struct sl_str value, uint64_t hash)
{
    size_t mask = h->slot_count - 1;
    size_t i = hash & mask;
    for (; h->slots[i]; i = (i + 1) & mask) {
        if ((h->slots[i] ^ hash) >> 32)
            continue;
        const struct heavy_entry *e = &h->entries[(uint32_t)h->slots[i] - 1];
        if (e->hash == hash && sl_str_eq(e->value, value))
            break;
    }
    return i;
}

/* Slots anew for the entries as they are; they are distinct, so none is compared. */
static void index_entries(struct heavy *h)
{
    size_t mask = h->slot_count - 1;
    memset(h->slots, 0, h->slot_count * sizeof(*h->slots));
    for (size_t e = 0; e < h->n; e++) {
        size_t i = h->entries[e].hash & mask;
        while (h->slots[i])
            i = (i + 1) & mask;
        h->slots[i] = slot_of(h->entries[e].hash, e);
    }
}

/* Room for `n` entries in all. */
static void reserve(struct heavy *h, size_t n)
{
    if (n <= h->capacity)
        return;
    size_t capacity = h->capacity ? h->capacity : 64;
    while (capacity < n)
        capacity *= 2;
    h->capacity = capacity;
    h->entries = sl_realloc(h->entries, h->capacity, sizeof(*h->entries));
    h->slot_count = h->capacity * 2;
    h->slots = sl_realloc(h->slots, h->slot_count, sizeof(*h->slots));
    index_entries(h);
}

/* ---- purging ---- */

static void start_estimating(struct heavy *h)
{
    if (h->hll)
        return;
    h->hll = hll_new();
    for (size_t i = 0; i < h->n; i++)
        hll_add(h->hll, h->entries[i].hash);
}

/* The value ranked `rank` from above (0: the largest) of counts[0..n); reorders them. */
static uint64_t select_largest(uint64_t *counts, size_t n, size_t rank)
{
    size_t low = 0, high = n;
    while (high - low > 1) {
        uint64_t pivot = counts[low + (high - low) / 2];
        /* Three parts: [low, i) above the pivot, [i, j) equal, [j, high) below. */
        size_t i = low, j = low, end = high;
        while (j < end) {
            uint64_t c = counts[j];
            if (c > pivot) {
                counts[j++] = counts[i];
                counts[i++] = c;
            } else if (c < pivot) {
                counts[j] = counts[--end];
                counts[end] = c;
            } else {
                j++;
            }
        }
        if (rank < i)
            high = i;
        else if (rank >= end)
            low = end;
        else
            return pivot;
    }
    return counts[low];
}

/* Lowers every count by t, and keeps what is left with text of its own. */
static void lower_counts(struct heavy *h, uint64_t t)
{
    struct sl_arena *text = sl_arena_new();
    size_t kept = 0;
    h->bytes = 0;
    for (size_t i = 0; i < h->n; i++) {
        struct heavy_entry e = h->entries[i];
        if (e.count <= t)
            continue;
        /* The weight goes down in proportion, so that both name the same share of the value. */
        e.weight *= (double)(e.count - t) / (double)e.count;
        e.count -= t;
        e.value = sl_arena_str(text, e.value);
        h->bytes += e.value.n;
        h->entries[kept++] = e;
    }
    sl_arena_free(h->text);
    h->text = text;
    h->n = kept;
    h->error += t;
    index_entries(h);
}

static void purge(struct heavy *h)
{
    start_estimating(h);
    while (h->n && (h->n > h->max_distinct / 2 || h->bytes > h->max_bytes / 2)) {
        uint64_t *counts = SL_NEW_ARRAY(uint64_t, h->n);
        for (size_t i = 0; i < h->n; i++)
            counts[i] = h->entries[i].count;
        size_t rank = SL_MIN(h->max_distinct, h->n) / 2;
        uint64_t t = select_largest(counts, h->n, rank);
        sl_free(counts);
        lower_counts(h, t);
    }
}

/* ---- adding ---- */

static bool fits(const struct heavy *h, size_t size)
{
    return h->n < h->max_distinct && h->bytes + size <= h->max_bytes;
}

/* Makes room for a new value. False: it is larger than all there is room for, and is counted as
 * purged at once. */
static bool make_room(struct heavy *h, struct sl_str value, uint64_t hash, uint64_t count)
{
    if (!fits(h, value.n)) {
        purge(h);
        hll_add(h->hll, hash);
        if (!fits(h, value.n)) {
            h->error += count;
            return false;
        }
    }
    reserve(h, h->n + 1);
    if (!h->text)
        h->text = sl_arena_new();
    return true;
}

void heavy_add(struct heavy *h, struct sl_str value, uint64_t hash, uint64_t count, double weight)
{
    if (h->hll)
        hll_add(h->hll, hash);
    reserve(h, 1);
    size_t slot = find_slot(h, value, hash);
    if (h->slots[slot]) {
        struct heavy_entry *e = &h->entries[(uint32_t)h->slots[slot] - 1];
        e->count += count;
        e->weight += weight;
        return;
    }
    size_t slot_count = h->slot_count, n = h->n;
    if (!make_room(h, value, hash, count))
        return;
    /* A purge or growth moved the slots. */
    if (slot_count != h->slot_count || n != h->n)
        slot = find_slot(h, value, hash);
    h->entries[h->n++] = (struct heavy_entry){sl_arena_str(h->text, value), hash, count, weight};
    h->bytes += value.n;
    h->slots[slot] = slot_of(hash, h->n - 1);
}

/* ---- batches ---- */

enum { CELLS_PER_ITEM = 8, PREFETCH_AHEAD = 8 };

/* Cells that say at least how often the hashes of the batch that fall there occur: 0, 1 or 2 for
 * more. Items alone in a cell stand once in the batch, whatever else there is. */
struct cells {
    uint8_t *counts;
    uint64_t mask;
};

static struct cells count_cells(struct sl_arena *a, const struct heavy_item *items, size_t n)
{
    size_t size = 64;
    while (size < n * CELLS_PER_ITEM)
        size *= 2;
    struct cells c = {sl_arena_zero(a, size, 1), size - 1};
    for (size_t i = 0; i < n; i++) {
        uint8_t *cell = &c.counts[items[i].hash & c.mask];
        *cell = (uint8_t)SL_MIN(*cell + SL_MIN(items[i].count, 2u), 2u);
    }
    return c;
}

static bool is_single(const struct cells *c, const struct heavy_item *item)
{
    return c->counts[item->hash & c->mask] == 1;
}

/* Items up to the one that starts the estimates; all, when none does. */
static size_t add_exactly(struct heavy *h, const struct heavy_item *items, size_t n)
{
    reserve(h, SL_MIN(h->n + n, h->max_distinct));
    size_t i = 0;
    while (i < n && !h->hll) {
        if (i + PREFETCH_AHEAD < n)
            __builtin_prefetch(&h->slots[items[i + PREFETCH_AHEAD].hash & (h->slot_count - 1)]);
        heavy_add(h, items[i].value, items[i].hash, items[i].count, items[i].weight);
        i++;
    }
    return i;
}

void heavy_add_batch(struct sl_arena *a, struct heavy *h, const struct heavy_item *items, size_t n)
{
    if (!h->hll) {
        size_t done = add_exactly(h, items, n);
        items += done;
        n -= done;
    }
    size_t singles = 0;
    struct cells cells = {0};
    if (n > h->max_distinct / 2) {
        cells = count_cells(a, items, n);
        for (size_t i = 0; i < n; i++)
            singles += is_single(&cells, &items[i]);
    }
    bool leave_out = singles > h->max_distinct / 2;
    for (size_t i = 0; i < n; i++)
        if (leave_out && is_single(&cells, &items[i]))
            hll_add(h->hll, items[i].hash);
        else
            heavy_add(h, items[i].value, items[i].hash, items[i].count, items[i].weight);
    h->error += leave_out;
}

void heavy_merge(struct heavy *into, const struct heavy *from)
{
    if (from->hll) {
        start_estimating(into);
        hll_merge(into->hll, from->hll);
    }
    for (size_t i = 0; i < from->n; i++) {
        const struct heavy_entry *e = &from->entries[i];
        heavy_add(into, e->value, e->hash, e->count, e->weight);
    }
    into->error += from->error;
}

double heavy_unique(const struct heavy *h)
{
    return h->hll ? hll_estimate(h->hll) : (double)h->n;
}
