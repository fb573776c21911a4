/* A trained model: what the Model artifact holds, and the one evaluator of it.
 *
 *     model.json            task, label, classes, threshold, signature, features, training summary
 *     weights.safetensors   parameters of a network, or the arrays of a forest
 *     transform/            the TransformGraph it was trained behind
 *     model.onnx            the same function for other runtimes
 *
 *     raw table --transform_apply--> features --model_predict--> scores
 *     `------------------------- model_predict_raw ------------'
 *
 * A model is immutable once loaded: any number of threads may predict at the same time, each with
 * an arena of its own. A row's scores do not depend on the rows beside it, nor on the machine. */
#pragma once

#include "codec/json.h"
#include "core/data/table.h"

struct transform;
struct net;
struct forest;
struct input;

/* Bumped when an older evaluator would misread a model.json. */
enum { MODEL_VERSION = 1 };

enum model_task {
    MODEL_BINARY,     /* one score: the probability of the positive class */
    MODEL_MULTICLASS, /* n_classes scores: probabilities that sum to 1 */
    MODEL_REGRESSION, /* one score: the predicted value */
};

enum model_family {
    MODEL_LINEAR, /* linear, logistic or softmax regression */
    MODEL_DNN,    /* a dense network with embeddings */
    MODEL_GBDT,   /* gradient-boosted trees */
};

/* Outputs of model.onnx: the scores by task, and the name of the class. */
#define MODEL_CLASS_OUTPUT "class"
const char *model_score_name(enum model_task task);

/* A file of the Model artifact: path relative to it, and its bytes. */
struct model_file {
    struct sl_str path;
    struct sl_str bytes;
};

struct model {
    enum model_task task;
    enum model_family family;
    struct sl_str label;    /* the label's name */
    struct sl_str *classes; /* (n_classes) names: binary {negative, positive}, multi-class in order
                               of the label's index; none for regression */
    size_t n_classes;
    size_t n_outputs; /* scores a row: 1, or n_classes when multi-class */
    double threshold; /* binary: a score >= threshold is the positive class; chosen on val */
    const struct transform *transform; /* raw features to the columns below, and the label */
    const struct input *inputs; /* (n_inputs) the features that model_predict reads, by name */
    size_t n_inputs;
    const struct net *net;       /* LINEAR and DNN, else NULL */
    const struct forest *forest; /* GBDT, else NULL */
    const struct json *training; /* summary: rows, steps, losses on train and val, ...; an object */
    struct sl_str schema_digest; /* of the Schema it was trained under; empty: of none */
    bool portable;               /* model.onnx uses the standard ONNX operators alone */
};

/* Scores, row by row. */
struct predictions {
    size_t n_rows, n_outputs;
    float *scores; /* (n_rows, n_outputs) */
};

/* "binary", "multiclass", "regression"; "linear", "dnn", "gbdt". */
const char *model_task_name(enum model_task task);
const char *model_family_name(enum model_family family);
bool model_task_find(struct sl_str name, enum model_task *ret);
bool model_family_find(struct sl_str name, enum model_family *ret);

/* True for the files of an artifact that model_load wants: model.json, weights.safetensors and
 * what lies under transform/. */
bool model_wants_file(struct sl_str path);
/* Lifetime: the model lives in `a` and borrows the bytes of `files`.
 * Errors: invalid: a file is absent, or says what this evaluator does not know; corrupt: the
 * weights do not fit model.json. */
struct sl_err *model_load(struct sl_arena *a, const struct model_file *files, size_t n,
                          const struct model **ret) SL_MUST_USE;

/* model.json and the bytes of weights.safetensors: with the files of the transform, all that
 * model_load wants. The same model gives the same bytes. */
void model_format(const struct model *m, struct sl_buf *b);
void model_format_weights(const struct model *m, struct sl_buf *b);

/* Scores of transformed rows; columns are found by name, others are ignored.
 * Errors: invalid: a feature is absent, has another type, or an id beyond its vocabulary.
 * Lifetime: `a`. */
struct sl_err *model_predict(struct sl_arena *a, const struct model *m,
                             const struct table *features, struct predictions *ret) SL_MUST_USE;
/* Scores of raw rows, through the model's own transform. The label's column is not needed.
 * Errors: invalid: a column that the transform reads is absent or has another type. */
struct sl_err *model_predict_raw(struct sl_arena *a, const struct model *m, const struct table *raw,
                                 struct predictions *ret) SL_MUST_USE;
/* The class of a row (binary by threshold, multi-class the highest score, the first of equals). */
size_t model_class(const struct model *m, const struct predictions *p, size_t row);
