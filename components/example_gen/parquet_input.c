/* Parquet files to examples.
 *
 * Row groups are read one after another, their columns at the same time, and handed on in slices.
 * The type of a column is joined over all files from their footers; but integers beyond 2^53 make a
 * column of strings, and whether there are any is known only when all have been read: if one is
 * met, everything is read a second time with the right type. */
#include "ingest.h"

#include "base/limits.h"
#include "codec/diag.h"
#include "core/data/convert.h"
#include "core/data/parquet_column.h"

enum { SLICE_ROWS = 65536 };

struct input_file {
    const struct source *source;
    struct parquet_source parquet;
    const struct parquet_file *file;
    size_t *columns; /* (n_columns) index in the file of each column of the input */
};

struct input_column {
    struct sl_str name;
    bool given;
    enum column_type type;
    bool wide; /* holds integers beyond 2^53 */
};

struct parquet_input {
    struct ingest *g;
    struct sl_arena *a; /* as long as the step */
    struct input_file *files;
    struct input_column *columns; /* those that are needed */
    size_t n_columns;

    bool stale; /* a column turned out to be of another type: only look */

    /* Of the row group that is being read. */
    const struct input_file *now;
    size_t row_group;
    uint64_t first_row;                    /* of the row group in the file */
    struct sl_arena *group;                /* cleared for each */
    struct sl_arena **arenas;              /* (n_columns) the same */
    struct parquet_workspace **workspaces; /* (threads) */
    struct column *read;                   /* (n_columns) */
    uint8_t **failed;                      /* (n_columns) (rows) 1: bad; NULL: none is */
    struct table table;                    /* the good rows */
    struct sl_arena **slice_arenas;
    struct routed *routed; /* (slices) */
};

/* ---- opening -----------------------------------------------------------------------------------
 */

static struct sl_err *read_source(void *ctx, uint64_t offset, void *to, size_t n)
{
    return source_read(ctx, (int64_t)offset, to, n);
}

static struct sl_err *open_file(struct parquet_input *in, size_t index)
{
    struct input_file *f = &in->files[index];
    f->source = &in->g->files[index];
    f->parquet = (struct parquet_source){.read = read_source,
                                         .ctx = sl_arena_copy(in->a, f->source, sizeof(*f->source)),
                                         .size = (uint64_t)f->source->bytes};
    return parquet_open(in->a, &f->parquet, NULL, &f->file);
}

static struct sl_err *names_of(struct parquet_input *in, struct sl_str **ret, size_t *ret_n)
{
    const struct parquet_file *f = in->files[0].file;
    struct sl_str *names = SL_ARENA_ARRAY(in->a, struct sl_str, f->column_count);
    for (size_t i = 0; i < f->column_count; i++)
        names[i] = f->columns[i].name;
    if (f->column_count > SL_LIMIT_COLUMNS)
        return SL_ERR(INVALID, "%.*s: %zu columns, expected at most %d",
                      SL_FMT(in->g->files[0].name), f->column_count, SL_LIMIT_COLUMNS);
    *ret = names;
    *ret_n = f->column_count;
    return NULL;
}

static struct sl_err *choose_columns(struct parquet_input *in)
{
    struct sl_str *names;
    size_t n;
    const struct json *types = in->g->p->types;
    SL_TRY(names_of(in, &names, &n));
    bool *needed = SL_ARENA_ARRAY(in->a, bool, n);
    SL_TRY(router_needs(in->a, in->g->p, names, n, needed));
    in->columns = SL_ARENA_ARRAY(in->a, struct input_column, n);
    for (size_t i = 0; i < n; i++) {
        const struct json *type = json_get_str(types, names[i]);
        if (!needed[i])
            continue;
        struct input_column *c = &in->columns[in->n_columns++];
        c->name = names[i];
        c->given = type && column_type_find(type->string, &c->type);
    }
    for (size_t i = 0; types && i < types->n; i++)
        if (!parquet_find_column(in->files[0].file, types->members[i].key))
            return SL_ERR(INVALID, "parameter 'types': there is no column '%.*s'%s",
                          SL_FMT(types->members[i].key),
                          diag_did_you_mean(in->a, types->members[i].key, names, n));
    return NULL;
}

