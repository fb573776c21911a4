/* Trainer: transformed examples to a model. */
#pragma once

#include "core/catalog/catalog.h"
#include "core/learn/model.h"
#include "core/learn/optimizer.h"

enum trainer_solver { TRAINER_SOLVER_LBFGS, TRAINER_SOLVER_SGD };

struct trainer_params {
    int model; /* enum model_family */
    struct sl_str train_split, val_split;
    int64_t seed;

    /* linear, dnn */
    struct json_numbers hidden;
    double dropout;
    int optimizer; /* enum optimizer_kind */
    int solver;    /* enum trainer_solver; linear */
    double tolerance;
    double learning_rate;
    bool has_learning_rate;
    double momentum;
    int schedule; /* enum schedule_kind */
    double decay;
    int64_t warmup_steps;
    int64_t batch;
    int64_t steps, epochs;
    double l1, l2;
    bool has_l2;
    int64_t one_hot_max;
    int64_t embedding_dim;
    bool shuffle;

    /* gbdt */
    int64_t trees, depth, bins;
    double min_child_weight, gamma, subsample, column_sample;

    /* all */
    struct json *class_weights; /* "none", "balanced" or {class: weight} */
    int64_t early_stopping;
    int64_t eval_every;
    int64_t checkpoint_every;
    double threshold;
    bool has_threshold;
};

extern const struct catalog_component catalog_trainer;
