/* Time, so that a simulation can own it. */
#pragma once

#include "base/attr.h"

struct clock;

struct clock_ops {
    int64_t (*now_us)(struct clock *c);
};

struct clock {
    const struct clock_ops *ops;
};

/* Microseconds since 1970-01-01 UTC; never less than an earlier answer of the same clock. */
static inline int64_t clock_now_us(struct clock *c)
{
    return c->ops->now_us(c);
}
