#include "core/learn/inputs.h"

static const char *const KINDS[] = {[INPUT_FLOAT] = "float",
                                    [INPUT_ONE_HOT] = "one_hot",
                                    [INPUT_EMBEDDING] = "embedding",
                                    [INPUT_ORDINAL] = "ordinal"};

const char *input_kind_name(enum input_kind kind)
{
    return KINDS[kind];
}

bool input_kind_find(struct sl_str name, enum input_kind *ret)
{
    for (size_t i = 0; i < SL_COUNTOF(KINDS); i++) {
        if (sl_str_is(name, KINDS[i])) {
            *ret = (enum input_kind)i;
            return true;
        }
    }
    return false;
}

size_t input_width(const struct input *in)
{
    return in->kind == INPUT_ONE_HOT ? in->vocab_size : 1;
}

struct sl_err *inputs_find_columns(struct sl_arena *a, const struct input *inputs, size_t n,
                                   const struct table *t, const struct column ***ret)
{
    const struct column **columns = SL_ARENA_ARRAY(a, const struct column *, n);
    for (size_t i = 0; i < n; i++) {
        enum column_type type = inputs[i].kind == INPUT_FLOAT ? COLUMN_FLOAT : COLUMN_INT64;
        columns[i] = table_find_from(t, i, inputs[i].name);
        if (!columns[i])
            return SL_ERR(INVALID, "feature '%.*s' is absent", SL_FMT(inputs[i].name));
        if (columns[i]->type != type)
            return SL_ERR(INVALID, "feature '%.*s': expected %s, got %s", SL_FMT(inputs[i].name),
                          column_type_name(type), column_type_name(columns[i]->type));
        if (column_valid_count(columns[i]) != columns[i]->n)
            return SL_ERR(INVALID, "feature '%.*s': a value is missing", SL_FMT(inputs[i].name));
    }
    *ret = columns;
    return NULL;
}

static struct sl_err *check_id(const struct input *in, int64_t id, size_t row)
{
    if (id < 0 || id >= (int64_t)in->vocab_size)
        return SL_ERR(INVALID, "feature '%.*s', row %zu: id %lld: expected 0 to %lld",
                      SL_FMT(in->name), row, (long long)id, (long long)in->vocab_size - 1);
    return NULL;
}

struct sl_err *inputs_fill(const struct input *inputs, size_t n,
                           const struct column *const *columns, size_t first, size_t count,
                           float *ret_floats, uint32_t *ret_ids)
{
    size_t n_floats = 0, n_ids = 0;
    for (size_t i = 0; i < n; i++)
        *(inputs[i].kind == INPUT_FLOAT ? &n_floats : &n_ids) += 1;
    float *floats = ret_floats;
    uint32_t *ids = ret_ids;
    for (size_t i = 0; i < n; i++) {
        if (inputs[i].kind == INPUT_FLOAT) {
            for (size_t r = 0; r < count; r++)
                floats[r * n_floats] = columns[i]->f32[first + r];
            floats++;
            continue;
        }
        for (size_t r = 0; r < count; r++) {
            int64_t id = columns[i]->i64[first + r];
            SL_TRY(check_id(&inputs[i], id, first + r));
            ids[r * n_ids] = (uint32_t)id;
        }
        ids++;
    }
    return NULL;
}

struct sl_err *inputs_matrix(const struct input *inputs, size_t n,
                             const struct column *const *columns, size_t first, size_t count,
                             float *ret)
{
    size_t width = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        width += input_width(&inputs[i]);
    for (size_t i = 0; i < n; i++) {
        size_t own = input_width(&inputs[i]);
        for (size_t r = 0; r < count; r++) {
            float *to = ret + r * width + at;
            if (inputs[i].kind == INPUT_FLOAT) {
                *to = columns[i]->f32[first + r];
                continue;
            }
            int64_t id = columns[i]->i64[first + r];
            SL_TRY(check_id(&inputs[i], id, first + r));
            if (inputs[i].kind != INPUT_ONE_HOT) {
                *to = (float)id;
                continue;
            }
            memset(to, 0, own * sizeof *to);
            to[id] = 1;
        }
        at += own;
    }
    return NULL;
}
