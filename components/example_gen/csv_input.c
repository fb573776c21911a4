/* CSV files to examples.
 *
 * The window is cut into jobs at places where a row seems to begin; jobs are decoded on all
 * threads, and accepted in order as long as each begins where the one before ended. The rest of the
 * window, if any, is cut again with the state that is then known.
 *
 * Types: the first window is sampled, and rows are decoded with the types that the sample has. If
 * some value does not fit, or if at the end the types of the whole input are others, a second pass
 * decodes again with the right ones. So the result never depends on the sample. */
#include "csv_window.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/map.h"

enum {
    JOB_BYTES = 512 << 10,
    SAMPLE_BYTES = 32 << 10, /* of each job of the first window */
    LONGEST_ROW = 64 << 20,
    /* Decoded, a byte of text may take this much and more memory: columns, hashes, row lists. */
    BYTES_PER_BYTE = 32,
};

enum pass { PASS_SAMPLE, PASS_TRY, PASS_LOOK, PASS_KNOWN };

struct job {
    size_t segment;
    size_t start, limit;
    struct csv_piece *piece;
    struct sl_arena *a;
    uint64_t lines;
};

struct csv_input {
    struct ingest *g;
    struct csv_window window;
    struct csv_column *columns; /* of the files, (layout.n_columns); NULL before the first header */
    struct csv_layout layout;
    unsigned *seen; /* (layout.n_columns) of all that was accepted */
    enum pass pass;
    SL_VEC(struct job) jobs;
    size_t n_jobs;         /* of this window; the others keep their memory for later ones */
    struct routed *routed; /* (jobs.capacity) */
};

/* ---- headers -----------------------------------------------------------------------------------
 */

static char delimiter_of(const struct ingest *g)
{
    if (g->p->delimiter.n)
        return g->p->delimiter.p[0];
    return sl_str_find(g->files[0].name, SL_STR(".tsv")) >= 0 ? '\t' : ',';
}

static struct sl_err *check_header(const struct source *f, uint64_t line,
                                   const struct sl_str *names, size_t n)
{
    SL_AUTOMAP(seen);
    bool added;
    if (n > SL_LIMIT_COLUMNS)
        return SL_ERR(INVALID, "%.*s: %zu columns, expected at most %d", SL_FMT(f->name), n,
                      SL_LIMIT_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        if (names[i].n == 0 || !sl_str_is_utf8(names[i]))
            return SL_ERR(INVALID, "%.*s:%llu: column %zu: expected a name", SL_FMT(f->name),
                          (unsigned long long)line, i + 1);
        sl_map_add(&seen, names[i], &added);
        if (!added)
            return SL_ERR(INVALID, "%.*s:%llu: there are two columns '%.*s'", SL_FMT(f->name),
                          (unsigned long long)line, SL_FMT(names[i]));
    }
    return NULL;
}

static struct sl_err *check_given_types(const struct csv_input *in, const struct sl_str *names,
                                        size_t n)
{
    const struct json *types = in->g->p->types;
    for (size_t i = 0; types && i < types->n; i++) {
        bool found = false;
        for (size_t k = 0; k < n; k++)
            found |= sl_str_eq(names[k], types->members[i].key);
        if (!found)
            return SL_ERR(INVALID, "parameter 'types': there is no column '%.*s'%s",
                          SL_FMT(types->members[i].key),
                          diag_did_you_mean(in->g->s->a, types->members[i].key, names, n));
    }
    return NULL;
}

static struct sl_err *set_columns(struct csv_input *in, const struct sl_str *names, size_t n)
{
    struct ingest *g = in->g;
    struct sl_arena *a = g->s->a;
    bool *needed = SL_ARENA_ARRAY(a, bool, n);
    SL_TRY(router_needs(a, g->p, names, n, needed));
    SL_TRY(check_given_types(in, names, n));
    in->columns = SL_ARENA_ARRAY(a, struct csv_column, n);
    in->seen = SL_ARENA_ARRAY(a, unsigned, n);
    for (size_t i = 0; i < n; i++) {
        struct csv_column *c = &in->columns[i];
        const struct json *type = json_get_str(g->p->types, names[i]);
        *c = (struct csv_column){.name = sl_arena_str(a, names[i]), .wanted = needed[i]};
        c->given = type && column_type_find(type->string, &c->type);
    }
    in->layout = (struct csv_layout){.delimiter = delimiter_of(g),
                                     .columns = in->columns,
                                     .n_columns = n,
                                     .nulls = g->p->nulls.p,
                                     .n_nulls = g->p->nulls.n};
    return NULL;
}

