#include "store/examples.h"

#include "base/limits.h"
#include "base/vec.h"
#include "codec/diag.h"
#include "core/data/parquet_column.h"

struct part {
    const struct examples *examples;
    struct sl_str path;
    const struct parquet_file *file;
    int *columns; /* (n_columns) index in the file of each column */
};

/* Which row group of which part a group is. */
struct place {
    const struct part *part;
    size_t row_group;
};

struct examples_parts {
    struct place **places; /* by split and group */
};

static struct sl_err *read_part(void *ctx, uint64_t offset, void *to, size_t n)
{
    const struct part *part = ctx;
    return artifact_pread(part->examples->artifact, part->path, (int64_t)offset, to, n);
}

static struct sl_err *decode_columns(struct sl_arena *a, struct examples *e)
{
    const struct json *columns = json_get(e->artifact->properties, "columns");
    if (!columns || columns->type != JSON_ARRAY || columns->n > SL_LIMIT_COLUMNS)
        return SL_ERR(CORRUPT, "property 'columns': expected a list of columns");
    e->columns = SL_ARENA_ARRAY(a, struct column_spec, columns->n);
    e->n_columns = columns->n;
    for (size_t i = 0; i < columns->n; i++) {
        struct sl_str type = json_get_string(columns->items[i], "type", SL_STR(""));
        e->columns[i].name = json_get_string(columns->items[i], "name", SL_STR(""));
        if (!column_type_find(type, &e->columns[i].type))
            return SL_ERR(CORRUPT, "property 'columns': column '%.*s' has no known type '%.*s'",
                          SL_FMT(e->columns[i].name), SL_FMT(type));
    }
    return NULL;
}

/* Every column of the artifact is in the part, with its type. */
static struct sl_err *match_columns(struct sl_arena *a, const struct examples *e, struct part *part)
{
    part->columns = SL_ARENA_ARRAY(a, int, e->n_columns);
    for (size_t i = 0; i < e->n_columns; i++) {
        struct sl_str name = e->columns[i].name;
        const struct parquet_column *c = parquet_find_column(part->file, name);
        if (!c)
            return SL_ERR(CORRUPT, "there is no column '%.*s'", SL_FMT(name));
        if (c->kind != parquet_kind_of(e->columns[i].type))
            return SL_ERR(CORRUPT, "column '%.*s': expected %s, found %.*s", SL_FMT(name),
                          column_type_name(e->columns[i].type), SL_FMT(c->type));
        part->columns[i] = (int)(c - part->file->columns);
    }
    return NULL;
}

static struct sl_err *open_part(struct sl_arena *a, const struct examples *e,
                                const struct artifact_file_entry *entry, struct part **ret)
{
    struct part *part = SL_ARENA_NEW(a, struct part);
    part->examples = e;
    part->path = entry->path;
    struct parquet_source source = {.read = read_part, .ctx = part, .size = (uint64_t)entry->bytes};
    SL_TRY(parquet_open(a, &source, NULL, &part->file), "'%.*s'", SL_FMT(entry->path));
    SL_TRY(match_columns(a, e, part), "'%.*s'", SL_FMT(entry->path));
    *ret = part;
    return NULL;
}

typedef SL_VEC(struct place) place_vec;

static struct sl_err *open_parts(struct sl_arena *a, const struct examples *e, struct sl_str name,
                                 place_vec *places)
{
    struct sl_str folder = sl_arena_format(a, "Split-%.*s/", SL_FMT(name));
    for (size_t i = 0; i < e->artifact->n_files; i++) {
        const struct artifact_file_entry *entry = &e->artifact->files[i];
        struct part *part = NULL;
        if (!sl_str_starts(entry->path, folder) || !sl_str_ends(entry->path, SL_STR(".parquet")))
            continue;
        SL_TRY(open_part(a, e, entry, &part));
        for (size_t g = 0; g < part->file->row_group_count; g++)
            *sl_vec_add(places) = (struct place){part, g};
    }
    return NULL;
}

static struct sl_err *open_split(struct sl_arena *a, struct examples *e, struct sl_str name,
                                 size_t index)
{
    place_vec places = {0};
    struct sl_err *err = open_parts(a, e, name, &places);
    struct examples_split *split = &e->splits[index];
    split->name = name;
    split->n_groups = places.n;
    split->groups = SL_ARENA_ARRAY(a, struct examples_group, places.n);
    e->parts->places[index] = sl_arena_copy(a, places.p, places.n * sizeof(*places.p));
    for (size_t g = 0; g < places.n; g++) {
        const struct place *place = &places.p[g];
        split->groups[g].first_row = split->n_rows;
        split->groups[g].n_rows = (int64_t)place->part->file->row_groups[place->row_group].rows;
        split->n_rows += split->groups[g].n_rows;
    }
    sl_vec_deinit(&places);
    SL_TRY(err);
    double rows = json_get_number(json_get(e->artifact->properties, "rows"), sl_arena_cstr(a, name),
                                  (double)split->n_rows);
    if (rows != (double)split->n_rows)
        return SL_ERR(CORRUPT, "split '%.*s' has %lld rows, expected %.0f", SL_FMT(name),
                      (long long)split->n_rows, rows);
    return NULL;
}

