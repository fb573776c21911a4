/* Encoding one column chunk.
 *
 *     vector --compact--> values without nulls --dictionary?--> pages: levels, values --zstd-->
 * bytes
 */
#include "codec/parquet/bitpack.h"
#include "codec/parquet/bits.h"
#include "codec/parquet/delta.h"
#include "codec/parquet/dictionary.h"
#include "codec/parquet/encoded.h"
#include "codec/parquet/leaf.h"
#include "codec/parquet/rle.h"
#include "codec/parquet/spread.h"
#include "codec/parquet/thrift.h"

#include "base/assert.h"

#include <zlib.h>

enum {
    PAGE_BYTES = 1 << 20,
    PAGE_ROWS = 1 << 20,
    LARGEST_VALUE = 1 << 30,
    /* A dictionary of numbers is worth it when it is far smaller than the column. */
    NUMBERS_PER_ENTRY = 8,
    MOST_NUMBERS = 1 << 16,
    /* Larger dictionaries cost readers more than they save. */
    MOST_STRING_BYTES = 16 << 20,
    /* How delta encoding is tried out: runs of values from all over the column. */
    SAMPLES = 8,
    SAMPLE = 257,
};

struct job {
    struct sl_arena *a;
    struct parquet_workspace *ws;
    const struct parquet_write_column *column;
    struct parquet_write_options options;
    const struct parquet_vector *vector;
    size_t value_bytes;
    const char *values; /* (count x value_bytes) without nulls; strings: their codes */
    size_t count;
    bool has_dict;
    struct dictionary dict; /* strings: also without dictionary encoding */
    struct parquet_encoded out;
};

/* A page's rows and the values among them. */
struct span {
    size_t row, rows;
    size_t value, values;
};

static bool is_string(const struct job *j)
{
    return j->column->kind == PARQUET_STRING;
}

enum parquet_physical encoded_physical(enum parquet_kind kind)
{
    switch (kind) {
    case PARQUET_INT64:
    case PARQUET_TIMESTAMP:
        return PHYSICAL_INT64;
    case PARQUET_DOUBLE:
        return PHYSICAL_DOUBLE;
    case PARQUET_FLOAT:
        return PHYSICAL_FLOAT;
    case PARQUET_BOOL:
        return PHYSICAL_BOOLEAN;
    case PARQUET_STRING:
        return PHYSICAL_BYTE_ARRAY;
    case PARQUET_UNSUPPORTED:
        break;
    }
    sl_assert(!"a kind that can be written");
    return PHYSICAL_BYTE_ARRAY;
}

/* ---- what to write ----------------------------------------------------------------------------
 */

static struct sl_err *take_values(struct job *j)
{
    const struct parquet_vector *v = j->vector;
    sl_assert_cmp((int)v->kind, ==, (int)j->column->kind);
    j->value_bytes = leaf_value_bytes(v->kind);
    j->count = v->valid ? bits_count(v->valid, 0, v->n) : v->n;
    j->values = v->values;
    j->out = (struct parquet_encoded){
        .kind = v->kind, .rows = v->n, .null_count = v->n - j->count, .distinct_count = -1};
    if (j->count == v->n)
        return NULL;
    if (!j->column->nullable)
        return SL_ERR(INVALID, "%zu nulls in a column that is not nullable", v->n - j->count);
    char *compact = workspace_room(&j->ws->raw, j->count * j->value_bytes);
    spread_compact(v->values, j->value_bytes, v->valid, 0, v->n, compact);
    j->values = compact;
    return NULL;
}

static bool is_integer(enum parquet_kind kind)
{
    return kind == PARQUET_INT64 || kind == PARQUET_TIMESTAMP;
}

/* Whether differences take well less than the values: tried on samples. */
static bool deltas_are_small(struct job *j)
{
    struct sl_buf *trial = &j->ws->page;
    const int64_t *values = (const int64_t *)(const void *)j->values;
    size_t taken = 0;
    sl_buf_clear(trial);
    for (size_t s = 0; s < SAMPLES; s++) {
        size_t start = j->count / SAMPLES * s, n = SL_MIN((size_t)SAMPLE, j->count - start);
        delta_write(trial, values + start, n);
        taken += n;
    }
    return trial->n < taken * sizeof(int64_t) / 10 * 6;
}

static void choose_for_numbers(struct job *j)
{
    enum parquet_kind kind = j->column->kind;
    j->out.encoding = ENCODING_PLAIN;
    if (kind == PARQUET_BOOL || j->count == 0)
        return;
    size_t most = SL_MIN(SL_MAX(j->count / NUMBERS_PER_ENTRY, (size_t)1), (size_t)MOST_NUMBERS);
    if (dictionary_from_numbers(j->ws, j->values, j->value_bytes, j->count, most, &j->dict)) {
        j->has_dict = true;
        j->out.encoding = ENCODING_RLE_DICTIONARY;
        j->out.distinct_count = (int64_t)j->dict.count;
    } else if (is_integer(kind) && deltas_are_small(j)) {
        j->out.encoding = ENCODING_DELTA_BINARY_PACKED;
    }
}

