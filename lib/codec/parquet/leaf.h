/* A leaf of the schema: which type a file stores, and how its values become a vector's. */
#pragma once

#include "codec/parquet/footer.h"
#include "codec/parquet/parquet.h"

/* From the stored value ("raw") to the vector's. */
enum leaf_convert {
    CONVERT_NONE, /* raw and vector are the same bytes */
    CONVERT_INT32,
    CONVERT_UINT32,
    CONVERT_UINT64,
    CONVERT_DATE,
    CONVERT_MILLIS, /* INT64 */
    CONVERT_NANOS,
    CONVERT_TIME_MILLIS, /* INT32 */
    CONVERT_INT96,
    CONVERT_DECIMAL32,
    CONVERT_DECIMAL64,
    CONVERT_DECIMAL_FIXED,
    CONVERT_DECIMAL_STRING, /* raw: struct sl_str */
    CONVERT_FLOAT16,
    CONVERT_UUID, /* raw: struct sl_str of 16 bytes, becomes text */
};

struct parquet_leaf {
    enum parquet_physical physical;
    size_t raw_bytes;   /* of a raw value; BYTE_ARRAY, and FIXED as string: of a struct sl_str */
    size_t fixed_bytes; /* PHYSICAL_FIXED: the length of each */
    bool optional;
    enum parquet_kind kind;
    enum leaf_convert convert;
    int scale; /* of decimals */
};

/* Sets type and meaning from the schema's words, or kind UNSUPPORTED and column->why. Fills kind,
 * nullable, utc, raw, type and why of `ret_column`. The element is not a group. */
void leaf_from_element(struct sl_arena *a, const struct footer_element *e,
                       struct parquet_leaf *ret_leaf, struct parquet_column *ret_column);

/* Bytes of one value of a vector; strings: of a code. */
size_t leaf_value_bytes(enum parquet_kind kind);

/* Converts `n` values of a leaf that is no string.
 * Shapes:   raw (n x leaf->raw_bytes); out (n x leaf_value_bytes).
 * Errors:   invalid: a value that the vector cannot hold. */
struct sl_err *leaf_convert_values(const struct parquet_leaf *leaf, const void *raw, size_t n,
                                   void *out) SL_MUST_USE;
/* The text of UUIDs, in place of their bytes. */
void leaf_format_uuids(struct sl_arena *a, struct sl_str *strings, size_t n);

/* Statistics of a chunk as values of the vector's kind; what cannot be used is left out. */
struct parquet_stats leaf_decode_stats(const struct parquet_leaf *leaf,
                                       const struct footer_stats *s);
