/* What the files of ExampleGen's CSV reader share. Internal to csv_input. */
#pragma once

#include "csv_window.h"

#include "core/data/tfx_hash.h"

enum pass { PASS_SAMPLE, PASS_TRY, PASS_LOOK, PASS_KNOWN };

struct job {
    size_t segment;
    size_t start, limit;
    struct csv_piece *piece;
    struct sl_arena *a;
    uint64_t lines;
    enum tfx_kind *kinds; /* (layout.n_columns) of the job's cells; NULL: rows are not split so */
};

struct csv_input {
    struct ingest *g;
    struct csv_window window;
    struct csv_column *columns; /* of the files, (layout.n_columns); NULL before the first header */
    struct csv_layout layout;
    unsigned *seen;       /* (layout.n_columns) of all that was accepted */
    bool tfx;             /* rows are split as TFX does */
    enum tfx_kind *kinds; /* (layout.n_columns) the same, for TFX */
    struct tfx_columns tfx_columns;
    size_t tfx_key; /* the column whose value is hashed; SIZE_MAX: all of them */
    enum pass pass;
    SL_VEC(struct job) jobs;
    size_t n_jobs;         /* of this window; the others keep their memory for later ones */
    struct routed *routed; /* (jobs.capacity) */
};

/* The start of a file: byte order mark, header. The first one sets in->columns. */
struct sl_err *csv_header_read(struct csv_input *in, struct csv_segment *s) SL_MUST_USE;

/* Joins the kinds of the cells that the job's piece went over into j->kinds. */
void csv_tfx_look(const struct csv_input *in, struct job *j);
/* Once all kinds are known. Errors: invalid: rows cannot be split by that column. */
struct sl_err *csv_tfx_start(struct csv_input *in) SL_MUST_USE;
/* The buckets of the rows in the job's table, in j->a. */
const uint32_t *csv_tfx_buckets(const struct csv_input *in, const struct job *j);
