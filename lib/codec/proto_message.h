/* New protobuf-c messages that live in an arena: never freed by protobuf-c's own function. */
#pragma once

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>

/* An empty message of the descriptor's type. Lifetime: `a`. */
static inline void *proto_message_new(struct sl_arena *a, const ProtobufCMessageDescriptor *d)
{
    void *m = sl_arena_alloc(a, d->sizeof_message);
    d->message_init(m);
    return m;
}

/* By its name in tensorflow.metadata.v0, as generated: PROTO_METADATA_NEW(a, fixed_shape__dim). */
#define PROTO_METADATA_NEW(a, name) \
    proto_message_new((a), &tensorflow__metadata__v0__##name##__descriptor)
