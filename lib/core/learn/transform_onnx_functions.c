/* Functions of the expression language in ONNX nodes. */
#include "base/assert.h"
#include "core/learn/transform_onnx_walk.h"

static onnx_value missing_of(struct onnx_walk *w, enum expr_type type, struct walk_value x)
{
    if (type == EXPR_BOOL)
        return walk_not(w, walk_op2(w, "Or", x.t, x.f));
    return type == EXPR_STRING ? transform_onnx_empty(w->g, x.v) : walk_op1(w, "IsNaN", x.v);
}

/* The least (op "Less") or greatest ("Greater") of the arguments; null when one is. */
static struct walk_value extreme(struct onnx_walk *w, const struct expr *e, const char *op)
{
    onnx_value best = walk_expr(w, e->args[0]).v;
    for (size_t i = 1; i < e->n_args; i++) {
        onnx_value x = walk_expr(w, e->args[i]).v;
        onnx_value better = walk_op2(w, "Or", walk_op2(w, op, x, best), walk_op1(w, "IsNaN", x));
        best = walk_where(w, better, x, best);
        /* Once NaN it stays: comparisons with it are false, and another NaN is as good. */
    }
    return walk_number(best);
}

static struct walk_value clip(struct onnx_walk *w, const struct expr *e)
{
    onnx_value x = walk_expr(w, e->args[0]).v, low = walk_expr(w, e->args[1]).v,
               high = walk_expr(w, e->args[2]).v;
    onnx_value raised = walk_where(w, walk_op2(w, "Less", x, low), low, x);
    onnx_value held = walk_where(w, walk_op2(w, "Less", high, raised), high, raised);
    onnx_value any = walk_op2(w, "Or", walk_op1(w, "IsNaN", low), walk_op1(w, "IsNaN", high));
    any = walk_op2(w, "Or", any, walk_op1(w, "IsNaN", x));
    return walk_number(walk_where(w, any, walk_nan(w), held));
}

static struct walk_value coalesce(struct onnx_walk *w, const struct expr *e)
{
    struct walk_value x = walk_expr(w, e->args[0]);
    for (size_t i = 1; i < e->n_args; i++)
        x = walk_choose(w, e->type, missing_of(w, e->type, x), walk_expr(w, e->args[i]), x);
    return x;
}

static struct walk_value truncate_number(struct onnx_walk *w, onnx_value x)
{
    onnx_value missing = walk_not(
        w, walk_op2(w, "Less", walk_op1(w, "Abs", x), onnx_f64(w->g, 0x1p53))); /* NaN too */
    onnx_value whole = onnx_cast(w->g, walk_where(w, missing, onnx_f64(w->g, 0), x), ONNX_INT64);
    return walk_number(walk_where(w, missing, walk_nan(w), onnx_cast(w->g, whole, ONNX_DOUBLE)));
}

static struct walk_value convert(struct onnx_walk *w, const struct expr *e)
{
    const struct expr *arg = e->args[0];
    if (arg->type == EXPR_STRING || e->type == EXPR_STRING)
        return arg->type == e->type ? walk_expr(w, arg)
                                    : walk_refuse(w, "numbers are read from text before the graph");
    struct walk_value x = walk_expr(w, arg);
    if (e->type == arg->type)
        return x;
    if (e->type == EXPR_BOOL)
        return walk_condition_of(w, x.v);
    if (arg->type == EXPR_BOOL)
        return walk_number(walk_number_of(w, x));
    return arg->type == EXPR_DOUBLE ? truncate_number(w, x.v) : x;
}

