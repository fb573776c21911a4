#include "net/workers.h"
#include "port/completion.h"
#include "tests/support/test.h"

#include <stdatomic.h>

struct counts {
    atomic_int seen[1000];
    int fail_from;
    int threads;
};

static struct sl_err *count_part(void *ctx, size_t index, int thread)
{
    struct counts *c = ctx;
    if (thread < 0 || thread >= c->threads)
        return SL_ERR(INTERNAL, "thread %d", thread);
    atomic_fetch_add(&c->seen[index], 1);
    if (c->fail_from >= 0 && index >= (size_t)c->fail_from)
        return SL_ERR(INVALID, "part %zu", index);
    return NULL;
}

static void test_workers__every_index_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 7; threads += 3) {
        struct workers *w = workers_new(threads);
        assert_int_equal(workers_count(w), threads);
        for (int round = 0; round < 50; round++) {
            static struct counts c;
            c = (struct counts){.fail_from = -1, .threads = threads};
            assert_ok(workers_parallel_for(w, 1000, count_part, &c));
            for (int i = 0; i < 1000; i++)
                assert_int_equal(c.seen[i], 1);
            assert_ok(workers_parallel_for(w, 0, count_part, &c));
        }
        workers_free(w);
    }
}

static void test_workers__smallest_failing_index_is_told(void **state)
{
    (void)state;
    struct workers *w = workers_new(4);
    for (int round = 0; round < 200; round++) {
        static struct counts c;
        c = (struct counts){.fail_from = 17, .threads = 4};
        assert_err(workers_parallel_for(w, 1000, count_part, &c), INVALID, "part 17");
        assert_int_equal(c.seen[999], 0);
    }
    workers_free(w);
}

struct answer {
    struct work_job job;
    struct completion c;
    struct completion_queue *q;
    int n;
};

static void answer_job(struct work_job *job)
{
    struct answer *x = SL_CONTAINER_OF(job, struct answer, job);
    completion_post(x->q, &x->c, x->n % 2 ? SL_ERR(INVALID, "odd") : NULL);
}

static void test_completion__answers_come_through_the_queue(void **state)
{
    (void)state;
    struct completion_queue *q = completion_queue_new();
    struct work_queue *work = work_queue_new(3);
    struct answer answers[100] = {0};
    for (int i = 0; i < 100; i++) {
        answers[i].job.run = answer_job;
        answers[i].q = q;
        answers[i].n = i;
        work_queue_add(work, &answers[i].job);
    }
    for (int i = 99; i >= 0; i--) {
        if (i % 2)
            assert_err(completion_wait(q, &answers[i].c), INVALID, "odd");
        else
            assert_ok(completion_wait(q, &answers[i].c));
    }
    assert_int_equal(completion_reap(q, 0), 0);
    work_queue_free(work);
    completion_queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_workers__every_index_once),
        cmocka_unit_test(test_workers__smallest_failing_index_is_told),
        cmocka_unit_test(test_completion__answers_come_through_the_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
