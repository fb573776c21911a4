/* Training a network, step by step, wherever the arithmetic is done: the CPU now, a GPU behind the
 * same functions. The learner holds parameters, the optimiser's memory and the data; what a step's
 * batch is, when to stop and what to keep is decided above it. One thread calls a learner. */
#pragma once

#include "base/err.h"
#include "core/learn/dataset.h"
#include "core/learn/model.h"
#include "core/learn/net.h"
#include "core/learn/optimizer.h"

struct learner_config {
    const struct net *net; /* the shape */
    enum model_task task;
    struct optimizer optimizer;
    float l2;      /* on weights, embeddings of the batch's ids included; never on biases */
    float dropout; /* share of each hidden layer's units that a step leaves out, in [0, 1) */
    uint64_t seed; /* of dropout */
    const struct dataset *train, *val; /* borrowed until the learner is freed; val may be NULL */
};

enum learner_set { LEARNER_TRAIN, LEARNER_VAL };

/* All that a learner has learnt. Shapes: each (net->n_params); a NULL array is left alone. */
struct learner_state {
    float *params, *first, *second;
};

struct learner;

struct learner_ops {
    /* One optimiser step (index from 0) on a batch of training rows; ret_loss is the batch's
     * weighted mean loss before it. With ret_loss NULL the call may return before the work is done.
     */
    struct sl_err *(*step)(struct learner *l, uint64_t step, const uint32_t *rows, size_t n_rows,
                           float rate, double *ret_loss);
    /* Weighted mean loss over all training rows at the present parameters, and its gradient,
     * without l2. Shapes: ret_gradient (n_params). */
    struct sl_err *(*gradient)(struct learner *l, double *ret_loss, double *ret_gradient);
    /* z of every row of a set. Shapes: ret (n_rows, n_out). */
    struct sl_err *(*forward)(struct learner *l, enum learner_set set, float *ret);
    struct sl_err *(*get)(struct learner *l, const struct learner_state *to);
    struct sl_err *(*set)(struct learner *l, const struct learner_state *from);
    void (*free)(struct learner *l);
};

struct learner {
    const struct learner_ops *ops;
};

static inline struct sl_err *learner_step(struct learner *l, uint64_t step, const uint32_t *rows,
                                          size_t n_rows, float rate, double *ret_loss)
{
    return l->ops->step(l, step, rows, n_rows, rate, ret_loss);
}

static inline void learner_free(struct learner *l)
{
    if (l)
        l->ops->free(l);
}
