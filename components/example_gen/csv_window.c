#include "csv_window.h"

#include "base/alloc.h"

enum { SLICE_BYTES = 512 << 10 };

struct slice {
    const struct source *file;
    int64_t offset;
    char *to;
    size_t n;
};

void csv_window_init(struct csv_window *w, struct ingest *g, size_t capacity)
{
    *w = (struct csv_window){.g = g, .capacity = capacity, .text = sl_alloc(capacity)};
}

void csv_window_deinit(struct csv_window *w)
{
    source_stream_free(w->stream);
    sl_vec_deinit(&w->segments);
    sl_free(w->text);
}

void csv_window_rewind(struct csv_window *w)
{
    source_stream_free(w->stream);
    w->stream = NULL;
    w->segments.n = 0;
    w->n = w->next_file = 0;
    w->offset = 0;
}

static struct sl_err *read_slice(void *ctx, size_t index, int thread)
{
    const struct slice *s = (struct slice *)ctx + index;
    (void)thread;
    return source_read(s->file, s->offset, s->to, s->n);
}

/* The segment that the next bytes of the file belong to. */
static struct csv_segment *segment_of_next(struct csv_window *w)
{
    if (w->segments.n && !w->segments.p[w->segments.n - 1].final)
        return &w->segments.p[w->segments.n - 1];
    struct csv_segment *s = sl_vec_add(&w->segments);
    *s = (struct csv_segment){
        .file = w->next_file, .start = w->n, .end = w->n, .first = true, .line = 1};
    return s;
}

static void took(struct csv_window *w, struct csv_segment *s, size_t n, bool final)
{
    w->n += n;
    s->end = w->n;
    s->final = final;
    w->offset += (int64_t)n;
    if (!final)
        return;
    w->next_file++;
    w->offset = 0;
    source_stream_free(w->stream);
    w->stream = NULL;
}

typedef SL_VEC(struct slice) slice_vec;

static void take_plain(struct csv_window *w, const struct source *f, slice_vec *slices)
{
    struct csv_segment *s = segment_of_next(w);
    size_t n = (size_t)SL_MIN(f->bytes - w->offset, (int64_t)(w->capacity - w->n));
    for (size_t i = 0; i < n; i += SLICE_BYTES)
        *sl_vec_add(slices) = (struct slice){.file = f,
                                             .offset = w->offset + (int64_t)i,
                                             .to = w->text + w->n + i,
                                             .n = SL_MIN(n - i, (size_t)SLICE_BYTES)};
    took(w, s, n, w->offset + (int64_t)n == f->bytes);
}

static struct sl_err *take_stream(struct csv_window *w, const struct source *f)
{
    struct csv_segment *s = segment_of_next(w);
    size_t room = w->capacity - w->n, n;
    if (!w->stream)
        w->stream = source_stream_new(f);
    SL_TRY(source_stream_read(w->stream, w->text + w->n, room, &n));
    took(w, s, n, n < room);
    return NULL;
}

struct sl_err *csv_window_fill(struct csv_window *w)
{
    slice_vec slices = {0};
    struct sl_err *err = NULL;
    while (!err && w->n < w->capacity && w->next_file < w->g->n_files) {
        const struct source *f = &w->g->files[w->next_file];
        if (f->compression == COMPRESS_FORMAT_PLAIN)
            take_plain(w, f, &slices);
        else
            err = take_stream(w, f);
    }
    if (!err)
        err = workers_parallel_for(w->g->s->workers, slices.n, read_slice, slices.p);
    sl_vec_deinit(&slices);
    return err;
}

void csv_window_move(struct csv_window *w, size_t index, size_t position, uint64_t line)
{
    struct csv_segment *s = &w->segments.p[index];
    s->start = position;
    s->line = line;
    if (s->final && s->start == s->end)
        index++;
    size_t left = w->segments.n - index;
    memmove(w->segments.p, w->segments.p + index, left * sizeof(*s));
    w->segments.n = left;
    memmove(w->text, w->text + position, w->n - position);
    w->n -= position;
    for (size_t i = 0; i < left; i++) {
        w->segments.p[i].start -= position;
        w->segments.p[i].end -= position;
    }
}

void csv_window_grow(struct csv_window *w)
{
    w->capacity *= 2;
    w->text = sl_realloc(w->text, w->capacity, 1);
}
