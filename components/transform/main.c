/* Transform: constants from the training split, then every split as features, label and weight. */
#include "base/limits.h"
#include "components/transform/analyze.h"
#include "components/transform/describe.h"
#include "components/transform/write.h"
#include "core/data/statistics_proto.h"
#include "store/transforms.h"

static struct sl_err *write_statistics(struct artifact_writer *w, const char *path,
                                       const struct dataset_statistics *d)
{
    SL_AUTOBUF(b, SL_LIMIT_PROTO_BYTES);
    statistics_encode(d, &b);
    return artifact_write(w, sl_str(path), sl_buf_str(&b));
}

/* Statistics of the analysed splits after the transform, read back from what was written. */
static struct sl_err *describe_output(struct step *s, struct dataset_statistics **ret)
{
    const struct transform_params *p = s->params;
    const struct task_output *o = &s->result.outputs[s->result.n_outputs - 1];
    struct artifact *t;
    struct examples *e;
    SL_TRY(artifact_open(s->a, s->blobs, o->uri, o->digest, &t));
    SL_TRY(examples_open(s->a, t, &e));
    struct stream rows = {.examples = e, .workers = s->workers};
    SL_TRY(examples_select(s->a, e, p->analyze.p, p->analyze.n, &rows.rows));
    return describe(s->a, &rows, SL_STR("post_transform"), ret);
}

static struct sl_err *write_files(struct step *s, struct artifact_writer *w,
                                  const struct transform *t, const struct dataset_statistics *pre)
{
    struct dataset_statistics *post;
    SL_TRY(describe_output(s, &post), "transformed examples");
    SL_TRY(write_statistics(w, "pre_transform_stats/FeatureStats.pb", pre));
    SL_TRY(write_statistics(w, "post_transform_stats/FeatureStats.pb", post));
    return transforms_save(w, "", t);
}

static struct sl_err *write_graph(struct step *s, const struct transform *t,
                                  const struct dataset_statistics *pre)
{
    struct artifact_writer *w;
    SL_TRY(step_output(s, "transform_graph", &w));
    struct sl_err *err = write_files(s, w, t, pre);
    if (err) {
        artifact_writer_free(w);
        return err;
    }
    struct json *p = json_new_object(s->a);
    json_set_string(s->a, p, "target", sl_str(transform_target_name(t->target)));
    json_set_string(s->a, p, "label", t->label.name);
    json_set_string(s->a, p, "task", sl_str(transform_task_name(t->label.task)));
    json_set_number(s->a, p, "features", (double)t->n_outputs);
    return step_commit(s, "transform_graph", w, p);
}

/* "'note' (it is free text), 'a', 'b' (excluded)": columns by reason. */
static void tell_excluded(const struct transform *t, struct sl_buf *b)
{
    for (size_t i = 0; i < t->n_excluded; i++) {
        const struct transform_excluded *e = &t->excluded[i];
        size_t first = 0;
        while (!sl_str_eq(t->excluded[first].reason, e->reason))
            first++;
        if (first < i)
            continue; /* told with the first of its reason */
        const char *comma = i ? ", " : "";
        for (size_t k = i; k < t->n_excluded; k++, comma = ", ")
            if (sl_str_eq(t->excluded[k].reason, e->reason))
                sl_buf_format(b, "%s'%.*s'", comma, SL_FMT(t->excluded[k].column));
        sl_buf_format(b, " (%.*s)", SL_FMT(e->reason));
    }
}

static void tell(struct step *s, const struct transform *t, const struct write_counts *c)
{
    SL_AUTOBUF(b, 0);
    sl_buf_format(&b, "%zu features for %s from %zu columns", t->n_outputs,
                  transform_target_name(t->target), t->n_columns);
    if (t->n_excluded)
        sl_buf_add_cstr(&b, "; left out: ");
    tell_excluded(t, &b);
    if (c->rows_out < c->rows_in)
        sl_buf_format(&b, "; %llu rows without a label dropped",
                      (unsigned long long)(c->rows_in - c->rows_out));
    step_message(s, "%.*s", SL_FMT(sl_buf_str(&b)));
    step_metric(s, "rows_in", (double)c->rows_in);
    step_metric(s, "rows_out", (double)c->rows_out);
    step_metric(s, "features", (double)t->n_outputs);
}

static struct sl_err *run(struct step *s)
{
    const struct artifact *input;
    struct examples *e;
    struct transform *t;
    struct dataset_statistics *pre;
    struct write_counts counts;
    SL_TRY(step_input(s, "examples", &input));
    SL_TRY(examples_open(s->a, input, &e), "examples");
    SL_TRY(analyze_build(s, e, &t, &pre));
    SL_TRY(write_examples(s, e, t, &counts));
    SL_TRY(write_graph(s, t, pre));
    tell(s, t, &counts);
    return NULL;
}

int main(int argc, char **argv)
{
    return step_main(argc, argv, "Transform", run);
}
