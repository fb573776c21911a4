#include "base/limits.h"
#include "codec/diag.h"
#include "codec/pbtxt.h"
#include "codec/pbtxt_element.h"
#include "codec/proto_message.h"

#include <math.h>
#include <stdio.h>

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_SIGN };

struct token {
    enum token_kind kind;
    struct sl_str text; /* WORD: as it stands; STRING: unescaped */
    char sign;
};

struct parser {
    struct sl_arena *a;
    struct sl_str rest;
    int line;
    struct token token; /* the one looked at */
};

static struct sl_err *parse_message(struct parser *p, const ProtobufCMessageDescriptor *descriptor,
                                    char end, int depth, ProtobufCMessage **ret);

/* ---- tokens -------------------------------------------------------------------------------------
 */

static void skip_blank(struct parser *p)
{
    while (p->rest.n) {
        char c = p->rest.p[0];
        if (c == '#') {
            ptrdiff_t end = sl_str_find_char(p->rest, '\n');
            p->rest = sl_str_skip(p->rest, end < 0 ? p->rest.n : (size_t)end);
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            p->line += c == '\n';
            p->rest = sl_str_skip(p->rest, 1);
        } else {
            return;
        }
    }
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '+';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape after its backslash: advances *i past it. */
static bool unescape(struct sl_str s, size_t *i, struct sl_buf *out)
{
    static const char names[] = "abfnrtv\\'\"?", values[] = "\a\b\f\n\r\t\v\\'\"?";
    char c = s.p[*i];
    const char *found = c ? strchr(names, c) : NULL;
    if (found) {
        sl_buf_add_char(out, values[found - names]);
        ++*i;
        return true;
    }
    unsigned value = 0;
    size_t digits = 0;
    if (c == 'x') {
        for (++*i; digits < 2 && *i < s.n && hex_digit(s.p[*i]) >= 0; digits++)
            value = value * 16 + (unsigned)hex_digit(s.p[(*i)++]);
    } else {
        for (; digits < 3 && *i < s.n && s.p[*i] >= '0' && s.p[*i] <= '7'; digits++)
            value = value * 8 + (unsigned)(s.p[(*i)++] - '0');
    }
    sl_buf_add_char(out, (char)value);
    return digits > 0 && value < 256;
}

static struct sl_err *read_string(struct parser *p, struct sl_buf *out)
{
    char quote = p->rest.p[0];
    size_t i = 1;
    while (i < p->rest.n && p->rest.p[i] != quote) {
        char c = p->rest.p[i++];
        if (c == '\n')
            break;
        if (c != '\\')
            sl_buf_add_char(out, c);
        else if (i >= p->rest.n || !unescape(p->rest, &i, out))
            return SL_ERR(INVALID, "line %d: unknown escape in a string", p->line);
    }
    if (i >= p->rest.n || p->rest.p[i] != quote)
        return SL_ERR(INVALID, "line %d: a string without its closing quote", p->line);
    p->rest = sl_str_skip(p->rest, i + 1);
    return NULL;
}

static struct sl_err *next(struct parser *p)
{
    skip_blank(p);
    p->token = (struct token){.kind = TOKEN_END};
    if (!p->rest.n)
        return NULL;
    char c = p->rest.p[0];
    if (c == '"' || c == '\'') {
        SL_AUTOBUF(text, SL_LIMIT_CELL_BYTES);
        do {
            SL_TRY(read_string(p, &text));
            skip_blank(p);
        } while (p->rest.n && (p->rest.p[0] == '"' || p->rest.p[0] == '\''));
        p->token =
            (struct token){.kind = TOKEN_STRING, .text = sl_arena_str(p->a, sl_buf_str(&text))};
        return NULL;
    }
    size_t n = 0;
    while (n < p->rest.n && is_word(p->rest.p[n]))
        n++;
    if (n)
        p->token = (struct token){.kind = TOKEN_WORD, .text = sl_strn(p->rest.p, n)};
    else
        p->token = (struct token){.kind = TOKEN_SIGN, .sign = c};
    p->rest = sl_str_skip(p->rest, n ? n : 1);
    return NULL;
}

static bool at_sign(const struct parser *p, char sign)
{
    return p->token.kind == TOKEN_SIGN && p->token.sign == sign;
}

static struct sl_err *expected(const struct parser *p, const char *what)
{
    if (p->token.kind == TOKEN_END)
        return SL_ERR(INVALID, "line %d: the text ends, expected %s", p->line, what);
    if (p->token.kind == TOKEN_SIGN)
        return SL_ERR(INVALID, "line %d: '%c', expected %s", p->line, p->token.sign, what);
    return SL_ERR(INVALID, "line %d: '%.*s', expected %s", p->line,
                  (int)SL_MIN(p->token.text.n, (size_t)60), p->token.text.p, what);
}

/* ---- values -------------------------------------------------------------------------------------
 */

static struct sl_err *parse_enum(struct parser *p, const ProtobufCFieldDescriptor *f, void *to)
{
    const ProtobufCEnumDescriptor *d = f->descriptor;
    const ProtobufCEnumValue *v =
        protobuf_c_enum_descriptor_get_value_by_name(d, sl_arena_cstr(p->a, p->token.text));
    int64_t number;
    if (v)
        *(int *)to = v->value;
    else if (sl_str_to_i64(p->token.text, &number) && number >= INT32_MIN && number <= INT32_MAX)
        *(int *)to = (int)number;
    else
        return SL_ERR(INVALID, "line %d: '%.*s' is no value of %s", p->line, SL_FMT(p->token.text),
                      d->short_name);
    return NULL;
}

static struct sl_err *parse_integer(struct parser *p, const ProtobufCFieldDescriptor *f, void *to)
{
    int64_t i;
    uint64_t u;
    switch (f->type) {
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        if (!sl_str_to_u64(p->token.text, &u))
            return expected(p, "a whole number");
        *(uint64_t *)to = u;
        return NULL;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        if (!sl_str_to_u64(p->token.text, &u) || u > UINT32_MAX)
            return expected(p, "a whole number below 2^32");
        *(uint32_t *)to = (uint32_t)u;
        return NULL;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        if (!sl_str_to_i64(p->token.text, &i))
            return expected(p, "an integer");
        *(int64_t *)to = i;
        return NULL;
    default:
        if (!sl_str_to_i64(p->token.text, &i) || i < INT32_MIN || i > INT32_MAX)
            return expected(p, "an integer of 32 bits");
        *(int32_t *)to = (int32_t)i;
        return NULL;
    }
}

static bool read_double(struct sl_str s, double *ret)
{
    bool negative = s.n && s.p[0] == '-';
    struct sl_str word = negative ? sl_str_skip(s, 1) : s;
    if (sl_str_is(word, "inf") || sl_str_is(word, "infinity"))
        *ret = negative ? -INFINITY : INFINITY;
    else if (sl_str_is(word, "nan"))
        *ret = NAN;
    else {
        if (s.n && (s.p[s.n - 1] == 'f' || s.p[s.n - 1] == 'F'))
            s.n--;
        return sl_str_to_f64(s, ret);
    }
    return true;
}

static struct sl_err *parse_word(struct parser *p, const ProtobufCFieldDescriptor *f, void *to)
{
    double d;
    struct sl_str s = p->token.text;
    switch (f->type) {
    case PROTOBUF_C_TYPE_BOOL:
        if (sl_str_is(s, "true") || sl_str_is(s, "True") || sl_str_is(s, "t") || sl_str_is(s, "1"))
            *(protobuf_c_boolean *)to = 1;
        else if (sl_str_is(s, "false") || sl_str_is(s, "False") || sl_str_is(s, "f") ||
                 sl_str_is(s, "0"))
            *(protobuf_c_boolean *)to = 0;
        else
            return expected(p, "true or false");
        return NULL;
    case PROTOBUF_C_TYPE_ENUM:
        return parse_enum(p, f, to);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        if (!read_double(s, &d))
            return expected(p, "a number");
        if (f->type == PROTOBUF_C_TYPE_FLOAT)
            *(float *)to = (float)d;
        else
            *(double *)to = d;
        return NULL;
    default:
        return parse_integer(p, f, to);
    }
}

static struct sl_err *parse_text(struct parser *p, const ProtobufCFieldDescriptor *f, void *to)
{
    if (f->type == PROTOBUF_C_TYPE_BYTES) {
        *(ProtobufCBinaryData *)to = (ProtobufCBinaryData){
            .len = p->token.text.n, .data = sl_arena_copy(p->a, p->token.text.p, p->token.text.n)};
        return NULL;
    }
    if (p->token.text.n && memchr(p->token.text.p, 0, p->token.text.n))
        return SL_ERR(INVALID, "line %d: a zero byte in string field '%s'", p->line, f->name);
    *(char **)to = sl_arena_cstr(p->a, p->token.text);
    return NULL;
}

/* The value that the parser looks at, into `to`; then the token after it. */
static struct sl_err *parse_value(struct parser *p, const ProtobufCFieldDescriptor *f, int depth,
                                  void *to)
{
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (!at_sign(p, '{') && !at_sign(p, '<'))
            return expected(p, "'{'");
        char end = p->token.sign == '{' ? '}' : '>';
        SL_TRY(next(p));
        SL_TRY(parse_message(p, f->descriptor, end, depth + 1, to));
        return next(p);
    }
    if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_BYTES) {
        if (p->token.kind != TOKEN_STRING)
            return expected(p, "a quoted string");
        SL_TRY(parse_text(p, f, to));
    } else {
        if (p->token.kind != TOKEN_WORD)
            return expected(p, "a value");
        SL_TRY(parse_word(p, f, to), "field '%s'", f->name);
    }
    return next(p);
}

