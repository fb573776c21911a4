/* What reading CSV and reading Parquet share: where rows go, and what is counted. */
#pragma once

#include "router.h"
#include "source.h"

enum { INGEST_REPORTED = 100 }; /* bad rows that are told one by one */

struct ingest {
    struct step *s;
    const struct example_gen_params *p;
    const struct source *files;
    size_t n_files;
    struct artifact_writer *artifact;
    struct examples_writer *writer; /* of the pass under way */
    struct router router;
    uint64_t rows_in; /* bad ones and those that the filter left out counted */
    uint64_t rows_out;
    uint64_t bad_rows;
    struct json *reported; /* array of {file, line, column, message}, at most INGEST_REPORTED */
};

/* Starts a pass: a new router and writer for tables of these columns, everything counted from zero.
 */
struct sl_err *ingest_start(struct ingest *g, const struct column_spec *columns,
                            size_t n_columns) SL_MUST_USE;
/* Writes what was routed, in order. */
struct sl_err *ingest_add(struct ingest *g, struct routed *routed, size_t n) SL_MUST_USE;
/* Counts a bad row, or fails with what is wrong about it. `line` from 1, 0: unknown; `column` may
 * be empty. */
struct sl_err *ingest_bad_row(struct ingest *g, const struct source *f, uint64_t line,
                              struct sl_str column, struct sl_str message) SL_MUST_USE;
/* More bad rows, that are not told one by one. */
void ingest_bad_rows(struct ingest *g, uint64_t more);

/* The two kinds of input: each calls ingest_start once or more, and writes all rows. */
struct sl_err *csv_input_run(struct ingest *g) SL_MUST_USE;
struct sl_err *parquet_input_run(struct ingest *g) SL_MUST_USE;
