#include "base/alloc.h"
#include "base/log.h"
#include "components/trainer/trainer.h"
#include "core/learn/forest.h"
#include "core/learn/loss.h"
#include "core/learn/model_onnx.h"
#include "core/learn/net.h"
#include "core/learn/threshold.h"
#include "store/transforms.h"

#include <math.h>

/* What is known of the model on the validation split. */
struct measures {
    double loss, constant_loss;
    bool beats_constant;
    struct metric_values metrics; /* at the threshold */
};

/* What is told of each task, the first in the step's message. */
static const enum metric TOLD[][6] = {
    [MODEL_BINARY] = {METRIC_AUC, METRIC_AUC_PR, METRIC_ACCURACY, METRIC_PRECISION, METRIC_RECALL,
                      METRIC_F1},
    [MODEL_MULTICLASS] = {METRIC_ACCURACY, METRIC_MACRO_F1, METRIC_COUNT},
    [MODEL_REGRESSION] = {METRIC_RMSE, METRIC_MAE, METRIC_R2, METRIC_COUNT},
};

/* Raw outputs of the validation rows, by the evaluator itself. Shapes: ret (rows, n_outputs). */
static void forward(const struct fit *f, float *ret)
{
    const struct dataset *v = &f->data->val;
    if (f->net)
        net_forward(f->net, v->floats, v->ids, v->n_rows, ret);
    else
        forest_forward(f->forest, v->floats, v->n_rows, ret);
}

static double constant_loss(const struct fit *f)
{
    const struct training_data *d = f->data;
    const struct dataset *t = &d->train, *v = &d->val;
    SL_AUTOFREE float *z = sl_alloc(v->n_rows * d->n_outputs * sizeof *z);
    SL_AUTOFREE float *constant = SL_NEW_ARRAY(float, d->n_outputs);
    loss_constant(d->task, t->labels, t->weights, t->n_rows, d->n_outputs, constant);
    for (size_t r = 0; r < v->n_rows; r++)
        memcpy(z + r * d->n_outputs, constant, d->n_outputs * sizeof *z);
    return loss_mean(d->task, z, d->n_outputs, v->labels, v->weights, v->n_rows);
}

/* Calls visit for every metric that is told and that the rows could give. */
static void visit_metrics(struct fit *f, const struct measures *on_val,
                          void (*visit)(struct fit *f, enum metric m, double value, void *ctx),
                          void *ctx)
{
    const enum metric *told = TOLD[f->data->task];
    for (size_t i = 0; i < SL_COUNTOF(TOLD[0]) && told[i] != METRIC_COUNT; i++) {
        if (isfinite(on_val->metrics.v[told[i]]))
            visit(f, told[i], on_val->metrics.v[told[i]], ctx);
    }
}

static void compute_metrics(const struct fit *f, const struct model *m, const float *scores,
                            struct metric_values *ret)
{
    const struct dataset *v = &f->data->val;
    SL_AUTOFREE double *labels = SL_NEW_ARRAY(double, v->n_rows);
    SL_AUTOFREE double *weights = SL_NEW_ARRAY(double, v->n_rows);
    for (size_t i = 0; i < v->n_rows; i++) {
        labels[i] = v->labels[i];
        weights[i] = dataset_weight(v, i);
    }
    const struct metric_rows rows = {.task = m->task,
                                     .n = v->n_rows,
                                     .n_outputs = m->n_outputs,
                                     .scores = scores,
                                     .labels = labels,
                                     .weights = weights,
                                     .threshold = m->threshold};
    metrics_compute(&rows, ret);
}

/* Sets the threshold as well. */
static void measure(const struct fit *f, struct model *m, struct measures *ret)
{
    const struct training_data *d = f->data;
    const struct dataset *v = &d->val;
    SL_AUTOFREE float *z = sl_alloc(v->n_rows * d->n_outputs * sizeof *z);
    forward(f, z);
    ret->loss = loss_mean(d->task, z, d->n_outputs, v->labels, v->weights, v->n_rows);
    ret->constant_loss = constant_loss(f);
    ret->beats_constant = ret->loss < ret->constant_loss;
    loss_scores(d->task, z, v->n_rows, d->n_outputs);
    if (d->task == MODEL_BINARY && !f->params->has_threshold)
        m->threshold = threshold_choose(z, v->labels, v->weights, v->n_rows, NULL);
    compute_metrics(f, m, z, &ret->metrics);
}

static void add_to_json(struct fit *f, enum metric m, double value, void *ctx)
{
    json_set_number(f->step->a, ctx, metric_name(m), value);
}

static struct json *summarise(struct fit *f, const struct measures *on_val)
{
    struct sl_arena *a = f->step->a;
    struct json *t = json_new_object(a);
    json_set(a, t, "params", json_copy(a, f->step->task->params));
    json_set_number(a, t, "rows", (double)f->data->train.n_rows);
    json_set_number(a, t, "steps", (double)f->steps);
    json_set_number(a, t, "best_step", (double)f->best_step);
    json_set_bool(a, t, "stopped_early", f->stopped_early);
    json_set_number(a, t, "train_loss", f->train_loss);
    if (!f->data->has_val)
        return t;
    json_set_number(a, t, "val_rows", (double)f->data->val.n_rows);
    json_set_number(a, t, "val_loss", on_val->loss);
    json_set_number(a, t, "val_loss_constant", on_val->constant_loss);
    json_set_bool(a, t, "beats_constant", on_val->beats_constant);
    struct json *metrics = json_new_object(a);
    visit_metrics(f, on_val, add_to_json, metrics);
    json_set(a, t, "val_metrics", metrics);
    return t;
}

