#include "core/data/csv_piece.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "core/data/csv_builder.h"

/* Cells of a batch: few enough to stay in cache between the scanner and the columns. */
enum { BATCH_CELLS = 8192, BATCH_ROWS = 1024 };

struct csv_piece_own {
    struct sl_arena *a;
    struct csv_builder *builders; /* (capacity) one per wanted column */
    size_t n_builders, capacity;
    SL_VEC(uint32_t) starts;
    struct csv_scanner scanner;
};

/* The rows that are being decoded. */
struct batch {
    struct csv_cell *cells;
    uint32_t *starts;
    uint8_t *faults;
    uint32_t *fault_columns;
    size_t max_rows, n;
};

struct csv_piece *csv_piece_new(void)
{
    struct csv_piece *p = SL_NEW(struct csv_piece);
    p->own = SL_NEW(struct csv_piece_own);
    p->own->a = sl_arena_new();
    return p;
}

void csv_piece_free(struct csv_piece *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->own->capacity; i++)
        csv_builder_deinit(&p->own->builders[i]);
    sl_free(p->own->builders);
    sl_vec_deinit(&p->own->starts);
    sl_arena_free(p->own->a);
    sl_free(p->own);
    sl_free(p);
}

static void start_builders(struct csv_piece_own *o, const struct csv_layout *layout)
{
    o->n_builders = 0;
    o->starts.n = 0;
    if (layout->n_columns > o->capacity) {
        o->builders = sl_realloc(o->builders, layout->n_columns, sizeof(*o->builders));
        memset(o->builders + o->capacity, 0,
               (layout->n_columns - o->capacity) * sizeof(*o->builders));
        o->capacity = layout->n_columns;
    }
    for (size_t i = 0; i < layout->n_columns; i++)
        if (layout->columns[i].wanted)
            csv_builder_start(&o->builders[o->n_builders++], &layout->columns[i], (uint32_t)i);
}

static struct batch make_batch(struct sl_arena *a, size_t n_columns)
{
    size_t rows = SL_MAX(SL_MIN(BATCH_CELLS / n_columns, (size_t)BATCH_ROWS), (size_t)8);
    return (struct batch){
        .cells = sl_arena_alloc(a, rows * n_columns * sizeof(struct csv_cell)),
        .starts = sl_arena_alloc(a, rows * sizeof(uint32_t)),
        .faults = sl_arena_zero(a, rows, 1),
        .fault_columns = sl_arena_alloc(a, rows * sizeof(uint32_t)),
        .max_rows = rows,
    };
}

static void add_fault(struct csv_piece *p, struct csv_fault_row row)
{
    p->bad_rows++;
    if (p->n_faults == CSV_PIECE_FAULTS)
        return;
    if (!p->faults)
        p->faults = SL_ARENA_ARRAY(p->own->a, struct csv_fault_row, CSV_PIECE_FAULTS);
    p->faults[p->n_faults++] = row;
}

static void drop_faults(struct csv_piece *p, struct batch *batch)
{
    if (!memchr(batch->faults, 1 + CSV_FAULT_TYPE, batch->n) &&
        !memchr(batch->faults, 1 + CSV_FAULT_UTF8, batch->n))
        return;
    for (size_t i = 0; i < batch->n; i++)
        if (batch->faults[i])
            add_fault(p, (struct csv_fault_row){.start = batch->starts[i],
                                                .fault = (enum csv_fault)(batch->faults[i] - 1),
                                                .column = batch->fault_columns[i]});
    for (size_t i = 0; i < p->own->n_builders; i++)
        csv_builder_drop(&p->own->builders[i], batch->faults, batch->n);
}

static void add_starts(struct csv_piece_own *o, const struct batch *batch)
{
    sl_vec_reserve(&o->starts, o->starts.n + batch->n);
    for (size_t i = 0; i < batch->n; i++)
        if (!batch->faults[i])
            o->starts.p[o->starts.n++] = batch->starts[i];
}

static void decode_batch(struct csv_piece *p, const struct csv_layout *layout, struct sl_str text,
                         struct batch *batch, bool values)
{
    for (size_t i = 0; i < p->own->n_builders; i++) {
        struct csv_builder *b = &p->own->builders[i];
        struct csv_cells t = {
            .a = p->own->a,
            .layout = layout,
            .text = text,
            .cells = batch->cells + b->index,
            .stride = layout->n_columns,
            .n = batch->n,
            .faults = batch->faults,
            .fault_columns = batch->fault_columns,
        };
        if (values)
            csv_builder_add(b, &t);
        else
            csv_builder_look(b, &t);
    }
    if (!values)
        return;
    drop_faults(p, batch);
    add_starts(p->own, batch);
    memset(batch->faults, 0, batch->n);
}

static void finish(struct csv_piece *p, const struct csv_layout *layout, bool values)
{
    struct csv_piece_own *o = p->own;
    p->end = o->scanner.position;
    p->starts = o->starts.p;
    p->seen = SL_ARENA_ARRAY(o->a, unsigned, layout->n_columns);
    p->table = (struct table){
        .columns = SL_ARENA_ARRAY(o->a, struct column, o->n_builders),
        .n_columns = o->n_builders,
        .n_rows = values && o->n_builders ? o->builders[0].n : 0,
    };
    for (size_t i = 0; i < o->n_builders; i++) {
        const struct csv_builder *b = &o->builders[i];
        p->seen[b->index] = b->seen;
        p->table.columns[i] = csv_builder_column(b, layout->columns[b->index].name);
    }
}

void csv_piece_decode(struct csv_piece *p, const struct csv_layout *layout, struct sl_str text,
                      size_t start, size_t limit, bool final, bool values, const unsigned *settled)
{
    struct csv_piece_own *o = p->own;
    sl_arena_clear(o->a);
    p->faults = NULL;
    p->n_faults = 0;
    p->bad_rows = 0;
    start_builders(o, layout);
    for (size_t i = 0; settled && i < o->n_builders; i++)
        o->builders[i].seen = settled[o->builders[i].index];
    struct batch batch = make_batch(o->a, layout->n_columns);
    csv_scanner_init(&o->scanner, text, start, layout->delimiter, layout->n_columns, final);
    enum csv_status status;
    do {
        status = csv_scan(&o->scanner, limit, batch.max_rows, batch.cells, batch.starts, &batch.n);
        decode_batch(p, layout, text, &batch, values);
        if (status == CSV_BAD)
            add_fault(p, (struct csv_fault_row){.start = o->scanner.bad.start,
                                                .fault = CSV_FAULT_ROW,
                                                .error = o->scanner.bad.error,
                                                .column = o->scanner.bad.cell,
                                                .n_cells = o->scanner.bad.n_cells});
    } while (status == CSV_FULL || status == CSV_BAD);
    p->partial = status == CSV_PARTIAL;
    finish(p, layout, values);
}
