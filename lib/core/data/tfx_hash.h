/* How TFX's CsvExampleGen types a CSV file and assigns its rows to splits, so that a pipeline that
 * moves over keeps its splits.
 *
 * A row is a tf.Example; its bucket is the SHA-256 of the example's deterministic serialisation
 * (map entries by key), read as a big-endian integer, modulo the sum of the splits' buckets.
 * Numbers are what Python's int() and float() read; an empty cell is an empty list of the column's
 * kind, a column without any value has no kind.
 * One name that is the beginning of another comes first, as in protobuf's C++; the Python library
 * of protobuf 4.21 and later (upb) has it the other way round.
 * Source: TFX, components/example_gen/utils.py and csv_example_gen; tf.Example's proto. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* Kinds of cells, and of columns: that of a column is the greatest of its cells'. */
enum tfx_kind { TFX_UNKNOWN, TFX_INT, TFX_FLOAT, TFX_STRING };

/* The kind of a cell's text; TFX_UNKNOWN when it is empty. */
enum tfx_kind tfx_kind_of(struct sl_str cell);

struct tfx_columns {
    const struct sl_str *names;
    const enum tfx_kind *kinds;
    const size_t *order; /* by name */
    size_t n;
};

/* Lifetime: `a`, and that of names and kinds. */
struct tfx_columns tfx_columns_new(struct sl_arena *a, const struct sl_str *names,
                                   const enum tfx_kind *kinds, size_t n);

/* The tf.Example of a row, appended.
 * Shapes: cells (c->n). */
void tfx_format_example(const struct tfx_columns *c, const struct sl_str *cells,
                        struct sl_buf *out);
/* The Feature of one cell, appended: what rows are split by that share a column's value. */
void tfx_format_feature(enum tfx_kind kind, struct sl_str cell, struct sl_buf *out);

/* SHA-256 of `key` as an integer, modulo `total`. */
uint32_t tfx_bucket(struct sl_str key, uint32_t total);
