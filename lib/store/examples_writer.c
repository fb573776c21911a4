/* Rows come in tables and leave in row groups.
 *
 * Each call cuts what has come into groups by a rule that knows rows only (at most `group_rows`, at
 * most GROUP_TEXT bytes of strings), so that neither threads nor the tables' sizes shape the files.
 * Then every column of every group is one part of a parallel job: gather the rows; encode, when the
 * group is complete. What is left at the end of a call waits in the split's tail.
 *
 *     tables   |----a----|----b----|-c-|
 *     groups   tail+ |  full  |  full  |  -> new tail
 */
#include "store/examples.h"

#define XXH_INLINE_ALL
#include "base/alloc.h"
#include "base/assert.h"
#include "base/vec.h"
#include "core/data/parquet_column.h"
#include "core/data/row_hash.h"
#include "store/examples_group.h"

#include <xxhash.h>

enum {
    GROUP_BYTES = 16 << 20, /* of eight-byte values; many columns mean fewer rows */
    GROUP_TEXT = 16 << 20,
    GROUP_LEAST_ROWS = 128,
    TYPES = COLUMN_FLOAT + 1,
};

/* Rows of a batch that go to one group. */
struct run {
    const struct table *table;
    const uint32_t *rows;
    size_t n;
};

/* A group in this call. */
struct group {
    size_t split;
    bool first; /* goes on with the split's tail */
    bool full;
    SL_VEC(struct run) runs;
    const struct parquet_encoded **encoded; /* (n_columns) when full */
};

struct split {
    struct sl_str name;
    size_t n_rows;
    XXH3_state_t *digest;
    /* Two tails, because one may be completed while the next one begins. */
    struct examples_group_column *tails[2]; /* (n_columns) each */
    int tail;
    size_t tail_rows, tail_text; /* so far, of the group that is open */
    size_t open;                 /* its index in the call, SIZE_MAX: none */
    size_t n_groups_now;         /* in the call */
    struct artifact_file *file;
    struct parquet_writer *parquet;
};

struct examples_writer {
    struct sl_arena *a;
    struct artifact_writer *artifact;
    struct workers *workers;
    struct column_spec *columns;
    size_t n_columns;
    size_t group_rows;
    struct parquet_write_schema schema;
    struct split *splits;
    size_t n_splits;
    int n_threads;
    struct parquet_workspace **workspaces;  /* (n_threads) */
    struct examples_group_column **scratch; /* (n_threads x TYPES) */
    struct sl_arena **arenas;               /* (n_threads) cleared after each call */

    /* Of the call under way. */
    const struct examples_batch *batches;
    size_t n_batches;
    SL_VEC(struct group) groups;
    const uint64_t **hashes; /* (n_batches) */
    const uint32_t **texts;  /* (n_batches) bytes of strings of each row; NULL: no strings */
};

static struct examples_group_column *new_columns(const struct examples_writer *w)
{
    struct examples_group_column *g =
        SL_ARENA_ARRAY(w->a, struct examples_group_column, w->n_columns);
    for (size_t i = 0; i < w->n_columns; i++)
        examples_group_column_init(&g[i], w->columns[i].type);
    return g;
}

static void make_schema(struct examples_writer *w)
{
    struct parquet_write_column *columns =
        SL_ARENA_ARRAY(w->a, struct parquet_write_column, w->n_columns);
    for (size_t i = 0; i < w->n_columns; i++)
        columns[i] = (struct parquet_write_column){
            .name = w->columns[i].name,
            .kind = parquet_kind_of(w->columns[i].type),
            .nullable = true,
            .utc = w->columns[i].type == COLUMN_TIMESTAMP,
        };
    w->schema = (struct parquet_write_schema){.columns = columns, .column_count = w->n_columns};
}

