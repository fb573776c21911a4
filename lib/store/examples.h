/* Examples as tables: splits of Parquet parts in an artifact (DESIGN 5).
 *
 * Properties: splits (list of names), rows (per split), columns ([{name, type}] in order),
 * digest_rows (logical digest of rows), span. A split is read by row groups, each on any thread; a
 * row group is the unit of parallel work and is the same whatever the number of threads was. */
#pragma once

#include "core/data/table.h"
#include "net/workers.h"
#include "store/artifact.h"

enum { EXAMPLES_GROUP_ROWS = 65536 }; /* rows of a row group, the last of a part excepted */

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
/* Index of the column, or -1. */
int examples_find_column(const struct examples *e, struct sl_str name);
/* One row group as a table of the columns `columns[0..n)` (indices into e->columns; NULL: all), in
 * that order. Lifetime: `a`. Any thread. */
struct sl_err *examples_read_group(struct sl_arena *a, const struct examples *e,
                                   const struct examples_split *split, size_t group,
                                   const int *columns, size_t n, struct table *ret) SL_MUST_USE;

struct examples_writer;

/* Writes `Split-<name>/part-NNNNN-of-NNNNN.parquet` for each split name, with these columns. Parts
 * hold `rows_per_part` rows (0: one part a split). */
struct examples_writer *examples_writer_new(struct artifact_writer *w,
                                            const struct column_spec *columns, size_t n_columns,
                                            const struct sl_str *splits, size_t n_splits,
                                            struct workers *workers);
void examples_writer_free(struct examples_writer *w);
/* Appends rows to a split; full row groups are encoded on the workers. One thread. `t` has the
 * writer's columns. */
struct sl_err *examples_writer_add(struct examples_writer *w, size_t split,
                                   const struct table *t) SL_MUST_USE;
/* Writes what is buffered and closes the files. ret_properties: what the artifact's manifest shall
 * carry. */
struct sl_err *examples_writer_finish(struct examples_writer *w, struct sl_arena *a,
                                      struct json **ret_properties) SL_MUST_USE;