/* FLOAT is DOUBLE in examples. */
static bool type_of(const struct parquet_column *c, enum column_type *ret)
{
    if (!parquet_column_type(c->kind, ret))
        return false;
    if (*ret == COLUMN_FLOAT)
        *ret = COLUMN_DOUBLE;
    return true;
}

static bool is_number(enum column_type type)
{
    return type == COLUMN_INT64 || type == COLUMN_DOUBLE;
}

/* Finds the file's columns, and joins their types with those of the files before. */
static struct sl_err *match_file(struct parquet_input *in, size_t index)
{
    struct input_file *f = &in->files[index];
    f->columns = SL_ARENA_ARRAY(in->a, size_t, in->n_columns);
    for (size_t i = 0; i < in->n_columns; i++) {
        struct input_column *c = &in->columns[i];
        const struct parquet_column *found = parquet_find_column(f->file, c->name);
        enum column_type type;
        if (!found)
            return SL_ERR(INVALID, "there is no column '%.*s', which %.*s has", SL_FMT(c->name),
                          SL_FMT(in->g->files[0].name));
        if (!type_of(found, &type))
            return SL_ERR(INVALID,
                          "column '%.*s' (%.*s) cannot be read: %.*s; leave it out with "
                          "'exclude'",
                          SL_FMT(c->name), SL_FMT(found->type), SL_FMT(found->why));
        f->columns[i] = (size_t)(found - f->file->columns);
        if (c->given || (index > 0 && type == c->type))
            continue;
        if (index > 0 && !(is_number(type) && is_number(c->type)))
            return SL_ERR(INVALID, "column '%.*s' is %s, in %.*s it is %s: say which in 'types'",
                          SL_FMT(c->name), column_type_name(type), SL_FMT(in->g->files[0].name),
                          column_type_name(c->type));
        c->type = index > 0 ? COLUMN_DOUBLE : type;
    }
    return NULL;
}

static struct sl_err *open_files(struct parquet_input *in)
{
    in->files = SL_ARENA_ARRAY(in->a, struct input_file, in->g->n_files);
    for (size_t i = 0; i < in->g->n_files; i++) {
        SL_TRY(open_file(in, i), "%.*s", SL_FMT(in->g->files[i].name));
        if (i == 0)
            SL_TRY(choose_columns(in));
        SL_TRY(match_file(in, i), "%.*s", SL_FMT(in->g->files[i].name));
    }
    return NULL;
}

/* ---- a row group -------------------------------------------------------------------------------
 */

static bool has_wide(const struct column *c)
{
    const int64_t largest = (int64_t)1 << 53;
    int64_t bad = 0;
    for (size_t i = 0; i < c->n; i++)
        bad |= (c->i64[i] > largest) | (c->i64[i] < -largest);
    return bad != 0;
}

/* Marks rows whose text is not UTF-8. */
static void check_text(struct sl_arena *a, const struct column *c, uint8_t *failed)
{
    bool *wrong = NULL;
    for (size_t i = 0; i < c->dict_n; i++)
        if (!sl_str_is_utf8(c->dict[i])) {
            if (!wrong)
                wrong = SL_ARENA_ARRAY(a, bool, c->dict_n);
            wrong[i] = true;
        }
    for (size_t i = 0; wrong && i < c->n; i++)
        if (column_is_valid(c, i) && wrong[c->codes[i]])
            failed[i] = 1;
}

static struct sl_err *read_column(void *ctx, size_t index, int thread)
{
    struct parquet_input *in = ctx;
    struct input_column *c = &in->columns[index];
    struct sl_arena *a = in->arenas[index];
    struct parquet_vector v;
    sl_arena_clear(a);
    SL_TRY(parquet_read_column(a, in->now->file, in->workspaces[thread], in->row_group,
                               in->now->columns[index], &v));
    struct column read = parquet_column_of(a, &v, c->name);
    if (read.type == COLUMN_INT64 && !c->given && has_wide(&read))
        c->wide = true;
    uint8_t *failed = sl_arena_zero(a, read.n, 1);
    if (read.type == COLUMN_STRING)
        check_text(a, &read, failed);
    read = column_convert(a, &read, c->type, failed);
    if (c->given && c->type == COLUMN_INT64 && has_wide(&read))
        for (size_t i = 0; i < read.n; i++)
            failed[i] |= read.i64[i] > (int64_t)1 << 53 || read.i64[i] < -((int64_t)1 << 53);
    in->read[index] = read;
    in->failed[index] = memchr(failed, 1, read.n) ? failed : NULL;
    return NULL;
}

