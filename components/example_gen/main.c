/* ExampleGen: files of rows to splits of examples. */
#include "ingest.h"

#include "base/alloc.h"

/* What was left out, beside the examples. */
static struct sl_err *report_bad_rows(struct ingest *g)
{
    struct sl_arena *a = g->s->a;
    if (g->bad_rows == 0)
        return NULL;
    struct json *report = json_new_object(a);
    json_set_number(a, report, "bad_rows", (double)g->bad_rows);
    json_set(a, report, "first", g->reported);
    SL_AUTOBUF(text, 0);
    json_format(report, JSON_PRETTY, &text);
    return artifact_write(g->artifact, SL_STR("bad_rows.json"), sl_buf_str(&text));
}

static void tell(struct ingest *g)
{
    struct step *s = g->s;
    double bytes = 0;
    for (size_t i = 0; i < g->n_files; i++)
        bytes += (double)g->files[i].bytes;
    step_metric(s, "rows_in", (double)g->rows_in);
    step_metric(s, "rows_out", (double)g->rows_out);
    step_metric(s, "bytes_in", bytes);
    step_metric(s, "files", (double)g->n_files);
    step_metric(s, "bad_rows", (double)g->bad_rows);
    if (g->bad_rows)
        step_message(s, "%llu bad rows were left out: see bad_rows.json",
                     (unsigned long long)g->bad_rows);
}

static struct sl_err *ingest_all(struct ingest *g)
{
    struct json *properties;
    struct sl_arena *a = g->s->a;
    SL_TRY(g->files[0].parquet ? parquet_input_run(g) : csv_input_run(g));
    SL_TRY(source_check(g->s, g->files, g->n_files));
    SL_TRY(examples_writer_finish(g->writer, a, &properties));
    json_set_number(a, properties, "span", (double)g->p->span);
    if (g->bad_rows)
        json_set_number(a, properties, "bad_rows", (double)g->bad_rows);
    SL_TRY(report_bad_rows(g));
    tell(g);
    struct artifact_writer *artifact = g->artifact;
    g->artifact = NULL;
    return step_commit(g->s, "examples", artifact, properties);
}

static struct sl_err *run(struct step *s)
{
    struct ingest g = {.s = s, .p = s->params};
    struct source *files;
    SL_TRY(source_list(s, g.p, &files, &g.n_files));
    g.files = files;
    SL_TRY(step_output(s, "examples", &g.artifact));
    struct sl_err *err = ingest_all(&g);
    examples_writer_free(g.writer);
    artifact_writer_free(g.artifact);
    return err;
}

int main(int argc, char **argv)
{
    return step_main(argc, argv, "ExampleGen", run);
}