static void make_threads(struct examples_writer *w)
{
    size_t n = (size_t)workers_count(w->workers);
    w->n_threads = (int)n;
    w->workspaces = SL_ARENA_ARRAY(w->a, struct parquet_workspace *, n);
    w->scratch = SL_ARENA_ARRAY(w->a, struct examples_group_column *, n);
    w->arenas = SL_ARENA_ARRAY(w->a, struct sl_arena *, n);
    for (size_t i = 0; i < n; i++) {
        w->workspaces[i] = parquet_workspace_new();
        w->scratch[i] = SL_ARENA_ARRAY(w->a, struct examples_group_column, TYPES);
        for (int type = 0; type < TYPES; type++)
            examples_group_column_init(&w->scratch[i][type], (enum column_type)type);
        w->arenas[i] = sl_arena_new();
    }
}

struct examples_writer *examples_writer_new(struct artifact_writer *artifact,
                                            const struct column_spec *columns, size_t n_columns,
                                            const struct sl_str *splits, size_t n_splits,
                                            struct workers *workers)
{
    struct examples_writer *w = SL_NEW(struct examples_writer);
    w->a = sl_arena_new();
    w->artifact = artifact;
    w->workers = workers;
    w->columns = sl_arena_copy(w->a, columns, n_columns * sizeof(*columns));
    w->n_columns = n_columns;
    for (size_t i = 0; i < n_columns; i++)
        w->columns[i].name = sl_arena_str(w->a, columns[i].name);
    size_t rows = GROUP_BYTES / 8 / SL_MAX(n_columns, (size_t)1) / 64 * 64;
    w->group_rows = SL_MAX(SL_MIN(rows, (size_t)EXAMPLES_GROUP_ROWS), (size_t)GROUP_LEAST_ROWS);
    make_schema(w);
    make_threads(w);
    w->splits = SL_ARENA_ARRAY(w->a, struct split, n_splits);
    w->n_splits = n_splits;
    for (size_t i = 0; i < n_splits; i++) {
        w->splits[i].name = sl_arena_str(w->a, splits[i]);
        w->splits[i].tails[0] = new_columns(w);
        w->splits[i].tails[1] = new_columns(w);
        w->splits[i].digest = XXH3_createState();
        XXH3_128bits_reset(w->splits[i].digest);
    }
    return w;
}

static void free_columns(struct examples_group_column *g, size_t n)
{
    for (size_t i = 0; i < n; i++)
        examples_group_column_deinit(&g[i]);
}

static void clear_call(struct examples_writer *w)
{
    for (size_t i = 0; i < w->groups.n; i++)
        sl_vec_deinit(&w->groups.p[i].runs);
    w->groups.n = 0;
    for (int i = 0; i < w->n_threads; i++)
        sl_arena_clear(w->arenas[i]);
}

void examples_writer_free(struct examples_writer *w)
{
    if (!w)
        return;
    clear_call(w);
    sl_vec_deinit(&w->groups);
    for (size_t i = 0; i < w->n_splits; i++) {
        struct split *s = &w->splits[i];
        free_columns(s->tails[0], w->n_columns);
        free_columns(s->tails[1], w->n_columns);
        XXH3_freeState(s->digest);
        parquet_writer_free(s->parquet);
        if (s->file)
            artifact_file_abort(s->file);
    }
    for (int i = 0; i < w->n_threads; i++) {
        free_columns(w->scratch[i], TYPES);
        parquet_workspace_free(w->workspaces[i]);
        sl_arena_free(w->arenas[i]);
    }
    sl_arena_free(w->a);
    sl_free(w);
}

/* ---- cutting into groups ------------------------------------------------------------------------
 */

static struct group *add_group(struct examples_writer *w, size_t split, bool first)
{
    struct group *g = sl_vec_add(&w->groups);
    g->split = split;
    g->first = first;
    return g;
}

