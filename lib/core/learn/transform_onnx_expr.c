/* Operators of bound expressions in ONNX nodes. */
#include "core/learn/transform_onnx_walk.h"

struct walk_value walk_refuse(struct onnx_walk *w, const char *reason)
{
    if (!w->reason)
        w->reason = reason;
    return (struct walk_value){onnx_f64(w->g, 0), onnx_bool(w->g, false), onnx_bool(w->g, false)};
}

/* ---- domains ----------------------------------------------------------------------------------*/

onnx_value walk_close_double(struct onnx_walk *w, onnx_value x)
{
    return walk_where(w, walk_op1(w, "IsInf", x), walk_nan(w), x);
}

/* An int is |x| < 2^53 and has no negative zero. */
static onnx_value close_int(struct onnx_walk *w, onnx_value x)
{
    onnx_value fits = walk_op2(w, "Less", walk_op1(w, "Abs", x), onnx_f64(w->g, 0x1p53));
    x = walk_where(w, walk_op2(w, "Equal", x, onnx_f64(w->g, 0)), onnx_f64(w->g, 0), x);
    return walk_where(w, fits, x, walk_nan(w));
}

static onnx_value close_number(struct onnx_walk *w, enum expr_type type, onnx_value x)
{
    return type == EXPR_DOUBLE ? walk_close_double(w, x) : close_int(w, x);
}

struct walk_value walk_condition_of(struct onnx_walk *w, onnx_value x)
{
    onnx_value zero = walk_op2(w, "Equal", x, onnx_f64(w->g, 0));
    onnx_value neither = walk_op2(w, "Or", zero, walk_op1(w, "IsNaN", x));
    return (struct walk_value){.t = walk_not(w, neither), .f = zero};
}

onnx_value walk_number_of(struct onnx_walk *w, struct walk_value c)
{
    onnx_value x = walk_where(w, c.f, onnx_f64(w->g, 0), walk_nan(w));
    return walk_where(w, c.t, onnx_f64(w->g, 1), x);
}

/* ---- leaves -----------------------------------------------------------------------------------*/

static struct walk_value literal(struct onnx_walk *w, const struct expr *e)
{
    const struct expr_value *x = &e->value;
    bool null = x->type == EXPR_NULL;
    switch (e->type) {
    case EXPR_BOOL:
        return (struct walk_value){.t = onnx_bool(w->g, !null && x->boolean),
                                   .f = onnx_bool(w->g, !null && !x->boolean)};
    case EXPR_STRING:
        return walk_number(onnx_str(w->g, null ? SL_STR("") : x->string));
    case EXPR_INT:
    case EXPR_TIMESTAMP:
        return walk_number(null ? walk_nan(w) : onnx_f64(w->g, (double)x->i64));
    default:
        return walk_number(null ? walk_nan(w) : onnx_f64(w->g, x->f64));
    }
}

static struct walk_value name(struct onnx_walk *w, const struct expr *e)
{
    onnx_value v = w->columns[e->index];
    if (e->type == EXPR_BOOL)
        return walk_condition_of(w, v);
    return walk_number(e->type == EXPR_DOUBLE ? walk_close_double(w, v) : v);
}

/* ---- operators --------------------------------------------------------------------------------*/

static struct walk_value join(struct onnx_walk *w, onnx_value x, onnx_value y)
{
    onnx_require(w->g, NULL, 20);
    onnx_value empty =
        walk_op2(w, "Or", transform_onnx_empty(w->g, x), transform_onnx_empty(w->g, y));
    return walk_number(
        walk_where(w, empty, onnx_str(w->g, SL_STR("")), walk_op2(w, "StringConcat", x, y)));
}

/* A literal number, and not a null one. */
static bool is_number(const struct expr *e)
{
    return e->op == EXPR_LITERAL && e->type == EXPR_DOUBLE && e->value.type == EXPR_DOUBLE;
}

