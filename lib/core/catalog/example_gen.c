#include "core/catalog/example_gen.h"

#include "base/time.h"
#include "core/data/expr.h"

#include <stddef.h>

/* The number of a row's split is a byte. */
enum { MOST_SPLITS = 100 };

#define SPLIT(member) offsetof(struct example_gen_split, member)
#define BY(member)    offsetof(struct example_gen_split_by, member)
#define PARAM(member) offsetof(struct example_gen_params, member)

static const char *const formats[] = {"auto", "csv", "parquet", NULL};
static const char *const compressions[] = {"auto", "none", "gzip", "zstd", NULL};
static const char *const hashes[] = {"xxh3", "tfx", NULL};
static const char *const bad_rows[] = {"fail", "skip", NULL};

static const struct json_field split_fields[] = {
    {.name = "name",
     .kind = JSON_K_STRING,
     .offset = SPLIT(name),
     .required = true,
     .help = "letters, digits, '_' and '-'"},
    {.name = "buckets",
     .kind = JSON_K_INT,
     .offset = SPLIT(buckets),
     .otherwise = "1",
     .min = 1,
     .max = 1000000,
     .present_offset = SPLIT(has_buckets),
     .help = "the split's share of rows: of the sum of all splits' buckets"},
    {.name = "before",
     .kind = JSON_K_STRING,
     .offset = SPLIT(before),
     .help = "with splitBy.time: a date or time; rows before it that no split above has taken"},
    {.name = "input",
     .kind = JSON_K_ANY,
     .offset = SPLIT(input),
     .help = "the files of this split, for splits that are given"},
};
static const struct json_table split_table = JSON_TABLE(split_fields, struct example_gen_split);

static const struct json_field by_fields[] = {
    {.name = "hash",
     .kind = JSON_K_ENUM,
     .offset = BY(hash),
     .names = hashes,
     .otherwise = "\"xxh3\"",
     .present_offset = BY(has_hash),
     .help = "xxh3, or tfx: the assignment of TFX's CsvExampleGen"},
    {.name = "group",
     .kind = JSON_K_STRING,
     .offset = BY(group),
     .help = "a column: rows that share its value share a split"},
    {.name = "time",
     .kind = JSON_K_STRING,
     .offset = BY(time),
     .help = "a timestamp column that splits cut by 'before'"},
};
static const struct json_table by_table = JSON_TABLE(by_fields, struct example_gen_split_by);

static const struct json_field fields[] = {
    {.name = "input",
     .kind = JSON_K_ANY,
     .offset = PARAM(input),
     .help = "path, URI or glob of the files, or a list of them"},
    {.name = "format",
     .kind = JSON_K_ENUM,
     .offset = PARAM(format),
     .names = formats,
     .otherwise = "\"auto\"",
     .help = "auto looks at the files"},
    {.name = "delimiter",
     .kind = JSON_K_STRING,
     .offset = PARAM(delimiter),
     .help = "of CSV: one byte; a comma, in .tsv files a tab"},
    {.name = "header",
     .kind = JSON_K_BOOL,
     .offset = PARAM(header),
     .otherwise = "true",
     .help = "whether CSV files begin with a row of names"},
    {.name = "names",
     .kind = JSON_K_STRING_LIST,
     .offset = PARAM(names),
     .help = "names of CSV columns, in place of those of a header"},
    {.name = "compression",
     .kind = JSON_K_ENUM,
     .offset = PARAM(compression),
     .names = compressions,
     .otherwise = "\"auto\"",
     .help = "of CSV files"},
    {.name = "nulls",
     .kind = JSON_K_STRING_LIST,
     .offset = PARAM(nulls),
     .help = "CSV texts that mean missing, beside the empty one"},
    {.name = "types",
     .kind = JSON_K_ANY,
     .offset = PARAM(types),
     .help = "an object: column to int, double, bool, timestamp or string; others are inferred"},
    {.name = "columns",
     .kind = JSON_K_STRING_LIST,
     .offset = PARAM(columns),
     .help = "the columns to take; all when omitted"},
    {.name = "exclude",
     .kind = JSON_K_STRING_LIST,
     .offset = PARAM(exclude),
     .help = "columns to leave out"},
    {.name = "filter",
     .kind = JSON_K_STRING,
     .offset = PARAM(filter),
     .help = "an expression over columns; rows for which it is not true are left out"},
    {.name = "onBadRow",
     .kind = JSON_K_ENUM,
     .offset = PARAM(on_bad_row),
     .names = bad_rows,
     .otherwise = "\"fail\"",
     .help = "skip leaves bad rows out and reports them"},
    {.name = "splits",
     .kind = JSON_K_OBJECT_LIST,
     .offset = PARAM(splits),
     .table = &split_table,
     .otherwise = "[{\"name\": \"train\", \"buckets\": 8}, {\"name\": \"val\", \"buckets\": 1}, "
                  "{\"name\": \"eval\", \"buckets\": 1}]",
     .help = "train, val and eval with 8, 1 and 1 buckets"},
    {.name = "splitBy",
     .kind = JSON_K_OBJECT,
     .offset = PARAM(split_by),
     .table = &by_table,
     .help = "how rows find their split: by a hash of the row"},
    {.name = "span",
     .kind = JSON_K_INT,
     .offset = PARAM(span),
     .otherwise = "0",
     .min = 0,
     .max = 9007199254740992.0,
     .help = "number of this batch of data: a day, a counter"},
    {.name = "memory",
     .kind = JSON_K_BYTES,
     .offset = PARAM(memory),
     .otherwise = "\"512Mi\"",
     .help = "to keep within, whatever the size of the input"},
};
static const struct json_table table = JSON_TABLE(fields, struct example_gen_params);

