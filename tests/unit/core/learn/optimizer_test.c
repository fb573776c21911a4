#include "core/learn/optimizer.h"

#include "core/learn/batches.h"
#include "tests/support/test.h"

#include <math.h>

/* PyTorch 2.x, torch.optim.Adam(lr=0.1) on w = [1, -2] with gradients [0.5, -1], [0.1, 0.2]; the
 * numbers follow from the paper's algorithm 1 by hand as well: the first step is the rate. */
static void test_optimizer__adam_of_the_paper(void **state)
{
    (void)state;
    float w[] = {1, -2}, m[2] = {0}, v[2] = {0};
    const float g1[] = {0.5f, -1}, g2[] = {0.1f, 0.2f};
    struct optimizer_step s = optimizer_at(&OPTIMIZER_ADAM_DEFAULT, 0.1f, 1);
    optimizer_apply(&s, 0, 2, w, g1, m, v);
    assert_float_equal(w[0], 0.9, 1e-6);
    assert_float_equal(w[1], -1.9, 1e-6);
    s = optimizer_at(&OPTIMIZER_ADAM_DEFAULT, 0.1f, 2);
    optimizer_apply(&s, 0, 2, w, g2, m, v);
    for (size_t i = 0; i < 2; i++) {
        double m2 = (0.9 * 0.1 * (double)g1[i] + 0.1 * (double)g2[i]) / (1 - 0.81);
        double v2 = (0.999 * 0.001 * (double)g1[i] * (double)g1[i] +
                     0.001 * (double)g2[i] * (double)g2[i]) /
                    (1 - 0.999 * 0.999);
        double after = (i ? -1.9 : 0.9) - 0.1 * m2 / (sqrt(v2) + 1e-8);
        assert_float_equal(w[i], after, 1e-5);
    }
}

static void test_optimizer__sgd_with_momentum_and_l2(void **state)
{
    (void)state;
    const struct optimizer o = {.kind = OPTIMIZER_SGD, .momentum = 0.5f};
    float w[] = {2}, m[] = {0};
    const float g[] = {1};
    struct optimizer_step s = optimizer_at(&o, 0.1f, 1);
    optimizer_apply(&s, 0.25f, 1, w, g, m, NULL); /* v = 1 + 0.25 * 2 = 1.5; w = 2 - 0.15 */
    assert_float_equal(w[0], 1.85, 1e-6);
    optimizer_apply(&s, 0.25f, 1, w, g, m, NULL); /* v = 0.75 + 1 + 0.4625 = 2.2125 */
    assert_float_equal(w[0], 1.85 - 0.22125, 1e-6);
}

static void test_optimizer__schedules(void **state)
{
    (void)state;
    struct schedule s = {
        .kind = SCHEDULE_CONSTANT, .rate = 0.4, .total_steps = 110, .warmup_steps = 10};
    assert_float_equal(schedule_rate(&s, 0), 0.04, 1e-7);
    assert_float_equal(schedule_rate(&s, 9), 0.4, 1e-7);
    assert_float_equal(schedule_rate(&s, 500), 0.4, 1e-7);
    s.kind = SCHEDULE_COSINE;
    assert_float_equal(schedule_rate(&s, 10), 0.4, 1e-7);
    assert_float_equal(schedule_rate(&s, 60), 0.2, 1e-7);
    assert_float_equal(schedule_rate(&s, 110), 0, 1e-7);
    s.kind = SCHEDULE_LINEAR;
    assert_float_equal(schedule_rate(&s, 35), 0.3, 1e-7);
    s.kind = SCHEDULE_EXPONENTIAL;
    s.decay = 0.01;
    assert_float_equal(schedule_rate(&s, 60), 0.04, 1e-7);
    assert_float_equal(schedule_rate(&s, 110), 0.004, 1e-7);
}

/* Every epoch holds every row once; the same seed and step give the same rows, in whatever order
 * steps are asked for. */
static void test_batches__epochs_are_permutations(void **state)
{
    (void)state;
    struct batches b, again;
    batches_init(&b, 103, 20, 5, true);
    batches_init(&again, 103, 20, 5, true);
    assert_int_equal(batches_per_epoch(&b), 6);
    uint32_t first[20];
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        int seen[103] = {0};
        for (uint64_t k = 0; k < 6; k++) {
            size_t n;
            const uint32_t *rows = batches_at(&b, epoch * 6 + k, &n);
            assert_int_equal(n, k < 5 ? 20 : 3);
            for (size_t i = 0; i < n; i++)
                seen[rows[i]]++;
            if (epoch == 0 && k == 0)
                memcpy(first, rows, sizeof first);
            if (epoch == 1 && k == 0)
                assert_memory_not_equal(first, rows, sizeof first);
        }
        for (size_t i = 0; i < 103; i++)
            assert_int_equal(seen[i], 1);
    }
    size_t n;
    batches_at(&again, 13, &n);
    assert_memory_equal(batches_at(&again, 0, &n), first, sizeof first);
    batches_deinit(&b);
    batches_deinit(&again);
}

static void test_batches__a_batch_larger_than_the_data_is_the_data(void **state)
{
    (void)state;
    struct batches b;
    batches_init(&b, 3, 1000, 5, false);
    size_t n;
    const uint32_t *rows = batches_at(&b, 7, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(rows, ((uint32_t[]){0, 1, 2}), 12);
    batches_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimizer__adam_of_the_paper),
        cmocka_unit_test(test_optimizer__sgd_with_momentum_and_l2),
        cmocka_unit_test(test_optimizer__schedules),
        cmocka_unit_test(test_batches__epochs_are_permutations),
        cmocka_unit_test(test_batches__a_batch_larger_than_the_data_is_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
