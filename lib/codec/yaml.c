/* libyaml's events into a tree. Scalars get their types here: libyaml resolves none. */
#include "codec/yaml.h"

#include "base/limits.h"
#include "base/map.h"

#include <math.h>
#include <yaml.h>

struct composer {
    struct sl_arena *a;
    yaml_parser_t parser;
    yaml_event_t event; /* the one that comes next */
    struct sl_map anchors;
    struct sl_map open; /* anchors whose node is not finished: an alias to one is a loop */
    size_t nodes, aliases;
    int depth;
};

static struct sl_err *fail_at(yaml_mark_t mark, const char *fmt, ...) SL_PRINTF(2, 3) SL_MUST_USE;
static struct sl_err *fail_at(yaml_mark_t mark, const char *fmt, ...)
{
    SL_AUTOBUF(message, 0);
    va_list ap;
    va_start(ap, fmt);
    sl_buf_vformat(&message, fmt, ap);
    va_end(ap);
    return SL_ERR_CODE(INVALID, (int)mark.line + 1, "line %zu, column %zu: %s", mark.line + 1,
                       mark.column + 1, message.p);
}

static struct sl_err *next_event(struct composer *c)
{
    yaml_event_delete(&c->event);
    if (yaml_parser_parse(&c->parser, &c->event))
        return NULL;
    const yaml_parser_t *p = &c->parser;
    const char *problem = p->problem ? p->problem : "not valid YAML";
    yaml_mark_t mark = p->problem_mark;
    if (p->error == YAML_READER_ERROR) /* has an offset and no mark */
        return SL_ERR(INVALID, "byte %zu: %s", p->problem_offset, problem);
    if (p->context && p->context_mark.line != mark.line)
        return fail_at(mark, "%s (%s that starts in line %zu)", problem, p->context,
                       p->context_mark.line + 1);
    return fail_at(mark, "%s", problem);
}

/* ---- scalars ----------------------------------------------------------------------------------
 */

static bool is_one_of(struct sl_str s, const char *const *words)
{
    for (; *words; words++)
        if (sl_str_is(s, *words))
            return true;
    return false;
}

/* [-+]? 0x 0o 0b or old octal digits, underscores between them. */
static bool read_based_integer(struct sl_str s, double *ret)
{
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = sl_str_skip(s, 1);
    if (s.n < 2 || s.p[0] != '0')
        return false;
    char mark = s.p[1] >= 'A' && s.p[1] <= 'Z' ? (char)(s.p[1] | 0x20) : s.p[1];
    uint64_t base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    s = sl_str_skip(s, mark == 'x' || mark == 'o' || mark == 'b' ? 2 : 1);
    uint64_t value = 0;
    bool digits = false;
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (ch == '_')
            continue;
        uint64_t digit = ch >= '0' && ch <= '9'   ? (uint64_t)(ch - '0')
                         : ch >= 'a' && ch <= 'f' ? (uint64_t)(ch - 'a' + 10)
                         : ch >= 'A' && ch <= 'F' ? (uint64_t)(ch - 'A' + 10)
                                                  : 16;
        if (digit >= base)
            return false;
        digits = true;
        value = SL_MIN(value * base + digit, (uint64_t)1 << 56); /* far beyond 2^53 anyway */
    }
    *ret = negative ? -(double)value : (double)value;
    return digits;
}

/* Decimal, with underscores as go-yaml takes them. */
static bool read_decimal(struct sl_str s, double *ret)
{
    char text[400];
    size_t n = 0;
    if (s.n == 0 || s.n >= sizeof(text) || s.p[0] == '_')
        return false;
    bool point = false, exponent = false, digit = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '_')
            continue;
        bool sign = c == '-' || c == '+';
        bool after_e = n && (text[n - 1] == 'e' || text[n - 1] == 'E');
        if ((sign && n && !after_e) || (c == '.' && (point || exponent)))
            return false;
        point |= c == '.';
        exponent |= c == 'e' || c == 'E';
        digit |= c >= '0' && c <= '9';
        text[n++] = c;
    }
    int64_t whole;
    if (!digit || !sl_str_to_f64(sl_strn(text, n), ret))
        return false;
    if (sl_str_to_i64(sl_strn(text, n), &whole) &&
        (whole > (int64_t)1 << 53 || whole < -((int64_t)1 << 53)))
        *ret = whole > 0 ? 0x1p56 : -0x1p56; /* 2^53 + 1 has been rounded to 2^53 */
    return true;
}

static bool is_whole_text(struct sl_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '.' || s.p[i] == 'e' || s.p[i] == 'E')
            return false;
    return true;
}

