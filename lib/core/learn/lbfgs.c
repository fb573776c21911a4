#include "core/learn/lbfgs.h"

#include <math.h>

enum { MEMORY = 10, MAX_TRIALS = 40 };

#define ARMIJO    1e-4
#define FLAT_LOSS 1e-12 /* relative: a smaller decrease is only rounding */

/* Everything that changes lies in one array of doubles, so that a checkpoint is a copy of it. */
enum scalar { LOSS, STARTED, ITERATIONS, PAIRS, NEWEST, LENGTH, TRIALS, SCALARS };

struct lbfgs {
    size_t n;
    const double *l1;
    double tolerance;
    double *state;
    size_t state_n;
    double *scalars;   /* (SCALARS) */
    double *x, *g;     /* (n) the point taken last, and f's gradient there */
    double *direction; /* (n) */
    double *trial;     /* (n) */
    double *s, *y;     /* (MEMORY, n) steps and changes of the gradient */
    double *rho;       /* (MEMORY) 1 / s.y */
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

struct lbfgs *lbfgs_new(struct sl_arena *a, size_t n, const double *l1, double tolerance,
                        const double *x0)
{
    struct lbfgs *o = SL_ARENA_NEW(a, struct lbfgs);
    o->n = n;
    o->l1 = l1;
    o->tolerance = tolerance;
    o->state_n = SCALARS + MEMORY + n * (4 + 2 * MEMORY);
    o->state = SL_ARENA_ARRAY(a, double, o->state_n);
    o->scalars = o->state;
    o->rho = o->scalars + SCALARS;
    o->x = o->rho + MEMORY;
    o->g = o->x + n;
    o->direction = o->g + n;
    o->trial = o->direction + n;
    o->s = o->trial + n;
    o->y = o->s + MEMORY * n;
    memcpy(o->x, x0, n * sizeof *x0);
    memcpy(o->trial, x0, n * sizeof *x0);
    return o;
}

const double *lbfgs_point(const struct lbfgs *o)
{
    return o->trial;
}

const double *lbfgs_x(const struct lbfgs *o)
{
    return o->x;
}

double lbfgs_loss(const struct lbfgs *o)
{
    return o->scalars[LOSS];
}

size_t lbfgs_iterations(const struct lbfgs *o)
{
    return (size_t)o->scalars[ITERATIONS];
}

const double *lbfgs_state(const struct lbfgs *o, size_t *ret_n)
{
    *ret_n = o->state_n;
    return o->state;
}

bool lbfgs_restore(struct lbfgs *o, const double *state, size_t n)
{
    if (n != o->state_n)
        return false;
    memcpy(o->state, state, n * sizeof *state);
    return true;
}

static double penalty(const struct lbfgs *o, const double *x)
{
    double sum = 0;
    for (size_t i = 0; o->l1 && i < o->n; i++)
        sum += o->l1[i] * fabs(x[i]);
    return sum;
}

/* The slope of f + l1 |x| along coordinate i in the direction of descent; at zero both sides are
 * looked at. */
static double slope(const struct lbfgs *o, size_t i)
{
    double g = o->g[i], l1 = o->l1 ? o->l1[i] : 0;
    if (o->x[i] > 0)
        return g + l1;
    if (o->x[i] < 0)
        return g - l1;
    return g + l1 < 0 ? g + l1 : g - l1 > 0 ? g - l1 : 0;
}

/* direction = -H slope: the two loops. Index of the pair `age` steps old. */
static size_t pair(const struct lbfgs *o, size_t age)
{
    return ((size_t)o->scalars[NEWEST] + MEMORY - age) % MEMORY;
}

static void find_direction(struct lbfgs *o)
{
    size_t n = o->n, pairs = (size_t)o->scalars[PAIRS];
    double *d = o->direction, alpha[MEMORY] = {0};
    for (size_t i = 0; i < n; i++)
        d[i] = -slope(o, i);
    for (size_t age = 0; age < pairs; age++) {
        size_t k = pair(o, age);
        alpha[k] = o->rho[k] * dot(o->s + k * n, d, n);
        for (size_t i = 0; i < n; i++)
            d[i] -= alpha[k] * o->y[k * n + i];
    }
    if (pairs > 0) {
        size_t k = pair(o, 0);
        double scale = 1 / (o->rho[k] * dot(o->y + k * n, o->y + k * n, n));
        for (size_t i = 0; i < n; i++)
            d[i] *= scale;
    }
    for (size_t age = pairs; age-- > 0;) {
        size_t k = pair(o, age);
        double beta = o->rho[k] * dot(o->y + k * n, d, n);
        for (size_t i = 0; i < n; i++)
            d[i] += (alpha[k] - beta) * o->s[k * n + i];
    }
    for (size_t i = 0; i < n && o->l1; i++) /* never against the slope */
        d[i] = d[i] * slope(o, i) < 0 ? d[i] : 0;
}

/* trial = x + length direction; with l1 a coordinate stops at zero rather than change its sign. */
static void place_trial(struct lbfgs *o)
{
    for (size_t i = 0; i < o->n; i++) {
        double to = o->x[i] + o->scalars[LENGTH] * o->direction[i];
        double side = o->x[i] != 0 ? o->x[i] : -slope(o, i);
        o->trial[i] = o->l1 && o->l1[i] > 0 && to * side <= 0 ? 0 : to;
    }
}

/* What the straight line promises for the step from x to trial: negative. */
static double promised(const struct lbfgs *o)
{
    double sum = 0;
    for (size_t i = 0; i < o->n; i++)
        sum += slope(o, i) * (o->trial[i] - o->x[i]);
    return sum;
}

static void remember(struct lbfgs *o, const double *gradient)
{
    size_t n = o->n, k = ((size_t)o->scalars[NEWEST] + 1) % MEMORY;
    double *s = o->s + k * n, *y = o->y + k * n;
    for (size_t i = 0; i < n; i++) {
        s[i] = o->trial[i] - o->x[i];
        y[i] = gradient[i] - o->g[i];
    }
    double curvature = dot(s, y, n);
    if (curvature <= 1e-12 * dot(y, y, n))
        return; /* no curvature to learn from: the older pairs stay */
    o->rho[k] = 1 / curvature;
    o->scalars[NEWEST] = (double)k;
    o->scalars[PAIRS] = fmin(o->scalars[PAIRS] + 1, MEMORY);
}

/* From the point just taken: done, or the first trial of the next line. */
static enum lbfgs_outcome next_line(struct lbfgs *o)
{
    double steepest = 0, norm = 0;
    for (size_t i = 0; i < o->n; i++) {
        steepest = fmax(steepest, fabs(slope(o, i)));
        norm += slope(o, i) * slope(o, i);
    }
    if (steepest <= o->tolerance)
        return LBFGS_DONE;
    find_direction(o);
    o->scalars[LENGTH] = o->scalars[PAIRS] > 0 ? 1 : fmin(1, 1 / sqrt(norm));
    o->scalars[TRIALS] = 0;
    place_trial(o);
    return LBFGS_STEP;
}

enum lbfgs_outcome lbfgs_tell(struct lbfgs *o, double loss, const double *gradient)
{
    double all = loss + penalty(o, o->trial), before = o->scalars[LOSS];
    bool first = o->scalars[STARTED] == 0;
    if (!first && !(all <= before + ARMIJO * promised(o))) {
        o->scalars[TRIALS]++;
        if (o->scalars[TRIALS] >= MAX_TRIALS) {
            memcpy(o->trial, o->x, o->n * sizeof *o->x);
            return LBFGS_DONE;
        }
        o->scalars[LENGTH] /= 2;
        place_trial(o);
        return LBFGS_TRIAL;
    }
    if (!first)
        remember(o, gradient);
    memcpy(o->x, o->trial, o->n * sizeof *o->x);
    memcpy(o->g, gradient, o->n * sizeof *o->g);
    o->scalars[LOSS] = all;
    o->scalars[STARTED] = 1;
    o->scalars[ITERATIONS] += !first;
    if (!first && before - all <= FLAT_LOSS * fmax(fabs(all), 1))
        return LBFGS_DONE;
    return next_line(o);
}
