/* Names to columns and types to nodes: after this nothing in the tree can fail. */
#include "base/time.h"
#include "codec/diag.h"
#include "core/data/expr_impl.h"

struct binder {
    struct sl_arena *a;
    expr_resolve *resolve;
    void *ctx;
};

static const char *const type_names[] = {
    [EXPR_NULL] = "null",     [EXPR_BOOL] = "bool",     [EXPR_INT] = "int",
    [EXPR_DOUBLE] = "double", [EXPR_STRING] = "string", [EXPR_TIMESTAMP] = "timestamp",
    [EXPR_LIST] = "list",     [EXPR_ANY] = "any",
};

const char *expr_type_name(enum expr_type type)
{
    return type_names[type];
}

enum column_type expr_column_type(enum expr_type type)
{
    switch (type) {
    case EXPR_BOOL:
        return COLUMN_BOOL;
    case EXPR_INT:
        return COLUMN_INT64;
    case EXPR_STRING:
        return COLUMN_STRING;
    case EXPR_TIMESTAMP:
        return COLUMN_TIMESTAMP;
    case EXPR_DOUBLE:
    case EXPR_NULL:
    case EXPR_LIST:
    case EXPR_ANY:
        break;
    }
    return COLUMN_DOUBLE;
}

/* "in 'fare > name': ..." */
static struct sl_err *fail(const struct expr *e, const char *fmt, ...) SL_PRINTF(2, 3) SL_MUST_USE;
static struct sl_err *fail(const struct expr *e, const char *fmt, ...)
{
    SL_AUTOBUF(text, 300);
    SL_AUTOBUF(message, 0);
    va_list ap;
    va_start(ap, fmt);
    sl_buf_vformat(&message, fmt, ap);
    va_end(ap);
    expr_format(e, &text);
    return SL_ERR(INVALID, "in '%s%s': %s", sl_buf_str(&text).p, text.overflow ? "..." : "",
                  message.p);
}

static bool is_number(enum expr_type t)
{
    return t == EXPR_INT || t == EXPR_DOUBLE;
}

/* Fits for now: what is null or not known yet fits everywhere. */
static bool is_open(enum expr_type t)
{
    return t == EXPR_NULL || t == EXPR_ANY;
}

/* A null literal of a type, a number literal of the other number type, or a call that converts. */
static struct expr *convert(struct sl_arena *a, struct expr *e, enum expr_type type)
{
    if (e->type == type || e->type == EXPR_ANY || type == EXPR_ANY || type == EXPR_NULL)
        return e;
    if (e->op == EXPR_LITERAL) {
        if (e->value.type == EXPR_INT && type == EXPR_DOUBLE)
            e->value = expr_double((double)e->value.i64);
        e->type = type;
        return e;
    }
    struct expr *call = SL_ARENA_NEW(a, struct expr);
    *call = (struct expr){
        .op = EXPR_CALL,
        .type = type,
        .offset = e->offset,
        .index = -1,
        .function = expr_function_get(type == EXPR_INT      ? EXPR_F_INT
                                      : type == EXPR_DOUBLE ? EXPR_F_DOUBLE
                                      : type == EXPR_STRING ? EXPR_F_STRING
                                      : type == EXPR_BOOL   ? EXPR_F_BOOL
                                                            : EXPR_F_TIMESTAMP),
        .args = SL_ARENA_ARRAY(a, struct expr *, 1),
        .n_args = 1,
    };
    call->args[0] = e;
    return call;
}

/* A string literal where a timestamp is wanted. */
static struct sl_err *read_date(struct expr *e, enum expr_type other)
{
    if (other != EXPR_TIMESTAMP || e->op != EXPR_LITERAL || e->value.type != EXPR_STRING)
        return NULL;
    int64_t us;
    if (!sl_time_parse(e->value.string, &us))
        return fail(e, "no date, expected one such as '2026-11-22' or '2026-11-22T07:38:00Z'");
    e->value = expr_timestamp(us);
    e->type = EXPR_TIMESTAMP;
    return NULL;
}

/* The type that two operands have in common; EXPR_NULL when both are null, EXPR_LIST: there is
 * none. */
