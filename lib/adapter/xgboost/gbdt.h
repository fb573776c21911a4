/* Gradient-boosted trees by libxgboost: one round at a time.
 *
 * The library keeps its own copy of the data; when the booster is made, the caller's may go. Its
 * threads are its own (OpenMP). The result is the same for the same library, CPU kind and number of
 * threads. */
#pragma once

#include "base/err.h"
#include "core/learn/dataset.h"
#include "core/learn/forest.h"
#include "core/learn/model.h"

struct gbdt_config {
    enum model_task task;
    size_t n_outputs;
    float base; /* binary: the prior probability, in (0, 1); regression: the mean */
    double rate, l1, l2, gamma, min_child_weight, subsample, column_sample;
    int64_t depth, bins, seed;
    int threads;
};

struct gbdt;

/* A booster without rounds, or one that goes on from `state` (of gbdt_save) when that is not empty.
 * Only floats (NaN is missing), labels and weights of the data are read; val may be NULL.
 * Errors: internal: the library's message. corrupt: `state` is none of these. */
struct sl_err *gbdt_new(const struct gbdt_config *config, const struct dataset *train,
                        const struct dataset *val, struct sl_str state,
                        struct gbdt **ret) SL_MUST_USE;
void gbdt_free(struct gbdt *g);
/* Adds round `round` (from 0) and gives the weighted mean losses after it (log loss; half the mean
 * squared error). ret_val is NaN without val. */
struct sl_err *gbdt_round(struct gbdt *g, int64_t round, double *ret_train,
                          double *ret_val) SL_MUST_USE;
/* All that is needed to go on. Lifetime: `a`. */
struct sl_err *gbdt_save(struct gbdt *g, struct sl_arena *a, struct sl_str *ret) SL_MUST_USE;
/* Starts a new booster from what gbdt_save gave, as another process would. The library's random
 * numbers (row and column sampling) depend on when a booster was made: where they are used and a
 * run may be interrupted, one restarts at fixed rounds, so that both runs draw the same. */
struct sl_err *gbdt_restart(struct gbdt *g, struct sl_str state) SL_MUST_USE;
/* XGBoost's own model file (JSON). Lifetime: `a`. */
struct sl_err *gbdt_model(struct gbdt *g, struct sl_arena *a, struct sl_str *ret) SL_MUST_USE;
/* The first `n_rounds` rounds as a forest, base included. Lifetime: `a`. */
struct sl_err *gbdt_forest(struct gbdt *g, struct sl_arena *a, size_t n_rounds,
                           struct forest **ret) SL_MUST_USE;
