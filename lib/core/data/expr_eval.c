/* Bound trees on single values. The kernels here are the meaning of the language; expr_eval_table.c
 * runs the same ones over columns. */
#include "core/data/expr_impl.h"

#include <math.h>

static struct expr_value arithmetic_int(enum expr_op op, int64_t x, int64_t y)
{
    /* |x|, |y| < 2^53: sums cannot overflow, products can. */
    int64_t product;
    switch (op) {
    case EXPR_ADD:
        return expr_int(x + y);
    case EXPR_SUBTRACT:
        return expr_int(x - y);
    case EXPR_MULTIPLY:
        return __builtin_mul_overflow(x, y, &product) ? expr_null() : expr_int(product);
    default:
        return y ? expr_int(x % y) : expr_null();
    }
}

static struct expr_value arithmetic_double(enum expr_op op, double x, double y)
{
    switch (op) {
    case EXPR_ADD:
        return expr_double(x + y);
    case EXPR_SUBTRACT:
        return expr_double(x - y);
    case EXPR_MULTIPLY:
        return expr_double(x * y);
    case EXPR_DIVIDE:
        return expr_double(x / y);
    default:
        return expr_double(fmod(x, y));
    }
}

static struct expr_value join(struct sl_arena *a, struct sl_str x, struct sl_str y)
{
    char *p = sl_arena_alloc(a, x.n + y.n);
    memcpy(p, x.p, x.n);
    memcpy(p + x.n, y.p, y.n);
    return expr_string(sl_strn(p, x.n + y.n));
}

static struct expr_value arithmetic(struct sl_arena *a, enum expr_op op, const struct expr_value *x)
{
    if (x[0].type == EXPR_STRING)
        return join(a, x[0].string, x[1].string);
    return x[0].type == EXPR_INT ? arithmetic_int(op, x[0].i64, x[1].i64)
                                 : arithmetic_double(op, x[0].f64, x[1].f64);
}

/* < 0, 0, > 0 for values of one type. */
static int compare(struct expr_value x, struct expr_value y)
{
    switch (x.type) {
    case EXPR_BOOL:
        return (int)x.boolean - (int)y.boolean;
    case EXPR_DOUBLE:
        return (x.f64 > y.f64) - (x.f64 < y.f64);
    case EXPR_STRING:
        return sl_str_cmp(x.string, y.string);
    default:
        return (x.i64 > y.i64) - (x.i64 < y.i64);
    }
}

/* Whether `x op y` holds when x compares to y as `order` (< 0, 0, > 0). */
static bool compare_holds(enum expr_op op, int order)
{
    switch (op) {
    case EXPR_LESS:
        return order < 0;
    case EXPR_LESS_EQUAL:
        return order <= 0;
    case EXPR_GREATER:
        return order > 0;
    case EXPR_GREATER_EQUAL:
        return order >= 0;
    case EXPR_EQUAL:
        return order == 0;
    default:
        return order != 0;
    }
}

static struct expr_value logic(enum expr_op op, struct expr_value x, struct expr_value y)
{
    bool decides = op == EXPR_OR; /* the value of one side that settles it */
    if ((x.type == EXPR_BOOL && x.boolean == decides) ||
        (y.type == EXPR_BOOL && y.boolean == decides))
        return expr_bool(decides);
    return x.type == EXPR_NULL || y.type == EXPR_NULL ? expr_null() : expr_bool(!decides);
}

static struct expr_value is_in(const struct expr *items, struct expr_value x)
{
    if (x.type == EXPR_NULL)
        return expr_null();
    for (size_t i = 0; i < items->n_args; i++)
        if (items->args[i]->value.type == x.type && compare(items->args[i]->value, x) == 0)
            return expr_bool(true);
    return expr_bool(false);
}

static struct expr_value call(struct sl_arena *a, const struct expr *e, const struct expr_value *x)
{
    if (e->function->strict)
        for (size_t i = 0; i < e->n_args; i++)
            if (x[i].type == EXPR_NULL)
                return expr_null();
    return e->function->call(a, x, e->n_args);
}

struct expr_value expr_apply(struct sl_arena *a, const struct expr *e, const struct expr_value *x)
{
    switch (e->op) {
    case EXPR_LITERAL:
        return e->value;
    case EXPR_CALL:
        return call(a, e, x);
    case EXPR_AND:
    case EXPR_OR:
        return logic(e->op, x[0], x[1]);
    case EXPR_IN:
        return is_in(e->args[1], x[0]);
    case EXPR_CONDITION:
        return x[0].type == EXPR_BOOL && x[0].boolean ? x[1] : x[2];
    default:
        break;
    }
    for (size_t i = 0; i < e->n_args; i++)
        if (x[i].type == EXPR_NULL)
            return expr_null();
    switch (e->op) {
    case EXPR_NOT:
        return expr_bool(!x[0].boolean);
    case EXPR_NEGATE:
        return x[0].type == EXPR_INT ? expr_int(-x[0].i64) : expr_double(-x[0].f64);
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_MODULO:
    case EXPR_ADD:
    case EXPR_SUBTRACT:
        return arithmetic(a, e->op, x);
    default:
        return expr_bool(compare_holds(e->op, compare(x[0], x[1])));
    }
}

/* ---- a whole tree -----------------------------------------------------------------------------
 */

struct value_scope {
    struct sl_arena *a;
    expr_lookup *lookup;
    void *ctx;
};

/* A value of another producer, brought into the closed domains. */
static struct expr_value close_value(struct expr_value v)
{
    switch (v.type) {
    case EXPR_INT:
        return expr_int(v.i64);
    case EXPR_DOUBLE:
        return expr_double(v.f64);
    case EXPR_STRING:
        return expr_string(v.string);
    case EXPR_BOOL:
    case EXPR_TIMESTAMP:
        return v;
    default:
        return expr_null();
    }
}

static struct sl_err *find_value(struct value_scope *s, struct sl_str name, struct expr_value *ret)
{
    struct expr_value v = expr_null();
    if (!s->lookup || !s->lookup(s->ctx, name, &v))
        return SL_ERR(INVALID, "there is no '%.*s'", SL_FMT(name));
    *ret = close_value(v);
    return NULL;
}

static struct sl_err *resolve_value(void *ctx, const struct expr *name, enum expr_type *ret_type,
                                    int *ret_index)
{
    struct expr_value v;
    SL_TRY(find_value(ctx, name->name, &v));
    *ret_type = v.type;
    *ret_index = -1;
    return NULL;
}

static struct sl_err *eval(struct value_scope *s, const struct expr *e, struct expr_value *ret)
{
    if (e->op == EXPR_NAME)
        return find_value(s, e->name, ret);
    struct expr_value *x = SL_ARENA_ARRAY(s->a, struct expr_value, e->n_args);
    for (size_t i = 0; i < e->n_args; i++)
        if (e->args[i]->op != EXPR_ITEMS)
            SL_TRY(eval(s, e->args[i], &x[i]));
    *ret = expr_apply(s->a, e, x);
    return NULL;
}

struct sl_err *expr_eval(struct sl_arena *a, const struct expr *e, expr_lookup *lookup, void *ctx,
                         struct expr_value *ret)
{
    struct value_scope scope = {a, lookup, ctx};
    struct expr *bound;
    SL_TRY(expr_bind_names(a, e, resolve_value, &scope, &bound));
    return eval(&scope, bound, ret);
}
