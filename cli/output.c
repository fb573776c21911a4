#include "cli/output.h"

#include "base/time.h"

enum { DIGEST_DIGITS = 12, GAP = 2 };

struct sl_err *output_parse(struct sl_str s, enum output_format *ret)
{
    static const struct {
        const char *name;
        enum output_format format;
    } names[] = {{"table", OUTPUT_TABLE}, {"json", OUTPUT_JSON}, {"yaml", OUTPUT_YAML}};
    for (size_t i = 0; i < SL_COUNTOF(names); i++) {
        if (sl_str_is(s, names[i].name)) {
            *ret = names[i].format;
            return NULL;
        }
    }
    return SL_ERR(INVALID, "-o: expected table, json or yaml, got '%.*s'", SL_FMT(s));
}

static void print(const struct sl_buf *b)
{
    fwrite(b->p ? b->p : "", 1, b->n, stdout);
}

/* ---- YAML ------------------------------------------------------------------------------------ */
/* Plain only what starts with a letter and holds nothing that YAML, in any version, has a meaning
 * for; words that are booleans or null somewhere are quoted. */
static bool plain(struct sl_str s)
{
    static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};
    if (s.n == 0 || s.n > 200)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
        bool inside = (c >= '0' && c <= '9') || c == '-' || c == '.' || (c == ' ' && i + 1 < s.n);
        if (!letter && (i == 0 || !inside))
            return false;
    }
    for (size_t i = 0; i < SL_COUNTOF(words); i++)
        if (s.n == strlen(words[i]) && strncasecmp(s.p, words[i], s.n) == 0)
            return false;
    return true;
}

static void yaml_string(struct sl_str s, struct sl_buf *b)
{
    if (plain(s))
        sl_buf_add_str(b, s);
    else
        json_format_string(s, b); /* JSON's strings are YAML's double-quoted ones. */
}

static void yaml_value(const struct json *v, size_t indent, bool in_list, struct sl_buf *b);

static void yaml_indent(size_t indent, struct sl_buf *b)
{
    for (size_t i = 0; i < indent; i++)
        sl_buf_add_char(b, ' ');
}

static bool is_block(const struct json *v)
{
    return (v->type == JSON_OBJECT || v->type == JSON_ARRAY) && v->n > 0;
}

static void yaml_object(const struct json *v, size_t indent, bool in_list, struct sl_buf *b)
{
    for (size_t i = 0; i < v->n; i++) {
        if (i || !in_list)
            yaml_indent(indent, b);
        yaml_string(v->members[i].key, b);
        sl_buf_add_cstr(b, is_block(v->members[i].value) ? ":\n" : ": ");
        bool list = v->members[i].value->type == JSON_ARRAY;
        yaml_value(v->members[i].value, indent + (list ? 0 : 2), false, b);
    }
}

static void yaml_array(const struct json *v, size_t indent, bool in_list, struct sl_buf *b)
{
    for (size_t i = 0; i < v->n; i++) {
        if (i || !in_list)
            yaml_indent(indent, b);
        sl_buf_add_cstr(b, "- ");
        yaml_value(v->items[i], indent + 2, true, b);
    }
}

static void yaml_value(const struct json *v, size_t indent, bool in_list, struct sl_buf *b)
{
    if (is_block(v)) {
        if (v->type == JSON_OBJECT)
            yaml_object(v, indent, in_list, b);
        else
            yaml_array(v, indent, in_list, b);
        return;
    }
    if (v->type == JSON_STRING)
        yaml_string(v->string, b);
    else
        json_format(v, JSON_COMPACT, b);
    sl_buf_add_char(b, '\n');
}

/* `v` as YAML, block style, every string quoted that any reader might take for something else. */
static void format_yaml(const struct json *v, struct sl_buf *b)
{
    yaml_value(v, 0, false, b);
}

