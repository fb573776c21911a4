#include "components/transform/stream.h"

struct window {
    const struct stream *stream;
    const struct stream_visit *visit;
    const int *columns;
    size_t first;
    struct sl_arena **arenas;
    void **scanned;
};

static struct sl_err *scan_part(void *ctx, size_t index, int thread)
{
    (void)thread;
    struct window *w = ctx;
    const struct examples_selected *g = &w->stream->rows.groups[w->first + index];
    struct table t;
    SL_TRY(examples_read_group(w->arenas[index], w->stream->examples, g->split, g->group,
                               w->columns, w->visit->n_columns, &t));
    return w->visit->scan(w->visit->ctx, w->arenas[index], g, &t, &w->scanned[index]);
}

static struct sl_err *visit_window(struct window *w, size_t n)
{
    const struct stream_visit *v = w->visit;
    for (size_t i = 0; i < n; i++)
        w->scanned[i] = NULL;
    struct sl_err *err = workers_parallel_for(w->stream->workers, n, scan_part, w);
    if (!err)
        err = v->merge(v->ctx, &w->stream->rows.groups[w->first], w->scanned, n);
    else
        for (size_t i = 0; i < n; i++)
            if (w->scanned[i] && v->discard)
                v->discard(w->scanned[i]);
    for (size_t i = 0; i < n; i++)
        sl_arena_clear(w->arenas[i]);
    return err;
}

struct sl_err *stream_visit(const struct stream *s, const struct stream_visit *v)
{
    SL_AUTOARENA(a);
    size_t width = 2 * (size_t)workers_count(s->workers);
    int *columns = SL_ARENA_ARRAY(a, int, v->n_columns);
    for (size_t i = 0; i < v->n_columns; i++) {
        SL_TRY(examples_get_column(a, s->examples, v->columns[i].name, &columns[i]));
    }
    struct window w = {.stream = s, .visit = v, .columns = columns};
    w.arenas = SL_ARENA_ARRAY(a, struct sl_arena *, width);
    w.scanned = SL_ARENA_ARRAY(a, void *, width);
    for (size_t i = 0; i < width; i++)
        w.arenas[i] = sl_arena_new();
    struct sl_err *err = NULL;
    for (; w.first < s->rows.n_groups && !err; w.first += width)
        err = visit_window(&w, SL_MIN(width, s->rows.n_groups - w.first));
    for (size_t i = 0; i < width; i++)
        sl_arena_free(w.arenas[i]);
    return err;
}