static bool read_number(struct sl_str s, double *ret)
{
    char first = s.n ? s.p[0] : '\0';
    if (!(first >= '0' && first <= '9') && first != '-' && first != '+' && first != '.')
        return false;
    return read_based_integer(s, ret) || read_decimal(s, ret);
}

/* A plain scalar without a tag. */
static struct sl_err *resolve_plain(struct sl_str s, yaml_mark_t mark, struct json *v)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", "yes", "Yes", "YES",
                                        "on",   "On",   "ON",   "y",   "Y",   NULL};
    static const char *const falses[] = {"false", "False", "FALSE", "no", "No", "NO",
                                         "off",   "Off",   "OFF",   "n",  "N",  NULL};
    static const char *const odd[] = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                      "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};
    if (is_one_of(s, nulls)) {
        v->type = JSON_NULL;
    } else if (is_one_of(s, trues) || is_one_of(s, falses)) {
        v->type = JSON_BOOL;
        v->boolean = is_one_of(s, trues);
    } else if (is_one_of(s, odd)) {
        return fail_at(mark, "%.*s has no place in JSON", SL_FMT(s));
    } else if (read_number(s, &v->number)) {
        v->type = JSON_NUMBER;
        if (is_whole_text(s) && fabs(v->number) > 0x1p53)
            return fail_at(mark, "%.*s is beyond 2^53; quote it to make it a string", SL_FMT(s));
    }
    return NULL;
}

/* A scalar with a tag of YAML's own: !!str and so on. */
static struct sl_err *resolve_tagged(struct sl_str tag, struct sl_str s, yaml_mark_t mark,
                                     struct json *v)
{
    if (sl_str_is(tag, "tag:yaml.org,2002:str") || sl_str_is(tag, "!"))
        return NULL;
    SL_TRY(resolve_plain(s, mark, v));
    if (sl_str_is(tag, "tag:yaml.org,2002:float") && v->type == JSON_NUMBER)
        return NULL;
    if (sl_str_is(tag, "tag:yaml.org,2002:int") && v->type == JSON_NUMBER && is_whole_text(s))
        return NULL;
    if (sl_str_is(tag, "tag:yaml.org,2002:bool") && v->type == JSON_BOOL)
        return NULL;
    if (sl_str_is(tag, "tag:yaml.org,2002:null") && v->type == JSON_NULL)
        return NULL;
    return fail_at(mark, "the tag %.*s is not supported, or does not fit '%.*s'", SL_FMT(tag),
                   SL_FMT(s));
}

/* ---- nodes ------------------------------------------------------------------------------------
 */

static struct sl_err *compose(struct composer *c, struct json **ret);

static struct sl_err *count_nodes(struct composer *c, size_t n, yaml_mark_t mark)
{
    c->nodes += n;
    if (c->nodes > SL_LIMIT_YAML_NODES)
        return fail_at(mark, "more than %d nodes, those of aliases included", SL_LIMIT_YAML_NODES);
    return NULL;
}

static size_t size_of(const struct json *v)
{
    size_t n = 1;
    for (size_t i = 0; i < v->n; i++)
        n += size_of(v->type == JSON_ARRAY ? v->items[i] : v->members[i].value);
    return n;
}

static int depth_of(const struct json *v)
{
    int deepest = 0;
    for (size_t i = 0; i < v->n; i++)
        deepest =
            SL_MAX(deepest, depth_of(v->type == JSON_ARRAY ? v->items[i] : v->members[i].value));
    return deepest + 1;
}

static struct json *new_node(struct composer *c, enum json_type type)
{
    struct json *v = SL_ARENA_NEW(c->a, struct json);
    v->type = type;
    v->line = (int)c->event.start_mark.line + 1;
    return v;
}

static struct sl_str anchor_of(const yaml_event_t *e)
{
    const yaml_char_t *name = e->type == YAML_SCALAR_EVENT           ? e->data.scalar.anchor
                              : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.anchor
                              : e->type == YAML_MAPPING_START_EVENT  ? e->data.mapping_start.anchor
                                                                     : NULL;
    return sl_str((const char *)name);
}

/* The aliased tree itself, not a copy: nothing changes a tree after parsing. It counts as a copy,
 * because whoever walks the tree walks it again. */
