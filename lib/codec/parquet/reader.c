/* Opening a file: the footer, and the columns and row groups it describes. */
#include "codec/parquet/leaf.h"
#include "codec/parquet/parquet.h"

#include "base/limits.h"
#include "codec/compress.h"

/* Read at first: holds the footer of most files, so that a remote file needs one request. */
enum {
    FIRST_READ = 64 << 10,
    SCHEMA_DEPTH = 64,
    MOST_ROWS = 1 << 30, /* of a row group: codes have 32 bits */
};

const struct parquet_limits parquet_limits_default = {
    .footer_bytes = (size_t)64 << 20,
    .group_rows = (size_t)1 << 26,
    .page_bytes = (size_t)1 << 29,
    .chunk_bytes = (size_t)4 << 30,
};

const char *parquet_kind_name(enum parquet_kind kind)
{
    static const char *const names[] = {
        [PARQUET_UNSUPPORTED] = "unsupported",
        [PARQUET_INT64] = "int64",
        [PARQUET_DOUBLE] = "double",
        [PARQUET_FLOAT] = "float",
        [PARQUET_BOOL] = "bool",
        [PARQUET_TIMESTAMP] = "timestamp",
        [PARQUET_STRING] = "string",
    };
    return names[kind];
}

/* ---- the footer's bytes -----------------------------------------------------------------------
 */

static struct sl_err *check_tail(struct parquet_file *file, struct sl_str tail,
                                 uint32_t *ret_footer_bytes)
{
    const char *magic = tail.p + tail.n - PARQUET_MAGIC_BYTES;
    if (memcmp(magic, PARQUET_MAGIC_ENCRYPTED, PARQUET_MAGIC_BYTES) == 0)
        return SL_ERR(INVALID, "the footer is encrypted");
    if (memcmp(magic, PARQUET_MAGIC, PARQUET_MAGIC_BYTES) != 0)
        return SL_ERR(CORRUPT, "not a Parquet file: it does not end with PAR1");
    uint32_t n;
    memcpy(&n, magic - 4, 4);
    if (n > file->source.size - PARQUET_MAGIC_BYTES - PARQUET_TAIL_BYTES)
        return SL_ERR(CORRUPT, "the footer's length %u is more than the file's %llu bytes hold", n,
                      (unsigned long long)file->source.size);
    if (n > file->limits.footer_bytes)
        return SL_ERR(EXHAUSTED, "the footer has %u bytes, more than the limit %zu", n,
                      file->limits.footer_bytes);
    *ret_footer_bytes = n;
    return NULL;
}

static struct sl_err *read_footer(struct sl_arena *a, struct parquet_file *file,
                                  struct sl_str *ret_footer)
{
    const struct parquet_source *source = &file->source;
    if (source->size < PARQUET_MAGIC_BYTES + PARQUET_TAIL_BYTES)
        return SL_ERR(CORRUPT, "not a Parquet file: it has %llu bytes",
                      (unsigned long long)source->size);
    size_t first = (size_t)SL_MIN(source->size, (uint64_t)FIRST_READ);
    char *tail = sl_arena_alloc(a, first);
    SL_TRY(source->read(source->ctx, source->size - first, tail, first), "read the footer");
    uint32_t n;
    SL_TRY(check_tail(file, sl_strn(tail, first), &n));
    if (n + PARQUET_TAIL_BYTES <= first) {
        *ret_footer = sl_strn(tail + first - PARQUET_TAIL_BYTES - n, n);
        return NULL;
    }
    char *all = sl_arena_alloc(a, n);
    SL_TRY(source->read(source->ctx, source->size - PARQUET_TAIL_BYTES - n, all, n),
           "read the footer");
    *ret_footer = sl_strn(all, n);
    return NULL;
}

/* ---- the schema -------------------------------------------------------------------------------
 */

/* Walks over the subtree at `*at`, counting its leaves. */
static struct sl_err *count_leaves(const struct footer *m, size_t *at, size_t *leaves, int depth)
{
    if (depth > SCHEMA_DEPTH)
        return SL_ERR(CORRUPT, "the schema is nested too deeply");
    if (*at >= m->element_count)
        return SL_ERR(CORRUPT, "the schema ends early");
    const struct footer_element *e = &m->elements[(*at)++];
    if (e->child_count < 0)
        return SL_ERR(CORRUPT, "the schema has a negative count of children");
    if (e->child_count == 0 && e->physical >= 0)
        ++*leaves;
    for (int i = 0; i < e->child_count; i++)
        SL_TRY(count_leaves(m, at, leaves, depth + 1));
    return NULL;
}

static struct sl_err *make_columns(struct sl_arena *a, const struct footer *m,
                                   struct parquet_file *file)
{
    if (m->element_count == 0)
        return SL_ERR(CORRUPT, "the footer has no schema");
    int n = m->elements[0].child_count;
    if (n < 0 || (size_t)n >= m->element_count)
        return SL_ERR(CORRUPT, "the schema ends early");
    if (n > SL_LIMIT_COLUMNS)
        return SL_ERR(EXHAUSTED, "%d columns, more than the limit %d", n, SL_LIMIT_COLUMNS);
    struct parquet_leaf *leaves = SL_ARENA_ARRAY(a, struct parquet_leaf, m->element_count);
    file->leaves = leaves;
    file->columns = SL_ARENA_ARRAY(a, struct parquet_column, (size_t)n);
    file->column_count = (size_t)n;
    for (size_t i = 0, at = 1; i < (size_t)n; i++) {
        struct parquet_column *column = &file->columns[i];
        const struct footer_element *e = &m->elements[SL_MIN(at, m->element_count - 1)];
        column->name = e->name;
        column->leaf = file->leaf_count;
        SL_TRY(count_leaves(m, &at, &file->leaf_count, 0));
        if (e->child_count > 0 || e->physical < 0) {
            column->nullable = e->repetition != REPETITION_REQUIRED;
            column->type = SL_STR("group");
            column->why = SL_STR("it is nested");
        } else {
            leaf_from_element(a, e, &leaves[column->leaf], column);
        }
    }
    return NULL;
}

