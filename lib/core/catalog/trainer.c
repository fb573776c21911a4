#include "core/catalog/trainer.h"

#include <stddef.h>

static const char *const MODELS[] = {"linear", "dnn", "gbdt", NULL};
static const char *const OPTIMIZERS[] = {"adam", "sgd", NULL};
static const char *const SOLVERS[] = {"lbfgs", "sgd", NULL};
static const char *const SCHEDULES[] = {"constant", "cosine", "exponential", "linear", NULL};

#define AT(member) .offset = offsetof(struct trainer_params, member)

static const struct json_field FIELDS[] = {
    {"model", JSON_K_ENUM, AT(model), .otherwise = "\"dnn\"", .names = MODELS,
     .help = "The family: linear (linear, logistic or softmax regression, by the label), dnn (a "
             "dense network) or gbdt (gradient-boosted trees)."},
    {"trainSplit", JSON_K_STRING, AT(train_split), .otherwise = "\"train\"",
     .help = "The split that is learnt from."},
    {"valSplit", JSON_K_STRING, AT(val_split), .otherwise = "\"val\"",
     .help = "The split for early stopping and the threshold."},
    {"seed", JSON_K_INT, AT(seed), .otherwise = "1", .min = 0, .max = 9007199254740992.0,
     .help = "Seeds first values, shuffling, dropout and sampling."},

    {"hidden", JSON_K_NUMBER_LIST, AT(hidden), .otherwise = "[128, 64]",
     .help = "dnn: units of the hidden layers, from the inputs on."},
    {"dropout", JSON_K_NUMBER, AT(dropout), .min = 0, .max = 0.95,
     .help = "dnn: share of the hidden units that a step leaves out."},
    {"optimizer", JSON_K_ENUM, AT(optimizer), .otherwise = "\"adam\"", .names = OPTIMIZERS,
     .help = "dnn, and linear with solver sgd: adam, or sgd with momentum."},
    {"solver", JSON_K_ENUM, AT(solver), .otherwise = "\"lbfgs\"", .names = SOLVERS,
     .help = "linear: lbfgs (all rows at once, to the optimum; with l1 OWL-QN), or sgd (the "
             "optimizer, batch by batch)."},
    {"tolerance", JSON_K_NUMBER, AT(tolerance), .otherwise = "0.0001", .min = 0, .max = 1,
     .help = "solver lbfgs: it is done when no component of the gradient is larger."},
    {"learningRate", JSON_K_NUMBER, AT(learning_rate), .min = 1e-12, .max = 1000,
     .present_offset = offsetof(struct trainer_params, has_learning_rate),
     .help = "Absent: 0.001 for adam, 0.01 for sgd, 0.1 for gbdt."},
    {"momentum", JSON_K_NUMBER, AT(momentum), .otherwise = "0.9", .min = 0, .max = 0.9999,
     .help = "optimizer sgd: what is kept of the last step."},
    {"schedule", JSON_K_ENUM, AT(schedule), .otherwise = "\"constant\"", .names = SCHEDULES,
     .help = "How the learning rate changes: constant, cosine or linear to zero, exponential to "
             "`decay` of it."},
    {"decay", JSON_K_NUMBER, AT(decay), .otherwise = "0.1", .min = 1e-9, .max = 1,
     .help = "schedule exponential: what is left of the rate at the last step."},
    {"warmupSteps", JSON_K_INT, AT(warmup_steps), .min = 0, .max = 1e12,
     .help = "Steps over which the learning rate rises to its value."},
    {"batch", JSON_K_INT, AT(batch), .otherwise = "256", .min = 1, .max = 1e7,
     .help = "Rows of a step."},
    {"steps", JSON_K_INT, AT(steps), .min = 0, .max = 1e12,
     .help = "Steps in all; 0: as many as `epochs` need. With lbfgs: iterations (0: 200)."},
    {"epochs", JSON_K_INT, AT(epochs), .min = 0, .max = 1e9,
     .help = "Passes over the training split; 0: as many as `steps` need, 10 without steps."},
    {"l1", JSON_K_NUMBER, AT(l1), .min = 0, .max = 1e9,
     .help = "Weight of the sum of absolute weights in the loss: linear with lbfgs, and gbdt."},
    {"l2", JSON_K_NUMBER, AT(l2), .min = 0, .max = 1e9,
     .present_offset = offsetof(struct trainer_params, has_l2),
     .help = "Weight of half the sum of squared weights in the mean loss (gbdt: in a leaf's). "
             "Absent: 1 / rows with lbfgs, 1 for gbdt, else 0."},
    {"oneHotMax", JSON_K_INT, AT(one_hot_max), .otherwise = "32", .min = 0, .max = 1000000,
     .help = "Ids of at most so many values become one-hot vectors; more become embeddings (dnn), "
             "one-hot all the same (linear), or numbers (gbdt)."},
    {"embeddingDim", JSON_K_INT, AT(embedding_dim), .min = 0, .max = 4096,
     .help = "dnn: numbers of an embedding; 0: by the size of the vocabulary."},
    {"shuffle", JSON_K_BOOL, AT(shuffle), .otherwise = "true",
     .help = "Whether each epoch has an order of its own."},

    {"trees", JSON_K_INT, AT(trees), .otherwise = "200", .min = 1, .max = 100000,
     .help = "gbdt: rounds of boosting at most."},
    {"depth", JSON_K_INT, AT(depth), .otherwise = "6", .min = 1, .max = 20,
     .help = "gbdt: levels of a tree."},
    {"bins", JSON_K_INT, AT(bins), .otherwise = "256", .min = 2, .max = 65536,
     .help = "gbdt: values that a feature may be split at."},
    {"minChildWeight", JSON_K_NUMBER, AT(min_child_weight), .otherwise = "1", .min = 0, .max = 1e12,
     .help = "gbdt: least sum of hessians in a leaf."},
    {"gamma", JSON_K_NUMBER, AT(gamma), .min = 0, .max = 1e12,
     .help = "gbdt: least gain of a split."},
    {"subsample", JSON_K_NUMBER, AT(subsample), .otherwise = "1", .min = 0.01, .max = 1,
     .help = "gbdt: share of the rows that a tree sees."},
    {"columnSample", JSON_K_NUMBER, AT(column_sample), .otherwise = "1", .min = 0.01, .max = 1,
     .help = "gbdt: share of the features that a tree sees."},

    {"classWeights", JSON_K_ANY, AT(class_weights),
     .help = "none, balanced (rare classes weigh as much as frequent ones), or an object from the "
             "name of a class to its weight."},
    {"earlyStopping", JSON_K_INT, AT(early_stopping), .otherwise = "10", .min = 0, .max = 1e9,
     .help = "Evaluations on val without a better loss after which training ends; the best weights "
             "are kept. 0: never."},
    {"evalEvery", JSON_K_INT, AT(eval_every), .min = 0, .max = 1e12,
     .help = "Steps between evaluations on val; 0: each epoch, and at least twenty times in all."},
    {"checkpointEvery", JSON_K_INT, AT(checkpoint_every), .min = 0, .max = 1e12,
     .help = "Steps (gbdt: trees) between checkpoints; 0: by time, about every 30 s."},
    {"threshold", JSON_K_NUMBER, AT(threshold), .min = 0, .max = 1,
     .present_offset = offsetof(struct trainer_params, has_threshold),
     .help = "Binary: a probability from here on is the positive class. Absent: the one with the "
             "best F1 on val."},
};

