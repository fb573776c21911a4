#include "codec/parquet/parquet.h"

#include "codec/parquet/bits.h"
#include "codec/parquet/thrift.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "net/workers.h"
#include "tests/support/test.h"

#include <math.h>

/* ---- a file in memory -------------------------------------------------------------------------
 */

struct memory {
    struct sl_buf bytes;
    size_t append_fails_at; /* bytes; 0: never */
    size_t read_fails;      /* count of reads from now on; 0: never */
};

static struct sl_err *memory_append(void *ctx, const void *p, size_t n)
{
    struct memory *m = ctx;
    if (m->append_fails_at && m->bytes.n + n > m->append_fails_at)
        return SL_ERR(EXHAUSTED, "disk full");
    sl_buf_add(&m->bytes, p, n);
    return NULL;
}

static struct sl_err *memory_read(void *ctx, uint64_t offset, void *to, size_t n)
{
    struct memory *m = ctx;
    if (m->read_fails && --m->read_fails == 0)
        return SL_ERR(UNAVAILABLE, "connection lost");
    assert_in_range(offset + n, 0, m->bytes.n);
    memcpy(to, m->bytes.p + offset, n);
    return NULL;
}

static void memory_free(struct memory *m)
{
    sl_buf_deinit(&m->bytes);
}
#define AUTOMEMORY(name) struct memory name SL_CLEANUP(memory_free) = {0}

static struct sl_err *open_memory(struct sl_arena *a, struct memory *m,
                                  const struct parquet_limits *limits,
                                  const struct parquet_file **ret)
{
    struct parquet_source source = {memory_read, m, m->bytes.n};
    return parquet_open(a, &source, limits, ret);
}

/* ---- vectors ----------------------------------------------------------------------------------
 */

enum { COLUMNS = 8 };
static const struct parquet_write_column columns[COLUMNS] = {
    {.name = {"int", 3}, .kind = PARQUET_INT64, .nullable = true},
    {.name = {"double", 6}, .kind = PARQUET_DOUBLE, .nullable = true},
    {.name = {"float", 5}, .kind = PARQUET_FLOAT, .nullable = true},
    {.name = {"bool", 4}, .kind = PARQUET_BOOL, .nullable = true},
    {.name = {"time", 4}, .kind = PARQUET_TIMESTAMP, .nullable = true, .utc = true},
    {.name = {"word", 4}, .kind = PARQUET_STRING, .nullable = true},
    {.name = {"unique", 6}, .kind = PARQUET_STRING, .nullable = true, .raw = true},
    {.name = {"ascending", 9}, .kind = PARQUET_INT64, .nullable = true},
};

static const uint8_t *make_validity(struct sl_arena *a, struct sl_rng *rng, size_t n, double nulls,
                                    size_t *ret_null_count)
{
    uint8_t *valid = SL_ARENA_ARRAY(a, uint8_t, bits_bytes(n));
    for (size_t i = 0; i < n; i++)
        bits_fill(valid, i, 1, sl_rng_f64(rng) >= nulls);
    *ret_null_count = n - bits_count(valid, 0, n);
    return nulls > 0 ? valid : NULL;
}

static void make_strings(struct sl_arena *a, struct sl_rng *rng, bool unique,
                         struct parquet_vector *v)
{
    size_t entries = unique ? v->n : 20;
    struct sl_str *dict = SL_ARENA_ARRAY(a, struct sl_str, entries + 1);
    for (size_t i = 0; i <= entries; i++)
        dict[i] = sl_arena_format(a, unique ? "row %zu %llx" : "w%zu", i,
                                  (unsigned long long)sl_rng_u64(rng));
    uint32_t *codes = SL_ARENA_ARRAY(a, uint32_t, v->n);
    for (size_t i = 0; i < v->n; i++)
        codes[i] = unique ? (uint32_t)i : (uint32_t)sl_rng_below(rng, entries);
    v->codes = codes;
    v->dict = dict;
    v->dict_count = entries + 1;
}

