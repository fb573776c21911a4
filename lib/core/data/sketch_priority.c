#include "core/data/sketch_priority.h"

#include "base/alloc.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

struct priority_sample *priority_sample_new(uint64_t seed, uint64_t stream)
{
    struct priority_sample *s = SL_NEW(struct priority_sample);
    sl_rng_init_stream(&s->rng, seed, stream);
    s->items = SL_NEW_ARRAY(struct priority_item, 2 * PRIORITY_K);
    return s;
}

void priority_sample_free(struct priority_sample *s)
{
    if (!s)
        return;
    sl_free(s->items);
    sl_free(s);
}

static int by_priority_down(const void *a, const void *b)
{
    const struct priority_item *x = a, *y = b;
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

static void cut(struct priority_sample *s)
{
    if (s->n <= PRIORITY_K)
        return;
    qsort(s->items, s->n, sizeof(*s->items), by_priority_down);
    s->threshold = s->items[PRIORITY_K].priority;
    s->n = PRIORITY_K;
}

static void keep(struct priority_sample *s, const struct priority_item *item)
{
    if (item->priority <= s->threshold)
        return;
    s->items[s->n++] = *item;
    if (s->n == 2 * (size_t)PRIORITY_K)
        cut(s);
}

void priority_sample_add(struct priority_sample *s, double value, double weight)
{
    if (weight <= 0)
        return;
    double u = 1 - sl_rng_f64(&s->rng);
    double priority = SL_MIN(weight / u, DBL_MAX);
    keep(s, &(struct priority_item){value, weight, priority});
}

void priority_sample_merge(struct priority_sample *into, const struct priority_sample *from)
{
    if (from->threshold > into->threshold) {
        into->threshold = from->threshold;
        size_t kept = 0;
        for (size_t i = 0; i < into->n; i++)
            if (into->items[i].priority > into->threshold)
                into->items[kept++] = into->items[i];
        into->n = kept;
    }
    for (size_t i = 0; i < from->n; i++)
        keep(into, &from->items[i]);
}
