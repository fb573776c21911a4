/* Bound expressions in ONNX nodes.
 *
 * A number, time or int is a double with NaN for null, which expr.h's closed domains allow: every
 * int is exactly a double, and what falls out of a domain is null. A text is a string with '' for
 * null. A condition has three values, kept as two booleans: is it true, is it false. */
#include "core/data/expr_functions.h"
#include "core/learn/transform_onnx_impl.h"

#include <math.h>

struct value {
    onnx_value v;    /* double or string */
    onnx_value t, f; /* of a condition: bool */
};

struct walk {
    struct sl_arena *a;
    struct onnx *g;
    onnx_value *columns;
    const char *reason; /* the first thing that ONNX cannot say */
};

static struct value walk(struct walk *w, const struct expr *e);

static struct value refuse(struct walk *w, const char *reason)
{
    if (!w->reason)
        w->reason = reason;
    return (struct value){onnx_f64(w->g, 0), onnx_bool(w->g, false), onnx_bool(w->g, false)};
}

static onnx_value op1(struct walk *w, const char *op, onnx_value x)
{
    return onnx_op(w->g, op, x, NULL);
}

static onnx_value op2(struct walk *w, const char *op, onnx_value x, onnx_value y)
{
    return onnx_op(w->g, op, x, y, NULL);
}

static onnx_value where(struct walk *w, onnx_value c, onnx_value x, onnx_value y)
{
    return transform_onnx_where(w->g, c, x, y);
}

static onnx_value not(struct walk * w, onnx_value x)
{
    return op1(w, "Not", x);
}

static onnx_value nan_of(struct walk *w)
{
    return onnx_f64(w->g, NAN);
}

static struct value number(onnx_value v)
{
    return (struct value){.v = v};
}

/* ---- domains ----------------------------------------------------------------------------------*/

/* A double that is not finite is null. */
static onnx_value close_double(struct walk *w, onnx_value x)
{
    return where(w, op1(w, "IsInf", x), nan_of(w), x);
}

/* An int is |x| < 2^53 and has no negative zero. */
static onnx_value close_int(struct walk *w, onnx_value x)
{
    onnx_value fits = op2(w, "Less", op1(w, "Abs", x), onnx_f64(w->g, 0x1p53));
    x = where(w, op2(w, "Equal", x, onnx_f64(w->g, 0)), onnx_f64(w->g, 0), x);
    return where(w, fits, x, nan_of(w));
}

static onnx_value close_number(struct walk *w, enum expr_type type, onnx_value x)
{
    return type == EXPR_DOUBLE ? close_double(w, x) : close_int(w, x);
}

/* A condition from a double: 0 is false, NaN is null, else true. */
static struct value condition_of(struct walk *w, onnx_value x)
{
    onnx_value zero = op2(w, "Equal", x, onnx_f64(w->g, 0));
    onnx_value neither = op2(w, "Or", zero, op1(w, "IsNaN", x));
    return (struct value){.t = not(w, neither), .f = zero};
}

static onnx_value number_of(struct walk *w, struct value c)
{
    onnx_value x = where(w, c.f, onnx_f64(w->g, 0), nan_of(w));
    return where(w, c.t, onnx_f64(w->g, 1), x);
}

/* ---- leaves -----------------------------------------------------------------------------------*/

static struct value literal(struct walk *w, const struct expr *e)
{
    const struct expr_value *x = &e->value;
    bool null = x->type == EXPR_NULL;
    switch (e->type) {
    case EXPR_BOOL:
        return (struct value){.t = onnx_bool(w->g, !null && x->boolean),
                              .f = onnx_bool(w->g, !null && !x->boolean)};
    case EXPR_STRING:
        return number(onnx_str(w->g, null ? SL_STR("") : x->string));
    case EXPR_INT:
    case EXPR_TIMESTAMP:
        return number(null ? nan_of(w) : onnx_f64(w->g, (double)x->i64));
    default:
        return number(null ? nan_of(w) : onnx_f64(w->g, x->f64));
    }
}

