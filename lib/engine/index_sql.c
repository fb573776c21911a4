#include "base/alloc.h"
#include "engine/engine.h"

struct real_index {
    struct engine_index table;
    struct index *x;
};

static struct index *of(struct engine_index *t)
{
    return SL_CONTAINER_OF(t, struct real_index, table)->x;
}

static void publish(struct engine_index *t, struct completion_queue *q, struct index_publish *p)
{
    index_publish(of(t), q, p);
}

static void lookup(struct engine_index *t, struct completion_queue *q, struct index_cache_lookup *r)
{
    index_cache_lookup(of(t), q, r);
}

static void reject(struct engine_index *t, struct completion_queue *q, struct index_cache_reject *r)
{
    index_cache_reject(of(t), q, r);
}

static void latest_blessed(struct engine_index *t, struct completion_queue *q,
                           struct index_latest_blessed *r)
{
    index_latest_blessed(of(t), q, r);
}

struct engine_index *engine_index_new(struct index *x)
{
    struct real_index *t = SL_NEW(struct real_index);
    t->table = (struct engine_index){publish, lookup, reject, latest_blessed};
    t->x = x;
    return &t->table;
}