/* ---- the row groups ---------------------------------------------------------------------------
 */

static struct sl_err *make_chunk(const struct parquet_leaf *leaf, const struct footer_chunk *from,
                                 struct parquet_chunk *to)
{
    if (from->encrypted || !from->has_metadata)
        return SL_ERR(INVALID, "it is encrypted");
    if (from->file_path.n > 0)
        return SL_ERR(INVALID, "it lies in another file");
    if (from->bytes < 0 || from->decoded_bytes < 0 || from->value_count < 0 ||
        from->data_offset < 0)
        return SL_ERR(CORRUPT, "negative sizes");
    /* Some writers say 0, or the data's own offset, where there is no dictionary. */
    bool dictionary_first =
        from->dictionary_offset > 0 && from->dictionary_offset < from->data_offset;
    *to = (struct parquet_chunk){
        .offset = (uint64_t)(dictionary_first ? from->dictionary_offset : from->data_offset),
        .bytes = (uint64_t)from->bytes,
        .decoded_bytes = (uint64_t)from->decoded_bytes,
        .value_count = (uint64_t)from->value_count,
        .codec = from->codec,
        .stats = leaf_decode_stats(leaf, &from->stats),
    };
    return NULL;
}

static struct sl_err *make_row_group(struct sl_arena *a, const struct parquet_file *file,
                                     const struct footer_row_group *from,
                                     struct parquet_row_group *to)
{
    if (from->chunk_count != file->leaf_count)
        return SL_ERR(CORRUPT, "%zu column chunks, expected %zu", from->chunk_count,
                      file->leaf_count);
    if (from->rows < 0)
        return SL_ERR(CORRUPT, "a negative number of rows");
    to->rows = (size_t)from->rows;
    to->chunks = SL_ARENA_ARRAY(a, struct parquet_chunk, from->chunk_count);
    for (size_t i = 0; i < from->chunk_count; i++) {
        SL_TRY(make_chunk(&file->leaves[i], &from->chunks[i], &to->chunks[i]), "column chunk %zu",
               i);
        if (__builtin_add_overflow(to->bytes, to->chunks[i].bytes, &to->bytes))
            return SL_ERR(CORRUPT, "impossible sizes");
    }
    return NULL;
}

static struct sl_err *make_row_groups(struct sl_arena *a, const struct footer *m,
                                      struct parquet_file *file)
{
    file->row_groups = SL_ARENA_ARRAY(a, struct parquet_row_group, m->row_group_count);
    file->row_group_count = m->row_group_count;
    for (size_t i = 0; i < m->row_group_count; i++) {
        SL_TRY(make_row_group(a, file, &m->row_groups[i], &file->row_groups[i]), "row group %zu",
               i);
        if (__builtin_add_overflow(file->rows, file->row_groups[i].rows, &file->rows))
            return SL_ERR(CORRUPT, "impossible numbers of rows");
    }
    if (m->rows < 0 || (uint64_t)m->rows != file->rows)
        return SL_ERR(CORRUPT, "the file states %lld rows, its row groups hold %llu",
                      (long long)m->rows, (unsigned long long)file->rows);
    return NULL;
}

/* ---- all --------------------------------------------------------------------------------------
 */

struct sl_err *parquet_open(struct sl_arena *a, const struct parquet_source *source,
                            const struct parquet_limits *limits,
                            const struct parquet_file **ret_file)
{
    struct parquet_file *file = SL_ARENA_NEW(a, struct parquet_file);
    file->source = *source;
    file->limits = limits ? *limits : parquet_limits_default;
    file->limits.group_rows = SL_MIN(file->limits.group_rows, (size_t)MOST_ROWS);
    struct sl_str bytes;
    SL_TRY(read_footer(a, file, &bytes));
    struct footer m;
    SL_TRY(footer_decode(a, bytes, &m));
    if (m.encrypted)
        return SL_ERR(INVALID, "the file is encrypted");
    SL_TRY(make_columns(a, &m, file), "footer");
    SL_TRY(make_row_groups(a, &m, file), "footer");
    file->created_by = m.created_by;
    file->key_value_count = m.key_value_count;
    file->key_values = SL_ARENA_ARRAY(a, struct parquet_key_value, m.key_value_count);
    for (size_t i = 0; i < m.key_value_count; i++)
        file->key_values[i] =
            (struct parquet_key_value){m.key_values[i].key, m.key_values[i].value};
    *ret_file = file;
    return NULL;
}

const struct parquet_column *parquet_find_column(const struct parquet_file *file,
                                                 struct sl_str name)
{
    for (size_t i = 0; i < file->column_count; i++)
        if (sl_str_eq(file->columns[i].name, name))
            return &file->columns[i];
    return NULL;
}

struct sl_str parquet_find_key_value(const struct parquet_file *file, struct sl_str key)
{
    for (size_t i = 0; i < file->key_value_count; i++)
        if (sl_str_eq(file->key_values[i].key, key))
            return file->key_values[i].value;
    return (struct sl_str){0};
}

const struct parquet_chunk *parquet_get_chunk(const struct parquet_file *file, size_t row_group,
                                              size_t column)
{
    return &file->row_groups[row_group].chunks[file->columns[column].leaf];
}
