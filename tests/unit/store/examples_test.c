#include "adapter/blob_fs/blob_fs.h"
#include "base/file.h"
#include "base/rng.h"
#include "core/data/row_hash.h"
#include "store/examples.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <unistd.h>

enum { ROWS = 150000, COLUMNS = 6 };

static const struct column_spec specs[COLUMNS] = {
    {{"i", 1}, COLUMN_INT64},     {{"d", 1}, COLUMN_DOUBLE}, {{"b", 1}, COLUMN_BOOL},
    {{"t", 1}, COLUMN_TIMESTAMP}, {{"s", 1}, COLUMN_STRING}, {{"f", 1}, COLUMN_FLOAT},
};
static const struct sl_str names[] = {{"train", 5}, {"eval", 4}, {"empty", 5}};

struct fixture {
    struct sl_arena *a;
    struct blobs *blobs;
    char folder[32];
    struct table all; /* what goes in */
    const uint32_t *rows[3];
    size_t counts[3];
};

static bool is_there(size_t row, size_t column)
{
    return (row * 7 + column) % 11 != 0;
}

static void fill(struct sl_arena *a, struct column *c, size_t index)
{
    uint64_t *values = sl_arena_zero(a, ROWS, 8);
    uint8_t *valid = sl_arena_zero(a, ROWS / 8 + 1, 1);
    struct sl_str *dict = SL_ARENA_ARRAY(a, struct sl_str, 1000);
    *c = (struct column){.name = specs[index].name, .type = specs[index].type, .n = ROWS};
    for (size_t i = 0; i < 1000; i++)
        dict[i] = sl_arena_format(a, "text %zu", i / 2); /* each twice */
    for (size_t i = 0; i < ROWS; i++) {
        if (!is_there(i, index))
            continue;
        valid[i >> 3] |= (uint8_t)(1 << (i & 7));
        if (c->type == COLUMN_DOUBLE)
            ((double *)(void *)values)[i] = (double)i / 3;
        else if (c->type == COLUMN_FLOAT)
            ((float *)(void *)values)[i] = (float)i / 3;
        else if (c->type == COLUMN_BOOL)
            ((uint8_t *)values)[i] = i % 3 == 0;
        else if (c->type == COLUMN_STRING)
            ((uint32_t *)(void *)values)[i] = (uint32_t)(i * 31 % 1000);
        else
            values[i] = i * 1000;
    }
    c->valid = valid;
    c->i64 = (const int64_t *)values;
    if (c->type == COLUMN_STRING) {
        c->dict = dict;
        c->dict_n = 1000;
    }
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){
        .a = sl_arena_new(), .blobs = blob_fs_new(), .folder = "/tmp/sluice-test-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    f.all = (struct table){SL_ARENA_ARRAY(f.a, struct column, COLUMNS), COLUMNS, ROWS};
    uint32_t *rows[2] = {sl_arena_zero(f.a, ROWS, 4), sl_arena_zero(f.a, ROWS, 4)};
    for (size_t i = 0; i < COLUMNS; i++)
        fill(f.a, &f.all.columns[i], i);
    for (uint32_t i = 0; i < ROWS; i++)
        rows[i % 5 == 0][f.counts[i % 5 == 0]++] = i;
    f.rows[0] = rows[0];
    f.rows[1] = rows[1];
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->blobs->ops->free(f->blobs);
    assert_ok(sl_dir_remove(f->folder));
    sl_arena_free(f->a);
    return 0;
}

/* Writes all rows in batches of at most `step` rows; the digest of the artifact. */
static struct sl_str write_all(struct fixture *f, const char *name, size_t step, int threads,
                               size_t batches_a_call)
{
    struct sl_str uri = sl_arena_format(f->a, "file://%s/%s", f->folder, name), digest;
    struct artifact_writer *artifact = artifact_writer_new(f->blobs, uri, SL_STR("Examples"));
    struct workers *workers = workers_new(threads);
    struct examples_writer *w = examples_writer_new(artifact, specs, COLUMNS, names, 3, workers);
    struct examples_batch batches[16];
    size_t n = 0, at[3] = {0};
    for (size_t first = 0; first < ROWS; first += step) {
        struct sl_arena *a = f->a;
        const uint32_t **rows = SL_ARENA_ARRAY(a, const uint32_t *, 3);
        size_t *counts = SL_ARENA_ARRAY(a, size_t, 3);
        for (int s = 0; s < 3; s++) {
            rows[s] = f->rows[s] + at[s];
            while (at[s] + counts[s] < f->counts[s] && rows[s][counts[s]] < first + step)
                counts[s]++;
            at[s] += counts[s];
        }
        batches[n++] = (struct examples_batch){&f->all, rows, counts, NULL};
        if (n == batches_a_call || first + step >= ROWS) {
            assert_ok(examples_writer_add_batches(w, batches, n));
            n = 0;
        }
    }
    struct json *properties;
    int64_t bytes;
    assert_ok(examples_writer_finish(w, f->a, &properties));
    assert_ok(artifact_commit(artifact, f->a, properties, &digest, &bytes));
    examples_writer_free(w);
    artifact_writer_free(artifact);
    workers_free(workers);
    return digest;
}

