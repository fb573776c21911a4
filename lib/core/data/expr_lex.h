/* Tokens of the expression language; only expr_parse.c includes this. */
#pragma once

#include "core/data/expr_impl.h"

enum expr_token_kind {
    EXPR_TOKEN_END,
    EXPR_TOKEN_NUMBER, /* string: its text */
    EXPR_TOKEN_STRING, /* string: unescaped */
    EXPR_TOKEN_NAME,   /* string: the joined path; bare when it is one plain word */
    EXPR_TOKEN_SIGN,   /* sign: an operator or bracket */
};

struct expr_token {
    enum expr_token_kind kind;
    size_t at; /* offset in the text */
    struct sl_str string;
    bool bare;
    const char *sign;
};

struct expr_lexer {
    struct sl_arena *a;
    struct sl_str text;
    size_t pos;
    struct expr_token token; /* the one that comes next */
};

/* Reads the next token into lex->token. Errors: invalid, "column 7: ...". */
struct sl_err *expr_lex(struct expr_lexer *lex) SL_MUST_USE;
/* Whether the next token is that sign, or that bare word. */
bool expr_lex_at_sign(const struct expr_lexer *lex, const char *sign);
bool expr_lex_at_word(const struct expr_lexer *lex, const char *word);
/* What stands at the next token, for messages. */
const char *expr_lex_describe(const struct expr_lexer *lex);

#define EXPR_FAIL_AT(lexer, at, ...) \
    expr_fail_at((lexer)->text, (at), sl_arena_format((lexer)->a, __VA_ARGS__).p)
