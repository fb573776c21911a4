/* The expression language: `when`, `label.expr`, `filter` and features are one language over typed
 * values.
 *
 *     literals    12  0.5  1e-3  "text"  'text'  true  false  null  [1, 2]
 *     names       tips   `odd name`   steps.evaluate.outputs.blessing.blessed   (dots join a path)
 *                 $(steps.train-dnn.outcome): the same, whatever stands between the parentheses
 *     operators   ! -   * / %   + -   < <= > >=   == !=   in   &&   ||   ?:      (tightest first)
 *     calls       log(x)  year(t)  lower(s) ... (expr_functions.h)
 *
 * What it means, exactly, so that an export (ONNX) can say the same:
 * - Missing is null. Values are closed: an int is a whole number with |x| < 2^53, a double is
 *   finite, a string is not empty. What a column or an operation gives beyond that is null: NaN and
 *   infinities, int overflow, division by zero, the log of a negative number, the empty string.
 *   So every int is exactly a double.
 * - Arithmetic and comparisons with null are null. && and || are three-valued (null && false is
 *   false, null || true is true, else null). A null condition of ?: takes the else branch, as CASE
 *   does in SQL. null in `when` or `filter` counts as false. is_null and coalesce look at null.
 * - int op int is int, but / is always double. int with double: the int becomes a double. % has the
 *   sign of its left side (C, fmod). -x and + - * are plain IEEE double arithmetic, no contraction.
 * - + on strings joins; null when one side is. Strings compare by bytes.
 * - bools compare with == and != only. A timestamp is int64 microseconds since 1970 UTC and
 * compares with a timestamp or with a string literal that is a date.
 * - `x in [a, b]` is x == a || x == b, null when x is. Both branches of ?: are of one type, null
 * and int/double apart.
 *
 * A bound tree has its conversions spelled out as calls: operands of one operator are of one type,
 * and so are the branches of ?: (null literals take the type of the other branch). */
#pragma once

#include "base/err.h"
#include "core/data/table.h"

enum expr_type {
    EXPR_NULL,
    EXPR_BOOL,
    EXPR_INT,
    EXPR_DOUBLE,
    EXPR_STRING,
    EXPR_TIMESTAMP,
    EXPR_LIST, /* of literals of one type; only on the right of `in` */
    EXPR_ANY,  /* known at run time only */
};

enum expr_op {
    EXPR_LITERAL, /* value */
    EXPR_NAME,    /* name, and index after expr_bind */
    EXPR_CALL,    /* function, args */
    EXPR_NOT,
    EXPR_NEGATE,
    EXPR_MULTIPLY,
    EXPR_DIVIDE,
    EXPR_MODULO,
    EXPR_ADD,
    EXPR_SUBTRACT,
    EXPR_LESS,
    EXPR_LESS_EQUAL,
    EXPR_GREATER,
    EXPR_GREATER_EQUAL,
    EXPR_EQUAL,
    EXPR_NOT_EQUAL,
    EXPR_IN,
    EXPR_AND,
    EXPR_OR,
    EXPR_CONDITION, /* args[0] ? args[1] : args[2] */
    EXPR_ITEMS,     /* [a, b]: args */
};

struct expr_value {
    enum expr_type type; /* EXPR_NULL: missing */
    union {
        bool boolean;
        int64_t i64; /* INT, TIMESTAMP */
        double f64;
        struct sl_str string;
    };
};

struct expr_function; /* expr_functions.h */

/* A node. The tree is immutable once bound and may be shared by threads. */
struct expr {
    enum expr_op op;
    enum expr_type type; /* of the result; EXPR_ANY before binding */
    int offset;          /* in the text, for messages */
    struct expr_value value;
    struct sl_str name;
    int index; /* of the bound column, or -1 */
    const struct expr_function *function;
    struct expr **args;
    size_t n_args;
};

/* Lifetime: the tree lives in `a` and borrows `text`. Errors: invalid, "column 7: expected ')'". */
struct sl_err *expr_parse(struct sl_arena *a, struct sl_str text, struct expr **ret) SL_MUST_USE;
/* Text that parses to the same tree, with the fewest parentheses. */
void expr_format(const struct expr *e, struct sl_buf *b);
/* Calls `visit` for every name in the tree, in order of the text. */
void expr_visit_names(const struct expr *e, void (*visit)(void *ctx, const struct expr *name),
                      void *ctx);

/* A copy of the tree in `a` with names bound to columns and every node typed.
 * Errors: invalid: a name that is no column ("did you mean"), operands that do not fit. */
struct sl_err *expr_bind(struct sl_arena *a, const struct expr *e,
                         const struct column_spec *columns, size_t n_columns,
                         struct expr **ret) SL_MUST_USE;
/* A bound tree over a table that has the bound columns at their indices.
 * Shapes: ret_column (t->n_rows), of the column type that goes with e->type. Lifetime: `a`. */
struct sl_err *expr_eval_table(struct sl_arena *a, const struct expr *e, const struct table *t,
                               struct column *ret_column) SL_MUST_USE;

/* The type of a name, as an expression's checker asks for it: fails when there is no such name.
 * EXPR_ANY: known at run time only. */
typedef struct sl_err *expr_type_of(void *ctx, const struct expr *name, enum expr_type *ret);
/* Types a tree whose names are no columns (`when`). ret_type is EXPR_ANY when only the run can
 * tell. Errors: invalid: what `type_of` says, operands that cannot fit. */
struct sl_err *expr_check(struct sl_arena *a, const struct expr *e, expr_type_of *type_of,
                          void *ctx, enum expr_type *ret_type) SL_MUST_USE;

/* What a name stands for, for an unbound tree: `when` and $(...). False: unknown. */
typedef bool expr_lookup(void *ctx, struct sl_str name, struct expr_value *ret);
/* Errors: invalid: unknown name, operands that do not fit. Lifetime: `a`. */
struct sl_err *expr_eval(struct sl_arena *a, const struct expr *e, expr_lookup *lookup, void *ctx,
                         struct expr_value *ret) SL_MUST_USE;

/* "int", "double", ... for messages. */
const char *expr_type_name(enum expr_type type);
/* The column type that goes with a type: EXPR_NULL gives COLUMN_DOUBLE, all missing. */
enum column_type expr_column_type(enum expr_type type);
