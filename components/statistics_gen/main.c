/* StatisticsGen: describes every feature of every split (DESIGN 5, ExampleStatistics). */
#include "base/limits.h"
#include "core/catalog/statistics_gen.h"
#include "core/data/statistics_proto.h"
#include "kit/step.h"
#include "statistics_gen.h"
#include "store/statistics_gather.h"

static bool is_listed(struct sl_str name, const struct json_strings *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (sl_str_eq(list->p[i], name))
            return true;
    return false;
}

/* The columns that are described, in the order of the examples. */
static struct sl_err *choose_columns(struct step *s, struct statistics_job *job)
{
    const struct statistics_gen_params *p = s->params;
    const struct examples *e = job->examples;
    for (size_t i = 0; i < p->features.n; i++) {
        int index;
        SL_TRY(examples_get_column(s->a, e, p->features.p[i], &index), "params.features");
    }
    int *columns = SL_ARENA_ARRAY(s->a, int, e->n_columns);
    for (size_t i = 0; i < e->n_columns; i++)
        if (!p->features.n || is_listed(e->columns[i].name, &p->features))
            columns[job->n_columns++] = (int)i;
    job->columns = columns;
    return NULL;
}

static struct sl_err *choose_weight(struct step *s, struct statistics_job *job)
{
    const struct statistics_gen_params *p = s->params;
    job->weight = -1;
    if (!p->weight.n)
        return NULL;
    SL_TRY(examples_get_column(s->a, job->examples, p->weight, &job->weight), "params.weight");
    if (job->examples->columns[job->weight].type == COLUMN_STRING)
        return SL_ERR(INVALID, "params.weight: column '%.*s' is text, expected numbers",
                      SL_FMT(p->weight));
    job->options.weighted = true;
    return NULL;
}

static void set_options(const struct statistics_gen_params *p, struct statistics_options *ret)
{
    *ret = statistics_options_default;
    ret->n_histogram_buckets = (size_t)p->num_histogram_buckets;
    ret->n_quantiles = (size_t)p->num_quantiles;
    ret->n_top_values = (size_t)p->num_top_values;
    ret->n_rank_buckets = (size_t)p->num_rank_buckets;
}

static struct sl_err *check_excluded(struct step *s, const struct examples *e)
{
    const struct statistics_gen_params *p = s->params;
    for (size_t i = 0; i < p->exclude_splits.n; i++) {
        const struct examples_split *split;
        SL_TRY(examples_get_split(s->a, e, p->exclude_splits.p[i], &split),
               "params.excludeSplits[%zu]", i);
    }
    return NULL;
}

static struct sl_err *write_split(struct step *s, struct artifact_writer *w,
                                  const struct dataset_statistics *d)
{
    SL_AUTOBUF(bytes, SL_LIMIT_PROTO_BYTES);
    statistics_encode(d, &bytes);
    if (bytes.overflow)
        return SL_ERR(EXHAUSTED, "the statistics of split '%.*s' take more than %zu bytes",
                      SL_FMT(d->name), SL_LIMIT_PROTO_BYTES);
    struct sl_str path = sl_arena_format(s->a, "Split-%.*s/FeatureStats.pb", SL_FMT(d->name));
    return artifact_write(w, path, sl_buf_str(&bytes));
}

static struct json *properties_of(struct step *s, const struct artifact *examples,
                                  struct dataset_statistics *const *splits, size_t n)
{
    struct json *properties = json_new_object(s->a);
    struct json *names = json_new_array(s->a);
    for (size_t i = 0; i < n; i++)
        json_push(s->a, names, json_new_string(s->a, splits[i]->name));
    json_set(s->a, properties, "splits", names);
    const struct json *span = json_get(examples->properties, "span");
    if (span)
        json_set(s->a, properties, "span", json_copy(s->a, span));
    return properties;
}

static struct sl_err *write_all(struct step *s, struct artifact_writer *w,
                                struct dataset_statistics *const *splits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        SL_TRY(write_split(s, w, splits[i]));
    SL_AUTOBUF(html, 0);
    statistics_report(splits, n, &html);
    return artifact_write(w, SL_STR("report.html"), sl_buf_str(&html));
}

static struct sl_err *gather_splits(struct step *s, const struct statistics_job *job,
                                    struct dataset_statistics **ret, size_t *ret_n)
{
    const struct statistics_gen_params *p = s->params;
    const struct examples *e = job->examples;
    double n_rows = 0;
    size_t n = 0;
    for (size_t i = 0; i < e->n_splits; i++) {
        const struct examples_split *split = &e->splits[i];
        if (is_listed(split->name, &p->exclude_splits))
            continue;
        step_progress(s, "split %.*s: %lld rows", SL_FMT(split->name), (long long)split->n_rows);
        struct examples_selection rows;
        struct statistics_job of_split = *job;
        of_split.rows = &rows;
        SL_TRY(examples_select(s->a, e, &split->name, 1, &rows));
        SL_TRY(statistics_gather(s->a, &of_split, split->name, &ret[n++]));
        n_rows += (double)split->n_rows;
    }
    step_metric(s, "rows_in", n_rows);
    *ret_n = n;
    return NULL;
}

static struct sl_err *run(struct step *s)
{
    const struct artifact *input;
    SL_TRY(step_input(s, "examples", &input));
    struct examples *e;
    SL_TRY(examples_open(s->a, input, &e), "input 'examples'");
    struct statistics_job job = {.examples = e, .workers = s->workers};
    set_options(s->params, &job.options);
    SL_TRY(check_excluded(s, e));
    SL_TRY(choose_columns(s, &job));
    SL_TRY(choose_weight(s, &job));
    struct dataset_statistics **splits =
        SL_ARENA_ARRAY(s->a, struct dataset_statistics *, e->n_splits);
    size_t n = 0;
    SL_TRY(gather_splits(s, &job, splits, &n));

    struct artifact_writer *w;
    SL_TRY(step_output(s, "statistics", &w));
    struct sl_err *err = write_all(s, w, splits, n);
    if (err) {
        artifact_writer_free(w);
        return SL_WRAP(err, "output 'statistics'");
    }
    step_message(s, "%zu features, %zu splits", job.n_columns, n);
    return step_commit(s, "statistics", w, properties_of(s, input, splits, n));
}

int main(int argc, char **argv)
{
    return step_main(argc, argv, "StatisticsGen", run);
}