/* The names in the first row, or those that were given, or column0, column1, ... */
static struct sl_err *names_of(struct csv_input *in, const struct source *f, uint64_t line,
                               const struct sl_str *cells, size_t n, struct sl_str **ret)
{
    const struct json_strings *given = &in->g->p->names;
    struct sl_arena *a = in->g->s->a;
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, n);
    if (given->n && given->n != n)
        return SL_ERR(INVALID, "%.*s:%llu: expected %zu cells, one for each of 'names', got %zu",
                      SL_FMT(f->name), (unsigned long long)line, given->n, n);
    for (size_t i = 0; i < n; i++)
        names[i] = given->n           ? given->p[i]
                   : in->g->p->header ? sl_str_trim(cells[i])
                                      : sl_arena_format(a, "column%zu", i);
    SL_TRY(check_header(f, line, names, n));
    *ret = names;
    return NULL;
}

static struct sl_err *same_columns(const struct csv_input *in, const struct source *f,
                                   const struct sl_str *names, size_t n)
{
    struct sl_str first = in->g->files[0].name;
    if (n != in->layout.n_columns)
        return SL_ERR(INVALID, "%.*s: %zu columns, expected %zu as in %.*s", SL_FMT(f->name), n,
                      in->layout.n_columns, SL_FMT(first));
    for (size_t i = 0; i < n; i++)
        if (!sl_str_eq(names[i], in->columns[i].name))
            return SL_ERR(INVALID, "%.*s: column %zu is '%.*s', expected '%.*s' as in %.*s",
                          SL_FMT(f->name), i + 1, SL_FMT(names[i]), SL_FMT(in->columns[i].name),
                          SL_FMT(first));
    return NULL;
}

/* The start of a file: byte order mark, header. */
static struct sl_err *begin_file(struct csv_input *in, struct csv_segment *s)
{
    const struct source *f = &in->g->files[s->file];
    SL_AUTOARENA(a);
    struct sl_str text = {in->window.text, s->end}, *cells = NULL, *names = NULL;
    size_t n = 0, end = s->start;
    if (sl_str_starts(sl_str_skip(text, s->start), SL_STR("\xef\xbb\xbf")))
        s->start += 3;
    s->first = false;
    if (s->start == s->end && s->final && !in->g->p->header)
        return NULL;
    if (s->start == s->end && s->final)
        return SL_ERR(INVALID, "%.*s: the file is empty, expected a header", SL_FMT(f->name));
    SL_TRY(csv_read_row(a, text, s->start, delimiter_of(in->g), s->final, &cells, &n, &end),
           "%.*s:1", SL_FMT(f->name));
    SL_TRY(names_of(in, f, 1, cells, n, &names));
    if (!in->columns)
        SL_TRY(set_columns(in, names, n));
    SL_TRY(same_columns(in, f, names, n));
    if (in->g->p->header) {
        s->line += csv_count_lines(sl_strn(text.p + s->start, end - s->start));
        s->start = end;
    }
    return NULL;
}

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
    csv_piece_decode(j->piece, &in->layout, text, j->start, limit, s->final, values,
                     values ? NULL : in->seen);
    j->lines = csv_count_lines(sl_strn(text.p + j->start, j->piece->end - j->start));
    if (!values)
        return NULL;
    sl_arena_clear(j->a);
    return router_route(&in->g->router, j->a, &j->piece->table, in->g->files[s->file].split,
                        &in->routed[index]);
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
            SL_TRY(begin_file(in, &w->segments.p[i]));
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
    in->pass = PASS_SAMPLE;
    SL_TRY(run_pass(in));
    if (!in->columns)
        return SL_ERR(INVALID, "%.*s: there are no rows, and no names of columns",
                      SL_FMT(in->g->files[0].name));
    if (in->pass == PASS_TRY && types_hold(in))
        return NULL;
    guess_types(in);
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