/* With a literal on the right, or on either side where that is the same. */
static onnx_value with_literal(struct onnx_walk *w, enum expr_op op, const struct expr *e, double c)
{
    onnx_value x = walk_expr(w, e).v;
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

static struct walk_value arithmetic(struct onnx_walk *w, const struct expr *e)
{
    static const char *const names[] = {
        [EXPR_MULTIPLY] = "Mul", [EXPR_DIVIDE] = "Div",   [EXPR_MODULO] = "Mod",
        [EXPR_ADD] = "Add",      [EXPR_SUBTRACT] = "Sub",
    };
    const struct expr *left = e->args[0], *right = e->args[1];
    if (is_number(right) && e->op != EXPR_MODULO)
        return walk_number(walk_close_double(w, with_literal(w, e->op, left, right->value.f64)));
    if (is_number(left) && (e->op == EXPR_ADD || e->op == EXPR_MULTIPLY))
        return walk_number(walk_close_double(w, with_literal(w, e->op, right, left->value.f64)));
    onnx_value x = walk_expr(w, left).v, y = walk_expr(w, right).v;
    if (e->type == EXPR_STRING)
        return join(w, x, y);
    onnx_value z = walk_op2(w, names[e->op], x, y);
    if (e->op == EXPR_MODULO)
        onnx_attr_int(w->g, "fmod", 1);
    return walk_number(close_number(w, e->type, z));
}

static struct walk_value negate(struct onnx_walk *w, const struct expr *e)
{
    onnx_value x = walk_op1(w, "Neg", walk_expr(w, e->args[0]).v);
    return walk_number(e->type == EXPR_INT ? close_int(w, x) : x);
}

static struct walk_value compare_numbers(struct onnx_walk *w, enum expr_op op, onnx_value x,
                                         onnx_value y)
{
    onnx_value less, equal, greater;
    switch (op) {
    case EXPR_LESS:
        return (struct walk_value){.t = walk_op2(w, "Less", x, y),
                                   .f = walk_op2(w, "GreaterOrEqual", x, y)};
    case EXPR_LESS_EQUAL:
        return (struct walk_value){.t = walk_op2(w, "LessOrEqual", x, y),
                                   .f = walk_op2(w, "Greater", x, y)};
    case EXPR_GREATER:
        return (struct walk_value){.t = walk_op2(w, "Greater", x, y),
                                   .f = walk_op2(w, "LessOrEqual", x, y)};
    case EXPR_GREATER_EQUAL:
        return (struct walk_value){.t = walk_op2(w, "GreaterOrEqual", x, y),
                                   .f = walk_op2(w, "Less", x, y)};
    default:
        break;
    }
    /* With NaN on a side both are false: null. */
    less = walk_op2(w, "Less", x, y);
    greater = walk_op2(w, "Greater", x, y);
    equal = walk_op2(w, "Equal", x, y);
    onnx_value differ = walk_op2(w, "Or", less, greater);
    return op == EXPR_EQUAL ? (struct walk_value){.t = equal, .f = differ}
                            : (struct walk_value){.t = differ, .f = equal};
}

/* Whether the text is one of the keys, as a bool. */
static onnx_value is_one_of(struct onnx_walk *w, onnx_value text, const struct sl_str *keys,
                            size_t n)
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

struct walk_value walk_where_present(struct onnx_walk *w, onnx_value holds, onnx_value missing)
{
    return (struct walk_value){.t = walk_op2(w, "And", holds, walk_not(w, missing)),
                               .f = walk_not(w, walk_op2(w, "Or", holds, missing))};
}

static struct walk_value compare_texts(struct onnx_walk *w, const struct expr *e)
{
    const struct expr *x = e->args[0], *y = e->args[1];
    if (e->op != EXPR_EQUAL && e->op != EXPR_NOT_EQUAL)
        return walk_refuse(w, "ONNX has no operator for the order of texts");
    if (x->op == EXPR_LITERAL) {
        const struct expr *swap = x;
        x = y;
        y = swap;
    }
    onnx_value left = walk_expr(w, x).v, missing = transform_onnx_empty(w->g, left), same;
    if (y->op == EXPR_LITERAL && y->value.type == EXPR_STRING) {
        same = is_one_of(w, left, &y->value.string, 1);
    } else { /* Equal takes strings from version 19 on */
        onnx_value right = walk_expr(w, y).v;
        onnx_require(w->g, NULL, 19);
        same = walk_op2(w, "Equal", left, right);
        missing = walk_op2(w, "Or", missing, transform_onnx_empty(w->g, right));
    }
    struct walk_value c = walk_where_present(w, same, missing);
    return e->op == EXPR_EQUAL ? c : (struct walk_value){.t = c.f, .f = c.t};
}

static struct walk_value compare(struct onnx_walk *w, const struct expr *e)
{
    if (e->args[0]->type == EXPR_STRING)
        return compare_texts(w, e);
    struct walk_value x = walk_expr(w, e->args[0]), y = walk_expr(w, e->args[1]);
    if (e->args[0]->type != EXPR_BOOL)
        return compare_numbers(w, e->op, x.v, y.v);
    struct walk_value c = {
        .t = walk_op2(w, "Or", walk_op2(w, "And", x.t, y.t), walk_op2(w, "And", x.f, y.f)),
        .f = walk_op2(w, "Or", walk_op2(w, "And", x.t, y.f), walk_op2(w, "And", x.f, y.t)),
    };
    return e->op == EXPR_EQUAL ? c : (struct walk_value){.t = c.f, .f = c.t};
}

static struct walk_value in_texts(struct onnx_walk *w, onnx_value x, const struct expr *items)
{
    struct sl_str *keys = SL_ARENA_ARRAY(w->a, struct sl_str, items->n_args);
    size_t n = 0;
    for (size_t i = 0; i < items->n_args; i++)
        if (items->args[i]->value.type == EXPR_STRING)
            keys[n++] = items->args[i]->value.string;
    onnx_value found = n ? is_one_of(w, x, keys, n) : onnx_bool(w->g, false);
    return walk_where_present(w, found, transform_onnx_empty(w->g, x));
}

static struct walk_value in_numbers(struct onnx_walk *w, onnx_value x, const struct expr *items)
{
    onnx_value found = onnx_bool(w->g, false);
    for (size_t i = 0; i < items->n_args; i++)
        if (items->args[i]->value.type != EXPR_NULL)
            found = walk_op2(w, "Or", found, walk_op2(w, "Equal", x, literal(w, items->args[i]).v));
    return walk_where_present(w, found, walk_op1(w, "IsNaN", x));
}

static struct walk_value in(struct onnx_walk *w, const struct expr *e)
{
    struct walk_value x = walk_expr(w, e->args[0]);
    if (e->args[0]->type == EXPR_STRING)
        return in_texts(w, x.v, e->args[1]);
    if (e->args[0]->type == EXPR_BOOL)
        return walk_refuse(w, "a condition in a list");
    return in_numbers(w, x.v, e->args[1]);
}

struct walk_value walk_choose(struct onnx_walk *w, enum expr_type type, onnx_value c,
                              struct walk_value x, struct walk_value y)
{
    if (type != EXPR_BOOL)
        return walk_number(walk_where(w, c, x.v, y.v));
    onnx_value n = walk_not(w, c); /* Where takes no booleans */
    return (struct walk_value){
        .t = walk_op2(w, "Or", walk_op2(w, "And", c, x.t), walk_op2(w, "And", n, y.t)),
        .f = walk_op2(w, "Or", walk_op2(w, "And", c, x.f), walk_op2(w, "And", n, y.f)),
    };
}

struct walk_value walk_condition(struct onnx_walk *w, const struct expr *e)
{
    onnx_value c = walk_expr(w, e->args[0]).t; /* null takes the other branch */
    struct walk_value x = walk_expr(w, e->args[1]), y = walk_expr(w, e->args[2]);
    return walk_choose(w, e->type, c, x, y);
}

static struct walk_value logic(struct onnx_walk *w, const struct expr *e)
{
    struct walk_value x = walk_expr(w, e->args[0]);
    if (e->op == EXPR_NOT)
        return (struct walk_value){.t = x.f, .f = x.t};
    struct walk_value y = walk_expr(w, e->args[1]);
    bool and = e->op == EXPR_AND;
    return (struct walk_value){.t = walk_op2(w, and? "And" : "Or", x.t, y.t),
                               .f = walk_op2(w, and? "Or" : "And", x.f, y.f)};
}

struct walk_value walk_expr(struct onnx_walk *w, const struct expr *e)
{
    switch (e->op) {
    case EXPR_LITERAL:
        return literal(w, e);
    case EXPR_NAME:
        return name(w, e);
    case EXPR_CALL:
        return walk_call(w, e);
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
        return walk_condition(w, e);
    case EXPR_ITEMS:
        break;
    }
    return walk_refuse(w, "a list is no value");
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
    struct onnx_walk w = {
        .a = a, .g = onnx_new(a, "trial"), .columns = SL_ARENA_ARRAY(a, onnx_value, n)};
    for (size_t i = 0; i < n; i++)
        w.columns[i] = onnx_f64(w.g, 0);
    (void)walk_expr(&w, e);
    return w.reason;
}

onnx_value transform_onnx_expr(struct transform_export *x, const struct expr *e)
{
    struct onnx_walk w = {.a = x->a, .g = x->g, .columns = x->columns};
    struct walk_value v = walk_expr(&w, e);
    return e->type == EXPR_BOOL ? walk_number_of(&w, v) : v.v;
}
