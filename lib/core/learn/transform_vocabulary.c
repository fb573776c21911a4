/* Vocabularies: look-ups and their files. */
#include "core/learn/transform_eval.h"

#include "base/rng.h"

/* Open addressing with linear probing; a slot holds a token's number + 1, 0 is free. */
struct transform_lookup {
    uint32_t *slots;
    size_t mask;
};

static size_t slot_count(size_t n)
{
    size_t count = 16;
    while (count < 2 * n)
        count *= 2;
    return count;
}

static uint64_t hash_at(const struct transform_vocabulary *v, size_t i)
{
    return v->tokens ? sl_str_hash(v->tokens[i]) : sl_mix64((uint64_t)v->numbers[i]);
}

void transform_vocabulary_index(struct sl_arena *a, struct transform_vocabulary *v)
{
    struct transform_lookup *l = SL_ARENA_NEW(a, struct transform_lookup);
    size_t count = slot_count(v->n);
    l->slots = SL_ARENA_ARRAY(a, uint32_t, count);
    l->mask = count - 1;
    for (size_t i = 0; i < v->n; i++) {
        size_t at = hash_at(v, i) & l->mask;
        while (l->slots[at])
            at = (at + 1) & l->mask;
        l->slots[at] = (uint32_t)i + 1;
    }
    v->lookup = l;
}

int64_t transform_vocabulary_find(const struct transform_vocabulary *v, struct sl_str token)
{
    const struct transform_lookup *l = v->lookup;
    for (size_t at = sl_str_hash(token) & l->mask; l->slots[at]; at = (at + 1) & l->mask)
        if (sl_str_eq(v->tokens[l->slots[at] - 1], token))
            return l->slots[at] - 1;
    return -1;
}

int64_t transform_vocabulary_find_number(const struct transform_vocabulary *v, int64_t number)
{
    const struct transform_lookup *l = v->lookup;
    for (size_t at = sl_mix64((uint64_t)number) & l->mask; l->slots[at]; at = (at + 1) & l->mask)
        if (v->numbers[l->slots[at] - 1] == number)
            return l->slots[at] - 1;
    return -1;
}

static void format_token(struct sl_str s, struct sl_buf *b)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '\n':
            sl_buf_add_cstr(b, "\\n");
            break;
        case '\r':
            sl_buf_add_cstr(b, "\\r");
            break;
        case '\\':
            sl_buf_add_cstr(b, "\\\\");
            break;
        default:
            sl_buf_add_char(b, s.p[i]);
        }
    }
}

void transform_format_vocabulary(const struct transform_vocabulary *v, struct sl_buf *b)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->tokens)
            format_token(v->tokens[i], b);
        else
            sl_buf_format(b, "%lld", (long long)v->numbers[i]);
        sl_buf_add_char(b, '\n');
    }
}
