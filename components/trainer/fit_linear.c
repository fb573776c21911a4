#include "adapter/cpu/learner_cpu.h"
#include "base/log.h"
#include "components/trainer/trainer.h"
#include "core/learn/lbfgs.h"
#include "core/learn/loss.h"

#include <math.h>

enum { DEFAULT_ITERATIONS = 200 };

struct linear {
    struct fit *fit;
    struct net *net;
    struct learner *learner;
    struct lbfgs *lbfgs;
    double l2;
    double scale;      /* of losses, back to the label's own unit */
    double *penalised; /* (n_params) 1 where l1 and l2 apply: everything but biases */
    double *gradient;  /* (n_params) */
    float *params;     /* (n_params) */
    float *z;          /* (val rows, n_out) */
};

static const struct net_layer *only_layer(const struct linear *l)
{
    return &l->net->layers[0];
}

static struct sl_err *start(struct linear *l)
{
    struct fit *f = l->fit;
    struct sl_arena *a = f->step->a;
    const struct dataset *t = &f->data->train;
    size_t n = l->net->n_params;
    l->params = SL_ARENA_ARRAY(a, float, n);
    l->gradient = SL_ARENA_ARRAY(a, double, n);
    l->penalised = SL_ARENA_ARRAY(a, double, n);
    double *x0 = SL_ARENA_ARRAY(a, double, n), *l1 = SL_ARENA_ARRAY(a, double, n);
    size_t bias = only_layer(l)->bias;
    for (size_t i = 0; i < n; i++) {
        l->penalised[i] = i < bias;
        l1[i] = l->penalised[i] * f->params->l1;
    }
    loss_constant(f->data->task, t->labels, t->weights, t->n_rows, l->net->n_out, l->params + bias);
    for (size_t i = 0; i < n; i++)
        x0[i] = l->params[i];
    l->lbfgs = lbfgs_new(a, n, f->params->l1 > 0 ? l1 : NULL, f->params->tolerance, x0);
    if (f->data->has_val)
        l->z = SL_ARENA_ARRAY(a, float, f->data->val.n_rows * l->net->n_out);
    struct learner_config config = {.net = l->net,
                                    .task = f->data->task,
                                    .optimizer = OPTIMIZER_ADAM_DEFAULT,
                                    .train = t,
                                    .val = f->data->has_val ? &f->data->val : NULL};
    l->learner = learner_cpu_new(&config, f->step->workers);
    return NULL;
}

static struct sl_err *restore(struct linear *l)
{
    struct safetensors s;
    size_t n;
    lbfgs_state(l->lbfgs, &n);
    if (!checkpoint_load(&l->fit->checkpoint, &s, &l->fit->log))
        return NULL;
    const void *state;
    SL_TRY(safetensors_get(&s, "lbfgs", SAFETENSORS_F64, n, &state), "checkpoint");
    lbfgs_restore(l->lbfgs, state, n);
    sl_log_info("training goes on from its checkpoint", NULL);
    return NULL;
}

static void save(struct linear *l)
{
    size_t n;
    const double *state = lbfgs_state(l->lbfgs, &n);
    struct safetensor tensor = safetensors_make(SL_STR("lbfgs"), SAFETENSORS_F64, n, 0, state);
    checkpoint_save(&l->fit->checkpoint, &tensor, 1, &l->fit->log);
}

static struct sl_err *set_params(struct linear *l, const double *x)
{
    for (size_t i = 0; i < l->net->n_params; i++)
        l->params[i] = (float)x[i];
    return l->learner->ops->set(l->learner, &(struct learner_state){.params = l->params});
}

