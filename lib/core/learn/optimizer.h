/* Steps of gradient descent on a range of parameters, and the learning rate at a step. */
#pragma once

#include "base/attr.h"

enum optimizer_kind { OPTIMIZER_ADAM, OPTIMIZER_SGD };

/* adam: Kingma, Ba 2015, with bias correction. sgd: v = momentum v + g; w -= rate v. */
struct optimizer {
    enum optimizer_kind kind;
    float momentum;     /* sgd */
    float beta1, beta2; /* adam */
    float epsilon;      /* adam */
};

extern const struct optimizer OPTIMIZER_ADAM_DEFAULT; /* 0.9, 0.999, 1e-8 */

/* The constants of one step. */
struct optimizer_step {
    enum optimizer_kind kind;
    float rate, epsilon; /* adam: with the bias corrections folded in */
    float keep1, keep2;  /* what is left of the memories: momentum, or beta1 and beta2 */
};

/* `step` counts from 1. */
struct optimizer_step optimizer_at(const struct optimizer *o, float rate, uint64_t step);
/* The step on `n` parameters; l2 adds l2 w to the gradient. Shapes: w, g, first, second (n); first
 * and second are the optimiser's memory, zero at the start (sgd leaves second alone). */
void optimizer_apply(const struct optimizer_step *s, float l2, size_t n, float *w, const float *g,
                     float *first, float *second);

enum schedule_kind {
    SCHEDULE_CONSTANT,
    SCHEDULE_COSINE,      /* to zero at the last step */
    SCHEDULE_EXPONENTIAL, /* times `decay` over all steps */
    SCHEDULE_LINEAR,      /* to zero at the last step */
};

struct schedule {
    enum schedule_kind kind;
    double rate;
    double decay;          /* EXPONENTIAL: what is left of the rate at the end */
    uint64_t warmup_steps; /* the rate rises from rate / warmup to rate */
    uint64_t total_steps;
};

/* The rate of step `step`, from 0. */
float schedule_rate(const struct schedule *s, uint64_t step);
