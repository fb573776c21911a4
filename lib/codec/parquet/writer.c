/* Writing a file: the chunks of row groups as they come, then the footer. */
#include "codec/parquet/parquet.h"

#include "codec/parquet/encoded.h"
#include "codec/parquet/thrift.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/compress.h"

/* In the form that readers of created_by parse. */
#define CREATED_BY "sluice version 1"

struct row_group {
    struct parquet_encoded *chunks; /* (column_count), their bytes forgotten */
    uint64_t *offsets;              /* (column_count) */
    uint64_t offset, bytes;
};

struct parquet_writer {
    struct sl_arena *a;
    struct parquet_write_schema schema;
    struct parquet_sink sink;
    uint64_t offset; /* bytes written */
    uint64_t rows;
    bool finished;
    SL_VEC(struct row_group) row_groups;
    SL_VEC(struct parquet_key_value) key_values;
};

static struct sl_err *append(struct parquet_writer *w, const void *p, size_t n)
{
    SL_TRY(w->sink.append(w->sink.ctx, p, n));
    w->offset += n;
    return NULL;
}

static struct sl_err *check_schema(const struct parquet_write_schema *schema)
{
    SL_AUTOMAP(names);
    if (schema->column_count == 0)
        return SL_ERR(INVALID, "a Parquet file needs a column");
    for (size_t i = 0; i < schema->column_count; i++) {
        struct sl_str name = schema->columns[i].name;
        bool added;
        if (name.n == 0)
            return SL_ERR(INVALID, "column %zu has no name", i);
        sl_map_add(&names, name, &added);
        if (!added)
            return SL_ERR(INVALID, "two columns are named '%.*s'", SL_FMT(name));
    }
    return NULL;
}

struct sl_err *parquet_writer_new(const struct parquet_write_schema *schema,
                                  const struct parquet_sink *sink,
                                  struct parquet_writer **ret_writer)
{
    SL_TRY(check_schema(schema));
    PARQUET_AUTOWRITER struct parquet_writer *w = SL_NEW(struct parquet_writer);
    w->a = sl_arena_new();
    w->sink = *sink;
    w->schema = *schema;
    size_t n = schema->column_count;
    struct parquet_write_column *columns =
        sl_arena_copy(w->a, schema->columns, n * sizeof(*columns));
    for (size_t i = 0; i < n; i++)
        columns[i].name = sl_arena_str(w->a, columns[i].name);
    w->schema.columns = columns;
    SL_TRY(append(w, PARQUET_MAGIC, PARQUET_MAGIC_BYTES));
    *ret_writer = w;
    w = NULL;
    return NULL;
}

void parquet_writer_free(struct parquet_writer *w)
{
    if (!w)
        return;
    sl_arena_free(w->a);
    sl_vec_deinit(&w->row_groups);
    sl_vec_deinit(&w->key_values);
    sl_free(w);
}

/* ---- row groups -------------------------------------------------------------------------------
 */

static struct parquet_encoded keep_chunk(struct sl_arena *a, const struct parquet_encoded *chunk)
{
    struct parquet_encoded kept = *chunk;
    kept.bytes.p = NULL;
    kept.stats.min = sl_arena_str(a, chunk->stats.min);
    kept.stats.max = sl_arena_str(a, chunk->stats.max);
    return kept;
}

struct sl_err *parquet_write_chunks(struct parquet_writer *w,
                                    const struct parquet_encoded *const *chunks)
{
    size_t n = w->schema.column_count;
    sl_assert(!w->finished);
    struct row_group g = {
        .chunks = SL_ARENA_ARRAY(w->a, struct parquet_encoded, n),
        .offsets = SL_ARENA_ARRAY(w->a, uint64_t, n),
        .offset = w->offset,
    };
    for (size_t i = 0; i < n; i++) {
        sl_assert_cmp(chunks[i]->rows, ==, chunks[0]->rows);
        sl_assert_cmp((int)chunks[i]->kind, ==, (int)w->schema.columns[i].kind);
        g.chunks[i] = keep_chunk(w->a, chunks[i]);
        g.offsets[i] = w->offset;
        SL_TRY(append(w, chunks[i]->bytes.p, chunks[i]->bytes.n));
    }
    g.bytes = w->offset - g.offset;
    w->rows += chunks[0]->rows;
    *sl_vec_add(&w->row_groups) = g;
    return NULL;
}