static struct parquet_vector make_vector(struct sl_arena *a, struct sl_rng *rng, size_t column,
                                         size_t n, double nulls)
{
    struct parquet_vector v = {.kind = columns[column].kind, .n = n};
    v.valid = make_validity(a, rng, n, nulls, &v.null_count);
    if (v.kind == PARQUET_STRING) {
        make_strings(a, rng, columns[column].raw, &v);
        return v;
    }
    void *values = SL_ARENA_ARRAY(a, uint64_t, n);
    v.values = values;
    bool few = sl_rng_below(rng, 2);
    for (size_t i = 0; i < n; i++) {
        uint64_t u = few ? sl_rng_below(rng, 5) : sl_rng_u64(rng);
        if (column == COLUMNS - 1)
            ((int64_t *)values)[i] = (int64_t)i * 3 - 1000;
        else if (v.kind == PARQUET_DOUBLE)
            ((double *)values)[i] = u % 7 == 0 ? NAN : (double)u / 3;
        else if (v.kind == PARQUET_FLOAT)
            ((float *)values)[i] = (float)u / 3;
        else if (v.kind == PARQUET_BOOL)
            ((uint8_t *)values)[i] = u % 2;
        else
            ((int64_t *)values)[i] = (int64_t)u;
    }
    return v;
}

static bool same_value(const struct parquet_vector *x, const struct parquet_vector *y, size_t i)
{
    switch (x->kind) {
    case PARQUET_DOUBLE:
        return memcmp(&x->f64[i], &y->f64[i], 8) == 0;
    case PARQUET_FLOAT:
        return memcmp(&x->f32[i], &y->f32[i], 4) == 0;
    case PARQUET_BOOL:
        return x->boolean[i] == y->boolean[i];
    case PARQUET_STRING:
        return sl_str_eq(x->dict[x->codes[i]], y->dict[y->codes[i]]);
    default:
        return x->i64[i] == y->i64[i];
    }
}

static void assert_same(const struct parquet_vector *got, const struct parquet_vector *expected)
{
    assert_int_equal(got->kind, expected->kind);
    assert_int_equal(got->n, expected->n);
    assert_int_equal(got->null_count, expected->null_count);
    for (size_t i = 0; i < expected->n; i++) {
        assert_int_equal(parquet_vector_is_valid(got, i), parquet_vector_is_valid(expected, i));
        if (got->kind == PARQUET_STRING)
            assert_in_range(got->codes[i], 0, got->dict_count - 1);
        if (parquet_vector_is_valid(expected, i) && !same_value(got, expected, i))
            fail_msg("row %zu differs", i);
    }
}

/* ---- files ------------------------------------------------------------------------------------
 */

enum { GROUPS = 3 };
struct data {
    struct parquet_vector vectors[GROUPS][COLUMNS];
};

static struct data *make_data(struct sl_arena *a, uint64_t seed, const size_t *rows, double nulls)
{
    struct sl_rng rng;
    sl_rng_init(&rng, seed);
    struct data *d = SL_ARENA_NEW(a, struct data);
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t c = 0; c < COLUMNS; c++)
            d->vectors[g][c] = make_vector(a, &rng, c, rows[g], nulls);
    return d;
}

static struct sl_err *write_data(const struct data *d, size_t page_bytes, struct memory *m)
{
    PARQUET_AUTOWORKSPACE(ws);
    PARQUET_AUTOWRITER struct parquet_writer *w = NULL;
    struct parquet_write_schema schema = {columns, COLUMNS, {.page_bytes = page_bytes}};
    struct parquet_sink sink = {memory_append, m};
    uint64_t bytes;
    SL_TRY(parquet_writer_new(&schema, &sink, &w));
    for (size_t g = 0; g < GROUPS; g++)
        SL_TRY(parquet_write_row_group(w, ws, d->vectors[g]));
    parquet_writer_add_key_value(w, SL_STR("sluice.digest"), SL_STR("abc"));
    SL_TRY(parquet_writer_finish(w, &bytes));
    assert_int_equal(bytes, m->bytes.n);
    return NULL;
}

static void check_data(const struct parquet_file *f, const struct data *d)
{
    PARQUET_AUTOWORKSPACE(ws);
    assert_int_equal(f->row_group_count, GROUPS);
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t c = 0; c < COLUMNS; c++) {
            SL_AUTOARENA(a);
            struct parquet_vector v;
            assert_ok(parquet_read_column(a, f, ws, g, c, &v));
            assert_same(&v, &d->vectors[g][c]);
            const struct parquet_stats *s = &parquet_get_chunk(f, g, c)->stats;
            assert_true(s->has_null_count);
            assert_int_equal(s->null_count, v.null_count);
        }
}

