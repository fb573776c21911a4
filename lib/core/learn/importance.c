#include "core/learn/importance.h"

#include "base/rng.h"

#include <math.h>

enum metric importance_metric(const struct metric_values *overall, enum model_task task)
{
    if (task == MODEL_REGRESSION)
        return METRIC_RMSE;
    return isnan(overall->v[METRIC_AUC]) ? METRIC_LOG_LOSS : METRIC_AUC;
}

/* Row numbers in an order of chance (Fisher, Yates). */
static uint32_t *shuffle(struct sl_arena *a, size_t n, uint64_t seed, uint64_t index)
{
    struct sl_rng r;
    sl_rng_init_stream(&r, seed, index);
    uint32_t *rows = SL_ARENA_ARRAY(a, uint32_t, n);
    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)i;
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)sl_rng_below(&r, i);
        uint32_t swapped = rows[i - 1];
        rows[i - 1] = rows[k];
        rows[k] = swapped;
    }
    return rows;
}

static struct sl_err *judge(struct sl_arena *a, const struct importance_rows *r,
                            const struct table *t, double *ret)
{
    struct predictions p;
    SL_TRY(model_predict_raw(a, r->model, t, &p));
    struct metric_rows rows = {r->model->task, p.n_rows,   p.n_outputs,        p.scores,
                               r->labels,      r->weights, r->model->threshold};
    struct metric_values values;
    metrics_compute(&rows, &values);
    *ret = values.v[r->metric];
    return NULL;
}

struct sl_err *importance_value(const struct importance_rows *rows, double *ret)
{
    SL_AUTOARENA(a);
    return judge(a, rows, rows->table, ret);
}

struct sl_err *importance_repeat(const struct importance_rows *rows, size_t column, uint64_t seed,
                                 uint64_t index, double *ret_drop)
{
    SL_AUTOARENA(a);
    struct table t = *rows->table, one = {&t.columns[column], 1, t.n_rows};
    t.columns = sl_arena_copy(a, t.columns, t.n_columns * sizeof *t.columns);
    t.columns[column] =
        table_take(a, &one, shuffle(a, t.n_rows, seed, index), t.n_rows)->columns[0];
    double value = NAN;
    SL_TRY(judge(a, rows, &t, &value));
    bool higher = metric_direction(rows->metric) == METRIC_HIGHER_IS_BETTER;
    *ret_drop = higher ? rows->value - value : value - rows->value;
    return NULL;
}
