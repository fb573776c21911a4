#include "core/data/table.h"

#include "base/buf.h"
#include "base/time.h"

#include <stdio.h>

size_t column_valid_count(const struct column *c)
{
    if (!c->valid)
        return c->n;
    size_t count = 0, whole = c->n / 8;
    for (size_t i = 0; i < whole; i++)
        count += (size_t)__builtin_popcount(c->valid[i]);
    for (size_t row = whole * 8; row < c->n; row++)
        count += column_is_valid(c, row);
    return count;
}

const struct column *table_find_from(const struct table *t, size_t index, struct sl_str name)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct column *c = &t->columns[(index + i) % t->n_columns];
        if (sl_str_eq(c->name, name))
            return c;
    }
    return NULL;
}

const struct column *table_find(const struct table *t, struct sl_str name)
{
    return table_find_from(t, 0, name);
}

static size_t value_size(enum column_type type)
{
    switch (type) {
    case COLUMN_INT64:
    case COLUMN_DOUBLE:
    case COLUMN_TIMESTAMP:
        return 8;
    case COLUMN_STRING:
    case COLUMN_FLOAT:
        return 4;
    case COLUMN_BOOL:
        return 1;
    }
    return 0;
}

static void take_values(void *to, const void *from, size_t size, const uint32_t *rows, size_t n)
{
    if (size == 8)
        for (size_t i = 0; i < n; i++)
            ((uint64_t *)to)[i] = ((const uint64_t *)from)[rows[i]];
    else if (size == 4)
        for (size_t i = 0; i < n; i++)
            ((uint32_t *)to)[i] = ((const uint32_t *)from)[rows[i]];
    else
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)to)[i] = ((const uint8_t *)from)[rows[i]];
}

static struct column take_column(struct sl_arena *a, const struct column *c, const uint32_t *rows,
                                 size_t n)
{
    struct column taken = *c;
    size_t size = value_size(c->type);
    void *values = sl_arena_zero(a, n, size);
    take_values(values, c->i64, size, rows, n);
    taken.n = n;
    taken.i64 = values;
    if (c->valid) {
        uint8_t *valid = sl_arena_zero(a, (n + 7) / 8, 1);
        for (size_t i = 0; i < n; i++)
            valid[i >> 3] |= (uint8_t)(column_is_valid(c, rows[i]) << (i & 7));
        taken.valid = valid;
    }
    return taken;
}

struct table *table_take(struct sl_arena *a, const struct table *t, const uint32_t *rows, size_t n)
{
    struct table *taken = SL_ARENA_NEW(a, struct table);
    taken->columns = SL_ARENA_ARRAY(a, struct column, t->n_columns);
    taken->n_columns = t->n_columns;
    taken->n_rows = n;
    for (size_t i = 0; i < t->n_columns; i++)
        taken->columns[i] = take_column(a, &t->columns[i], rows, n);
    return taken;
}

struct sl_str column_format(struct sl_arena *a, const struct column *c, size_t row)
{
    if (!column_is_valid(c, row))
        return SL_STR("");
    char text[SL_TIME_TEXT];
    SL_AUTOBUF(b, 64);
    switch (c->type) {
    case COLUMN_INT64:
        return sl_arena_format(a, "%lld", (long long)c->i64[row]);
    case COLUMN_DOUBLE:
        sl_buf_add_f64(&b, c->f64[row]);
        return sl_arena_str(a, sl_buf_str(&b));
    case COLUMN_FLOAT:
        return sl_arena_format(a, "%.9g", (double)c->f32[row]);
    case COLUMN_BOOL:
        return c->boolean[row] ? SL_STR("true") : SL_STR("false");
    case COLUMN_TIMESTAMP:
        sl_time_format(c->i64[row], text);
        return sl_arena_str(a, sl_str(text));
    case COLUMN_STRING:
        return column_str(c, row);
    }
    return SL_STR("");
}

static const char *const type_names[] = {
    [COLUMN_INT64] = "int",           [COLUMN_DOUBLE] = "double", [COLUMN_BOOL] = "bool",
    [COLUMN_TIMESTAMP] = "timestamp", [COLUMN_STRING] = "string", [COLUMN_FLOAT] = "float",
};

const char *column_type_name(enum column_type type)
{
    return type_names[type];
}

bool column_type_find(struct sl_str name, enum column_type *ret)
{
    for (size_t i = 0; i < SL_COUNTOF(type_names); i++)
        if (sl_str_is(name, type_names[i])) {
            *ret = (enum column_type)i;
            return true;
        }
    return false;
}