static void test_parquet__round_trips(void **state)
{
    (void)state;
    static const size_t rows[][GROUPS] = {{0, 0, 0},    {1, 2, 3},       {7, 8, 9},
                                          {63, 64, 65}, {1000, 0, 4097}, {20000, 1, 511}};
    static const double nulls[] = {0, 0.1, 0.9, 1};
    static const size_t page_bytes[] = {0, 100, 4000};
    for (size_t i = 0; i < SL_COUNTOF(rows); i++)
        for (size_t j = 0; j < SL_COUNTOF(nulls); j++)
            for (size_t k = 0; k < SL_COUNTOF(page_bytes); k++) {
                SL_AUTOARENA(a);
                AUTOMEMORY(m);
                const struct parquet_file *f;
                struct data *d = make_data(a, i * 10 + j, rows[i], nulls[j]);
                assert_ok(write_data(d, page_bytes[k], &m));
                assert_ok(open_memory(a, &m, NULL, &f));
                check_data(f, d);
            }
}

static void test_parquet__schema_and_metadata(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOMEMORY(m);
    static const size_t rows[] = {5, 0, 2};
    const struct parquet_file *f;
    assert_ok(write_data(make_data(a, 1, rows, 0.5), 0, &m));
    assert_ok(open_memory(a, &m, NULL, &f));
    assert_int_equal(f->rows, 7);
    assert_int_equal(f->column_count, COLUMNS);
    for (size_t c = 0; c < COLUMNS; c++) {
        assert_true(sl_str_eq(f->columns[c].name, columns[c].name));
        assert_int_equal(f->columns[c].kind, columns[c].kind);
        assert_int_equal(f->columns[c].nullable, true);
        assert_int_equal(f->columns[c].utc, columns[c].utc);
        assert_int_equal(f->columns[c].raw, columns[c].raw);
    }
    assert_str(f->columns[4].type, "INT64 TIMESTAMP(MICROS)");
    assert_str(f->columns[5].type, "BYTE_ARRAY STRING");
    assert_str(parquet_find_key_value(f, SL_STR("sluice.digest")), "abc");
    assert_null(parquet_find_key_value(f, SL_STR("other")).p);
    assert_ptr_equal(parquet_find_column(f, SL_STR("float")), &f->columns[2]);
    assert_null(parquet_find_column(f, SL_STR("Float")));
    assert_int_equal(f->row_groups[0].rows, 5);
    assert_true(sl_str_starts(f->created_by, SL_STR("sluice")));
}

/* Values of null rows are defined: zeros, and codes that the dictionary has. */
static void test_parquet__rows_without_a_value(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOMEMORY(m);
    PARQUET_AUTOWORKSPACE(ws);
    static const size_t rows[] = {100, 100, 100};
    const struct parquet_file *f;
    assert_ok(write_data(make_data(a, 2, rows, 1), 0, &m));
    assert_ok(open_memory(a, &m, NULL, &f));
    for (size_t c = 0; c < COLUMNS; c++) {
        struct parquet_vector v;
        assert_ok(parquet_read_column(a, f, ws, 0, c, &v));
        assert_int_equal(v.null_count, 100);
        for (size_t i = 0; i < 100; i++) {
            if (v.kind == PARQUET_STRING)
                assert_int_equal(v.codes[i], 0);
            else if (v.kind == PARQUET_DOUBLE)
                assert_true(v.f64[i] == 0);
        }
        if (v.kind == PARQUET_STRING)
            assert_int_equal(v.dict_count, 1);
        assert_false(parquet_get_chunk(f, 0, c)->stats.has_min);
    }
}

