#include "adapter/cpu/learner_cpu.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "components/trainer/trainer.h"
#include "core/learn/batches.h"
#include "core/learn/loss.h"

#include <math.h>

enum { DEFAULT_EPOCHS = 10, LEAST_EVALS = 20 };

/* Numbers of the loop that a checkpoint carries, by position. */
enum progress {
    AT_STEP,
    AT_BEST,
    AT_BEST_STEP,
    AT_WORSE,
    AT_LOSS_SUM,
    AT_LOSS_COUNT,
    AT_TRAIN_LOSS,
    PROGRESS
};

struct loop {
    struct fit *fit;
    struct net *net;
    struct learner *learner;
    struct batches batches;
    struct schedule schedule;
    struct stopping stopping;
    uint64_t step, total, eval_every;
    double loss_sum, loss_count; /* since the last evaluation */
    double scale;                /* of losses, back to the label's own unit */
    float *state[3];             /* (n_params) room for the learner's state */
    float *best;                 /* (n_params) */
    float *z;                    /* (val rows, n_out) */
    int64_t started_us, shown_us;
    uint64_t first_step;
};

/* ---- labels of a regression ---- */

void fit_label_scale(const struct training_data *d, double *ret_mean, double *ret_deviation)
{
    *ret_mean = 0;
    *ret_deviation = 1;
    if (d->task != MODEL_REGRESSION)
        return;
    double sum = 0, squares = 0, weight = 0;
    for (size_t i = 0; i < d->train.n_rows; i++) {
        sum += (double)dataset_weight(&d->train, i) * d->train.labels[i];
        weight += dataset_weight(&d->train, i);
    }
    double mean = weight > 0 ? sum / weight : 0;
    for (size_t i = 0; i < d->train.n_rows; i++) {
        double off = d->train.labels[i] - mean;
        squares += dataset_weight(&d->train, i) * off * off;
    }
    *ret_mean = mean;
    if (weight > 0 && squares > 0)
        *ret_deviation = sqrt(squares / weight);
}

void fit_scale_labels(struct dataset *d, double mean, double deviation)
{
    for (size_t i = 0; i < d->n_rows; i++)
        d->labels[i] = (float)((d->labels[i] - mean) / deviation);
}

void fit_unscale_params(const struct net *net, double mean, double deviation, float *params)
{
    const struct net_layer *last = &net->layers[net->n_layers - 1];
    for (size_t i = last->weights; i < last->bias; i++)
        params[i] = (float)(params[i] * deviation);
    for (size_t i = 0; i < net->tables_end && net->n_layers == 1; i++)
        params[i] = (float)(params[i] * deviation);
    for (size_t k = 0; k < last->n_out; k++)
        params[last->bias + k] = (float)(params[last->bias + k] * deviation + mean);
}

/* ---- what the fits share ---- */

void fit_show_progress(struct fit *f, const char *unit, uint64_t done, uint64_t total,
                       uint64_t first, int64_t started_us, double loss, double val_loss)
{
    double seconds = (double)(sl_time_monotonic_us() - started_us) / 1e6;
    double rate = (double)(done - first) / fmax(seconds, 1e-6);
    char left[SL_TIME_TEXT], val[32] = "";
    sl_duration_format((int64_t)((double)(total - done) / fmax(rate, 1e-9) * 1e6), left);
    if (isfinite(val_loss))
        snprintf(val, sizeof val, "  best val %.5f", val_loss);
    step_progress(f->step, "%s %llu/%llu  %.*f %ss/s  loss %.5f%s  ETA %s", unit,
                  (unsigned long long)done, (unsigned long long)total, rate < 10 ? 1 : 0, rate,
                  unit, loss, val, left);
}

bool stopping_tell(struct stopping *s, uint64_t step, double loss)
{
    if (loss < s->best) {
        s->best = loss;
        s->best_step = step;
        s->worse = 0;
        return true;
    }
    s->worse++;
    return false;
}