static struct sl_err *compose_alias(struct composer *c, struct json **ret)
{
    yaml_mark_t mark = c->event.start_mark;
    struct sl_str name = sl_str((const char *)c->event.data.alias.anchor);
    struct json *v = sl_map_find_ptr(&c->anchors, name);
    if (sl_map_find_ptr(&c->open, name))
        return fail_at(mark, "the alias *%.*s stands inside of its own anchor", SL_FMT(name));
    if (!v)
        return fail_at(mark, "there is no anchor &%.*s before this alias", SL_FMT(name));
    if (++c->aliases > SL_LIMIT_YAML_ALIASES)
        return fail_at(mark, "more than %d aliases", SL_LIMIT_YAML_ALIASES);
    SL_TRY(count_nodes(c, size_of(v), mark));
    if (c->depth + depth_of(v) > SL_LIMIT_YAML_DEPTH)
        return fail_at(mark, "nested deeper than %d", SL_LIMIT_YAML_DEPTH);
    *ret = v;
    return next_event(c);
}

static struct sl_err *compose_scalar(struct composer *c, struct json **ret)
{
    const yaml_event_t *e = &c->event;
    struct json *v = new_node(c, JSON_STRING);
    v->string =
        sl_arena_str(c->a, sl_strn((const char *)e->data.scalar.value, e->data.scalar.length));
    struct sl_str tag = sl_str((const char *)e->data.scalar.tag);
    if (tag.n)
        SL_TRY(resolve_tagged(tag, v->string, e->start_mark, v));
    else if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        SL_TRY(resolve_plain(v->string, e->start_mark, v));
    if (memchr(v->string.p, '\0', v->string.n))
        return fail_at(e->start_mark, "a NUL byte in a string");
    *ret = v;
    return next_event(c);
}

static struct sl_err *compose_sequence(struct composer *c, struct json **ret)
{
    struct json *v = new_node(c, JSON_ARRAY);
    SL_TRY(next_event(c));
    while (c->event.type != YAML_SEQUENCE_END_EVENT) {
        struct json *item;
        SL_TRY(compose(c, &item));
        json_push(c->a, v, item);
    }
    *ret = v;
    return next_event(c);
}

/* A mapping under way. */
struct mapping {
    struct json *object;
    struct sl_map own;    /* its keys */
    struct sl_map merged; /* keys that << has brought, and their values */
};

static void append_member(struct sl_arena *a, struct json *object, struct sl_str key,
                          struct json *value)
{
    if (object->n == object->capacity) {
        object->capacity = object->capacity ? object->capacity * 2 : 8;
        struct json_member *grown = SL_ARENA_ARRAY(a, struct json_member, object->capacity);
        if (object->n)
            memcpy(grown, object->members, object->n * sizeof(*grown));
        object->members = grown;
    }
    object->members[object->n++] = (struct json_member){key, value};
}

static struct sl_err *merge(struct composer *c, const struct json *from, yaml_mark_t mark,
                            struct mapping *m)
{
    for (size_t i = 0; from->type == JSON_ARRAY && i < from->n; i++) {
        if (from->items[i]->type != JSON_OBJECT)
            return fail_at(mark, "'<<' takes a mapping or a list of mappings");
        SL_TRY(merge(c, from->items[i], mark, m));
    }
    if (from->type != JSON_OBJECT)
        return from->type == JSON_ARRAY
                   ? NULL
                   : fail_at(mark, "'<<' takes a mapping or a list of mappings");
    for (size_t i = 0; i < from->n; i++) { /* the first that brings a key wins */
        bool added;
        uint64_t *value = sl_map_add(&m->merged, from->members[i].key, &added);
        if (added)
            *value = (uintptr_t)from->members[i].value;
    }
    return NULL;
}

static struct sl_err *compose_member(struct composer *c, struct mapping *m)
{
    yaml_mark_t mark = c->event.start_mark;
    bool plain =
        c->event.type == YAML_SCALAR_EVENT && c->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct json *key, *value;
    bool added;
    if (c->event.type != YAML_SCALAR_EVENT && c->event.type != YAML_ALIAS_EVENT)
        return fail_at(mark, "a key must be a scalar");
    SL_TRY(compose(c, &key));
    if (key->type == JSON_ARRAY || key->type == JSON_OBJECT)
        return fail_at(mark, "a key must be a scalar");
    SL_TRY(compose(c, &value));
    if (plain && sl_str_is(key->string, "<<"))
        return merge(c, value, mark, m);
    sl_map_add(&m->own, key->string, &added);
    if (!added)
        return fail_at(mark, "duplicate key '%.*s'", SL_FMT(key->string));
    append_member(c->a, m->object, key->string, value);
    return NULL;
}

