/* CSV files to examples.
 *
 * The window is cut into jobs at places where a row seems to begin; jobs are decoded on all
 * threads, and accepted in order as long as each begins where the one before ended. The rest of the
 * window, if any, is cut again with the state that is then known.
 *
 * Types: the first window is sampled, and rows are decoded with the types that the sample has. If
 * some value does not fit, or if at the end the types of the whole input are others, a second pass
 * decodes again with the right ones. So the result never depends on the sample. */
#include "csv_input.h"

#include "base/alloc.h"
#include "base/assert.h"

enum {
    JOB_BYTES = 512 << 10,
    SAMPLE_BYTES = 32 << 10, /* of each job of the first window */
    LONGEST_ROW = 64 << 20,
    /* Decoded, a byte of text may take this much and more memory: columns, hashes, row lists. */
    BYTES_PER_BYTE = 32,
};

/* ---- jobs --------------------------------------------------------------------------------------
 */

static struct job *add_job(struct csv_input *in, size_t segment, size_t start, size_t limit)
{
    if (in->n_jobs == in->jobs.n) {
        struct job *fresh = sl_vec_add(&in->jobs);
        fresh->piece = csv_piece_new();
        fresh->a = sl_arena_new();
    }
    struct job *j = &in->jobs.p[in->n_jobs++];
    j->segment = segment;
    j->start = start;
    j->limit = limit;
    return j;
}

/* Cuts a segment where rows begin, if its quotes are balanced from its start on. */
static void cut_segment(struct csv_input *in, size_t index)
{
    const struct csv_segment *s = &in->window.segments.p[index];
    struct sl_str text = {in->window.text, s->end};
    size_t start = s->start, counted = s->start;
    bool inside = false;
    while (start < s->end) {
        size_t limit = s->end;
        if (s->end - start > JOB_BYTES + JOB_BYTES / 2) {
            size_t from = start + JOB_BYTES;
            inside ^= csv_count_quotes(sl_strn(text.p + counted, from - counted)) & 1;
            counted = from;
            limit = csv_guess_row(text, from, inside);
        }
        add_job(in, index, start, limit);
        start = limit;
    }
}

static struct sl_err *run_job(void *ctx, size_t index, int thread)
{
    struct csv_input *in = ctx;
    struct job *j = &in->jobs.p[index];
    const struct csv_segment *s = &in->window.segments.p[j->segment];
    struct sl_str text = {in->window.text, s->end};
    bool values = in->pass == PASS_TRY || in->pass == PASS_KNOWN;
    size_t limit = in->pass == PASS_SAMPLE ? SL_MIN(j->limit, j->start + SAMPLE_BYTES) : j->limit;
    (void)thread;
    j->kinds = NULL;
    csv_piece_decode(j->piece, &in->layout, text, j->start, limit, s->final, values,
                     values ? NULL : in->seen);
    j->lines = csv_count_lines(sl_strn(text.p + j->start, j->piece->end - j->start));
    if (in->tfx && in->pass == PASS_LOOK)
        csv_tfx_look(in, j);
    if (!values)
        return NULL;
    sl_arena_clear(j->a);
    const uint32_t *buckets = in->tfx ? csv_tfx_buckets(in, j) : NULL;
    return router_route(&in->g->router, j->a, &j->piece->table, in->g->files[s->file].split,
                        buckets, &in->routed[index]);
}

static struct sl_err *run_jobs(struct csv_input *in)
{
    in->routed = sl_realloc(in->routed, in->jobs.n, sizeof(*in->routed));
    return workers_parallel_for(in->g->s->workers, in->n_jobs, run_job, in);
}

/* ---- bad rows ----------------------------------------------------------------------------------
 */

static struct sl_str fault_text(struct sl_arena *a, const struct csv_input *in,
                                const struct csv_fault_row *f)
{
    if (f->fault == CSV_FAULT_UTF8)
        return SL_STR("expected UTF-8 text");
    if (f->fault == CSV_FAULT_TYPE)
        return sl_arena_format(a, "expected %s", column_type_name(in->columns[f->column].type));
    if (f->error == CSV_FEW_CELLS || f->error == CSV_MANY_CELLS)
        return sl_arena_format(a, "expected %zu cells, got %u", in->layout.n_columns, f->n_cells);
    return sl_str(csv_error_text(f->error));
}

