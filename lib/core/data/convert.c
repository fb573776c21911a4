#include "core/data/convert.h"

#include "core/data/cell.h"

/* What a conversion fills. */
struct target {
    struct column c;
    void *values;
    uint8_t *valid;
};

static struct target new_target(struct sl_arena *a, const struct column *from,
                                enum column_type type)
{
    struct target t = {.c = {.name = from->name, .type = type, .n = from->n}};
    t.values = sl_arena_zero(a, from->n, 8);
    t.valid = sl_arena_zero(a, (from->n + 7) / 8, 1);
    t.c.i64 = t.values;
    t.c.valid = t.valid;
    return t;
}

static void put(struct target *t, size_t row, const struct cell_value *v)
{
    t->valid[row >> 3] |= (uint8_t)(1 << (row & 7));
    if (t->c.type == COLUMN_BOOL)
        ((uint8_t *)t->values)[row] = v->boolean;
    else if (t->c.type == COLUMN_FLOAT)
        ((float *)t->values)[row] = (float)v->f64;
    else
        ((int64_t *)t->values)[row] = v->i64;
}

static bool is_decimal(enum column_type type)
{
    return type == COLUMN_DOUBLE || type == COLUMN_FLOAT;
}

static void from_numbers(const struct column *c, struct target *t)
{
    for (size_t i = 0; i < c->n; i++) {
        struct cell_value v = {.f64 = 0};
        if (!column_is_valid(c, i))
            continue;
        v.f64 = c->type == COLUMN_INT64   ? (double)c->i64[i]
                : c->type == COLUMN_FLOAT ? (double)c->f32[i]
                                          : c->f64[i];
        put(t, i, &v);
    }
}

static void from_text(struct sl_arena *a, const struct column *c, struct target *t, uint8_t *failed)
{
    for (size_t i = 0; i < c->n; i++) {
        struct cell_value v;
        if (!column_is_valid(c, i))
            continue;
        if (cell_parse(column_format(a, c, i), t->c.type, &v))
            put(t, i, &v);
        else
            failed[i] = 1;
    }
}

/* An entry for every row: values that are formatted are seldom few. */
static struct column to_text(struct sl_arena *a, const struct column *c)
{
    struct target t = new_target(a, c, COLUMN_STRING);
    struct sl_str *dict = SL_ARENA_ARRAY(a, struct sl_str, c->n);
    uint32_t *codes = t.values;
    for (size_t i = 0; i < c->n; i++) {
        struct sl_str s = column_format(a, c, i);
        if (!s.n)
            continue;
        codes[i] = (uint32_t)t.c.dict_n;
        dict[t.c.dict_n++] = s;
        t.valid[i >> 3] |= (uint8_t)(1 << (i & 7));
    }
    t.c.dict = dict;
    return t.c;
}

struct column column_convert(struct sl_arena *a, const struct column *c, enum column_type type,
                             uint8_t *failed)
{
    if (c->type == type)
        return *c;
    if (type == COLUMN_STRING)
        return to_text(a, c);
    struct target t = new_target(a, c, type);
    if (is_decimal(type) && (c->type == COLUMN_INT64 || is_decimal(c->type)))
        from_numbers(c, &t);
    else
        from_text(a, c, &t, failed);
    return t.c;
}
