/* L-BFGS with an optional l1 term (OWL-QN): the least of f(x) + sum_i l1_i |x_i|, where somebody
 * else computes f and its gradient.
 *
 *     struct lbfgs *o = lbfgs_new(a, n, l1, tolerance, x0);
 *     do {
 *         loss = f(lbfgs_point(o), gradient);
 *     } while ((state = lbfgs_tell(o, loss, gradient)) != LBFGS_DONE);
 *
 * Source: Nocedal, Wright, Numerical Optimization, 7.2; Andrew, Gao 2007 for l1. */
#pragma once

#include "base/arena.h"

enum lbfgs_outcome {
    LBFGS_TRIAL, /* the point was not good enough: evaluate the next on the same line */
    LBFGS_STEP,  /* the point was taken; another iteration follows */
    LBFGS_DONE,  /* x is as good as it gets: flat, or no decrease left along any line */
};

struct lbfgs;

/* It is done when no component of the gradient is larger than `tolerance`.
 * Shapes: l1 (n), >= 0, or NULL: none; x0 (n). Lifetime: `a`, l1 borrowed. */
struct lbfgs *lbfgs_new(struct sl_arena *a, size_t n, const double *l1, double tolerance,
                        const double *x0);
/* Where f is to be evaluated next. Shapes: (n). */
const double *lbfgs_point(const struct lbfgs *o);
/* f and its gradient (n) there. */
enum lbfgs_outcome lbfgs_tell(struct lbfgs *o, double loss, const double *gradient);
/* The best x so far, its f with the l1 term, and iterations done. */
const double *lbfgs_x(const struct lbfgs *o);
double lbfgs_loss(const struct lbfgs *o);
size_t lbfgs_iterations(const struct lbfgs *o);

/* All that it knows, as numbers, good to save after LBFGS_STEP; and back into one made with the
 * same n and l1. */
const double *lbfgs_state(const struct lbfgs *o, size_t *ret_n);
/* False: `n` is not the size of its state. */
bool lbfgs_restore(struct lbfgs *o, const double *state, size_t n);