static struct examples *open_examples(struct fixture *f, const char *name)
{
    struct artifact *t;
    struct examples *e;
    struct sl_str uri = sl_arena_format(f->a, "file://%s/%s", f->folder, name);
    assert_ok(artifact_open(f->a, f->blobs, uri, SL_STR(""), &t));
    assert_ok(examples_open(f->a, t, &e));
    return e;
}

static void check_group(struct fixture *f, const struct table *t, const uint32_t *rows)
{
    SL_AUTOARENA(a);
    struct table *expected = table_take(a, &f->all, rows, t->n_rows);
    uint64_t *got = sl_arena_alloc(a, t->n_rows * 8), *want = sl_arena_alloc(a, t->n_rows * 8);
    assert_int_equal(t->n_columns, COLUMNS);
    row_hash_table(a, t, NULL, 0, got);
    row_hash_table(a, expected, NULL, 0, want);
    assert_memory_equal(got, want, t->n_rows * 8);
    for (size_t c = 0; c < COLUMNS; c++) {
        assert_int_equal(t->columns[c].type, specs[c].type);
        assert_int_equal(column_valid_count(&t->columns[c]),
                         column_valid_count(&expected->columns[c]));
    }
}

static void test_examples__come_back_as_written(void **state)
{
    struct fixture *f = *state;
    write_all(f, "x", 10000, 2, 4);
    struct examples *e = open_examples(f, "x");
    assert_int_equal(e->n_splits, 3);
    assert_int_equal(e->n_columns, COLUMNS);
    assert_int_equal(examples_find_column(e, SL_STR("t")), 3);
    assert_int_equal(examples_find_column(e, SL_STR("no")), -1);
    assert_null(examples_find_split(e, SL_STR("no")));
    for (size_t s = 0; s < 3; s++) {
        const struct examples_split *split = examples_find_split(e, names[s]);
        assert_int_equal(split->n_rows, f->counts[s]);
        for (size_t g = 0; g < split->n_groups; g++) {
            SL_AUTOARENA(a);
            struct table t;
            assert_ok(examples_read_group(a, e, split, g, NULL, 0, &t));
            if (g + 1 < split->n_groups)
                assert_int_equal(t.n_rows, EXAMPLES_GROUP_ROWS);
            check_group(f, &t, f->rows[s] + split->groups[g].first_row);
        }
    }
}

static void test_examples__some_columns(void **state)
{
    struct fixture *f = *state;
    write_all(f, "x", ROWS, 1, 1);
    const struct examples *e = open_examples(f, "x");
    static const int columns[] = {4, 0};
    struct table t;
    assert_ok(examples_read_group(f->a, e, &e->splits[1], 0, columns, 2, &t));
    assert_int_equal(t.n_columns, 2);
    assert_str(t.columns[0].name, "s");
    assert_int_equal(t.columns[1].type, COLUMN_INT64);
    assert_true(t.columns[1].i64[1] == 5000);
}

/* Neither threads nor how rows come in shape the bytes. */
static void test_examples__bytes_are_a_matter_of_rows(void **state)
{
    struct fixture *f = *state;
    struct sl_str first = write_all(f, "a", ROWS, 1, 1);
    assert_true(sl_str_eq(write_all(f, "b", 10007, 1, 1), first));
    assert_true(sl_str_eq(write_all(f, "c", 33333, 2, 3), first));
    assert_true(sl_str_eq(write_all(f, "d", 70000, 7, 16), first));
    struct artifact *t;
    assert_ok(
        artifact_open(f->a, f->blobs, sl_arena_format(f->a, "file://%s/d", f->folder), first, &t));
    struct sl_str digest = json_get_string(t->properties, "digest_rows", SL_STR(""));
    assert_int_equal(digest.n, 5 + 32);
    assert_true(sl_str_starts(digest, SL_STR("xxh3:")));
}

