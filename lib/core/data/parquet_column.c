#include "core/data/parquet_column.h"

#include "base/assert.h"

enum parquet_kind parquet_kind_of(enum column_type type)
{
    switch (type) {
    case COLUMN_INT64:
        return PARQUET_INT64;
    case COLUMN_DOUBLE:
        return PARQUET_DOUBLE;
    case COLUMN_BOOL:
        return PARQUET_BOOL;
    case COLUMN_TIMESTAMP:
        return PARQUET_TIMESTAMP;
    case COLUMN_STRING:
        return PARQUET_STRING;
    case COLUMN_FLOAT:
        return PARQUET_FLOAT;
    }
    return PARQUET_UNSUPPORTED;
}

bool parquet_column_type(enum parquet_kind kind, enum column_type *ret)
{
    for (int type = COLUMN_INT64; type <= COLUMN_FLOAT; type++)
        if (parquet_kind_of((enum column_type)type) == kind) {
            *ret = (enum column_type)type;
            return true;
        }
    return false;
}

struct parquet_vector parquet_vector_of(const struct column *c)
{
    static const struct sl_str empty = {"", 0};
    struct parquet_vector v = {
        .kind = parquet_kind_of(c->type),
        .n = c->n,
        .null_count = c->n - column_valid_count(c),
        .valid = c->valid,
        .values = c->i64,
    };
    if (c->type == COLUMN_STRING) {
        v.dict = c->dict_n ? c->dict : &empty;
        v.dict_count = c->dict_n ? c->dict_n : 1;
    }
    return v;
}

/* The bits of the rows whose string is not empty. */
static const uint8_t *without_empty(struct sl_arena *a, const struct parquet_vector *v)
{
    bool found = false;
    for (size_t i = 0; i < v->dict_count; i++)
        found |= v->dict[i].n == 0;
    if (!found)
        return v->valid;
    uint8_t *valid = sl_arena_zero(a, (v->n + 7) / 8, 1);
    for (size_t i = 0; i < v->n; i++)
        if (parquet_vector_is_valid(v, i) && v->dict[v->codes[i]].n)
            valid[i >> 3] |= (uint8_t)(1 << (i & 7));
    return valid;
}

static const void *with_zeros(struct sl_arena *a, const struct column *c, size_t size)
{
    char *values = sl_arena_copy(a, c->i64, c->n * size);
    for (size_t i = 0; i < c->n; i++)
        if (!column_is_valid(c, i))
            memset(values + i * size, 0, size);
    return values;
}

struct column parquet_column_of(struct sl_arena *a, const struct parquet_vector *v,
                                struct sl_str name)
{
    struct column c = {.name = name, .n = v->n, .valid = v->valid, .i64 = v->values};
    bool known = parquet_column_type(v->kind, &c.type);
    sl_assert(known);
    if (c.type == COLUMN_STRING) {
        c.valid = without_empty(a, v);
        c.dict = v->dict;
        c.dict_n = v->dict_count;
    }
    size_t size = c.type == COLUMN_BOOL                               ? 1
                  : c.type == COLUMN_STRING || c.type == COLUMN_FLOAT ? 4
                                                                      : 8;
    if (c.valid)
        c.i64 = with_zeros(a, &c, size);
    return c;
}
