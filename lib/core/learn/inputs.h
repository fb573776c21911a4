/* How a learner reads the features of a transform: its own first layer. */
#pragma once

#include "base/err.h"
#include "core/data/table.h"
#include "core/learn/dataset.h"

enum input_kind {
    INPUT_FLOAT,     /* a number */
    INPUT_ONE_HOT,   /* an id, as vocab_size numbers of which one is 1 */
    INPUT_EMBEDDING, /* an id, as `dim` learnt numbers (networks) */
    INPUT_ORDINAL,   /* an id, as a number (trees) */
};

struct input {
    struct sl_str name;
    enum input_kind kind;
    uint32_t vocab_size; /* ids are below it; 0 for floats */
    uint32_t dim;        /* EMBEDDING: numbers per id; else 0 */
};

/* "float", "one_hot", "embedding", "ordinal". */
const char *input_kind_name(enum input_kind kind);
bool input_kind_find(struct sl_str name, enum input_kind *ret);
/* Numbers that the input is in a matrix: 1, or vocab_size when one-hot. */
size_t input_width(const struct input *in);

/* The columns of a table that the inputs read, by name. Lifetime: `a`.
 * Errors: invalid: a column is absent or of another type, a value is missing. */
struct sl_err *inputs_find_columns(struct sl_arena *a, const struct input *inputs, size_t n,
                                   const struct table *t, const struct column ***ret) SL_MUST_USE;
/* Rows [first, first + count) as floats and ids side by side, each kind in order of the inputs (how
 * networks read). Shapes: ret_floats (count, inputs that are floats), ret_ids (count, the others).
 * Errors: invalid: an id beyond its vocabulary. */
struct sl_err *inputs_fill(const struct input *inputs, size_t n,
                           const struct column *const *columns, size_t first, size_t count,
                           float *ret_floats, uint32_t *ret_ids) SL_MUST_USE;
/* Rows as numbers alone, one-hot vectors made (how trees read). Shapes: ret (count, sum of widths).
 * Errors: as inputs_fill. */
struct sl_err *inputs_matrix(const struct input *inputs, size_t n,
                             const struct column *const *columns, size_t first, size_t count,
                             float *ret) SL_MUST_USE;
