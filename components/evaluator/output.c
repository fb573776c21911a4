/* evaluation.json, report.html and blessing.json. */
#include "components/evaluator/evaluation.h"
#include "kit/report.h"

#include <math.h>

static struct json *values_to_json(struct sl_arena *a, enum model_task task,
                                   const struct metric_values *v)
{
    struct json *o = json_new_object(a);
    for (int m = 0; m < METRIC_COUNT; m++)
        if (metric_applies((enum metric)m, task))
            json_set_number(a, o, metric_name((enum metric)m),
                            v->v[m]); /* NaN is written as null */
    return o;
}

static struct json *slices_to_json(const struct evaluation *e, bool compact)
{
    struct sl_arena *a = e->s->a;
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < e->n_slices && !(compact && i >= 50); i++) {
        struct json *o = json_new_object(a);
        json_set_string(a, o, "slice", e->slices[i].name);
        json_set_number(a, o, "examples", (double)e->slices[i].n);
        json_set(a, o, "metrics", values_to_json(a, e->candidate.model->task, &e->values[i]));
        if (e->baseline.artifact && !compact)
            json_set(a, o, "baseline",
                     values_to_json(a, e->candidate.model->task, &e->baseline_values[i]));
        json_push(a, list, o);
    }
    return list;
}

static struct json *checks_to_json(const struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < e->blessing.n_checks; i++) {
        const struct blessing_check *c = &e->blessing.checks[i];
        struct json *o = json_new_object(a);
        json_set_string(a, o, "check", c->text);
        json_set_bool(a, o, "passed", c->passed);
        json_set_bool(a, o, "waived", c->waived);
        json_push(a, list, o);
    }
    return list;
}

static struct json *evaluation_to_json(const struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    struct json *o = json_new_object(a);
    json_set_string(a, o, "split", e->p->split);
    json_set_string(a, o, "task", sl_str(model_task_name(e->candidate.model->task)));
    json_set_number(a, o, "examples", (double)e->table.n_rows);
    json_set_number(a, o, "rows_without_label", (double)e->dropped);
    json_set_string(a, o, "model_digest", e->candidate.artifact->digest);
    if (e->baseline.artifact)
        json_set_string(a, o, "baseline_digest", e->baseline.artifact->digest);
    json_set_number(a, o, "constant_loss", e->constant_loss);
    json_set(a, o, "slices", slices_to_json(e, false));
    json_set(a, o, "checks", checks_to_json(e));
    return o;
}

static const enum metric shown[3][5] = {
    [MODEL_BINARY] = {METRIC_AUC, METRIC_AUC_PR, METRIC_LOG_LOSS, METRIC_F1, METRIC_CALIBRATION},
    [MODEL_MULTICLASS] = {METRIC_ACCURACY, METRIC_MACRO_F1, METRIC_MACRO_AUC, METRIC_LOG_LOSS,
                          METRIC_TOP_3_ACCURACY},
    [MODEL_REGRESSION] = {METRIC_RMSE, METRIC_MAE, METRIC_R2, METRIC_MAPE, METRIC_CALIBRATION},
};

static void write_report(const struct evaluation *e, struct sl_buf *html)
{
    struct report r;
    const enum metric *m = shown[e->candidate.model->task];
    struct report_column columns[7] = {{"Slice", false}, {"Examples", true}};
    for (size_t i = 0; i < 5; i++)
        columns[2 + i] = (struct report_column){metric_name(m[i]), true};
    report_init(
        &r, "Evaluation",
        sl_arena_format(e->s->a, "split %.*s, %zu examples", SL_FMT(e->p->split), e->table.n_rows)
            .p);
    report_note(&r, e->blessing.blessed ? REPORT_GOOD : REPORT_BAD, "%s: %.*s",
                e->blessing.blessed ? "Blessed" : "Not blessed", SL_FMT(e->blessing.reason));
    report_section(&r, "Slices");
    report_table_begin(&r, "Metrics by slice", columns, SL_COUNTOF(columns), true);
    for (size_t i = 0; i < e->n_slices; i++) {
        report_row_begin(&r, REPORT_PLAIN);
        report_cell(&r, e->slices[i].name);
        report_cell_count(&r, e->slices[i].n);
        for (size_t j = 0; j < 5; j++)
            report_cell_number(&r, e->values[i].v[m[j]]);
        report_row_end(&r);
    }
    report_table_end(&r);
    report_finish(&r, html);
}