static enum expr_type common_type(enum expr_type x, enum expr_type y)
{
    if (x == y || x == EXPR_NULL)
        return y;
    if (y == EXPR_NULL)
        return x;
    if (x == EXPR_ANY || y == EXPR_ANY)
        return EXPR_ANY;
    return is_number(x) && is_number(y) ? EXPR_DOUBLE : EXPR_LIST;
}

static const char *hint(enum expr_type x, enum expr_type y)
{
    if (x == EXPR_TIMESTAMP || y == EXPR_TIMESTAMP)
        return x == EXPR_STRING || y == EXPR_STRING ? "; timestamp(x) converts" : "";
    if (x == EXPR_STRING || y == EXPR_STRING)
        return is_number(x) || is_number(y) ? "; double(x), int(x) or string(x) convert" : "";
    return x == EXPR_BOOL || y == EXPR_BOOL ? "; int(x) or bool(x) convert" : "";
}

/* Brings args[first..n) of `e` to one type. */
static struct sl_err *unify(struct binder *b, struct expr *e, size_t first, const char *verb,
                            enum expr_type *ret)
{
    enum expr_type type = EXPR_NULL;
    bool any_timestamp = false;
    for (size_t i = first; i < e->n_args; i++)
        any_timestamp |= e->args[i]->type == EXPR_TIMESTAMP;
    for (size_t i = first; i < e->n_args; i++) {
        if (any_timestamp)
            SL_TRY(read_date(e->args[i], EXPR_TIMESTAMP));
        enum expr_type next = common_type(type, e->args[i]->type);
        if (next == EXPR_LIST)
            return fail(e, "cannot %s %s and %s%s", verb, type_names[type],
                        type_names[e->args[i]->type], hint(type, e->args[i]->type));
        type = next;
    }
    for (size_t i = first; i < e->n_args; i++)
        e->args[i] = convert(b->a, e->args[i], type);
    *ret = type;
    return NULL;
}

static struct sl_err *want_bool(const struct expr *e, const struct expr *operand)
{
    if (operand->type == EXPR_BOOL || is_open(operand->type))
        return NULL;
    return fail(e, "expected bool, got %s%s", type_names[operand->type],
                is_number(operand->type) ? "; compare it, or bool(x)" : "");
}

static struct sl_err *bind_logic(struct binder *b, struct expr *e)
{
    for (size_t i = 0; i < e->n_args; i++) {
        SL_TRY(want_bool(e, e->args[i]));
        e->args[i] = convert(b->a, e->args[i], EXPR_BOOL);
    }
    e->type = EXPR_BOOL;
    return NULL;
}

static struct sl_err *bind_arithmetic(struct binder *b, struct expr *e)
{
    enum expr_type type;
    SL_TRY(unify(b, e, 0, "combine", &type));
    bool joins = e->op == EXPR_ADD && type == EXPR_STRING;
    if (!is_number(type) && !is_open(type) && !joins)
        return fail(e, "expected numbers, got %s%s", type_names[type],
                    type == EXPR_TIMESTAMP ? "; date_diff(unit, from, to) measures time" : "");
    if (e->op == EXPR_DIVIDE && type == EXPR_INT) {
        for (size_t i = 0; i < 2; i++)
            e->args[i] = convert(b->a, e->args[i], EXPR_DOUBLE);
        type = EXPR_DOUBLE;
    }
    e->type = type;
    return NULL;
}

static bool is_empty_text(const struct expr *e)
{
    return e->op == EXPR_LITERAL && e->type == EXPR_STRING && e->value.type == EXPR_NULL;
}

static struct sl_err *bind_comparison(struct binder *b, struct expr *e)
{
    enum expr_type type;
    if (is_empty_text(e->args[0]) || is_empty_text(e->args[1]))
        return fail(e,
                    "the empty string is missing, so this is never true; is_null(x) asks for it");
    SL_TRY(unify(b, e, 0, "compare", &type));
    if (type == EXPR_BOOL && e->op != EXPR_EQUAL && e->op != EXPR_NOT_EQUAL)
        return fail(e, "bools compare with == and != only");
    e->type = EXPR_BOOL;
    return NULL;
}

