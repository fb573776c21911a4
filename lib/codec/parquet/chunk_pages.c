#include "codec/parquet/chunk_pages.h"

#include <zlib.h>

static struct sl_err *read_chunk(struct parquet_workspace *ws, const struct parquet_file *file,
                                 const struct parquet_chunk *chunk)
{
    uint64_t size = file->source.size;
    if (chunk->offset > size || chunk->bytes > size - chunk->offset)
        return SL_ERR(CORRUPT, "its bytes [%llu, +%llu) reach beyond the file's %llu",
                      (unsigned long long)chunk->offset, (unsigned long long)chunk->bytes,
                      (unsigned long long)size);
    if (chunk->bytes > file->limits.chunk_bytes)
        return SL_ERR(EXHAUSTED, "%llu bytes, more than the limit %zu",
                      (unsigned long long)chunk->bytes, file->limits.chunk_bytes);
    size_t n = (size_t)chunk->bytes;
    char *p = workspace_room(&ws->chunk, n);
    SL_TRY(file->source.read(file->source.ctx, chunk->offset, p, n), "read %zu bytes", n);
    ws->chunk.n = n;
    return NULL;
}

/* Checks what a header states against the bytes there are, the limits and the checksum. */
static struct sl_err *check_page(const struct parquet_file *file, const struct chunk_page *page,
                                 size_t left)
{
    const struct page_header *h = &page->header;
    if ((size_t)h->bytes > left)
        return SL_ERR(CORRUPT, "it has %d bytes, the chunk only %zu more", h->bytes, left);
    if ((size_t)h->decoded_bytes > file->limits.page_bytes)
        return SL_ERR(EXHAUSTED, "%d bytes when decompressed, more than the limit %zu",
                      h->decoded_bytes, file->limits.page_bytes);
    if (h->has_crc && crc32_z(0, page->body, (size_t)h->bytes) != h->crc)
        return SL_ERR(CORRUPT, "its checksum is wrong");
    return NULL;
}

/* Sorts one page in; *seen counts the rows of data pages. */
static struct sl_err *add_page(struct parquet_workspace *ws, const struct chunk_page *page,
                               size_t rows, size_t *seen)
{
    int type = page->header.type;
    if (type != PAGE_DATA && type != PAGE_DATA_V2 && type != PAGE_DICTIONARY)
        return NULL;
    if (type == PAGE_DICTIONARY && ws->pages.n > 0)
        return SL_ERR(CORRUPT, "a dictionary after other pages");
    if (type != PAGE_DICTIONARY)
        *seen += (size_t)page->header.value_count;
    if (*seen > rows)
        return SL_ERR(CORRUPT, "more values than the row group's %zu rows", rows);
    *sl_vec_add(&ws->pages) = *page;
    return NULL;
}

struct sl_err *chunk_pages_find(struct parquet_workspace *ws, const struct parquet_file *file,
                                const struct parquet_chunk *chunk, size_t rows)
{
    SL_TRY(read_chunk(ws, file, chunk));
    const uint8_t *start = (const uint8_t *)ws->chunk.p, *end = start + ws->chunk.n, *p = start;
    size_t seen = 0;
    ws->pages.n = 0;
    while (seen < rows && p < end) {
        struct chunk_page page = {.offset = chunk->offset + (uint64_t)(p - start)};
        unsigned long long offset = page.offset;
        SL_TRY(page_header_decode(&p, end, &page.header), "page at offset %llu", offset);
        page.body = p;
        SL_TRY(check_page(file, &page, (size_t)(end - p)), "page at offset %llu", offset);
        SL_TRY(add_page(ws, &page, rows, &seen), "page at offset %llu", offset);
        p += page.header.bytes;
    }
    if (seen < rows)
        return SL_ERR(CORRUPT, "its pages hold %zu values, the row group has %zu rows", seen, rows);
    return NULL;
}