static void test_parquet__statistics(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOMEMORY(m);
    PARQUET_AUTOWORKSPACE(ws);
    PARQUET_AUTOWRITER struct parquet_writer *w = NULL;
    const int64_t numbers[] = {5, -7, 5, 100};
    const uint32_t codes[] = {1, 1, 2, 0};
    const struct sl_str dict[] = {SL_STR("b"), SL_STR("a"), SL_STR("a"), SL_STR("unused")};
    const uint8_t valid[] = {0x07};
    const struct parquet_write_column two[] = {
        {.name = {"n", 1}, .kind = PARQUET_INT64},
        {.name = {"s", 1}, .kind = PARQUET_STRING, .nullable = true},
    };
    const struct parquet_vector vectors[] = {
        {.kind = PARQUET_INT64, .n = 4, .i64 = numbers},
        {.kind = PARQUET_STRING,
         .n = 4,
         .null_count = 1,
         .valid = valid,
         .codes = codes,
         .dict = dict,
         .dict_count = 4},
    };
    struct parquet_write_schema schema = {.columns = two, .column_count = 2};
    struct parquet_sink sink = {memory_append, &m};
    const struct parquet_file *f;
    assert_ok(parquet_writer_new(&schema, &sink, &w));
    assert_ok(parquet_write_row_group(w, ws, vectors));
    assert_ok(parquet_writer_finish(w, NULL));
    assert_ok(open_memory(a, &m, NULL, &f));
    const struct parquet_stats *s = &parquet_get_chunk(f, 0, 0)->stats;
    assert_true(s->has_min && s->has_max && s->min_exact && s->max_exact);
    assert_int_equal(s->min.i64, -7);
    assert_int_equal(s->max.i64, 100);
    assert_int_equal(s->null_count, 0);
    /* "b" stands in a null row only, "a" twice in the dictionary. */
    s = &parquet_get_chunk(f, 0, 1)->stats;
    assert_str(s->min.str, "a");
    assert_str(s->max.str, "a");
    assert_int_equal(s->distinct_count, 1);
    assert_int_equal(s->null_count, 1);
    assert_false(f->columns[0].nullable);
}

static void test_parquet__same_bytes_from_any_workspace(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    PARQUET_AUTOWORKSPACE(used);
    AUTOMEMORY(first);
    AUTOMEMORY(second);
    AUTOMEMORY(third);
    static const size_t rows[] = {3000, 17, 900}, others[] = {5000, 5, 5};
    struct data *d = make_data(a, 3, rows, 0.2);
    assert_ok(write_data(make_data(a, 4, others, 0), 0, &third));
    assert_ok(write_data(d, 0, &first));
    /* Columns last to first, in a workspace that has seen other things, then written in order. */
    PARQUET_AUTOWRITER struct parquet_writer *w = NULL;
    struct parquet_write_schema schema = {.columns = columns, .column_count = COLUMNS};
    struct parquet_sink sink = {memory_append, &second};
    assert_ok(parquet_writer_new(&schema, &sink, &w));
    for (size_t g = 0; g < GROUPS; g++) {
        const struct parquet_encoded *chunks[COLUMNS];
        for (size_t c = COLUMNS; c-- > 0;)
            assert_ok(parquet_encode_column(a, used, &schema, c, &d->vectors[g][c], &chunks[c]));
        assert_ok(parquet_write_chunks(w, chunks));
    }
    parquet_writer_add_key_value(w, SL_STR("sluice.digest"), SL_STR("abc"));
    assert_ok(parquet_writer_finish(w, NULL));
    assert_int_equal(second.bytes.n, first.bytes.n);
    assert_memory_equal(second.bytes.p, first.bytes.p, first.bytes.n);
}

static void test_parquet__writer_refuses(void **state)
{
    (void)state;
    AUTOMEMORY(m);
    SL_AUTOARENA(a);
    PARQUET_AUTOWORKSPACE(ws);
    struct parquet_writer *w = NULL;
    struct parquet_sink sink = {memory_append, &m};
    const struct parquet_write_column twice[] = {{.name = {"a", 1}, .kind = PARQUET_INT64},
                                                 {.name = {"a", 1}, .kind = PARQUET_INT64}};
    const struct parquet_write_column unnamed = {.name = {"", 0}, .kind = PARQUET_INT64};
    struct parquet_write_schema schema = {0};
    assert_err(parquet_writer_new(&schema, &sink, &w), INVALID, "needs a column");
    schema = (struct parquet_write_schema){.columns = twice, .column_count = 2};
    assert_err(parquet_writer_new(&schema, &sink, &w), INVALID, "two columns are named 'a'");
    schema = (struct parquet_write_schema){.columns = &unnamed, .column_count = 1};
    assert_err(parquet_writer_new(&schema, &sink, &w), INVALID, "column 0 has no name");
    assert_null(w);
    schema = (struct parquet_write_schema){.columns = twice, .column_count = 1};
    const int64_t values[] = {1, 2};
    const uint8_t valid[] = {1};
    struct parquet_vector v = {
        .kind = PARQUET_INT64, .n = 2, .null_count = 1, .valid = valid, .i64 = values};
    const struct parquet_encoded *chunk;
    assert_err(parquet_encode_column(a, ws, &schema, 0, &v, &chunk), INVALID,
               "column 'a': 1 nulls in a column that is not nullable");
}

