/* How every port answers: a request is submitted, and its completion comes back through a queue
 * that the caller owns.
 *
 * The engine has one queue and one loop: it waits on the queue's descriptor beside its timers and
 * reaps. Sequential code (a component, a CLI verb) submits and waits for one completion. Adapters
 * may post from any thread; `done` runs on the thread that reaps. */
#pragma once

#include "base/err.h"

struct completion {
    /* Runs once, on the reaping thread; may submit again and may free the request. NULL: nothing
     * runs. */
    void (*done)(struct completion *c);
    struct sl_err *err; /* the outcome; the one who reaps owns it */
    bool finished;
    struct completion *next; /* the queue's */
};

struct completion_queue;

struct completion_queue *completion_queue_new(void);
void completion_queue_free(struct completion_queue *q);
/* Readable while something waits to be reaped. */
int completion_queue_fd(const struct completion_queue *q);
/* Adapters: `c` is answered with `err`. Any thread. */
void completion_post(struct completion_queue *q, struct completion *c, struct sl_err *err);
/* Runs what has come, waiting up to `timeout_ms` (-1: without end) for the first. Returns how many
 * ran. */
size_t completion_reap(struct completion_queue *q, int timeout_ms);
/* Reaps until `c` is finished and returns its outcome. */
struct sl_err *completion_wait(struct completion_queue *q, struct completion *c) SL_MUST_USE;
