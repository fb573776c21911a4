/* What parquet_workspace holds: buffers that keep their memory from chunk to chunk. */
#pragma once

#include "codec/parquet/page_header.h"
#include "codec/parquet/parquet.h"

#include "base/vec.h"
#include "codec/compress.h"

/* A page of the chunk at hand. */
struct chunk_page {
    struct page_header header;
    const uint8_t *body;
    uint64_t offset; /* of the header in the file */
};

struct parquet_workspace {
    struct compress_context *compress;
    struct sl_buf chunk;   /* as stored */
    struct sl_buf page;    /* one page, decompressed; writing: before compression */
    struct sl_buf raw;     /* values before conversion */
    struct sl_buf scratch; /* for one step */
    struct sl_buf dict;    /* numbers of the dictionary; writing: codes */
    struct sl_buf table;   /* writing: hash table */
    SL_VEC(struct chunk_page) pages;
    SL_VEC(struct sl_str) strings; /* dictionary of the chunk at hand */
};

/* `n` bytes of a buffer, aligned for any type; earlier contents are lost. */
void *workspace_room(struct sl_buf *b, size_t n);