/* A slot for one more element of a repeated field; the array doubles when its count reaches a power
 * of two. */
static void *add_element(struct parser *p, const ProtobufCFieldDescriptor *f, ProtobufCMessage *m)
{
    size_t *n = (size_t *)((char *)m + f->quantifier_offset);
    char **items = (char **)((char *)m + f->offset);
    size_t size = pbtxt_element_size(f);
    if ((*n & (*n - 1)) == 0) {
        char *grown = sl_arena_zero(p->a, *n ? *n * 2 : 1, size);
        if (*n)
            memcpy(grown, *items, *n * size);
        *items = grown;
    }
    return *items + (*n)++ * size;
}

static struct sl_err *parse_field(struct parser *p, const ProtobufCFieldDescriptor *f, int depth,
                                  ProtobufCMessage *m)
{
    char *base = (char *)m;
    if (at_sign(p, ':'))
        SL_TRY(next(p));
    else if (f->type != PROTOBUF_C_TYPE_MESSAGE)
        return expected(p, "':'");
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        if (!at_sign(p, '['))
            return parse_value(p, f, depth, add_element(p, f, m));
        SL_TRY(next(p));
        while (!at_sign(p, ']')) {
            SL_TRY(parse_value(p, f, depth, add_element(p, f, m)));
            if (at_sign(p, ','))
                SL_TRY(next(p));
            else if (!at_sign(p, ']'))
                return expected(p, "',' or ']'");
        }
        return next(p);
    }
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        *(uint32_t *)(base + f->quantifier_offset) = f->id;
    else if (f->type != PROTOBUF_C_TYPE_STRING && f->type != PROTOBUF_C_TYPE_MESSAGE)
        *(protobuf_c_boolean *)(base + f->quantifier_offset) = 1;
    return parse_value(p, f, depth, base + f->offset);
}

