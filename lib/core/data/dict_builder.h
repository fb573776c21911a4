/* The distinct strings of a column, numbered in order of first use: how a decoder builds the
 * dictionary of a batch.
 *
 * Where nearly every value is new, looking for it is given up: from then on values are added as
 * they come, so entries may repeat. */
#pragma once

#include "base/str.h"

struct dict_builder {
    struct sl_str *entries;
    size_t n, capacity;
    uint64_t *slots; /* high half of the hash, and entry + 1 */
    size_t slot_count;
    size_t asked;
    bool open; /* given up looking */
};

void dict_builder_deinit(struct dict_builder *d);
/* Empties it and keeps the memory. */
void dict_builder_clear(struct dict_builder *d);
/* The entry that equals `s`, added when there is none (then *ret_added is true). The bytes are not
 * copied. */
uint32_t dict_builder_add(struct dict_builder *d, struct sl_str s, bool *ret_added);
/* Takes back the entry that was added last. */
void dict_builder_undo(struct dict_builder *d);
