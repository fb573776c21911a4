#include "core/data/sketch_heavy.h"

#include "base/alloc.h"
#include "base/arena.h"

/* Inlined: half of the time of a call for the short strings that columns hold. */
#define XXH_INLINE_ALL
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

enum { CELLS_PER_VALUE = 4, LEVELS = 3, LEVEL_BITS = 16, PREFETCH_AHEAD = 8 };

struct batch {
    const struct sl_str *values;
    const uint32_t *counts;
    const double *weights;
    uint64_t *hashes; /* of values that count */
    size_t n;
    uint8_t *single; /* for sure: stands once in the batch */
};

static void hash_values(struct sl_arena *a, struct batch *b)
{
    b->hashes = sl_arena_alloc(a, b->n * sizeof(*b->hashes));
    for (size_t i = 0; i < b->n; i++)
        b->hashes[i] = b->counts[i] ? heavy_hash(b->values[i]) : 0;
}

/* Marks singles among `m` values, by index. Cells say at least how often the hashes that fall there
 * occur, 2 for more than once: a value alone in its cell is single. Leaves the others in `rest` and
 * returns how many there are. Without branches, which no processor could foresee. */
static size_t mark_singles(struct sl_arena *a, struct batch *b, uint32_t *rest, size_t m, int shift)
{
    size_t size = 64, left = 0;
    while (size < m * CELLS_PER_VALUE)
        size *= 2;
    uint8_t *cells = sl_arena_zero(a, size, 1);
    for (size_t k = 0; k < m; k++) {
        uint8_t *cell = &cells[b->hashes[rest[k]] >> shift & (size - 1)];
        unsigned count = *cell + (b->counts[rest[k]] > 1 ? 2u : 1u);
        *cell = (uint8_t)(count > 2 ? 2 : count);
    }
    for (size_t k = 0; k < m; k++) {
        uint32_t i = rest[k];
        bool single = cells[b->hashes[i] >> shift & (size - 1)] == 1;
        b->single[i] = single;
        rest[left] = i;
        left += !single;
    }
    return left;
}

/* Marks the singles among the values [first, n) and returns how many there are. Those that share a
 * cell (one in five) are tried again with other bits of the hash: equal values never part. */
static size_t find_singles(struct sl_arena *a, struct batch *b, size_t first)
{
    uint32_t *rest = sl_arena_alloc(a, b->n * sizeof(*rest));
    size_t m = 0;
    for (size_t i = first; i < b->n; i++) {
        rest[m] = (uint32_t)i;
        m += b->counts[i] > 0;
    }
    b->single = sl_arena_zero(a, b->n, 1);
    size_t left = m;
    for (int level = 0; level < LEVELS; level++)
        left = mark_singles(a, b, rest, left, level * LEVEL_BITS);
    return m - left;
}

static void add_value(struct heavy *h, const struct batch *b, size_t i)
{
    if (b->counts[i])
        heavy_add(h, b->values[i], b->hashes[i], b->counts[i], b->weights ? b->weights[i] : 0);
}

/* Values up to the one that starts the estimates; all, when none does. */
static size_t add_exactly(struct heavy *h, const struct batch *b)
{
    reserve(h, SL_MIN(h->n + b->n, h->max_distinct));
    size_t i = 0;
    while (i < b->n && !h->hll) {
        if (i + PREFETCH_AHEAD < b->n)
            __builtin_prefetch(&h->slots[b->hashes[i + PREFETCH_AHEAD] & (h->slot_count - 1)]);
        add_value(h, b, i++);
    }
    return i;
}

void heavy_add_batch(struct sl_arena *a, struct heavy *h, const struct sl_str *values,
                     const uint32_t *counts, const double *weights, size_t n)
{
    struct batch b = {.values = values, .counts = counts, .weights = weights, .n = n};
    hash_values(a, &b);
    size_t first = h->hll ? 0 : add_exactly(h, &b);
    bool leave_out =
        n - first > h->max_distinct / 2 && find_singles(a, &b, first) > h->max_distinct / 2;
    for (size_t i = first; i < n; i++)
        if (leave_out && b.single[i])
            hll_add(h->hll, b.hashes[i]);
        else
            add_value(h, &b, i);
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
