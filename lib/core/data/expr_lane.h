/* Lanes: the values of one node of an expression over all rows. Shared by expr_eval_table.c and
 * expr_loops.c; nobody else includes this.
 *
 * A missing row holds some value of the type's domain, so that loops run over all rows without
 * looking at validity, and nothing in them can overflow. */
#pragma once

#include "core/data/expr_impl.h"

struct lane {
    enum expr_type type;
    bool is_constant;
    struct expr_value constant;
    const uint8_t *valid; /* bitmap; NULL: all are */
    union {
        const int64_t *i64;
        const double *f64;
        const uint8_t *boolean;
        const uint32_t *codes;
    };
    const struct sl_str *dict;
    size_t dict_n;
};

struct evaluation {
    struct sl_arena *a;       /* strings of results */
    struct sl_arena *scratch; /* lanes */
    const struct table *t;
    size_t n; /* rows */
};

static inline bool lane_is_valid(const struct lane *x, size_t row)
{
    if (x->is_constant)
        return x->constant.type != EXPR_NULL;
    return !x->valid || (x->valid[row >> 3] >> (row & 7) & 1);
}

static inline void lane_clear_bit(uint8_t *bits, size_t row)
{
    bits[row >> 3] &= (uint8_t) ~(1u << (row & 7));
}

/* A bitmap for all rows, in v->scratch. */
uint8_t *lane_new_bitmap(const struct evaluation *v, uint8_t fill);
/* `valid` less the rows of `values` that fell out of the domain, which become 0. */
const uint8_t *lane_close_doubles(const struct evaluation *v, double *values, const uint8_t *valid);
const uint8_t *lane_close_ints(const struct evaluation *v, int64_t *values, const uint8_t *valid);

/* True when the node has a loop of its own, which has then run: operators and functions of numbers
 * and booleans. `x` are the operands' lanes, at least one of which is no constant, and none of
 * which is a constant null unless the node is one that looks at null. */
bool lane_apply_by_loop(const struct evaluation *v, const struct expr *e, const struct lane *x,
                        struct lane *ret);
