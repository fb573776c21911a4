#include "codec/csv.h"

#include "base/limits.h"
#include "base/vec.h"
#include "codec/csv_masks.h"

#include <string.h>

/* The reading end of the scanner: the block at `base` and those of its marked bytes that are still
 * ahead. Kept apart from the scanner, so that it stays in registers. */
struct cursor {
    size_t base;
    uint64_t mask;
};

static __attribute__((noinline)) void fill_masks(struct csv_scanner *s, size_t base)
{
    size_t left = s->text.n - base;
    size_t blocks = SL_MIN(left / 64, (size_t)CSV_MASKS);
    s->masks_start = base;
    csv_masks(s->text.p + base, blocks, s->delimiter, '"', '\n', s->masks);
    if (blocks == 0) {
        char last[64] = {0};
        memcpy(last, s->text.p + base, left);
        csv_masks(last, 1, s->delimiter, '"', '\n', s->masks);
        s->masks[0] &= ((uint64_t)1 << left) - 1;
        blocks = 1;
    }
    s->masks_end = base + blocks * 64;
}

static inline uint64_t mask_at(struct csv_scanner *s, size_t base)
{
    if (base < s->masks_start || base >= s->masks_end)
        fill_masks(s, base);
    return s->masks[(base - s->masks_start) / 64];
}

static inline void seek(struct csv_scanner *s, struct cursor *c, size_t position)
{
    c->base = position / 64 * 64;
    c->mask = position < s->text.n ? mask_at(s, c->base) & (UINT64_MAX << position % 64) : 0;
}

/* The offset of the next marked byte; text.n behind the last one. */
static inline size_t next(struct csv_scanner *s, struct cursor *c)
{
    while (c->mask == 0) {
        if (c->base + 64 >= s->text.n)
            return s->text.n;
        c->base += 64;
        c->mask = mask_at(s, c->base);
    }
    size_t at = c->base + (size_t)__builtin_ctzll(c->mask);
    c->mask &= c->mask - 1;
    return at;
}

void csv_scanner_init(struct csv_scanner *s, struct sl_str text, size_t position, char delimiter,
                      size_t n_cells, bool final)
{
    s->text = text;
    s->delimiter = delimiter;
    s->final = final;
    s->n_cells = n_cells;
    s->position = position;
    s->masks_start = s->masks_end = 0;
}

enum cell_end { ENDS_CELL, ENDS_ROW, ENDS_TEXT, IS_WRONG };

/* Behind the closing quote at `quote`: what ends the cell, and the offset behind that. */
static enum cell_end after_quote(struct csv_scanner *s, struct cursor *c, size_t quote,
                                 size_t *ret_next)
{
    size_t at = quote + 1;
    if (at < s->text.n && s->text.p[at] == '\r' && at + 1 <= s->text.n &&
        (at + 1 == s->text.n || s->text.p[at + 1] == '\n'))
        at++;
    if (at >= s->text.n) {
        *ret_next = s->text.n;
        return ENDS_TEXT;
    }
    char b = s->text.p[at];
    if (b != '\n' && (b != s->delimiter || at != quote + 1))
        return IS_WRONG;
    next(s, c);
    *ret_next = at + 1;
    return b == '\n' ? ENDS_ROW : ENDS_CELL;
}

/* A cell whose opening quote is at `open`. */
static enum cell_end scan_quoted(struct csv_scanner *s, struct cursor *c, size_t open,
                                 struct csv_cell *ret, size_t *ret_next, enum csv_error *ret_error)
{
    bool escaped = false;
    for (;;) {
        size_t at = next(s, c);
        if (at >= s->text.n) {
            *ret_error = CSV_QUOTE_OPEN;
            return s->final ? IS_WRONG : ENDS_TEXT;
        }
        if (s->text.p[at] != '"')
            continue;
        if (at + 1 < s->text.n && s->text.p[at + 1] == '"') {
            next(s, c);
            escaped = true;
            continue;
        }
        *ret_error = at - open > SL_LIMIT_CELL_BYTES ? CSV_CELL_LONG : CSV_QUOTE_TEXT;
        if (*ret_error == CSV_CELL_LONG)
            return IS_WRONG;
        *ret = (struct csv_cell){(uint32_t)(open + 1), (uint32_t)(at - open - 1), escaped};
        return after_quote(s, c, at, ret_next);
    }
}

/* A cell that starts at `start`; the usual one has no quote. */
static inline enum cell_end scan_cell(struct csv_scanner *s, struct cursor *c, size_t start,
                                      struct csv_cell *ret, size_t *ret_next,
                                      enum csv_error *ret_error)
{
    size_t at = next(s, c);
    if (__builtin_expect(at < s->text.n && s->text.p[at] == '"', 0)) {
        if (at == start)
            return scan_quoted(s, c, start, ret, ret_next, ret_error);
        while (at < s->text.n && s->text.p[at] == '"')
            at = next(s, c);
    }
    enum cell_end how = at >= s->text.n                 ? ENDS_TEXT
                        : s->text.p[at] == s->delimiter ? ENDS_CELL
                                                        : ENDS_ROW;
    size_t end = at;
    if (how != ENDS_CELL && end > start && s->text.p[end - 1] == '\r')
        end--;
    if (__builtin_expect(end - start > SL_LIMIT_CELL_BYTES, 0)) {
        *ret_error = CSV_CELL_LONG;
        return IS_WRONG;
    }
    *ret = (struct csv_cell){(uint32_t)start, (uint32_t)(end - start), 0};
    *ret_next = how == ENDS_TEXT ? s->text.n : at + 1;
    return how;
}

