/* What the files of the ONNX builder share; nobody else includes this. */
#pragma once

#include "codec/onnx.h"

#include <onnx.pb-c.h>

/* A growing array of pointers, as protobuf-c wants for repeated messages. */
struct onnx_list {
    void **p;
    size_t n, capacity;
};

/* A scalar initializer, so that equal ones are written once. */
struct onnx_scalar {
    enum onnx_type type;
    uint64_t bits;
    struct sl_str text;
    onnx_value value;
};

/* A set of names: open addressing. */
struct onnx_names {
    const char **slots; /* (count) a power of two; NULL: free */
    size_t n, count;
};

struct onnx {
    struct sl_arena *a;
    char *name;
    struct onnx_list inputs, outputs;     /* Onnx__ValueInfoProto */
    struct onnx_list nodes, initializers; /* Onnx__NodeProto, Onnx__TensorProto */
    struct onnx_list opsets;              /* Onnx__OperatorSetIdProto */
    struct onnx_list scalars;             /* struct onnx_scalar */
    struct onnx_names names;              /* all that are given */
    Onnx__NodeProto *last;
};

/* Appends. */
void onnx_push(struct sl_arena *a, struct onnx_list *l, void *item);
/* A new name for an inner value or an initializer: the stem and a number. */
char *onnx_inner_name(struct onnx *g, const char *stem);

static inline char *onnx_copy_cstr(struct sl_arena *a, const char *s)
{
    return sl_arena_cstr(a, sl_str(s));
}

static inline ProtobufCBinaryData onnx_copy_bytes(struct sl_arena *a, struct sl_str s)
{
    return (ProtobufCBinaryData){.len = s.n, .data = sl_arena_copy(a, s.p ? s.p : "", s.n)};
}
