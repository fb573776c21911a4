/* Text to tree: a lexer of one token ahead and precedence climbing. */
#include "base/limits.h"
#include "base/map.h"
#include "codec/diag.h"
#include "core/data/expr_functions.h"
#include "core/data/expr_impl.h"

enum {
    MAX_OPERATIONS = 4096
}; /* bounds the depth of left-leaning trees, which callers walk by recursion */

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER, /* text */
    TOKEN_STRING, /* string, unescaped */
    TOKEN_NAME,   /* string, the joined path; bare when it is one plain word */
    TOKEN_SIGN,   /* sign: an operator or bracket */
};

struct token {
    enum token_kind kind;
    size_t at; /* offset in the text */
    struct sl_str string;
    bool bare;
    const char *sign;
};

struct parser {
    struct sl_arena *a;
    struct sl_str text;
    size_t pos;
    struct token token; /* the one that comes next */
    size_t depth, operations;
};

static struct sl_err *parse_condition(struct parser *p, struct expr **ret);

struct sl_err *expr_fail_at(struct sl_str text, size_t offset, const char *message)
{
    size_t column = 1;
    for (size_t i = 0; i < offset && i < text.n; i++)
        column += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    return SL_ERR(INVALID, "column %zu: %s", column, message);
}

#define FAIL_AT(parser, at, ...) \
    expr_fail_at((parser)->text, (at), sl_arena_format((parser)->a, __VA_ARGS__).p)

/* ---- tokens -----------------------------------------------------------------------------------
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Letters of other scripts are letters: every byte of a UTF-8 sequence has the high bit. */
static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_word_start(c) || is_digit(c);
}

static char peek(const struct parser *p, size_t ahead)
{
    return p->pos + ahead < p->text.n ? p->text.p[p->pos + ahead] : '\0';
}

static void lex_number(struct parser *p)
{
    size_t start = p->pos;
    while (is_digit(peek(p, 0)) || peek(p, 0) == '.')
        p->pos++;
    if (peek(p, 0) == 'e' || peek(p, 0) == 'E') {
        size_t sign = peek(p, 1) == '+' || peek(p, 1) == '-';
        if (is_digit(peek(p, 1 + sign)))
            p->pos += 1 + sign;
    }
    while (is_word(peek(p, 0))) /* "12abc" is one bad number, not a number and a name */
        p->pos++;
    p->token.kind = TOKEN_NUMBER;
    p->token.string = sl_strn(p->text.p + start, p->pos - start);
}

static void add_utf8(struct sl_buf *b, uint32_t c)
{
    if (c < 0x80) {
        sl_buf_add_char(b, (char)c);
    } else if (c < 0x800) {
        sl_buf_add_char(b, (char)(0xc0 | c >> 6));
        sl_buf_add_char(b, (char)(0x80 | (c & 0x3f)));
    } else {
        sl_buf_add_char(b, (char)(0xe0 | c >> 12));
        sl_buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
        sl_buf_add_char(b, (char)(0x80 | (c & 0x3f)));
    }
}

static bool lex_unicode_escape(struct parser *p, struct sl_buf *b)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(p, 0);
        uint32_t digit = is_digit(c)            ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit > 15)
            return false;
        code = code * 16 + digit;
        p->pos++;
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000))
        return false;
    add_utf8(b, code);
    return true;
}

static bool lex_escape(struct parser *p, struct sl_buf *b)
{
    static const char codes[] = "ntr\\'\"/", values[] = "\n\t\r\\'\"/";
    char c = peek(p, 0);
    p->pos++;
    if (c == 'u')
        return lex_unicode_escape(p, b);
    const char *found = c ? strchr(codes, c) : NULL;
    if (found)
        sl_buf_add_char(b, values[found - codes]);
    return found != NULL;
}

static struct sl_err *lex_string(struct parser *p)
{
    size_t start = p->pos;
    char quote = peek(p, 0);
    SL_AUTOBUF(b, 0);
    for (p->pos++; peek(p, 0) != quote;) {
        if (p->pos >= p->text.n)
            return FAIL_AT(p, start, "the string has no end, expected %c", quote);
        if (peek(p, 0) != '\\') {
            sl_buf_add_char(&b, peek(p, 0));
            p->pos++;
            continue;
        }
        size_t at = p->pos++;
        if (!lex_escape(p, &b))
            return FAIL_AT(p, at, "no such escape, expected \\n \\t \\r \\\\ \\' \\\" or \\uXXXX");
    }
    p->pos++;
    p->token.kind = TOKEN_STRING;
    p->token.string = sl_arena_str(p->a, sl_buf_str(&b));
    return NULL;
}