static struct sl_err *write_files(struct evaluation *e, struct artifact_writer *w)
{
    SL_AUTOBUF(json, 0);
    SL_AUTOBUF(html, 0);
    json_format(evaluation_to_json(e), JSON_PRETTY, &json);
    SL_TRY(artifact_write(w, SL_STR("evaluation.json"), sl_buf_str(&json)));
    write_report(e, &html);
    return artifact_write(w, SL_STR("report.html"), sl_buf_str(&html));
}

static struct sl_err *write_evaluation(struct evaluation *e)
{
    struct step *s = e->s;
    struct artifact_writer *w;
    SL_TRY(step_output(s, "evaluation", &w));
    struct sl_err *err = write_files(e, w);
    if (err) {
        artifact_writer_free(w);
        return err;
    }
    struct json *properties = json_new_object(s->a);
    json_set(s->a, properties, "slices", slices_to_json(e, true));
    return step_commit(s, "evaluation", w, properties);
}

static struct json *blessing_to_json(const struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    struct json *o = json_new_object(a);
    json_set_bool(a, o, "blessed", e->blessing.blessed);
    json_set_string(a, o, "reason", e->blessing.reason);
    json_set_bool(a, o, "rubber_stamp", e->blessing.rubber_stamp);
    json_set_string(a, o, "model_digest", e->candidate.artifact->digest);
    if (e->baseline.artifact)
        json_set_string(a, o, "baseline_digest", e->baseline.artifact->digest);
    return o;
}

/* Where the models lay differs from run to run: it stands in the properties, and not in the file
 * that the digest is taken over. */
static void add_uris(const struct evaluation *e, struct json *o)
{
    struct sl_arena *a = e->s->a;
    json_set_string(a, o, "model_uri", e->candidate.artifact->uri);
    if (e->baseline.artifact)
        json_set_string(a, o, "baseline_uri", e->baseline.artifact->uri);
}

static struct sl_err *write_blessing(struct evaluation *e)
{
    struct step *s = e->s;
    struct artifact_writer *w;
    struct json *o = blessing_to_json(e);
    SL_AUTOBUF(text, 0);
    json_format(o, JSON_PRETTY, &text);
    SL_TRY(step_output(s, "blessing", &w));
    struct sl_err *err = artifact_write(w, SL_STR("blessing.json"), sl_buf_str(&text));
    if (err) {
        artifact_writer_free(w);
        return err;
    }
    add_uris(e, o);
    return step_commit(s, "blessing", w, o);
}

struct sl_err *evaluation_write(struct evaluation *e)
{
    struct step *s = e->s;
    SL_TRY(write_evaluation(e));
    SL_TRY(write_blessing(e));
    for (int m = 0; m < METRIC_COUNT; m++)
        if (metric_applies((enum metric)m, e->candidate.model->task) && !isnan(e->values[0].v[m]))
            step_metric(s, metric_name((enum metric)m), e->values[0].v[m]);
    step_metric(s, "rows_in", (double)(e->table.n_rows + e->dropped));
    step_value(s, "blessed", json_new_bool(s->a, e->blessing.blessed));
    step_value(s, "reason", json_new_string(s->a, e->blessing.reason));
    step_message(s, "%s: %.*s", e->blessing.blessed ? "blessed" : "not blessed",
                 SL_FMT(e->blessing.reason));
    return NULL;
}