void output_value(enum output_format format, const struct json *v)
{
    SL_AUTOBUF(b, 0);
    if (format == OUTPUT_YAML)
        format_yaml(v, &b);
    else
        json_format(v, JSON_PRETTY, &b);
    print(&b);
}

/* ---- tables ---------------------------------------------------------------------------------- */
static void add_bytes(struct sl_buf *b, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t u = 0;
    while (bytes >= 1024 && u + 1 < SL_COUNTOF(units)) {
        bytes /= 1024;
        u++;
    }
    sl_buf_format(b, u ? "%.1f %s" : "%.0f %s", bytes, units[u]);
}

/* "2026-11-22T07:38:57.25Z" as "2026-11-22 07:38:57". */
static void add_time(struct sl_buf *b, struct sl_str s)
{
    enum { DATE = 10, SECOND = 19 };
    if (s.n < SECOND) {
        sl_buf_add_str(b, s);
        return;
    }
    sl_buf_add(b, s.p, DATE);
    sl_buf_add_char(b, ' ');
    sl_buf_add(b, s.p + DATE + 1, SECOND - DATE - 1);
}

static void add_number(struct sl_buf *b, enum output_kind kind, const struct json *v)
{
    char duration[SL_TIME_TEXT];
    if (kind == OUTPUT_SECONDS) {
        sl_duration_format((int64_t)(v->number * 1e6), duration);
        sl_buf_add_cstr(b, duration);
    } else if (kind == OUTPUT_BYTES) {
        add_bytes(b, v->number);
    } else {
        json_format(v, JSON_COMPACT, b);
    }
}

/* Control characters would break the table, or the terminal. */
static void add_clean(struct sl_buf *b, struct sl_str s)
{
    for (size_t i = 0; i < s.n; i++)
        sl_buf_add_char(b, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? ' ' : s.p[i]);
}

static void add_cell(struct sl_buf *b, const struct json *v, enum output_kind kind)
{
    if (!v || v->type == JSON_NULL || (v->type == JSON_STRING && v->string.n == 0))
        sl_buf_add_char(b, '-');
    else if (v->type == JSON_NUMBER)
        add_number(b, kind, v);
    else if (v->type != JSON_STRING)
        json_format(v, JSON_COMPACT, b);
    else if (kind == OUTPUT_DIGEST)
        add_clean(b, sl_strn(v->string.p, SL_MIN(v->string.n, (size_t)DIGEST_DIGITS)));
    else if (kind == OUTPUT_TIME)
        add_time(b, v->string);
    else
        add_clean(b, v->string);
}

/* Code points, which is what a terminal counts for the texts that stand here. */
static size_t width_of(struct sl_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static void print_table(const struct json *list, const struct output_column *columns, size_t n)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(line, 0);
    size_t rows = list->n + 1;
    struct sl_str *cells = SL_ARENA_ARRAY(a, struct sl_str, rows * n);
    size_t *width = SL_ARENA_ARRAY(a, size_t, n);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < n; c++) {
            SL_AUTOBUF(cell, 0);
            if (r == 0)
                sl_buf_add_cstr(&cell, columns[c].title);
            else
                add_cell(&cell, json_get(list->items[r - 1], columns[c].member), columns[c].kind);
            cells[r * n + c] = sl_arena_str(a, sl_buf_str(&cell));
            width[c] = SL_MAX(width[c], width_of(cells[r * n + c]));
        }
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < n; c++) {
            sl_buf_add_str(&line, cells[r * n + c]);
            if (c + 1 < n)
                yaml_indent(width[c] - width_of(cells[r * n + c]) + GAP, &line);
        }
        sl_buf_add_char(&line, '\n');
    }
    print(&line);
}

void output_list(enum output_format format, const struct json *list,
                 const struct output_column *columns, size_t n, const char *none)
{
    if (format != OUTPUT_TABLE)
        output_value(format, list);
    else if (list->n == 0)
        printf("%s\n", none);
    else
        print_table(list, columns, n);
}
