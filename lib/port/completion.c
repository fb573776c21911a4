#include "port/completion.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct completion_queue {
    pthread_mutex_t lock;
    struct completion *first, *last;
    int fd;
};

struct completion_queue *completion_queue_new(void)
{
    struct completion_queue *q = SL_NEW(struct completion_queue);
    pthread_mutex_init(&q->lock, NULL);
    q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sl_assert_cmp(q->fd, >=, 0);
    return q;
}

void completion_queue_free(struct completion_queue *q)
{
    if (!q)
        return;
    close(q->fd);
    pthread_mutex_destroy(&q->lock);
    sl_free(q);
}

int completion_queue_fd(const struct completion_queue *q)
{
    return q->fd;
}

void completion_post(struct completion_queue *q, struct completion *c, struct sl_err *err)
{
    uint64_t one = 1;
    pthread_mutex_lock(&q->lock);
    c->err = err;
    c->next = NULL;
    if (q->first)
        q->last->next = c;
    else
        q->first = c;
    q->last = c;
    /* Inside the lock: once the reaper has the completion, the queue itself may be freed. */
    ssize_t n = write(q->fd, &one, sizeof(one));
    pthread_mutex_unlock(&q->lock);
    (void)n; /* Full only after 2^64 posts. */
}

static struct completion *take_all(struct completion_queue *q)
{
    uint64_t count;
    pthread_mutex_lock(&q->lock);
    ssize_t n = read(q->fd, &count, sizeof(count));
    struct completion *list = q->first;
    q->first = q->last = NULL;
    pthread_mutex_unlock(&q->lock);
    (void)n; /* Empty when nothing was posted. */
    return list;
}

size_t completion_reap(struct completion_queue *q, int timeout_ms)
{
    struct completion *list = take_all(q);
    if (!list && timeout_ms != 0) {
        struct pollfd p = {.fd = q->fd, .events = POLLIN};
        while (poll(&p, 1, timeout_ms) < 0 && errno == EINTR && timeout_ms < 0)
            ;
        list = take_all(q);
    }
    size_t ran = 0;
    while (list) {
        struct completion *c = list;
        list = c->next;
        c->finished = true;
        ran++;
        if (c->done)
            c->done(c);
    }
    return ran;
}

struct sl_err *completion_wait(struct completion_queue *q, struct completion *c)
{
    while (!c->finished)
        completion_reap(q, -1);
    struct sl_err *err = c->err;
    c->err = NULL;
    return err;
}
