/* A part of the work is one column over one segment, a fixed run of row groups. Parts are done in
 * any order, each by one thread into a collector of its own; the collectors of a column are then
 * merged in the order of the segments. What a part is does not depend on the number of threads, and
 * neither does the result. A block of columns and a wave of segments at a time keep memory bounded.
 *
 *              segment 0   segment 1   segment 2 ...
 *     column 0   part        part        part        -> merge, left to right
 *     column 1   part        part        part        -> merge
 */
#include "store/statistics_gather.h"

#include "base/alloc.h"

#include <math.h>

enum {
    SEGMENT_GROUPS = 8, /* row groups of a part: 524,288 rows */
    BLOCK_COLUMNS = 16,
    PARTS_PER_THREAD = 4, /* of a wave, so that a slow part leaves no thread idle for long */
};

struct gather {
    struct sl_arena *a;
    const struct statistics_job *job;
    struct sl_arena **scratch; /* per thread */
    size_t first_column, n_columns;
    size_t first_segment, n_segments;    /* of the wave */
    struct statistics_collector **parts; /* (n_segments x n_columns) of the wave */
    struct statistics_collector *collectors[BLOCK_COLUMNS]; /* merged so far */
};

static const struct column_spec *spec_at(const struct gather *g, size_t column)
{
    return &g->job->examples->columns[g->job->columns[g->first_column + column]];
}

static struct sl_err *check_weight(const struct column *w, double weight, bool valid, int64_t row)
{
    if (valid && weight >= 0 && isfinite(weight))
        return NULL;
    return SL_ERR(INVALID,
                  "weight column '%.*s', row %lld: expected a number of at least 0, got %s",
                  SL_FMT(w->name), (long long)row + 1,
                  !valid ? "a missing one" : "a negative or infinite one");
}

/* The weight column of a row group as doubles. */
static struct sl_err *read_weights(struct sl_arena *a, const struct column *w, int64_t first_row,
                                   const double **ret)
{
    double *weights = SL_ARENA_ARRAY(a, double, w->n);
    for (size_t row = 0; row < w->n; row++) {
        weights[row] = w->type == COLUMN_DOUBLE  ? w->f64[row]
                       : w->type == COLUMN_FLOAT ? (double)w->f32[row]
                       : w->type == COLUMN_BOOL  ? (double)w->boolean[row]
                                                 : (double)w->i64[row];
        SL_TRY(check_weight(w, weights[row], column_is_valid(w, row), first_row + (int64_t)row));
    }
    *ret = weights;
    return NULL;
}

static struct sl_err *update_from_group(struct sl_arena *a, const struct statistics_job *job,
                                        struct statistics_collector *c, int column, size_t group)
{
    const struct examples_selected *from = &job->rows->groups[group];
    int columns[2] = {column, job->weight};
    struct table t;
    SL_TRY(examples_read_group(a, job->examples, from->split, from->group, columns,
                               job->weight >= 0 ? 2 : 1, &t));
    const double *weights = NULL;
    if (job->weight >= 0)
        SL_TRY(
            read_weights(a, &t.columns[1], from->split->groups[from->group].first_row, &weights));
    statistics_collector_update(a, c, &t.columns[0], weights);
    return NULL;
}

static struct sl_err *gather_part(void *ctx, size_t index, int thread)
{
    struct gather *g = ctx;
    const struct statistics_job *job = g->job;
    size_t segment = g->first_segment + index / g->n_columns, column = index % g->n_columns;
    struct sl_arena *a = g->scratch[thread];
    struct statistics_collector *c =
        statistics_collector_new(spec_at(g, column), &job->options, segment);
    g->parts[index] = c;
    size_t end = SL_MIN((segment + 1) * SEGMENT_GROUPS, job->rows->n_groups);
    for (size_t group = segment * SEGMENT_GROUPS; group < end; group++) {
        sl_arena_clear(a);
        SL_TRY(update_from_group(a, job, c, job->columns[g->first_column + column], group),
               "split '%.*s': column '%.*s'", SL_FMT(job->rows->groups[group].split->name),
               SL_FMT(spec_at(g, column)->name));
    }
    return NULL;
}

