#include "core/data/expr_lex.h"

struct sl_err *expr_fail_at(struct sl_str text, size_t offset, const char *message)
{
    size_t column = 1;
    for (size_t i = 0; i < offset && i < text.n; i++)
        column += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    return SL_ERR(INVALID, "column %zu: %s", column, message);
}

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

static char peek(const struct expr_lexer *lex, size_t ahead)
{
    return lex->pos + ahead < lex->text.n ? lex->text.p[lex->pos + ahead] : '\0';
}

static void lex_number(struct expr_lexer *lex)
{
    size_t start = lex->pos;
    while (is_digit(peek(lex, 0)) || peek(lex, 0) == '.')
        lex->pos++;
    if (peek(lex, 0) == 'e' || peek(lex, 0) == 'E') {
        size_t sign = peek(lex, 1) == '+' || peek(lex, 1) == '-';
        if (is_digit(peek(lex, 1 + sign)))
            lex->pos += 1 + sign;
    }
    while (is_word(peek(lex, 0))) /* "12abc" is one bad number, not a number and a name */
        lex->pos++;
    lex->token.kind = EXPR_TOKEN_NUMBER;
    lex->token.string = sl_strn(lex->text.p + start, lex->pos - start);
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

static bool lex_unicode_escape(struct expr_lexer *lex, struct sl_buf *b)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(lex, 0);
        uint32_t digit = is_digit(c)            ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit > 15)
            return false;
        code = code * 16 + digit;
        lex->pos++;
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000))
        return false;
    add_utf8(b, code);
    return true;
}

static bool lex_escape(struct expr_lexer *lex, struct sl_buf *b)
{
    static const char codes[] = "ntr\\'\"/", values[] = "\n\t\r\\'\"/";
    char c = peek(lex, 0);
    lex->pos++;
    if (c == 'u')
        return lex_unicode_escape(lex, b);
    const char *found = c ? strchr(codes, c) : NULL;
    if (found)
        sl_buf_add_char(b, values[found - codes]);
    return found != NULL;
}

static struct sl_err *lex_string(struct expr_lexer *lex)
{
    size_t start = lex->pos;
    char quote = peek(lex, 0);
    SL_AUTOBUF(b, 0);
    for (lex->pos++; peek(lex, 0) != quote;) {
        if (lex->pos >= lex->text.n)
            return EXPR_FAIL_AT(lex, start, "the string has no end, expected %c", quote);
        if (peek(lex, 0) != '\\') {
            sl_buf_add_char(&b, peek(lex, 0));
            lex->pos++;
            continue;
        }
        size_t at = lex->pos++;
        if (!lex_escape(lex, &b))
            return EXPR_FAIL_AT(lex, at,
                                "no such escape, expected \\n \\t \\r \\\\ \\' \\\" or \\uXXXX");
    }
    lex->pos++;
    lex->token.kind = EXPR_TOKEN_STRING;
    lex->token.string = sl_arena_str(lex->a, sl_buf_str(&b));
    return NULL;
}

/* `odd name`, where `` stands for one back-quote. */
static struct sl_err *lex_quoted_name(struct expr_lexer *lex, struct sl_buf *b)
{
    size_t start = lex->pos, before = b->n;
    for (lex->pos++;; lex->pos++) {
        if (lex->pos >= lex->text.n)
            return EXPR_FAIL_AT(lex, start, "the name has no end, expected `");
        if (peek(lex, 0) == '`') {
            if (peek(lex, 1) != '`')
                break;
            lex->pos++;
        }
        sl_buf_add_char(b, peek(lex, 0));
    }
    lex->pos++;
    return b->n == before ? EXPR_FAIL_AT(lex, start, "the name is empty") : NULL;
}

/* word.word.`odd word` */
static struct sl_err *lex_path(struct expr_lexer *lex)
{
    SL_AUTOBUF(b, 0);
    lex->token.kind = EXPR_TOKEN_NAME;
    lex->token.bare = peek(lex, 0) != '`';
    for (;;) {
        if (peek(lex, 0) == '`')
            SL_TRY(lex_quoted_name(lex, &b));
        else if (!is_word_start(peek(lex, 0)))
            return EXPR_FAIL_AT(lex, lex->pos, "expected a name after '.'");
        else
            for (; is_word(peek(lex, 0)); lex->pos++)
                sl_buf_add_char(&b, peek(lex, 0));
        if (peek(lex, 0) != '.')
            break;
        lex->token.bare = false;
        sl_buf_add_char(&b, '.');
        lex->pos++;
    }
    lex->token.string = sl_arena_str(lex->a, sl_buf_str(&b));
    return NULL;
}

