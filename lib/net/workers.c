#include "net/workers.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/vec.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>

/* One job at a time: the caller publishes it, everybody draws indices from `next`, the last one out
 * wakes the caller. */
struct workers {
    pthread_mutex_t lock;
    pthread_cond_t job_there, job_done;
    pthread_t *threads;
    int n; /* the caller counted */
    bool stopping;
    uint64_t generation; /* of the job */
    int busy;

    struct sl_err *(*part)(void *ctx, size_t index, int thread);
    void *ctx;
    size_t count, next;
    struct sl_err *err;
    size_t err_index;
};

struct thread_start {
    struct workers *w;
    int index;
};

static int quota_cores(void)
{
    long long quota, period;
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (!f)
        return 0;
    int got = fscanf(f, "%lld %lld", &quota, &period);
    fclose(f);
    return got == 2 && period > 0 ? (int)((quota + period - 1) / period) : 0;
}

int workers_cores(void)
{
    cpu_set_t set;
    int cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    int quota = quota_cores();
    return SL_MAX(quota > 0 ? SL_MIN(cores, quota) : cores, 1);
}

/* Draws indices until none is left or somebody failed. Called and left with the lock held. */
static void draw(struct workers *w, int thread)
{
    while (w->next < w->count && !w->err) {
        size_t index = w->next++;
        pthread_mutex_unlock(&w->lock);
        struct sl_err *err = w->part(w->ctx, index, thread);
        pthread_mutex_lock(&w->lock);
        if (!err)
            continue;
        /* Parts already under way may fail too: the smallest index is told, whoever is first. */
        if (!w->err || index < w->err_index) {
            sl_err_free(w->err);
            w->err = err;
            w->err_index = index;
        } else {
            sl_err_free(err);
        }
    }
}

static void *serve(void *arg)
{
    struct thread_start *start = arg;
    struct workers *w = start->w;
    int thread = start->index;
    sl_free(start);
    sl_alloc_keep_thread();
    uint64_t seen = 0;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->generation == seen && !w->stopping)
            pthread_cond_wait(&w->job_there, &w->lock);
        if (w->stopping)
            break;
        seen = w->generation;
        draw(w, thread);
        if (--w->busy == 0)
            pthread_cond_signal(&w->job_done);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals are for the main thread: the program's loop or its default action. */
static void start_thread(pthread_t *ret, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    sl_assert_cmp(pthread_create(ret, NULL, run, arg), ==, 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct workers *workers_new(int n)
{
    struct workers *w = SL_NEW(struct workers);
    w->n = n > 0 ? n : workers_cores();
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->job_there, NULL);
    pthread_cond_init(&w->job_done, NULL);
    w->threads = SL_NEW_ARRAY(pthread_t, (size_t)w->n);
    for (int i = 1; i < w->n; i++) {
        struct thread_start *start = SL_NEW(struct thread_start);
        *start = (struct thread_start){w, i};
        start_thread(&w->threads[i], serve, start);
    }
    return w;
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->job_there);
    pthread_mutex_unlock(&w->lock);
    for (int i = 1; i < w->n; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->job_there);
    pthread_cond_destroy(&w->job_done);
    pthread_mutex_destroy(&w->lock);
    sl_free(w->threads);
    sl_free(w);
}

int workers_count(const struct workers *w)
{
    return w->n;
}

struct sl_err *workers_parallel_for(struct workers *w, size_t count,
                                    struct sl_err *(*part)(void *ctx, size_t index, int thread),
                                    void *ctx)
{
    pthread_mutex_lock(&w->lock);
    sl_assert_cmp(w->busy, ==, 0);
    w->part = part;
    w->ctx = ctx;
    w->count = count;
    w->next = 0;
    w->err = NULL;
    if (count > 1 && w->n > 1) {
        w->busy = w->n - 1;
        w->generation++;
        pthread_cond_broadcast(&w->job_there);
    }
    draw(w, 0);
    while (w->busy)
        pthread_cond_wait(&w->job_done, &w->lock);
    struct sl_err *err = w->err;
    pthread_mutex_unlock(&w->lock);
    return err;
}

/* ---- blocking calls beside a loop ------------------------------------------------------------ */

struct work_queue {
    pthread_mutex_t lock;
    pthread_cond_t there;
    pthread_t *threads;
    int n, started, idle;
    bool stopping;
    struct work_job *first, *last;
};

static void *serve_queue(void *arg)
{
    struct work_queue *q = arg;
    pthread_mutex_lock(&q->lock);
    for (;;) {
        while (!q->first && !q->stopping) {
            q->idle++;
            pthread_cond_wait(&q->there, &q->lock);
            q->idle--;
        }
        struct work_job *job = q->first;
        if (!job)
            break;
        q->first = job->next;
        pthread_mutex_unlock(&q->lock);
        job->run(job);
        pthread_mutex_lock(&q->lock);
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

struct work_queue *work_queue_new(int n)
{
    struct work_queue *q = SL_NEW(struct work_queue);
    q->n = n;
    q->threads = SL_NEW_ARRAY(pthread_t, (size_t)n);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->there, NULL);
    return q;
}

void work_queue_free(struct work_queue *q)
{
    if (!q)
        return;
    pthread_mutex_lock(&q->lock);
    q->stopping = true;
    pthread_cond_broadcast(&q->there);
    pthread_mutex_unlock(&q->lock);
    for (int i = 0; i < q->started; i++)
        pthread_join(q->threads[i], NULL);
    pthread_cond_destroy(&q->there);
    pthread_mutex_destroy(&q->lock);
    sl_free(q->threads);
    sl_free(q);
}

void work_queue_add(struct work_queue *q, struct work_job *job)
{
    pthread_mutex_lock(&q->lock);
    job->next = NULL;
    if (q->first)
        q->last->next = job;
    else
        q->first = job;
    q->last = job;
    if (q->idle)
        pthread_cond_signal(&q->there);
    else if (q->started < q->n)
        start_thread(&q->threads[q->started++], serve_queue, q);
    pthread_mutex_unlock(&q->lock);
}