/* A row group that would not fit the memory is refused before it is read. */
static struct sl_err *check_memory(const struct parquet_input *in)
{
    const struct parquet_row_group *group = &in->now->file->row_groups[in->row_group];
    uint64_t bytes = 0;
    for (size_t i = 0; i < in->n_columns; i++)
        bytes +=
            (uint64_t)group->rows * 9 +
            parquet_get_chunk(in->now->file, in->row_group, in->now->columns[i])->decoded_bytes;
    if (bytes > (uint64_t)in->g->p->memory)
        return SL_ERR(INVALID,
                      "row group %zu takes about %llu MiB, 'memory' is %lld MiB: raise it, "
                      "leave columns out, or write smaller row groups",
                      in->row_group, (unsigned long long)(bytes >> 20),
                      (long long)(in->g->p->memory >> 20));
    return NULL;
}

static struct sl_err *tell_failed(struct parquet_input *in, size_t row, size_t column)
{
    SL_AUTOARENA(a);
    const struct input_column *c = &in->columns[column];
    const struct parquet_column *from = &in->now->file->columns[in->now->columns[column]];
    struct sl_str message = sl_arena_format(
        a, "row %llu: expected %s", (unsigned long long)(in->first_row + row + 1),
        from->kind == PARQUET_STRING && c->type == COLUMN_STRING ? "UTF-8 text"
                                                                 : column_type_name(c->type));
    return ingest_bad_row(in->g, in->now->source, 0, c->name, message);
}

/* The rows of the group that are good, or NULL when all are. */
static struct sl_err *drop_failed(struct parquet_input *in, size_t n_rows, uint32_t **ret,
                                  size_t *ret_n)
{
    uint32_t *good = NULL;
    bool any = false;
    *ret_n = n_rows;
    for (size_t c = 0; c < in->n_columns; c++)
        any |= in->failed[c] != NULL;
    if (any) {
        good = sl_arena_alloc(in->group, n_rows * sizeof(*good));
        *ret_n = 0;
    }
    for (size_t row = 0; any && row < n_rows; row++) {
        size_t c = 0;
        while (c < in->n_columns && !(in->failed[c] && in->failed[c][row]))
            c++;
        if (c < in->n_columns)
            SL_TRY(tell_failed(in, row, c));
        else
            good[(*ret_n)++] = (uint32_t)row;
    }
    *ret = good;
    return NULL;
}

static struct column slice(const struct column *c, size_t first, size_t n)
{
    size_t size = c->type == COLUMN_BOOL ? 1 : c->type == COLUMN_STRING ? 4 : 8;
    struct column s = *c;
    s.n = n;
    s.i64 = (const int64_t *)(const void *)((const char *)c->i64 + first * size);
    if (c->valid)
        s.valid = c->valid + first / 8;
    return s;
}

static struct sl_err *route_slice(void *ctx, size_t index, int thread)
{
    struct parquet_input *in = ctx;
    struct sl_arena *a = in->slice_arenas[index];
    size_t first = index * SLICE_ROWS, n = SL_MIN(in->table.n_rows - first, (size_t)SLICE_ROWS);
    struct table t = {SL_ARENA_ARRAY(a, struct column, in->n_columns), in->n_columns, n};
    (void)thread;
    for (size_t i = 0; i < in->n_columns; i++)
        t.columns[i] = slice(&in->table.columns[i], first, n);
    return router_route(&in->g->router, a, &t, in->now->source->split, NULL, &in->routed[index]);
}

static struct sl_err *tell_without_time(struct parquet_input *in, size_t n)
{
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += in->routed[i].without_time;
    if (count == 0)
        return NULL;
    SL_TRY(ingest_bad_row(in->g, in->now->source, 0, in->g->p->split_by.time,
                          SL_STR("rows without a time, which rows are split by")));
    ingest_bad_rows(in->g, count - 1);
    in->g->rows_in -= count;
    return NULL;
}