static struct sl_err *merge_column(void *ctx, size_t column, int thread SL_UNUSED)
{
    struct gather *g = ctx;
    for (size_t s = 0; s < g->n_segments; s++) {
        struct statistics_collector **part = &g->parts[s * g->n_columns + column];
        if (!g->collectors[column]) {
            g->collectors[column] = *part;
        } else {
            statistics_collector_merge(g->collectors[column], *part);
            statistics_collector_free(*part);
        }
        *part = NULL;
    }
    return NULL;
}

/* All segments of a block of columns, a wave of parts at a time. */
static struct sl_err *gather_block(struct gather *g)
{
    struct workers *w = g->job->workers;
    size_t segments = (g->job->rows->n_groups + SEGMENT_GROUPS - 1) / SEGMENT_GROUPS;
    size_t want = (size_t)workers_count(w) * PARTS_PER_THREAD;
    size_t wave = SL_MAX((want + g->n_columns - 1) / g->n_columns, (size_t)1);
    struct sl_err *err = NULL;
    for (size_t first = 0; first < segments && !err; first += wave) {
        g->first_segment = first;
        g->n_segments = SL_MIN(wave, segments - first);
        size_t n = g->n_segments * g->n_columns;
        g->parts = SL_NEW_ARRAY(struct statistics_collector *, n);
        err = workers_parallel_for(w, n, gather_part, g);
        if (!err)
            err = workers_parallel_for(w, g->n_columns, merge_column, g);
        for (size_t i = 0; i < n; i++)
            statistics_collector_free(g->parts[i]);
        sl_free(g->parts);
    }
    return err;
}

static void finish_block(struct gather *g, struct dataset_statistics *d)
{
    for (size_t i = 0; i < g->n_columns; i++) {
        /* Where there are no rows there is no part at all. */
        if (!g->collectors[i])
            g->collectors[i] = statistics_collector_new(spec_at(g, i), &g->job->options, 0);
        statistics_collector_finish(g->a, g->collectors[i], &d->features[g->first_column + i]);
    }
}

static void free_block(struct gather *g)
{
    for (size_t i = 0; i < BLOCK_COLUMNS; i++) {
        statistics_collector_free(g->collectors[i]);
        g->collectors[i] = NULL;
    }
}

static struct sl_err *gather_columns(struct gather *g, struct dataset_statistics *d)
{
    struct sl_err *err = NULL;
    for (size_t first = 0; first < g->job->n_columns && !err; first += BLOCK_COLUMNS) {
        g->first_column = first;
        g->n_columns = SL_MIN((size_t)BLOCK_COLUMNS, g->job->n_columns - first);
        err = gather_block(g);
        if (!err)
            finish_block(g, d);
        free_block(g);
    }
    return err;
}

struct sl_err *statistics_gather(struct sl_arena *a, const struct statistics_job *job,
                                 struct sl_str name, struct dataset_statistics **ret)
{
    size_t threads = (size_t)workers_count(job->workers);
    struct gather g = {.a = a, .job = job};
    g.scratch = SL_ARENA_ARRAY(a, struct sl_arena *, threads);
    for (size_t i = 0; i < threads; i++)
        g.scratch[i] = sl_arena_new();
    struct dataset_statistics *d = SL_ARENA_NEW(a, struct dataset_statistics);
    d->name = name;
    d->n_examples = job->rows->n_rows;
    d->n_features = job->n_columns;
    d->features = SL_ARENA_ARRAY(a, struct feature_statistics, job->n_columns);
    struct sl_err *err = gather_columns(&g, d);
    for (size_t i = 0; i < threads; i++)
        sl_arena_free(g.scratch[i]);
    if (err)
        return err;
    if (job->weight >= 0 && d->n_features)
        d->weighted_examples = d->features[0].weighted_present + d->features[0].weighted_missing;
    *ret = d;
    return NULL;
}