static struct sl_err *choose_for_strings(struct job *j)
{
    const uint32_t *codes = (const uint32_t *)(const void *)j->values;
    struct dictionary *d = &j->dict;
    dictionary_from_strings(j->ws, codes, j->count, j->vector->dict, j->vector->dict_count, d);
    for (size_t i = 0; i < d->count; i++)
        if (d->strings[i].n > LARGEST_VALUE)
            return SL_ERR(EXHAUSTED, "a string of %zu bytes", d->strings[i].n);
    size_t plain = j->count * 4;
    for (size_t i = 0; i < j->count; i++)
        plain += d->strings[d->codes[i]].n;
    unsigned width = bitpack_width(d->count ? d->count - 1 : 0);
    size_t with_dict = d->string_bytes + d->count * 4 + bitpack_bytes(j->count, width);
    j->has_dict = j->count > 0 && with_dict < plain && d->string_bytes <= MOST_STRING_BYTES;
    j->out.encoding = j->has_dict ? ENCODING_RLE_DICTIONARY : ENCODING_PLAIN;
    j->out.distinct_count = (int64_t)d->count;
    return NULL;
}

static void take_stats(struct job *j)
{
    const struct dictionary *d = &j->dict;
    if (is_string(j))
        j->out.stats = chunk_stats_of_strings(j->a, d->strings, d->count);
    else if (j->has_dict)
        j->out.stats = chunk_stats_of_numbers(j->a, j->column->kind, d->numbers, d->count);
    else
        j->out.stats = chunk_stats_of_numbers(j->a, j->column->kind, j->values, j->count);
}

/* ---- pages ------------------------------------------------------------------------------------
 */

/* Compresses ws->page and appends it, with its header, to ws->chunk. */
static struct sl_err *put_page(struct job *j, struct page_header h)
{
    struct sl_buf *page = &j->ws->page, *chunk = &j->ws->chunk, *packed = &j->ws->table;
    int level = j->options.zstd_level ? j->options.zstd_level : 1;
    sl_buf_clear(packed);
    SL_TRY(compress_encode_zstd(j->ws->compress, level, page->p, page->n, packed));
    if (page->n > INT32_MAX || packed->n > INT32_MAX)
        return SL_ERR(EXHAUSTED, "a page of %zu bytes", page->n);
    h.decoded_bytes = (int32_t)page->n;
    h.bytes = (int32_t)packed->n;
    h.has_crc = true;
    h.crc = (uint32_t)crc32_z(0, (const Bytef *)packed->p, packed->n);
    size_t start = chunk->n;
    page_header_encode(&h, chunk);
    j->out.decoded_bytes += chunk->n - start + page->n;
    sl_buf_add(chunk, packed->p, packed->n);
    return NULL;
}

static void add_string(struct sl_buf *out, struct sl_str s)
{
    uint32_t n = (uint32_t)s.n;
    char *to = sl_buf_reserve(out, 4 + s.n);
    if (!to)
        return;
    memcpy(to, &n, 4);
    if (s.n)
        memcpy(to + 4, s.p, s.n);
    out->n += 4 + s.n;
}

static struct sl_err *put_dictionary(struct job *j)
{
    struct sl_buf *page = &j->ws->page;
    sl_buf_clear(page);
    if (is_string(j))
        for (size_t i = 0; i < j->dict.count; i++)
            add_string(page, j->dict.strings[i]);
    else
        sl_buf_add(page, j->dict.numbers, j->dict.count * j->value_bytes);
    struct page_header h = {
        .type = PAGE_DICTIONARY, .value_count = (int32_t)j->dict.count, .encoding = ENCODING_PLAIN};
    SL_TRY(put_page(j, h));
    j->out.dictionary_bytes = j->ws->chunk.n;
    return NULL;
}

static void add_levels(struct job *j, struct span s)
{
    struct sl_buf *page = &j->ws->page;
    size_t start = page->n;
    uint32_t length = 0;
    sl_buf_add(page, &length, 4);
    if (j->vector->valid) {
        rle_write_bits(page, j->vector->valid, s.row, s.rows);
    } else {
        thrift_put_varint(page, (uint64_t)s.rows << 1);
        sl_buf_add_char(page, 1);
    }
    length = (uint32_t)(page->n - start - 4);
    memcpy(page->p + start, &length, 4);
}

