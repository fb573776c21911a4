#include "core/learn/ranking.h"

#include "base/rng.h"
#include "tests/support/test.h"

#include <math.h>

static void test_ranking__ties_keep_their_order_and_end_once(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const double scores[] = {0.5, -0.0, 2, 0.5, 0.0, -3, INFINITY, -INFINITY};
    const double labels[] = {1, 0, 1, 0, 1, 0, 1, 0};
    const uint32_t rows[] = {6, 2, 0, 3, 1, 4, 5, 7};
    const uint8_t flags[] = {3, 3, 1, 2, 0, 3, 2, 2};
    struct ranking r;
    ranking_init(a, scores, labels, 1, 8, &r);
    assert_int_equal(r.n, 8);
    assert_memory_equal(r.rows, rows, sizeof rows);
    assert_memory_equal(r.flags, flags, sizeof flags);
    ranking_init(a, scores, labels, 1, 0, &r);
    assert_int_equal(r.n, 0);
    assert_true(isnan(ranking_auc(&r, NULL, NULL)));
}

/* AUC as its definition: over all pairs. */
static double by_pairs(const double *scores, const double *labels, const double *w, size_t n)
{
    double hit = 0, all = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (labels[i] == 1 && labels[k] != 1) {
                all += w[i] * w[k];
                hit += w[i] * w[k] * (scores[i] > scores[k] ? 1 : scores[i] == scores[k] ? 0.5 : 0);
            }
    return hit / all;
}

static void test_ranking__auc_is_the_share_of_pairs(void **state)
{
    (void)state;
    enum { N = 300 };
    struct sl_rng rng;
    sl_rng_init(&rng, 5);
    for (int round = 0; round < 5; round++) {
        SL_AUTOARENA(a);
        double scores[N], labels[N], weights[N], both[N];
        uint8_t counts[N];
        for (size_t i = 0; i < N; i++) {
            /* Few values: many ties. */
            scores[i] = (double)sl_rng_below(&rng, 20) / 7 - 1;
            labels[i] = (double)sl_rng_below(&rng, 3);
            weights[i] = sl_rng_f64(&rng);
            counts[i] = (uint8_t)sl_rng_below(&rng, 4);
            both[i] = weights[i] * counts[i];
        }
        struct ranking r;
        ranking_init(a, scores, labels, 1, N, &r);
        assert_close(ranking_auc(&r, weights, NULL), by_pairs(scores, labels, weights, N), 1e-12);
        assert_close(ranking_auc(&r, weights, counts), by_pairs(scores, labels, both, N), 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranking__ties_keep_their_order_and_end_once),
        cmocka_unit_test(test_ranking__auc_is_the_share_of_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
