/* What the two files of the expression export share (operators and functions); nobody else includes
 * this.
 *
 * A number, time or int is a double with NaN for null, which expr.h's closed domains allow: every
 * int is exactly a double, and what falls out of a domain is null. A text is a string with '' for
 * null. A condition has three values, kept as two booleans: is it true, is it false. */
#pragma once

#include "core/data/expr_functions.h"
#include "core/learn/transform_onnx_impl.h"

#include <math.h>

struct walk_value {
    onnx_value v;    /* double or string */
    onnx_value t, f; /* of a condition: bool */
};

struct onnx_walk {
    struct sl_arena *a;
    struct onnx *g;
    onnx_value *columns;
    const char *reason; /* the first thing that ONNX cannot say */
};

/* The value of a bound expression. */
struct walk_value walk_expr(struct onnx_walk *w, const struct expr *e);
/* The value of a call (transform_onnx_functions.c). */
struct walk_value walk_call(struct onnx_walk *w, const struct expr *e);
/* Notes that ONNX cannot say it; a value that stands for nothing. */
struct walk_value walk_refuse(struct onnx_walk *w, const char *reason);

/* A double that is not finite is null. */
onnx_value walk_close_double(struct onnx_walk *w, onnx_value x);
/* A condition from a double: 0 is false, NaN is null, else true; and back. */
struct walk_value walk_condition_of(struct onnx_walk *w, onnx_value x);
onnx_value walk_number_of(struct onnx_walk *w, struct walk_value c);
/* A condition that `holds` or not where nothing is missing, else null. */
struct walk_value walk_where_present(struct onnx_walk *w, onnx_value holds, onnx_value missing);
/* x where c, else y; of any type. */
struct walk_value walk_choose(struct onnx_walk *w, enum expr_type type, onnx_value c,
                              struct walk_value x, struct walk_value y);
/* args[0] ? args[1] : args[2] */
struct walk_value walk_condition(struct onnx_walk *w, const struct expr *e);

static inline onnx_value walk_op1(struct onnx_walk *w, const char *op, onnx_value x)
{
    return onnx_op(w->g, op, x, NULL);
}

static inline onnx_value walk_op2(struct onnx_walk *w, const char *op, onnx_value x, onnx_value y)
{
    return onnx_op(w->g, op, x, y, NULL);
}

static inline onnx_value walk_where(struct onnx_walk *w, onnx_value c, onnx_value x, onnx_value y)
{
    return transform_onnx_where(w->g, c, x, y);
}

static inline onnx_value walk_not(struct onnx_walk *w, onnx_value x)
{
    return walk_op1(w, "Not", x);
}

static inline onnx_value walk_nan(struct onnx_walk *w)
{
    return onnx_f64(w->g, NAN);
}

static inline struct walk_value walk_number(onnx_value v)
{
    return (struct walk_value){.v = v};
}