static struct sl_err *write_group(struct parquet_input *in, size_t n_rows)
{
    struct sl_arena *a = in->group;
    uint32_t *good;
    size_t n;
    SL_TRY(drop_failed(in, n_rows, &good, &n));
    in->table = (struct table){in->read, in->n_columns, n_rows};
    if (good)
        in->table = *table_take(a, &in->table, good, n);
    size_t slices = (n + SLICE_ROWS - 1) / SLICE_ROWS;
    in->routed = SL_ARENA_ARRAY(a, struct routed, slices);
    in->slice_arenas = SL_ARENA_ARRAY(a, struct sl_arena *, slices);
    for (size_t i = 0; i < slices; i++)
        in->slice_arenas[i] = sl_arena_new();
    struct sl_err *err = workers_parallel_for(in->g->s->workers, slices, route_slice, in);
    if (!err)
        err = tell_without_time(in, slices);
    if (!err)
        err = ingest_add(in->g, in->routed, slices);
    for (size_t i = 0; i < slices; i++)
        sl_arena_free(in->slice_arenas[i]);
    return err;
}

static struct sl_err *read_group(struct parquet_input *in)
{
    size_t n_rows = in->now->file->row_groups[in->row_group].rows;
    SL_TRY(check_memory(in), "%.*s", SL_FMT(in->now->source->name));
    sl_arena_clear(in->group);
    SL_TRY(workers_parallel_for(in->g->s->workers, in->n_columns, read_column, in), "%.*s",
           SL_FMT(in->now->source->name));
    for (size_t i = 0; i < in->n_columns; i++)
        in->stale |= in->columns[i].wide && in->columns[i].type != COLUMN_STRING;
    if (!in->stale)
        SL_TRY(write_group(in, n_rows));
    in->first_row += n_rows;
    return NULL;
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static struct sl_err *run_pass(struct parquet_input *in)
{
    struct column_spec *specs = SL_ARENA_ARRAY(in->a, struct column_spec, in->n_columns);
    in->stale = false;
    for (size_t i = 0; i < in->n_columns; i++)
        specs[i] = (struct column_spec){in->columns[i].name, in->columns[i].type};
    SL_TRY(ingest_start(in->g, specs, in->n_columns));
    for (size_t f = 0; f < in->g->n_files; f++) {
        in->now = &in->files[f];
        in->first_row = 0;
        for (in->row_group = 0; in->row_group < in->now->file->row_group_count; in->row_group++) {
            SL_TRY(read_group(in));
            step_progress(in->g->s, "%llu rows", (unsigned long long)in->g->rows_in);
        }
    }
    return NULL;
}

static struct sl_err *run_passes(struct parquet_input *in)
{
    if (in->g->p->split_by.hash == EXAMPLE_GEN_TFX)
        return SL_ERR(INVALID, "parameter 'splitBy.hash': tfx is defined for CSV only");
    SL_TRY(open_files(in));
    in->read = SL_ARENA_ARRAY(in->a, struct column, in->n_columns);
    in->failed = SL_ARENA_ARRAY(in->a, uint8_t *, in->n_columns);
    in->arenas = SL_ARENA_ARRAY(in->a, struct sl_arena *, in->n_columns);
    for (size_t i = 0; i < in->n_columns; i++)
        in->arenas[i] = sl_arena_new();
    SL_TRY(run_pass(in));
    if (!in->stale)
        return NULL;
    for (size_t i = 0; i < in->n_columns; i++)
        if (in->columns[i].wide)
            in->columns[i].type = COLUMN_STRING;
    return run_pass(in);
}

struct sl_err *parquet_input_run(struct ingest *g)
{
    size_t threads = (size_t)workers_count(g->s->workers);
    struct parquet_input in = {.g = g, .a = g->s->a, .group = sl_arena_new()};
    in.workspaces = SL_ARENA_ARRAY(in.a, struct parquet_workspace *, threads);
    for (size_t i = 0; i < threads; i++)
        in.workspaces[i] = parquet_workspace_new();
    struct sl_err *err = run_passes(&in);
    for (size_t i = 0; i < threads; i++)
        parquet_workspace_free(in.workspaces[i]);
    for (size_t i = 0; in.arenas && i < in.n_columns; i++)
        sl_arena_free(in.arenas[i]);
    sl_arena_free(in.group);
    return err;
}
