/* A part of the work is one column over one segment, a fixed run of row groups; the parts of a
 * column are merged in the order of the segments, whoever did them. */
#include "components/transform/describe.h"

#include "base/alloc.h"
#include "core/data/statistics_collect.h"

enum { SEGMENT_GROUPS = 8, PARTS_PER_THREAD = 4 };

struct description {
    const struct stream *stream;
    const struct column_spec *columns;
    size_t n_columns;
    struct sl_arena **scratch;            /* per thread */
    size_t first_segment, n_segments;     /* of the wave */
    struct statistics_collector **parts;  /* (n_segments x n_columns) of the wave */
    struct statistics_collector **totals; /* (n_columns) */
};

static struct sl_err *describe_part(void *ctx, size_t index, int thread)
{
    struct description *d = ctx;
    const struct stream *s = d->stream;
    size_t segment = d->first_segment + index / d->n_columns;
    const struct column_spec *spec = &d->columns[index % d->n_columns];
    int column = examples_find_column(s->examples, spec->name);
    struct statistics_collector *c =
        statistics_collector_new(spec, &statistics_options_default, segment);
    d->parts[index] = c;
    size_t end = SL_MIN((segment + 1) * SEGMENT_GROUPS, s->n_groups);
    for (size_t i = segment * SEGMENT_GROUPS; i < end; i++) {
        struct table t;
        sl_arena_clear(d->scratch[thread]);
        SL_TRY(examples_read_group(d->scratch[thread], s->examples, s->groups[i].split,
                                   s->groups[i].group, &column, 1, &t));
        statistics_collector_update(d->scratch[thread], c, &t.columns[0], NULL);
    }
    return NULL;
}

static struct sl_err *merge_column(void *ctx, size_t column, int thread SL_UNUSED)
{
    struct description *d = ctx;
    for (size_t i = 0; i < d->n_segments; i++)
        statistics_collector_merge(d->totals[column], d->parts[i * d->n_columns + column]);
    return NULL;
}

static struct sl_err *describe_wave(struct description *d)
{
    size_t n = d->n_segments * d->n_columns;
    d->parts = SL_NEW_ARRAY(struct statistics_collector *, n + 1);
    struct sl_err *err = workers_parallel_for(d->stream->workers, n, describe_part, d);
    if (!err)
        err = workers_parallel_for(d->stream->workers, d->n_columns, merge_column, d);
    for (size_t i = 0; i < n; i++)
        statistics_collector_free(d->parts[i]);
    sl_free(d->parts);
    return err;
}

static struct sl_err *describe_all(struct description *d)
{
    size_t segments = (d->stream->n_groups + SEGMENT_GROUPS - 1) / SEGMENT_GROUPS;
    size_t want = (size_t)workers_count(d->stream->workers) * PARTS_PER_THREAD;
    size_t columns = SL_MAX(d->n_columns, (size_t)1), wave = SL_MAX(want / columns, (size_t)1);
    for (; d->first_segment < segments; d->first_segment += wave) {
        d->n_segments = SL_MIN(wave, segments - d->first_segment);
        SL_TRY(describe_wave(d));
    }
    return NULL;
}

static void finish(struct sl_arena *a, const struct description *d, struct dataset_statistics *ret)
{
    ret->n_examples = d->stream->n_rows;
    ret->n_features = d->n_columns;
    ret->features = SL_ARENA_ARRAY(a, struct feature_statistics, d->n_columns);
    for (size_t i = 0; i < d->n_columns; i++)
        statistics_collector_finish(a, d->totals[i], &ret->features[i]);
}

struct sl_err *describe(struct sl_arena *a, const struct stream *s,
                        const struct column_spec *columns, size_t n, struct sl_str name,
                        struct dataset_statistics **ret)
{
    size_t threads = (size_t)workers_count(s->workers);
    struct description d = {.stream = s, .columns = columns, .n_columns = n};
    d.scratch = SL_ARENA_ARRAY(a, struct sl_arena *, threads);
    for (size_t i = 0; i < threads; i++)
        d.scratch[i] = sl_arena_new();
    d.totals = SL_ARENA_ARRAY(a, struct statistics_collector *, n);
    for (size_t i = 0; i < n; i++)
        d.totals[i] = statistics_collector_new(&columns[i], &statistics_options_default, SIZE_MAX);

    struct dataset_statistics *out = SL_ARENA_NEW(a, struct dataset_statistics);
    out->name = name;
    struct sl_err *err = describe_all(&d);
    if (!err)
        finish(a, &d, out);
    for (size_t i = 0; i < n; i++)
        statistics_collector_free(d.totals[i]);
    for (size_t i = 0; i < threads; i++)
        sl_arena_free(d.scratch[i]);
    if (!err)
        *ret = out;
    return err;
}