/* Rows are counted into groups in their order: the rule by which files are cut. */
static void cut_rows(struct examples_writer *w, size_t split, const struct examples_batch *batch,
                     const uint32_t *text)
{
    struct split *s = &w->splits[split];
    const uint32_t *rows = batch->rows[split];
    size_t n = batch->row_counts[split];
    for (size_t i = 0; i < n;) {
        struct group *g = s->open != SIZE_MAX ? &w->groups.p[s->open] : NULL;
        if (!g) {
            s->open = w->groups.n;
            g = add_group(w, split, s->n_groups_now++ == 0);
        }
        size_t start = i;
        while (i < n && s->tail_rows < w->group_rows && s->tail_text < GROUP_TEXT) {
            s->tail_text += text ? text[rows[i]] : 0;
            s->tail_rows++;
            i++;
        }
        *sl_vec_add(&g->runs) = (struct run){batch->table, rows + start, i - start};
        if (s->tail_rows == w->group_rows || s->tail_text >= GROUP_TEXT) {
            g->full = true;
            s->open = SIZE_MAX;
            s->tail_rows = s->tail_text = 0;
        }
    }
    s->n_rows += n;
}

/* ---- parallel parts ----------------------------------------------------------------------------
 */

/* What is needed of each row of a batch before groups are cut: its hash, and its bytes of text. */
static struct sl_err *prepare_batch(void *ctx, size_t index, int thread)
{
    struct examples_writer *w = ctx;
    const struct examples_batch *b = &w->batches[index];
    const struct table *t = b->table;
    struct sl_arena *a = w->arenas[thread];
    sl_assert_cmp(t->n_columns, ==, w->n_columns);
    if (!b->hashes) {
        uint64_t *hashes = sl_arena_alloc(a, t->n_rows * sizeof(*hashes));
        row_hash_table(a, t, NULL, 0, hashes);
        w->hashes[index] = hashes;
    }
    uint32_t *text = NULL;
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct column *column = &t->columns[c];
        sl_assert_cmp((int)column->type, ==, (int)w->columns[c].type);
        if (column->type != COLUMN_STRING || column->dict_n == 0)
            continue;
        if (!text)
            text = sl_arena_zero(a, t->n_rows, sizeof(*text));
        for (size_t i = 0; i < t->n_rows; i++)
            text[i] += column_is_valid(column, i) ? (uint32_t)column->dict[column->codes[i]].n : 0;
    }
    w->texts[index] = text;
    return NULL;
}

static void digest_split(struct examples_writer *w, size_t split)
{
    uint64_t block[1024];
    for (size_t b = 0; b < w->n_batches; b++) {
        const uint32_t *rows = w->batches[b].rows[split];
        size_t n = w->batches[b].row_counts[split];
        for (size_t first = 0; first < n; first += SL_COUNTOF(block)) {
            size_t count = SL_MIN(n - first, SL_COUNTOF(block));
            for (size_t i = 0; i < count; i++)
                block[i] = w->hashes[b][rows[first + i]];
            XXH3_128bits_update(w->splits[split].digest, block, count * sizeof(*block));
        }
    }
}

static struct sl_err *do_column(struct examples_writer *w, struct group *g, size_t c, int thread)
{
    struct split *s = &w->splits[g->split];
    bool keep = !g->full;
    struct examples_group_column *to = g->first ? &s->tails[s->tail][c]
                                       : keep   ? &s->tails[!s->tail][c]
                                                : &w->scratch[thread][w->columns[c].type];
    for (size_t i = 0; i < g->runs.n; i++) {
        const struct run *run = &g->runs.p[i];
        examples_group_column_add(to, &run->table->columns[c], run->rows, run->n, keep);
    }
    if (keep)
        return NULL;
    struct column view = examples_group_column_view(to, w->columns[c].name);
    struct parquet_vector v = parquet_vector_of(&view);
    struct sl_err *err = parquet_encode_column(w->arenas[thread], w->workspaces[thread], &w->schema,
                                               c, &v, &g->encoded[c]);
    examples_group_column_clear(to);
    SL_TRY(err, "column '%.*s'", SL_FMT(w->columns[c].name));
    return NULL;
}