/* ---- set-up ---- */

static void plan_steps(struct loop *l)
{
    const struct trainer_params *p = l->fit->params;
    uint64_t per_epoch = batches_per_epoch(&l->batches);
    int64_t epochs = p->epochs > 0 || p->steps > 0 ? p->epochs : DEFAULT_EPOCHS;
    l->total = epochs > 0 ? (uint64_t)epochs * per_epoch : UINT64_MAX;
    if (p->steps > 0)
        l->total = SL_MIN(l->total, (uint64_t)p->steps);
    l->eval_every = SL_MIN(per_epoch, (l->total + LEAST_EVALS - 1) / LEAST_EVALS);
    if (p->eval_every > 0)
        l->eval_every = (uint64_t)p->eval_every;
    l->fit->steps_per_epoch = per_epoch;
    l->schedule = (struct schedule){
        .kind = (enum schedule_kind)p->schedule,
        .rate = p->has_learning_rate             ? p->learning_rate
                : p->optimizer == OPTIMIZER_ADAM ? 1e-3
                                                 : 1e-2,
        .decay = p->decay,
        .warmup_steps = (uint64_t)p->warmup_steps,
        .total_steps = l->total,
    };
}

static struct sl_err *make_net(struct fit *f, struct net **ret)
{
    const struct trainer_params *p = f->params;
    size_t hidden[NET_MAX_HIDDEN], n = f->data->family == MODEL_DNN ? p->hidden.n : 0;
    for (size_t i = 0; i < n; i++)
        hidden[i] = (size_t)p->hidden.p[i];
    return net_new(f->step->a, f->data->inputs, f->data->n_inputs, hidden, n, f->data->n_outputs,
                   ret);
}

static struct sl_err *make_learner(struct loop *l)
{
    const struct trainer_params *p = l->fit->params;
    struct optimizer optimizer = OPTIMIZER_ADAM_DEFAULT;
    optimizer.kind = (enum optimizer_kind)p->optimizer;
    optimizer.momentum = (float)p->momentum;
    struct learner_config config = {
        .net = l->net,
        .task = l->fit->data->task,
        .optimizer = optimizer,
        .l2 = (float)p->l2,
        .dropout = (float)p->dropout,
        .seed = (uint64_t)p->seed,
        .train = &l->fit->data->train,
        .val = l->fit->data->has_val ? &l->fit->data->val : NULL,
    };
    l->learner = learner_cpu_new(&config, l->fit->step->workers);
    const struct dataset *t = &l->fit->data->train;
    float *params = l->state[0];
    net_init_params(l->net, (uint64_t)p->seed, params);
    loss_constant(l->fit->data->task, t->labels, t->weights, t->n_rows, l->net->n_out,
                  params + l->net->layers[l->net->n_layers - 1].bias);
    return l->learner->ops->set(l->learner, &(struct learner_state){.params = params});
}

static void allocate(struct loop *l)
{
    struct sl_arena *a = l->fit->step->a;
    for (size_t i = 0; i < 3; i++)
        l->state[i] = SL_ARENA_ARRAY(a, float, l->net->n_params);
    l->best = SL_ARENA_ARRAY(a, float, l->net->n_params);
    if (l->fit->data->has_val)
        l->z = SL_ARENA_ARRAY(a, float, l->fit->data->val.n_rows * l->net->n_out);
}

/* ---- checkpoints ---- */

static struct sl_err *get_state(struct loop *l)
{
    struct learner_state s = {l->state[0], l->state[1], l->state[2]};
    return l->learner->ops->get(l->learner, &s);
}

static size_t state_tensors(const struct loop *l, struct safetensor *ret)
{
    static const char *const names[] = {"params", "first", "second"};
    for (size_t i = 0; i < 3; i++)
        ret[i] =
            safetensors_make(sl_str(names[i]), SAFETENSORS_F32, l->net->n_params, 0, l->state[i]);
    return 3;
}

