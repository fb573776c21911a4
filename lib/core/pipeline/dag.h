/* The graph of a pipeline's steps. */
#pragma once

#include "core/pipeline/spec.h"

/* An order in which every step stands after those it waits for; among those that could stand next,
 * the first of the manifest. Steps of onExit come last.
 * Shapes:   ret_order (n_steps) step indices. Lifetime: `a`.
 * Errors:   invalid: a cycle, named step by step. */
struct sl_err *dag_order(struct sl_arena *a, const struct spec_pipeline *p,
                         size_t **ret_order) SL_MUST_USE;