/* `odd name`, where `` stands for one back-quote. */
static struct sl_err *lex_quoted_name(struct parser *p, struct sl_buf *b)
{
    size_t start = p->pos, before = b->n;
    for (p->pos++;; p->pos++) {
        if (p->pos >= p->text.n)
            return FAIL_AT(p, start, "the name has no end, expected `");
        if (peek(p, 0) == '`') {
            if (peek(p, 1) != '`')
                break;
            p->pos++;
        }
        sl_buf_add_char(b, peek(p, 0));
    }
    p->pos++;
    return b->n == before ? FAIL_AT(p, start, "the name is empty") : NULL;
}

/* word.word.`odd word` */
static struct sl_err *lex_path(struct parser *p)
{
    SL_AUTOBUF(b, 0);
    p->token.kind = TOKEN_NAME;
    p->token.bare = peek(p, 0) != '`';
    for (;;) {
        if (peek(p, 0) == '`')
            SL_TRY(lex_quoted_name(p, &b));
        else if (!is_word_start(peek(p, 0)))
            return FAIL_AT(p, p->pos, "expected a name after '.'");
        else
            for (; is_word(peek(p, 0)); p->pos++)
                sl_buf_add_char(&b, peek(p, 0));
        if (peek(p, 0) != '.')
            break;
        p->token.bare = false;
        sl_buf_add_char(&b, '.');
        p->pos++;
    }
    p->token.string = sl_arena_str(p->a, sl_buf_str(&b));
    return NULL;
}

/* $(steps.train-dnn.outcome): a name, spaces around it apart. */
static struct sl_err *lex_reference(struct parser *p)
{
    size_t start = p->pos;
    struct sl_str rest = sl_str_skip(p->text, start + 2);
    ptrdiff_t end = sl_str_find_char(rest, ')');
    if (end < 0)
        return FAIL_AT(p, start, "the reference has no end, expected ')'");
    p->token.kind = TOKEN_NAME;
    p->token.bare = false;
    p->token.string = sl_str_trim(sl_strn(rest.p, (size_t)end));
    p->pos += 2 + (size_t)end + 1;
    return p->token.string.n ? NULL : FAIL_AT(p, start, "the reference is empty");
}

static struct sl_err *lex_sign(struct parser *p)
{
    static const char *const signs[] = {"<=", ">=", "==", "!=", "&&", "||", "!", "-", "*", "/", "%",
                                        "+",  "<",  ">",  "?",  ":",  "(",  ")", "[", "]", ","};
    struct sl_str rest = sl_str_skip(p->text, p->pos);
    for (size_t i = 0; i < SL_COUNTOF(signs); i++)
        if (sl_str_starts(rest, sl_str(signs[i]))) {
            p->token.kind = TOKEN_SIGN;
            p->token.sign = signs[i];
            p->pos += strlen(signs[i]);
            return NULL;
        }
    const char *hint = rest.p[0] == '='   ? ", did you mean '=='?"
                       : rest.p[0] == '&' ? ", did you mean '&&'?"
                       : rest.p[0] == '|' ? ", did you mean '||'?"
                                          : "";
    return FAIL_AT(p, p->pos, "unexpected '%c'%s", rest.p[0], hint);
}

static struct sl_err *next(struct parser *p)
{
    while (peek(p, 0) == ' ' || peek(p, 0) == '\t' || peek(p, 0) == '\n' || peek(p, 0) == '\r')
        p->pos++;
    char c = peek(p, 0);
    p->token = (struct token){.kind = TOKEN_END, .at = p->pos};
    if (p->pos == p->text.n)
        return NULL;
    if (is_digit(c) || (c == '.' && is_digit(peek(p, 1)))) {
        lex_number(p);
        return NULL;
    }
    if (c == '"' || c == '\'')
        return lex_string(p);
    if (c == '$' && peek(p, 1) == '(')
        return lex_reference(p);
    if (c == '`' || is_word_start(c))
        return lex_path(p);
    return lex_sign(p);
}

static bool at_sign(const struct parser *p, const char *sign)
{
    return p->token.kind == TOKEN_SIGN && strcmp(p->token.sign, sign) == 0;
}

static bool at_word(const struct parser *p, const char *word)
{
    return p->token.kind == TOKEN_NAME && p->token.bare && sl_str_is(p->token.string, word);
}

