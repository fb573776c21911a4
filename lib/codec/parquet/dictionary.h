/* Dictionaries for writing: the distinct values of a chunk in order of first use, and each row's
 * code. What they hold lives in the workspace until its next use. */
#pragma once

#include "codec/parquet/workspace.h"

struct dictionary {
    const uint32_t *codes;        /* (n) */
    size_t count;                 /* entries */
    const void *numbers;          /* (count x value_bytes), or */
    const struct sl_str *strings; /* (count) */
    size_t string_bytes;          /* of all entries */
};

/* False when there are more than `max_count` distinct values; by bits, so that -0 is not 0.
 * Shapes:   values (n x value_bytes), value_bytes 4 or 8. */
bool dictionary_from_numbers(struct parquet_workspace *ws, const void *values, size_t value_bytes,
                             size_t n, size_t max_count, struct dictionary *ret);
/* Only entries that are used, each once.
 * Shapes:   codes (n), each < entry_count; entries (entry_count). */
void dictionary_from_strings(struct parquet_workspace *ws, const uint32_t *codes, size_t n,
                             const struct sl_str *entries, size_t entry_count,
                             struct dictionary *ret);
