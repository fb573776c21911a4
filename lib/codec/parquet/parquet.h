/* Parquet files of flat columns, in and out. Pure: bytes come and go through callbacks.
 *
 * Reading: parquet_open decodes the footer into a `struct parquet_file` of plain values; after that
 * parquet_read_column decodes one column chunk (one column of one row group) into a vector. A file
 * is immutable once opened, so threads may read different chunks of one file at the same time, each
 * with its own arena and workspace.
 *
 * Writing: parquet_encode_column turns a vector into the bytes of a chunk and may run on any
 * thread; parquet_write_chunks appends the chunks of one row group in the order of the columns.
 * What is written depends on schema, vectors and options alone.
 *
 * Source: apache/parquet-format (parquet.thrift, Encodings.md, LogicalTypes.md, Compression.md). */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* ---- columns ----------------------------------------------------------------------------------
 */

enum parquet_kind {
    PARQUET_UNSUPPORTED, /* nested, repeated or of a type without a vector form */
    PARQUET_INT64,
    PARQUET_DOUBLE,
    PARQUET_FLOAT,
    PARQUET_BOOL,
    PARQUET_TIMESTAMP, /* microseconds since 1970-01-01 */
    PARQUET_STRING,
};

/* "int64", "double", ... */
const char *parquet_kind_name(enum parquet_kind kind);

/* One column of one row group in memory; a borrowed view.
 *
 *     valid    bit i of byte i/8, least significant first, 1: row i has a value. NULL: all have.
 *     values   one per row; that of a null row is defined but means nothing.
 *     codes    (strings) row i is dict[codes[i]]; always < dict_count, in null rows too.
 *     dict     entries may repeat, and may be unused. One empty string when all rows are null. */
struct parquet_vector {
    enum parquet_kind kind;
    size_t n;          /* rows */
    size_t null_count; /* rows without a value */
    const uint8_t *valid;
    union {
        const void *values;
        const int64_t *i64; /* PARQUET_INT64, PARQUET_TIMESTAMP */
        const double *f64;
        const float *f32;
        const uint8_t *boolean; /* 0 or 1 */
        const uint32_t *codes;  /* PARQUET_STRING */
    };
    const struct sl_str *dict;
    size_t dict_count;
};

static inline bool parquet_vector_is_valid(const struct parquet_vector *v, size_t row)
{
    return !v->valid || (v->valid[row / 8] >> (row % 8) & 1);
}

/* One value of a column: of a statistic. The member that the column's kind names. */
struct parquet_value {
    int64_t i64; /* also PARQUET_BOOL, PARQUET_TIMESTAMP */
    double f64;  /* also PARQUET_FLOAT */
    struct sl_str str;
};

/* What a file says about one chunk. Written by others: a hint, not a proof. */
struct parquet_stats {
    bool has_null_count, has_distinct_count;
    bool has_min, has_max;
    bool min_exact, max_exact; /* else a bound: a truncated string */
    int64_t null_count, distinct_count;
    struct parquet_value min, max;
};

/* Per-thread memory and compression contexts, used by one call at a time. */
struct parquet_workspace;
struct parquet_workspace *parquet_workspace_new(void);
/* NULL is fine. */
void parquet_workspace_free(struct parquet_workspace *ws);

static inline void parquet_workspace_free_ptr(struct parquet_workspace **pws)
{
    parquet_workspace_free(*pws);
}
#define PARQUET_AUTOWORKSPACE(name) \
    struct parquet_workspace *name SL_CLEANUP(parquet_workspace_free_ptr) = parquet_workspace_new()

/* ---- reading ----------------------------------------------------------------------------------
 */

struct parquet_source {
    /* All of `n` bytes at `offset` into `to`, or an error. Called by several threads at once when
     * several threads read columns. Never asked beyond `size`. */
    struct sl_err *(*read)(void *ctx, uint64_t offset, void *to, size_t n);
    void *ctx;
    uint64_t size;
};

/* Bounds on what a file may ask of memory. A row group that needs more is refused. */
struct parquet_limits {
    size_t footer_bytes;
    size_t group_rows;
    size_t page_bytes;  /* decompressed */
    size_t chunk_bytes; /* as stored, and as decoded strings */
};
extern const struct parquet_limits parquet_limits_default;

struct parquet_column {
    struct sl_str name;
    enum parquet_kind kind;
    bool nullable;
    bool utc;           /* timestamps: an instant; false: a wall clock of no zone */
    bool raw;           /* strings: bytes that the file does not call text */
    struct sl_str type; /* the file's own words, for people: "INT32 DATE", "BYTE_ARRAY STRING" */
    struct sl_str why;  /* PARQUET_UNSUPPORTED: the reason */
    size_t leaf;        /* index into the chunks of a row group (the first one if nested) */
};

/* One column chunk as the footer describes it. */
struct parquet_chunk {
    uint64_t offset; /* first byte of the first page */
    uint64_t bytes;  /* as stored */
    uint64_t decoded_bytes;
    uint64_t value_count; /* nulls included */
    int codec;            /* enum compress_codec's Parquet number */
    struct parquet_stats stats;
};

struct parquet_row_group {
    size_t rows;
    uint64_t bytes;               /* as stored, all columns */
    struct parquet_chunk *chunks; /* (leaf_count) by parquet_column.leaf */
};

