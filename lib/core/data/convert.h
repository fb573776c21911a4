/* A column as a column of another type. */
#pragma once

#include "core/data/table.h"

/* Values of `c` as `type`: numbers exactly or not at all (int to double may round), anything as its
 * text (column_format), and text as cell_parse reads it. A row that cannot be converted is missing
 * in the result, and marked.
 * Shapes: failed (c->n) 1 where a row failed, else untouched. Lifetime: `a`, and that of `c`. */
struct column column_convert(struct sl_arena *a, const struct column *c, enum column_type type,
                             uint8_t *failed);