enum example_gen_rule example_gen_rule_of(const struct example_gen_params *p)
{
    if (!p->input)
        return EXAMPLE_GEN_GIVEN;
    return p->split_by.time.n ? EXAMPLE_GEN_BY_TIME : EXAMPLE_GEN_BY_HASH;
}

static bool is_files(const struct json *v)
{
    if (v->type == JSON_STRING)
        return v->string.n > 0;
    bool ok = v->type == JSON_ARRAY && v->n > 0;
    for (size_t i = 0; ok && i < v->n; i++)
        ok = v->items[i]->type == JSON_STRING && v->items[i]->string.n > 0;
    return ok;
}

static bool is_split_name(struct sl_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (i == 0 || (c != '_' && c != '-')))
            return false;
    }
    return s.n > 0 && s.n <= 128;
}

#define FAIL(line, path, ...) diag_add(l, DIAG_ERROR, (line), (path), __VA_ARGS__)

static struct sl_str join(struct diag_list *l, struct sl_str path, const char *name)
{
    return sl_arena_format(l->a, "%.*s.%s", SL_FMT(path), name);
}

static void check_split(struct diag_list *l, const struct example_gen_params *p, size_t index,
                        struct sl_str path)
{
    const struct example_gen_split *splits = p->splits.p, *s = &splits[index];
    enum example_gen_rule rule = example_gen_rule_of(p);
    int64_t time_us;
    if (!is_split_name(s->name))
        FAIL(0, join(l, path, "name"), "expected letters, digits, '_' and '-', got '%.*s'",
             SL_FMT(s->name));
    for (size_t i = 0; i < index; i++)
        if (sl_str_eq(splits[i].name, s->name))
            FAIL(0, join(l, path, "name"), "there are two splits '%.*s'", SL_FMT(s->name));
    if (rule == EXAMPLE_GEN_GIVEN && (!s->input || !is_files(s->input)))
        FAIL(0, join(l, path, "input"),
             "expected a path or a list of paths: without a common "
             "input each split has its own");
    if (rule != EXAMPLE_GEN_GIVEN && s->input)
        FAIL(0, join(l, path, "input"), "either the component has an input, or each split");
    if (rule == EXAMPLE_GEN_BY_TIME && index + 1 < p->splits.n && !s->before.n)
        FAIL(0, join(l, path, "before"),
             "expected a date or time: splitBy.time is set, and this "
             "is not the last split");
    if (rule != EXAMPLE_GEN_BY_TIME && s->before.n)
        FAIL(0, join(l, path, "before"), "needs splitBy.time: the column that is compared");
    if (s->before.n && !sl_time_parse(s->before, &time_us))
        FAIL(0, join(l, path, "before"),
             "expected a date or time (2026-11-22T07:38:57Z), got '%.*s'", SL_FMT(s->before));
    if (rule != EXAMPLE_GEN_BY_HASH && s->has_buckets)
        FAIL(0, join(l, path, "buckets"), "has no meaning here: rows are not split by hash");
}