/* The number of whole units between two times, towards zero. */
static struct walk_value date_diff(struct onnx_walk *w, const struct expr *e, int64_t unit_us)
{
    onnx_value from = walk_expr(w, e->args[1]).v, to = walk_expr(w, e->args[2]).v;
    onnx_value missing = walk_op2(w, "Or", walk_op1(w, "IsNaN", from), walk_op1(w, "IsNaN", to));
    from = onnx_cast(w->g, transform_onnx_fill(w->g, from, 0), ONNX_INT64);
    to = onnx_cast(w->g, transform_onnx_fill(w->g, to, 0), ONNX_INT64);
    onnx_value units = walk_op2(w, "Div", walk_op2(w, "Sub", to, from), onnx_i64(w->g, unit_us));
    return walk_number(walk_where(w, missing, walk_nan(w), onnx_cast(w->g, units, ONNX_DOUBLE)));
}

static struct walk_value date_trunc(struct onnx_walk *w, const struct expr *e, int64_t unit_us,
                                    bool week)
{
    onnx_value x = walk_expr(w, e->args[1]).v, missing = walk_op1(w, "IsNaN", x);
    onnx_value us = onnx_cast(w->g, transform_onnx_fill(w->g, x, 0), ONNX_INT64);
    /* Day 0 was a Thursday, weeks start three days before. */
    onnx_value shifted = walk_op2(w, "Add", us, onnx_i64(w->g, week ? INT64_C(259200000000) : 0));
    onnx_value rest = walk_op2(w, "Mod", shifted, onnx_i64(w->g, unit_us));
    onnx_value floored = onnx_cast(w->g, walk_op2(w, "Sub", us, rest), ONNX_DOUBLE);
    return walk_number(walk_where(w, missing, walk_nan(w), floored));
}

static struct walk_value dates(struct onnx_walk *w, const struct expr *e)
{
    struct sl_str unit = e->args[0]->value.string;
    int64_t us = expr_unit_us(unit);
    if (us == 0)
        return walk_refuse(w, "dates cut to months and years are not spelled out in ONNX");
    return e->function->id == EXPR_F_DATE_DIFF ? date_diff(w, e, us)
                                               : date_trunc(w, e, us, sl_str_is(unit, "week"));
}

/* A regular expression that matches the text around a literal, every byte of which stands for
 * itself. */
static struct walk_value matches(struct onnx_walk *w, const struct expr *e, const char *before,
                                 const char *after)
{
    const struct expr *literal_text = e->args[1];
    if (literal_text->op != EXPR_LITERAL || literal_text->value.type != EXPR_STRING)
        return walk_refuse(w, "ONNX searches for literals only");
    struct sl_str s = literal_text->value.string;
    char *pattern = sl_arena_alloc(w->a, 2 * s.n + 32);
    size_t n = (size_t)snprintf(pattern, 32, "(?s)%s", before);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z') || c < ' ';
        if (!plain)
            pattern[n++] = '\\';
        pattern[n++] = (char)c;
    }
    memcpy(pattern + n, after, strlen(after) + 1);
    if (memchr(s.p, '\0', s.n))
        return walk_refuse(w, "ONNX cannot search for a NUL");
    onnx_value text = walk_expr(w, e->args[0]).v;
    onnx_require(w->g, NULL, 20);
    onnx_value found = walk_op1(w, "RegexFullMatch", text);
    onnx_attr_string(w->g, "pattern", pattern);
    return walk_where_present(w, found, transform_onnx_empty(w->g, text));
}

/* What is not above zero has none. */
static onnx_value logarithm(struct onnx_walk *w, onnx_value x)
{
    onnx_value above = walk_op2(w, "Greater", x, onnx_f64(w->g, 0));
    return walk_where(w, above, walk_close_double(w, transform_onnx_ln(w->g, x)), walk_nan(w));
}

/* Functions of one number. */
static struct walk_value math(struct onnx_walk *w, enum expr_function_id id, onnx_value x)
{
    switch (id) {
    case EXPR_F_ABS:
        return walk_number(walk_op1(w, "Abs", x));
    case EXPR_F_SQRT:
        return walk_number(walk_close_double(w, walk_op1(w, "Sqrt", x)));
    case EXPR_F_FLOOR:
        return walk_number(walk_op1(w, "Floor", x));
    case EXPR_F_CEIL:
        return walk_number(walk_op1(w, "Ceil", x));
    case EXPR_F_ROUND:
        return walk_number(walk_op1(w, "Round", x));
    case EXPR_F_LOG:
        return walk_number(logarithm(w, x));
    case EXPR_F_LOG1P:
        return walk_number(logarithm(w, walk_op2(w, "Add", onnx_f64(w->g, 1), x)));
    default:
        sl_assert(id == EXPR_F_EXP);
        return walk_number(walk_close_double(w, transform_onnx_exp(w->g, x)));
    }
}