static struct sl_err *do_part(void *ctx, size_t index, int thread)
{
    struct examples_writer *w = ctx;
    size_t columns = w->groups.n * w->n_columns;
    if (index < columns)
        return do_column(w, &w->groups.p[index / w->n_columns], index % w->n_columns, thread);
    digest_split(w, index - columns);
    return NULL;
}

/* ---- files -------------------------------------------------------------------------------------
 */

static struct sl_err *append(void *ctx, const void *p, size_t n)
{
    return artifact_file_append(ctx, p, n);
}

static struct sl_err *open_split(struct examples_writer *w, struct split *s)
{
    SL_AUTOARENA(a);
    struct sl_str path =
        sl_arena_format(a, "Split-%.*s/part-00000-of-00001.parquet", SL_FMT(s->name));
    SL_TRY(artifact_file_new(w->artifact, path, &s->file));
    struct parquet_sink sink = {.append = append, .ctx = s->file};
    return parquet_writer_new(&w->schema, &sink, &s->parquet);
}

static struct sl_err *write_groups(struct examples_writer *w)
{
    for (size_t i = 0; i < w->groups.n; i++) {
        struct group *g = &w->groups.p[i];
        struct split *s = &w->splits[g->split];
        if (!g->full)
            continue;
        if (!s->parquet)
            SL_TRY(open_split(w, s));
        SL_TRY(parquet_write_chunks(s->parquet, g->encoded), "split '%.*s'", SL_FMT(s->name));
    }
    return NULL;
}

/* A tail that was completed is empty; where the next one was begun, it is the other one. */
static void turn_tails(struct examples_writer *w)
{
    for (size_t i = 0; i < w->groups.n; i++) {
        struct group *g = &w->groups.p[i];
        if (!g->full && !g->first)
            w->splits[g->split].tail = !w->splits[g->split].tail;
    }
}

/* ---- calls -------------------------------------------------------------------------------------
 */

static struct sl_err *run_groups(struct examples_writer *w)
{
    for (size_t i = 0; i < w->groups.n; i++)
        if (w->groups.p[i].full)
            w->groups.p[i].encoded = sl_arena_zero(w->arenas[0], w->n_columns, sizeof(void *));
    size_t parts = w->groups.n * w->n_columns + (w->n_batches ? w->n_splits : 0);
    SL_TRY(workers_parallel_for(w->workers, parts, do_part, w));
    SL_TRY(write_groups(w));
    turn_tails(w);
    return NULL;
}

static struct sl_err *add_batches(struct examples_writer *w)
{
    struct sl_arena *a = w->arenas[0];
    w->hashes = SL_ARENA_ARRAY(a, const uint64_t *, w->n_batches);
    w->texts = SL_ARENA_ARRAY(a, const uint32_t *, w->n_batches);
    for (size_t i = 0; i < w->n_batches; i++)
        w->hashes[i] = w->batches[i].hashes;
    SL_TRY(workers_parallel_for(w->workers, w->n_batches, prepare_batch, w));
    for (size_t split = 0; split < w->n_splits; split++) {
        w->splits[split].open = SIZE_MAX;
        w->splits[split].n_groups_now = 0;
        for (size_t i = 0; i < w->n_batches; i++)
            cut_rows(w, split, &w->batches[i], w->texts[i]);
    }
    return run_groups(w);
}

struct sl_err *examples_writer_add_batches(struct examples_writer *w,
                                           const struct examples_batch *batches, size_t n)
{
    w->batches = batches;
    w->n_batches = n;
    struct sl_err *err = add_batches(w);
    clear_call(w);
    return err;
}