static void check_types(struct diag_list *l, const struct json *types, struct sl_str path)
{
    enum column_type type;
    if (types->type != JSON_OBJECT) {
        FAIL(types->line, path, "expected an object of column names to types");
        return;
    }
    for (size_t i = 0; i < types->n; i++) {
        const struct json *v = types->members[i].value;
        struct sl_str at =
            sl_arena_format(l->a, "%.*s.%.*s", SL_FMT(path), SL_FMT(types->members[i].key));
        if (v->type != JSON_STRING || !column_type_find(v->string, &type) || type == COLUMN_FLOAT)
            FAIL(v->line, at, "expected int, double, bool, timestamp or string");
    }
}

static void check_names(struct diag_list *l, const struct json_strings *names, struct sl_str path)
{
    for (size_t i = 0; i < names->n; i++)
        for (size_t k = 0; k < i; k++)
            if (sl_str_eq(names->p[i], names->p[k]))
                FAIL(0, path, "'%.*s' is there twice", SL_FMT(names->p[i]));
}

static void check_filter(struct diag_list *l, struct sl_str filter, struct sl_str path)
{
    struct expr *parsed;
    struct sl_err *err = expr_parse(l->a, filter, &parsed);
    if (!err)
        return;
    SL_AUTOBUF(text, 0);
    sl_err_format(err, &text);
    sl_err_free(err);
    FAIL(0, path, "%s", sl_buf_str(&text).p);
}

static void check_split_by(struct diag_list *l, const struct example_gen_params *p,
                           struct sl_str path)
{
    const struct example_gen_split_by *by = &p->split_by;
    bool tfx = by->has_hash && by->hash == EXAMPLE_GEN_TFX;
    if (by->time.n && (by->group.n || by->has_hash))
        FAIL(0, path, "rows are split by time or by a hash, not by both");
    if (!p->input && (by->time.n || by->group.n || by->has_hash))
        FAIL(0, path, "has no meaning where each split has its own input");
    if (tfx && p->format == EXAMPLE_GEN_PARQUET)
        FAIL(0, join(l, path, "hash"), "tfx is defined for CSV only");
}

static void check(struct diag_list *l, const void *params, struct sl_str path)
{
    const struct example_gen_params *p = params;
    const struct example_gen_split *splits = p->splits.p;
    bool given = p->splits.n && splits[0].input;
    if (p->input ? !is_files(p->input) : !given)
        FAIL(0, join(l, path, "input"), "expected a path, URI or glob, or a list of them");
    if (p->delimiter.n > 1 || (p->delimiter.n && strchr("\"\r\n", p->delimiter.p[0])))
        FAIL(0, join(l, path, "delimiter"), "expected one byte that is no quote and no line end");
    if (!p->header && !p->names.n && p->format == EXAMPLE_GEN_CSV)
        FAIL(0, join(l, path, "names"), "expected the names of the columns: there is no header");
    if (p->splits.n == 0 || p->splits.n > MOST_SPLITS)
        FAIL(0, join(l, path, "splits"), "expected at least one split, and at most %d",
             MOST_SPLITS);
    for (size_t i = 0; i < p->splits.n; i++)
        check_split(l, p, i, sl_arena_format(l->a, "%.*s.splits[%zu]", SL_FMT(path), i));
    if (p->types)
        check_types(l, p->types, join(l, path, "types"));
    check_names(l, &p->names, join(l, path, "names"));
    check_names(l, &p->columns, join(l, path, "columns"));
    if (p->filter.n)
        check_filter(l, p->filter, join(l, path, "filter"));
    check_split_by(l, p, join(l, path, "splitBy"));
    if (p->memory < (int64_t)256 << 20)
        FAIL(0, join(l, path, "memory"), "expected at least 256Mi");
}

static const struct catalog_port no_inputs[] = {{0}};
static const struct catalog_port outputs[] = {
    {.name = "examples", .type = "Examples", .help = "splits of rows as Parquet"},
    {0},
};
static const char *const file_params[] = {"input", "splits[].input", NULL};

const struct catalog_component catalog_example_gen = {
    .name = "ExampleGen",
    .executable = "example_gen",
    .help = "Reads CSV or Parquet files, infers the types of columns, splits the rows.",
    .inputs = no_inputs,
    .outputs = outputs,
    .params = &table,
    .file_params = file_params,
    .check = check,
};