static struct value name(struct walk *w, const struct expr *e)
{
    onnx_value v = w->columns[e->index];
    if (e->type == EXPR_BOOL)
        return condition_of(w, v);
    return number(e->type == EXPR_DOUBLE ? close_double(w, v) : v);
}

/* ---- operators --------------------------------------------------------------------------------*/

static struct value join(struct walk *w, onnx_value x, onnx_value y)
{
    onnx_require(w->g, NULL, 20);
    onnx_value empty = op2(w, "Or", transform_onnx_empty(w->g, x), transform_onnx_empty(w->g, y));
    return number(where(w, empty, onnx_str(w->g, SL_STR("")), op2(w, "StringConcat", x, y)));
}

/* A literal number, and not a null one. */
static bool is_number(const struct expr *e)
{
    return e->op == EXPR_LITERAL && e->type == EXPR_DOUBLE && e->value.type == EXPR_DOUBLE;
}

/* With a literal on the right, or on either side where that is the same. */
static onnx_value with_literal(struct walk *w, enum expr_op op, const struct expr *e, double c)
{
    onnx_value x = walk(w, e).v;
    switch (op) {
    case EXPR_ADD:
        return transform_onnx_add(w->g, x, c);
    case EXPR_SUBTRACT:
        return transform_onnx_add(w->g, x, -c);
    case EXPR_MULTIPLY:
        return transform_onnx_multiply(w->g, x, c);
    default:
        return transform_onnx_divide(w->g, x, c);
    }
}

static struct value arithmetic(struct walk *w, const struct expr *e)
{
    static const char *const names[] = {
        [EXPR_MULTIPLY] = "Mul", [EXPR_DIVIDE] = "Div",   [EXPR_MODULO] = "Mod",
        [EXPR_ADD] = "Add",      [EXPR_SUBTRACT] = "Sub",
    };
    const struct expr *left = e->args[0], *right = e->args[1];
    if (is_number(right) && e->op != EXPR_MODULO)
        return number(close_double(w, with_literal(w, e->op, left, right->value.f64)));
    if (is_number(left) && (e->op == EXPR_ADD || e->op == EXPR_MULTIPLY))
        return number(close_double(w, with_literal(w, e->op, right, left->value.f64)));
    onnx_value x = walk(w, left).v, y = walk(w, right).v;
    if (e->type == EXPR_STRING)
        return join(w, x, y);
    onnx_value z = op2(w, names[e->op], x, y);
    if (e->op == EXPR_MODULO)
        onnx_attr_int(w->g, "fmod", 1);
    return number(close_number(w, e->type, z));
}

static struct value negate(struct walk *w, const struct expr *e)
{
    onnx_value x = op1(w, "Neg", walk(w, e->args[0]).v);
    return number(e->type == EXPR_INT ? close_int(w, x) : x);
}

static struct value compare_numbers(struct walk *w, enum expr_op op, onnx_value x, onnx_value y)
{
    onnx_value less, equal, greater;
    switch (op) {
    case EXPR_LESS:
        return (struct value){.t = op2(w, "Less", x, y), .f = op2(w, "GreaterOrEqual", x, y)};
    case EXPR_LESS_EQUAL:
        return (struct value){.t = op2(w, "LessOrEqual", x, y), .f = op2(w, "Greater", x, y)};
    case EXPR_GREATER:
        return (struct value){.t = op2(w, "Greater", x, y), .f = op2(w, "LessOrEqual", x, y)};
    case EXPR_GREATER_EQUAL:
        return (struct value){.t = op2(w, "GreaterOrEqual", x, y), .f = op2(w, "Less", x, y)};
    default:
        break;
    }
    /* With NaN on a side both are false: null. */
    less = op2(w, "Less", x, y);
    greater = op2(w, "Greater", x, y);
    equal = op2(w, "Equal", x, y);
    onnx_value differ = op2(w, "Or", less, greater);
    return op == EXPR_EQUAL ? (struct value){.t = equal, .f = differ}
                            : (struct value){.t = differ, .f = equal};
}

