/* CSV from outside: nothing is read out of bounds, and a text cut into pieces that join holds the
 * rows of the whole.
 * Input: the delimiter, the number of cells, where to cut, then text. */
#include "base/alloc.h"
#include "base/assert.h"
#include "core/data/csv_piece.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_CELLS = 8 };

static void check_table(const struct table *t)
{
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct column *column = &t->columns[c];
        sl_assert_cmp(column->n, ==, t->n_rows);
        for (size_t i = 0; i < column->n && column->type == COLUMN_STRING; i++) {
            if (!column_is_valid(column, i))
                continue;
            sl_assert_cmp(column->codes[i], <, column->dict_n);
            sl_assert(column_str(column, i).n > 0 && sl_str_is_utf8(column_str(column, i)));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csv_column columns[MOST_CELLS] = {0};
    if (size < 4)
        return 0;
    size_t n_cells = 1 + data[1] % MOST_CELLS;
    struct csv_layout layout = {
        .delimiter = data[0] & 1 ? ';' : ',', .columns = columns, .n_columns = n_cells};
    for (size_t i = 0; i < n_cells; i++)
        columns[i] = (struct csv_column){.name = {"x", 1},
                                         .wanted = i % 4 != 3,
                                         .given = data[0] & 2,
                                         .type = (enum column_type)((i + data[2]) % 5)};
    struct sl_str text = {(const char *)data + 4, size - 4};
    struct csv_piece *whole = csv_piece_new(), *first = csv_piece_new(), *rest = csv_piece_new();
    csv_piece_decode(whole, &layout, text, 0, text.n, true, true, NULL);
    check_table(&whole->table);
    size_t from = text.n * data[3] / 255;
    size_t cut = csv_guess_row(text, from, csv_count_quotes(sl_strn(text.p, from)) & 1);
    csv_piece_decode(first, &layout, text, 0, cut, true, true, NULL);
    csv_piece_decode(rest, &layout, text, first->end, text.n, true, true, NULL);
    check_table(&rest->table);
    sl_assert_cmp(first->table.n_rows + rest->table.n_rows, ==, whole->table.n_rows);
    sl_assert_cmp(first->bad_rows + rest->bad_rows, ==, whole->bad_rows);
    for (size_t i = 0; i < n_cells; i++)
        sl_assert_cmp(infer_type(first->seen[i] | rest->seen[i]), ==, infer_type(whole->seen[i]));
    csv_piece_decode(rest, &layout, text, 0, text.n, false, false, NULL);
    sl_assert(rest->end <= text.n);
    csv_piece_free(whole);
    csv_piece_free(first);
    csv_piece_free(rest);
    return 0;
}
