/* CSV text to cells (RFC 4180), fast and in pieces that may be read by several threads.
 *
 * A cell that begins with a double quote ends at the next quote that is not doubled; delimiters and
 * line ends inside are data. A quote elsewhere is data. A row ends with LF or CRLF, or with the
 * text. Empty lines are no rows, unless a row has one cell.
 *
 * Where a row begins depends on all quotes before it. Threads therefore start where a row begins
 * *if quotes are balanced* (csv_guess_row), and the one who joins the pieces checks that each piece
 * ended where the next one began, and reads again what did not. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* A cell of the scanned text, without its quotes. */
struct csv_cell {
    uint32_t start;       /* offset into the text */
    uint32_t n : 31;      /* bytes, before unescaping */
    uint32_t escaped : 1; /* holds doubled quotes: csv_unescape */
};

enum csv_error {
    CSV_FEW_CELLS,
    CSV_MANY_CELLS,
    CSV_QUOTE_OPEN, /* the text, or the longest row allowed, ends inside of quotes */
    CSV_QUOTE_TEXT, /* something else than a delimiter or a line end behind a closing quote */
    CSV_CELL_LONG,  /* over SL_LIMIT_CELL_BYTES */
};

struct csv_bad_row {
    size_t start;     /* offset of the row */
    uint32_t cell;    /* where it went wrong, from 0 */
    uint32_t n_cells; /* cells that the row has, for FEW and MANY */
    enum csv_error error;
};

enum csv_status {
    CSV_FULL,    /* as many rows as there was room for; go on */
    CSV_END,     /* the next row starts at or behind `limit`, or the text is used up */
    CSV_BAD,     /* the row behind those returned is bad (`bad`) and was passed over; go on */
    CSV_PARTIAL, /* the text ends inside of the row at `position`, and is not the whole of it */
};

enum { CSV_MASKS = 64 };

/* A place in a text. `position` may be read between calls. */
struct csv_scanner {
    struct sl_str text; /* shorter than 4 GiB */
    char delimiter;
    bool final;      /* nothing follows the text */
    size_t n_cells;  /* of a row */
    size_t position; /* offset of the next row */
    struct csv_bad_row bad;
    size_t masks_start, masks_end;
    uint64_t masks[CSV_MASKS]; /* a bit for each byte that is delimiter, quote or line end */
};

/* `position` is where a row begins. */
void csv_scanner_init(struct csv_scanner *s, struct sl_str text, size_t position, char delimiter,
                      size_t n_cells, bool final);

/* Cells of up to `max_rows` rows that start before `limit`.
 * Shapes: cells (max_rows x n_cells) row by row, ret_starts (max_rows) offsets of the rows. */
enum csv_status csv_scan(struct csv_scanner *s, size_t limit, size_t max_rows,
                         struct csv_cell *cells, uint32_t *ret_starts, size_t *ret_rows);

/* The bytes of a cell: doubled quotes made single in `a` where there are any. */
struct sl_str csv_unescape(struct sl_arena *a, struct sl_str text, struct csv_cell cell);

/* The row at `position` with however many cells it has: a header, or the first row.
 * Lifetime: `a`. Errors: invalid: bad quoting; the text ends inside of the row and is not final. */
struct sl_err *csv_read_row(struct sl_arena *a, struct sl_str text, size_t position, char delimiter,
                            bool final, struct sl_str **ret, size_t *ret_n,
                            size_t *ret_end) SL_MUST_USE;

/* Quotes in the text. */
size_t csv_count_quotes(struct sl_str text);
/* Line ends in the text. */
size_t csv_count_lines(struct sl_str text);
/* Where the first row behind `from` begins if an odd number of quotes stands before `from`
 * (`inside`) or an even one; text.n when none does. */
size_t csv_guess_row(struct sl_str text, size_t from, bool inside);

/* "a quote that is never closed", ... */
const char *csv_error_text(enum csv_error error);