/* What stands at the next token, for messages. */
static const char *describe(const struct parser *p)
{
    switch (p->token.kind) {
    case TOKEN_END:
        return "the end";
    case TOKEN_SIGN:
        return sl_arena_format(p->a, "'%s'", p->token.sign).p;
    case TOKEN_STRING:
        return "a string";
    case TOKEN_NUMBER:
    case TOKEN_NAME:
        break;
    }
    return sl_arena_format(p->a, "'%.*s'", SL_FMT(p->token.string)).p;
}

static struct sl_err *take_sign(struct parser *p, const char *sign)
{
    if (!at_sign(p, sign))
        return FAIL_AT(p, p->token.at, "expected '%s', got %s", sign, describe(p));
    return next(p);
}

/* ---- the tree ---------------------------------------------------------------------------------
 */

static struct expr *make(struct parser *p, enum expr_op op, size_t at, size_t n_args)
{
    struct expr *e = SL_ARENA_NEW(p->a, struct expr);
    *e = (struct expr){.op = op,
                       .type = EXPR_ANY,
                       .offset = (int)at,
                       .index = -1,
                       .args = n_args ? SL_ARENA_ARRAY(p->a, struct expr *, n_args) : NULL,
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
    struct token t = p->token;
    struct expr_value v = {.type = EXPR_INT};
    bool whole = true;
    for (size_t i = 0; i < t.string.n; i++)
        whole &= is_digit(t.string.p[i]);
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
    return next(p);
}

/* The arguments up to `end`, whose opening sign has been taken. */
static struct sl_err *parse_list(struct parser *p, const char *end, struct expr *e)
{
    size_t capacity = 0;
    while (!at_sign(p, end)) {
        if (e->n_args == capacity) {
            capacity = capacity ? capacity * 2 : 4;
            struct expr **grown = SL_ARENA_ARRAY(p->a, struct expr *, capacity);
            if (e->n_args)
                memcpy(grown, e->args, e->n_args * sizeof(struct expr *));
            e->args = grown;
        }
        SL_TRY(parse_condition(p, &e->args[e->n_args]));
        e->n_args++;
        if (at_sign(p, end))
            break;
        if (!at_sign(p, ","))
            return FAIL_AT(p, p->token.at, "expected ',' or '%s', got %s", end, describe(p));
        SL_TRY(next(p));
    }
    return next(p);
}

static struct sl_err *find_function(struct parser *p, struct token name,
                                    const struct expr_function **ret)
{
    *ret = name.bare ? expr_function_find(name.string) : NULL;
    if (*ret)
        return NULL;
    size_t n;
    const struct expr_function *all = expr_function_all(&n);
    struct sl_str *names = SL_ARENA_ARRAY(p->a, struct sl_str, n);
    for (size_t i = 0; i < n; i++)
        names[i] = sl_str(all[i].name);
    return FAIL_AT(p, name.at, "there is no function '%.*s'%s", SL_FMT(name.string),
                   diag_did_you_mean(p->a, name.string, names, n));
}

static struct sl_err *parse_call(struct parser *p, struct token name, struct expr **ret)
{
    const struct expr_function *f;
    SL_TRY(find_function(p, name, &f));
    SL_TRY(count(p, name.at));
    struct expr *e = make(p, EXPR_CALL, name.at, 0);
    e->function = f;
    SL_TRY(next(p));
    SL_TRY(parse_list(p, ")", e));
    if (e->n_args < f->min_args || e->n_args > f->max_args)
        return FAIL_AT(p, name.at, "%s takes %s, got %zu argument%s", f->name, f->signature,
                       e->n_args, e->n_args == 1 ? "" : "s");
    *ret = e;
    return NULL;
}

static struct sl_err *parse_name(struct parser *p, struct expr **ret)
{
    struct token name = p->token;
    bool is_true = at_word(p, "true"), is_null = at_word(p, "null");
    if (at_word(p, "in"))
        return FAIL_AT(p, name.at, "expected a value, got 'in'");
    bool is_literal = is_true || is_null || at_word(p, "false");
    SL_TRY(next(p));
    if (is_literal) {
        struct expr_value v = {.type = is_null ? EXPR_NULL : EXPR_BOOL, .boolean = is_true};
        *ret = literal(p, name.at, v);
        return NULL;
    }
    if (at_sign(p, "("))
        return parse_call(p, name, ret);
    *ret = make(p, EXPR_NAME, name.at, 0);
    (*ret)->name = name.string;
    return NULL;
}

static struct sl_err *parse_primary(struct parser *p, struct expr **ret)
{
    struct token t = p->token;
    switch (t.kind) {
    case TOKEN_NUMBER:
        return parse_number(p, false, ret);
    case TOKEN_STRING:
        *ret = literal(p, t.at, (struct expr_value){.type = EXPR_STRING, .string = t.string});
        return next(p);
    case TOKEN_NAME:
        return parse_name(p, ret);
    case TOKEN_SIGN:
        if (at_sign(p, "[")) {
            return FAIL_AT(p, t.at, "a list stands only on the right of 'in'");
        } else if (at_sign(p, "(")) {
            SL_TRY(next(p));
            SL_TRY(parse_condition(p, ret));
            return take_sign(p, ")");
        }
        break;
    case TOKEN_END:
        break;
    }
    return FAIL_AT(p, t.at, "expected a value, got %s", describe(p));
}

static struct sl_err *enter(struct parser *p)
{
    if (++p->depth > SL_LIMIT_EXPR_DEPTH)
        return FAIL_AT(p, p->token.at, "nested deeper than %d", SL_LIMIT_EXPR_DEPTH);
    return NULL;
}

static struct sl_err *parse_unary(struct parser *p, struct expr **ret)
{
    size_t at = p->token.at;
    bool negate = at_sign(p, "-");
    if (!negate && !at_sign(p, "!"))
        return parse_primary(p, ret);
    SL_TRY(next(p));
    if (negate && p->token.kind == TOKEN_NUMBER) {
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
    if (!at_sign(p, "["))
        return FAIL_AT(p, p->token.at, "expected a list such as [1, 2] after 'in', got %s",
                       describe(p));
    struct expr *e = make(p, EXPR_ITEMS, p->token.at, 0);
    e->type = EXPR_LIST;
    SL_TRY(next(p));
    SL_TRY(parse_list(p, "]", e));
    for (size_t i = 0; i < e->n_args; i++)
        if (e->args[i]->op != EXPR_LITERAL || e->args[i]->type == EXPR_NULL)
            return FAIL_AT(p, (size_t)e->args[i]->offset,
                           "expected a literal other than null in the list");
    *ret = e;
    return NULL;
}

const struct expr_operator expr_operators[] = {
    {EXPR_OR, "||", 1},         {EXPR_AND, "&&", 2},       {EXPR_IN, "in", 3},
    {EXPR_EQUAL, "==", 4},      {EXPR_NOT_EQUAL, "!=", 4}, {EXPR_LESS, "<", 5},
    {EXPR_LESS_EQUAL, "<=", 5}, {EXPR_GREATER, ">", 5},    {EXPR_GREATER_EQUAL, ">=", 5},
    {EXPR_ADD, "+", 6},         {EXPR_SUBTRACT, "-", 6},   {EXPR_MULTIPLY, "*", 7},
    {EXPR_DIVIDE, "/", 7},      {EXPR_MODULO, "%", 7},
};

const struct expr_operator *expr_operator_find(enum expr_op op)
{
    for (size_t i = 0; i < SL_COUNTOF(expr_operators); i++)
        if (expr_operators[i].op == op)
            return &expr_operators[i];
    return NULL;
}

static const struct expr_operator *at_operator(const struct parser *p)
{
    for (size_t i = 0; i < SL_COUNTOF(expr_operators); i++)
        if (at_sign(p, expr_operators[i].sign) || at_word(p, expr_operators[i].sign))
            return &expr_operators[i];
    return NULL;
}

/* Operators that bind at least as tightly as `least`; all are left-associative. */
static struct sl_err *parse_binary(struct parser *p, int least, struct expr **ret)
{
    struct expr *left;
    SL_TRY(parse_unary(p, &left));
    const struct expr_operator *o;
    while ((o = at_operator(p)) && o->precedence >= least) {
        size_t at = p->token.at;
        SL_TRY(count(p, at));
        SL_TRY(next(p));
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
    if (at_sign(p, "?")) {
        struct expr *e = make(p, EXPR_CONDITION, p->token.at, 3);
        SL_TRY(count(p, p->token.at));
        SL_TRY(next(p));
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
    struct parser p = {.a = a, .text = text};
    struct expr *e;
    SL_TRY(next(&p));
    SL_TRY(parse_condition(&p, &e));
    if (p.token.kind != TOKEN_END)
        return FAIL_AT(&p, p.token.at, "expected an operator or the end, got %s", describe(&p));
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
