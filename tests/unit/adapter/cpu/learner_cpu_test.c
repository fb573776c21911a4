#include "adapter/cpu/learner_cpu.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "core/learn/batches.h"
#include "core/learn/loss.h"
#include "tests/support/test.h"

#include <math.h>

/* ---- an oracle: the same network in double, written the plain way ---- */

enum { ORACLE_WIDTH = 64 };

/* z of one row with one-hot vectors really made: a brute-force forward pass. */
static void oracle_forward(const struct net *net, const double *p, const float *floats,
                           const uint32_t *ids, double *z)
{
    double x[ORACLE_WIDTH] = {0}, y[ORACLE_WIDTH];
    for (size_t i = 0; i < net->n_floats; i++)
        x[i] = floats[i];
    for (size_t k = 0; k < net->n_ids; k++) {
        const struct net_table *t = &net->tables[k];
        for (size_t j = 0; j < t->width && !t->one_hot; j++)
            x[t->column + j] = p[t->offset + ids[k] * t->width + j];
    }
    for (size_t i = 0; i < net->n_layers; i++) {
        const struct net_layer *l = &net->layers[i];
        for (size_t j = 0; j < l->n_out; j++) {
            y[j] = p[l->bias + j];
            for (size_t k = 0; k < l->n_in; k++)
                y[j] += x[k] * p[l->weights + k * l->n_out + j];
            for (size_t k = 0; k < net->n_ids && i == 0; k++) {
                if (net->tables[k].one_hot)
                    y[j] += p[net->tables[k].offset + ids[k] * l->n_out + j];
            }
            if (i + 1 < net->n_layers && y[j] < 0)
                y[j] = 0;
        }
        memcpy(x, y, sizeof x);
    }
    memcpy(z, x, net->n_out * sizeof *z);
}

static double oracle_row_loss(enum model_task task, const double *z, size_t n_out, double label)
{
    double sum = 0;
    if (task == MODEL_REGRESSION)
        return (z[0] - label) * (z[0] - label) / 2;
    if (task == MODEL_BINARY)
        return label * log1p(exp(-z[0])) + (1 - label) * log1p(exp(z[0]));
    for (size_t k = 0; k < n_out; k++)
        sum += exp(z[k]);
    return log(sum) - z[(size_t)label];
}

static double oracle_loss(const struct net *net, enum model_task task, const double *p,
                          const struct dataset *d)
{
    double loss = 0, weight = 0, z[ORACLE_WIDTH];
    for (size_t r = 0; r < d->n_rows; r++) {
        oracle_forward(net, p, d->floats + r * d->n_floats, d->ids + r * d->n_ids, z);
        loss += dataset_weight(d, r) * oracle_row_loss(task, z, net->n_out, d->labels[r]);
        weight += dataset_weight(d, r);
    }
    return loss / weight;
}

/* ---- what is learnt from ---- */

static const struct input INPUTS[] = {
    {.name = SL_STR("a"), .kind = INPUT_FLOAT},
    {.name = SL_STR("b"), .kind = INPUT_ONE_HOT, .vocab_size = 5},
    {.name = SL_STR("c"), .kind = INPUT_FLOAT},
    {.name = SL_STR("d"), .kind = INPUT_EMBEDDING, .vocab_size = 7, .dim = 3},
    {.name = SL_STR("e"), .kind = INPUT_ONE_HOT, .vocab_size = 2},
};

static struct net *make_net(struct sl_arena *a, size_t n_hidden, size_t n_out)
{
    struct net *net;
    assert_ok(net_new(a, INPUTS, SL_COUNTOF(INPUTS), (size_t[]){9, 6}, n_hidden, n_out, &net));
    return net;
}

static struct dataset make_data(struct sl_arena *a, size_t n, enum model_task task, size_t n_out,
                                uint64_t seed, bool weighted)
{
    struct dataset d = {.n_rows = n, .n_floats = 2, .n_ids = 3};
    struct sl_rng r;
    sl_rng_init(&r, seed);
    d.floats = SL_ARENA_ARRAY(a, float, n * 2);
    d.ids = SL_ARENA_ARRAY(a, uint32_t, n * 3);
    d.labels = SL_ARENA_ARRAY(a, float, n);
    d.weights = weighted ? SL_ARENA_ARRAY(a, float, n) : NULL;
    static const uint32_t sizes[] = {5, 7, 2};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 2; k++)
            d.floats[i * 2 + k] = (float)sl_rng_normal(&r);
        for (size_t k = 0; k < 3; k++)
            d.ids[i * 3 + k] = (uint32_t)sl_rng_below(&r, sizes[k]);
        float x = d.floats[i * 2] + (float)d.ids[i * 3] / 4;
        d.labels[i] = x;
        if (task == MODEL_BINARY)
            d.labels[i] = x + (float)sl_rng_normal(&r) > 0.5f;
        else if (task == MODEL_MULTICLASS)
            d.labels[i] = (float)sl_rng_below(&r, n_out);
        if (weighted)
            d.weights[i] = (float)sl_rng_f64(&r);
    }
    return d;
}