/* Goes on behind the line in which the row begins: what a wrong quote swallowed is read again. */
static enum csv_status pass_over(struct csv_scanner *s, size_t start, uint32_t cell,
                                 enum csv_error error)
{
    const char *end = memchr(s->text.p + start, '\n', s->text.n - start);
    s->bad = (struct csv_bad_row){.start = start, .cell = cell, .error = error};
    s->position = end ? (size_t)(end - s->text.p) + 1 : s->text.n;
    return CSV_BAD;
}

static bool is_blank(struct sl_str text, size_t at, size_t *ret_next)
{
    if (text.p[at] == '\n') {
        *ret_next = at + 1;
        return true;
    }
    if (text.p[at] == '\r' && at + 1 < text.n && text.p[at + 1] == '\n') {
        *ret_next = at + 2;
        return true;
    }
    return false;
}

/* The row at s->position into `cells`. CSV_FULL: it is there. */
static inline enum csv_status scan_row(struct csv_scanner *s, struct cursor *c,
                                       struct csv_cell *cells)
{
    size_t start = s->position, at = start, n = 0;
    enum csv_error error = CSV_QUOTE_OPEN;
    enum cell_end how;
    do {
        struct csv_cell cell;
        size_t behind = at;
        how = scan_cell(s, c, at, &cell, &behind, &error);
        if (how == IS_WRONG)
            return pass_over(s, start, (uint32_t)n, error);
        if (how == ENDS_TEXT && !s->final)
            return CSV_PARTIAL;
        at = behind;
        if (n < s->n_cells)
            cells[n] = cell;
        n++;
    } while (how == ENDS_CELL);
    s->position = at;
    if (__builtin_expect(n == s->n_cells, 1))
        return CSV_FULL;
    bool few = n < s->n_cells;
    s->bad = (struct csv_bad_row){.start = start,
                                  .cell = (uint32_t)(few ? n : s->n_cells),
                                  .n_cells = (uint32_t)n,
                                  .error = few ? CSV_FEW_CELLS : CSV_MANY_CELLS};
    return CSV_BAD;
}

enum csv_status csv_scan(struct csv_scanner *s, size_t limit, size_t max_rows,
                         struct csv_cell *cells, uint32_t *ret_starts, size_t *ret_rows)
{
    struct cursor c;
    size_t rows = 0, skip;
    enum csv_status status = CSV_FULL;
    limit = SL_MIN(limit, s->text.n);
    seek(s, &c, s->position);
    while (rows < max_rows) {
        if (s->position >= limit) {
            status = CSV_END;
            break;
        }
        if (s->n_cells > 1 && is_blank(s->text, s->position, &skip)) {
            s->position = skip;
            seek(s, &c, skip);
            continue;
        }
        ret_starts[rows] = (uint32_t)s->position;
        status = scan_row(s, &c, cells + rows * s->n_cells);
        if (status != CSV_FULL)
            break;
        rows++;
    }
    *ret_rows = rows;
    return status;
}

struct sl_str csv_unescape(struct sl_arena *a, struct sl_str text, struct csv_cell cell)
{
    struct sl_str raw = {text.p + cell.start, cell.n};
    if (!cell.escaped)
        return raw;
    char *to = sl_arena_alloc(a, raw.n);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        to[n++] = raw.p[i];
        i += raw.p[i] == '"';
    }
    return sl_strn(to, n);
}

struct sl_err *csv_read_row(struct sl_arena *a, struct sl_str text, size_t position, char delimiter,
                            bool final, struct sl_str **ret, size_t *ret_n, size_t *ret_end)
{
    struct csv_scanner s;
    struct cursor c;
    SL_VEC(struct sl_str) found = {0};
    csv_scanner_init(&s, text, position, delimiter, 1, final);
    seek(&s, &c, position);
    enum cell_end how;
    enum csv_error error = CSV_QUOTE_OPEN;
    do {
        struct csv_cell cell;
        how = scan_cell(&s, &c, position, &cell, &position, &error);
        if (how == IS_WRONG || (how == ENDS_TEXT && !final))
            break;
        *sl_vec_add(&found) = csv_unescape(a, text, cell);
    } while (how == ENDS_CELL);
    if (how == ENDS_ROW || (how == ENDS_TEXT && final)) {
        *ret = sl_arena_copy(a, found.p, found.n * sizeof(*found.p));
        *ret_n = found.n;
        *ret_end = position;
    }
    size_t n = found.n;
    sl_vec_deinit(&found);
    if (how == IS_WRONG)
        return SL_ERR(INVALID, "column %zu: %s", n + 1, csv_error_text(error));
    if (how == ENDS_TEXT && !final)
        return SL_ERR(INVALID, "the row does not end within %zu bytes", text.n);
    return NULL;
}

size_t csv_count_quotes(struct sl_str text)
{
    return csv_count(text.p, text.n, '"');
}

size_t csv_count_lines(struct sl_str text)
{
    return csv_count(text.p, text.n, '\n');
}

size_t csv_guess_row(struct sl_str text, size_t from, bool inside)
{
    size_t at = from;
    while (at < text.n) {
        const char *line = memchr(text.p + at, '\n', text.n - at);
        size_t end = line ? (size_t)(line - text.p) : text.n;
        inside ^= csv_count(text.p + at, end - at, '"') & 1;
        if (line && !inside)
            return end + 1;
        at = end + 1;
    }
    return text.n;
}

const char *csv_error_text(enum csv_error error)
{
    switch (error) {
    case CSV_FEW_CELLS:
        return "too few cells";
    case CSV_MANY_CELLS:
        return "too many cells";
    case CSV_QUOTE_OPEN:
        return "a quote that is never closed";
    case CSV_QUOTE_TEXT:
        return "text behind a closing quote, expected a delimiter or a line end (a quote inside of "
               "quotes is doubled)";
    case CSV_CELL_LONG:
        return "a cell of more than 16 MiB";
    }
    return "";
}
