/* The text that is being decoded: a window that moves over the files, and what is where in it. */
#pragma once

#include "base/vec.h"
#include "core/data/csv_piece.h"
#include "ingest.h"

/* Text of one file in the window. */
struct csv_segment {
    size_t file;
    size_t start, end; /* in the window's text; start is where a row begins */
    bool first;        /* the file begins at `start`: no header has been read yet */
    bool final;        /* the file ends at `end` */
    uint64_t line;     /* of the row at `start`, from 1 */
};

struct csv_window {
    struct ingest *g;
    char *text;
    size_t n, capacity;
    SL_VEC(struct csv_segment) segments;
    size_t next_file;             /* that no segment holds the end of */
    int64_t offset;               /* of what comes next of it */
    struct source_stream *stream; /* of it, when it is compressed */
};

/* `capacity` bytes at first. */
void csv_window_init(struct csv_window *w, struct ingest *g, size_t capacity);
void csv_window_deinit(struct csv_window *w);
/* Back to the start of the first file. */
void csv_window_rewind(struct csv_window *w);
/* Fills the room that there is with what follows. No segments afterwards: all has been read. */
struct sl_err *csv_window_fill(struct csv_window *w) SL_MUST_USE;
/* Forgets what stands before `position`, which lies in segment `index` or at its end; `line` is
 * the line there. */
void csv_window_move(struct csv_window *w, size_t index, size_t position, uint64_t line);
/* Twice the room. */
void csv_window_grow(struct csv_window *w);