struct sl_err *parquet_write_row_group(struct parquet_writer *w, struct parquet_workspace *ws,
                                       const struct parquet_vector *vectors)
{
    SL_AUTOARENA(a);
    size_t n = w->schema.column_count;
    const struct parquet_encoded **chunks = SL_ARENA_ARRAY(a, const struct parquet_encoded *, n);
    for (size_t i = 0; i < n; i++)
        SL_TRY(parquet_encode_column(a, ws, &w->schema, i, &vectors[i], &chunks[i]));
    return parquet_write_chunks(w, chunks);
}

void parquet_writer_add_key_value(struct parquet_writer *w, struct sl_str key, struct sl_str value)
{
    sl_assert(!w->finished);
    *sl_vec_add(&w->key_values) =
        (struct parquet_key_value){sl_arena_str(w->a, key), sl_arena_str(w->a, value)};
}

/* ---- the footer -------------------------------------------------------------------------------
 */

static void put_timestamp_type(struct thrift_writer *t, bool utc)
{
    thrift_begin(t, LOGICAL_TIMESTAMP);
    thrift_put_bool(t, 1, utc);
    thrift_begin(t, 2);
    thrift_begin(t, UNIT_MICROS);
    thrift_end(t);
    thrift_end(t);
    thrift_end(t);
}

static void put_column(struct thrift_writer *t, const struct parquet_write_column *c)
{
    bool text = c->kind == PARQUET_STRING && !c->raw, time = c->kind == PARQUET_TIMESTAMP;
    thrift_begin(t, THRIFT_ELEMENT);
    thrift_put_i32(t, 1, encoded_physical(c->kind));
    thrift_put_i32(t, 3, c->nullable ? REPETITION_OPTIONAL : REPETITION_REQUIRED);
    thrift_put_binary(t, 4, c->name);
    /* The older converted types of times mean instants, so others are left to the newer field. */
    if (text)
        thrift_put_i32(t, 6, CONVERTED_UTF8);
    else if (time && c->utc)
        thrift_put_i32(t, 6, CONVERTED_TIMESTAMP_MICROS);
    if (text || time) {
        thrift_begin(t, 10);
        if (time) {
            put_timestamp_type(t, c->utc);
        } else {
            thrift_begin(t, LOGICAL_STRING);
            thrift_end(t);
        }
        thrift_end(t);
    }
    thrift_end(t);
}

static void put_schema(struct thrift_writer *t, const struct parquet_write_schema *schema)
{
    thrift_put_list(t, 2, THRIFT_STRUCT, schema->column_count + 1);
    thrift_begin(t, THRIFT_ELEMENT);
    thrift_put_binary(t, 4, SL_STR("schema"));
    thrift_put_i32(t, 5, (int32_t)schema->column_count);
    thrift_end(t);
    for (size_t i = 0; i < schema->column_count; i++)
        put_column(t, &schema->columns[i]);
}

static void put_stats(struct thrift_writer *t, const struct parquet_encoded *c)
{
    const struct chunk_stats *s = &c->stats;
    thrift_begin(t, 12);
    thrift_put_i64(t, 3, (int64_t)c->null_count);
    if (c->distinct_count >= 0)
        thrift_put_i64(t, 4, c->distinct_count);
    if (s->has_max)
        thrift_put_binary(t, 5, s->max);
    if (s->has_min)
        thrift_put_binary(t, 6, s->min);
    if (s->has_max)
        thrift_put_bool(t, 7, s->max_exact);
    if (s->has_min)
        thrift_put_bool(t, 8, s->min_exact);
    thrift_end(t);
}

static void put_encodings(struct thrift_writer *t, const struct parquet_encoded *c)
{
    bool dict = c->dictionary_bytes > 0, coded = c->encoding != ENCODING_PLAIN;
    int list[3];
    size_t n = 0;
    list[n++] = ENCODING_RLE;
    if (coded)
        list[n++] = c->encoding;
    if (dict || !coded)
        list[n++] = ENCODING_PLAIN;
    thrift_put_list(t, 2, THRIFT_I32, n);
    for (size_t i = 0; i < n; i++)
        thrift_put_i32(t, THRIFT_ELEMENT, list[i]);
}

static void put_page_counts(struct thrift_writer *t, const struct parquet_encoded *c)
{
    bool dict = c->dictionary_bytes > 0;
    thrift_put_list(t, 13, THRIFT_STRUCT, dict ? 2 : 1);
    if (dict) {
        thrift_begin(t, THRIFT_ELEMENT);
        thrift_put_i32(t, 1, PAGE_DICTIONARY);
        thrift_put_i32(t, 2, ENCODING_PLAIN);
        thrift_put_i32(t, 3, 1);
        thrift_end(t);
    }
    thrift_begin(t, THRIFT_ELEMENT);
    thrift_put_i32(t, 1, PAGE_DATA);
    thrift_put_i32(t, 2, c->encoding);
    thrift_put_i32(t, 3, (int32_t)c->page_count);
    thrift_end(t);
}

