/* Rows of one column on their way into a row group. Internal to store/examples_writer. */
#pragma once

#include "base/arena.h"
#include "core/data/table.h"

/* Owns its memory, which is kept when it is cleared. */
struct examples_group_column {
    enum column_type type;
    size_t n, capacity;
    void *values;
    uint8_t *valid;
    size_t missing;
    struct sl_str *dict;
    size_t dict_n, dict_capacity;
    size_t text_bytes; /* of all rows */
    struct sl_arena *text;
    uint32_t *renamed; /* scratch of the last append: entry of the source -> entry here + 1 */
    size_t renamed_capacity;
};

void examples_group_column_init(struct examples_group_column *g, enum column_type type);
void examples_group_column_deinit(struct examples_group_column *g);
/* Empty again; memory is kept. */
void examples_group_column_clear(struct examples_group_column *g);
/* Appends rows of `c`. `keep`: strings are copied, so that `c` may go before this does. */
void examples_group_column_add(struct examples_group_column *g, const struct column *c,
                               const uint32_t *rows, size_t n, bool keep);
/* A view of what is there. */
struct column examples_group_column_view(const struct examples_group_column *g, struct sl_str name);
