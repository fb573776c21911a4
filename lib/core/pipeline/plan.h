/* What should happen next: plan(snapshot, now) -> actions.
 *
 * A pure function of its arguments (DESIGN 2). The caller carries the actions out through ports;
 * what comes back is a fact of the next snapshot. Calling it again on an unchanged snapshot gives
 * the same actions, so an action is marked in the snapshot (ASKED, or the recorded state it leads
 * to) before plan is called again. It is safe to crash between any two actions.
 *
 *            RESOLVE           CREATE            unit ends, READ_RESULT
 *   WAITING ---------> answer ---------> RUNNING ----------------------> END_STEP
 *      ^                  |                                         |
 *      |                  +--> END_STEP (cached, skipped, refused)  |
 *      +------------------------------- RETRY ----------------------+
 */
#pragma once

#include "core/pipeline/snapshot.h"

enum plan_kind {
    PLAN_LIST_UNITS,  /* ask the cluster what there is; nothing else happens before */
    PLAN_RESOLVE,     /* step: resolve inputs, evaluate `when`, at most one cache query */
    PLAN_CREATE,      /* step, attempt, memory_bytes: create the unit, then record RUNNING */
    PLAN_ADOPT,       /* step, attempt: its unit is there and the record does not know: record it */
    PLAN_READ_RESULT, /* step, attempt: look for `_result.json` */
    PLAN_STOP,        /* step, attempt, grace_ms; outcome: why. Record `stop`, remove the unit */
    PLAN_RETRY,       /* step, outcome of the attempt, at_us, decision: wait for another attempt */
    PLAN_END_STEP,    /* step, outcome */
    PLAN_TIME_OUT,    /* record that the run's timeout struck */
    PLAN_END_RUN,     /* outcome */
    PLAN_PUBLISH_STEP,
    PLAN_PUBLISH_RUN,
    PLAN_WAKE, /* nothing more to do before at_us */
};

/* Why a step ends as it does, where its outcome alone does not tell. */
enum plan_reason {
    REASON_NONE,
    REASON_CANCELLED,
    REASON_RUN_TIMED_OUT,
    REASON_UPSTREAM,      /* other: the step that failed */
    REASON_SKIPPED_INPUT, /* other: the step that was skipped or left no output */
    REASON_WHEN_FALSE,
    REASON_NO_RESULT, /* exit code 0 and no `_result.json` */
    REASON_VANISHED,  /* the unit is gone and left no result */
};

struct plan_action {
    enum plan_kind kind;
    size_t step;
    int64_t attempt;
    enum outcome outcome;
    enum plan_reason reason;
    size_t other;
    int64_t at_us;
    int64_t grace_ms;
    int64_t memory_bytes;
    struct retry_decision decision;
};

struct plan {
    struct plan_action *actions;
    size_t n;
};

/* Lifetime: the actions live in `a`. Units: now_us as in port/clock.h. A finished run (outcome set,
 * all published) has no actions. At most one WAKE, the last. */
struct plan plan(struct sl_arena *a, const struct snapshot *s, int64_t now_us);
/* True when the run has ended and everything is published. */
bool plan_is_finished(const struct snapshot *s);