static void put_chunk(struct thrift_writer *t, struct sl_str name, const struct parquet_encoded *c,
                      uint64_t offset)
{
    thrift_begin(t, THRIFT_ELEMENT);
    thrift_put_i64(t, 2, 0); /* file_offset: deprecated, zero by the specification */
    thrift_begin(t, 3);
    thrift_put_i32(t, 1, encoded_physical(c->kind));
    put_encodings(t, c);
    thrift_put_list(t, 3, THRIFT_BINARY, 1);
    thrift_put_binary(t, THRIFT_ELEMENT, name);
    thrift_put_i32(t, 4, COMPRESS_ZSTD);
    thrift_put_i64(t, 5, (int64_t)c->rows);
    thrift_put_i64(t, 6, (int64_t)c->decoded_bytes);
    thrift_put_i64(t, 7, (int64_t)c->bytes.n);
    thrift_put_i64(t, 9, (int64_t)(offset + c->dictionary_bytes));
    if (c->dictionary_bytes > 0)
        thrift_put_i64(t, 11, (int64_t)offset);
    put_stats(t, c);
    put_page_counts(t, c);
    thrift_end(t);
    thrift_end(t);
}

static void put_row_group(struct thrift_writer *t, const struct parquet_writer *w, size_t index)
{
    const struct row_group *g = &w->row_groups.p[index];
    uint64_t decoded = 0;
    for (size_t i = 0; i < w->schema.column_count; i++)
        decoded += g->chunks[i].decoded_bytes;
    thrift_begin(t, THRIFT_ELEMENT);
    thrift_put_list(t, 1, THRIFT_STRUCT, w->schema.column_count);
    for (size_t i = 0; i < w->schema.column_count; i++)
        put_chunk(t, w->schema.columns[i].name, &g->chunks[i], g->offsets[i]);
    thrift_put_i64(t, 2, (int64_t)decoded);
    thrift_put_i64(t, 3, (int64_t)g->chunks[0].rows);
    thrift_put_i64(t, 5, (int64_t)g->offset);
    thrift_put_i64(t, 6, (int64_t)g->bytes);
    thrift_end(t);
}

static void put_footer(struct thrift_writer *t, const struct parquet_writer *w)
{
    thrift_put_i32(t, 1, 2); /* version: newer types and encodings may appear */
    put_schema(t, &w->schema);
    thrift_put_i64(t, 3, (int64_t)w->rows);
    thrift_put_list(t, 4, THRIFT_STRUCT, w->row_groups.n);
    for (size_t i = 0; i < w->row_groups.n; i++)
        put_row_group(t, w, i);
    if (w->key_values.n > 0) {
        thrift_put_list(t, 5, THRIFT_STRUCT, w->key_values.n);
        for (size_t i = 0; i < w->key_values.n; i++) {
            thrift_begin(t, THRIFT_ELEMENT);
            thrift_put_binary(t, 1, w->key_values.p[i].key);
            thrift_put_binary(t, 2, w->key_values.p[i].value);
            thrift_end(t);
        }
    }
    thrift_put_binary(t, 6, SL_STR(CREATED_BY));
    thrift_put_list(t, 7, THRIFT_STRUCT, w->schema.column_count);
    for (size_t i = 0; i < w->schema.column_count; i++) {
        thrift_begin(t, THRIFT_ELEMENT); /* ColumnOrder: TYPE_ORDER */
        thrift_begin(t, 1);
        thrift_end(t);
        thrift_end(t);
    }
    thrift_end(t);
}

struct sl_err *parquet_writer_finish(struct parquet_writer *w, uint64_t *ret_bytes)
{
    sl_assert(!w->finished);
    SL_AUTOBUF(footer, INT32_MAX);
    struct thrift_writer t = thrift_writer(&footer);
    put_footer(&t, w);
    if (footer.overflow)
        return SL_ERR(EXHAUSTED, "a Parquet footer of more than 2 GiB");
    uint32_t n = (uint32_t)footer.n;
    sl_buf_add(&footer, &n, sizeof(n));
    sl_buf_add(&footer, PARQUET_MAGIC, PARQUET_MAGIC_BYTES);
    SL_TRY(append(w, footer.p, footer.n));
    w->finished = true;
    if (ret_bytes)
        *ret_bytes = w->offset;
    return NULL;
}