/* Much text makes smaller groups, by the same rule however rows come in. */
static void test_examples__long_texts_make_small_groups(void **state)
{
    struct fixture *f = *state;
    enum { N = 1000, LENGTH = 100000 };
    static const struct column_spec spec = {{"s", 1}, COLUMN_STRING};
    struct sl_str *dict = SL_ARENA_ARRAY(f->a, struct sl_str, N);
    uint32_t *codes = sl_arena_zero(f->a, N, 4);
    char *text = sl_arena_alloc(f->a, LENGTH + N);
    memset(text, 'x', LENGTH + N);
    for (uint32_t i = 0; i < N; i++) {
        dict[i] = sl_strn(text, LENGTH + i);
        codes[i] = i;
    }
    struct sl_str digests[2];
    for (int k = 0; k < 2; k++) {
        struct sl_str uri = sl_arena_format(f->a, "file://%s/%d", f->folder, k);
        struct artifact_writer *artifact = artifact_writer_new(f->blobs, uri, SL_STR("Examples"));
        struct workers *workers = workers_new(2);
        struct examples_writer *w = examples_writer_new(artifact, &spec, 1, names, 1, workers);
        size_t step = k ? 77 : N;
        for (size_t first = 0; first < N; first += step) {
            size_t n = SL_MIN(step, N - first);
            struct column c = {.name = spec.name,
                               .type = COLUMN_STRING,
                               .n = n,
                               .codes = codes + first,
                               .dict = dict,
                               .dict_n = N};
            struct table t = {&c, 1, n};
            assert_ok(examples_writer_add(w, 0, &t));
        }
        struct json *properties;
        int64_t bytes;
        assert_ok(examples_writer_finish(w, f->a, &properties));
        assert_ok(artifact_commit(artifact, f->a, properties, &digests[k], &bytes));
        examples_writer_free(w);
        artifact_writer_free(artifact);
        workers_free(workers);
    }
    assert_true(sl_str_eq(digests[0], digests[1]));
    const struct examples *e = open_examples(f, "1");
    /* 16 MiB / 100,000 bytes: 168 rows reach it. */
    assert_int_equal(e->splits[0].groups[0].n_rows, 168);
    assert_int_equal(e->splits[0].n_rows, N);
    struct table t;
    assert_ok(examples_read_group(f->a, e, &e->splits[0], 1, NULL, 0, &t));
    assert_int_equal(column_str(&t.columns[0], 0).n, LENGTH + 168);
}

static void test_examples__writer_given_up(void **state)
{
    struct fixture *f = *state;
    struct sl_str uri = sl_arena_format(f->a, "file://%s/x", f->folder);
    struct artifact_writer *artifact = artifact_writer_new(f->blobs, uri, SL_STR("Examples"));
    struct workers *workers = workers_new(2);
    struct examples_writer *w = examples_writer_new(artifact, specs, COLUMNS, names, 2, workers);
    assert_ok(examples_writer_add(w, 0, &f->all));
    examples_writer_free(w);
    artifact_writer_free(artifact);
    workers_free(workers);
    struct artifact *t;
    assert_err(artifact_open(f->a, f->blobs, uri, SL_STR(""), &t), NOT_FOUND, "");
}

static void test_examples__select(void **state)
{
    struct fixture *f = *state;
    write_all(f, "selected", 10000, 2, 4);
    const struct examples *e = open_examples(f, "selected");
    struct examples_selection some, all;
    /* In the order of the artifact, whatever the order of the names; `empty` adds nothing. */
    assert_ok(examples_select(f->a, e, (struct sl_str[]){names[2], names[1]}, 2, &some));
    assert_int_equal(some.n_rows, f->counts[1]);
    assert_ptr_equal(some.groups[0].split, examples_find_split(e, names[1]));
    assert_ok(examples_select(f->a, e, NULL, 0, &all));
    assert_int_equal(all.n_rows, ROWS);
    assert_int_equal(all.n_groups, some.n_groups + examples_find_split(e, names[0])->n_groups);
    for (size_t i = 1; i < all.n_groups; i++)
        assert_true(all.groups[i].split > all.groups[i - 1].split ||
                    all.groups[i].group == all.groups[i - 1].group + 1);
    struct sl_str absent = SL_STR("test");
    assert_err(examples_select(f->a, e, &absent, 1, &some), INVALID, "no split 'test'");
    absent = SL_STR("trian");
    assert_err(examples_select(f->a, e, &absent, 1, &some), INVALID, "did you mean 'train'");
    int index;
    assert_ok(examples_get_column(f->a, e, SL_STR("s"), &index));
    assert_int_equal(index, 4);
    assert_err(examples_get_column(f->a, e, SL_STR("none"), &index), INVALID, "no column 'none'");
}

static void test_examples__damaged_properties(void **state)
{
    struct fixture *f = *state;
    struct sl_str uri = sl_arena_format(f->a, "file://%s/x", f->folder), digest;
    struct artifact_writer *artifact = artifact_writer_new(f->blobs, uri, SL_STR("Examples"));
    struct json *properties;
    int64_t bytes;
    struct artifact *t;
    struct examples *e;
    assert_ok(json_parse(f->a,
                         SL_STR("{\"splits\":[\"train\"],\"rows\":{\"train\":5},"
                                "\"columns\":[{\"name\":\"a\",\"type\":\"int\"}]}"),
                         &properties));
    assert_ok(artifact_commit(artifact, f->a, properties, &digest, &bytes));
    artifact_writer_free(artifact);
    assert_ok(artifact_open(f->a, f->blobs, uri, SL_STR(""), &t));
    assert_err(examples_open(f->a, t, &e), CORRUPT, "expected 5");
    t->properties = json_new_object(f->a);
    assert_err(examples_open(f->a, t, &e), CORRUPT, "columns");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_examples__come_back_as_written),
        TEST(test_examples__some_columns),
        TEST(test_examples__bytes_are_a_matter_of_rows),
        TEST(test_examples__long_texts_make_small_groups),
        TEST(test_examples__writer_given_up),
        TEST(test_examples__select),
        TEST(test_examples__damaged_properties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
