#include "core/learn/optimizer.h"

#include <math.h>

const struct optimizer OPTIMIZER_ADAM_DEFAULT = {
    .kind = OPTIMIZER_ADAM, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f};

struct optimizer_step optimizer_at(const struct optimizer *o, float rate, uint64_t step)
{
    if (o->kind == OPTIMIZER_SGD)
        return (struct optimizer_step){.kind = o->kind, .rate = rate, .keep1 = o->momentum};
    /* As in section 2 of the paper, the corrections go into rate and epsilon. */
    const double left1 = 1 - pow(o->beta1, (double)step);
    const double left2 = sqrt(1 - pow(o->beta2, (double)step));
    return (struct optimizer_step){.kind = o->kind,
                                   .rate = (float)(rate * left2 / left1),
                                   .epsilon = (float)(o->epsilon * left2),
                                   .keep1 = o->beta1,
                                   .keep2 = o->beta2};
}

static void apply_adam(const struct optimizer_step *s, float l2, size_t n, float *restrict w,
                       const float *restrict g, float *restrict first, float *restrict second)
{
    const float rate = s->rate, epsilon = s->epsilon, b1 = s->keep1, b2 = s->keep2;
    for (size_t i = 0; i < n; i++) {
        float gi = g[i] + l2 * w[i];
        first[i] = b1 * first[i] + (1 - b1) * gi;
        second[i] = b2 * second[i] + (1 - b2) * gi * gi;
        w[i] -= rate * first[i] / (sqrtf(second[i]) + epsilon);
    }
}

static void apply_sgd(const struct optimizer_step *s, float l2, size_t n, float *restrict w,
                      const float *restrict g, float *restrict first)
{
    const float rate = s->rate, momentum = s->keep1;
    for (size_t i = 0; i < n; i++) {
        first[i] = momentum * first[i] + (g[i] + l2 * w[i]);
        w[i] -= rate * first[i];
    }
}

void optimizer_apply(const struct optimizer_step *s, float l2, size_t n, float *w, const float *g,
                     float *first, float *second)
{
    if (s->kind == OPTIMIZER_ADAM)
        apply_adam(s, l2, n, w, g, first, second);
    else
        apply_sgd(s, l2, n, w, g, first);
}

float schedule_rate(const struct schedule *s, uint64_t step)
{
    if (step < s->warmup_steps)
        return (float)(s->rate * (double)(step + 1) / (double)s->warmup_steps);
    double steps = (double)(s->total_steps - SL_MIN(s->total_steps, s->warmup_steps));
    double done = steps > 0 ? fmin((double)(step - s->warmup_steps) / steps, 1) : 0;
    switch (s->kind) {
    case SCHEDULE_CONSTANT:
        break;
    case SCHEDULE_COSINE:
        return (float)(s->rate * (1 + cos(M_PI * done)) / 2);
    case SCHEDULE_EXPONENTIAL:
        return (float)(s->rate * pow(s->decay, done));
    case SCHEDULE_LINEAR:
        return (float)(s->rate * (1 - done));
    }
    return (float)s->rate;
}
