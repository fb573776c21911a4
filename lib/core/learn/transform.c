#include "core/learn/transform.h"

#include "core/learn/transform_eval.h"
#include "core/learn/transform_math.h"

static const char *const task_names[] = {"binary", "multiclass", "regression"};
static const char *const target_names[] = {"dense", "trees"};
static const char *const op_names[] = {
    [TRANSFORM_COLUMN] = "column",
    [TRANSFORM_EXPR] = "expr",
    [TRANSFORM_FILL] = "fill",
    [TRANSFORM_IS_MISSING] = "isMissing",
    [TRANSFORM_ZSCORE] = "zscore",
    [TRANSFORM_MINMAX] = "minmax",
    [TRANSFORM_LOG] = "log",
    [TRANSFORM_CLIP] = "clip",
    [TRANSFORM_BUCKETIZE] = "bucketize",
    [TRANSFORM_VOCABULARY] = "vocabulary",
    [TRANSFORM_IDENTITY] = "identity",
    [TRANSFORM_CROSS] = "cross",
    [TRANSFORM_HASH] = "hash",
    [TRANSFORM_DATE_PART] = "datePart",
    [TRANSFORM_TEXT_LENGTH] = "textLength",
};
static const char *const part_names[] = {
    [TRANSFORM_YEAR] = "year", [TRANSFORM_QUARTER] = "quarter", [TRANSFORM_MONTH] = "month",
    [TRANSFORM_DAY] = "day",   [TRANSFORM_WEEKDAY] = "weekday", [TRANSFORM_YEARDAY] = "yearday",
    [TRANSFORM_HOUR] = "hour", [TRANSFORM_MINUTE] = "minute",   [TRANSFORM_SECOND] = "second",
    [TRANSFORM_DAYS] = "days",
};

const char *transform_task_name(enum transform_task task)
{
    return task_names[task];
}

const char *transform_target_name(enum transform_target target)
{
    return target_names[target];
}

const char *transform_op_name(enum transform_op op)
{
    return op_names[op];
}

const char *transform_part_name(enum transform_part part)
{
    return part_names[part];
}

bool transform_part_find(struct sl_str name, enum transform_part *ret)
{
    for (size_t i = 0; i < SL_COUNTOF(part_names); i++)
        if (sl_str_is(name, part_names[i])) {
            *ret = (enum transform_part)i;
            return true;
        }
    return false;
}

bool transform_part_range(enum transform_part part, int64_t *ret_first, int64_t *ret_count)
{
    static const struct {
        int64_t first, count;
    } ranges[] = {
        [TRANSFORM_QUARTER] = {1, 4}, [TRANSFORM_MONTH] = {1, 12},    [TRANSFORM_DAY] = {1, 31},
        [TRANSFORM_WEEKDAY] = {0, 7}, [TRANSFORM_YEARDAY] = {1, 366}, [TRANSFORM_HOUR] = {0, 24},
        [TRANSFORM_MINUTE] = {0, 60}, [TRANSFORM_SECOND] = {0, 60},   [TRANSFORM_DAYS] = {0, 0},
    };
    *ret_first = ranges[part].first;
    *ret_count = ranges[part].count;
    return ranges[part].count > 0;
}

/* ---- features ---------------------------------------------------------------------------------*/

static struct column output_column(struct sl_arena *a, const struct transform_output *o,
                                   const struct transform_values *v, size_t n_rows)
{
    struct column c = {.name = o->name, .n = n_rows};
    if (o->is_id) {
        c.type = COLUMN_INT64;
        c.i64 = v->ids;
        return c;
    }
    float *narrow = SL_ARENA_ARRAY(a, float, n_rows);
    for (size_t i = 0; i < n_rows; i++)
        narrow[i] = transform_narrow(v->number[i]);
    c.type = COLUMN_FLOAT;
    c.f32 = narrow;
    return c;
}

struct sl_err *transform_apply(struct sl_arena *a, const struct transform *t,
                               const struct table *raw, struct table *ret)
{
    struct table picked;
    SL_TRY(transform_pick(a, t->columns, t->n_columns, raw, &picked));
    bool *wanted = SL_ARENA_ARRAY(a, bool, t->n_nodes);
    for (size_t i = 0; i < t->n_outputs; i++)
        wanted[t->outputs[i].node] = true;
    struct transform_values *values = SL_ARENA_ARRAY(a, struct transform_values, t->n_nodes);
    SL_TRY(transform_eval(a, t, &picked, wanted, values));

    struct table out = {.columns = SL_ARENA_ARRAY(a, struct column, t->n_outputs),
                        .n_columns = t->n_outputs,
                        .n_rows = raw->n_rows};
    for (size_t i = 0; i < t->n_outputs; i++)
        out.columns[i] = output_column(a, &t->outputs[i], &values[t->outputs[i].node], raw->n_rows);
    *ret = out;
    return NULL;
}

/* ---- columns ----------------------------------------------------------------------------------*/

const struct column_spec *transform_raw_columns(struct sl_arena *a, const struct transform *t,
                                                bool all, size_t *ret_n)
{
    struct column_spec *out =
        SL_ARENA_ARRAY(a, struct column_spec, t->n_columns + t->n_label_columns);
    size_t n = 0;
    for (size_t i = 0; i < t->n_columns; i++)
        out[n++] = t->columns[i];
    for (size_t i = 0; all && i < t->n_label_columns; i++) {
        bool known = false;
        for (size_t k = 0; k < n; k++)
            known = known || sl_str_eq(out[k].name, t->label_columns[i].name);
        if (!known)
            out[n++] = t->label_columns[i];
    }
    *ret_n = n;
    return out;
}

const struct column_spec *transform_specs(struct sl_arena *a, const struct transform *t,
                                          size_t *ret_n)
{
    struct column_spec *out = SL_ARENA_ARRAY(a, struct column_spec, t->n_outputs + 2);
    size_t n = 0;
    for (size_t i = 0; i < t->n_outputs; i++)
        out[n++] = (struct column_spec){t->outputs[i].name,
                                        t->outputs[i].is_id ? COLUMN_INT64 : COLUMN_FLOAT};
    out[n++] = (struct column_spec){
        t->label.name, t->label.task == TRANSFORM_MULTICLASS ? COLUMN_INT64 : COLUMN_FLOAT};
    if (t->weight.name.n)
        out[n++] = (struct column_spec){t->weight.name, COLUMN_FLOAT};
    *ret_n = n;
    return out;
}
