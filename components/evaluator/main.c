/* Evaluator: a model's metrics over slices of a split, and whether it may be pushed. */
#include "components/evaluator/evaluation.h"

/* ---- slices -------------------------------------------------------------------------------------
 */

static struct sl_str text_of(struct sl_arena *a, const struct json *v)
{
    if (v->type == JSON_STRING)
        return v->string;
    SL_AUTOBUF(b, 0);
    json_format(v, JSON_COMPACT, &b);
    return sl_arena_str(a, sl_buf_str(&b));
}

static struct slice_spec spec_of(struct sl_arena *a, const struct json *columns)
{
    struct slice_column *c = SL_ARENA_ARRAY(a, struct slice_column, columns->n);
    for (size_t i = 0; i < columns->n; i++) {
        const struct json *v = columns->items[i];
        if (v->type == JSON_STRING)
            c[i] = (struct slice_column){.column = v->string, .all = true};
        else
            c[i] = (struct slice_column){.column = v->members[0].key,
                                         .value = text_of(a, v->members[0].value)};
    }
    return (struct slice_spec){c, columns->n};
}

/* The slices asked for; the overall one always comes first. */
static void read_specs(struct evaluation *e)
{
    struct sl_arena *a = e->s->a;
    const struct json *asked = e->p->slices;
    e->specs = SL_ARENA_ARRAY(a, struct slice_spec, 1 + (asked ? asked->n : 0));
    e->n_specs = 1;
    for (size_t i = 0; asked && i < asked->n; i++)
        if (asked->items[i]->n > 0)
            e->specs[e->n_specs++] = spec_of(a, asked->items[i]);
}

/* ---- blessing -----------------------------------------------------------------------------------
 */

static struct sl_err *thresholds_of(struct evaluation *e, struct blessing_threshold *to)
{
    const struct evaluator_threshold *t = e->p->thresholds.p;
    enum model_task task = e->candidate.model->task;
    for (size_t i = 0; i < e->p->thresholds.n; i++) {
        to[i] = (struct blessing_threshold){
            .slice = t[i].slice,
            .has_min = t[i].has_min,
            .has_max = t[i].has_max,
            .has_min_change = t[i].has_min_change,
            .has_max_change = t[i].has_max_change,
            .has_min_relative = t[i].has_min_relative,
            .has_max_relative = t[i].has_max_relative,
            .min = t[i].min,
            .max = t[i].max,
            .min_change = t[i].min_change,
            .max_change = t[i].max_change,
            .min_relative = t[i].min_relative,
            .max_relative = t[i].max_relative,
        };
        if (!metric_find(t[i].metric, &to[i].metric) || !metric_applies(to[i].metric, task))
            return SL_ERR(INVALID,
                          "params.thresholds[%zu].metric: '%.*s' is no metric of a %s model%s", i,
                          SL_FMT(t[i].metric), model_task_name(task),
                          e->candidate.model->n_classes == 2 && task == MODEL_MULTICLASS
                              ? " (a label of two texts is a class each; a condition such as "
                                "\"label == 'yes'\" makes it binary)"
                              : "");
    }
    return NULL;
}

static size_t find_leaks(const struct evaluation *e, struct sl_str *to)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n_features; i++)
        if (e->features[i].leaks && !e->features[i].allowed)
            to[n++] = e->features[i].name;
    return n;
}

static struct sl_err *decide(struct evaluation *e, const struct blessing_threshold *thresholds)
{
    struct sl_arena *a = e->s->a;
    enum model_task task = e->candidate.model->task;
    struct blessing_slice *slices = SL_ARENA_ARRAY(a, struct blessing_slice, e->n_slices);
    struct sl_str *leaks = SL_ARENA_ARRAY(a, struct sl_str, e->n_features);
    for (size_t i = 0; i < e->n_slices; i++)
        slices[i] = (struct blessing_slice){e->slices[i].name, &e->values[i].candidate,
                                            e->baseline.artifact ? &e->values[i].baseline : NULL};
    struct blessing_input in = {
        .thresholds = thresholds,
        .n_thresholds = e->p->thresholds.n,
        .slices = slices,
        .n_slices = e->n_slices,
        .task = task,
        .loss = e->values[0].candidate.v[task == MODEL_REGRESSION ? METRIC_MSE : METRIC_LOG_LOSS],
        .constant_loss = e->constant_loss,
        .leaks = leaks,
        .n_leaks = find_leaks(e, leaks),
    };
    blessing_decide(a, &in, &e->blessing);
    return NULL;
}

static struct sl_err *run(struct step *s)
{
    struct evaluation e = {.s = s, .p = s->params};
    struct blessing_threshold *thresholds =
        SL_ARENA_ARRAY(s->a, struct blessing_threshold, e.p->thresholds.n);
    read_specs(&e);
    SL_TRY(evaluation_load(&e));
    SL_TRY(thresholds_of(&e, thresholds));
    SL_TRY(slices_find(s->a, &e.table, e.specs, e.n_specs, (size_t)e.p->min_slice_size, &e.slices,
                       &e.n_slices));
    SL_TRY(evaluation_judge(&e));
    SL_TRY(evaluation_explain(&e));
    SL_TRY(decide(&e, thresholds));
    return evaluation_write(&e);
}

int main(int argc, char **argv)
{
    return step_main(argc, argv, "Evaluator", run);
}
