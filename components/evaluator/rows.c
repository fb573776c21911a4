/* From examples and models to rows with labels and scores. */
#include "components/evaluator/evaluation.h"
#include "core/learn/transform.h"

#include <math.h>

/* ---- reading the split --------------------------------------------------------------------------
 */

static const size_t column_sizes[] = {
    [COLUMN_INT64] = 8,     [COLUMN_DOUBLE] = 8, [COLUMN_BOOL] = 1,
    [COLUMN_TIMESTAMP] = 8, [COLUMN_STRING] = 4, [COLUMN_FLOAT] = 4};

struct read_job {
    struct evaluation *e;
    const struct examples *examples;
    const struct examples_split *split;
    int *columns; /* (n_columns) to read, in order of the examples */
    size_t n_columns;
    struct sl_arena **arenas; /* (n_groups) */
    struct table *tables;     /* (n_groups) */
};

static struct sl_err *read_group(void *ctx, size_t index, int thread)
{
    struct read_job *job = ctx;
    (void)thread;
    job->arenas[index] = sl_arena_new();
    return examples_read_group(job->arenas[index], job->examples, job->split, index, job->columns,
                               job->n_columns, &job->tables[index]);
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
    const struct column *first = &job->tables[0].columns[column];
    struct column joined = {.name = sl_arena_str(a, first->name), .type = first->type, .n = n};
    joined.i64 = join_values(a, job, column, column_sizes[first->type], n);
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

static void want(const struct examples *x, bool *wanted, struct sl_arena *a, const struct judged *j,
                 bool label)
{
    size_t n = 0;
    const struct column_spec *columns =
        j->artifact ? transform_raw_columns(a, j->model->transform, label, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        int at = examples_find_column(x, columns[i].name);
        if (at >= 0) /* else the transform says what is missing */
            wanted[at] = true;
    }
}

/* The columns that models, label and slices read; no others are decoded. */
static struct sl_err *choose_columns(struct evaluation *e, struct read_job *job)
{
    struct sl_arena *a = e->s->a;
    const struct examples *x = job->examples;
    bool *wanted = SL_ARENA_ARRAY(a, bool, x->n_columns);
    want(x, wanted, a, &e->candidate, true);
    want(x, wanted, a, &e->baseline, false);
    for (size_t i = 0; i < e->n_specs; i++)
        for (size_t k = 0; k < e->specs[i].n; k++) {
            int at;
            SL_TRY(examples_get_column(a, x, e->specs[i].columns[k].column, &at), "params.slices");
            wanted[at] = true;
        }
    job->columns = SL_ARENA_ARRAY(a, int, x->n_columns);
    for (size_t i = 0; i < x->n_columns; i++)
        if (wanted[i])
            job->columns[job->n_columns++] = (int)i;
    return NULL;
}

static struct sl_err *open_split(struct evaluation *e, struct read_job *job)
{
    struct step *s = e->s;
    const struct artifact *t;
    struct examples *x;
    SL_TRY(step_input(s, "examples", &t));
    SL_TRY(examples_open(s->a, t, &x));
    const struct examples_split *split;
    SL_TRY(examples_get_split(s->a, x, e->p->split, &split), "params.split");
    if (split->n_rows == 0)
        return SL_ERR(INVALID, "split '%.*s' is empty: there is nothing to judge a model by",
                      SL_FMT(split->name));
    if (split->n_rows > UINT32_MAX)
        return SL_ERR(EXHAUSTED, "split '%.*s' has more than 2^32 rows", SL_FMT(split->name));
    *job = (struct read_job){
        .e = e,
        .examples = x,
        .split = split,
        .arenas = SL_ARENA_ARRAY(s->a, struct sl_arena *, split->n_groups),
        .tables = SL_ARENA_ARRAY(s->a, struct table, split->n_groups),
    };
    return choose_columns(e, job);
}

static struct sl_err *read_split(struct evaluation *e, struct table *ret)
{
    struct step *s = e->s;
    struct read_job job;
    SL_TRY(open_split(e, &job));
    struct sl_err *err = workers_parallel_for(s->workers, job.split->n_groups, read_group, &job);
    if (!err) {
        *ret = (struct table){SL_ARENA_ARRAY(s->a, struct column, job.n_columns), job.n_columns,
                              (size_t)job.split->n_rows};
        for (size_t c = 0; c < job.n_columns; c++)
            ret->columns[c] = join_column(s->a, &job, c, ret->n_rows);
    }
    for (size_t g = 0; g < job.split->n_groups; g++)
        sl_arena_free(job.arenas[g]);
    return err;
}

/* ---- labels -------------------------------------------------------------------------------------
 */

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

/* ---- scores -------------------------------------------------------------------------------------
 */

enum { CHUNK = 8192 }; /* rows; a multiple of 8, so that validity bits of a part start a byte */

/* Text by row when its dictionary is larger than the rows are: work on texts is done once for each
 * entry of the dictionary. */
static void compact_dictionary(struct sl_arena *a, struct column *c)
{
    if (c->type != COLUMN_STRING || c->dict_n <= c->n)
        return;
    struct sl_str *dict = SL_ARENA_ARRAY(a, struct sl_str, c->n);
    uint32_t *codes = SL_ARENA_ARRAY(a, uint32_t, c->n);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (column_is_valid(c, i)) {
            dict[n] = c->dict[c->codes[i]];
            codes[i] = (uint32_t)n++;
        }
    c->codes = codes;
    c->dict = dict;
    c->dict_n = n;
}

/* Rows [first, first + n) of a table, without copying; `first` is a multiple of 8. */
static struct table part_of(struct sl_arena *a, const struct table *t, size_t first, size_t n)
{
    struct table part = {SL_ARENA_ARRAY(a, struct column, t->n_columns), t->n_columns, n};
    for (size_t i = 0; i < t->n_columns; i++) {
        struct column *c = &part.columns[i];
        *c = t->columns[i];
        c->n = n;
        c->valid = c->valid ? c->valid + first / 8 : NULL;
        c->boolean += first * column_sizes[c->type];
        compact_dictionary(a, c);
    }
    return part;
}

struct score_job {
    const struct table *table;
    struct judged *judged;
};

static struct sl_err *score_chunk(void *ctx, size_t index, int thread)
{
    struct score_job *job = ctx;
    struct predictions *to = &job->judged->scores, p;
    (void)thread;
    SL_AUTOARENA(a);
    size_t first = index * CHUNK, n = SL_MIN(job->table->n_rows - first, (size_t)CHUNK);
    struct table part = part_of(a, job->table, first, n);
    SL_TRY(model_predict_raw(a, job->judged->model, &part, &p));
    for (size_t i = 0; i < n * p.n_outputs; i++)
        if (!isfinite(p.scores[i]))
            return SL_ERR(INVALID, "the model's score of row %zu is no finite number",
                          first + i / p.n_outputs);
    memcpy(to->scores + first * p.n_outputs, p.scores, n * p.n_outputs * sizeof *p.scores);
    return NULL;
}

static struct sl_err *score(struct evaluation *e, struct judged *j, const char *which)
{
    if (!j->artifact)
        return NULL;
    size_t n = e->table.n_rows, k = j->model->n_outputs;
    j->scores = (struct predictions){n, k, SL_ARENA_ARRAY(e->s->a, float, n *k)};
    struct score_job job = {&e->table, j};
    SL_TRY(workers_parallel_for(e->s->workers, (n + CHUNK - 1) / CHUNK, score_chunk, &job), "%s",
           which);
    return NULL;
}

/* Scores are compared class by class. */
static struct sl_err *check_baseline(const struct evaluation *e)
{
    const struct model *c = e->candidate.model, *b = e->baseline.model;
    if (!e->baseline.artifact)
        return NULL;
    if (b->task != c->task)
        return SL_ERR(INVALID, "the baseline is a %s model, the candidate a %s one",
                      model_task_name(b->task), model_task_name(c->task));
    bool same = b->n_classes == c->n_classes;
    for (size_t i = 0; same && c->task == MODEL_MULTICLASS && i < c->n_classes; i++)
        same = sl_str_eq(b->classes[i], c->classes[i]);
    if (!same)
        return SL_ERR(INVALID, "the baseline tells other classes apart than the candidate");
    return NULL;
}

struct sl_err *evaluation_load(struct evaluation *e)
{
    struct table all;
    SL_TRY(load_model(e, "model", &e->candidate));
    SL_TRY(load_model(e, "baseline", &e->baseline));
    SL_TRY(check_baseline(e));
    SL_TRY(read_split(e, &all));
    SL_TRY(take_labelled(e, &all));
    SL_TRY(score(e, &e->candidate, "the candidate"));
    return score(e, &e->baseline, "the baseline");
}

void evaluation_rows(struct sl_arena *a, const struct evaluation *e, const struct judged *j,
                     const struct slice *slice, struct metric_rows *ret)
{
    size_t k = j->scores.n_outputs;
    *ret = (struct metric_rows){j->model->task, slice->n,           k, j->scores.scores, e->labels,
                                e->weights,     j->model->threshold};
    if (slice->n == e->table.n_rows)
        return; /* all of them, in their order */
    float *scores = sl_arena_alloc(a, slice->n * k * sizeof(float) + 1);
    double *labels = sl_arena_alloc(a, slice->n * sizeof(double) + 1);
    double *weights = e->weights ? sl_arena_alloc(a, slice->n * sizeof(double) + 1) : NULL;
    for (size_t i = 0; i < slice->n; i++) {
        uint32_t row = slice->rows[i];
        memcpy(scores + i * k, j->scores.scores + row * k, k * sizeof(float));
        labels[i] = e->labels[row];
        if (weights)
            weights[i] = e->weights[row];
    }
    ret->scores = scores;
    ret->labels = labels;
    ret->weights = weights;
}

void evaluation_sample(struct sl_arena *a, const struct evaluation *e, size_t most,
                       struct evaluation_sample *ret)
{
    size_t n = SL_MIN(e->table.n_rows, most);
    *ret = (struct evaluation_sample){e->table, e->labels, e->weights};
    if (n == e->table.n_rows)
        return;
    uint32_t *rows = SL_ARENA_ARRAY(a, uint32_t, n);
    double *labels = SL_ARENA_ARRAY(a, double, n), *weights = SL_ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++) {
        rows[i] = (uint32_t)(i * e->table.n_rows / n);
        labels[i] = e->labels[rows[i]];
        weights[i] = e->weights ? e->weights[rows[i]] : 1;
    }
    ret->table = *table_take(a, &e->table, rows, n);
    for (size_t c = 0; c < ret->table.n_columns; c++)
        compact_dictionary(a, &ret->table.columns[c]);
    ret->labels = labels;
    ret->weights = e->weights ? weights : NULL;
}