static void test_parquet__sink_failures_come_through(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    static const size_t rows[] = {10, 10, 10};
    struct data *d = make_data(a, 5, rows, 0.2);
    AUTOMEMORY(whole);
    assert_ok(write_data(d, 0, &whole));
    for (size_t at = 1; at < whole.bytes.n; at += 97) {
        AUTOMEMORY(m);
        m.append_fails_at = at;
        assert_err(write_data(d, 0, &m), EXHAUSTED, "disk full");
    }
}

static void test_parquet__source_failures_come_through(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOMEMORY(m);
    PARQUET_AUTOWORKSPACE(ws);
    static const size_t rows[] = {10, 10, 10};
    const struct parquet_file *f;
    struct parquet_vector v;
    assert_ok(write_data(make_data(a, 6, rows, 0.2), 0, &m));
    m.read_fails = 1;
    assert_err(open_memory(a, &m, NULL, &f), UNAVAILABLE, "read the footer: connection lost");
    assert_ok(open_memory(a, &m, NULL, &f));
    m.read_fails = 1;
    assert_err(parquet_read_column(a, f, ws, 1, 5, &v), UNAVAILABLE,
               "column 'word', row group 1: read ");
}

/* ---- damage -----------------------------------------------------------------------------------
 */

/* Every column of every row group; the first failure. */
static struct sl_err *read_all(struct memory *m, const struct parquet_limits *limits)
{
    SL_AUTOARENA(a);
    PARQUET_AUTOWORKSPACE(ws);
    const struct parquet_file *f;
    SL_TRY(open_memory(a, m, limits, &f));
    for (size_t g = 0; g < f->row_group_count; g++)
        for (size_t c = 0; c < f->column_count; c++) {
            struct parquet_vector v;
            SL_TRY(parquet_read_column(a, f, ws, g, c, &v));
        }
    return NULL;
}

static void test_parquet__any_changed_byte_of_a_page_is_found(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOMEMORY(m);
    static const size_t rows[] = {50, 50, 50};
    assert_ok(write_data(make_data(a, 7, rows, 0.2), 0, &m));
    uint32_t footer;
    memcpy(&footer, m.bytes.p + m.bytes.n - 8, 4);
    size_t pages_end = m.bytes.n - 8 - footer;
    for (size_t i = 4; i < pages_end; i += 3) {
        m.bytes.p[i] ^= 0x20;
        struct sl_err *err = read_all(&m, NULL);
        /* Sizes of headers that no one reads may change unseen; values may not. */
        if (!err) {
            const struct parquet_file *f;
            assert_ok(open_memory(a, &m, NULL, &f));
            check_data(f, make_data(a, 7, rows, 0.2));
        }
        sl_err_free(err);
        m.bytes.p[i] ^= 0x20;
    }
    m.bytes.p[pages_end - 1] ^= 1;
    assert_err(read_all(&m, NULL), CORRUPT, "column 'ascending', row group 2: page at offset ");
    assert_err(read_all(&m, NULL), CORRUPT, "its checksum is wrong");
}

static void test_parquet__any_cut_is_an_error(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOMEMORY(m);
    static const size_t rows[] = {5, 5, 5};
    assert_ok(write_data(make_data(a, 8, rows, 0.2), 0, &m));
    for (size_t n = m.bytes.n; n-- > 0;) {
        m.bytes.n = n;
        assert_err(read_all(&m, NULL), CORRUPT, "");
    }
}

