#include "adapter/xgboost/gbdt.h"
#include "base/log.h"
#include "base/time.h"
#include "components/trainer/trainer.h"
#include "core/learn/forest.h"
#include "core/learn/loss.h"

#include <math.h>

/* Numbers of the loop that a checkpoint carries, by position. */
enum progress { AT_ROUND, AT_BEST, AT_BEST_ROUND, AT_WORSE, AT_TRAIN_LOSS, PROGRESS };

struct boosting {
    struct fit *fit;
    struct gbdt *gbdt;
    struct stopping stopping; /* counts rounds done */
    uint64_t round;
    int64_t started_us;
    uint64_t first_round;
    uint64_t restart_every; /* 0: never; see gbdt_restart */
};

/* Rounds between restarts when rows or columns are sampled and nobody says. */
enum { RESTART_ROUNDS = 50 };

/* What the booster starts from: the prior probability, or the mean. */
static float base_of(const struct training_data *d)
{
    float z[1];
    const struct dataset *t = &d->train;
    if (d->task == MODEL_MULTICLASS)
        return 0.5f;
    loss_constant(d->task, t->labels, t->weights, t->n_rows, 1, z);
    loss_scores(d->task, z, 1, 1);
    return z[0];
}

static struct gbdt_config configure(const struct fit *f)
{
    const struct trainer_params *p = f->params;
    return (struct gbdt_config){
        .task = f->data->task,
        .n_outputs = f->data->n_outputs,
        .base = base_of(f->data),
        .rate = p->has_learning_rate ? p->learning_rate : 0.1,
        .l1 = p->l1,
        .l2 = p->has_l2 ? p->l2 : 1,
        .gamma = p->gamma,
        .min_child_weight = p->min_child_weight,
        .subsample = p->subsample,
        .column_sample = p->column_sample,
        .depth = p->depth,
        .bins = p->bins,
        .seed = p->seed,
        .threads = workers_count(f->step->workers),
    };
}

/* ---- checkpoints ---- */

static struct sl_err *save(struct boosting *b)
{
    SL_AUTOARENA(a);
    struct sl_str state;
    SL_TRY(gbdt_save(b->gbdt, a, &state));
    if (b->restart_every)
        SL_TRY(gbdt_restart(b->gbdt, state));
    double progress[PROGRESS] = {
        [AT_ROUND] = (double)b->round,
        [AT_BEST] = b->stopping.best,
        [AT_BEST_ROUND] = (double)b->stopping.best_step,
        [AT_WORSE] = (double)b->stopping.worse,
        [AT_TRAIN_LOSS] = b->fit->train_loss,
    };
    /* Numbers first: data in the file is aligned for what comes before the bytes. */
    const struct safetensor tensors[] = {
        safetensors_make(SL_STR("progress"), SAFETENSORS_F64, PROGRESS, 0, progress),
        safetensors_make(SL_STR("booster"), SAFETENSORS_U8, state.n, 0, state.p),
    };
    checkpoint_save(&b->fit->checkpoint, tensors, SL_COUNTOF(tensors), &b->fit->log);
    return NULL;
}

static struct sl_err *restore(struct boosting *b, struct sl_str *ret_state)
{
    struct safetensors s;
    *ret_state = SL_STR("");
    if (!checkpoint_load(&b->fit->checkpoint, &s, &b->fit->log))
        return NULL;
    const void *data;
    SL_TRY(safetensors_get(&s, "progress", SAFETENSORS_F64, PROGRESS, &data), "checkpoint");
    const double *p = data;
    const struct safetensor *booster = safetensors_find(&s, SL_STR("booster"));
    if (!booster || booster->type != SAFETENSORS_U8)
        return SL_ERR(CORRUPT, "checkpoint: no booster in it");
    b->round = (uint64_t)p[AT_ROUND];
    b->stopping.best = p[AT_BEST];
    b->stopping.best_step = (uint64_t)p[AT_BEST_ROUND];
    b->stopping.worse = (int64_t)p[AT_WORSE];
    b->fit->train_loss = p[AT_TRAIN_LOSS];
    *ret_state = sl_strn(booster->data, booster->count);
    sl_log_info("training goes on from its checkpoint", NULL);
    return NULL;
}

/* ---- the loop ---- */

static bool save_is_due(struct boosting *b, uint64_t total)
{
    if (b->fit->stopped_early || b->round == total)
        return false;
    return b->restart_every ? b->round % b->restart_every == 0
                            : checkpoint_due(&b->fit->checkpoint, b->round);
}

static struct sl_err *run_round(struct boosting *b, uint64_t total)
{
    struct fit *f = b->fit;
    double train, val;
    SL_TRY(gbdt_round(b->gbdt, (int64_t)b->round, &train, &val));
    b->round++;
    if (!isfinite(train))
        return SL_ERR(INVALID, "training diverged at tree %llu: the loss is no number",
                      (unsigned long long)b->round);
    f->train_loss = train;
    run_log_add(&f->log, RUN_TRAIN_LOSS, b->round, train);
    if (f->data->has_val) {
        run_log_add(&f->log, RUN_VAL_LOSS, b->round, val);
        stopping_tell(&b->stopping, b->round, val);
        f->stopped_early = b->stopping.patience > 0 && b->stopping.worse >= b->stopping.patience;
    }
    if (save_is_due(b, total))
        SL_TRY(save(b));
    fit_show_progress(f, "tree", b->round, total, b->first_round, b->started_us, train,
                      b->stopping.best);
    return NULL;
}

static struct sl_err *keep(struct boosting *b)
{
    struct fit *f = b->fit;
    bool best = f->data->has_val && b->stopping.patience > 0 && b->stopping.best_step > 0;
    f->steps = b->round;
    f->best_step = best ? b->stopping.best_step : b->round;
    struct forest *forest;
    SL_TRY(gbdt_forest(b->gbdt, f->step->a, f->best_step, &forest));
    forest_set_inputs(f->step->a, forest, f->data->inputs, f->data->n_inputs);
    SL_TRY(forest_check(forest));
    f->forest = forest;
    f->extra_path = SL_STR("checkpoint/xgboost.json");
    return gbdt_model(b->gbdt, f->step->a, &f->extra);
}

static struct sl_err *run(struct boosting *b)
{
    struct fit *f = b->fit;
    struct gbdt_config config = configure(f);
    const uint64_t total = (uint64_t)f->params->trees;
    struct sl_str state;
    if (config.subsample < 1 || config.column_sample < 1)
        b->restart_every = f->params->checkpoint_every > 0 ? (uint64_t)f->params->checkpoint_every
                                                           : RESTART_ROUNDS;
    SL_TRY(restore(b, &state));
    SL_TRY(gbdt_new(&config, &f->data->train, f->data->has_val ? &f->data->val : NULL, state,
                    &b->gbdt));
    data_drop_matrix(&f->data->train);
    b->started_us = sl_time_monotonic_us();
    b->first_round = b->round;
    while (b->round < total && !f->stopped_early)
        SL_TRY(run_round(b, total));
    return keep(b);
}

struct sl_err *fit_gbdt(struct fit *f)
{
    struct boosting b = {.fit = f,
                         .stopping = {.patience = f->params->early_stopping, .best = INFINITY}};
    f->steps_per_epoch = 1;
    struct sl_err *err = run(&b);
    gbdt_free(b.gbdt);
    return err;
}