static struct sl_err *save(struct loop *l)
{
    double progress[PROGRESS] = {
        [AT_STEP] = (double)l->step,
        [AT_BEST] = l->stopping.best,
        [AT_BEST_STEP] = (double)l->stopping.best_step,
        [AT_WORSE] = (double)l->stopping.worse,
        [AT_LOSS_SUM] = l->loss_sum,
        [AT_LOSS_COUNT] = l->loss_count,
        [AT_TRAIN_LOSS] = l->fit->train_loss,
    };
    SL_TRY(get_state(l));
    struct safetensor tensors[5];
    size_t n = state_tensors(l, tensors);
    tensors[n++] = safetensors_make(SL_STR("best"), SAFETENSORS_F32, l->net->n_params, 0, l->best);
    tensors[n++] = safetensors_make(SL_STR("progress"), SAFETENSORS_F64, PROGRESS, 0, progress);
    checkpoint_save(&l->fit->checkpoint, tensors, n, &l->fit->log);
    return NULL;
}

static struct sl_err *restore_tensors(struct loop *l, const struct safetensors *s)
{
    const void *state[3], *best, *progress;
    static const char *const names[] = {"params", "first", "second"};
    for (size_t i = 0; i < 3; i++)
        SL_TRY(safetensors_get(s, names[i], SAFETENSORS_F32, l->net->n_params, &state[i]));
    SL_TRY(safetensors_get(s, "best", SAFETENSORS_F32, l->net->n_params, &best));
    SL_TRY(safetensors_get(s, "progress", SAFETENSORS_F64, PROGRESS, &progress));
    const double *p = progress;
    for (size_t i = 0; i < 3; i++)
        memcpy(l->state[i], state[i], l->net->n_params * sizeof(float));
    memcpy(l->best, best, l->net->n_params * sizeof(float));
    l->step = (uint64_t)p[AT_STEP];
    l->stopping.best = p[AT_BEST];
    l->stopping.best_step = (uint64_t)p[AT_BEST_STEP];
    l->stopping.worse = (int64_t)p[AT_WORSE];
    l->loss_sum = p[AT_LOSS_SUM];
    l->loss_count = p[AT_LOSS_COUNT];
    l->fit->train_loss = p[AT_TRAIN_LOSS];
    struct learner_state from = {l->state[0], l->state[1], l->state[2]};
    return l->learner->ops->set(l->learner, &from);
}

static struct sl_err *restore(struct loop *l)
{
    struct safetensors s;
    if (!checkpoint_load(&l->fit->checkpoint, &s, &l->fit->log))
        return NULL;
    SL_TRY(restore_tensors(l, &s), "checkpoint");
    SL_AUTOARENA(a);
    sl_log_info("training goes on from its checkpoint", "step",
                sl_arena_format(a, "%llu", (unsigned long long)l->step).p, NULL);
    return NULL;
}

/* ---- the loop ---- */

/* A step may take 100 us: most of them only look at the clock. */
static void show_progress(struct loop *l, double loss)
{
    enum { SHOW_EVERY_US = 100000 };
    int64_t now = sl_time_monotonic_us();
    if (now - l->shown_us < SHOW_EVERY_US)
        return;
    l->shown_us = now;
    fit_show_progress(l->fit, "step", l->step, l->total, l->first_step, l->started_us,
                      loss * l->scale, l->stopping.best * l->scale);
}

static struct sl_err *check_finite(const struct loop *l, double loss)
{
    if (!isfinite(loss))
        return SL_ERR(INVALID,
                      "training diverged at step %llu: the loss is no number; lower learningRate",
                      (unsigned long long)l->step);
    return NULL;
}

