/* Random bytes for names and uids, so that a simulation can own them. */
#pragma once

#include "base/attr.h"

struct entropy;

struct entropy_ops {
    void (*fill)(struct entropy *e, void *p, size_t n);
};

struct entropy {
    const struct entropy_ops *ops;
};

static inline void entropy_fill(struct entropy *e, void *p, size_t n)
{
    e->ops->fill(e, p, n);
}