static struct learner *make_learner(const struct net *net, enum model_task task,
                                    const struct dataset *d, struct workers *w, float dropout,
                                    uint64_t seed)
{
    struct learner_config config = {.net = net,
                                    .task = task,
                                    .optimizer = OPTIMIZER_ADAM_DEFAULT,
                                    .dropout = dropout,
                                    .seed = seed,
                                    .train = d,
                                    .val = d};
    struct learner *l = learner_cpu_new(&config, w);
    SL_AUTOFREE float *params = SL_NEW_ARRAY(float, net->n_params);
    net_init_params(net, seed, params);
    for (size_t i = 0; i < net->n_params; i++) /* no zeros: every path of the gradient is used */
        params[i] += 0.05f * (float)(int)(i % 7) - 0.15f;
    assert_ok(l->ops->set(l, &(struct learner_state){.params = params}));
    return l;
}

/* ---- gradients ---- */

static void check_gradient(size_t n_hidden, enum model_task task, size_t n_out, bool weighted)
{
    SL_AUTOARENA(a);
    struct workers *w = workers_new(2);
    struct net *net = make_net(a, n_hidden, n_out);
    struct dataset d = make_data(a, 300, task, n_out, 11, weighted);
    struct learner *l = make_learner(net, task, &d, w, 0, 5);
    float *params = SL_ARENA_ARRAY(a, float, net->n_params);
    assert_ok(l->ops->get(l, &(struct learner_state){.params = params}));
    double *p = SL_ARENA_ARRAY(a, double, net->n_params);
    double *gradient = SL_ARENA_ARRAY(a, double, net->n_params);
    for (size_t i = 0; i < net->n_params; i++)
        p[i] = params[i];

    double loss;
    assert_ok(l->ops->gradient(l, &loss, gradient));
    assert_float_equal(loss, oracle_loss(net, task, p, &d), 1e-5);
    for (size_t i = 0; i < net->n_params; i++) {
        const double h = 1e-6, at = p[i];
        p[i] = at + h;
        double above = oracle_loss(net, task, p, &d);
        p[i] = at - h;
        double below = oracle_loss(net, task, p, &d);
        p[i] = at;
        double expected = (above - below) / (2 * h);
        if (fabs(gradient[i] - expected) > 2e-5 * fmax(1, fabs(expected)))
            fail_msg("parameter %zu: %g, finite difference %g", i, gradient[i], expected);
    }
    learner_free(l);
    workers_free(w);
}

static void test_learner_cpu__gradients_equal_finite_differences(void **state)
{
    (void)state;
    for (size_t n_hidden = 0; n_hidden <= 2; n_hidden++) {
        check_gradient(n_hidden, MODEL_BINARY, 1, false);
        check_gradient(n_hidden, MODEL_REGRESSION, 1, true);
        check_gradient(n_hidden, MODEL_MULTICLASS, 4, true);
    }
}

/* ---- determinism ---- */

static void train(struct sl_arena *a, int threads, float dropout, size_t batch, float **ret)
{
    struct workers *w = workers_new(threads);
    struct net *net = make_net(a, 2, 1);
    struct dataset d = make_data(a, 3000, MODEL_BINARY, 1, 3, true);
    struct learner *l = make_learner(net, MODEL_BINARY, &d, w, dropout, 7);
    struct batches b;
    batches_init(&b, d.n_rows, batch, 7, true);
    for (uint64_t step = 0; step < 25; step++) {
        size_t n;
        const uint32_t *rows = batches_at(&b, step, &n);
        assert_ok(learner_step(l, step, rows, n, 0.01f, NULL));
    }
    *ret = SL_ARENA_ARRAY(a, float, net->n_params + d.n_rows);
    assert_ok(l->ops->get(l, &(struct learner_state){.params = *ret}));
    assert_ok(l->ops->forward(l, LEARNER_VAL, *ret + net->n_params));
    batches_deinit(&b);
    learner_free(l);
    workers_free(w);
}

static void test_learner_cpu__the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    static const size_t batches[] = {40, 700, 2500};
    for (size_t i = 0; i < SL_COUNTOF(batches); i++) {
        SL_AUTOARENA(a);
        size_t n = make_net(a, 2, 1)->n_params + 3000;
        float *one, *two, *seven;
        train(a, 1, 0.3f, batches[i], &one);
        train(a, 2, 0.3f, batches[i], &two);
        train(a, 7, 0.3f, batches[i], &seven);
        assert_memory_equal(one, two, n * sizeof *one);
        assert_memory_equal(one, seven, n * sizeof *one);
    }
}

