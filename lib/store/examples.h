/* Examples as tables: splits of Parquet parts in an artifact (DESIGN 5).
 *
 * Properties: splits (list of names), rows (per split), columns ([{name, type}] in order),
 * digest_rows (logical digest of rows), span. A split is read by row groups, each on any thread; a
 * row group is the unit of parallel work and is the same whatever the number of threads was.
 *
 * digest_rows is "xxh3:" and 32 hex digits: it depends on the names and types of the columns and on
 * the rows of each split in their order, and on nothing else (row groups, parts, encodings). The
 * rows of a split take part through row_hash (core/data/row_hash.h). */
#pragma once

#include "core/data/table.h"
#include "net/workers.h"
#include "store/artifact.h"

/* Rows of a row group at most: less where there are many columns or much text, and at the end of a
 * part. */
enum { EXAMPLES_GROUP_ROWS = 65536 };

struct examples_group {
    int64_t first_row; /* in the split */
    int64_t n_rows;
};

struct examples_split {
    struct sl_str name;
    int64_t n_rows;
    struct examples_group *groups;
    size_t n_groups;
};

/* An opened Examples artifact; immutable, any thread. */
struct examples {
    const struct artifact *artifact;
    struct column_spec *columns;
    size_t n_columns;
    struct examples_split *splits;
    size_t n_splits;
    struct examples_parts *parts; /* the reader's own */
};

/* Lifetime: `a`. Errors: corrupt or invalid, naming the part. */
struct sl_err *examples_open(struct sl_arena *a, const struct artifact *t,
                             struct examples **ret) SL_MUST_USE;
/* NULL when there is no such split. */
const struct examples_split *examples_find_split(const struct examples *e, struct sl_str name);
/* The same where it must exist. Errors: invalid: there is none of that name, and which may be
 * meant. */
struct sl_err *examples_get_split(struct sl_arena *a, const struct examples *e, struct sl_str name,
                                  const struct examples_split **ret) SL_MUST_USE;
/* Row groups of some splits, in the order of splits and rows. */
struct examples_selected {
    const struct examples_split *split;
    size_t group;
};

struct examples_selection {
    struct examples_selected *groups;
    size_t n_groups;
    uint64_t n_rows;
};

/* The row groups of the splits `names[0..n)` (NULL: of all). Lifetime: `a`.
 * Errors: invalid: there is no such split. */
struct sl_err *examples_select(struct sl_arena *a, const struct examples *e,
                               const struct sl_str *names, size_t n,
                               struct examples_selection *ret) SL_MUST_USE;
/* Index of the column, or -1. */
int examples_find_column(const struct examples *e, struct sl_str name);
/* The same where it must exist. Errors: invalid: there is none of that name, and which may be
 * meant. */
struct sl_err *examples_get_column(struct sl_arena *a, const struct examples *e, struct sl_str name,
                                   int *ret) SL_MUST_USE;
/* One row group as a table of the columns `columns[0..n)` (indices into e->columns; NULL: all), in
 * that order. Lifetime: `a`. Any thread. */
struct sl_err *examples_read_group(struct sl_arena *a, const struct examples *e,
                                   const struct examples_split *split, size_t group,
                                   const int *columns, size_t n, struct table *ret) SL_MUST_USE;

struct examples_writer;

/* Rows to add: a table, and to which splits its rows go. */
struct examples_batch {
    const struct table *table;
    const uint32_t *const *rows; /* (split count) row numbers, ascending */
    const size_t *row_counts;    /* (split count) */
    const uint64_t *hashes;      /* (n_rows) of row_hash_table; NULL: computed here */
};

/* Writes `Split-<name>/part-00000-of-00001.parquet` for each split name, with these columns.
 * Lifetime: columns and names are copied; `w` and `workers` outlive the writer. */
struct examples_writer *examples_writer_new(struct artifact_writer *w,
                                            const struct column_spec *columns, size_t n_columns,
                                            const struct sl_str *splits, size_t n_splits,
                                            struct workers *workers);
/* Leaves files that are not finished unwritten; NULL is fine. */
void examples_writer_free(struct examples_writer *w);
/* Appends rows to a split; full row groups are encoded on the workers. One thread. `t` has the
 * writer's columns. */
struct sl_err *examples_writer_add(struct examples_writer *w, size_t split,
                                   const struct table *t) SL_MUST_USE;
/* The same for many tables and all splits at once: rows are appended in the order of the batches,
 * and there is more to do at the same time. */
struct sl_err *examples_writer_add_batches(struct examples_writer *w,
                                           const struct examples_batch *batches,
                                           size_t n) SL_MUST_USE;
/* Writes what is buffered and closes the files. ret_properties: what the artifact's manifest shall
 * carry. */
struct sl_err *examples_writer_finish(struct examples_writer *w, struct sl_arena *a,
                                      struct json **ret_properties) SL_MUST_USE;
