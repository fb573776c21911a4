/* Text to tree, by precedence climbing. */
#include "base/limits.h"
#include "codec/diag.h"
#include "core/data/expr_functions.h"
#include "core/data/expr_lex.h"

/* Bounds the depth of left-leaning trees, which callers walk by recursion. */
enum { MAX_OPERATIONS = 4096 };

struct parser {
    struct expr_lexer lex;
    size_t depth, operations;
};

static struct sl_err *parse_condition(struct parser *p, struct expr **ret);

#define FAIL_AT(parser, at, ...) EXPR_FAIL_AT(&(parser)->lex, (at), __VA_ARGS__)

static struct sl_err *take_sign(struct parser *p, const char *sign)
{
    if (!expr_lex_at_sign(&p->lex, sign))
        return FAIL_AT(p, p->lex.token.at, "expected '%s', got %s", sign,
                       expr_lex_describe(&p->lex));
    return expr_lex(&p->lex);
}

/* ---- the tree ---------------------------------------------------------------------------------
 */

static struct expr *make(struct parser *p, enum expr_op op, size_t at, size_t n_args)
{
    struct expr *e = SL_ARENA_NEW(p->lex.a, struct expr);
    *e = (struct expr){.op = op,
                       .type = EXPR_ANY,
                       .offset = (int)at,
                       .index = -1,
                       .args = n_args ? SL_ARENA_ARRAY(p->lex.a, struct expr *, n_args) : NULL,
                       .n_args = n_args};
    return e;
}

/* Counts a node that has operands. */
static struct sl_err *count(struct parser *p, size_t at)
{
    if (++p->operations > MAX_OPERATIONS)
        return FAIL_AT(p, at, "the expression has more than %d operations", MAX_OPERATIONS);
    return NULL;
}

static struct expr *literal(struct parser *p, size_t at, struct expr_value value)
{
    struct expr *e = make(p, EXPR_LITERAL, at, 0);
    e->value = value;
    e->type = value.type;
    return e;
}

static struct sl_err *parse_number(struct parser *p, bool negative, struct expr **ret)
{
    struct expr_token t = p->lex.token;
    struct expr_value v = {.type = EXPR_INT};
    bool whole = true;
    for (size_t i = 0; i < t.string.n; i++)
        whole &= t.string.p[i] >= '0' && t.string.p[i] <= '9';
    if (whole ? !sl_str_to_i64(t.string, &v.i64) || v.i64 > EXPR_INT_MAX
              : !sl_str_to_f64(t.string, &v.f64))
        return FAIL_AT(p, t.at, "'%.*s' is no number, or out of range", SL_FMT(t.string));
    if (whole && negative)
        v.i64 = -v.i64;
    if (!whole) {
        v.type = EXPR_DOUBLE;
        v.f64 = negative ? -v.f64 : v.f64;
    }
    *ret = literal(p, t.at, v);
    return expr_lex(&p->lex);
}

/* The arguments up to `end`, whose opening sign has been taken. */
static struct sl_err *parse_list(struct parser *p, const char *end, struct expr *e)
{
    size_t capacity = 0;
    while (!expr_lex_at_sign(&p->lex, end)) {
        if (e->n_args == capacity) {
            capacity = capacity ? capacity * 2 : 4;
            struct expr **grown = SL_ARENA_ARRAY(p->lex.a, struct expr *, capacity);
            if (e->n_args)
                memcpy(grown, e->args, e->n_args * sizeof(struct expr *));
            e->args = grown;
        }
        SL_TRY(parse_condition(p, &e->args[e->n_args]));
        e->n_args++;
        if (expr_lex_at_sign(&p->lex, end))
            break;
        if (!expr_lex_at_sign(&p->lex, ","))
            return FAIL_AT(p, p->lex.token.at, "expected ',' or '%s', got %s", end,
                           expr_lex_describe(&p->lex));
        SL_TRY(expr_lex(&p->lex));
    }
    return expr_lex(&p->lex);
}

static struct sl_err *find_function(struct parser *p, struct expr_token name,
                                    const struct expr_function **ret)
{
    *ret = name.bare ? expr_function_find(name.string) : NULL;
    if (*ret)
        return NULL;
    size_t n;
    const struct expr_function *all = expr_function_all(&n);
    struct sl_str *names = SL_ARENA_ARRAY(p->lex.a, struct sl_str, n);
    for (size_t i = 0; i < n; i++)
        names[i] = sl_str(all[i].name);
    return FAIL_AT(p, name.at, "there is no function '%.*s'%s", SL_FMT(name.string),
                   diag_did_you_mean(p->lex.a, name.string, names, n));
}

