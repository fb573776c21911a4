/* The functions of the expression language. docs/reference/manifest.md lists them for users. */
#pragma once

#include "core/data/expr.h"

enum expr_function_id {
    EXPR_F_ABS,
    EXPR_F_LOG,
    EXPR_F_LOG1P,
    EXPR_F_EXP,
    EXPR_F_SQRT,
    EXPR_F_FLOOR,
    EXPR_F_CEIL,
    EXPR_F_ROUND,
    EXPR_F_POW,
    EXPR_F_MIN,
    EXPR_F_MAX,
    EXPR_F_CLIP,
    EXPR_F_IS_NULL,
    EXPR_F_COALESCE,
    EXPR_F_IF,
    EXPR_F_INT,
    EXPR_F_DOUBLE,
    EXPR_F_STRING,
    EXPR_F_BOOL,
    EXPR_F_TIMESTAMP,
    EXPR_F_LOWER,
    EXPR_F_UPPER,
    EXPR_F_TRIM,
    EXPR_F_LENGTH,
    EXPR_F_CONTAINS,
    EXPR_F_STARTS_WITH,
    EXPR_F_ENDS_WITH,
    EXPR_F_SUBSTR,
    EXPR_F_REPLACE,
    EXPR_F_CONCAT,
    EXPR_F_YEAR,
    EXPR_F_QUARTER,
    EXPR_F_MONTH,
    EXPR_F_DAY,
    EXPR_F_HOUR,
    EXPR_F_MINUTE,
    EXPR_F_SECOND,
    EXPR_F_WEEKDAY,
    EXPR_F_YEARDAY,
    EXPR_F_DATE_DIFF,
    EXPR_F_DATE_TRUNC,
};

struct expr_function {
    enum expr_function_id id;
    const char *name;
    const char *signature; /* "date_diff(unit, from, to) -> int" */
    const char *help;
    /* A letter for each argument; the last one stands for all that follow.
     *     d  number, becomes a double         b  bool         s  string
     *     n  number; all of these become one type              i  int
     *     =  anything; all of these become one type            t  timestamp
     *     *  anything                                          u  literal name of a unit */
    const char *takes;
    size_t min_args, max_args;
    enum expr_type returns; /* EXPR_ANY: the type of the arguments marked n or = */
    bool strict;            /* missing when any argument is: `call` then sees none missing */
    /* The value for arguments that expr_bind has typed. Never fails: what has no value is
     * EXPR_NULL. Strings live in `a` or in the arguments. */
    struct expr_value (*call)(struct sl_arena *a, const struct expr_value *args, size_t n);
};

/* NULL: there is none of that name. */
const struct expr_function *expr_function_find(struct sl_str name);
/* All of them, in the order of the enum. */
const struct expr_function *expr_function_all(size_t *ret_n);
const struct expr_function *expr_function_get(enum expr_function_id id);
/* Microseconds of a unit that the time functions take; 0 when it has no one length (month) or is
 * none. */
int64_t expr_unit_us(struct sl_str name);
