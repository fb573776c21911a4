/* Where units of work run: child processes on one machine, pods in a cluster.
 *
 * A unit is one attempt of one step. Its name derives from run, step, item and attempt, so that
 * creating it twice is harmless. A unit that ended stays listed until the run is forgotten, so that
 * a controller which was away learns how it ended.
 *
 * A request is filled, submitted and, when its completion comes, holds the answer. What it points
 * to stays alive until then. No call blocks. */
#pragma once

#include "base/arena.h"
#include "port/completion.h"

enum cluster_op {
    CLUSTER_CREATE, /* unit; fine when a unit of that name is there.
                       not_found, invalid: it can never run; exhausted, unavailable: not now */
    CLUSTER_REMOVE, /* name, grace_ms (0: kill at once); fine when it is not there or has ended */
    CLUSTER_LIST,   /* run_uid, a -> ret_units: every unit of the run, sorted by name */
    CLUSTER_WATCH,  /* run_uid, a -> ret_units: units whose status changed since the last LIST or
                       WATCH answer for the run; answers when there is one. At most one at a time */
    CLUSTER_CANCEL_WATCH, /* run_uid: an open WATCH is answered with no unit */
};

/* What is to run. */
struct unit_spec {
    struct sl_str name;
    struct sl_str run_uid, step, item;
    int64_t attempt;
    struct sl_str executable; /* one of the house: "statistics_gen", "shim" */
    struct sl_str image;      /* of a container step; empty: the executable's own */
    struct sl_str task;       /* SLUICE_TASK: the JSON or the URI of it */
    struct sl_str log_uri;    /* folder for stdout.log and stderr.log */
    int64_t memory_bytes;     /* 0: no limit */
};

enum unit_phase { UNIT_PENDING, UNIT_RUNNING, UNIT_ENDED };

/* How a unit ended, as far as the cluster can tell. */
enum unit_end {
    UNIT_END_EXITED,        /* exit_code */
    UNIT_END_SIGNALED,      /* signal: a crash of its own */
    UNIT_END_OUT_OF_MEMORY, /* killed for memory */
    UNIT_END_REMOVED,       /* by CLUSTER_REMOVE */
    UNIT_END_DISRUPTED,     /* eviction, node loss, killed from outside, vanished */
    UNIT_END_IMAGE_ERROR,
};

struct unit_status {
    struct sl_str name;
    struct sl_str step, item;
    int64_t attempt;
    enum unit_phase phase;
    enum unit_end end; /* when ended */
    int exit_code;
    int signal;
    int64_t created_us;
    int64_t started_us; /* 0: not yet */
    int64_t ended_us;
    int64_t peak_memory_bytes; /* 0: unknown */
    struct sl_str message;     /* one sentence for people, may be empty */
};

struct cluster_request {
    struct completion c;
    enum cluster_op op;
    struct unit_spec unit; /* CREATE */
    struct sl_str name;    /* REMOVE */
    struct sl_str run_uid; /* LIST, WATCH, REMOVE */
    int64_t grace_ms;      /* REMOVE */
    struct sl_arena *a;    /* where answers live */

    struct unit_status *ret_units;
    size_t ret_n;
};

struct cluster;

struct cluster_ops {
    void (*submit)(struct cluster *c, struct completion_queue *q, struct cluster_request *r);
    void (*free)(struct cluster *c);
};

struct cluster {
    const struct cluster_ops *ops;
};

static inline void cluster_submit(struct cluster *c, struct completion_queue *q,
                                  struct cluster_request *r)
{
    c->ops->submit(c, q, r);
}

static inline void cluster_free(struct cluster *c)
{
    if (c)
        c->ops->free(c);
}
