/* What parquet_encode_column hands to the writer. */
#pragma once

#include "codec/parquet/chunk_stats.h"
#include "codec/parquet/format.h"

struct parquet_encoded {
    struct sl_str bytes;     /* pages one after another, the dictionary's first */
    size_t dictionary_bytes; /* of the dictionary page; 0: none */
    enum parquet_kind kind;
    int encoding; /* of the data pages */
    size_t rows, null_count;
    int64_t distinct_count; /* -1: not known */
    size_t page_count;      /* data pages */
    size_t decoded_bytes;   /* as `bytes`, before compression */
    struct chunk_stats stats;
};

/* The physical type that a kind is written as. */
enum parquet_physical encoded_physical(enum parquet_kind kind);