static void test_parquet__random_damage_is_harmless(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOMEMORY(m);
    static const size_t rows[] = {20, 3, 20};
    struct sl_rng rng;
    sl_rng_init(&rng, 9);
    assert_ok(write_data(make_data(a, 9, rows, 0.3), 200, &m));
    uint32_t footer;
    memcpy(&footer, m.bytes.p + m.bytes.n - 8, 4);
    char *copy = sl_arena_copy(a, m.bytes.p, m.bytes.n);
    for (int trial = 0; trial < 3000; trial++) {
        for (size_t i = 0, n = 1 + sl_rng_below(&rng, 4); i < n; i++) {
            size_t from = trial % 2 ? m.bytes.n - footer - 8 : 0; /* the footer more often */
            m.bytes.p[from + sl_rng_below(&rng, m.bytes.n - from)] = (char)sl_rng_u64(&rng);
        }
        sl_err_free(read_all(&m, NULL));
        memcpy(m.bytes.p, copy, m.bytes.n);
    }
}

static void test_parquet__limits(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOMEMORY(m);
    static const size_t rows[] = {5000, 10, 10};
    assert_ok(write_data(make_data(a, 10, rows, 0), 0, &m));
    struct parquet_limits limits = parquet_limits_default;
    limits.group_rows = 4999;
    assert_err(read_all(&m, &limits), EXHAUSTED, "5000 rows, more than the limit 4999");
    limits = parquet_limits_default;
    limits.footer_bytes = 100;
    assert_err(read_all(&m, &limits), EXHAUSTED, "more than the limit 100");
    limits = parquet_limits_default;
    limits.page_bytes = 1000;
    assert_err(read_all(&m, &limits), EXHAUSTED, "more than the limit 1000");
    limits = parquet_limits_default;
    limits.chunk_bytes = 1000;
    assert_err(read_all(&m, &limits), EXHAUSTED, "more than the limit 1000");
}

static void add_tail(struct memory *m, struct sl_buf *footer)
{
    uint32_t n = (uint32_t)footer->n;
    sl_buf_add(&m->bytes, "PAR1", 4);
    sl_buf_add_str(&m->bytes, sl_buf_str(footer));
    sl_buf_add(&m->bytes, &n, 4);
    sl_buf_add(&m->bytes, "PAR1", 4);
}

/* A footer that states one row group of `rows` rows of one required INT64 without any bytes. */
static void add_hollow_footer(struct memory *m, int64_t rows, int64_t bytes)
{
    SL_AUTOBUF(footer, 0);
    struct thrift_writer t = thrift_writer(&footer);
    thrift_put_i32(&t, 1, 1);
    thrift_put_list(&t, 2, THRIFT_STRUCT, 2);
    thrift_begin(&t, THRIFT_ELEMENT);
    thrift_put_binary(&t, 4, SL_STR("root"));
    thrift_put_i32(&t, 5, 1);
    thrift_end(&t);
    thrift_begin(&t, THRIFT_ELEMENT);
    thrift_put_i32(&t, 1, 2);
    thrift_put_i32(&t, 3, 0);
    thrift_put_binary(&t, 4, SL_STR("x"));
    thrift_end(&t);
    thrift_put_i64(&t, 3, rows);
    thrift_put_list(&t, 4, THRIFT_STRUCT, 1);
    thrift_begin(&t, THRIFT_ELEMENT);
    thrift_put_list(&t, 1, THRIFT_STRUCT, 1);
    thrift_begin(&t, THRIFT_ELEMENT);
    thrift_put_i64(&t, 2, 0);
    thrift_begin(&t, 3);
    thrift_put_i32(&t, 1, 2);
    thrift_put_i32(&t, 4, 0);
    thrift_put_i64(&t, 5, rows);
    thrift_put_i64(&t, 6, bytes);
    thrift_put_i64(&t, 7, bytes);
    thrift_put_i64(&t, 9, 4);
    thrift_end(&t);
    thrift_end(&t);
    thrift_put_i64(&t, 2, bytes);
    thrift_put_i64(&t, 3, rows);
    thrift_end(&t);
    thrift_end(&t);
    add_tail(m, &footer);
}