static struct sl_err *compose_members(struct composer *c, struct mapping *m)
{
    SL_TRY(next_event(c));
    while (c->event.type != YAML_MAPPING_END_EVENT)
        SL_TRY(compose_member(c, m));
    for (size_t i = 0; i < m->merged.n; i++) {
        const struct sl_map_entry *e = &m->merged.entries[i];
        if (!sl_map_find(&m->own, e->key))
            append_member(c->a, m->object, sl_arena_str(c->a, e->key),
                          (struct json *)(uintptr_t)e->value);
    }
    return next_event(c);
}

static struct sl_err *compose_mapping(struct composer *c, struct json **ret)
{
    struct mapping m = {.object = new_node(c, JSON_OBJECT)};
    struct sl_err *err = compose_members(c, &m);
    sl_map_deinit(&m.own);
    sl_map_deinit(&m.merged);
    if (!err)
        *ret = m.object;
    return err;
}

/* Sets, ordered maps and tags of other programs have no place in JSON. */
static struct sl_err *check_tag(const struct composer *c, const yaml_char_t *text,
                                const char *expected)
{
    struct sl_str tag = sl_str((const char *)text);
    if (tag.n == 0 || sl_str_is(tag, "!") || sl_str_is(tag, expected))
        return NULL;
    return fail_at(c->event.start_mark, "the tag %.*s is not supported", SL_FMT(tag));
}

static struct sl_err *compose_node(struct composer *c, struct json **ret)
{
    switch (c->event.type) {
    case YAML_ALIAS_EVENT:
        return compose_alias(c, ret);
    case YAML_SCALAR_EVENT:
        return compose_scalar(c, ret);
    case YAML_SEQUENCE_START_EVENT:
        SL_TRY(check_tag(c, c->event.data.sequence_start.tag, "tag:yaml.org,2002:seq"));
        return compose_sequence(c, ret);
    case YAML_MAPPING_START_EVENT:
        SL_TRY(check_tag(c, c->event.data.mapping_start.tag, "tag:yaml.org,2002:map"));
        return compose_mapping(c, ret);
    default:
        return fail_at(c->event.start_mark, "expected a value");
    }
}

static struct sl_err *compose(struct composer *c, struct json **ret)
{
    yaml_mark_t mark = c->event.start_mark;
    struct sl_str anchor = sl_arena_str(c->a, anchor_of(&c->event));
    SL_TRY(count_nodes(c, 1, mark));
    if (++c->depth > SL_LIMIT_YAML_DEPTH)
        return fail_at(mark, "nested deeper than %d", SL_LIMIT_YAML_DEPTH);
    if (anchor.n)
        sl_map_set_ptr(&c->open, anchor, c);
    SL_TRY(compose_node(c, ret));
    if (anchor.n) {
        sl_map_set_ptr(&c->open, anchor, NULL);
        sl_map_set_ptr(&c->anchors, anchor, *ret);
    }
    c->depth--;
    return NULL;
}

/* ---- the stream -------------------------------------------------------------------------------
 */

static struct sl_err *compose_stream(struct composer *c, struct json *documents)
{
    SL_TRY(next_event(c)); /* stream start */
    SL_TRY(next_event(c));
    while (c->event.type == YAML_DOCUMENT_START_EVENT) {
        struct json *document;
        SL_TRY(next_event(c));
        sl_map_clear(&c->anchors);
        SL_TRY(compose(c, &document));
        if (document->type != JSON_NULL)
            json_push(c->a, documents, document);
        SL_TRY(next_event(c)); /* document end */
    }
    return NULL;
}

struct sl_err *yaml_parse(struct sl_arena *a, struct sl_str text, struct json ***ret_documents,
                          size_t *ret_n)
{
    if (text.n > SL_LIMIT_MANIFEST_BYTES)
        return SL_ERR(INVALID, "the text is longer than %zu bytes", SL_LIMIT_MANIFEST_BYTES);
    if (sl_str_starts(text, SL_STR("\xef\xbb\xbf"))) /* a byte order mark */
        text = sl_str_skip(text, 3);
    struct composer c = {.a = a};
    if (!yaml_parser_initialize(&c.parser))
        return SL_ERR(INTERNAL, "libyaml does not start");
    yaml_parser_set_encoding(&c.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&c.parser, (const unsigned char *)text.p, text.n);
    struct json *documents = json_new_array(a);
    struct sl_err *err = compose_stream(&c, documents);
    yaml_event_delete(&c.event);
    yaml_parser_delete(&c.parser);
    sl_map_deinit(&c.anchors);
    sl_map_deinit(&c.open);
    if (err)
        return err;
    *ret_documents = documents->items;
    *ret_n = documents->n;
    return NULL;
}