/* Whether the text is one of the keys, as a bool. */
static onnx_value is_one_of(struct walk *w, onnx_value text, const struct sl_str *keys, size_t n)
{
    int64_t *ones = SL_ARENA_ARRAY(w->a, int64_t, n);
    for (size_t i = 0; i < n; i++)
        ones[i] = 1;
    onnx_value found;
    onnx_node(w->g, ONNX_ML, "LabelEncoder", &text, 1, &found, 1);
    onnx_attr_strings(w->g, "keys_strings", keys, n);
    onnx_attr_ints(w->g, "values_int64s", ones, n);
    onnx_attr_int(w->g, "default_int64", 0);
    return onnx_cast(w->g, found, ONNX_BOOL);
}

/* A condition on texts: `holds` where none of them is missing. */
static struct value where_present(struct walk *w, onnx_value holds, onnx_value missing)
{
    return (struct value){.t = op2(w, "And", holds, not(w, missing)),
                          .f = not(w, op2(w, "Or", holds, missing))};
}

static struct value compare_texts(struct walk *w, const struct expr *e)
{
    const struct expr *x = e->args[0], *y = e->args[1];
    if (e->op != EXPR_EQUAL && e->op != EXPR_NOT_EQUAL)
        return refuse(w, "ONNX has no operator for the order of texts");
    if (x->op == EXPR_LITERAL) {
        const struct expr *swap = x;
        x = y;
        y = swap;
    }
    onnx_value left = walk(w, x).v, missing = transform_onnx_empty(w->g, left), same;
    if (y->op == EXPR_LITERAL && y->value.type == EXPR_STRING) {
        same = is_one_of(w, left, &y->value.string, 1);
    } else { /* Equal takes strings from version 19 on */
        onnx_value right = walk(w, y).v;
        onnx_require(w->g, NULL, 19);
        same = op2(w, "Equal", left, right);
        missing = op2(w, "Or", missing, transform_onnx_empty(w->g, right));
    }
    struct value c = where_present(w, same, missing);
    return e->op == EXPR_EQUAL ? c : (struct value){.t = c.f, .f = c.t};
}

static struct value compare(struct walk *w, const struct expr *e)
{
    if (e->args[0]->type == EXPR_STRING)
        return compare_texts(w, e);
    struct value x = walk(w, e->args[0]), y = walk(w, e->args[1]);
    if (e->args[0]->type != EXPR_BOOL)
        return compare_numbers(w, e->op, x.v, y.v);
    struct value c = {
        .t = op2(w, "Or", op2(w, "And", x.t, y.t), op2(w, "And", x.f, y.f)),
        .f = op2(w, "Or", op2(w, "And", x.t, y.f), op2(w, "And", x.f, y.t)),
    };
    return e->op == EXPR_EQUAL ? c : (struct value){.t = c.f, .f = c.t};
}

static struct value in_texts(struct walk *w, onnx_value x, const struct expr *items)
{
    struct sl_str *keys = SL_ARENA_ARRAY(w->a, struct sl_str, items->n_args);
    size_t n = 0;
    for (size_t i = 0; i < items->n_args; i++)
        if (items->args[i]->value.type == EXPR_STRING)
            keys[n++] = items->args[i]->value.string;
    onnx_value found = n ? is_one_of(w, x, keys, n) : onnx_bool(w->g, false);
    return where_present(w, found, transform_onnx_empty(w->g, x));
}

static struct value in_numbers(struct walk *w, onnx_value x, const struct expr *items)
{
    onnx_value found = onnx_bool(w->g, false);
    for (size_t i = 0; i < items->n_args; i++)
        if (items->args[i]->value.type != EXPR_NULL)
            found = op2(w, "Or", found, op2(w, "Equal", x, literal(w, items->args[i]).v));
    return where_present(w, found, op1(w, "IsNaN", x));
}

static struct value in(struct walk *w, const struct expr *e)
{
    struct value x = walk(w, e->args[0]);
    if (e->args[0]->type == EXPR_STRING)
        return in_texts(w, x.v, e->args[1]);
    if (e->args[0]->type == EXPR_BOOL)
        return refuse(w, "a condition in a list");
    return in_numbers(w, x.v, e->args[1]);
}

