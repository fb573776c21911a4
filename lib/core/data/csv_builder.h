/* One column of a csv_piece while it grows. Internal to core/data/csv_piece. */
#pragma once

#include "core/data/csv_piece.h"
#include "core/data/dict_builder.h"

/* Rows of cells as csv_scan left them, seen from one column. */
struct csv_cells {
    struct sl_arena *a; /* of the piece: unescaped text */
    const struct csv_layout *layout;
    struct sl_str text;
    const struct csv_cell *cells; /* the column's cell of row i is cells[i * stride] */
    size_t stride, n;
    uint8_t *faults; /* (n) 1 + enum csv_fault of rows that are bad */
    uint32_t *fault_columns;
};

struct csv_builder {
    uint32_t index; /* of the column in the row */
    enum column_type type;
    bool given;
    unsigned seen;
    size_t n, capacity;
    void *values;
    uint8_t *valid;
    size_t missing;
    struct dict_builder dict;
    struct cell_date date;
};

/* Empty, for another piece of the column; memory is kept. The first time, `b` is all zero. */
void csv_builder_start(struct csv_builder *b, const struct csv_column *column, uint32_t index);
void csv_builder_deinit(struct csv_builder *b);
/* Appends the cells as values; rows that are bad get something, and a mark in t->faults. */
void csv_builder_add(struct csv_builder *b, const struct csv_cells *t);
/* Only joins the kinds of the cells into b->seen. */
void csv_builder_look(struct csv_builder *b, const struct csv_cells *t);
/* Takes the rows among the last `n` that are marked in `faults` out again. */
void csv_builder_drop(struct csv_builder *b, const uint8_t *faults, size_t n);
/* A view of what is there. */
struct column csv_builder_column(const struct csv_builder *b, struct sl_str name);