static struct sl_err *bind_in(struct binder *b, struct expr *e)
{
    struct expr *items = e->args[1];
    enum expr_type type = e->args[0]->type;
    for (size_t i = 0; i < items->n_args; i++) {
        SL_TRY(read_date(items->args[i], type));
        enum expr_type next = common_type(type, items->args[i]->type);
        if (next == EXPR_LIST)
            return fail(e, "cannot compare %s and %s%s", type_names[type],
                        type_names[items->args[i]->type], hint(type, items->args[i]->type));
        type = next;
    }
    e->args[0] = convert(b->a, e->args[0], type);
    for (size_t i = 0; i < items->n_args; i++)
        items->args[i] = convert(b->a, items->args[i], type);
    e->type = EXPR_BOOL;
    return NULL;
}

static struct sl_err *bind_unary(struct binder *b, struct expr *e)
{
    if (e->op == EXPR_NOT)
        return bind_logic(b, e);
    e->type = e->args[0]->type;
    if (!is_number(e->type) && !is_open(e->type))
        return fail(e, "expected a number, got %s", type_names[e->type]);
    return NULL;
}

static struct sl_err *bind_condition(struct binder *b, struct expr *e)
{
    SL_TRY(want_bool(e, e->args[0]));
    e->args[0] = convert(b->a, e->args[0], EXPR_BOOL);
    return unify(b, e, 1, "choose between", &e->type);
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static char letter(const struct expr_function *f, size_t i)
{
    size_t n = strlen(f->takes);
    return f->takes[i < n ? i : n - 1];
}

static enum expr_type letter_type(char c)
{
    switch (c) {
    case 'd':
        return EXPR_DOUBLE;
    case 'b':
        return EXPR_BOOL;
    case 'i':
        return EXPR_INT;
    case 't':
        return EXPR_TIMESTAMP;
    case 's':
    case 'u':
        return EXPR_STRING;
    default:
        return EXPR_ANY;
    }
}

static struct sl_err *bind_argument(struct binder *b, struct expr *e, size_t i)
{
    struct expr *arg = e->args[i];
    char c = letter(e->function, i);
    enum expr_type want = letter_type(c);
    if (c == 'u') {
        if (arg->op != EXPR_LITERAL || arg->value.type != EXPR_STRING)
            return fail(e, "expected the name of a unit such as 'day' as argument %zu", i + 1);
        const char *fault = expr_unit_fault(b->a, e->function, arg->value.string);
        return fault ? fail(e, "%s", fault) : NULL;
    }
    SL_TRY(read_date(arg, want));
    bool fits = is_open(arg->type) || want == EXPR_ANY || arg->type == want ||
                (want == EXPR_DOUBLE && is_number(arg->type));
    if (c == 'n')
        fits = is_open(arg->type) || is_number(arg->type);
    if (!fits) {
        const char *name = c == 'n' || c == 'd' ? "a number" : type_names[want];
        return fail(e, "expected %s as argument %zu, got %s%s", name, i + 1, type_names[arg->type],
                    hint(arg->type, want == EXPR_ANY ? EXPR_DOUBLE : want));
    }
    e->args[i] = convert(b->a, arg, want);
    return NULL;
}

static struct sl_err *bind_call(struct binder *b, struct expr *e)
{
    const struct expr_function *f = e->function;
    for (size_t i = 0; i < e->n_args; i++)
        SL_TRY(bind_argument(b, e, i));
    size_t first = 0;
    while (first < e->n_args && letter(f, first) != 'n' && letter(f, first) != '=')
        first++;
    enum expr_type type = EXPR_NULL;
    if (first < e->n_args)
        SL_TRY(unify(b, e, first, "take", &type));
    e->type = f->returns == EXPR_ANY ? type : f->returns;
    return NULL;
}

/* ---- the tree ---------------------------------------------------------------------------------
 */

static struct sl_err *bind_operator(struct binder *b, struct expr *e)
{
    switch (e->op) {
    case EXPR_NAME:
        return b->resolve(b->ctx, e, &e->type, &e->index);
    case EXPR_LITERAL:
        if (e->value.type == EXPR_STRING && e->value.string.n == 0)
            e->value = expr_null(); /* of type string: the empty string is missing */
        return NULL;
    case EXPR_ITEMS:
        return NULL;
    case EXPR_CALL:
        return bind_call(b, e);
    case EXPR_NOT:
    case EXPR_NEGATE:
        return bind_unary(b, e);
    case EXPR_AND:
    case EXPR_OR:
        return bind_logic(b, e);
    case EXPR_IN:
        return bind_in(b, e);
    case EXPR_CONDITION:
        return bind_condition(b, e);
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_MODULO:
    case EXPR_ADD:
    case EXPR_SUBTRACT:
        return bind_arithmetic(b, e);
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return bind_comparison(b, e);
    }
    return NULL;
}

static struct sl_err *bind(struct binder *b, const struct expr *from, struct expr **ret)
{
    struct expr *e = sl_arena_copy(b->a, from, sizeof(*from));
    e->args = SL_ARENA_ARRAY(b->a, struct expr *, e->n_args);
    for (size_t i = 0; i < e->n_args; i++)
        SL_TRY(bind(b, from->args[i], &e->args[i]));
    SL_TRY(bind_operator(b, e));
    *ret = e;
    return NULL;
}

struct sl_err *expr_bind_names(struct sl_arena *a, const struct expr *e, expr_resolve *resolve,
                               void *ctx, struct expr **ret)
{
    return bind(&(struct binder){a, resolve, ctx}, e, ret);
}

/* ---- names are columns ------------------------------------------------------------------------
 */

struct column_scope {
    struct sl_arena *a;
    const struct column_spec *columns;
    size_t n;
};

static enum expr_type column_expr_type(enum column_type type)
{
    switch (type) {
    case COLUMN_INT64:
        return EXPR_INT;
    case COLUMN_BOOL:
        return EXPR_BOOL;
    case COLUMN_TIMESTAMP:
        return EXPR_TIMESTAMP;
    case COLUMN_STRING:
        return EXPR_STRING;
    case COLUMN_DOUBLE:
    case COLUMN_FLOAT:
        break;
    }
    return EXPR_DOUBLE;
}

static struct sl_err *resolve_column(void *ctx, const struct expr *name, enum expr_type *ret_type,
                                     int *ret_index)
{
    const struct column_scope *scope = ctx;
    for (size_t i = 0; i < scope->n; i++)
        if (sl_str_eq(scope->columns[i].name, name->name)) {
            *ret_type = column_expr_type(scope->columns[i].type);
            *ret_index = (int)i;
            return NULL;
        }
    struct sl_str *names = SL_ARENA_ARRAY(scope->a, struct sl_str, scope->n);
    for (size_t i = 0; i < scope->n; i++)
        names[i] = scope->columns[i].name;
    return SL_ERR(INVALID, "there is no column '%.*s'%s", SL_FMT(name->name),
                  diag_did_you_mean(scope->a, name->name, names, scope->n));
}

struct sl_err *expr_bind(struct sl_arena *a, const struct expr *e,
                         const struct column_spec *columns, size_t n_columns, struct expr **ret)
{
    struct column_scope scope = {a, columns, n_columns};
    return expr_bind_names(a, e, resolve_column, &scope, ret);
}

/* ---- names of another kind --------------------------------------------------------------------
 */

struct type_scope {
    expr_type_of *type_of;
    void *ctx;
};

static struct sl_err *resolve_type(void *ctx, const struct expr *name, enum expr_type *ret_type,
                                   int *ret_index)
{
    const struct type_scope *scope = ctx;
    *ret_index = -1;
    return scope->type_of(scope->ctx, name, ret_type);
}

struct sl_err *expr_check(struct sl_arena *a, const struct expr *e, expr_type_of *type_of,
                          void *ctx, enum expr_type *ret_type)
{
    struct type_scope scope = {type_of, ctx};
    struct expr *bound;
    SL_TRY(expr_bind_names(a, e, resolve_type, &scope, &bound));
    *ret_type = bound->type;
    return NULL;
}