static struct sl_err *tell_faults(struct csv_input *in, const struct job *j, uint64_t line)
{
    SL_AUTOARENA(a);
    const struct csv_segment *s = &in->window.segments.p[j->segment];
    const struct csv_piece *p = j->piece;
    for (size_t i = 0; i < p->n_faults; i++) {
        const struct csv_fault_row *f = &p->faults[i];
        struct sl_str before = {in->window.text + j->start, f->start - j->start};
        bool cells =
            f->fault == CSV_FAULT_ROW && (f->error == CSV_FEW_CELLS || f->error == CSV_MANY_CELLS);
        struct sl_str column = {NULL, 0};
        if (!cells && f->column < in->layout.n_columns)
            column = in->columns[f->column].name;
        SL_TRY(ingest_bad_row(in->g, &in->g->files[s->file], line + csv_count_lines(before), column,
                              fault_text(a, in, f)));
    }
    ingest_bad_rows(in->g, p->bad_rows - p->n_faults);
    return NULL;
}

/* Rows that no split takes. They are in the table, so they count as rows already. */
static struct sl_err *tell_without_time(struct csv_input *in, const struct job *j,
                                        const struct routed *r, uint64_t line)
{
    if (r->without_time == 0)
        return NULL;
    const struct csv_segment *s = &in->window.segments.p[j->segment];
    size_t start = j->piece->starts[r->first_without_time];
    struct sl_str before = {in->window.text + j->start, start - j->start};
    SL_TRY(ingest_bad_row(in->g, &in->g->files[s->file], line + csv_count_lines(before),
                          in->g->p->split_by.time,
                          SL_STR("expected a time, which rows are split by")));
    ingest_bad_rows(in->g, r->without_time - 1);
    in->g->rows_in -= r->without_time;
    return NULL;
}

/* ---- a window ----------------------------------------------------------------------------------
 */

static bool fits_guess(const struct csv_input *in, const struct csv_piece *p)
{
    for (size_t i = 0; i < in->layout.n_columns; i++) {
        const struct csv_column *c = &in->columns[i];
        if (c->wanted && !c->given && p->seen[i] & ~infer_kinds_of(c->type))
            return false;
    }
    return true;
}

/* Takes what the job found into account. */
static struct sl_err *accept_job(struct csv_input *in, size_t index, uint64_t line)
{
    const struct job *j = &in->jobs.p[index];
    for (size_t i = 0; i < in->layout.n_columns; i++)
        in->seen[i] |= j->piece->seen[i];
    for (size_t i = 0; j->kinds && i < in->layout.n_columns; i++)
        in->kinds[i] = SL_MAX(in->kinds[i], j->kinds[i]);
    SL_TRY(tell_faults(in, j, line));
    if (in->pass == PASS_TRY && !fits_guess(in, j->piece))
        in->pass = PASS_LOOK;
    if (in->pass == PASS_TRY || in->pass == PASS_KNOWN)
        SL_TRY(tell_without_time(in, j, &in->routed[index], line));
    return NULL;
}

/* A row that is longer than the window: more room, or it is bad. */
static struct sl_err *longer_row(struct csv_input *in)
{
    const struct csv_segment *s = &in->window.segments.p[0];
    if (in->window.n < in->window.capacity || in->window.capacity < LONGEST_ROW) {
        csv_window_grow(&in->window);
        return NULL;
    }
    return SL_ERR(INVALID,
                  "%.*s:%llu: a row of more than %d MiB; is there a quote that is never "
                  "closed?",
                  SL_FMT(in->g->files[s->file].name), (unsigned long long)s->line,
                  LONGEST_ROW >> 20);
}

/* Accepts jobs while they join, writes their rows, and moves the window to where that ends. */
static struct sl_err *accept_jobs(struct csv_input *in)
{
    struct csv_window *w = &in->window;
    size_t n = 0, segment = 0, at = w->segments.p[0].start;
    uint64_t line = w->segments.p[0].line;
    for (; n < in->n_jobs; n++) {
        const struct job *j = &in->jobs.p[n];
        if (j->segment != segment) {
            if (at != w->segments.p[segment].end)
                break;
            segment = j->segment;
            at = w->segments.p[segment].start;
            line = w->segments.p[segment].line;
        }
        if (j->start != at)
            break;
        SL_TRY(accept_job(in, n, line));
        at = j->piece->end;
        line += j->lines;
    }
    bool moved = n > 0 && (segment > 0 || at > w->segments.p[0].start);
    if (in->pass == PASS_TRY || in->pass == PASS_KNOWN)
        SL_TRY(ingest_add(in->g, in->routed, n));
    csv_window_move(w, segment, at, line);
    return moved || !w->segments.n ? NULL : longer_row(in);
}

