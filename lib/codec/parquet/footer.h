/* The footer of a file as it stands there, before anything is made of it.
 * Source: parquet-format, parquet.thrift: FileMetaData and what it holds. */
#pragma once

#include "codec/parquet/format.h"

#include "base/arena.h"
#include "base/err.h"

/* SchemaElement with its LogicalType. */
struct footer_element {
    struct sl_str name;
    int physical; /* enum parquet_physical, -1: a group */
    int type_length;
    enum parquet_repetition repetition;
    int child_count;
    int converted; /* CONVERTED_NONE: absent */
    int logical;   /* LOGICAL_NONE: absent */
    int scale;
    enum parquet_unit unit; /* LOGICAL_TIME, LOGICAL_TIMESTAMP */
    bool utc;
    int bits; /* LOGICAL_INTEGER */
    bool is_signed;
};

/* Statistics; values are PLAIN-encoded, p NULL: absent. */
struct footer_stats {
    struct sl_str min, max, old_min, old_max;
    int64_t null_count, distinct_count; /* -1: absent */
    int min_exact, max_exact;           /* -1: absent */
};

/* ColumnChunk with its ColumnMetaData. */
struct footer_chunk {
    bool has_metadata, encrypted;
    struct sl_str file_path;
    int physical;
    int codec;
    int64_t value_count, decoded_bytes, bytes;
    int64_t data_offset, dictionary_offset; /* dictionary: 0: none */
    struct footer_stats stats;
};

struct footer_row_group {
    int64_t rows;
    struct footer_chunk *chunks;
    size_t chunk_count;
};

struct footer_key_value {
    struct sl_str key, value;
};

struct footer {
    int64_t rows;
    bool encrypted;
    struct footer_element *elements; /* the schema tree, depth first; the first is the root */
    size_t element_count;
    struct footer_row_group *row_groups;
    size_t row_group_count;
    struct footer_key_value *key_values;
    size_t key_value_count;
    struct sl_str created_by;
};

/* Decodes FileMetaData.
 *
 * Lifetime: arrays in `a`; strings point into `bytes`.
 * Errors:   corrupt. */
struct sl_err *footer_decode(struct sl_arena *a, struct sl_str bytes,
                             struct footer *ret_footer) SL_MUST_USE;
