/* Why the scores are what they are: leaks, importance, curves. */
#include "components/evaluator/evaluation.h"

#include "core/learn/importance.h"
#include "core/learn/leak.h"
#include "core/learn/transform.h"

#include <math.h>
#include <stdlib.h>

enum { LEAK_ROWS = 100000 };
/* Predictions that importance may cost, and the rows it looks at even if that is more. */
enum { IMPORTANCE_PREDICTIONS = 5000000, IMPORTANCE_LEAST_ROWS = 500 };

/* ---- features -----------------------------------------------------------------------------------
 */

static void find_features(struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    size_t n;
    const struct column_spec *columns =
        transform_raw_columns(a, e->candidate.model->transform, false, &n);
    e->features = SL_ARENA_ARRAY(a, struct feature, n);
    for (size_t i = 0; i < n; i++) {
        const struct column *c = table_find(&e->table, columns[i].name);
        struct feature *f = &e->features[e->n_features++];
        *f = (struct feature){.name = columns[i].name, .column = (size_t)(c - e->table.columns)};
        for (size_t k = 0; k < e->p->allow_leak.n; k++)
            f->allowed |= sl_str_eq(e->p->allow_leak.p[k], f->name);
    }
}

struct job {
    struct evaluation *e;
    struct evaluation_sample sample;
    struct importance_rows rows;
};

static struct sl_err *find_leak(void *ctx, size_t index, int thread)
{
    struct job *job = ctx;
    struct feature *f = &job->e->features[index];
    const struct model *m = job->e->candidate.model;
    (void)thread;
    f->strength = leak_strength(&job->sample.table.columns[f->column], m->task, m->n_classes,
                                job->sample.labels, job->sample.weights);
    f->leaks = f->strength > LEAK_LIMIT;
    return NULL;
}

static struct sl_err *find_leaks(struct evaluation *e)
{
    SL_AUTOARENA(a);
    struct job job = {.e = e};
    evaluation_sample(a, e, LEAK_ROWS, &job.sample);
    return workers_parallel_for(e->s->workers, e->n_features, find_leak, &job);
}

/* ---- importance ---------------------------------------------------------------------------------
 */

static struct sl_err *repeat(void *ctx, size_t index, int thread)
{
    struct job *job = ctx;
    size_t repeats = (size_t)job->e->p->importance.repeats;
    struct feature *f = &job->e->features[index / repeats];
    (void)thread;
    return importance_repeat(&job->rows, f->column, (uint64_t)job->e->p->importance.seed, index,
                             &f->drops[index % repeats]);
}

static void summarise(struct feature *f, size_t repeats)
{
    f->low = f->high = f->drops[0];
    for (size_t i = 0; i < repeats; i++) {
        f->drop += f->drops[i] / (double)repeats;
        f->low = fmin(f->low, f->drops[i]);
        f->high = fmax(f->high, f->drops[i]);
    }
}

static size_t importance_rows(const struct evaluation *e)
{
    size_t shuffles = SL_MAX(e->n_features, (size_t)1) * (size_t)e->p->importance.repeats;
    size_t affordable = SL_MAX(IMPORTANCE_PREDICTIONS / shuffles, (size_t)IMPORTANCE_LEAST_ROWS);
    return SL_MIN((size_t)e->p->importance.max_rows, affordable);
}

static struct sl_err *find_importance(struct evaluation *e)
{
    if (!e->p->importance.enabled)
        return NULL;
    SL_AUTOARENA(a);
    size_t repeats = (size_t)e->p->importance.repeats;
    struct job job = {.e = e};
    evaluation_sample(a, e, importance_rows(e), &job.sample);
    e->importance_metric = importance_metric(&e->values[0].candidate, e->candidate.model->task);
    e->importance_rows = job.sample.table.n_rows;
    job.rows = (struct importance_rows){
        .model = e->candidate.model,
        .table = &job.sample.table,
        .labels = job.sample.labels,
        .weights = job.sample.weights,
        .metric = e->importance_metric,
    };
    SL_TRY(importance_value(&job.rows, &job.rows.value));
    e->importance_value = job.rows.value;
    for (size_t i = 0; i < e->n_features; i++)
        e->features[i].drops = SL_ARENA_ARRAY(e->s->a, double, repeats);
    SL_TRY(workers_parallel_for(e->s->workers, e->n_features * repeats, repeat, &job));
    for (size_t i = 0; i < e->n_features; i++)
        summarise(&e->features[i], repeats);
    return NULL;
}

/* ---- curves -------------------------------------------------------------------------------------
 */

static int compare_doubles(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* Those asked for and the model's own, ascending, each once. */
static void find_thresholds(struct evaluation *e)
{
    size_t n = e->p->decision_thresholds.n, kept = 0;
    double *t = SL_ARENA_ARRAY(e->s->a, double, n + 1);
    if (n)
        memcpy(t, e->p->decision_thresholds.p, n * sizeof *t);
    t[n++] = e->candidate.model->threshold;
    qsort(t, n, sizeof *t, compare_doubles);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || t[i] != t[kept - 1])
            t[kept++] = t[i];
    e->thresholds = t;
    e->n_thresholds = kept;
    e->confusions = SL_ARENA_ARRAY(e->s->a, struct metric_confusion, kept);
}

static void find_shapes(struct evaluation *e, const struct judged *j, struct shapes *to)
{
    SL_AUTOARENA(a);
    struct metric_rows r;
    if (!j->artifact)
        return;
    evaluation_rows(a, e, j, &e->slices[0], &r);
    if (r.task != MODEL_MULTICLASS)
        to->n_bins =
            curve_calibration(r.scores, r.labels, r.weights, r.n, CALIBRATION_BINS, to->bins);
    if (r.task != MODEL_BINARY)
        return;
    const struct metric_basis *basis = metrics_prepare(a, &r);
    curve_roc(e->s->a, basis, CURVE_POINTS, &to->roc);
    curve_pr(e->s->a, basis, CURVE_POINTS, &to->pr);
    if (j == &e->candidate)
        curve_confusions(basis, e->thresholds, e->n_thresholds, e->confusions);
}

static void find_curves(struct evaluation *e)
{
    SL_AUTOARENA(a);
    struct metric_rows rows;
    if (e->candidate.model->task == MODEL_BINARY)
        find_thresholds(e);
    find_shapes(e, &e->candidate, &e->shapes);
    find_shapes(e, &e->baseline, &e->baseline_shapes);
    evaluation_rows(a, e, &e->candidate, &e->slices[0], &rows);
    if (rows.task == MODEL_MULTICLASS && rows.n_outputs <= MATRIX_CLASSES) {
        e->class_matrix = SL_ARENA_ARRAY(e->s->a, double, rows.n_outputs *rows.n_outputs);
        curve_class_matrix(&rows, e->class_matrix);
    }
    if (rows.task == MODEL_REGRESSION)
        curve_residuals(&rows, &e->residuals);
}

struct sl_err *evaluation_explain(struct evaluation *e)
{
    find_features(e);
    SL_TRY(find_leaks(e));
    SL_TRY(find_importance(e));
    find_curves(e);
    return NULL;
}
