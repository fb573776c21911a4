#include "ingest.h"

struct sl_err *ingest_start(struct ingest *g, const struct column_spec *columns, size_t n_columns)
{
    struct sl_arena *a = g->s->a;
    const struct example_gen_split *splits = g->p->splits.p;
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, g->p->splits.n);
    for (size_t i = 0; i < g->p->splits.n; i++)
        names[i] = splits[i].name;
    SL_TRY(router_init(&g->router, a, g->p, columns, n_columns));
    examples_writer_free(g->writer);
    g->writer = examples_writer_new(g->artifact, g->router.out, g->router.n_taken, names,
                                    g->p->splits.n, g->s->workers);
    g->rows_in = g->rows_out = g->bad_rows = 0;
    g->reported = json_new_array(a);
    return NULL;
}

struct sl_err *ingest_add(struct ingest *g, struct routed *routed, size_t n)
{
    SL_AUTOARENA(a);
    struct examples_batch *batches = SL_ARENA_ARRAY(a, struct examples_batch, n);
    for (size_t i = 0; i < n; i++) {
        batches[i] = routed[i].batch;
        batches[i].table = &routed[i].table;
        g->rows_in += routed[i].table.n_rows;
        g->rows_out += routed[i].kept;
    }
    return examples_writer_add_batches(g->writer, batches, n);
}

struct sl_err *ingest_bad_row(struct ingest *g, const struct source *f, uint64_t line,
                              struct sl_str column, struct sl_str message)
{
    struct sl_arena *a = g->s->a;
    SL_AUTOBUF(where, 0);
    sl_buf_add_str(&where, f->name);
    if (line)
        sl_buf_format(&where, ":%llu", (unsigned long long)line);
    if (column.n)
        sl_buf_format(&where, ": column '%.*s'", SL_FMT(column));
    if (g->p->on_bad_row == EXAMPLE_GEN_FAIL)
        return SL_ERR(INVALID, "%s: %.*s", sl_buf_str(&where).p, SL_FMT(message));
    g->bad_rows++;
    g->rows_in++;
    if (g->reported->n == INGEST_REPORTED)
        return NULL;
    struct json *row = json_new_object(a);
    json_set_string(a, row, "file", f->name);
    if (line)
        json_set_number(a, row, "line", (double)line);
    if (column.n)
        json_set_string(a, row, "column", sl_arena_str(a, column));
    json_set_string(a, row, "message", sl_arena_str(a, message));
    json_push(a, g->reported, row);
    return NULL;
}

void ingest_bad_rows(struct ingest *g, uint64_t more)
{
    g->bad_rows += more;
    g->rows_in += more;
}
