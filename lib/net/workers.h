/* Threads, all of them: a pool that runs the parts of one job on every core, and a bounded pool for
 * blocking calls. */
#pragma once

#include "base/err.h"

struct workers;

/* A pool of `n` threads (0: as many as this process may use cores, cgroup quota included), the
 * caller counted. */
struct workers *workers_new(int n);
void workers_free(struct workers *w);
int workers_count(const struct workers *w);
/* Cores this process may use: affinity and cgroup quota, at least 1. */
int workers_cores(void);

/* `part(ctx, index, thread)` for every index in [0, count), each once, on the pool and the caller;
 * thread is in [0, workers_count). Indices start in ascending order. After a failure no new index
 * starts; the failure with the smallest index is returned, so that the answer does not depend on
 * timing. Not reentrant from a part. */
struct sl_err *workers_parallel_for(struct workers *w, size_t count,
                                    struct sl_err *(*part)(void *ctx, size_t index, int thread),
                                    void *ctx) SL_MUST_USE;

/* Blocking calls beside a loop: `run(job)` on one of `n` threads, in order of arrival when n is 1.
 */
struct work_queue;
struct work_job {
    void (*run)(struct work_job *job);
    struct work_job *next; /* the queue's */
};
struct work_queue *work_queue_new(int n);
/* Finishes what was added, then ends the threads. */
void work_queue_free(struct work_queue *q);
void work_queue_add(struct work_queue *q, struct work_job *job);