static struct sl_err *parse_call(struct parser *p, struct expr_token name, struct expr **ret)
{
    const struct expr_function *f;
    SL_TRY(find_function(p, name, &f));
    SL_TRY(count(p, name.at));
    struct expr *e = make(p, EXPR_CALL, name.at, 0);
    e->function = f;
    SL_TRY(expr_lex(&p->lex));
    SL_TRY(parse_list(p, ")", e));
    if (e->n_args < f->min_args || e->n_args > f->max_args)
        return FAIL_AT(p, name.at, "%s takes %s, got %zu argument%s", f->name, f->signature,
                       e->n_args, e->n_args == 1 ? "" : "s");
    *ret = e;
    return NULL;
}

static struct sl_err *parse_name(struct parser *p, struct expr **ret)
{
    struct expr_token name = p->lex.token;
    bool is_true = expr_lex_at_word(&p->lex, "true"), is_null = expr_lex_at_word(&p->lex, "null");
    if (expr_lex_at_word(&p->lex, "in"))
        return FAIL_AT(p, name.at, "expected a value, got 'in'");
    bool is_literal = is_true || is_null || expr_lex_at_word(&p->lex, "false");
    SL_TRY(expr_lex(&p->lex));
    if (is_literal) {
        struct expr_value v = {.type = is_null ? EXPR_NULL : EXPR_BOOL, .boolean = is_true};
        *ret = literal(p, name.at, v);
        return NULL;
    }
    if (expr_lex_at_sign(&p->lex, "("))
        return parse_call(p, name, ret);
    *ret = make(p, EXPR_NAME, name.at, 0);
    (*ret)->name = name.string;
    return NULL;
}

static struct sl_err *parse_primary(struct parser *p, struct expr **ret)
{
    struct expr_token t = p->lex.token;
    switch (t.kind) {
    case EXPR_TOKEN_NUMBER:
        return parse_number(p, false, ret);
    case EXPR_TOKEN_STRING:
        *ret = literal(p, t.at, (struct expr_value){.type = EXPR_STRING, .string = t.string});
        return expr_lex(&p->lex);
    case EXPR_TOKEN_NAME:
        return parse_name(p, ret);
    case EXPR_TOKEN_SIGN:
        if (expr_lex_at_sign(&p->lex, "[")) {
            return FAIL_AT(p, t.at, "a list stands only on the right of 'in'");
        } else if (expr_lex_at_sign(&p->lex, "(")) {
            SL_TRY(expr_lex(&p->lex));
            SL_TRY(parse_condition(p, ret));
            return take_sign(p, ")");
        }
        break;
    case EXPR_TOKEN_END:
        break;
    }
    return FAIL_AT(p, t.at, "expected a value, got %s", expr_lex_describe(&p->lex));
}

static struct sl_err *enter(struct parser *p)
{
    if (++p->depth > SL_LIMIT_EXPR_DEPTH)
        return FAIL_AT(p, p->lex.token.at, "nested deeper than %d", SL_LIMIT_EXPR_DEPTH);
    return NULL;
}

static struct sl_err *parse_unary(struct parser *p, struct expr **ret)
{
    size_t at = p->lex.token.at;
    bool negate = expr_lex_at_sign(&p->lex, "-");
    if (!negate && !expr_lex_at_sign(&p->lex, "!"))
        return parse_primary(p, ret);
    SL_TRY(expr_lex(&p->lex));
    if (negate && p->lex.token.kind == EXPR_TOKEN_NUMBER) {
        SL_TRY(parse_number(p, true, ret));
        (*ret)->offset = (int)at;
        return NULL;
    }
    SL_TRY(enter(p));
    SL_TRY(count(p, at));
    struct expr *e = make(p, negate ? EXPR_NEGATE : EXPR_NOT, at, 1);
    SL_TRY(parse_unary(p, &e->args[0]));
    p->depth--;
    *ret = e;
    return NULL;
}

