/* Headers of pages.
 * Source: parquet-format, parquet.thrift: PageHeader. */
#pragma once

#include "codec/parquet/format.h"

#include "base/err.h"

struct page_header {
    int type; /* enum parquet_page_type; others are to be skipped */
    int32_t decoded_bytes, bytes;
    bool has_crc;
    uint32_t crc;
    int32_t value_count;
    int encoding;
    int level_encoding;       /* PAGE_DATA */
    int32_t level_bytes;      /* PAGE_DATA_V2: of the definition levels */
    int32_t repetition_bytes; /* PAGE_DATA_V2 */
    int32_t null_count;       /* PAGE_DATA_V2 */
    bool compressed;          /* PAGE_DATA_V2; else true */
};

/* Decodes the header at *p and moves *p behind it.
 * Errors:   corrupt: damaged, negative sizes, without the part its type asks for. */
struct sl_err *page_header_decode(const uint8_t **p, const uint8_t *end,
                                  struct page_header *ret_header) SL_MUST_USE;
/* Appends it. */
void page_header_encode(const struct page_header *h, struct sl_buf *out);
