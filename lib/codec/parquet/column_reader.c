/* Decoding one column chunk.
 *
 * The chunk is read whole, its page headers are looked through first (so that memory is asked for
 * only when the pages say as many values as the row group has rows), then page by page is
 * decompressed, and its values go to their rows:
 *
 *     page bytes --levels--> validity bits          (rows with a value: the ones)
 *                --values--> values, dense  --spread--> values by row
 */
#include "codec/parquet/bits.h"
#include "codec/parquet/chunk_pages.h"
#include "codec/parquet/leaf.h"
#include "codec/parquet/parquet.h"
#include "codec/parquet/rle.h"
#include "codec/parquet/spread.h"
#include "codec/parquet/values.h"
#include "codec/parquet/workspace.h"

enum { GATHER = 1024 }; /* codes looked up at a time */

struct job {
    struct sl_arena *a;
    const struct parquet_file *file;
    struct parquet_workspace *ws;
    const struct parquet_chunk *chunk;
    const struct parquet_leaf *leaf;
    size_t rows, row; /* all, done */
    size_t value_bytes;
    char *values;   /* (rows x value_bytes) */
    uint8_t *valid; /* NULL when the column is required */
    size_t null_count;
    bool has_dict;
    size_t dict_count;   /* of the dictionary page */
    const void *numbers; /* (dict_count x value_bytes) its values, for columns of numbers */
    size_t kept_bytes;   /* decompressed bytes that strings point into */
};

/* Where the rest of a page's body goes. */
struct page_values {
    const uint8_t *p;
    size_t bytes;
    size_t count; /* rows with a value */
};

static bool is_string(const struct job *j)
{
    return j->leaf->kind == PARQUET_STRING;
}

static bool is_dictionary_encoding(int encoding)
{
    return encoding == ENCODING_PLAIN_DICTIONARY || encoding == ENCODING_RLE_DICTIONARY;
}

/* ---- pages ------------------------------------------------------------------------------------
 */

/* Decompresses into the arena where strings will point into the bytes, else into the workspace. */
static struct sl_err *decompress(struct job *j, const uint8_t *in, size_t in_bytes, bool compressed,
                                 size_t out_bytes, bool keep, const uint8_t **ret)
{
    int codec = compressed ? j->chunk->codec : COMPRESS_NONE;
    if (!compress_codec_name(codec))
        return SL_ERR(INVALID, "compression codec %d is not supported", codec);
    if (!compress_can_expand((enum compress_codec)codec, in_bytes, out_bytes))
        return SL_ERR(CORRUPT, "%zu bytes of %s cannot hold the %zu stated", in_bytes,
                      compress_codec_name(codec), out_bytes);
    if (out_bytes == 0 || (codec == COMPRESS_NONE && !keep)) {
        *ret = in;
        return NULL;
    }
    j->kept_bytes += keep ? out_bytes : 0;
    if (j->kept_bytes > j->file->limits.chunk_bytes)
        return SL_ERR(EXHAUSTED, "strings need more than the limit of %zu bytes",
                      j->file->limits.chunk_bytes);
    void *out = keep ? sl_arena_alloc(j->a, out_bytes) : workspace_room(&j->ws->page, out_bytes);
    SL_TRY(compress_decode(j->ws->compress, codec, in, in_bytes, out, out_bytes));
    *ret = out;
    return NULL;
}

/* ---- values -----------------------------------------------------------------------------------
 */

static struct sl_err *read_strings(struct job *j, int encoding, const uint8_t *p, size_t bytes,
                                   size_t n, struct sl_str *out)
{
    size_t left = j->file->limits.chunk_bytes - j->kept_bytes;
    int64_t *scratch = workspace_room(&j->ws->scratch, n * 2 * sizeof(int64_t));
    return values_read_strings(j->a, j->leaf, encoding, p, bytes, n, left, scratch, out);
}

/* Fixed byte strings that are numbers, in an encoding for strings. */
static struct sl_err *read_joined(struct job *j, int encoding, const uint8_t *p, size_t bytes,
                                  size_t n, char *out)
{
    struct sl_str *strings = sl_arena_alloc(j->a, n * sizeof(*strings));
    SL_TRY(read_strings(j, encoding, p, bytes, n, strings));
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * j->leaf->raw_bytes, strings[i].p, j->leaf->raw_bytes);
    return NULL;
}

