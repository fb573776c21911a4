#include "core/data/tally.h"

#include "base/alloc.h"

#include <string.h>

enum { FIRST_BITS = 8 };

void tally_init(struct tally *t, size_t max, bool weighted)
{
    *t = (struct tally){.max = max, .weighted = weighted};
}

void tally_deinit(struct tally *t)
{
    sl_free(t->slots);
    sl_free(t->weights);
    *t = (struct tally){.max = t->max, .weighted = t->weighted};
}

/* The slot of `key`, or the free one where it belongs. */
static size_t find_slot(const struct tally_slot *slots, int bits, uint64_t key)
{
    size_t mask = ((size_t)1 << bits) - 1;
    size_t i = tally_hash(key) & mask;
    while (slots[i].count && slots[i].key != key)
        i = (i + 1) & mask;
    return i;
}

static void grow(struct tally *t)
{
    struct tally old = *t;
    t->bits = old.bits ? old.bits + 1 : FIRST_BITS;
    t->slots = SL_NEW_ARRAY(struct tally_slot, (size_t)1 << t->bits);
    t->weights = t->weighted ? SL_NEW_ARRAY(double, (size_t)1 << t->bits) : NULL;
    for (size_t from = 0; from < tally_slots(&old); from++) {
        if (!old.slots[from].count)
            continue;
        size_t to = find_slot(t->slots, t->bits, old.slots[from].key);
        t->slots[to] = old.slots[from];
        if (t->weighted)
            t->weights[to] = old.weights[from];
    }
    tally_deinit(&old);
}

bool tally_add_count(struct tally *t, uint64_t key, uint64_t count, double weight)
{
    /* At most half full. */
    if (!t->bits || t->n * 2 >= (size_t)1 << t->bits)
        grow(t);
    size_t i = find_slot(t->slots, t->bits, key);
    if (!t->slots[i].count) {
        if (t->n == t->max)
            return false;
        t->n++;
        t->slots[i].key = key;
    }
    t->slots[i].count += count;
    if (t->weighted)
        t->weights[i] += weight;
    return true;
}

size_t tally_add(struct tally *t, const uint64_t *keys, const double *weights, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* The way of a key that is there already, without a call. */
        if (t->bits && !t->weighted) {
            struct tally_slot *slot = &t->slots[find_slot(t->slots, t->bits, keys[i])];
            if (slot->count) {
                slot->count++;
                continue;
            }
        }
        if (!tally_add_count(t, keys[i], 1, weights ? weights[i] : 0))
            return i;
    }
    return n;
}