static void guess_types(struct csv_input *in)
{
    for (size_t i = 0; i < in->layout.n_columns; i++)
        if (!in->columns[i].given)
            in->columns[i].type = infer_type(in->seen[i]);
}

static struct sl_err *start_rows(struct csv_input *in)
{
    struct sl_arena *a = in->g->s->a;
    struct column_spec *specs = SL_ARENA_ARRAY(a, struct column_spec, in->layout.n_columns);
    size_t n = 0;
    for (size_t i = 0; i < in->layout.n_columns; i++)
        if (in->columns[i].wanted)
            specs[n++] = (struct column_spec){in->columns[i].name, in->columns[i].type};
    return ingest_start(in->g, specs, n);
}

/* What the first rows of the first window's jobs look like. */
static struct sl_err *sample(struct csv_input *in)
{
    SL_TRY(run_jobs(in));
    for (size_t k = 0; k < in->n_jobs; k++)
        for (size_t i = 0; i < in->layout.n_columns; i++)
            in->seen[i] |= in->jobs.p[k].piece->seen[i];
    guess_types(in);
    memset(in->seen, 0, in->layout.n_columns * sizeof(*in->seen));
    in->pass = PASS_TRY;
    return start_rows(in);
}

static struct sl_err *next_window(struct csv_input *in)
{
    struct csv_window *w = &in->window;
    in->n_jobs = 0;
    for (size_t i = 0; i < w->segments.n; i++) {
        if (w->segments.p[i].first)
            SL_TRY(csv_header_read(in, &w->segments.p[i]));
        cut_segment(in, i);
    }
    if (in->columns && in->pass == PASS_SAMPLE)
        SL_TRY(sample(in));
    SL_TRY(run_jobs(in));
    return accept_jobs(in);
}

static struct sl_err *run_pass(struct csv_input *in)
{
    csv_window_rewind(&in->window);
    for (;;) {
        SL_TRY(csv_window_fill(&in->window));
        if (in->window.segments.n == 0)
            return NULL;
        SL_TRY(next_window(in));
        step_progress(in->g->s, "%llu rows", (unsigned long long)in->g->rows_in);
    }
}

/* True when the types that rows were decoded with are those of the whole input. */
static bool types_hold(const struct csv_input *in)
{
    for (size_t i = 0; i < in->layout.n_columns; i++)
        if (in->columns[i].wanted && !in->columns[i].given &&
            in->columns[i].type != infer_type(in->seen[i]))
            return false;
    return true;
}

static struct sl_err *run_passes(struct csv_input *in)
{
    /* TFX's types of the whole input are part of what it hashes. */
    in->tfx = in->g->p->split_by.hash == EXAMPLE_GEN_TFX;
    in->pass = in->tfx ? PASS_LOOK : PASS_SAMPLE;
    SL_TRY(run_pass(in));
    if (!in->columns)
        return SL_ERR(INVALID, "%.*s: there are no rows, and no names of columns",
                      SL_FMT(in->g->files[0].name));
    if (in->pass == PASS_TRY && types_hold(in))
        return NULL;
    guess_types(in);
    if (in->tfx)
        SL_TRY(csv_tfx_start(in));
    in->pass = PASS_KNOWN;
    SL_TRY(start_rows(in));
    return run_pass(in);
}

struct sl_err *csv_input_run(struct ingest *g)
{
    size_t capacity = (size_t)SL_MIN(g->p->memory / BYTES_PER_BYTE, (int64_t)LONGEST_ROW);
    struct csv_input in = {.g = g};
    csv_window_init(&in.window, g, capacity);
    struct sl_err *err = run_passes(&in);
    csv_window_deinit(&in.window);
    for (size_t i = 0; i < in.jobs.n; i++) {
        csv_piece_free(in.jobs.p[i].piece);
        sl_arena_free(in.jobs.p[i].a);
    }
    sl_vec_deinit(&in.jobs);
    sl_free(in.routed);
    return err;
}
