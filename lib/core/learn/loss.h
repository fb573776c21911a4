/* What a model is trained to make small, and how its raw outputs become scores.
 *
 * binary: log loss of sigmoid(z); multi-class: log loss of softmax(z); regression: (z - y)^2 / 2.
 */
#pragma once

#include "core/learn/model.h"

/* The weighted loss of one row and its derivative by z. Shapes: z, ret_dz (n_out). */
double loss_row(enum model_task task, const float *z, size_t n_out, float label, float weight,
                float *ret_dz);
/* z to scores in place: probabilities, or the value itself. Shapes: z (n, n_out). */
void loss_scores(enum model_task task, float *z, size_t n, size_t n_out);
/* Raw outputs with the least loss when nothing is known of a row: log-odds, log shares, the mean.
 * Shapes: labels (n), weights (n) or NULL, ret (n_out). */
void loss_constant(enum model_task task, const float *labels, const float *weights, size_t n,
                   size_t n_out, float *ret);
/* Weighted mean loss of raw outputs. Shapes: z (n, n_out). */
double loss_mean(enum model_task task, const float *z, size_t n_out, const float *labels,
                 const float *weights, size_t n);
