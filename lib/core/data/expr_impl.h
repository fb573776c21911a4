/* What the files of the expression language share; nobody else includes this. */
#pragma once

#include "core/data/expr_functions.h"

#define EXPR_INT_MAX (((int64_t)1 << 53) - 1)

struct expr_operator {
    enum expr_op op;
    const char *sign;
    int precedence; /* 1: loosest */
};

/* The binary operator, or NULL for another kind of node. */
const struct expr_operator *expr_operator_find(enum expr_op op);
/* "column 7: message"; offset in bytes, columns in characters. */
struct sl_err *expr_fail_at(struct sl_str text, size_t offset, const char *message) SL_MUST_USE;

/* ---- values -----------------------------------------------------------------------------------
 * The closed domains of expr.h: what falls out of them is null. */

static inline struct expr_value expr_null(void)
{
    return (struct expr_value){.type = EXPR_NULL};
}

static inline struct expr_value expr_bool(bool b)
{
    return (struct expr_value){.type = EXPR_BOOL, .boolean = b};
}

static inline bool expr_int_fits(int64_t i)
{
    return i >= -EXPR_INT_MAX && i <= EXPR_INT_MAX;
}

static inline struct expr_value expr_int(int64_t i)
{
    return expr_int_fits(i) ? (struct expr_value){.type = EXPR_INT, .i64 = i} : expr_null();
}

static inline struct expr_value expr_timestamp(int64_t us)
{
    return (struct expr_value){.type = EXPR_TIMESTAMP, .i64 = us};
}

static inline bool expr_double_fits(double d)
{
    return d - d == 0; /* false for NaN and infinities */
}

static inline struct expr_value expr_double(double d)
{
    return expr_double_fits(d) ? (struct expr_value){.type = EXPR_DOUBLE, .f64 = d} : expr_null();
}

static inline struct expr_value expr_string(struct sl_str s)
{
    return s.n ? (struct expr_value){.type = EXPR_STRING, .string = s} : expr_null();
}

/* What is wrong with the unit of a time function, or NULL. Lives in `a`. */
const char *expr_unit_fault(struct sl_arena *a, const struct expr_function *f, struct sl_str name);
/* Whole units between two times, towards zero, of a unit that has one length; null beyond 2^63 us.
 */
struct expr_value expr_date_diff(struct sl_str unit, int64_t from_us, int64_t to_us);
/* The start of the unit that the time lies in; weeks start on Monday. Null beyond 2^63 us. */
struct expr_value expr_date_trunc(struct sl_str unit, int64_t us);

/* How names get their type and index when a tree is bound. */
typedef struct sl_err *expr_resolve(void *ctx, const struct expr *name, enum expr_type *ret_type,
                                    int *ret_index);
struct sl_err *expr_bind_names(struct sl_arena *a, const struct expr *e, expr_resolve *resolve,
                               void *ctx, struct expr **ret) SL_MUST_USE;

/* One node of a bound tree on the values of its operands (e->n_args of them). */
struct expr_value expr_apply(struct sl_arena *a, const struct expr *e, const struct expr_value *x);