/* [a, b] after `in`: literals only. */
static struct sl_err *parse_items(struct parser *p, struct expr **ret)
{
    if (!expr_lex_at_sign(&p->lex, "["))
        return FAIL_AT(p, p->lex.token.at, "expected a list such as [1, 2] after 'in', got %s",
                       expr_lex_describe(&p->lex));
    struct expr *e = make(p, EXPR_ITEMS, p->lex.token.at, 0);
    e->type = EXPR_LIST;
    SL_TRY(expr_lex(&p->lex));
    SL_TRY(parse_list(p, "]", e));
    for (size_t i = 0; i < e->n_args; i++)
        if (e->args[i]->op != EXPR_LITERAL || e->args[i]->type == EXPR_NULL)
            return FAIL_AT(p, (size_t)e->args[i]->offset,
                           "expected a literal other than null in the list");
    *ret = e;
    return NULL;
}

static const struct expr_operator operators[] = {
    {EXPR_OR, "||", 1},         {EXPR_AND, "&&", 2},       {EXPR_IN, "in", 3},
    {EXPR_EQUAL, "==", 4},      {EXPR_NOT_EQUAL, "!=", 4}, {EXPR_LESS, "<", 5},
    {EXPR_LESS_EQUAL, "<=", 5}, {EXPR_GREATER, ">", 5},    {EXPR_GREATER_EQUAL, ">=", 5},
    {EXPR_ADD, "+", 6},         {EXPR_SUBTRACT, "-", 6},   {EXPR_MULTIPLY, "*", 7},
    {EXPR_DIVIDE, "/", 7},      {EXPR_MODULO, "%", 7},
};

const struct expr_operator *expr_operator_find(enum expr_op op)
{
    for (size_t i = 0; i < SL_COUNTOF(operators); i++)
        if (operators[i].op == op)
            return &operators[i];
    return NULL;
}

static const struct expr_operator *at_operator(const struct parser *p)
{
    for (size_t i = 0; i < SL_COUNTOF(operators); i++)
        if (expr_lex_at_sign(&p->lex, operators[i].sign) ||
            expr_lex_at_word(&p->lex, operators[i].sign))
            return &operators[i];
    return NULL;
}

/* Operators that bind at least as tightly as `least`; all are left-associative. */
static struct sl_err *parse_binary(struct parser *p, int least, struct expr **ret)
{
    struct expr *left;
    SL_TRY(parse_unary(p, &left));
    const struct expr_operator *o;
    while ((o = at_operator(p)) && o->precedence >= least) {
        size_t at = p->lex.token.at;
        SL_TRY(count(p, at));
        SL_TRY(expr_lex(&p->lex));
        struct expr *e = make(p, o->op, at, 2);
        e->args[0] = left;
        if (o->op == EXPR_IN)
            SL_TRY(parse_items(p, &e->args[1]));
        else
            SL_TRY(parse_binary(p, o->precedence + 1, &e->args[1]));
        left = e;
    }
    *ret = left;
    return NULL;
}

static struct sl_err *parse_condition(struct parser *p, struct expr **ret)
{
    struct expr *test;
    SL_TRY(enter(p));
    SL_TRY(parse_binary(p, 1, &test));
    if (expr_lex_at_sign(&p->lex, "?")) {
        struct expr *e = make(p, EXPR_CONDITION, p->lex.token.at, 3);
        SL_TRY(count(p, p->lex.token.at));
        SL_TRY(expr_lex(&p->lex));
        e->args[0] = test;
        SL_TRY(parse_condition(p, &e->args[1]));
        SL_TRY(take_sign(p, ":"));
        SL_TRY(parse_condition(p, &e->args[2]));
        test = e;
    }
    p->depth--;
    *ret = test;
    return NULL;
}

struct sl_err *expr_parse(struct sl_arena *a, struct sl_str text, struct expr **ret)
{
    if (text.n > SL_LIMIT_MANIFEST_BYTES)
        return SL_ERR(INVALID, "the expression is longer than %zu bytes", SL_LIMIT_MANIFEST_BYTES);
    if (!sl_str_is_utf8(text))
        return SL_ERR(INVALID, "the expression is no UTF-8 text");
    struct parser p = {.lex = {.a = a, .text = text}};
    struct expr *e;
    SL_TRY(expr_lex(&p.lex));
    SL_TRY(parse_condition(&p, &e));
    if (p.lex.token.kind != EXPR_TOKEN_END)
        return FAIL_AT(&p, p.lex.token.at, "expected an operator or the end, got %s",
                       expr_lex_describe(&p.lex));
    *ret = e;
    return NULL;
}

void expr_visit_names(const struct expr *e, void (*visit)(void *ctx, const struct expr *name),
                      void *ctx)
{
    if (e->op == EXPR_NAME)
        visit(ctx, e);
    for (size_t i = 0; i < e->n_args; i++)
        expr_visit_names(e->args[i], visit, ctx);
}