struct parquet_key_value {
    struct sl_str key, value;
};

struct parquet_file {
    struct parquet_source source;
    struct parquet_limits limits;
    uint64_t rows;
    struct parquet_column *columns;
    size_t column_count;
    size_t leaf_count;
    struct parquet_row_group *row_groups;
    size_t row_group_count;
    struct parquet_key_value *key_values;
    size_t key_value_count;
    struct sl_str created_by;
    const struct parquet_leaf *leaves; /* (leaf_count) physical types; for the codec itself */
};

/* Reads and checks the footer. `limits` NULL: parquet_limits_default.
 *
 * Lifetime: *ret_file lives in `a`; `source` must outlive its use.
 * Errors:   corrupt (no Parquet file, damaged footer); invalid (encrypted); exhausted (limits). */
struct sl_err *parquet_open(struct sl_arena *a, const struct parquet_source *source,
                            const struct parquet_limits *limits,
                            const struct parquet_file **ret_file) SL_MUST_USE;

/* The column of that name, or NULL. */
const struct parquet_column *parquet_find_column(const struct parquet_file *file,
                                                 struct sl_str name);
/* The value of a key of the file's metadata, or an empty string with p NULL. */
struct sl_str parquet_find_key_value(const struct parquet_file *file, struct sl_str key);
/* The chunk of a column (index into file->columns) in a row group. */
const struct parquet_chunk *parquet_get_chunk(const struct parquet_file *file, size_t row_group,
                                              size_t column);

/* Decodes one column of one row group.
 *
 * Lifetime: all of *ret_vector lives in `a`.
 * Errors:   corrupt (damaged page, failed checksum), invalid (unsupported type or encoding),
 *           exhausted (limits); the message names column, row group and page offset. */
struct sl_err *parquet_read_column(struct sl_arena *a, const struct parquet_file *file,
                                   struct parquet_workspace *ws, size_t row_group, size_t column,
                                   struct parquet_vector *ret_vector) SL_MUST_USE;

/* ---- writing ----------------------------------------------------------------------------------
 */

struct parquet_write_column {
    struct sl_str name;
    enum parquet_kind kind;
    bool nullable;
    bool utc; /* as in parquet_column */
    bool raw;
};

struct parquet_write_options {
    int zstd_level;    /* 0: 1 */
    size_t page_bytes; /* aimed at, before compression; 0: 1 MiB */
};

struct parquet_write_schema {
    const struct parquet_write_column *columns;
    size_t column_count;
    struct parquet_write_options options;
};

/* An encoded column chunk: its bytes and what the footer will say about it. */
struct parquet_encoded;

/* Encodes one vector as a chunk. Pure: equal input gives equal bytes on every thread.
 *
 * Shapes:   column: index into schema->columns, whose kind is vector->kind; codes < dict_count.
 * Lifetime: *ret_encoded lives in `a`.
 * Errors:   invalid: nulls in a column that is not nullable; exhausted: a value over 1 GiB. */
struct sl_err *parquet_encode_column(struct sl_arena *a, struct parquet_workspace *ws,
                                     const struct parquet_write_schema *schema, size_t column,
                                     const struct parquet_vector *vector,
                                     const struct parquet_encoded **ret_encoded) SL_MUST_USE;

struct parquet_sink {
    /* Appends `n` bytes to the file. */
    struct sl_err *(*append)(void *ctx, const void *p, size_t n);
    void *ctx;
};

/* Writes one file: row groups, then parquet_writer_finish. */
struct parquet_writer;

/* `schema` is copied; `sink` is copied, its ctx must outlive the writer.
 * Errors:   those of the sink; invalid: no columns, an empty or repeated name. */
struct sl_err *parquet_writer_new(const struct parquet_write_schema *schema,
                                  const struct parquet_sink *sink,
                                  struct parquet_writer **ret_writer) SL_MUST_USE;
/* Frees without finishing what is unfinished; NULL is fine. */
void parquet_writer_free(struct parquet_writer *w);

/* Appends one row group of the schema's columns, in order.
 * Shapes:   chunks (column_count), all of the same number of rows.
 * Lifetime: the chunks are no longer needed afterwards. */
struct sl_err *parquet_write_chunks(struct parquet_writer *w,
                                    const struct parquet_encoded *const *chunks) SL_MUST_USE;
/* The same from vectors (column_count), encoded here one after another. */
struct sl_err *parquet_write_row_group(struct parquet_writer *w, struct parquet_workspace *ws,
                                       const struct parquet_vector *vectors) SL_MUST_USE;
/* Key-value metadata of the file, in order of the calls; before finish. */
void parquet_writer_add_key_value(struct parquet_writer *w, struct sl_str key, struct sl_str value);
/* Writes the footer. *ret_bytes (may be NULL) is the size of the file. */
struct sl_err *parquet_writer_finish(struct parquet_writer *w, uint64_t *ret_bytes) SL_MUST_USE;

static inline void parquet_writer_free_ptr(struct parquet_writer **pw)
{
    parquet_writer_free(*pw);
}
#define PARQUET_AUTOWRITER SL_CLEANUP(parquet_writer_free_ptr)