static struct walk_value date_part(struct onnx_walk *w, const struct expr *e)
{
    static const enum transform_part parts[] = {
        [EXPR_F_YEAR] = TRANSFORM_YEAR,       [EXPR_F_QUARTER] = TRANSFORM_QUARTER,
        [EXPR_F_MONTH] = TRANSFORM_MONTH,     [EXPR_F_DAY] = TRANSFORM_DAY,
        [EXPR_F_HOUR] = TRANSFORM_HOUR,       [EXPR_F_MINUTE] = TRANSFORM_MINUTE,
        [EXPR_F_SECOND] = TRANSFORM_SECOND,   [EXPR_F_WEEKDAY] = TRANSFORM_WEEKDAY,
        [EXPR_F_YEARDAY] = TRANSFORM_YEARDAY,
    };
    return walk_number(
        transform_onnx_part(w->g, walk_expr(w, e->args[0]).v, parts[e->function->id]));
}

struct walk_value walk_call(struct onnx_walk *w, const struct expr *e)
{
    enum expr_function_id id = e->function->id;
    switch (id) {
    case EXPR_F_ABS:
    case EXPR_F_SQRT:
    case EXPR_F_FLOOR:
    case EXPR_F_CEIL:
    case EXPR_F_ROUND:
    case EXPR_F_LOG:
    case EXPR_F_LOG1P:
    case EXPR_F_EXP:
        return math(w, id, walk_expr(w, e->args[0]).v);
    case EXPR_F_MIN:
        return extreme(w, e, "Less");
    case EXPR_F_MAX:
        return extreme(w, e, "Greater");
    case EXPR_F_CLIP:
        return clip(w, e);
    case EXPR_F_IS_NULL: {
        onnx_value missing = missing_of(w, e->args[0]->type, walk_expr(w, e->args[0]));
        return (struct walk_value){.t = missing, .f = walk_not(w, missing)};
    }
    case EXPR_F_COALESCE:
        return coalesce(w, e);
    case EXPR_F_IF:
        return walk_condition(w, e);
    case EXPR_F_INT:
    case EXPR_F_DOUBLE:
    case EXPR_F_STRING:
    case EXPR_F_BOOL:
    case EXPR_F_TIMESTAMP:
        return convert(w, e);
    case EXPR_F_CONTAINS:
        return matches(w, e, ".*", ".*");
    case EXPR_F_STARTS_WITH:
        return matches(w, e, "", ".*");
    case EXPR_F_ENDS_WITH:
        return matches(w, e, ".*", "");
    case EXPR_F_YEAR:
    case EXPR_F_QUARTER:
    case EXPR_F_MONTH:
    case EXPR_F_DAY:
    case EXPR_F_HOUR:
    case EXPR_F_MINUTE:
    case EXPR_F_SECOND:
    case EXPR_F_WEEKDAY:
    case EXPR_F_YEARDAY:
        return date_part(w, e);
    case EXPR_F_DATE_DIFF:
    case EXPR_F_DATE_TRUNC:
        return dates(w, e);
    case EXPR_F_POW:
        return walk_refuse(w, "powers differ in the last bit between runtimes");
    case EXPR_F_LOWER:
    case EXPR_F_UPPER:
    case EXPR_F_TRIM:
    case EXPR_F_LENGTH:
    case EXPR_F_SUBSTR:
    case EXPR_F_REPLACE:
    case EXPR_F_CONCAT:
        break;
    }
    return walk_refuse(w, "ONNX has no operator for this function of text");
}
