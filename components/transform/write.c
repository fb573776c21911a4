#include "components/transform/write.h"

struct write {
    const struct transform *t;
    const struct examples *examples;
    struct examples_writer *writer;
    struct write_counts counts;
};

/* A group after the transform: a table, and which of its rows a learner can use. */
struct transformed {
    struct table table;
    uint32_t *rows;
    size_t n_rows;
};

static struct sl_err *transform_group(void *ctx, struct sl_arena *a,
                                      const struct examples_selected *g, const struct table *raw,
                                      void **ret)
{
    (void)g;
    const struct transform *t = ((struct write *)ctx)->t;
    struct table features;
    SL_TRY(transform_apply(a, t, raw, &features));

    struct transformed *out = SL_ARENA_NEW(a, struct transformed);
    struct column *columns = SL_ARENA_ARRAY(a, struct column, t->n_outputs + 2);
    size_t n = 0;
    for (; n < t->n_outputs; n++)
        columns[n] = features.columns[n];
    SL_TRY(transform_apply_label(a, t, raw, &columns[n++]));
    if (t->weight.name.n)
        SL_TRY(transform_apply_weight(a, t, raw, &columns[n++]));
    out->table = (struct table){.columns = columns, .n_columns = n, .n_rows = raw->n_rows};

    out->rows = SL_ARENA_ARRAY(a, uint32_t, raw->n_rows);
    for (size_t i = 0; i < raw->n_rows; i++) {
        bool usable = true;
        for (size_t k = t->n_outputs; k < n; k++)
            usable = usable && column_is_valid(&columns[k], i);
        if (usable)
            out->rows[out->n_rows++] = (uint32_t)i;
    }
    *ret = out;
    return NULL;
}

static struct sl_err *add_groups(void *ctx, const struct examples_selected *groups, void **scanned,
                                 size_t n)
{
    struct write *w = ctx;
    SL_AUTOARENA(a);
    struct examples_batch *batches = SL_ARENA_ARRAY(a, struct examples_batch, n);
    for (size_t i = 0; i < n; i++) {
        const struct transformed *g = scanned[i];
        const uint32_t **rows = SL_ARENA_ARRAY(a, const uint32_t *, w->examples->n_splits);
        size_t *counts = SL_ARENA_ARRAY(a, size_t, w->examples->n_splits);
        size_t split = (size_t)(groups[i].split - w->examples->splits);
        rows[split] = g->rows;
        counts[split] = g->n_rows;
        batches[i] =
            (struct examples_batch){.table = &g->table, .rows = rows, .row_counts = counts};
        w->counts.rows_in += g->table.n_rows;
        w->counts.rows_out += g->n_rows;
    }
    return examples_writer_add_batches(w->writer, batches, n);
}

static struct sl_err *write_all(struct step *s, struct write *w, struct json **ret_properties)
{
    struct stream all = {.examples = w->examples, .workers = s->workers};
    size_t n;
    struct stream_visit v = {.scan = transform_group, .merge = add_groups, .ctx = w};
    v.columns = transform_raw_columns(s->a, w->t, true, &n);
    v.n_columns = n;
    SL_TRY(examples_select(s->a, w->examples, NULL, 0, &all.rows));
    step_progress(s, "transforming %llu rows", (unsigned long long)all.rows.n_rows);
    SL_TRY(stream_visit(&all, &v));
    return examples_writer_finish(w->writer, s->a, ret_properties);
}

struct sl_err *write_examples(struct step *s, const struct examples *e, const struct transform *t,
                              struct write_counts *ret)
{
    struct artifact_writer *out;
    SL_TRY(step_output(s, "transformed_examples", &out));
    size_t n;
    const struct column_spec *columns = transform_specs(s->a, t, &n);
    struct sl_str *splits = SL_ARENA_ARRAY(s->a, struct sl_str, e->n_splits);
    for (size_t i = 0; i < e->n_splits; i++)
        splits[i] = e->splits[i].name;
    struct write w = {.t = t,
                      .examples = e,
                      .writer =
                          examples_writer_new(out, columns, n, splits, e->n_splits, s->workers)};
    struct json *properties;
    struct sl_err *err = write_all(s, &w, &properties);
    examples_writer_free(w.writer);
    if (err) {
        artifact_writer_free(out);
        return err;
    }
    *ret = w.counts;
    return step_commit(s, "transformed_examples", out, properties);
}
