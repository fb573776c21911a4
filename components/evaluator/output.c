/* evaluation.json and blessing.json. */
#include "components/evaluator/evaluation.h"

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

static struct json *range_to_json(struct sl_arena *a, double low, double high)
{
    struct json *range = json_new_array(a);
    json_push(a, range, json_new_number(a, low));
    json_push(a, range, json_new_number(a, high));
    return range;
}

/* Intervals that could be found. */
static struct json *intervals_to_json(struct sl_arena *a, enum model_task task,
                                      const struct metric_intervals *v)
{
    struct json *o = json_new_object(a);
    for (int m = 0; m < METRIC_COUNT; m++)
        if (metric_applies((enum metric)m, task) && !isnan(v->v[m].low))
            json_set(a, o, metric_name((enum metric)m),
                     range_to_json(a, v->v[m].low, v->v[m].high));
    return o;
}

static void add_details(const struct evaluation *e, size_t i, struct json *o)
{
    struct sl_arena *a = e->s->a;
    enum model_task task = e->candidate.model->task;
    const struct slice_values *v = &e->values[i];
    json_set_number(a, o, "weight", v->candidate.weight);
    json_set_number(a, o, "resamples", (double)v->resamples);
    if (v->resamples)
        json_set(a, o, "intervals", intervals_to_json(a, task, &v->intervals));
    if (!e->baseline.artifact)
        return;
    json_set(a, o, "baseline", values_to_json(a, task, &v->baseline));
    if (v->resamples)
        json_set(a, o, "change_intervals", intervals_to_json(a, task, &v->changes));
}

static struct json *slices_to_json(const struct evaluation *e, bool compact)
{
    struct sl_arena *a = e->s->a;
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < e->n_slices && !(compact && i >= 50); i++) {
        struct json *o = json_new_object(a);
        json_set_string(a, o, "slice", e->slices[i].name);
        json_set_number(a, o, "examples", (double)e->slices[i].n);
        json_set(a, o, "metrics",
                 values_to_json(a, e->candidate.model->task, &e->values[i].candidate));
        if (!compact)
            add_details(e, i, o);
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

/* ---- features -----------------------------------------------------------------------------------
 */

static struct json *importance_to_json(const struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    struct json *o = json_new_object(a);
    json_set_string(a, o, "metric", sl_str(metric_name(e->importance_metric)));
    json_set_number(a, o, "value", e->importance_value);
    json_set_number(a, o, "examples", (double)e->importance_rows);
    json_set_number(a, o, "repeats", (double)e->p->importance.repeats);
    return o;
}

static struct json *features_to_json(const struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < e->n_features; i++) {
        const struct feature *f = &e->features[i];
        struct json *o = json_new_object(a);
        json_set_string(a, o, "feature", f->name);
        if (f->drops) {
            json_set_number(a, o, "importance", f->drop);
            json_set(a, o, "importance_range", range_to_json(a, f->low, f->high));
        }
        json_set_number(a, o, "alone", f->strength);
        json_set_bool(a, o, "suspected_leak", f->leaks);
        json_set_bool(a, o, "allowed", f->allowed);
        json_push(a, list, o);
    }
    return list;
}

/* ---- curves -------------------------------------------------------------------------------------
 */

static struct json *curve_to_json(struct sl_arena *a, const struct curve *c, const char *x,
                                  const char *y)
{
    struct json *xs = json_new_array(a), *ys = json_new_array(a), *thresholds = json_new_array(a);
    struct json *o = json_new_object(a);
    for (size_t i = 0; i < c->n; i++) {
        json_push(a, xs, json_new_number(a, c->points[i].x));
        json_push(a, ys, json_new_number(a, c->points[i].y));
        json_push(a, thresholds, json_new_number(a, c->points[i].threshold));
    }
    json_set(a, o, x, xs);
    json_set(a, o, y, ys);
    json_set(a, o, "threshold", thresholds);
    return o;
}

static struct json *calibration_to_json(struct sl_arena *a, const struct shapes *s)
{
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < s->n_bins; i++) {
        const struct calibration_bin *b = &s->bins[i];
        struct json *o = json_new_object(a);
        json_set(a, o, "range", range_to_json(a, b->low, b->high));
        json_set_number(a, o, "examples", (double)b->rows);
        json_set_number(a, o, "weight", b->weight);
        json_set_number(a, o, "mean_prediction", b->prediction);
        json_set_number(a, o, "mean_label", b->label);
        json_push(a, list, o);
    }
    return list;
}

static struct json *thresholds_to_json(const struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < e->n_thresholds; i++) {
        const struct metric_confusion *c = &e->confusions[i];
        struct json *o = json_new_object(a);
        json_set_number(a, o, "threshold", e->thresholds[i]);
        json_set_number(a, o, "tp", c->tp);
        json_set_number(a, o, "fp", c->fp);
        json_set_number(a, o, "tn", c->tn);
        json_set_number(a, o, "fn", c->fn);
        struct metric_values v;
        metrics_of_confusion(c, &v);
        for (enum metric m = METRIC_ACCURACY; m <= METRIC_MCC; m++)
            json_set_number(a, o, metric_name(m), v.v[m]);
        json_set_number(a, o, "positive_rate", v.v[METRIC_POSITIVE_RATE]);
        json_push(a, list, o);
    }
    return list;
}

