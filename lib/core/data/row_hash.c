#define XXH_INLINE_ALL
#include "core/data/row_hash.h"

#include <xxhash.h>

/* Rows are hashed in blocks, so that columns are read one after another and words stay in cache. */
enum { BLOCK_ROWS = 64 };

static uint64_t word_of_double(double d)
{
    uint64_t word;
    if (d != d)
        return UINT64_C(0x7ff8000000000000);
    if (d == 0)
        return 0;
    memcpy(&word, &d, sizeof(word));
    return word;
}

static uint64_t word_at(const struct column *c, const uint64_t *dict, size_t row)
{
    switch (c->type) {
    case COLUMN_INT64:
        return word_of_double((double)c->i64[row]);
    case COLUMN_DOUBLE:
        return word_of_double(c->f64[row]);
    case COLUMN_FLOAT:
        return word_of_double((double)c->f32[row]);
    case COLUMN_BOOL:
        return word_of_double(c->boolean[row]);
    case COLUMN_TIMESTAMP:
        return (uint64_t)c->i64[row];
    case COLUMN_STRING:
        return dict[c->codes[row]];
    }
    return 0;
}

/* Words of rows [first, first + n) of one column into words[0], words[stride], ... */
static void put_words(const struct column *c, const uint64_t *dict, size_t first, size_t n,
                      size_t stride, uint64_t *words)
{
    if (c->type == COLUMN_STRING && c->dict_n == 0) {
        for (size_t i = 0; i < n; i++)
            words[i * stride] = ROW_HASH_MISSING;
        return;
    }
    if (c->type == COLUMN_STRING)
        for (size_t i = 0; i < n; i++)
            words[i * stride] = dict[c->codes[first + i]];
    else if (c->type == COLUMN_INT64)
        for (size_t i = 0; i < n; i++)
            words[i * stride] = word_of_double((double)c->i64[first + i]);
    else
        for (size_t i = 0; i < n; i++)
            words[i * stride] = word_at(c, dict, first + i);
    for (size_t i = 0; c->valid && i < n; i++)
        if (!column_is_valid(c, first + i))
            words[i * stride] = ROW_HASH_MISSING;
}

static const uint64_t *hash_dict(struct sl_arena *a, const struct column *c)
{
    if (c->type != COLUMN_STRING)
        return NULL;
    uint64_t *hashes = sl_arena_alloc(a, c->dict_n * sizeof(*hashes));
    for (size_t i = 0; i < c->dict_n; i++)
        hashes[i] = XXH3_64bits(c->dict[i].p, c->dict[i].n);
    return hashes;
}

void row_hash_table(struct sl_arena *a, const struct table *t, const size_t *columns, size_t n,
                    uint64_t *ret_hashes)
{
    if (!columns)
        n = t->n_columns;
    const uint64_t **dicts = SL_ARENA_ARRAY(a, const uint64_t *, n);
    for (size_t i = 0; i < n; i++)
        dicts[i] = hash_dict(a, &t->columns[columns ? columns[i] : i]);
    uint64_t *words = sl_arena_zero(a, BLOCK_ROWS * n, sizeof(*words));
    for (size_t first = 0; first < t->n_rows; first += BLOCK_ROWS) {
        size_t rows = SL_MIN(t->n_rows - first, (size_t)BLOCK_ROWS);
        for (size_t i = 0; i < n; i++)
            put_words(&t->columns[columns ? columns[i] : i], dicts[i], first, rows, n, words + i);
        for (size_t row = 0; row < rows; row++)
            ret_hashes[first + row] = XXH3_64bits(words + row * n, n * sizeof(*words));
    }
}