static struct sl_err *evaluate(struct loop *l)
{
    struct fit *f = l->fit;
    f->train_loss = l->loss_count > 0 ? l->loss_sum / l->loss_count * l->scale : f->train_loss;
    l->loss_sum = l->loss_count = 0;
    run_log_add(&f->log, RUN_TRAIN_LOSS, l->step, f->train_loss);
    run_log_add(&f->log, RUN_RATE, l->step, schedule_rate(&l->schedule, l->step));
    if (!f->data->has_val)
        return NULL;
    SL_TRY(l->learner->ops->forward(l->learner, LEARNER_VAL, l->z));
    const struct dataset *v = &f->data->val;
    double loss = loss_mean(f->data->task, l->z, l->net->n_out, v->labels, v->weights, v->n_rows);
    SL_TRY(check_finite(l, loss));
    run_log_add(&f->log, RUN_VAL_LOSS, l->step, loss * l->scale);
    if (stopping_tell(&l->stopping, l->step, loss))
        SL_TRY(l->learner->ops->get(l->learner, &(struct learner_state){.params = l->best}));
    f->stopped_early = l->stopping.patience > 0 && l->stopping.worse >= l->stopping.patience;
    return NULL;
}

static struct sl_err *run_step(struct loop *l)
{
    size_t n;
    double loss;
    const uint32_t *rows = batches_at(&l->batches, l->step, &n);
    SL_TRY(learner_step(l->learner, l->step, rows, n, schedule_rate(&l->schedule, l->step), &loss));
    SL_TRY(check_finite(l, loss));
    l->loss_sum += loss;
    l->loss_count++;
    l->step++;
    if (l->step % l->eval_every == 0 || l->step == l->total)
        SL_TRY(evaluate(l));
    if (!l->fit->stopped_early && l->step < l->total &&
        checkpoint_due(&l->fit->checkpoint, l->step))
        SL_TRY(save(l));
    show_progress(l, loss);
    return NULL;
}

/* With a validation split and early stopping the best weights are kept, else the last ones. */
static struct sl_err *keep(struct loop *l, double mean, double deviation)
{
    struct fit *f = l->fit;
    SL_TRY(get_state(l));
    struct safetensor tensors[3];
    struct safetensors s = {.tensors = tensors, .n = state_tensors(l, tensors)};
    SL_AUTOBUF(bytes, 0);
    safetensors_encode(&s, &bytes);
    f->extra_path = SL_STR("checkpoint/state.safetensors");
    f->extra = sl_arena_str(f->step->a, sl_buf_str(&bytes));

    bool best = f->data->has_val && l->stopping.patience > 0 && l->stopping.best_step > 0;
    float *params = best ? l->best : l->state[0];
    fit_unscale_params(l->net, mean, deviation, params);
    l->net->params = params;
    f->net = l->net;
    f->steps = l->step;
    f->best_step = best ? l->stopping.best_step : l->step;
    return NULL;
}

static struct sl_err *run(struct loop *l, double mean, double deviation)
{
    SL_TRY(make_learner(l));
    SL_TRY(restore(l));
    l->started_us = sl_time_monotonic_us();
    l->first_step = l->step;
    while (l->step < l->total && !l->fit->stopped_early)
        SL_TRY(run_step(l));
    return keep(l, mean, deviation);
}

struct sl_err *fit_net(struct fit *f)
{
    struct loop l = {.fit = f,
                     .stopping = {.patience = f->params->early_stopping, .best = INFINITY}};
    SL_TRY(make_net(f, &l.net), "params");
    double mean, deviation;
    fit_label_scale(f->data, &mean, &deviation);
    l.scale = deviation * deviation;
    fit_scale_labels(&f->data->train, mean, deviation);
    fit_scale_labels(&f->data->val, mean, deviation);
    batches_init(&l.batches, f->data->train.n_rows, (size_t)f->params->batch,
                 (uint64_t)f->params->seed, f->params->shuffle);
    plan_steps(&l);
    allocate(&l);
    struct sl_err *err = run(&l, mean, deviation);
    learner_free(l.learner);
    batches_deinit(&l.batches);
    fit_scale_labels(&f->data->val, -mean / deviation, 1 / deviation);
    return err;
}