/* Loss with l2, and its gradient, at the point that is asked for. */
static struct sl_err *evaluate(struct linear *l, double *ret_loss)
{
    const double *x = lbfgs_point(l->lbfgs);
    double loss;
    SL_TRY(set_params(l, x));
    SL_TRY(l->learner->ops->gradient(l->learner, &loss, l->gradient));
    for (size_t i = 0; i < l->net->n_params; i++) {
        loss += l->l2 / 2 * l->penalised[i] * x[i] * x[i];
        l->gradient[i] += l->l2 * l->penalised[i] * x[i];
    }
    *ret_loss = loss;
    return NULL;
}

static struct sl_err *log_point(struct linear *l)
{
    struct fit *f = l->fit;
    uint64_t step = lbfgs_iterations(l->lbfgs);
    f->train_loss = lbfgs_loss(l->lbfgs) * l->scale;
    run_log_add(&f->log, RUN_TRAIN_LOSS, step, f->train_loss);
    step_progress(f->step, "iteration %llu  loss %.6f", (unsigned long long)step, f->train_loss);
    if (!f->data->has_val)
        return NULL;
    const struct dataset *v = &f->data->val;
    SL_TRY(set_params(l, lbfgs_x(l->lbfgs)));
    SL_TRY(l->learner->ops->forward(l->learner, LEARNER_VAL, l->z));
    double loss = loss_mean(f->data->task, l->z, l->net->n_out, v->labels, v->weights, v->n_rows);
    run_log_add(&f->log, RUN_VAL_LOSS, step, loss * l->scale);
    return NULL;
}

static struct sl_err *iterate(struct linear *l)
{
    const struct trainer_params *p = l->fit->params;
    const uint64_t most = p->steps > 0 ? (uint64_t)p->steps : DEFAULT_ITERATIONS;
    const uint64_t every = p->eval_every > 0 ? (uint64_t)p->eval_every : 5;
    for (;;) {
        double loss;
        SL_TRY(evaluate(l, &loss));
        if (!isfinite(loss) && lbfgs_iterations(l->lbfgs) == 0)
            return SL_ERR(INVALID, "the loss is no number at the start: a feature or label is "
                                   "too large for float");
        enum lbfgs_outcome outcome = lbfgs_tell(l->lbfgs, loss, l->gradient);
        uint64_t done = lbfgs_iterations(l->lbfgs);
        bool end = outcome == LBFGS_DONE || (outcome == LBFGS_STEP && done >= most);
        if (end || (outcome == LBFGS_STEP && done % every == 0))
            SL_TRY(log_point(l));
        if (end)
            return NULL;
        if (outcome == LBFGS_STEP && done > 0 && checkpoint_due(&l->fit->checkpoint, done))
            save(l);
    }
}

static struct sl_err *run(struct linear *l, double mean, double deviation)
{
    struct fit *f = l->fit;
    SL_TRY(start(l));
    SL_TRY(restore(l));
    SL_TRY(iterate(l));
    SL_TRY(set_params(l, lbfgs_x(l->lbfgs)));
    fit_unscale_params(l->net, mean, deviation, l->params);
    l->net->params = l->params;
    f->net = l->net;
    f->steps = f->best_step = lbfgs_iterations(l->lbfgs);
    f->steps_per_epoch = 1;
    return NULL;
}

struct sl_err *fit_linear(struct fit *f)
{
    struct linear l = {.fit = f};
    double mean, deviation;
    /* As scikit-learn's C = 1: one over the rows. */
    l.l2 = f->params->has_l2 ? f->params->l2 : 1 / (double)f->data->train.n_rows;
    SL_TRY(net_new(f->step->a, f->data->inputs, f->data->n_inputs, NULL, 0, f->data->n_outputs,
                   &l.net));
    fit_label_scale(f->data, &mean, &deviation);
    l.scale = deviation * deviation;
    fit_scale_labels(&f->data->train, mean, deviation);
    fit_scale_labels(&f->data->val, mean, deviation);
    struct sl_err *err = run(&l, mean, deviation);
    learner_free(l.learner);
    fit_scale_labels(&f->data->val, -mean / deviation, 1 / deviation);
    return err;
}
