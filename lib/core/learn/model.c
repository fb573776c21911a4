#include "core/learn/model.h"

#include "core/learn/forest.h"
#include "core/learn/loss.h"
#include "core/learn/net.h"
#include "core/learn/transform.h"

/* Rows whose matrix is made at once. */
enum { BLOCK = 4096 };

static const char *const TASKS[] = {[MODEL_BINARY] = "binary",
                                    [MODEL_MULTICLASS] = "multiclass",
                                    [MODEL_REGRESSION] = "regression"};
static const char *const FAMILIES[] = {
    [MODEL_LINEAR] = "linear", [MODEL_DNN] = "dnn", [MODEL_GBDT] = "gbdt"};

const char *model_task_name(enum model_task task)
{
    return TASKS[task];
}

const char *model_family_name(enum model_family family)
{
    return FAMILIES[family];
}

const char *model_score_name(enum model_task task)
{
    static const char *const names[] = {[MODEL_BINARY] = "probability",
                                        [MODEL_MULTICLASS] = "probabilities",
                                        [MODEL_REGRESSION] = "prediction"};
    return names[task];
}

static bool find_name(const char *const *names, size_t n, struct sl_str name, size_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (sl_str_is(name, names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool model_task_find(struct sl_str name, enum model_task *ret)
{
    size_t i;
    bool found = find_name(TASKS, SL_COUNTOF(TASKS), name, &i);
    if (found)
        *ret = (enum model_task)i;
    return found;
}

bool model_family_find(struct sl_str name, enum model_family *ret)
{
    size_t i;
    bool found = find_name(FAMILIES, SL_COUNTOF(FAMILIES), name, &i);
    if (found)
        *ret = (enum model_family)i;
    return found;
}

static struct sl_err *forward_net(struct sl_arena *a, const struct model *m,
                                  const struct column *const *columns, size_t first, size_t count,
                                  float *ret)
{
    float *floats = SL_ARENA_ARRAY(a, float, count * m->net->n_floats);
    uint32_t *ids = SL_ARENA_ARRAY(a, uint32_t, count * m->net->n_ids);
    SL_TRY(inputs_fill(m->inputs, m->n_inputs, columns, first, count, floats, ids));
    net_forward(m->net, floats, ids, count, ret);
    return NULL;
}

static struct sl_err *forward_forest(struct sl_arena *a, const struct model *m,
                                     const struct column *const *columns, size_t first,
                                     size_t count, float *ret)
{
    float *x = SL_ARENA_ARRAY(a, float, count * m->forest->n_columns);
    SL_TRY(inputs_matrix(m->inputs, m->n_inputs, columns, first, count, x));
    forest_forward(m->forest, x, count, ret);
    return NULL;
}

struct sl_err *model_predict(struct sl_arena *a, const struct model *m,
                             const struct table *features, struct predictions *ret)
{
    const struct column **columns;
    SL_TRY(inputs_find_columns(a, m->inputs, m->n_inputs, features, &columns));
    struct predictions p = {.n_rows = features->n_rows, .n_outputs = m->n_outputs};
    p.scores = SL_ARENA_ARRAY(a, float, p.n_rows *p.n_outputs);
    SL_AUTOARENA(scratch);
    for (size_t at = 0; at < p.n_rows; at += BLOCK) {
        size_t count = SL_MIN(p.n_rows - at, (size_t)BLOCK);
        float *to = p.scores + at * p.n_outputs;
        sl_arena_clear(scratch);
        if (m->net)
            SL_TRY(forward_net(scratch, m, columns, at, count, to));
        else
            SL_TRY(forward_forest(scratch, m, columns, at, count, to));
    }
    loss_scores(m->task, p.scores, p.n_rows, p.n_outputs);
    *ret = p;
    return NULL;
}

struct sl_err *model_predict_raw(struct sl_arena *a, const struct model *m, const struct table *raw,
                                 struct predictions *ret)
{
    SL_AUTOARENA(scratch);
    struct table features;
    SL_TRY(transform_apply(scratch, m->transform, raw, &features));
    return model_predict(a, m, &features, ret);
}

size_t model_class(const struct model *m, const struct predictions *p, size_t row)
{
    const float *scores = p->scores + row * p->n_outputs;
    if (m->task == MODEL_BINARY)
        return scores[0] >= (float)m->threshold;
    size_t best = 0;
    for (size_t k = 1; k < p->n_outputs; k++)
        best = scores[k] > scores[best] ? k : best;
    return best;
}
