/* Trainer: transformed examples to a model. */
#include "components/trainer/trainer.h"
#include "store/transforms.h"

static struct sl_err *train(struct fit *f)
{
    const struct trainer_params *p = f->params;
    checkpoint_init(&f->checkpoint, f->step);
    if (f->data->family == MODEL_GBDT)
        SL_TRY(fit_gbdt(f));
    else if (f->data->family == MODEL_LINEAR && p->solver == TRAINER_SOLVER_LBFGS)
        SL_TRY(fit_linear(f));
    else
        SL_TRY(fit_net(f));
    SL_TRY(finish(f));
    SL_TRY(run_log_write(f->step, &f->log));
    checkpoint_remove(&f->checkpoint);
    return NULL;
}

static struct sl_err *run(struct step *s)
{
    const struct artifact *graph;
    struct transform *t;
    SL_TRY(step_input(s, "transform", &graph));
    SL_TRY(transforms_load(s->a, graph, "", &t), "input 'transform'");
    struct training_data data = {0};
    struct fit f = {.step = s, .params = s->params, .data = &data};
    struct sl_err *err = data_load(s, t, &data);
    if (!err)
        err = train(&f);
    run_log_deinit(&f.log);
    data_deinit(&data);
    return err;
}

int main(int argc, char **argv)
{
    return step_main(argc, argv, "Trainer", run);
}