static struct sl_err *open_splits(struct sl_arena *a, struct examples *e)
{
    const struct json *splits = json_get(e->artifact->properties, "splits");
    if (!splits || splits->type != JSON_ARRAY || splits->n == 0)
        return SL_ERR(CORRUPT, "property 'splits': expected a list of names");
    e->n_splits = splits->n;
    e->splits = SL_ARENA_ARRAY(a, struct examples_split, splits->n);
    e->parts = SL_ARENA_NEW(a, struct examples_parts);
    e->parts->places = SL_ARENA_ARRAY(a, struct place *, splits->n);
    for (size_t i = 0; i < splits->n; i++) {
        if (splits->items[i]->type != JSON_STRING)
            return SL_ERR(CORRUPT, "property 'splits': expected a list of names");
        SL_TRY(open_split(a, e, splits->items[i]->string, i));
    }
    return NULL;
}

struct sl_err *examples_open(struct sl_arena *a, const struct artifact *t, struct examples **ret)
{
    struct examples *e = SL_ARENA_NEW(a, struct examples);
    e->artifact = t;
    SL_TRY(decode_columns(a, e), "'%.*s'", SL_FMT(t->uri));
    SL_TRY(open_splits(a, e), "'%.*s'", SL_FMT(t->uri));
    *ret = e;
    return NULL;
}

const struct examples_split *examples_find_split(const struct examples *e, struct sl_str name)
{
    for (size_t i = 0; i < e->n_splits; i++)
        if (sl_str_eq(e->splits[i].name, name))
            return &e->splits[i];
    return NULL;
}

struct sl_err *examples_get_split(struct sl_arena *a, const struct examples *e, struct sl_str name,
                                  const struct examples_split **ret)
{
    const struct examples_split *split = examples_find_split(e, name);
    if (!split) {
        struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, e->n_splits);
        for (size_t i = 0; i < e->n_splits; i++)
            names[i] = e->splits[i].name;
        return SL_ERR(INVALID, "the examples have no split '%.*s'%s", SL_FMT(name),
                      diag_did_you_mean(a, name, names, e->n_splits));
    }
    *ret = split;
    return NULL;
}

struct sl_err *examples_select(struct sl_arena *a, const struct examples *e,
                               const struct sl_str *names, size_t n, struct examples_selection *ret)
{
    size_t n_groups = 0;
    for (size_t i = 0; i < e->n_splits; i++)
        n_groups += e->splits[i].n_groups;
    struct examples_selection s = {.groups = SL_ARENA_ARRAY(a, struct examples_selected, n_groups)};
    bool *chosen = SL_ARENA_ARRAY(a, bool, e->n_splits);
    for (size_t i = 0; names && i < n; i++) {
        const struct examples_split *split;
        SL_TRY(examples_get_split(a, e, names[i], &split));
        chosen[split - e->splits] = true;
    }
    for (size_t i = 0; i < e->n_splits; i++) {
        for (size_t g = 0; (chosen[i] || !names) && g < e->splits[i].n_groups; g++) {
            s.groups[s.n_groups++] = (struct examples_selected){&e->splits[i], g};
            s.n_rows += (uint64_t)e->splits[i].groups[g].n_rows;
        }
    }
    *ret = s;
    return NULL;
}

int examples_find_column(const struct examples *e, struct sl_str name)
{
    for (size_t i = 0; i < e->n_columns; i++)
        if (sl_str_eq(e->columns[i].name, name))
            return (int)i;
    return -1;
}

struct sl_err *examples_get_column(struct sl_arena *a, const struct examples *e, struct sl_str name,
                                   int *ret)
{
    int index = examples_find_column(e, name);
    if (index < 0) {
        struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, e->n_columns);
        for (size_t i = 0; i < e->n_columns; i++)
            names[i] = e->columns[i].name;
        return SL_ERR(INVALID, "the examples have no column '%.*s'%s", SL_FMT(name),
                      diag_did_you_mean(a, name, names, e->n_columns));
    }
    *ret = index;
    return NULL;
}

struct sl_err *examples_read_group(struct sl_arena *a, const struct examples *e,
                                   const struct examples_split *split, size_t group,
                                   const int *columns, size_t n, struct table *ret)
{
    const struct place *place = &e->parts->places[split - e->splits][group];
    const struct part *part = place->part;
    PARQUET_AUTOWORKSPACE(ws);
    n = columns ? n : e->n_columns;
    struct table t = {.columns = SL_ARENA_ARRAY(a, struct column, n),
                      .n_columns = n,
                      .n_rows = (size_t)split->groups[group].n_rows};
    for (size_t i = 0; i < n; i++) {
        size_t index = columns ? (size_t)columns[i] : i;
        struct parquet_vector v;
        SL_TRY(parquet_read_column(a, part->file, ws, place->row_group,
                                   (size_t)part->columns[index], &v),
               "'%.*s'", SL_FMT(part->path));
        t.columns[i] = parquet_column_of(a, &v, e->columns[index].name);
    }
    *ret = t;
    return NULL;
}