/* $(steps.train-dnn.outcome): a name, spaces around it apart. */
static struct sl_err *lex_reference(struct expr_lexer *lex)
{
    size_t start = lex->pos;
    struct sl_str rest = sl_str_skip(lex->text, start + 2);
    ptrdiff_t end = sl_str_find_char(rest, ')');
    if (end < 0)
        return EXPR_FAIL_AT(lex, start, "the reference has no end, expected ')'");
    lex->token.kind = EXPR_TOKEN_NAME;
    lex->token.bare = false;
    lex->token.string = sl_str_trim(sl_strn(rest.p, (size_t)end));
    lex->pos += 2 + (size_t)end + 1;
    return lex->token.string.n ? NULL : EXPR_FAIL_AT(lex, start, "the reference is empty");
}

static struct sl_err *lex_sign(struct expr_lexer *lex)
{
    static const char *const signs[] = {"<=", ">=", "==", "!=", "&&", "||", "!", "-", "*", "/", "%",
                                        "+",  "<",  ">",  "?",  ":",  "(",  ")", "[", "]", ","};
    struct sl_str rest = sl_str_skip(lex->text, lex->pos);
    for (size_t i = 0; i < SL_COUNTOF(signs); i++)
        if (sl_str_starts(rest, sl_str(signs[i]))) {
            lex->token.kind = EXPR_TOKEN_SIGN;
            lex->token.sign = signs[i];
            lex->pos += strlen(signs[i]);
            return NULL;
        }
    const char *hint = rest.p[0] == '='   ? ", did you mean '=='?"
                       : rest.p[0] == '&' ? ", did you mean '&&'?"
                       : rest.p[0] == '|' ? ", did you mean '||'?"
                                          : "";
    return EXPR_FAIL_AT(lex, lex->pos, "unexpected '%c'%s", rest.p[0], hint);
}

struct sl_err *expr_lex(struct expr_lexer *lex)
{
    while (peek(lex, 0) == ' ' || peek(lex, 0) == '\t' || peek(lex, 0) == '\n' ||
           peek(lex, 0) == '\r')
        lex->pos++;
    char c = peek(lex, 0);
    lex->token = (struct expr_token){.kind = EXPR_TOKEN_END, .at = lex->pos};
    if (lex->pos == lex->text.n)
        return NULL;
    if (is_digit(c) || (c == '.' && is_digit(peek(lex, 1)))) {
        lex_number(lex);
        return NULL;
    }
    if (c == '"' || c == '\'')
        return lex_string(lex);
    if (c == '$' && peek(lex, 1) == '(')
        return lex_reference(lex);
    if (c == '`' || is_word_start(c))
        return lex_path(lex);
    return lex_sign(lex);
}

bool expr_lex_at_sign(const struct expr_lexer *lex, const char *sign)
{
    return lex->token.kind == EXPR_TOKEN_SIGN && strcmp(lex->token.sign, sign) == 0;
}

bool expr_lex_at_word(const struct expr_lexer *lex, const char *word)
{
    return lex->token.kind == EXPR_TOKEN_NAME && lex->token.bare &&
           sl_str_is(lex->token.string, word);
}

const char *expr_lex_describe(const struct expr_lexer *lex)
{
    switch (lex->token.kind) {
    case EXPR_TOKEN_END:
        return "the end";
    case EXPR_TOKEN_SIGN:
        return sl_arena_format(lex->a, "'%s'", lex->token.sign).p;
    case EXPR_TOKEN_STRING:
        return "a string";
    case EXPR_TOKEN_NUMBER:
    case EXPR_TOKEN_NAME:
        break;
    }
    return sl_arena_format(lex->a, "'%.*s'", SL_FMT(lex->token.string)).p;
}
