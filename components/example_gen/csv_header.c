/* The first row of CSV files: names of columns. */
#include "csv_input.h"

#include "base/limits.h"
#include "base/map.h"
#include "codec/diag.h"

static char delimiter_of(const struct ingest *g)
{
    if (g->p->delimiter.n)
        return g->p->delimiter.p[0];
    return sl_str_find(g->files[0].name, SL_STR(".tsv")) >= 0 ? '\t' : ',';
}

static struct sl_err *check_header(const struct source *f, uint64_t line,
                                   const struct sl_str *names, size_t n)
{
    SL_AUTOMAP(seen);
    bool added;
    if (n > SL_LIMIT_COLUMNS)
        return SL_ERR(INVALID, "%.*s: %zu columns, expected at most %d", SL_FMT(f->name), n,
                      SL_LIMIT_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        if (names[i].n == 0 || !sl_str_is_utf8(names[i]))
            return SL_ERR(INVALID, "%.*s:%llu: column %zu: expected a name", SL_FMT(f->name),
                          (unsigned long long)line, i + 1);
        sl_map_add(&seen, names[i], &added);
        if (!added)
            return SL_ERR(INVALID, "%.*s:%llu: there are two columns '%.*s'", SL_FMT(f->name),
                          (unsigned long long)line, SL_FMT(names[i]));
    }
    return NULL;
}

static struct sl_err *check_given_types(const struct csv_input *in, const struct sl_str *names,
                                        size_t n)
{
    const struct json *types = in->g->p->types;
    for (size_t i = 0; types && i < types->n; i++) {
        bool found = false;
        for (size_t k = 0; k < n; k++)
            found |= sl_str_eq(names[k], types->members[i].key);
        if (!found)
            return SL_ERR(INVALID, "parameter 'types': there is no column '%.*s'%s",
                          SL_FMT(types->members[i].key),
                          diag_did_you_mean(in->g->s->a, types->members[i].key, names, n));
    }
    return NULL;
}

static struct sl_err *set_columns(struct csv_input *in, const struct sl_str *names, size_t n)
{
    struct ingest *g = in->g;
    struct sl_arena *a = g->s->a;
    bool *needed = SL_ARENA_ARRAY(a, bool, n);
    SL_TRY(router_needs(a, g->p, names, n, needed));
    SL_TRY(check_given_types(in, names, n));
    in->columns = SL_ARENA_ARRAY(a, struct csv_column, n);
    in->seen = SL_ARENA_ARRAY(a, unsigned, n);
    in->kinds = SL_ARENA_ARRAY(a, enum tfx_kind, n);
    for (size_t i = 0; i < n; i++) {
        struct csv_column *c = &in->columns[i];
        const struct json *type = json_get_str(g->p->types, names[i]);
        *c = (struct csv_column){.name = sl_arena_str(a, names[i]), .wanted = needed[i]};
        c->given = type && column_type_find(type->string, &c->type);
    }
    in->layout = (struct csv_layout){.delimiter = delimiter_of(g),
                                     .columns = in->columns,
                                     .n_columns = n,
                                     .nulls = g->p->nulls.p,
                                     .n_nulls = g->p->nulls.n};
    return NULL;
}

/* The names in the first row, or those that were given, or column0, column1, ... */
static struct sl_err *names_of(struct csv_input *in, const struct source *f, uint64_t line,
                               const struct sl_str *cells, size_t n, struct sl_str **ret)
{
    const struct json_strings *given = &in->g->p->names;
    struct sl_arena *a = in->g->s->a;
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, n);
    if (given->n && given->n != n)
        return SL_ERR(INVALID, "%.*s:%llu: expected %zu cells, one for each of 'names', got %zu",
                      SL_FMT(f->name), (unsigned long long)line, given->n, n);
    for (size_t i = 0; i < n; i++)
        names[i] = given->n           ? given->p[i]
                   : in->g->p->header ? sl_str_trim(cells[i])
                                      : sl_arena_format(a, "column%zu", i);
    SL_TRY(check_header(f, line, names, n));
    *ret = names;
    return NULL;
}

static struct sl_err *same_columns(const struct csv_input *in, const struct source *f,
                                   const struct sl_str *names, size_t n)
{
    struct sl_str first = in->g->files[0].name;
    if (n != in->layout.n_columns)
        return SL_ERR(INVALID, "%.*s: %zu columns, expected %zu as in %.*s", SL_FMT(f->name), n,
                      in->layout.n_columns, SL_FMT(first));
    for (size_t i = 0; i < n; i++)
        if (!sl_str_eq(names[i], in->columns[i].name))
            return SL_ERR(INVALID, "%.*s: column %zu is '%.*s', expected '%.*s' as in %.*s",
                          SL_FMT(f->name), i + 1, SL_FMT(names[i]), SL_FMT(in->columns[i].name),
                          SL_FMT(first));
    return NULL;
}

struct sl_err *csv_header_read(struct csv_input *in, struct csv_segment *s)
{
    const struct source *f = &in->g->files[s->file];
    SL_AUTOARENA(a);
    struct sl_str text = {in->window.text, s->end}, *cells = NULL, *names = NULL;
    size_t n = 0, end = s->start;
    if (sl_str_starts(sl_str_skip(text, s->start), SL_STR("\xef\xbb\xbf")))
        s->start += 3;
    s->first = false;
    if (s->start == s->end && s->final && !in->g->p->header)
        return NULL;
    if (s->start == s->end && s->final)
        return SL_ERR(INVALID, "%.*s: the file is empty, expected a header", SL_FMT(f->name));
    SL_TRY(csv_read_row(a, text, s->start, delimiter_of(in->g), s->final, &cells, &n, &end),
           "%.*s:1", SL_FMT(f->name));
    SL_TRY(names_of(in, f, 1, cells, n, &names));
    if (!in->columns)
        SL_TRY(set_columns(in, names, n));
    SL_TRY(same_columns(in, f, names, n));
    if (in->g->p->header) {
        s->line += csv_count_lines(sl_strn(text.p + s->start, end - s->start));
        s->start = end;
    }
    return NULL;
}