/* Numbers in any encoding but the dictionary ones, converted. out (n x value_bytes). */
static struct sl_err *read_numbers(struct job *j, int encoding, const uint8_t *p, size_t bytes,
                                   size_t n, void *out)
{
    const struct parquet_leaf *leaf = j->leaf;
    bool direct = leaf->convert == CONVERT_NONE;
    void *raw = direct ? out : workspace_room(&j->ws->raw, n * leaf->raw_bytes);
    if (leaf->physical == PHYSICAL_BYTE_ARRAY) {
        SL_TRY(read_strings(j, encoding, p, bytes, n, raw));
    } else if (leaf->physical == PHYSICAL_FIXED && encoding == ENCODING_DELTA_BYTE_ARRAY) {
        SL_TRY(read_joined(j, encoding, p, bytes, n, raw));
    } else {
        void *scratch = workspace_room(&j->ws->scratch, values_scratch_bytes(leaf, encoding, n));
        SL_TRY(values_read_fixed(leaf, encoding, p, bytes, n, scratch, raw));
    }
    return direct ? NULL : leaf_convert_values(leaf, raw, n, out);
}

/* The least bytes a PLAIN value takes, times 8. */
static size_t least_bits(const struct parquet_leaf *leaf)
{
    if (leaf->physical == PHYSICAL_BYTE_ARRAY)
        return 32;
    if (leaf->physical == PHYSICAL_FIXED)
        return leaf->fixed_bytes * 8;
    return leaf->physical == PHYSICAL_BOOLEAN ? 1 : leaf->raw_bytes * 8;
}

static struct sl_err *read_dictionary(struct job *j, const struct page_header *h,
                                      const uint8_t *body)
{
    size_t n = (size_t)h->value_count, bytes = (size_t)h->decoded_bytes;
    const uint8_t *p;
    if (h->encoding != ENCODING_PLAIN && h->encoding != ENCODING_PLAIN_DICTIONARY)
        return SL_ERR(INVALID, "a dictionary in encoding %s", values_encoding_name(h->encoding));
    if (n > bytes * 8 / least_bits(j->leaf))
        return SL_ERR(CORRUPT, "%zu bytes cannot hold a dictionary of %zu values", bytes, n);
    SL_TRY(decompress(j, body, (size_t)h->bytes, true, bytes, is_string(j), &p));
    j->has_dict = true;
    j->dict_count = n;
    if (is_string(j)) {
        sl_vec_reserve(&j->ws->strings, n);
        j->ws->strings.n = n;
        return read_strings(j, ENCODING_PLAIN, p, bytes, n, j->ws->strings.p);
    }
    void *numbers = workspace_room(&j->ws->dict, n * j->value_bytes);
    j->numbers = numbers;
    return read_numbers(j, ENCODING_PLAIN, p, bytes, n, numbers);
}

/* A dictionary has fewer than 2^31 values, so a wrong code shows in the sign bit: its own, or that
 * of its distance to the last value. No branch, so that the loop runs at the memory's speed. */