static void test_parquet__stated_sizes_are_not_believed(void **state)
{
    (void)state;
    AUTOMEMORY(rows);
    add_hollow_footer(&rows, 60 << 20, 10);
    assert_err(read_all(&rows, NULL), CORRUPT, "column 'x', row group 0");
    AUTOMEMORY(far);
    add_hollow_footer(&far, 1, INT64_C(1) << 60);
    assert_err(read_all(&far, NULL), CORRUPT, "reach beyond the file's");
    AUTOMEMORY(more);
    add_hollow_footer(&more, INT64_C(1) << 40, 10);
    assert_err(read_all(&more, NULL), EXHAUSTED, "more than the limit");
    AUTOMEMORY(less);
    add_hollow_footer(&less, -1, 10);
    assert_err(read_all(&less, NULL), CORRUPT, "a negative number of rows");
}

static void test_parquet__no_file(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        enum sl_err_kind kind;
        const char *message;
    } cases[] = {
        {"", 0, SL_ERR_CORRUPT, "not a Parquet file: it has 0 bytes"},
        {"PAR1PAR1", 8, SL_ERR_CORRUPT, "not a Parquet file: it has 8 bytes"},
        {"a,b\n1,2\n3,4\n", 12, SL_ERR_CORRUPT, "does not end with PAR1"},
        {"PAR1\x01\0\0\0PAR1", 12, SL_ERR_CORRUPT, "the footer's length 1"},
        {"PAR1\0\0\0\0PAR1", 12, SL_ERR_CORRUPT, "damaged footer: it ends early"},
        {"PAR1\0\x01\0\0\0PAR1", 13, SL_ERR_CORRUPT, "the footer has no schema"},
        {"PARE\0\0\0\0PARE", 12, SL_ERR_INVALID, "encrypted"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        AUTOMEMORY(m);
        sl_buf_add(&m.bytes, cases[i].bytes, cases[i].n);
        if (cases[i].kind == SL_ERR_INVALID)
            assert_err(read_all(&m, NULL), INVALID, cases[i].message);
        else
            assert_err(read_all(&m, NULL), CORRUPT, cases[i].message);
    }
}

/* ---- threads ----------------------------------------------------------------------------------
 */

struct shared {
    const struct parquet_file *file;
    const struct data *data;
    struct parquet_workspace *workspaces[4];
};

static struct sl_err *read_part(void *ctx, size_t index, int thread)
{
    struct shared *s = ctx;
    SL_AUTOARENA(a);
    struct parquet_vector v;
    size_t group = index / COLUMNS % GROUPS, column = index % COLUMNS;
    SL_TRY(parquet_read_column(a, s->file, s->workspaces[thread], group, column, &v));
    assert_same(&v, &s->data->vectors[group][column]);
    return NULL;
}

static void test_parquet__threads_share_a_file(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    AUTOMEMORY(m);
    static const size_t rows[] = {3000, 10, 2000};
    struct shared s = {.data = make_data(a, 11, rows, 0.2)};
    assert_ok(write_data(s.data, 1000, &m));
    assert_ok(open_memory(a, &m, NULL, &s.file));
    for (int i = 0; i < 4; i++)
        s.workspaces[i] = parquet_workspace_new();
    struct workers *w = workers_new(4);
    assert_ok(workers_parallel_for(w, 2 * GROUPS * COLUMNS, read_part, &s));
    workers_free(w);
    for (int i = 0; i < 4; i++)
        parquet_workspace_free(s.workspaces[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parquet__round_trips),
        cmocka_unit_test(test_parquet__schema_and_metadata),
        cmocka_unit_test(test_parquet__rows_without_a_value),
        cmocka_unit_test(test_parquet__statistics),
        cmocka_unit_test(test_parquet__same_bytes_from_any_workspace),
        cmocka_unit_test(test_parquet__writer_refuses),
        cmocka_unit_test(test_parquet__sink_failures_come_through),
        cmocka_unit_test(test_parquet__source_failures_come_through),
        cmocka_unit_test(test_parquet__any_changed_byte_of_a_page_is_found),
        cmocka_unit_test(test_parquet__any_cut_is_an_error),
        cmocka_unit_test(test_parquet__random_damage_is_harmless),
        cmocka_unit_test(test_parquet__limits),
        cmocka_unit_test(test_parquet__stated_sizes_are_not_believed),
        cmocka_unit_test(test_parquet__no_file),
        cmocka_unit_test(test_parquet__threads_share_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