static struct value choose(struct walk *w, enum expr_type type, onnx_value c, struct value x,
                           struct value y)
{
    if (type != EXPR_BOOL)
        return number(where(w, c, x.v, y.v));
    onnx_value n = not(w, c); /* Where takes no booleans */
    return (struct value){
        .t = op2(w, "Or", op2(w, "And", c, x.t), op2(w, "And", n, y.t)),
        .f = op2(w, "Or", op2(w, "And", c, x.f), op2(w, "And", n, y.f)),
    };
}

static struct value condition(struct walk *w, const struct expr *e)
{
    onnx_value c = walk(w, e->args[0]).t; /* null takes the other branch */
    struct value x = walk(w, e->args[1]), y = walk(w, e->args[2]);
    return choose(w, e->type, c, x, y);
}

static struct value logic(struct walk *w, const struct expr *e)
{
    struct value x = walk(w, e->args[0]);
    if (e->op == EXPR_NOT)
        return (struct value){.t = x.f, .f = x.t};
    struct value y = walk(w, e->args[1]);
    bool and = e->op == EXPR_AND;
    return (struct value){.t = op2(w, and? "And" : "Or", x.t, y.t),
                          .f = op2(w, and? "Or" : "And", x.f, y.f)};
}

/* ---- functions --------------------------------------------------------------------------------*/

static onnx_value missing_of(struct walk *w, enum expr_type type, struct value x)
{
    if (type == EXPR_BOOL)
        return not(w, op2(w, "Or", x.t, x.f));
    return type == EXPR_STRING ? transform_onnx_empty(w->g, x.v) : op1(w, "IsNaN", x.v);
}

/* The least (op "Less") or greatest ("Greater") of the arguments; null when one is. */
static struct value extreme(struct walk *w, const struct expr *e, const char *op)
{
    onnx_value best = walk(w, e->args[0]).v;
    for (size_t i = 1; i < e->n_args; i++) {
        onnx_value x = walk(w, e->args[i]).v;
        onnx_value better = op2(w, "Or", op2(w, op, x, best), op1(w, "IsNaN", x));
        best = where(w, better, x, best);
        /* Once NaN it stays: comparisons with it are false, and another NaN is as good. */
    }
    return number(best);
}

static struct value clip(struct walk *w, const struct expr *e)
{
    onnx_value x = walk(w, e->args[0]).v, low = walk(w, e->args[1]).v, high = walk(w, e->args[2]).v;
    onnx_value raised = where(w, op2(w, "Less", x, low), low, x);
    onnx_value held = where(w, op2(w, "Less", high, raised), high, raised);
    onnx_value any = op2(w, "Or", op1(w, "IsNaN", low), op1(w, "IsNaN", high));
    any = op2(w, "Or", any, op1(w, "IsNaN", x));
    return number(where(w, any, nan_of(w), held));
}

static struct value coalesce(struct walk *w, const struct expr *e)
{
    struct value x = walk(w, e->args[0]);
    for (size_t i = 1; i < e->n_args; i++)
        x = choose(w, e->type, missing_of(w, e->type, x), walk(w, e->args[i]), x);
    return x;
}

static struct value truncate_number(struct walk *w, onnx_value x)
{
    onnx_value missing =
        not(w, op2(w, "Less", op1(w, "Abs", x), onnx_f64(w->g, 0x1p53))); /* NaN too */
    onnx_value whole = onnx_cast(w->g, where(w, missing, onnx_f64(w->g, 0), x), ONNX_INT64);
    return number(where(w, missing, nan_of(w), onnx_cast(w->g, whole, ONNX_DOUBLE)));
}

static struct value convert(struct walk *w, const struct expr *e)
{
    const struct expr *arg = e->args[0];
    if (arg->type == EXPR_STRING || e->type == EXPR_STRING)
        return arg->type == e->type ? walk(w, arg)
                                    : refuse(w, "numbers are read from text before the graph");
    struct value x = walk(w, arg);
    if (e->type == arg->type)
        return x;
    if (e->type == EXPR_BOOL)
        return condition_of(w, x.v);
    if (arg->type == EXPR_BOOL)
        return number(number_of(w, x));
    return arg->type == EXPR_DOUBLE ? truncate_number(w, x.v) : x;
}

