#include "codec/parquet/dictionary.h"

#include "base/assert.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Open addressing with linear steps; a slot is an entry's index + 1, 0 when free, and for strings
 * above it half of the hash, which spares most comparisons. */
struct table {
    uint64_t *slots;
    size_t mask;
};

static struct table table_of(struct parquet_workspace *ws, size_t max_count)
{
    size_t slots = 64;
    while (slots < max_count * 2)
        slots *= 2;
    struct table t = {workspace_room(&ws->table, slots * sizeof(*t.slots)), slots - 1};
    memset(t.slots, 0, slots * sizeof(*t.slots));
    return t;
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

static inline size_t hash_bits(uint64_t bits)
{
    unsigned __int128 product =
        (unsigned __int128)(bits ^ UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
    return (size_t)((uint64_t)(product >> 64) ^ (uint64_t)product);
}

/* The code of a value, a new one if need be; entries stay below max_count + 1. */
#define FROM_NUMBERS(type)                                                                  \
    static bool from_##type(struct table t, const type *values, size_t n, size_t max_count, \
                            type *entries, uint32_t *codes, size_t *ret_count)              \
    {                                                                                       \
        size_t count = 0;                                                                   \
        for (size_t i = 0; i < n; i++) {                                                    \
            if (i > 0 && values[i] == values[i - 1]) {                                      \
                codes[i] = codes[i - 1];                                                    \
                continue;                                                                   \
            }                                                                               \
            size_t at = hash_bits(values[i]) & t.mask;                                      \
            while (t.slots[at] && entries[t.slots[at] - 1] != values[i])                    \
                at = (at + 1) & t.mask;                                                     \
            if (!t.slots[at]) {                                                             \
                if (count == max_count)                                                     \
                    return false;                                                           \
                entries[count++] = values[i];                                               \
                t.slots[at] = count;                                                        \
            }                                                                               \
            codes[i] = (uint32_t)(t.slots[at] - 1);                                         \
        }                                                                                   \
        *ret_count = count;                                                                 \
        return true;                                                                        \
    }

FROM_NUMBERS(uint32_t)
FROM_NUMBERS(uint64_t)

bool dictionary_from_numbers(struct parquet_workspace *ws, const void *values, size_t value_bytes,
                             size_t n, size_t max_count, struct dictionary *ret)
{
    struct table t = table_of(ws, max_count);
    void *entries = workspace_room(&ws->scratch, max_count * value_bytes);
    uint32_t *codes = workspace_room(&ws->dict, n * sizeof(*codes));
    size_t count;
    bool fits = value_bytes == 8 ? from_uint64_t(t, values, n, max_count, entries, codes, &count)
                                 : from_uint32_t(t, values, n, max_count, entries, codes, &count);
    if (!fits)
        return false;
    *ret = (struct dictionary){.codes = codes, .count = count, .numbers = entries};
    return true;
}

/* ---- strings ----------------------------------------------------------------------------------
 */

/* The index of `s` among the strings gathered so far, which it joins if it is new. */
static uint32_t find_string(struct parquet_workspace *ws, struct table t, struct sl_str s)
{
    uint64_t hash = XXH3_64bits(s.p, s.n), tag = hash & ~(uint64_t)UINT32_MAX;
    size_t at = hash & t.mask;
    for (; t.slots[at]; at = (at + 1) & t.mask) {
        uint32_t index = (uint32_t)t.slots[at] - 1;
        if ((t.slots[at] & ~(uint64_t)UINT32_MAX) == tag && sl_str_eq(ws->strings.p[index], s))
            return index;
    }
    *sl_vec_add(&ws->strings) = s;
    t.slots[at] = tag | ws->strings.n;
    return (uint32_t)ws->strings.n - 1;
}

void dictionary_from_strings(struct parquet_workspace *ws, const uint32_t *codes, size_t n,
                             const struct sl_str *entries, size_t entry_count,
                             struct dictionary *ret)
{
    uint32_t *renamed = workspace_room(&ws->scratch, entry_count * sizeof(*renamed));
    uint32_t *out = workspace_room(&ws->dict, n * sizeof(*out));
    struct table t = table_of(ws, SL_MIN(n, entry_count));
    memset(renamed, 0xff, entry_count * sizeof(*renamed));
    ws->strings.n = 0;
    for (size_t i = 0; i < n; i++) {
        sl_assert_cmp(codes[i], <, entry_count);
        if (renamed[codes[i]] == UINT32_MAX)
            renamed[codes[i]] = find_string(ws, t, entries[codes[i]]);
        out[i] = renamed[codes[i]];
    }
    *ret = (struct dictionary){.codes = out, .count = ws->strings.n, .strings = ws->strings.p};
    for (size_t i = 0; i < ret->count; i++)
        ret->string_bytes += ret->strings[i].n;
}
