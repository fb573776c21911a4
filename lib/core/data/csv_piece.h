/* A piece of CSV text decoded into a table, on one thread; pieces of one text are decoded on many.
 *
 * The type of a column is given, or a guess. A value that does not fit a given type makes its row
 * bad. A value that does not fit a guess is told in `seen`, and the caller, who has joined the
 * `seen` of all pieces, decodes again with the types that hold. */
#pragma once

#include "codec/csv.h"
#include "core/data/infer.h"

struct csv_column {
    struct sl_str name;
    bool wanted; /* else its cells are not looked at */
    bool given;  /* `type` is the user's word */
    enum column_type type;
};

struct csv_layout {
    char delimiter;
    const struct csv_column *columns; /* (n_columns): one per cell of a row */
    size_t n_columns;
    const struct sl_str *nulls; /* texts that mean missing, beside the empty one */
    size_t n_nulls;
};

enum csv_fault {
    CSV_FAULT_ROW,  /* `error` */
    CSV_FAULT_TYPE, /* a value that is not of the column's given type */
    CSV_FAULT_UTF8,
};

/* A row that was left out. */
struct csv_fault_row {
    size_t start; /* offset into the text */
    enum csv_fault fault;
    enum csv_error error;
    uint32_t column; /* from 0 */
    uint32_t n_cells;
};

enum { CSV_PIECE_FAULTS = 100 }; /* kept of each piece; all are counted */

struct csv_piece {
    struct table table; /* the wanted columns in order; without the bad rows */
    uint32_t *starts;   /* (n_rows) offset of each row in the text */
    unsigned *seen;     /* (n_columns) kinds of the values of wanted columns, cell_kind bits; those
                           that make no difference to the type may be missing */
    struct csv_fault_row *faults; /* by row */
    size_t n_faults;
    uint64_t bad_rows;
    size_t end;   /* where the next row begins; that of a row that the text cuts off */
    bool partial; /* the text ends inside of the row at `end` */
    struct csv_piece_own *own;
};

struct csv_piece *csv_piece_new(void);
/* NULL is fine. */
void csv_piece_free(struct csv_piece *p);

/* Decodes the rows that start in [start, limit); `start` is where a row begins. `values` false:
 * only `seen` is found out, and columns whose bits in `settled` (may be NULL) are settled are
 * passed over.
 * Shapes:   settled (n_columns).
 * Lifetime: the table borrows `text`, and lives until the next call for the same piece. */
void csv_piece_decode(struct csv_piece *p, const struct csv_layout *layout, struct sl_str text,
                      size_t start, size_t limit, bool final, bool values, const unsigned *settled);