/* The number of whole units between two times, towards zero. */
static struct value date_diff(struct walk *w, const struct expr *e, int64_t unit_us)
{
    onnx_value from = walk(w, e->args[1]).v, to = walk(w, e->args[2]).v;
    onnx_value missing = op2(w, "Or", op1(w, "IsNaN", from), op1(w, "IsNaN", to));
    from = onnx_cast(w->g, transform_onnx_fill(w->g, from, 0), ONNX_INT64);
    to = onnx_cast(w->g, transform_onnx_fill(w->g, to, 0), ONNX_INT64);
    onnx_value units = op2(w, "Div", op2(w, "Sub", to, from), onnx_i64(w->g, unit_us));
    return number(where(w, missing, nan_of(w), onnx_cast(w->g, units, ONNX_DOUBLE)));
}

static struct value date_trunc(struct walk *w, const struct expr *e, int64_t unit_us, bool week)
{
    onnx_value x = walk(w, e->args[1]).v, missing = op1(w, "IsNaN", x);
    onnx_value us = onnx_cast(w->g, transform_onnx_fill(w->g, x, 0), ONNX_INT64);
    /* Day 0 was a Thursday, weeks start three days before. */
    onnx_value shifted = op2(w, "Add", us, onnx_i64(w->g, week ? INT64_C(259200000000) : 0));
    onnx_value rest = op2(w, "Mod", shifted, onnx_i64(w->g, unit_us));
    onnx_value floored = onnx_cast(w->g, op2(w, "Sub", us, rest), ONNX_DOUBLE);
    return number(where(w, missing, nan_of(w), floored));
}

static struct value dates(struct walk *w, const struct expr *e)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {
        {"second", 1000000},  {"minute", 60000000},   {"hour", 3600000000},
        {"day", 86400000000}, {"week", 604800000000},
    };
    struct sl_str unit = e->args[0]->value.string;
    for (size_t i = 0; i < SL_COUNTOF(units); i++) {
        if (!sl_str_is(unit, units[i].name))
            continue;
        return e->function->id == EXPR_F_DATE_DIFF
                   ? date_diff(w, e, units[i].us)
                   : date_trunc(w, e, units[i].us, sl_str_is(unit, "week"));
    }
    return refuse(w, "dates cut to months and years are not spelled out in ONNX");
}

/* A regular expression that matches the text around a literal, every byte of which stands for
 * itself. */
static struct value matches(struct walk *w, const struct expr *e, const char *before,
                            const char *after)
{
    const struct expr *literal_text = e->args[1];
    if (literal_text->op != EXPR_LITERAL || literal_text->value.type != EXPR_STRING)
        return refuse(w, "ONNX searches for literals only");
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
        return refuse(w, "ONNX cannot search for a NUL");
    onnx_value text = walk(w, e->args[0]).v;
    onnx_require(w->g, NULL, 20);
    onnx_value found = op1(w, "RegexFullMatch", text);
    onnx_attr_string(w->g, "pattern", pattern);
    return where_present(w, found, transform_onnx_empty(w->g, text));
}

/* What is not above zero has none. */
static onnx_value logarithm(struct walk *w, onnx_value x)
{
    onnx_value above = op2(w, "Greater", x, onnx_f64(w->g, 0));
    return where(w, above, close_double(w, transform_onnx_ln(w->g, x)), nan_of(w));
}