static struct sl_err *unknown_field(struct parser *p, const ProtobufCMessageDescriptor *d)
{
    struct sl_str *names = SL_ARENA_ARRAY(p->a, struct sl_str, d->n_fields);
    for (unsigned i = 0; i < d->n_fields; i++)
        names[i] = sl_str(d->fields[i].name);
    return SL_ERR(INVALID, "line %d: unknown field '%.*s' in %s%s", p->line, SL_FMT(p->token.text),
                  d->short_name, diag_did_you_mean(p->a, p->token.text, names, d->n_fields));
}

static struct sl_err *parse_message(struct parser *p, const ProtobufCMessageDescriptor *d, char end,
                                    int depth, ProtobufCMessage **ret)
{
    if (depth > SL_LIMIT_JSON_DEPTH)
        return SL_ERR(INVALID, "line %d: nested deeper than %d", p->line, SL_LIMIT_JSON_DEPTH);
    ProtobufCMessage *m = proto_message_new(p->a, d);
    while (end ? !at_sign(p, end) : p->token.kind != TOKEN_END) {
        if (p->token.kind != TOKEN_WORD)
            return expected(p, "a field name");
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field_by_name(d, sl_arena_cstr(p->a, p->token.text));
        if (!f)
            return unknown_field(p, d);
        SL_TRY(next(p));
        SL_TRY(parse_field(p, f, depth, m));
        if (at_sign(p, ';') || at_sign(p, ','))
            SL_TRY(next(p));
    }
    *ret = m;
    return NULL;
}

struct sl_err *pbtxt_parse(struct sl_arena *a, struct sl_str text,
                           const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **ret)
{
    struct parser p = {.a = a, .rest = sl_arena_str(a, text), .line = 1};
    SL_TRY(next(&p));
    return parse_message(&p, descriptor, 0, 0, ret);
}