static bool is_portable(const struct transform *t)
{
    for (size_t i = 0; i < t->n_outputs; i++) {
        if (!t->outputs[i].portable)
            return false;
    }
    return true;
}

static struct sl_err *write_files(struct fit *f, const struct model *m, struct artifact_writer *w)
{
    SL_AUTOBUF(document, 0);
    model_format(m, &document);
    SL_TRY(artifact_write(w, SL_STR("model.json"), sl_buf_str(&document)));
    SL_AUTOBUF(weights, 0);
    model_format_weights(m, &weights);
    SL_TRY(artifact_write(w, SL_STR("weights.safetensors"), sl_buf_str(&weights)));
    SL_AUTOBUF(onnx, 0);
    SL_TRY(model_to_onnx(m, &onnx), "model.onnx");
    SL_TRY(artifact_write(w, SL_STR("model.onnx"), sl_buf_str(&onnx)));
    if (f->extra_path.n)
        SL_TRY(artifact_write(w, f->extra_path, f->extra));
    return transforms_save(w, "transform/", m->transform);
}

/* Small facts that `sluice get models` and the registry show. */
static struct json *properties(struct fit *f, const struct model *m, const struct measures *on_val)
{
    struct sl_arena *a = f->step->a;
    struct json *p = json_new_object(a);
    json_set_string(a, p, "family", sl_str(model_family_name(m->family)));
    json_set_string(a, p, "task", sl_str(model_task_name(m->task)));
    json_set_string(a, p, "label", m->label);
    json_set_bool(a, p, "portable", m->portable);
    if (f->data->has_val)
        json_set_number(a, p, "val_loss", on_val->loss);
    return p;
}

static struct sl_err *write_model(struct fit *f, const struct model *m,
                                  const struct measures *on_val)
{
    struct artifact_writer *w;
    SL_TRY(step_output(f->step, "model", &w));
    struct sl_err *err = write_files(f, m, w);
    if (err) {
        artifact_writer_free(w);
        return SL_WRAP(err, "output 'model'");
    }
    return step_commit(f->step, "model", w, properties(f, m, on_val));
}

static void add_to_log(struct fit *f, enum metric m, double value, void *ctx SL_UNUSED)
{
    run_log_add(&f->log, RUN_METRICS + (int)m, f->best_step, value);
    step_metric(f->step, sl_arena_format(f->step->a, "val_%s", metric_name(m)).p, value);
}

/* "dnn: 1000 steps, best at 550". */
static struct sl_str describe(const struct fit *f)
{
    const char *unit = f->data->family == MODEL_GBDT ? "trees" : "steps";
    struct sl_str s = sl_arena_format(f->step->a, "%s: %llu %s", model_family_name(f->data->family),
                                      (unsigned long long)f->steps, unit);
    if (f->best_step == f->steps)
        return s;
    return sl_arena_format(f->step->a, "%.*s, best at %llu", SL_FMT(s),
                           (unsigned long long)f->best_step);
}

static void tell(struct fit *f, const struct measures *on_val)
{
    struct step *s = f->step;
    struct sl_str what = describe(f);
    step_metric(s, "rows_in", (double)(f->data->train.n_rows + f->data->val.n_rows));
    step_metric(s, "train_rows", (double)f->data->train.n_rows);
    step_metric(s, "steps", (double)f->steps);
    step_metric(s, "train_loss", f->train_loss);
    if (!f->data->has_val) {
        step_message(s, "%.*s, no validation split", SL_FMT(what));
        return;
    }
    step_metric(s, "val_loss", on_val->loss);
    step_metric(s, "val_loss_constant", on_val->constant_loss);
    visit_metrics(f, on_val, add_to_log, NULL);
    enum metric first = TOLD[f->data->task][0];
    step_message(s, "%.*s; val %s %.4f, loss %.4f (constant %.4f)%s", SL_FMT(what),
                 metric_name(first), on_val->metrics.v[first], on_val->loss, on_val->constant_loss,
                 on_val->beats_constant ? "" : ": no better than the constant predictor");
    if (!on_val->beats_constant)
        sl_log_warn("the model is no better than the constant predictor on the validation split",
                    NULL);
}

struct sl_err *finish(struct fit *f)
{
    const struct transform *t = f->data->transform;
    struct model m = {
        .task = f->data->task,
        .family = f->data->family,
        .label = t->label.name,
        .classes = t->label.classes,
        .n_classes = f->data->task == MODEL_REGRESSION ? 0 : t->label.n_classes,
        .n_outputs = f->data->n_outputs,
        .threshold = f->params->has_threshold ? f->params->threshold : 0.5,
        .transform = t,
        .inputs = f->data->inputs,
        .n_inputs = f->data->n_inputs,
        .net = f->net,
        .forest = f->forest,
        .portable = is_portable(t),
    };
    struct measures on_val = {0};
    if (f->data->has_val)
        measure(f, &m, &on_val);
    const struct artifact *schema;
    SL_TRY(step_input(f->step, "schema", &schema));
    m.schema_digest = schema ? schema->digest : SL_STR("");
    m.training = summarise(f, &on_val);
    SL_TRY(write_model(f, &m, &on_val));
    tell(f, &on_val);
    return NULL;
}
