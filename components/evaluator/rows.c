/* From examples and models to rows with labels and scores. */
#include "components/evaluator/evaluation.h"
#include "core/learn/transform.h"

struct read_job {
    struct evaluation *e;
    const struct examples *examples;
    const struct examples_split *split;
    struct sl_arena **arenas; /* (n_groups) */
    struct table *tables;     /* (n_groups) */
};

static struct sl_err *read_group(void *ctx, size_t index, int thread)
{
    struct read_job *job = ctx;
    (void)thread;
    job->arenas[index] = sl_arena_new();
    return examples_read_group(job->arenas[index], job->examples, job->split, index, NULL, 0,
                               &job->tables[index]);
}

static void *join_values(struct sl_arena *a, const struct read_job *job, size_t column, size_t size,
                         size_t n)
{
    char *to = sl_arena_zero(a, n, size), *at = to;
    for (size_t g = 0; g < job->split->n_groups; g++) {
        const struct column *c = &job->tables[g].columns[column];
        memcpy(at, c->i64, c->n * size);
        at += c->n * size;
    }
    return to;
}

/* One column of all groups; dictionaries are put one after the other. */
static struct column join_column(struct sl_arena *a, const struct read_job *job, size_t column,
                                 size_t n)
{
    static const size_t sizes[] = {[COLUMN_INT64] = 8,     [COLUMN_DOUBLE] = 8, [COLUMN_BOOL] = 1,
                                   [COLUMN_TIMESTAMP] = 8, [COLUMN_STRING] = 4, [COLUMN_FLOAT] = 4};
    const struct column *first = &job->tables[0].columns[column];
    struct column joined = {.name = sl_arena_str(a, first->name), .type = first->type, .n = n};
    joined.i64 = join_values(a, job, column, sizes[first->type], n);
    uint8_t *valid = sl_arena_zero(a, (n + 7) / 8, 1);
    size_t row = 0, dict_n = 0;
    for (size_t g = 0; g < job->split->n_groups; g++)
        dict_n += job->tables[g].columns[column].dict_n;
    struct sl_str *dict = SL_ARENA_ARRAY(a, struct sl_str, dict_n);
    uint32_t *codes = first->type == COLUMN_STRING ? (uint32_t *)(uintptr_t)joined.codes : NULL;
    size_t base = 0;
    for (size_t g = 0; g < job->split->n_groups; g++) {
        const struct column *c = &job->tables[g].columns[column];
        for (size_t i = 0; i < c->dict_n; i++)
            dict[base + i] = sl_arena_str(a, c->dict[i]);
        for (size_t i = 0; i < c->n; i++, row++) {
            valid[row >> 3] |= (uint8_t)(column_is_valid(c, i) << (row & 7));
            if (codes && column_is_valid(c, i))
                codes[row] += (uint32_t)base;
        }
        base += c->dict_n;
    }
    joined.valid = valid;
    joined.dict = dict;
    joined.dict_n = dict_n;
    return joined;
}

static struct sl_err *read_split(struct evaluation *e, struct table *ret)
{
    struct step *s = e->s;
    const struct artifact *t;
    struct examples *x;
    SL_TRY(step_input(s, "examples", &t));
    SL_TRY(examples_open(s->a, t, &x));
    const struct examples_split *split = examples_find_split(x, e->p->split);
    if (!split)
        return SL_ERR(INVALID, "params.split: the examples have no split '%.*s'",
                      SL_FMT(e->p->split));
    if (split->n_rows == 0)
        return SL_ERR(INVALID, "split '%.*s' is empty: there is nothing to judge a model by",
                      SL_FMT(split->name));
    if (split->n_rows > UINT32_MAX)
        return SL_ERR(EXHAUSTED, "split '%.*s' has more than 2^32 rows", SL_FMT(split->name));
    struct read_job job = {e, x, split, SL_ARENA_ARRAY(s->a, struct sl_arena *, split->n_groups),
                           SL_ARENA_ARRAY(s->a, struct table, split->n_groups)};
    struct sl_err *err = workers_parallel_for(s->workers, split->n_groups, read_group, &job);
    if (!err) {
        *ret = (struct table){SL_ARENA_ARRAY(s->a, struct column, x->n_columns), x->n_columns,
                              (size_t)split->n_rows};
        for (size_t c = 0; c < x->n_columns; c++)
            ret->columns[c] = join_column(s->a, &job, c, ret->n_rows);
    }
    for (size_t g = 0; g < split->n_groups; g++)
        sl_arena_free(job.arenas[g]);
    return err;
}

