/* Splits as TFX assigns them: by the text of all cells, and so beside the typed table. */
#include "csv_input.h"

enum { ROWS = 64 };

/* The rows of a job's piece, once more. */
struct rows {
    struct csv_scanner scanner;
    struct csv_cell *cells; /* (ROWS x n_columns) */
    uint32_t starts[ROWS];
    size_t n;
    enum csv_status status;
};

static void start_rows(const struct csv_input *in, const struct job *j, struct rows *r)
{
    const struct csv_segment *s = &in->window.segments.p[j->segment];
    r->cells = sl_arena_alloc(j->a, ROWS * in->layout.n_columns * sizeof(*r->cells));
    r->status = CSV_FULL;
    csv_scanner_init(&r->scanner, sl_strn(in->window.text, s->end), j->start, in->layout.delimiter,
                     in->layout.n_columns, s->final);
}

static bool more_rows(const struct job *j, struct rows *r)
{
    if (r->status != CSV_FULL && r->status != CSV_BAD)
        return false;
    r->status = csv_scan(&r->scanner, j->piece->end, ROWS, r->cells, r->starts, &r->n);
    return true;
}

void csv_tfx_look(const struct csv_input *in, struct job *j)
{
    struct rows r;
    sl_arena_clear(j->a);
    j->kinds = SL_ARENA_ARRAY(j->a, enum tfx_kind, in->layout.n_columns);
    start_rows(in, j, &r);
    while (more_rows(j, &r))
        for (size_t i = 0; i < r.n * in->layout.n_columns; i++) {
            enum tfx_kind *kind = &j->kinds[i % in->layout.n_columns];
            if (*kind != TFX_STRING)
                *kind = SL_MAX(*kind, tfx_kind_of(csv_unescape(j->a, r.scanner.text, r.cells[i])));
        }
}

struct sl_err *csv_tfx_start(struct csv_input *in)
{
    struct sl_arena *a = in->g->s->a;
    size_t n = in->layout.n_columns;
    struct sl_str group = in->g->p->split_by.group;
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, n);
    in->tfx_key = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        names[i] = in->columns[i].name;
        if (group.n && sl_str_eq(names[i], group))
            in->tfx_key = i;
    }
    in->tfx_columns = tfx_columns_new(a, names, in->kinds, n);
    enum tfx_kind kind = in->tfx_key == SIZE_MAX ? TFX_INT : in->kinds[in->tfx_key];
    if (kind != TFX_INT && kind != TFX_STRING)
        return SL_ERR(INVALID,
                      "parameter 'splitBy': TFX does not split by column '%.*s': it holds %s, "
                      "expected integers or text",
                      SL_FMT(group), kind == TFX_FLOAT ? "decimals" : "no values");
    return NULL;
}

static uint32_t bucket_of(const struct csv_input *in, const struct sl_str *cells, uint32_t total,
                          struct sl_buf *key)
{
    sl_buf_clear(key);
    if (in->tfx_key == SIZE_MAX)
        tfx_format_example(&in->tfx_columns, cells, key);
    else
        tfx_format_feature(in->kinds[in->tfx_key], cells[in->tfx_key], key);
    return tfx_bucket(sl_buf_str(key), total);
}

const uint32_t *csv_tfx_buckets(const struct csv_input *in, const struct job *j)
{
    struct rows r;
    SL_AUTOBUF(key, 0);
    size_t n = in->layout.n_columns, n_rows = j->piece->table.n_rows, row = 0;
    uint32_t total = (uint32_t)in->g->router.bounds[in->g->router.n_splits - 1];
    uint32_t *buckets = SL_ARENA_ARRAY(j->a, uint32_t, n_rows);
    struct sl_str *cells = SL_ARENA_ARRAY(j->a, struct sl_str, n);
    start_rows(in, j, &r);
    while (more_rows(j, &r))
        for (size_t i = 0; i < r.n && row < n_rows; i++) {
            if (r.starts[i] != j->piece->starts[row])
                continue; /* The table leaves out bad rows. */
            for (size_t c = 0; c < n; c++)
                cells[c] = csv_unescape(j->a, r.scanner.text, r.cells[i * n + c]);
            buckets[row++] = bucket_of(in, cells, total, &key);
        }
    return buckets;
}
