#include "tests/support/test.h"

#include "base/rng.h"
#include "core/data/sketch_heavy.h"

#include <math.h>
#include <stdio.h>

static void add(struct heavy *h, uint64_t value, uint64_t count)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "value %llu", (unsigned long long)value);
    struct sl_str s = sl_strn(text, (size_t)n);
    heavy_add(h, s, heavy_hash(s), count, (double)count);
}

static const struct heavy_entry *find(const struct heavy *h, const char *value)
{
    for (size_t i = 0; i < h->n; i++)
        if (sl_str_is(h->entries[i].value, value))
            return &h->entries[i];
    return NULL;
}

static void test_sketch_heavy__is_exact_while_all_fit(void **state)
{
    (void)state;
    struct heavy h;
    heavy_init(&h, 1000, 1 << 20);
    for (uint64_t i = 0; i < 1000; i++)
        add(&h, i, i + 1);
    for (uint64_t i = 0; i < 1000; i++)
        add(&h, i, 1);
    assert_true(heavy_is_exact(&h));
    assert_true(heavy_unique(&h) == 1000);
    assert_int_equal(h.error, 0);
    assert_int_equal(find(&h, "value 999")->count, 1001);
    assert_true(find(&h, "value 999")->weight == 1001);
    heavy_deinit(&h);
}

/* A stream of n values, value v about n / (v + 1)^1.3 of them; true counts beside it. */
static void add_skewed(struct heavy *h, uint64_t seed, size_t n, uint64_t *truth, size_t values)
{
    struct sl_rng r;
    sl_rng_init(&r, seed);
    for (size_t i = 0; i < n; i++) {
        double v = pow(1 - sl_rng_f64(&r), -1 / 0.3) - 1;
        size_t value = v < (double)values ? (size_t)v : sl_rng_below(&r, values);
        truth[value]++;
        add(h, value, 1);
    }
}

enum { VALUES = 50000 };

static void check_counts(const struct heavy *h, const uint64_t *truth, uint64_t n)
{
    assert_false(heavy_is_exact(h));
    assert_true(h->n <= h->max_distinct);
    assert_true(h->error <= 2 * n / h->max_distinct);
    for (size_t v = 0; v < VALUES; v++) {
        char text[32];
        snprintf(text, sizeof(text), "value %zu", v);
        const struct heavy_entry *e = find(h, text);
        uint64_t count = e ? e->count : 0;
        assert_true(count <= truth[v]);
        assert_true(count + h->error >= truth[v]);
        if (v > 500)
            v += 37;
    }
}

static void test_sketch_heavy__counts_are_low_by_at_most_the_error(void **state)
{
    (void)state;
    static uint64_t truth[VALUES];
    struct heavy h;
    heavy_init(&h, 1000, 1 << 20);
    add_skewed(&h, 1, 300000, truth, VALUES);
    check_counts(&h, truth, 300000);
    double distinct = 0;
    for (size_t v = 0; v < VALUES; v++)
        distinct += truth[v] > 0;
    assert_true(fabs(heavy_unique(&h) - distinct) < 3 * HLL_RELATIVE_ERROR * distinct);
    heavy_deinit(&h);
}

static void test_sketch_heavy__merging_keeps_the_bound(void **state)
{
    (void)state;
    static uint64_t truth[VALUES];
    struct heavy whole;
    heavy_init(&whole, 1000, 1 << 20);
    for (uint64_t part = 0; part < 10; part++) {
        struct heavy h;
        heavy_init(&h, 1000, 1 << 20);
        add_skewed(&h, part, part ? 30000 : 100, truth, VALUES);
        heavy_merge(&whole, &h);
        heavy_deinit(&h);
    }
    check_counts(&whole, truth, 270100);
    heavy_deinit(&whole);
}

static void test_sketch_heavy__text_is_bounded(void **state)
{
    (void)state;
    static char text[3000];
    memset(text, 'x', sizeof(text));
    struct heavy h;
    heavy_init(&h, 1000, 10000);
    for (int i = 0; i < 100; i++) {
        snprintf(text, 8, "%07d", i);
        text[7] = 'x';
        struct sl_str s = sl_strn(text, sizeof(text));
        heavy_add(&h, s, heavy_hash(s), i == 50 ? 1000 : 1, 0);
        assert_true(h.bytes <= h.max_bytes);
    }
    assert_false(heavy_is_exact(&h));
    assert_true(h.n >= 1 && h.entries[0].count + h.error >= 1000);
    /* One that is larger than everything allowed is counted as distinct and as lost. */
    static char huge[20000];
    memset(huge, 'y', sizeof(huge));
    struct sl_str s = sl_strn(huge, sizeof(huge));
    uint64_t before = h.error;
    heavy_add(&h, s, heavy_hash(s), 5, 0);
    assert_true(h.error >= before + 5);
    assert_true(h.bytes <= h.max_bytes);
    heavy_deinit(&h);
}