struct sl_err *examples_writer_add(struct examples_writer *w, size_t split, const struct table *t)
{
    SL_AUTOARENA(a);
    sl_assert_cmp(split, <, w->n_splits);
    uint32_t *all = sl_arena_alloc(a, t->n_rows * sizeof(*all));
    for (size_t i = 0; i < t->n_rows; i++)
        all[i] = (uint32_t)i;
    const uint32_t **rows = SL_ARENA_ARRAY(a, const uint32_t *, w->n_splits);
    size_t *counts = SL_ARENA_ARRAY(a, size_t, w->n_splits);
    rows[split] = all;
    counts[split] = t->n_rows;
    struct examples_batch batch = {.table = t, .rows = rows, .row_counts = counts};
    return examples_writer_add_batches(w, &batch, 1);
}

/* ---- the end -----------------------------------------------------------------------------------
 */

static struct json *make_columns(const struct examples_writer *w, struct sl_arena *a,
                                 struct sl_buf *digest)
{
    struct json *columns = json_new_array(a);
    for (size_t i = 0; i < w->n_columns; i++) {
        struct json *column = json_new_object(a);
        struct sl_str type = sl_str(column_type_name(w->columns[i].type));
        json_set_string(a, column, "name", sl_arena_str(a, w->columns[i].name));
        json_set_string(a, column, "type", type);
        json_push(a, columns, column);
        sl_buf_add_str(digest, w->columns[i].name);
        sl_buf_add_char(digest, '\0');
        sl_buf_add_str(digest, type);
        sl_buf_add_char(digest, '\0');
    }
    return columns;
}

static void add_hash(struct sl_buf *b, XXH128_hash_t h)
{
    sl_buf_format(b, "%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
}

static struct json *make_properties(const struct examples_writer *w, struct sl_arena *a)
{
    struct json *p = json_new_object(a), *splits = json_new_array(a), *rows = json_new_object(a);
    SL_AUTOBUF(text, 0);
    struct json *columns = make_columns(w, a, &text);
    for (size_t i = 0; i < w->n_splits; i++) {
        const struct split *s = &w->splits[i];
        struct sl_str name = sl_arena_str(a, s->name);
        json_push(a, splits, json_new_string(a, name));
        json_set_str(a, rows, name, json_new_number(a, (double)s->n_rows));
        sl_buf_format(&text, "%.*s%c%zu%c", SL_FMT(name), '\0', s->n_rows, '\0');
        add_hash(&text, XXH3_128bits_digest(s->digest));
    }
    XXH128_hash_t all = XXH3_128bits(text.p, text.n);
    sl_buf_clear(&text);
    sl_buf_add_cstr(&text, "xxh3:");
    add_hash(&text, all);
    json_set(a, p, "splits", splits);
    json_set(a, p, "rows", rows);
    json_set(a, p, "columns", columns);
    json_set_string(a, p, "digest_rows", sl_arena_str(a, sl_buf_str(&text)));
    return p;
}

static struct sl_err *close_split(struct examples_writer *w, struct split *s)
{
    if (!s->parquet)
        SL_TRY(open_split(w, s));
    SL_TRY(parquet_writer_finish(s->parquet, NULL));
    struct artifact_file *file = s->file;
    s->file = NULL;
    return artifact_file_close(file);
}

static struct sl_err *finish(struct examples_writer *w)
{
    w->n_batches = 0;
    for (size_t i = 0; i < w->n_splits; i++)
        if (w->splits[i].tail_rows)
            add_group(w, i, true)->full = true;
    SL_TRY(run_groups(w));
    for (size_t i = 0; i < w->n_splits; i++)
        SL_TRY(close_split(w, &w->splits[i]), "split '%.*s'", SL_FMT(w->splits[i].name));
    return NULL;
}

struct sl_err *examples_writer_finish(struct examples_writer *w, struct sl_arena *a,
                                      struct json **ret_properties)
{
    struct sl_err *err = finish(w);
    clear_call(w);
    SL_TRY(err);
    *ret_properties = make_properties(w, a);
    return NULL;
}
