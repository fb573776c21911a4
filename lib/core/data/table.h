/* A batch of rows, column by column, in memory: what readers hand out and everything else works on.
 *
 * The types are those of the whole house (DESIGN 5). A string column is always in dictionary form:
 * codes into a dictionary of its own batch; a decoder that has no dictionary uses the identity.
 * Missing is a clear validity bit; the empty string and null are one value, missing, so no
 * dictionary entry is empty. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum column_type {
    COLUMN_INT64,
    COLUMN_DOUBLE,
    COLUMN_BOOL,      /* uint8_t 0 or 1 */
    COLUMN_TIMESTAMP, /* int64_t microseconds since 1970, UTC */
    COLUMN_STRING,    /* UTF-8 */
    COLUMN_FLOAT,     /* float: transformed features and predictions only */
};

/* Name and type of a column; a table's schema is an array of these. */
struct column_spec {
    struct sl_str name;
    enum column_type type;
};

struct column {
    struct sl_str name;
    enum column_type type;
    size_t n; /* rows */
    const uint8_t
        *valid; /* bit i of byte i/8 (LSB first) is set when row i is there; NULL: all are */
    union {     /* (n): dense, a missing row holds 0 */
        const int64_t *i64;
        const double *f64;
        const float *f32;
        const uint8_t *boolean;
        const uint32_t *codes; /* into dict; a missing row holds 0, also when dict is empty */
    };
    const struct sl_str *dict; /* (dict_n): distinct or not, in order of first use or not */
    size_t dict_n;
};

struct table {
    struct column *columns;
    size_t n_columns;
    size_t n_rows;
};

static inline bool column_is_valid(const struct column *c, size_t row)
{
    return !c->valid || (c->valid[row >> 3] >> (row & 7) & 1);
}

static inline struct sl_str column_str(const struct column *c, size_t row)
{
    return column_is_valid(c, row) ? c->dict[c->codes[row]] : (struct sl_str){NULL, 0};
}

/* Rows that are there. */
size_t column_valid_count(const struct column *c);
/* The column of that name, or NULL. */
const struct column *table_find(const struct table *t, struct sl_str name);
/* The same, looked for from `index` on and then before it: of many names in about the order of the
 * columns each is found at once. */
const struct column *table_find_from(const struct table *t, size_t index, struct sl_str name);
/* A new table in `a` with the rows `rows[0..n)` of `t` in that order (string dictionaries are
 * shared, not copied). */
struct table *table_take(struct sl_arena *a, const struct table *t, const uint32_t *rows, size_t n);
/* The value of a row as text for messages and reports: "" when missing. Lives in `a`. */
struct sl_str column_format(struct sl_arena *a, const struct column *c, size_t row);
/* "int", "double", "bool", "timestamp", "string", "float". */
const char *column_type_name(enum column_type type);
bool column_type_find(struct sl_str name, enum column_type *ret);