static void test_sketch_heavy__merging_into_an_empty_one_copies(void **state)
{
    (void)state;
    struct heavy h, empty;
    heavy_init(&h, 100, 1 << 20);
    heavy_init(&empty, 100, 1 << 20);
    for (uint64_t i = 0; i < 50; i++)
        add(&h, i, 2);
    heavy_merge(&empty, &h);
    heavy_deinit(&h);
    assert_true(heavy_is_exact(&empty));
    assert_int_equal(empty.n, 50);
    assert_int_equal(find(&empty, "value 49")->count, 2);
    heavy_deinit(&empty);
}

/* Batches of mostly single values, with a few frequent ones given once each or many times over, as
 * a dictionary with repeats does. */
static void test_sketch_heavy__batches_keep_the_bound(void **state)
{
    (void)state;
    enum { BATCHES = 30, N = 4000, FREQUENT = 10 };
    SL_AUTOARENA(a);
    static uint64_t truth[FREQUENT];
    struct sl_rng r;
    sl_rng_init(&r, 9);
    struct heavy h;
    heavy_init(&h, 1000, 1 << 20);
    uint64_t total = 0;
    for (size_t batch = 0; batch < BATCHES; batch++) {
        struct sl_str *values = SL_ARENA_ARRAY(a, struct sl_str, N);
        uint32_t *counts = SL_ARENA_ARRAY(a, uint32_t, N);
        for (size_t i = 0; i < N; i++) {
            bool frequent = sl_rng_below(&r, 4) == 0;
            uint64_t which = sl_rng_below(&r, FREQUENT);
            values[i] = frequent ? sl_arena_format(a, "frequent %d", (int)which)
                                 : sl_arena_format(a, "single %zu %zu", batch, i);
            uint32_t count = counts[i] = frequent && batch % 2 ? 3 : 1;
            total += count;
            if (frequent)
                truth[which] += count;
        }
        heavy_add_batch(a, &h, values, counts, NULL, N);
    }
    assert_true(h.error <= 2 * total / h.max_distinct);
    for (int v = 0; v < FREQUENT; v++) {
        char text[32];
        snprintf(text, sizeof(text), "frequent %d", v);
        const struct heavy_entry *e = find(&h, text);
        assert_non_null(e);
        assert_true(e->count <= truth[v] && e->count + h.error >= truth[v]);
    }
    double distinct = BATCHES * N * 0.75;
    assert_true(fabs(heavy_unique(&h) - distinct) < 0.03 * distinct);
    heavy_deinit(&h);
}

static void test_sketch_heavy__a_batch_that_fits_is_exact(void **state)
{
    (void)state;
    enum { N = 1000 };
    SL_AUTOARENA(a);
    struct sl_str values[2 * N + 1];
    uint32_t counts[2 * N + 1];
    double weights[2 * N + 1];
    for (size_t i = 0; i < 2 * (size_t)N; i++) {
        values[i] = sl_arena_format(a, "%zu", i % N);
        counts[i] = 1;
        weights[i] = 0.5;
    }
    values[2 * N] = SL_STR("not used");
    counts[2 * N] = 0;
    struct heavy h;
    heavy_init(&h, N, 1 << 20);
    heavy_add_batch(a, &h, values, counts, weights, 2 * N + 1);
    heavy_add_batch(a, &h, values, counts, weights, 2 * N + 1);
    assert_true(heavy_is_exact(&h));
    assert_int_equal(h.n, N);
    for (size_t i = 0; i < N; i++)
        assert_true(h.entries[i].count == 4 && h.entries[i].weight == 2);
    heavy_deinit(&h);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sketch_heavy__is_exact_while_all_fit),
        cmocka_unit_test(test_sketch_heavy__counts_are_low_by_at_most_the_error),
        cmocka_unit_test(test_sketch_heavy__merging_keeps_the_bound),
        cmocka_unit_test(test_sketch_heavy__text_is_bounded),
        cmocka_unit_test(test_sketch_heavy__merging_into_an_empty_one_copies),
        cmocka_unit_test(test_sketch_heavy__batches_keep_the_bound),
        cmocka_unit_test(test_sketch_heavy__a_batch_that_fits_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
