#include "core/learn/net.h"

#include "base/rng.h"
#include "tests/support/test.h"

#include <math.h>

static const struct input INPUTS[] = {
    {.name = SL_STR("a"), .kind = INPUT_FLOAT},
    {.name = SL_STR("b"), .kind = INPUT_ONE_HOT, .vocab_size = 3},
    {.name = SL_STR("c"), .kind = INPUT_EMBEDDING, .vocab_size = 4, .dim = 2},
};

static struct net *make(struct sl_arena *a, size_t n_hidden)
{
    struct net *net;
    assert_ok(net_new(a, INPUTS, 3, (const size_t[]){2}, n_hidden, 1, &net));
    return net;
}

/* Tables (3,2) and (4,2), layer (3,2)+2, layer (2,1)+1: one array without gaps. */
static void test_net__layout(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct net *net = make(a, 1);
    assert_int_equal(net->n_floats, 1);
    assert_int_equal(net->n_ids, 2);
    assert_int_equal(net->tables[0].width, 2);
    assert_int_equal(net->tables[1].offset, 6);
    assert_int_equal(net->tables[1].column, 1);
    assert_int_equal(net->tables_end, 14);
    assert_int_equal(net->layers[0].n_in, 3);
    assert_int_equal(net->layers[0].bias, 20);
    assert_int_equal(net->layers[1].weights, 22);
    assert_int_equal(net->n_params, 25);
    assert_int_equal(make(a, 0)->n_params, 3 + 8 + 3 + 1);
}

/* By hand: x = (a, e0, e1); h = relu(W'x + T[b] + bias). */
static void test_net__forward_by_hand(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct net *net = make(a, 1);
    const float params[] = {
        0,    0,     10, -10, 0, 0,       /* one-hot b */
        0,    0,     0,  0,   1, 2, 0, 0, /* embedding c */
        1,    2,     3,  4,   5, 6,       /* layer 0 */
        0.5f, -0.5f,                      /* its bias */
        1,    100,                        /* layer 1 */
        7,                                /* its bias */
    };
    net->params = params;
    const float floats[] = {2, -1};
    const uint32_t ids[] = {1, 2, 0, 0};
    float z[2];
    net_forward(net, floats, ids, 2, z);
    /* Row 0: 2 (1,2) + 1 (3,4) + 2 (5,6) + (10,-10) + bias = (25.5, 9.5). */
    assert_float_equal(z[0], 25.5 + 950 + 7, 1e-4);
    /* Row 1: -(1,2) + bias = (-0.5, -2.5), both cut. */
    assert_float_equal(z[1], 7, 0);
}

/* A row's result does not depend on the rows beside it. */
static void test_net__rows_are_independent(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    enum { N = 150 };
    struct net *net;
    assert_ok(net_new(a, INPUTS, 3, (const size_t[]){70, 33}, 2, 5, &net));
    float *params = SL_ARENA_ARRAY(a, float, net->n_params), floats[N], all[N * 5], one[5];
    uint32_t ids[N * 2];
    net_init_params(net, 3, params);
    net->params = params;
    struct sl_rng r;
    sl_rng_init(&r, 4);
    for (size_t i = 0; i < N; i++) {
        floats[i] = (float)sl_rng_normal(&r);
        ids[i * 2] = (uint32_t)sl_rng_below(&r, 3);
        ids[i * 2 + 1] = (uint32_t)sl_rng_below(&r, 4);
    }
    net_forward(net, floats, ids, N, all);
    for (size_t i = 0; i < N; i++) {
        net_forward(net, floats + i, ids + i * 2, 1, one);
        assert_memory_equal(one, all + i * 5, sizeof one);
    }
}

static void test_net__first_values(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct net *net;
    const struct input input = {
        .name = SL_STR("a"), .kind = INPUT_EMBEDDING, .vocab_size = 10, .dim = 200};
    assert_ok(net_new(a, &input, 1, (const size_t[]){300}, 1, 1, &net));
    float *p = SL_ARENA_ARRAY(a, float, net->n_params),
          *q = SL_ARENA_ARRAY(a, float, net->n_params);
    net_init_params(net, 1, p);
    net_init_params(net, 1, q);
    assert_memory_equal(p, q, net->n_params * sizeof *p);
    net_init_params(net, 2, q);
    assert_memory_not_equal(p, q, net->n_params * sizeof *p);
    const struct net_layer *l = &net->layers[0];
    double squares = 0;
    for (size_t i = l->weights; i < l->bias; i++)
        squares += (double)p[i] * (double)p[i];
    assert_float_equal(squares / (200 * 300), 2.0 / 200, 3e-4); /* He */
    for (size_t i = l->bias; i < l->bias + 300; i++)
        assert_float_equal(p[i], 0, 0);
}

static void test_net__sizes_out_of_bounds(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct net *net;
    struct input in = INPUTS[1];
    const size_t many[NET_MAX_HIDDEN + 1] = {1};
    assert_err(net_new(a, INPUTS, 3, (const size_t[]){0}, 1, 1, &net), INVALID, "hidden layer 0");
    assert_err(net_new(a, INPUTS, 3, (const size_t[]){20000}, 1, 1, &net), INVALID, "16384");
    assert_err(net_new(a, INPUTS, 3, many, NET_MAX_HIDDEN + 1, 1, &net), INVALID, "65 hidden");
    assert_err(net_new(a, INPUTS, 3, NULL, 0, 0, &net), INVALID, "0 outputs");
    in.vocab_size = 0;
    assert_err(net_new(a, &in, 1, NULL, 0, 1, &net), INVALID, "input 'b'");
    in.vocab_size = INT32_MAX;
    assert_err(net_new(a, &in, 1, (const size_t[]){16384}, 1, 1, &net), INVALID, "parameters");
    in.kind = INPUT_EMBEDDING;
    in.dim = 0;
    assert_err(net_new(a, &in, 1, NULL, 0, 1, &net), INVALID, "embedding");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net__layout),
        cmocka_unit_test(test_net__forward_by_hand),
        cmocka_unit_test(test_net__rows_are_independent),
        cmocka_unit_test(test_net__first_values),
        cmocka_unit_test(test_net__sizes_out_of_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