static struct sl_err *check_codes(const struct job *j, const uint32_t *codes, size_t n)
{
    uint32_t last = (uint32_t)j->dict_count - 1, wrong[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            wrong[k] |= codes[i + k] | (last - codes[i + k]);
    for (; i < n; i++)
        wrong[0] |= codes[i] | (last - codes[i]);
    if ((wrong[0] | wrong[1] | wrong[2] | wrong[3]) >> 31)
        return SL_ERR(CORRUPT, "a code is beyond the dictionary of %zu values", j->dict_count);
    return NULL;
}

/* Dictionary codes to numbers, some at a time. */
static struct sl_err *gather_numbers(struct job *j, struct rle_reader *r, size_t n, char *out)
{
    uint32_t codes[GATHER];
    for (size_t i = 0; i < n; i += GATHER) {
        size_t k = SL_MIN(n - i, (size_t)GATHER);
        if (!rle_read(r, k, codes))
            return SL_ERR(CORRUPT, "damaged dictionary codes");
        SL_TRY(check_codes(j, codes, k));
        spread_gather(j->numbers, j->value_bytes, codes, k, out + i * j->value_bytes);
    }
    return NULL;
}

static struct sl_err *read_codes(struct job *j, const struct page_values *v, char *out)
{
    if (!j->has_dict)
        return SL_ERR(CORRUPT, "dictionary codes without a dictionary");
    if (v->bytes < 1 || v->p[0] > 32)
        return SL_ERR(CORRUPT, "damaged dictionary codes");
    struct rle_reader r = rle_reader(v->p + 1, v->bytes - 1, v->p[0]);
    /* A dictionary of one value: nothing more need be said. */
    if (r.width == 0)
        r = (struct rle_reader){.run_left = SIZE_MAX};
    if (!is_string(j))
        return gather_numbers(j, &r, v->count, out);
    uint32_t *codes = (uint32_t *)(void *)out;
    if (!rle_read(&r, v->count, codes))
        return SL_ERR(CORRUPT, "damaged dictionary codes");
    return check_codes(j, codes, v->count);
}

/* Strings outside the dictionary become entries of their own behind it. */
static struct sl_err *append_strings(struct job *j, int encoding, const struct page_values *v,
                                     uint32_t *codes)
{
    size_t base = j->ws->strings.n;
    sl_vec_reserve(&j->ws->strings, base + v->count);
    SL_TRY(read_strings(j, encoding, v->p, v->bytes, v->count, j->ws->strings.p + base));
    j->ws->strings.n = base + v->count;
    for (size_t i = 0; i < v->count; i++)
        codes[i] = (uint32_t)(base + i);
    return NULL;
}

static struct sl_err *read_values(struct job *j, int encoding, const struct page_values *v)
{
    char *out = j->values + j->row * j->value_bytes;
    if (v->count == 0)
        return NULL;
    if (is_dictionary_encoding(encoding))
        return read_codes(j, v, out);
    if (is_string(j))
        return append_strings(j, encoding, v, (uint32_t *)(void *)out);
    return read_numbers(j, encoding, v->p, v->bytes, v->count, out);
}

/* ---- levels -----------------------------------------------------------------------------------
 */

/* Validity bits of `n` rows from RLE levels; *ret_ones counts the rows with a value. */
static struct sl_err *read_levels(struct job *j, struct sl_str levels, size_t n, size_t *ret_ones)
{
    struct rle_reader r = rle_reader(levels.p, levels.n, 1);
    if (!rle_read_bits(&r, n, j->valid, j->row))
        return SL_ERR(CORRUPT, "damaged definition levels");
    *ret_ones = bits_count(j->valid, j->row, n);
    return NULL;
}

/* The deprecated encoding: one bit per level, most significant first. */
static struct sl_err *read_bit_packed_levels(struct job *j, struct page_values *v, size_t n)
{
    if (bits_bytes(n) > v->bytes)
        return SL_ERR(CORRUPT, "damaged definition levels");
    for (size_t i = 0; i < n; i++)
        bits_fill(j->valid, j->row + i, 1, v->p[i / 8] >> (7 - i % 8) & 1);
    v->p += bits_bytes(n);
    v->bytes -= bits_bytes(n);
    v->count = bits_count(j->valid, j->row, n);
    return NULL;
}

/* Takes the levels off the front of a page of version 1. */
static struct sl_err *split_v1(struct job *j, const struct page_header *h, struct page_values *v)
{
    size_t n = (size_t)h->value_count;
    uint32_t length;
    v->count = n;
    if (!j->valid)
        return NULL;
    if (h->level_encoding == ENCODING_BIT_PACKED)
        return read_bit_packed_levels(j, v, n);
    if (h->level_encoding != ENCODING_RLE)
        return SL_ERR(INVALID, "definition levels in encoding %s",
                      values_encoding_name(h->level_encoding));
    if (v->bytes < 4)
        return SL_ERR(CORRUPT, "it ends in the definition levels");
    memcpy(&length, v->p, 4);
    if (length > v->bytes - 4)
        return SL_ERR(CORRUPT, "it ends in the definition levels");
    SL_TRY(read_levels(j, sl_strn((const char *)v->p + 4, length), n, &v->count));
    v->p += 4 + (size_t)length;
    v->bytes -= 4 + (size_t)length;
    return NULL;
}

/* In version 2 the levels stand uncompressed before the rest. */
static struct sl_err *split_v2(struct job *j, const struct chunk_page *page, bool keep,
                               struct page_values *v)
{
    const struct page_header *h = &page->header;
    size_t skip = (size_t)h->repetition_bytes, levels = (size_t)h->level_bytes;
    size_t n = (size_t)h->value_count;
    if (skip + levels > (size_t)h->bytes || skip + levels > (size_t)h->decoded_bytes)
        return SL_ERR(CORRUPT, "its levels are longer than the page");
    v->count = n;
    if (j->valid && levels == 0 && h->null_count == 0)
        bits_fill(j->valid, j->row, n, true);
    else if (j->valid)
        SL_TRY(read_levels(j, sl_strn((const char *)page->body + skip, levels), n, &v->count));
    size_t stored = (size_t)h->bytes - skip - levels;
    v->bytes = (size_t)h->decoded_bytes - skip - levels;
    /* A page of nulls may have nothing to decompress, not even a frame. */
    if (v->count == 0)
        return NULL;
    return decompress(j, page->body + skip + levels, stored, h->compressed, v->bytes, keep, &v->p);
}

/* ---- all --------------------------------------------------------------------------------------
 */

static struct sl_err *read_data_page(struct job *j, const struct chunk_page *page)
{
    const struct page_header *h = &page->header;
    size_t n = (size_t)h->value_count;
    bool keep = is_string(j) && !is_dictionary_encoding(h->encoding);
    struct page_values v = {.bytes = (size_t)h->decoded_bytes};
    if (n == 0)
        return NULL;
    if (h->type == PAGE_DATA) {
        SL_TRY(decompress(j, page->body, (size_t)h->bytes, true, v.bytes, keep, &v.p));
        SL_TRY(split_v1(j, h, &v));
    } else {
        SL_TRY(split_v2(j, page, keep, &v));
    }
    SL_TRY(read_values(j, h->encoding, &v));
    if (v.count < n)
        spread_values(j->values + j->row * j->value_bytes, j->value_bytes, j->valid, j->row, n,
                      v.count);
    j->null_count += n - v.count;
    j->row += n;
    return NULL;
}

static struct sl_err *read_pages(struct job *j)
{
    j->ws->strings.n = 0;
    for (size_t i = 0; i < j->ws->pages.n; i++) {
        const struct chunk_page *page = &j->ws->pages.p[i];
        if (page->header.type == PAGE_DICTIONARY)
            SL_TRY(read_dictionary(j, &page->header, page->body), "dictionary page at offset %llu",
                   (unsigned long long)page->offset);
        else
            SL_TRY(read_data_page(j, page), "page at offset %llu",
                   (unsigned long long)page->offset);
    }
    return NULL;
}

static void finish_strings(struct job *j, struct parquet_vector *v)
{
    size_t n = j->ws->strings.n;
    struct sl_str *dict = SL_ARENA_ARRAY(j->a, struct sl_str, SL_MAX(n, (size_t)1));
    if (n > 0)
        memcpy(dict, j->ws->strings.p, n * sizeof(*dict));
    else
        dict[0] = SL_STR("");
    if (j->leaf->convert == CONVERT_UUID)
        leaf_format_uuids(j->a, dict, n);
    v->dict = dict;
    v->dict_count = SL_MAX(n, (size_t)1);
}

static struct sl_err *read_column(struct job *j, struct parquet_vector *ret_vector)
{
    if (j->chunk->value_count != j->rows)
        return SL_ERR(CORRUPT, "%llu values, the row group has %zu rows",
                      (unsigned long long)j->chunk->value_count, j->rows);
    if (j->rows > j->file->limits.group_rows)
        return SL_ERR(EXHAUSTED, "%zu rows, more than the limit %zu", j->rows,
                      j->file->limits.group_rows);
    if (j->rows > 0) {
        SL_TRY(chunk_pages_find(j->ws, j->file, j->chunk, j->rows));
    } else {
        j->ws->pages.n = 0;
    }
    j->values = sl_arena_alloc(j->a, j->rows * j->value_bytes);
    if (j->leaf->optional)
        j->valid = SL_ARENA_ARRAY(j->a, uint8_t, bits_bytes(j->rows));
    SL_TRY(read_pages(j));
    struct parquet_vector v = {
        .kind = j->leaf->kind,
        .n = j->rows,
        .null_count = j->null_count,
        .valid = j->null_count > 0 ? j->valid : NULL,
        .values = j->values,
    };
    if (is_string(j))
        finish_strings(j, &v);
    *ret_vector = v;
    return NULL;
}

struct sl_err *parquet_read_column(struct sl_arena *a, const struct parquet_file *file,
                                   struct parquet_workspace *ws, size_t row_group, size_t column,
                                   struct parquet_vector *ret_vector)
{
    const struct parquet_column *c = &file->columns[column];
    if (c->kind == PARQUET_UNSUPPORTED)
        return SL_ERR(INVALID, "column '%.*s' cannot be read: %.*s", SL_FMT(c->name),
                      SL_FMT(c->why));
    struct job j = {
        .a = a,
        .file = file,
        .ws = ws,
        .chunk = parquet_get_chunk(file, row_group, column),
        .leaf = &file->leaves[c->leaf],
        .rows = file->row_groups[row_group].rows,
        .value_bytes = leaf_value_bytes(c->kind),
    };
    SL_TRY(read_column(&j, ret_vector), "column '%.*s', row group %zu", SL_FMT(c->name), row_group);
    return NULL;
}
