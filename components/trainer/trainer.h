/* What the parts of the Trainer share.
 *
 *     data.c        examples -> matrices
 *     fit_net.c     linear (sgd) and dnn, step by step       \
 *     fit_linear.c  linear by L-BFGS                          > a network or a forest
 *     fit_gbdt.c    trees, round by round                    /
 *     finish.c      threshold, metrics, model artifact
 *     checkpoint.c  what a killed attempt leaves for the next
 *     run_log.c     losses by step, as TensorBoard reads them */
#pragma once

#include "base/vec.h"
#include "codec/safetensors.h"
#include "core/catalog/trainer.h"
#include "core/learn/dataset.h"
#include "core/learn/inputs.h"
#include "core/learn/metrics.h"
#include "core/learn/transform.h"
#include "kit/step.h"

/* ---- data.c ---- */

/* Both splits in memory, as the family reads them. */
struct training_data {
    const struct transform *transform;
    enum model_task task;
    enum model_family family;
    struct input *inputs; /* (n_inputs) */
    size_t n_inputs;
    size_t n_outputs;
    struct dataset train, val; /* gbdt: floats are the whole matrix */
    bool has_val;
};

/* Reads both splits; class weights go into the training rows' weights. Errors: invalid: no
 * training rows, a label that is none. */
struct sl_err *data_load(struct step *s, const struct transform *t,
                         struct training_data *ret) SL_MUST_USE;
void data_deinit(struct training_data *d);
/* Lets the matrices go and keeps labels and weights (the library has its own copy). */
void data_drop_matrix(struct dataset *d);

/* ---- run_log.c ---- */

/* RUN_METRICS + m: metric m of the kept model on the validation split. */
enum run_series { RUN_TRAIN_LOSS, RUN_VAL_LOSS, RUN_RATE, RUN_METRICS };

struct run_point {
    double series, step, value, wall_s;
};

/* Points of all series in order of time; part of the checkpoint, so that a run that was interrupted
 * shows its whole history. */
struct run_log {
    SL_VEC(struct run_point) points;
};

void run_log_deinit(struct run_log *log);
void run_log_add(struct run_log *log, int series, uint64_t step, double value);
/* The ModelRun artifact: train/ and validation/, an event file each. */
struct sl_err *run_log_write(struct step *s, const struct run_log *log) SL_MUST_USE;

/* ---- checkpoint.c ---- */

struct checkpoint {
    struct step *step;
    struct sl_str uri;
    struct sl_str digest; /* of all that shapes the training: another one's state is not taken */
    int64_t every_steps;  /* 0: by time */
    int64_t last_us;
};

/* Of this step, beside its attempts: the next attempt finds it. */
void checkpoint_init(struct checkpoint *c, struct step *s);
/* Whether one is due after `steps_done` steps. */
bool checkpoint_due(struct checkpoint *c, uint64_t steps_done);
/* Writes tensors beside the attempts. A failure is logged and training goes on. */
void checkpoint_save(struct checkpoint *c, const struct safetensor *tensors, size_t n,
                     const struct run_log *log);
/* The tensors of the last save, or false: none, or of another training. Lifetime: the step's
 * arena. */
bool checkpoint_load(struct checkpoint *c, struct safetensors *ret, struct run_log *log);
/* Once the model is committed. A failure is logged. */
void checkpoint_remove(struct checkpoint *c);

/* ---- fits ---- */

struct fit {
    struct step *step;
    const struct trainer_params *params;
    struct training_data *data;
    struct checkpoint checkpoint;
    struct run_log log;
    /* What came out. */
    const struct net *net;
    const struct forest *forest;
    uint64_t steps, best_step; /* steps done; the one whose weights were kept */
    uint64_t steps_per_epoch;
    bool stopped_early;
    double train_loss;        /* last reported */
    struct sl_str extra_path; /* a file under checkpoint/ of the model */
    struct sl_str extra;
};

/* By family: train until steps, epochs or early stopping end it, and set what came out. Errors:
 * invalid: a loss that is no number any more. */
struct sl_err *fit_net(struct fit *f) SL_MUST_USE;
struct sl_err *fit_linear(struct fit *f) SL_MUST_USE;
struct sl_err *fit_gbdt(struct fit *f) SL_MUST_USE;
/* Labels of a regression as a network learns them: mean 0, deviation 1; else 0 and 1. */
void fit_label_scale(const struct training_data *d, double *ret_mean, double *ret_deviation);
/* Changes labels to or from that scale. */
void fit_scale_labels(struct dataset *d, double mean, double deviation);
/* Folds the scale into the last layer. Shapes: params (net->n_params). */
void fit_unscale_params(const struct net *net, double mean, double deviation, float *params);

/* The progress line: "step 300/1000  4210 steps/s  loss 0.31  val 0.33  ETA 1.2s". `first` steps
 * were done before `started_us`; an infinite val_loss is none yet. */
void fit_show_progress(struct fit *f, const char *unit, uint64_t done, uint64_t total,
                       uint64_t first, int64_t started_us, double loss, double val_loss);

/* Early stopping on the validation loss. */
struct stopping {
    int64_t patience; /* 0: never stop */
    double best;
    uint64_t best_step;
    int64_t worse; /* evaluations since the best */
};
/* True when this is the best so far. */
bool stopping_tell(struct stopping *s, uint64_t step, double loss);

/* ---- finish.c ---- */

/* Threshold, metrics, warnings; writes and commits `model`. */
struct sl_err *finish(struct fit *f) SL_MUST_USE;
