/* The pages of a column chunk as they are stored. */
#pragma once

#include "codec/parquet/workspace.h"

/* Reads the chunk into ws->chunk and lists its pages in ws->pages: the dictionary's, if there is
 * one, first, then data pages that state `rows` values together. Pages of other types are left out.
 *
 * Shapes:   rows > 0.
 * Errors:   corrupt: bytes beyond the file, damaged headers, wrong checksums, other numbers of
 *           values; exhausted: limits; those of the source. */
struct sl_err *chunk_pages_find(struct parquet_workspace *ws, const struct parquet_file *file,
                                const struct parquet_chunk *chunk, size_t rows) SL_MUST_USE;