static void add_values(struct job *j, struct span s)
{
    struct sl_buf *page = &j->ws->page;
    const char *values = j->values + s.value * j->value_bytes;
    const uint32_t *codes = j->dict.codes + s.value;
    if (j->has_dict) {
        unsigned width = bitpack_width(j->dict.count - 1);
        sl_buf_add_char(page, (char)width);
        rle_write(page, codes, s.values, width);
    } else if (is_string(j)) {
        for (size_t i = 0; i < s.values; i++)
            add_string(page, j->dict.strings[codes[i]]);
    } else if (j->column->kind == PARQUET_BOOL) {
        char *to = sl_buf_reserve(page, bits_bytes(s.values));
        sl_assert(to);
        bits_from_bytes((const uint8_t *)values, s.values, (uint8_t *)to);
        page->n += bits_bytes(s.values);
    } else if (j->out.encoding == ENCODING_DELTA_BINARY_PACKED) {
        delta_write(page, (const int64_t *)(const void *)values, s.values);
    } else {
        sl_buf_add(page, values, s.values * j->value_bytes);
    }
}

static struct sl_err *put_data(struct job *j, struct span s)
{
    sl_buf_clear(&j->ws->page);
    if (j->column->nullable)
        add_levels(j, s);
    if (s.values > 0)
        add_values(j, s);
    struct page_header h = {.type = PAGE_DATA,
                            .value_count = (int32_t)s.rows,
                            .encoding = j->out.encoding,
                            .level_encoding = ENCODING_RLE};
    j->out.page_count++;
    return put_page(j, h);
}

/* ---- cutting into pages -----------------------------------------------------------------------
 */

/* Rows of a page whose values take the same space each. */
static size_t rows_by_width(const struct job *j, size_t page_bytes)
{
    size_t bits = j->value_bytes * 8;
    if (j->has_dict)
        bits = bitpack_width(j->dict.count - 1);
    else if (j->column->kind == PARQUET_BOOL)
        bits = 1;
    size_t rows = page_bytes / SL_MAX(bits, (size_t)1) * 8;
    return SL_MIN(SL_MAX(rows, (size_t)64), (size_t)PAGE_ROWS);
}

/* Rows from `s.row` on until their strings fill a page. */
static size_t rows_by_length(const struct job *j, struct span s, size_t page_bytes)
{
    size_t bytes = 0, row = s.row, value = s.value;
    while (row < j->vector->n && row - s.row < PAGE_ROWS && bytes < page_bytes) {
        if (parquet_vector_is_valid(j->vector, row))
            bytes += 4 + j->dict.strings[j->dict.codes[value++]].n;
        row++;
    }
    return row - s.row;
}

static struct sl_err *put_pages(struct job *j)
{
    size_t page_bytes = j->options.page_bytes ? j->options.page_bytes : PAGE_BYTES;
    bool by_length = is_string(j) && !j->has_dict;
    const uint8_t *valid = j->vector->valid;
    struct span s = {0};
    sl_buf_clear(&j->ws->chunk);
    if (j->has_dict)
        SL_TRY(put_dictionary(j));
    for (; s.row < j->vector->n; s.row += s.rows, s.value += s.values) {
        size_t rows = by_length ? rows_by_length(j, s, page_bytes) : rows_by_width(j, page_bytes);
        s.rows = SL_MIN(rows, j->vector->n - s.row);
        s.values = valid ? bits_count(valid, s.row, s.rows) : s.rows;
        SL_TRY(put_data(j, s));
    }
    return NULL;
}

static struct sl_err *encode(struct job *j)
{
    SL_TRY(take_values(j));
    if (is_string(j))
        SL_TRY(choose_for_strings(j));
    else
        choose_for_numbers(j);
    take_stats(j);
    SL_TRY(put_pages(j));
    struct sl_buf *chunk = &j->ws->chunk;
    j->out.bytes = sl_strn(sl_arena_copy(j->a, chunk->p, chunk->n), chunk->n);
    return NULL;
}

struct sl_err *parquet_encode_column(struct sl_arena *a, struct parquet_workspace *ws,
                                     const struct parquet_write_schema *schema, size_t column,
                                     const struct parquet_vector *vector,
                                     const struct parquet_encoded **ret_encoded)
{
    struct job j = {.a = a,
                    .ws = ws,
                    .column = &schema->columns[column],
                    .options = schema->options,
                    .vector = vector};
    SL_TRY(encode(&j), "column '%.*s'", SL_FMT(j.column->name));
    struct parquet_encoded *encoded = SL_ARENA_NEW(a, struct parquet_encoded);
    *encoded = j.out;
    *ret_encoded = encoded;
    return NULL;
}