/* State taken after some steps and given to a new learner goes on as if nothing had happened. */
static void test_learner_cpu__goes_on_from_a_state(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct workers *w = workers_new(1);
    struct net *net = make_net(a, 2, 1);
    struct dataset d = make_data(a, 500, MODEL_BINARY, 1, 3, false);
    struct learner *whole = make_learner(net, MODEL_BINARY, &d, w, 0.2f, 7);
    struct learner *first = make_learner(net, MODEL_BINARY, &d, w, 0.2f, 7);
    struct learner *second = make_learner(net, MODEL_BINARY, &d, w, 0.2f, 7);
    struct batches b;
    batches_init(&b, d.n_rows, 64, 7, true);
    float *s[3];
    for (size_t i = 0; i < 3; i++)
        s[i] = SL_ARENA_ARRAY(a, float, net->n_params);
    for (uint64_t step = 0; step < 20; step++) {
        size_t n;
        const uint32_t *rows = batches_at(&b, step, &n);
        assert_ok(learner_step(whole, step, rows, n, 0.01f, NULL));
        assert_ok(learner_step(step < 9 ? first : second, step, rows, n, 0.01f, NULL));
        if (step == 8) {
            struct learner_state saved = {s[0], s[1], s[2]};
            assert_ok(first->ops->get(first, &saved));
            assert_ok(second->ops->set(second, &saved));
        }
    }
    float *x = SL_ARENA_ARRAY(a, float, net->n_params),
          *y = SL_ARENA_ARRAY(a, float, net->n_params);
    assert_ok(whole->ops->get(whole, &(struct learner_state){.params = x}));
    assert_ok(second->ops->get(second, &(struct learner_state){.params = y}));
    assert_memory_equal(x, y, net->n_params * sizeof *x);
    batches_deinit(&b);
    learner_free(whole);
    learner_free(first);
    learner_free(second);
    workers_free(w);
}

/* ---- learning ---- */

static void test_learner_cpu__learns_xor(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct workers *w = workers_new(1);
    const struct input inputs[] = {{.kind = INPUT_FLOAT}, {.kind = INPUT_FLOAT}};
    struct net *net;
    assert_ok(net_new(a, inputs, 2, (size_t[]){8}, 1, 1, &net));
    float floats[] = {0, 0, 0, 1, 1, 0, 1, 1}, labels[] = {0, 1, 1, 0}, z[4];
    struct dataset d = {.n_rows = 4, .n_floats = 2, .floats = floats, .labels = labels};
    struct learner *l = make_learner(net, MODEL_BINARY, &d, w, 0, 1);
    for (uint64_t step = 0; step < 500; step++)
        assert_ok(learner_step(l, step, (uint32_t[]){0, 1, 2, 3}, 4, 0.05f, NULL));
    assert_ok(l->ops->forward(l, LEARNER_TRAIN, z));
    loss_scores(MODEL_BINARY, z, 4, 1);
    for (size_t i = 0; i < 4; i++)
        assert_float_equal(z[i], labels[i], 0.05);
    learner_free(l);
    workers_free(w);
}

/* What a step reports is the batch's loss before it. */
static void test_learner_cpu__step_reports_the_loss_of_its_batch(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct workers *w = workers_new(2);
    struct net *net = make_net(a, 1, 1);
    struct dataset d = make_data(a, 400, MODEL_BINARY, 1, 9, true);
    struct learner *l = make_learner(net, MODEL_BINARY, &d, w, 0, 2);
    double *gradient = SL_ARENA_ARRAY(a, double, net->n_params), all, batch;
    uint32_t *rows = SL_ARENA_ARRAY(a, uint32_t, d.n_rows);
    for (size_t i = 0; i < d.n_rows; i++)
        rows[i] = (uint32_t)(d.n_rows - 1 - i);
    assert_ok(l->ops->gradient(l, &all, gradient));
    assert_ok(learner_step(l, 0, rows, d.n_rows, 0.01f, &batch));
    assert_float_equal(all, batch, 1e-6);
    learner_free(l);
    workers_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learner_cpu__gradients_equal_finite_differences),
        cmocka_unit_test(test_learner_cpu__the_same_for_any_number_of_threads),
        cmocka_unit_test(test_learner_cpu__goes_on_from_a_state),
        cmocka_unit_test(test_learner_cpu__learns_xor),
        cmocka_unit_test(test_learner_cpu__step_reports_the_loss_of_its_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
