/* Thrift's compact protocol, as far as Parquet's footers and page headers use it.
 *
 * Reading keeps going after damage and remembers the first: a reader whose `error` is set returns
 * zeros, and its loops end. So a decoder is straight code that looks at `error` once:
 *
 *     struct thrift_field f = {0};
 *     while (thrift_next(r, &f))
 *         switch (f.id) {
 *         case 1: x->rows = thrift_i64(r, &f); break;
 *         default: thrift_skip(r, &f);
 *         }
 *
 * Source: apache/thrift doc/specs/thrift-compact-protocol.md. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum thrift_type {
    THRIFT_STOP = 0,
    THRIFT_TRUE = 1,
    THRIFT_FALSE = 2,
    THRIFT_I8 = 3,
    THRIFT_I16 = 4,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_DOUBLE = 7,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_SET = 10,
    THRIFT_MAP = 11,
    THRIFT_STRUCT = 12,
    THRIFT_UUID = 13,
};

enum { THRIFT_DEPTH = 24 };

/* ---- reading ----------------------------------------------------------------------------------
 */

struct thrift_reader {
    const uint8_t *p, *end;
    const char *error; /* NULL: none so far */
    int depth;
};

/* The field at hand; {0} before the first of a struct. */
struct thrift_field {
    int id;
    enum thrift_type type;
};

static inline struct thrift_reader thrift_reader(const void *p, size_t n)
{
    return (struct thrift_reader){.p = p, .end = (const uint8_t *)p + n};
}

/* Moves to the next field of a struct; false at its end or after damage. */
bool thrift_next(struct thrift_reader *r, struct thrift_field *f);
/* The value of the field; an error when it is of another type. thrift_i32 also checks the range. */
int64_t thrift_i64(struct thrift_reader *r, const struct thrift_field *f);
int32_t thrift_i32(struct thrift_reader *r, const struct thrift_field *f);
bool thrift_bool(struct thrift_reader *r, const struct thrift_field *f);
/* Points into the input. */
struct sl_str thrift_binary(struct thrift_reader *r, const struct thrift_field *f);
/* Checks that the field is a struct, whose fields then follow; each thrift_enter needs a
 * thrift_leave once thrift_next said false. */
bool thrift_enter(struct thrift_reader *r, const struct thrift_field *f);
void thrift_leave(struct thrift_reader *r);
/* Checks that the field is a list and returns its length. What is left over holds that many
 * elements of `element_bytes` (>= 1), the least that one can take, so the caller may allocate.
 * *ret_element is to be passed as the field to the element's read. */
size_t thrift_list(struct thrift_reader *r, const struct thrift_field *f, size_t element_bytes,
                   struct thrift_field *ret_element);
void thrift_skip(struct thrift_reader *r, const struct thrift_field *f);

/* ---- writing ----------------------------------------------------------------------------------
 */

struct thrift_writer {
    struct sl_buf *out;
    int last_id[THRIFT_DEPTH]; /* by depth */
    int depth;
};

static inline struct thrift_writer thrift_writer(struct sl_buf *out)
{
    return (struct thrift_writer){.out = out};
}

/* Fields of a struct, in ascending order of `id`. Elements of lists have no field header:
 * the thrift_put_* below with id THRIFT_ELEMENT. */
enum { THRIFT_ELEMENT = -1 };
void thrift_put_bool(struct thrift_writer *w, int id, bool value);
void thrift_put_i32(struct thrift_writer *w, int id, int32_t value);
void thrift_put_i64(struct thrift_writer *w, int id, int64_t value);
void thrift_put_binary(struct thrift_writer *w, int id, struct sl_str value);
void thrift_put_list(struct thrift_writer *w, int id, enum thrift_type element, size_t n);
void thrift_begin(struct thrift_writer *w, int id);
/* Ends a struct: one begun above, or the outermost. */
void thrift_end(struct thrift_writer *w);

/* Unsigned LEB128, also used by the encodings. */
void thrift_put_varint(struct sl_buf *out, uint64_t value);
/* False when the bytes end early or the number has more than 64 bits. */
bool thrift_take_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret);

static inline uint64_t thrift_zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t thrift_unzigzag(uint64_t v)
{
    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}
