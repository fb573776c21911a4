/* The safetensors layout: named arrays in one file that other tools read too.
 *
 *     u64 LE header size | header JSON, padded with spaces to 8 | data
 *     header: {"__metadata__": {name: text}, NAME: {"dtype": "F32", "shape": [..],
 *              "data_offsets": [begin, end]}, ...}
 *
 * Offsets count from the start of the data. Source: the safetensors format description. */
#pragma once

#include "codec/json.h"

enum safetensors_type { SAFETENSORS_F32, SAFETENSORS_F64, SAFETENSORS_I32, SAFETENSORS_U8 };
enum { SAFETENSORS_DIMS = 4 };

struct safetensor {
    struct sl_str name;
    enum safetensors_type type;
    size_t shape[SAFETENSORS_DIMS]; /* (n_dims) */
    size_t n_dims;
    size_t count;     /* elements: the product of the shape */
    const void *data; /* (count) elements */
};

struct safetensors {
    struct safetensor *tensors;
    size_t n;
    const struct json *metadata; /* an object of strings, never NULL */
};

/* Bytes of an element. */
size_t safetensors_type_size(enum safetensors_type type);
/* A tensor of one or two dimensions over borrowed data (n_columns 0: one dimension). */
struct safetensor safetensors_make(struct sl_str name, enum safetensors_type type, size_t n_rows,
                                   size_t n_columns, const void *data);
/* Appends the file to `b`. `metadata` is an object of strings or NULL. */
void safetensors_encode(const struct safetensors *s, struct sl_buf *b);
/* Lifetime: in `a`; the data is copied there, aligned for its type. Errors: corrupt: no such file,
 * an unknown type, ranges that overlap, leave gaps or do not fit. */
struct sl_err *safetensors_decode(struct sl_arena *a, struct sl_str bytes,
                                  struct safetensors *ret) SL_MUST_USE;
/* NULL when absent. */
const struct safetensor *safetensors_find(const struct safetensors *s, struct sl_str name);
/* The tensor of that name, type and number of elements. Errors: corrupt. */
struct sl_err *safetensors_get(const struct safetensors *s, const char *name,
                               enum safetensors_type type, size_t count,
                               const void **ret) SL_MUST_USE;