static struct value call(struct walk *w, const struct expr *e)
{
    static const enum transform_part parts[] = {
        [EXPR_F_YEAR] = TRANSFORM_YEAR,       [EXPR_F_QUARTER] = TRANSFORM_QUARTER,
        [EXPR_F_MONTH] = TRANSFORM_MONTH,     [EXPR_F_DAY] = TRANSFORM_DAY,
        [EXPR_F_HOUR] = TRANSFORM_HOUR,       [EXPR_F_MINUTE] = TRANSFORM_MINUTE,
        [EXPR_F_SECOND] = TRANSFORM_SECOND,   [EXPR_F_WEEKDAY] = TRANSFORM_WEEKDAY,
        [EXPR_F_YEARDAY] = TRANSFORM_YEARDAY,
    };
    enum expr_function_id id = e->function->id;
    switch (id) {
    case EXPR_F_ABS:
        return number(op1(w, "Abs", walk(w, e->args[0]).v));
    case EXPR_F_SQRT:
        return number(close_double(w, op1(w, "Sqrt", walk(w, e->args[0]).v)));
    case EXPR_F_FLOOR:
        return number(op1(w, "Floor", walk(w, e->args[0]).v));
    case EXPR_F_CEIL:
        return number(op1(w, "Ceil", walk(w, e->args[0]).v));
    case EXPR_F_ROUND:
        return number(op1(w, "Round", walk(w, e->args[0]).v));
    case EXPR_F_MIN:
        return extreme(w, e, "Less");
    case EXPR_F_MAX:
        return extreme(w, e, "Greater");
    case EXPR_F_CLIP:
        return clip(w, e);
    case EXPR_F_IS_NULL: {
        onnx_value missing = missing_of(w, e->args[0]->type, walk(w, e->args[0]));
        return (struct value){.t = missing, .f = not(w, missing)};
    }
    case EXPR_F_COALESCE:
        return coalesce(w, e);
    case EXPR_F_IF:
        return condition(w, e);
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
        return number(transform_onnx_part(w->g, walk(w, e->args[0]).v, parts[id]));
    case EXPR_F_DATE_DIFF:
    case EXPR_F_DATE_TRUNC:
        return dates(w, e);
    case EXPR_F_LOG:
        return number(logarithm(w, walk(w, e->args[0]).v));
    case EXPR_F_LOG1P:
        return number(logarithm(w, op2(w, "Add", onnx_f64(w->g, 1), walk(w, e->args[0]).v)));
    case EXPR_F_EXP:
        return number(close_double(w, transform_onnx_exp(w->g, w->a, walk(w, e->args[0]).v)));
    case EXPR_F_POW:
        return refuse(w, "powers differ in the last bit between runtimes");
    case EXPR_F_LOWER:
    case EXPR_F_UPPER:
    case EXPR_F_TRIM:
    case EXPR_F_LENGTH:
    case EXPR_F_SUBSTR:
    case EXPR_F_REPLACE:
    case EXPR_F_CONCAT:
        break;
    }
    return refuse(w, "ONNX has no operator for this function of text");
}

static struct value walk(struct walk *w, const struct expr *e)
{
    switch (e->op) {
    case EXPR_LITERAL:
        return literal(w, e);
    case EXPR_NAME:
        return name(w, e);
    case EXPR_CALL:
        return call(w, e);
    case EXPR_NOT:
    case EXPR_AND:
    case EXPR_OR:
        return logic(w, e);
    case EXPR_NEGATE:
        return negate(w, e);
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_MODULO:
    case EXPR_ADD:
    case EXPR_SUBTRACT:
        return arithmetic(w, e);
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return compare(w, e);
    case EXPR_IN:
        return in(w, e);
    case EXPR_CONDITION:
        return condition(w, e);
    case EXPR_ITEMS:
        break;
    }
    return refuse(w, "a list is no value");
}

/* ---- the whole --------------------------------------------------------------------------------*/

static void count_name(void *ctx, const struct expr *e)
{
    size_t *n = ctx;
    *n = SL_MAX(*n, (size_t)(e->index + 1));
}

const char *transform_onnx_expr_reason(const struct expr *e)
{
    SL_AUTOARENA(a);
    size_t n = 0;
    expr_visit_names(e, count_name, &n);
    if (n == 0)
        return "the expression reads no column";
    struct walk w = {
        .a = a, .g = onnx_new(a, "trial"), .columns = SL_ARENA_ARRAY(a, onnx_value, n)};
    for (size_t i = 0; i < n; i++)
        w.columns[i] = onnx_f64(w.g, 0);
    (void)walk(&w, e);
    return w.reason;
}

onnx_value transform_onnx_expr(struct transform_export *x, const struct expr *e)
{
    struct walk w = {.a = x->a, .g = x->g, .columns = x->columns};
    struct value v = walk(&w, e);
    return e->type == EXPR_BOOL ? number_of(&w, v) : v.v;
}
