/* Tree to text, with parentheses only where the grammar needs them. */
#include "core/data/expr_impl.h"

#include "base/time.h"

enum { TIGHTEST = 9, UNARY = 8, LOOSEST = 0 }; /* binary operators are 1..7 */

static void format(const struct expr *e, int least, struct sl_buf *b);

static bool is_plain_word(struct sl_str s)
{
    static const char *const keywords[] = {"true", "false", "null", "in"};
    for (size_t i = 0; i < SL_COUNTOF(keywords); i++)
        if (sl_str_is(s, keywords[i]))
            return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return s.n > 0;
}

static void format_name(struct sl_str name, struct sl_buf *b)
{
    struct sl_str rest = name, part;
    bool plain = true, single = sl_str_find_char(name, '.') < 0;
    while (sl_str_split(&rest, '.', &part))
        plain &= is_plain_word(part) || (!single && part.n && is_plain_word(part));
    if (plain) {
        sl_buf_add_str(b, name);
        return;
    }
    sl_buf_add_char(b, '`');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '`')
            sl_buf_add_char(b, '`');
        sl_buf_add_char(b, name.p[i]);
    }
    sl_buf_add_char(b, '`');
}

static void format_string(struct sl_str s, struct sl_buf *b)
{
    sl_buf_add_char(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\n')
            sl_buf_add_cstr(b, "\\n");
        else if (c == '\t')
            sl_buf_add_cstr(b, "\\t");
        else if (c == '\r')
            sl_buf_add_cstr(b, "\\r");
        else if (c == '\'' || c == '\\')
            sl_buf_format(b, "\\%c", c);
        else
            sl_buf_add_char(b, c);
    }
    sl_buf_add_char(b, '\'');
}

static void format_double(double d, struct sl_buf *b)
{
    size_t before = b->n;
    sl_buf_add_f64(b, d);
    bool whole = true;
    for (size_t i = before; i < b->n; i++)
        whole &= b->p[i] != '.' && b->p[i] != 'e';
    if (whole)
        sl_buf_add_cstr(b, ".0"); /* or it would read back as an int */
}

static void format_literal(const struct expr *e, struct sl_buf *b)
{
    char text[SL_TIME_TEXT];
    switch (e->value.type) {
    case EXPR_BOOL:
        sl_buf_add_cstr(b, e->value.boolean ? "true" : "false");
        break;
    case EXPR_INT:
        sl_buf_format(b, "%lld", (long long)e->value.i64);
        break;
    case EXPR_DOUBLE:
        format_double(e->value.f64, b);
        break;
    case EXPR_STRING:
        format_string(e->value.string, b);
        break;
    case EXPR_TIMESTAMP:
        sl_time_format(e->value.i64, text);
        sl_buf_format(b, "'%s'", text);
        break;
    default:
        sl_buf_add_cstr(b, e->type == EXPR_STRING ? "''" : "null");
    }
}

static void format_args(const struct expr *e, char open, char close, struct sl_buf *b)
{
    sl_buf_add_char(b, open);
    for (size_t i = 0; i < e->n_args; i++) {
        sl_buf_add_cstr(b, i ? ", " : "");
        format(e->args[i], LOOSEST, b);
    }
    sl_buf_add_char(b, close);
}

static void format_unary(const struct expr *e, struct sl_buf *b)
{
    const struct expr *x = e->args[0];
    sl_buf_add_char(b, e->op == EXPR_NOT ? '!' : '-');
    /* -(5) is an operation, -5 a literal. */
    bool number = e->op == EXPR_NEGATE && x->op == EXPR_LITERAL &&
                  (x->value.type == EXPR_INT || x->value.type == EXPR_DOUBLE);
    bool negative = number && (x->value.type == EXPR_INT ? x->value.i64 < 0
                                                         : __builtin_signbit(x->value.f64) != 0);
    if (number && !negative)
        sl_buf_add_char(b, '(');
    format(x, UNARY, b);
    if (number && !negative)
        sl_buf_add_char(b, ')');
}

static void format_operator(const struct expr *e, const struct expr_operator *o, struct sl_buf *b)
{
    if (!o) {
        format(e->args[0], LOOSEST + 1, b);
        sl_buf_add_cstr(b, " ? ");
        format(e->args[1], LOOSEST, b);
        sl_buf_add_cstr(b, " : ");
        format(e->args[2], LOOSEST, b);
        return;
    }
    format(e->args[0], o->precedence, b);
    sl_buf_format(b, " %s ", o->sign);
    format(e->args[1], o->precedence + 1, b);
}

/* `least`: what binds more loosely needs parentheses. */
static void format(const struct expr *e, int least, struct sl_buf *b)
{
    const struct expr_operator *o = expr_operator_find(e->op);
    int precedence = o ? o->precedence : e->op == EXPR_CONDITION ? LOOSEST : TIGHTEST;
    bool wrap = precedence < least;
    if (wrap)
        sl_buf_add_char(b, '(');
    switch (e->op) {
    case EXPR_LITERAL:
        format_literal(e, b);
        break;
    case EXPR_NAME:
        format_name(e->name, b);
        break;
    case EXPR_CALL:
        sl_buf_add_cstr(b, e->function->name);
        format_args(e, '(', ')', b);
        break;
    case EXPR_ITEMS:
        format_args(e, '[', ']', b);
        break;
    case EXPR_NOT:
    case EXPR_NEGATE:
        format_unary(e, b);
        break;
    default:
        format_operator(e, o, b);
    }
    if (wrap)
        sl_buf_add_char(b, ')');
}

void expr_format(const struct expr *e, struct sl_buf *b)
{
    format(e, LOOSEST, b);
}