static struct json *matrix_to_json(const struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    struct json *rows = json_new_array(a);
    size_t k = e->candidate.model->n_classes;
    for (size_t i = 0; i < k; i++) {
        struct json *row = json_new_array(a);
        for (size_t j = 0; j < k; j++)
            json_push(a, row, json_new_number(a, e->class_matrix[i * k + j]));
        json_push(a, rows, row);
    }
    return rows;
}

static struct json *residuals_to_json(struct sl_arena *a, const struct residuals *r)
{
    struct json *o = json_new_object(a), *quantiles = json_new_object(a);
    struct json *buckets = json_new_array(a);
    for (size_t i = 0; i < RESIDUAL_QUANTILES; i++)
        json_set_number(a, quantiles, sl_arena_format(a, "%g", residual_ranks[i]).p,
                        r->quantiles[i]);
    for (size_t i = 0; i < r->n_buckets; i++) {
        struct json *b = json_new_object(a);
        json_set(a, b, "range", range_to_json(a, r->low[i], r->high[i]));
        json_set_number(a, b, "weight", r->weight[i]);
        json_push(a, buckets, b);
    }
    json_set(a, o, "quantiles", quantiles);
    json_set(a, o, "buckets", buckets);
    return o;
}

static void add_curves(const struct evaluation *e, struct json *o)
{
    struct sl_arena *a = e->s->a;
    enum model_task task = e->candidate.model->task;
    if (task != MODEL_MULTICLASS)
        json_set(a, o, "calibration", calibration_to_json(a, &e->shapes));
    if (task == MODEL_BINARY) {
        json_set(a, o, "decision_thresholds", thresholds_to_json(e));
        json_set(a, o, "roc", curve_to_json(a, &e->shapes.roc, "fpr", "tpr"));
        json_set(a, o, "pr", curve_to_json(a, &e->shapes.pr, "recall", "precision"));
    }
    if (e->class_matrix)
        json_set(a, o, "confusion_matrix", matrix_to_json(e));
    if (task == MODEL_REGRESSION)
        json_set(a, o, "residuals", residuals_to_json(a, &e->residuals));
}

/* ---- files --------------------------------------------------------------------------------------
 */

static void add_model(const struct evaluation *e, struct json *o)
{
    struct sl_arena *a = e->s->a;
    const struct model *m = e->candidate.model;
    json_set_string(a, o, "task", sl_str(model_task_name(m->task)));
    json_set_string(a, o, "label", m->label);
    if (m->n_classes) {
        struct json *classes = json_new_array(a);
        for (size_t i = 0; i < m->n_classes; i++)
            json_push(a, classes, json_new_string(a, m->classes[i]));
        json_set(a, o, "classes", classes);
    }
    if (m->task == MODEL_BINARY)
        json_set_number(a, o, "threshold", m->threshold);
    json_set_string(a, o, "model_digest", e->candidate.artifact->digest);
    if (e->baseline.artifact)
        json_set_string(a, o, "baseline_digest", e->baseline.artifact->digest);
}

static struct json *evaluation_to_json(const struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    struct json *o = json_new_object(a);
    json_set_string(a, o, "split", e->p->split);
    add_model(e, o);
    json_set_number(a, o, "examples", (double)e->table.n_rows);
    json_set_number(a, o, "rows_without_label", (double)e->dropped);
    json_set_bool(a, o, "blessed", e->blessing.blessed);
    json_set_string(a, o, "reason", e->blessing.reason);
    json_set(a, o, "checks", checks_to_json(e));
    json_set_number(a, o, "constant_loss", e->constant_loss);
    json_set_number(a, o, "confidence", e->p->bootstrap.confidence);
    json_set(a, o, "slices", slices_to_json(e, false));
    if (e->p->importance.enabled)
        json_set(a, o, "importance", importance_to_json(e));
    json_set(a, o, "features", features_to_json(e));
    add_curves(e, o);
    return o;
}

static struct sl_err *write_files(struct evaluation *e, struct artifact_writer *w)
{
    SL_AUTOBUF(json, 0);
    SL_AUTOBUF(html, 0);
    json_format(evaluation_to_json(e), JSON_PRETTY, &json);
    SL_TRY(artifact_write(w, SL_STR("evaluation.json"), sl_buf_str(&json)));
    evaluation_report(e, &html);
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
        if (metric_applies((enum metric)m, e->candidate.model->task) &&
            !isnan(e->values[0].candidate.v[m]))
            step_metric(s, metric_name((enum metric)m), e->values[0].candidate.v[m]);
    step_metric(s, "rows_in", (double)(e->table.n_rows + e->dropped));
    step_value(s, "blessed", json_new_bool(s->a, e->blessing.blessed));
    step_value(s, "reason", json_new_string(s->a, e->blessing.reason));
    step_message(s, "%s: %.*s", e->blessing.blessed ? "blessed" : "not blessed",
                 SL_FMT(e->blessing.reason));
    return NULL;
}