static double label_at(const struct column *c, size_t row)
{
    return c->type == COLUMN_INT64 ? (double)c->i64[row] : (double)c->f32[row];
}

/* Keeps the rows that have a label (and a weight, where the model has weights). */
static struct sl_err *take_labelled(struct evaluation *e, const struct table *all)
{
    struct sl_arena *a = e->s->a;
    const struct transform *t = e->candidate.model->transform;
    struct column label, weight = {0};
    SL_TRY(transform_apply_label(a, t, all, &label), "label '%.*s'", SL_FMT(t->label.name));
    if (t->weight.name.n)
        SL_TRY(transform_apply_weight(a, t, all, &weight), "weight '%.*s'", SL_FMT(t->weight.name));
    uint32_t *rows = SL_ARENA_ARRAY(a, uint32_t, all->n_rows);
    size_t n = 0;
    for (size_t i = 0; i < all->n_rows; i++)
        if (column_is_valid(&label, i) && (!weight.n || column_is_valid(&weight, i)))
            rows[n++] = (uint32_t)i;
    if (n == 0)
        return SL_ERR(INVALID, "no row of split '%.*s' has a label", SL_FMT(e->p->split));
    e->dropped = all->n_rows - n;
    e->labels = SL_ARENA_ARRAY(a, double, n);
    e->weights = weight.n ? SL_ARENA_ARRAY(a, double, n) : NULL;
    for (size_t i = 0; i < n; i++) {
        e->labels[i] = label_at(&label, rows[i]);
        if (e->weights)
            e->weights[i] = (double)weight.f32[rows[i]];
    }
    e->table = n == all->n_rows ? *all : *table_take(a, all, rows, n);
    return NULL;
}

static struct sl_err *load_model(struct evaluation *e, const char *input, struct judged *j)
{
    SL_TRY(step_input(e->s, input, &j->artifact));
    return j->artifact ? models_load(e->s->a, j->artifact, &j->model) : NULL;
}

static struct sl_err *score(struct evaluation *e, struct judged *j, const char *which)
{
    if (!j->artifact)
        return NULL;
    SL_TRY(model_predict_raw(e->s->a, j->model, &e->table, &j->scores), "%s", which);
    return NULL;
}

struct sl_err *evaluation_load(struct evaluation *e)
{
    struct table all;
    SL_TRY(load_model(e, "model", &e->candidate));
    SL_TRY(load_model(e, "baseline", &e->baseline));
    if (e->baseline.artifact && e->baseline.model->task != e->candidate.model->task)
        return SL_ERR(INVALID, "the baseline is a %s model, the candidate a %s one",
                      model_task_name(e->baseline.model->task),
                      model_task_name(e->candidate.model->task));
    SL_TRY(read_split(e, &all));
    SL_TRY(take_labelled(e, &all));
    SL_TRY(score(e, &e->candidate, "the candidate"));
    return score(e, &e->baseline, "the baseline");
}

void evaluation_rows(struct sl_arena *a, const struct evaluation *e, const struct judged *j,
                     const struct slice *slice, struct metric_rows *ret)
{
    size_t k = j->scores.n_outputs;
    float *scores = SL_ARENA_ARRAY(a, float, slice->n *k);
    double *labels = SL_ARENA_ARRAY(a, double, slice->n);
    double *weights = e->weights ? SL_ARENA_ARRAY(a, double, slice->n) : NULL;
    for (size_t i = 0; i < slice->n; i++) {
        uint32_t row = slice->rows[i];
        memcpy(scores + i * k, j->scores.scores + row * k, k * sizeof(float));
        labels[i] = e->labels[row];
        if (weights)
            weights[i] = e->weights[row];
    }
    *ret = (struct metric_rows){j->model->task,      slice->n, k, scores, labels, weights,
                                j->model->threshold, NULL};
}
