#include "tests/support/test.h"

#include "core/data/sketch_priority.h"

#include <math.h>

/* Exact while nothing was dropped. */
static void test_sketch_priority__few_values_are_themselves(void **state)
{
    (void)state;
    struct priority_sample *s = priority_sample_new(1, 1);
    priority_sample_add(s, 5, 0.25);
    priority_sample_add(s, 6, 0);
    priority_sample_add(s, 7, 1e300);
    assert_int_equal(s->n, 2);
    assert_true(priority_sample_weight(s, 0) == 0.25);
    assert_true(priority_sample_weight(s, 1) == 1e300);
    priority_sample_free(s);
}

/* Uniform values whose weight grows with them: at rank q lies sqrt(q). */
static void check_ranks(const struct priority_sample *s, double total)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += priority_sample_weight(s, i);
    assert_true(fabs(sum / total - 1) < PRIORITY_RANK_ERROR);
    for (double q = 0.1; q < 0.95; q += 0.1) {
        double below = 0;
        for (size_t i = 0; i < s->n; i++)
            if (s->items[i].value <= sqrt(q))
                below += priority_sample_weight(s, i);
        assert_true(fabs(below / total - q) < PRIORITY_RANK_ERROR);
    }
}

static void test_sketch_priority__ranks_are_within_the_stated_error(void **state)
{
    (void)state;
    enum { N = 1000000 };
    struct priority_sample *s = priority_sample_new(1, 1);
    double total = 0;
    for (size_t i = 0; i < N; i++) {
        double x = (double)i / N;
        priority_sample_add(s, x, x);
        total += x;
    }
    assert_true(s->n >= PRIORITY_K && s->n <= 2 * (size_t)PRIORITY_K);
    check_ranks(s, total);
    priority_sample_free(s);
}

static void test_sketch_priority__parts_merge_into_the_whole(void **state)
{
    (void)state;
    enum { PARTS = 20, N = 40000 };
    struct priority_sample *whole = priority_sample_new(2, 0);
    double total = 0;
    for (size_t part = 0; part < PARTS; part++) {
        /* The last part is the only one to have dropped something by itself. */
        size_t n = part + 1 == PARTS ? 5 * (size_t)N : N;
        struct priority_sample *s = priority_sample_new(2, part);
        for (size_t i = 0; i < n; i++) {
            double x = (double)i / (double)n;
            priority_sample_add(s, x, x);
            total += x;
        }
        priority_sample_merge(whole, s);
        priority_sample_free(s);
    }
    check_ranks(whole, total);
    priority_sample_free(whole);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sketch_priority__few_values_are_themselves),
        cmocka_unit_test(test_sketch_priority__ranks_are_within_the_stated_error),
        cmocka_unit_test(test_sketch_priority__parts_merge_into_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
