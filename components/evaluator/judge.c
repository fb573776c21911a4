/* Metrics of every slice, with intervals. */
#include "components/evaluator/evaluation.h"

#include "base/vec.h"

/* Slices are judged in waves, so that what is prepared for all of them need not fit into memory at
 * once: as many slices as have about this many scores, and not more than so many. */
enum { WAVE_SCORES = 8000000, WAVE_SLICES = 512 };
/* Row visits that a thread takes at a time. */
enum { VISITS = 500000 };

struct prepared {
    struct sl_arena *a;
    const struct metric_basis *candidate, *baseline;
    struct metric_values *resamples, *changes; /* (slice's resamples) */
};

/* Resamples [from, to) of a slice. */
struct block {
    size_t slice, from, to;
};

struct wave {
    struct evaluation *e;
    size_t first, n;           /* slices */
    struct prepared *prepared; /* (n) */
    SL_VEC(struct block) blocks;
};

static struct sl_err *prepare_slice(void *ctx, size_t index, int thread)
{
    struct wave *w = ctx;
    struct evaluation *e = w->e;
    struct prepared *p = &w->prepared[index];
    const struct slice *slice = &e->slices[w->first + index];
    struct slice_values *v = &e->values[w->first + index];
    struct metric_rows rows;
    (void)thread;
    p->a = sl_arena_new();
    evaluation_rows(p->a, e, &e->candidate, slice, &rows);
    p->candidate = metrics_prepare(p->a, &rows);
    metrics_weigh(p->candidate, NULL, &v->candidate);
    if (w->first + index == 0)
        e->constant_loss = metrics_constant_loss(&rows);
    if (e->baseline.artifact) {
        evaluation_rows(p->a, e, &e->baseline, slice, &rows);
        p->baseline = metrics_prepare(p->a, &rows);
        metrics_weigh(p->baseline, NULL, &v->baseline);
    }
    if (e->p->bootstrap.resamples > 0)
        v->resamples = bootstrap_count((size_t)e->p->bootstrap.resamples, slice->n, rows.n_outputs);
    p->resamples = SL_ARENA_ARRAY(p->a, struct metric_values, v->resamples);
    p->changes = SL_ARENA_ARRAY(p->a, struct metric_values, v->resamples);
    return NULL;
}

/* Both models see the same resample, so that their difference has the interval of a pair. */
static void resample(const struct wave *w, size_t slice, size_t index, uint8_t *counts)
{
    struct evaluation *e = w->e;
    struct prepared *p = &w->prepared[slice - w->first];
    struct metric_values baseline, *candidate = &p->resamples[index];
    bootstrap_draw((uint64_t)e->p->bootstrap.seed, (uint64_t)slice << 32 | index,
                   e->slices[slice].n, counts);
    metrics_weigh(p->candidate, counts, candidate);
    if (!p->baseline)
        return;
    metrics_weigh(p->baseline, counts, &baseline);
    for (int m = 0; m < METRIC_COUNT; m++)
        p->changes[index].v[m] = candidate->v[m] - baseline.v[m];
}

static struct sl_err *run_block(void *ctx, size_t index, int thread)
{
    struct wave *w = ctx;
    const struct block *b = &w->blocks.p[index];
    (void)thread;
    SL_AUTOARENA(a);
    uint8_t *counts = SL_ARENA_ARRAY(a, uint8_t, w->e->slices[b->slice].n);
    for (size_t i = b->from; i < b->to; i++)
        resample(w, b->slice, i, counts);
    return NULL;
}

static struct sl_err *end_slice(void *ctx, size_t index, int thread)
{
    struct wave *w = ctx;
    struct evaluation *e = w->e;
    struct slice_values *v = &e->values[w->first + index];
    struct prepared *p = &w->prepared[index];
    (void)thread;
    double confidence = e->p->bootstrap.confidence;
    bootstrap_intervals(p->resamples, v->resamples, confidence, &v->intervals);
    if (p->baseline)
        bootstrap_intervals(p->changes, v->resamples, confidence, &v->changes);
    return NULL;
}

static void plan_blocks(struct wave *w)
{
    for (size_t i = w->first; i < w->first + w->n; i++) {
        size_t rows = SL_MAX(w->e->slices[i].n, (size_t)1), each = SL_MAX(VISITS / rows, (size_t)1);
        for (size_t at = 0; at < w->e->values[i].resamples; at += each)
            *sl_vec_add(&w->blocks) =
                (struct block){i, at, SL_MIN(at + each, w->e->values[i].resamples)};
    }
}

static struct sl_err *run_wave(struct wave *w)
{
    struct workers *workers = w->e->s->workers;
    SL_TRY(workers_parallel_for(workers, w->n, prepare_slice, w));
    plan_blocks(w);
    SL_TRY(workers_parallel_for(workers, w->blocks.n, run_block, w));
    return workers_parallel_for(workers, w->n, end_slice, w);
}

static size_t wave_size(const struct evaluation *e, size_t first)
{
    size_t n = 0, scores = 0;
    while (first + n < e->n_slices && n < WAVE_SLICES && (n == 0 || scores < WAVE_SCORES))
        scores += e->slices[first + n++].n * e->candidate.scores.n_outputs;
    return n;
}

struct sl_err *evaluation_judge(struct evaluation *e)
{
    e->values = SL_ARENA_ARRAY(e->s->a, struct slice_values, e->n_slices);
    struct sl_err *err = NULL;
    for (size_t at = 0; !err && at < e->n_slices;) {
        SL_AUTOARENA(scratch);
        struct wave w = {.e = e, .first = at, .n = wave_size(e, at)};
        w.prepared = SL_ARENA_ARRAY(scratch, struct prepared, w.n);
        err = run_wave(&w);
        for (size_t i = 0; i < w.n; i++)
            sl_arena_free(w.prepared[i].a);
        sl_vec_deinit(&w.blocks);
        at += w.n;
    }
    return err;
}
