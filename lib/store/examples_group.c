#include "store/examples_group.h"

#include "base/alloc.h"
#include "base/assert.h"

void examples_group_column_init(struct examples_group_column *g, enum column_type type)
{
    *g = (struct examples_group_column){.type = type};
    if (type == COLUMN_STRING)
        g->text = sl_arena_new();
}

void examples_group_column_deinit(struct examples_group_column *g)
{
    sl_free(g->values);
    sl_free(g->valid);
    sl_free(g->dict);
    sl_free(g->renamed);
    sl_arena_free(g->text);
}

void examples_group_column_clear(struct examples_group_column *g)
{
    g->n = g->missing = g->dict_n = g->text_bytes = 0;
    if (g->text)
        sl_arena_clear(g->text);
}

static size_t value_size(enum column_type type)
{
    return type == COLUMN_BOOL ? 1 : type == COLUMN_STRING || type == COLUMN_FLOAT ? 4 : 8;
}

static void reserve(struct examples_group_column *g, size_t extra)
{
    if (g->n + extra <= g->capacity)
        return;
    g->capacity = (SL_MAX(g->n + extra, g->capacity * 2) + 63) / 64 * 64;
    g->values = sl_realloc(g->values, g->capacity, value_size(g->type));
    g->valid = sl_realloc(g->valid, g->capacity / 8, 1);
}

static void add_valid(struct examples_group_column *g, const struct column *c, const uint32_t *rows,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t to = g->n + i;
        bool valid = column_is_valid(c, rows[i]);
        uint8_t bit = (uint8_t)(1 << (to & 7));
        g->valid[to >> 3] = (uint8_t)((g->valid[to >> 3] & ~bit) | (valid ? bit : 0));
        g->missing += !valid;
    }
}

static uint32_t new_entry(struct examples_group_column *g, struct sl_str s, bool keep)
{
    if (g->dict_n == g->dict_capacity) {
        g->dict_capacity = SL_MAX(g->dict_capacity * 2, (size_t)16);
        g->dict = sl_realloc(g->dict, g->dict_capacity, sizeof(*g->dict));
    }
    g->dict[g->dict_n] = keep ? sl_arena_str(g->text, s) : s;
    return (uint32_t)g->dict_n++;
}

/* Few rows of a column with many entries: an entry for every row. */
static void add_codes_apart(struct examples_group_column *g, const struct column *c,
                            const uint32_t *rows, size_t n, bool keep)
{
    uint32_t *codes = (uint32_t *)g->values + g->n;
    for (size_t i = 0; i < n; i++) {
        struct sl_str s = column_str(c, rows[i]);
        codes[i] = s.n ? new_entry(g, s, keep) : 0;
        g->text_bytes += s.n;
    }
}

/* Entries that these rows use, each once. */
static void add_codes(struct examples_group_column *g, const struct column *c, const uint32_t *rows,
                      size_t n, bool keep)
{
    uint32_t *codes = (uint32_t *)g->values + g->n;
    if (c->dict_n > g->renamed_capacity) {
        g->renamed_capacity = c->dict_n;
        g->renamed = sl_realloc(g->renamed, c->dict_n, sizeof(*g->renamed));
    }
    if (c->dict_n)
        memset(g->renamed, 0, c->dict_n * sizeof(*g->renamed));
    for (size_t i = 0; i < n; i++) {
        codes[i] = 0;
        if (!column_is_valid(c, rows[i]))
            continue;
        uint32_t from = c->codes[rows[i]];
        sl_assert_cmp(from, <, c->dict_n);
        if (!g->renamed[from])
            g->renamed[from] = new_entry(g, c->dict[from], keep) + 1;
        codes[i] = g->renamed[from] - 1;
        g->text_bytes += c->dict[from].n;
    }
}

void examples_group_column_add(struct examples_group_column *g, const struct column *c,
                               const uint32_t *rows, size_t n, bool keep)
{
    reserve(g, n);
    /* Bits are kept only once something is missing. */
    if (c->valid || g->missing) {
        if (!g->missing && g->n)
            memset(g->valid, 0xff, (g->n + 7) / 8);
        add_valid(g, c, rows, n);
    }
    size_t size = value_size(g->type);
    if (g->type == COLUMN_STRING && c->dict_n / 8 > n)
        add_codes_apart(g, c, rows, n, keep);
    else if (g->type == COLUMN_STRING)
        add_codes(g, c, rows, n, keep);
    else if (size == 8)
        for (size_t i = 0; i < n; i++)
            ((int64_t *)g->values)[g->n + i] = c->i64[rows[i]];
    else if (size == 4)
        for (size_t i = 0; i < n; i++)
            ((float *)g->values)[g->n + i] = c->f32[rows[i]];
    else
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)g->values)[g->n + i] = c->boolean[rows[i]];
    g->n += n;
}

struct column examples_group_column_view(const struct examples_group_column *g, struct sl_str name)
{
    return (struct column){
        .name = name,
        .type = g->type,
        .n = g->n,
        .valid = g->missing ? g->valid : NULL,
        .i64 = g->values,
        .dict = g->dict,
        .dict_n = g->type == COLUMN_STRING ? g->dict_n : 0,
    };
}