static const struct json_table TABLE = JSON_TABLE(FIELDS, struct trainer_params);

static struct sl_str at(struct diag_list *l, struct sl_str path, const char *name)
{
    return sl_arena_format(l->a, "%.*s%s%s", SL_FMT(path), path.n ? "." : "", name);
}

static void check_class_weights(struct diag_list *l, const struct json *v, struct sl_str path)
{
    if (!v)
        return;
    if (v->type == JSON_STRING) {
        if (!sl_str_is(v->string, "none") && !sl_str_is(v->string, "balanced"))
            diag_add(l, DIAG_ERROR, v->line, path,
                     "expected none, balanced or an object, got '%.*s'", SL_FMT(v->string));
        return;
    }
    if (v->type != JSON_OBJECT) {
        diag_add(l, DIAG_ERROR, v->line, path, "expected none, balanced or an object, got %s",
                 json_type_name(v->type));
        return;
    }
    for (size_t i = 0; i < v->n; i++) {
        const struct json *w = v->members[i].value;
        if (w->type != JSON_NUMBER || !(w->number >= 0) || w->number > 1e9)
            diag_add(l, DIAG_ERROR, w->line, path,
                     "weight of class '%.*s': expected a number from 0 to 1e9",
                     SL_FMT(v->members[i].key));
    }
}

static void check(struct diag_list *l, const void *params, struct sl_str path)
{
    const struct trainer_params *p = params;
    for (size_t i = 0; i < p->hidden.n; i++) {
        double units = p->hidden.p[i];
        if (!(units >= 1 && units <= 16384) || units != (double)(int64_t)units)
            diag_add(l, DIAG_ERROR, 0, at(l, path, "hidden"),
                     "layer %zu: expected a whole number from 1 to 16384, got %g", i, units);
    }
    if (p->hidden.n > 64)
        diag_add(l, DIAG_ERROR, 0, at(l, path, "hidden"), "expected at most 64 layers, got %zu",
                 p->hidden.n);
    if (p->model == MODEL_DNN && p->l1 > 0)
        diag_add(l, DIAG_ERROR, 0, at(l, path, "l1"), "a dnn has no l1: use l2 or dropout");
    if (p->model == MODEL_LINEAR && p->l1 > 0 && p->solver != TRAINER_SOLVER_LBFGS)
        diag_add(l, DIAG_ERROR, 0, at(l, path, "l1"), "l1 needs solver lbfgs");
    if (sl_str_eq(p->train_split, p->val_split))
        diag_add(l, DIAG_ERROR, 0, at(l, path, "valSplit"),
                 "expected another split than trainSplit, got '%.*s'", SL_FMT(p->val_split));
    check_class_weights(l, p->class_weights, at(l, path, "classWeights"));
}

static const struct catalog_port INPUTS[] = {
    {"examples", "Examples", .help = "Transform's transformed_examples: train and val."},
    {"transform", "TransformGraph",
     .help = "The transform that made them; it goes into the model."},
    {"schema", "Schema", .optional = true, .help = "Its digest is noted in model.json."},
    {0},
};

static const struct catalog_port OUTPUTS[] = {
    {"model", "Model", .help = "model.json, weights, transform/, model.onnx, checkpoint/."},
    {"model_run", "ModelRun", .help = "TensorBoard event files: losses and metrics by step."},
    {0},
};

const struct catalog_component catalog_trainer = {
    .name = "Trainer",
    .executable = "trainer",
    .help = "Trains a linear model, a dense network or boosted trees on transformed examples.",
    .inputs = INPUTS,
    .outputs = OUTPUTS,
    .params = &TABLE,
    .check = check,
};
