#include "core/pipeline/plan.h"

#include "base/assert.h"

/* One call of plan. */
struct planner {
    const struct snapshot *s;
    int64_t now_us;
    struct plan_action *actions;
    size_t n, capacity;
    enum outcome *outcomes; /* (n_steps) of steps that have ended, those that end now included */
    size_t main_ended;
    int64_t live;    /* units that run or are being created */
    int64_t wake_us; /* 0: none */
    bool stopping;   /* cancelled or timed out: no main step starts, those that run are stopped */
};

/* ---- small words ---------------------------------------------------------------------------- */

static struct plan_action *add(struct planner *p, enum plan_kind kind, size_t step)
{
    sl_assert_cmp(p->n, <, p->capacity);
    struct plan_action *act = &p->actions[p->n++];
    act->kind = kind;
    act->step = step;
    return act;
}

static void wake(struct planner *p, int64_t at_us)
{
    if (p->wake_us == 0 || at_us < p->wake_us)
        p->wake_us = at_us;
}

/* True when the time has come; else plan is wanted again then. */
static bool due(struct planner *p, int64_t at_us)
{
    if (p->now_us >= at_us)
        return true;
    wake(p, at_us);
    return false;
}

static void end_step(struct planner *p, size_t i, enum outcome o, enum plan_reason why,
                     size_t other)
{
    struct plan_action *act = add(p, PLAN_END_STEP, i);
    act->outcome = o;
    act->reason = why;
    act->other = other;
    p->outcomes[i] = o;
}

static const struct spec_step *spec_of(const struct planner *p, size_t i)
{
    return &p->s->pipeline->steps[i];
}

static bool is_stopping(const struct planner *p, size_t i)
{
    return spec_of(p, i)->on_exit ? p->s->run.cancel == CANCEL_KILL : p->stopping;
}

/* Ended in a way that fails the run and what follows. */
static bool is_bad(const struct planner *p, size_t i, enum outcome o)
{
    return (outcome_is_failure(o) || o == OUTCOME_UPSTREAM_FAILED || o == OUTCOME_CANCELLED) &&
           !snapshot_tolerates(spec_of(p, i), o);
}

static int64_t memory_of(const struct planner *p, size_t i)
{
    int64_t raised = p->s->steps[i].memory_bytes;
    return raised ? raised : spec_of(p, i)->resources.memory_bytes;
}

/* ---- an attempt ends ------------------------------------------------------------------------ */

static struct retry_policy policy_of(const struct spec_step *step)
{
    return (struct retry_policy){
        .limit = step->retry.limit,
        .backoff_ms = step->retry.backoff_ms,
        .factor = step->retry.factor,
        .cap_ms = step->retry.cap_ms,
        .pending_timeout_ms = step->pending_timeout_ms,
        .memory_factor = step->retry.memory_factor,
        .memory_cap_bytes = step->retry.memory_cap_bytes,
    };
}

static void end_attempt(struct planner *p, size_t i, enum outcome o, enum plan_reason why)
{
    const struct step_state *st = &p->s->steps[i];
    if (is_stopping(p, i)) {
        if (o == OUTCOME_DISRUPTED)
            o = OUTCOME_CANCELLED;
        end_step(p, i, o, o == OUTCOME_CANCELLED ? REASON_CANCELLED : why, 0);
        return;
    }
    struct retry_policy policy = policy_of(spec_of(p, i));
    int64_t waited_ms = st->first_us ? (p->now_us - st->first_us) / 1000 : 0;
    struct retry_decision d = outcome_retry(o, &policy, &st->spent, memory_of(p, i), waited_ms);
    if (!d.again) {
        end_step(p, i, o, why, 0);
        return;
    }
    struct plan_action *act = add(p, PLAN_RETRY, i);
    act->outcome = o;
    act->reason = why;
    act->decision = d;
    act->at_us = p->now_us + d.delay_ms * 1000;
}

/* The result is the truth; then why we stopped it; then what the cluster saw. */
static enum outcome judge(const struct step_state *st, const struct step_facts *f,
                          enum plan_reason *ret_why)
{
    *ret_why = REASON_NONE;
    bool no_memory = f->unit == SIGHT_ENDED && f->unit_attempt == st->attempt &&
                     f->unit_outcome == OUTCOME_OUT_OF_MEMORY;
    /* A program that was refused memory may have called it a failure like any other. */
    if (f->result == ANSWER_YES && f->result_outcome == OUTCOME_FAILED && no_memory)
        return OUTCOME_OUT_OF_MEMORY;
    if (f->result == ANSWER_YES)
        return f->result_outcome;
    if (st->stop != OUTCOME_NONE)
        return st->stop;
    if (f->unit == SIGHT_ABSENT || f->unit_attempt != st->attempt) {
        *ret_why = REASON_VANISHED;
        return OUTCOME_DISRUPTED;
    }
    if (f->unit_outcome == OUTCOME_SUCCEEDED) {
        *ret_why = REASON_NO_RESULT;
        return OUTCOME_FAILED;
    }
    return f->unit_outcome;
}

/* ---- a step with an attempt under way ------------------------------------------------------- */

/* Why the live unit of the step has to go, or NONE. */
static enum outcome stop_reason(struct planner *p, size_t i)
{
    const struct spec_step *step = spec_of(p, i);
    const struct step_state *st = &p->s->steps[i];
    const struct step_facts *f = &p->s->facts[i];
    if (st->stop != OUTCOME_NONE)
        return st->stop;
    if (is_stopping(p, i))
        return OUTCOME_CANCELLED;
    if (f->unit == SIGHT_PENDING) {
        if (step->pending_timeout_ms && due(p, st->created_us + step->pending_timeout_ms * 1000))
            return OUTCOME_PENDING_TIMEOUT;
        return OUTCOME_NONE;
    }
    int64_t started_us = f->unit_started_us ? f->unit_started_us : st->created_us;
    if (step->timeout_ms && due(p, started_us + step->timeout_ms * 1000))
        return OUTCOME_TIMED_OUT;
    return OUTCOME_NONE;
}

static void plan_live(struct planner *p, size_t i)
{
    const struct step_facts *f = &p->s->facts[i];
    enum outcome why = stop_reason(p, i);
    if (why == OUTCOME_NONE)
        return;
    enum cancel_level level = p->s->run.cancel == CANCEL_KILL ? CANCEL_KILL : CANCEL_GRACEFUL;
    if (level <= f->stop_asked)
        return;
    struct plan_action *act = add(p, PLAN_STOP, i);
    act->attempt = p->s->steps[i].attempt;
    act->outcome = why;
    act->grace_ms = level == CANCEL_KILL ? 0 : p->s->grace_ms;
}

static bool adopt_newer(struct planner *p, size_t i)
{
    const struct step_facts *f = &p->s->facts[i];
    if (f->unit == SIGHT_ABSENT || f->unit_attempt <= p->s->steps[i].attempt)
        return false;
    add(p, PLAN_ADOPT, i)->attempt = f->unit_attempt;
    return true;
}

static void plan_running(struct planner *p, size_t i)
{
    const struct step_state *st = &p->s->steps[i];
    const struct step_facts *f = &p->s->facts[i];
    if (adopt_newer(p, i))
        return;
    bool live = f->unit == SIGHT_PENDING || f->unit == SIGHT_RUNNING;
    if (live && f->unit_attempt == st->attempt) {
        plan_live(p, i);
    } else if (f->result == ANSWER_UNKNOWN) {
        add(p, PLAN_READ_RESULT, i)->attempt = st->attempt;
    } else if (f->result != ANSWER_ASKED) {
        enum plan_reason why;
        enum outcome o = judge(st, f, &why);
        end_attempt(p, i, o, why);
    }
}

/* ---- a step that waits ---------------------------------------------------------------------- */

enum gate { GATE_BLOCKED, GATE_OPEN, GATE_UPSTREAM_FAILED, GATE_SKIPPED };

static enum gate look_upstream(const struct planner *p, size_t i, size_t *ret_other)
{
    const struct spec_step *step = spec_of(p, i);
    if (step->on_exit && p->main_ended < p->s->pipeline->n_main)
        return GATE_BLOCKED;
    for (size_t e = 0; e < step->n_edges; e++)
        if (p->outcomes[step->edges[e].step] == OUTCOME_NONE)
            return GATE_BLOCKED;
    enum gate gate = GATE_OPEN;
    for (size_t e = 0; e < step->n_edges; e++) {
        size_t j = step->edges[e].step;
        enum spec_edge_kind kind = step->edges[e].kind;
        if (kind == SPEC_EDGE_WHEN || kind == SPEC_EDGE_OUTCOME)
            continue;
        if (is_bad(p, j, p->outcomes[j])) {
            *ret_other = j;
            return GATE_UPSTREAM_FAILED;
        }
        if (kind == SPEC_EDGE_DATA && p->outcomes[j] == OUTCOME_SKIPPED && gate == GATE_OPEN) {
            *ret_other = j;
            gate = GATE_SKIPPED;
        }
    }
    return gate;
}

static bool has_slot(const struct planner *p)
{
    int64_t bound = p->s->pipeline->parallelism;
    if (bound && p->live >= bound)
        return false;
    return p->s->max_parallel == 0 || p->live < p->s->max_parallel;
}

static void create(struct planner *p, size_t i)
{
    const struct step_state *st = &p->s->steps[i];
    const struct step_facts *f = &p->s->facts[i];
    if (!has_slot(p))
        return;
    struct plan_action *act = add(p, PLAN_CREATE, i);
    act->attempt = SL_MAX(st->attempt, f->unit == SIGHT_ABSENT ? 0 : f->unit_attempt) + 1;
    act->memory_bytes = memory_of(p, i);
    p->live++;
}

static void follow_resolution(struct planner *p, size_t i)
{
    const struct step_facts *f = &p->s->facts[i];
    switch (f->resolution) {
    case RESOLVE_UNKNOWN:
        add(p, PLAN_RESOLVE, i);
        break;
    case RESOLVE_ASKED:
        break;
    case RESOLVE_LATER:
        if (due(p, f->resolve_at_us))
            add(p, PLAN_RESOLVE, i);
        break;
    case RESOLVE_RUN:
        create(p, i);
        break;
    case RESOLVE_CACHED:
        end_step(p, i, OUTCOME_CACHED, REASON_NONE, 0);
        break;
    case RESOLVE_WHEN_FALSE:
        end_step(p, i, OUTCOME_SKIPPED, REASON_WHEN_FALSE, 0);
        break;
    case RESOLVE_NO_INPUT:
        end_step(p, i, OUTCOME_SKIPPED, REASON_SKIPPED_INPUT, i);
        break;
    case RESOLVE_REFUSED:
        end_step(p, i, OUTCOME_INVALID_INPUT, REASON_NONE, 0);
        break;
    case RESOLVE_CONFIG_ERROR:
        end_step(p, i, OUTCOME_CONFIG_ERROR, REASON_NONE, 0);
        break;
    }
}

static void plan_waiting(struct planner *p, size_t i)
{
    const struct step_state *st = &p->s->steps[i];
    const struct step_facts *f = &p->s->facts[i];
    size_t other = 0;
    if (f->create == ANSWER_ASKED)
        return;
    if (f->create == ANSWER_NO) { /* even if the cluster shows what is left of it */
        end_attempt(p, i, f->create_outcome, REASON_NONE);
        return;
    }
    if (adopt_newer(p, i))
        return;
    if (f->unit == SIGHT_PENDING || f->unit == SIGHT_RUNNING) {
        /* Recorded as over and yet alive: it must be gone before another attempt. */
        if (f->stop_asked < CANCEL_KILL) {
            struct plan_action *act = add(p, PLAN_STOP, i);
            act->attempt = st->attempt;
            act->outcome = st->last;
        }
        return;
    }
    if (is_stopping(p, i)) {
        end_step(p, i, OUTCOME_CANCELLED,
                 p->s->run.cancel ? REASON_CANCELLED : REASON_RUN_TIMED_OUT, 0);
        return;
    }
    switch (look_upstream(p, i, &other)) {
    case GATE_BLOCKED:
        return;
    case GATE_UPSTREAM_FAILED:
        end_step(p, i, OUTCOME_UPSTREAM_FAILED, REASON_UPSTREAM, other);
        return;
    case GATE_SKIPPED:
        end_step(p, i, OUTCOME_SKIPPED, REASON_SKIPPED_INPUT, other);
        return;
    case GATE_OPEN:
        break;
    }
    if (due(p, st->retry_at_us))
        follow_resolution(p, i);
}

/* ---- the run -------------------------------------------------------------------------------- */

static void plan_step(struct planner *p, size_t i)
{
    const struct step_state *st = &p->s->steps[i];
    if (st->phase == STEP_ENDED) {
        p->outcomes[i] = st->outcome;
        if (p->s->facts[i].published == ANSWER_UNKNOWN)
            add(p, PLAN_PUBLISH_STEP, i);
    } else if (st->phase == STEP_RUNNING) {
        plan_running(p, i);
    } else {
        plan_waiting(p, i);
    }
    if (p->outcomes[i] != OUTCOME_NONE && !spec_of(p, i)->on_exit)
        p->main_ended++;
}

static int64_t count_live(const struct snapshot *s)
{
    int64_t live = 0;
    for (size_t i = 0; i < s->pipeline->n_steps; i++) {
        const struct step_facts *f = &s->facts[i];
        live += f->unit == SIGHT_PENDING || f->unit == SIGHT_RUNNING || f->create == ANSWER_ASKED;
    }
    return live;
}

static bool main_has_ended(const struct snapshot *s)
{
    for (size_t i = 0; i < s->pipeline->n_main; i++)
        if (s->steps[i].phase != STEP_ENDED)
            return false;
    return true;
}

static void plan_timeout(struct planner *p)
{
    const struct snapshot *s = p->s;
    if (p->stopping || s->pipeline->timeout_ms == 0 || main_has_ended(s))
        return;
    if (due(p, s->run.started_us + s->pipeline->timeout_ms * 1000)) {
        add(p, PLAN_TIME_OUT, 0);
        p->stopping = true;
    }
}

static enum outcome run_outcome(const struct planner *p)
{
    bool bad = false;
    for (size_t i = 0; i < p->s->pipeline->n_steps; i++)
        bad |= is_bad(p, i, p->s->steps[i].outcome);
    if (!bad)
        return OUTCOME_SUCCEEDED;
    if (p->s->run.cancel != CANCEL_NONE)
        return OUTCOME_CANCELLED;
    return p->s->run.timed_out ? OUTCOME_TIMED_OUT : OUTCOME_FAILED;
}

static void plan_end(struct planner *p)
{
    const struct snapshot *s = p->s;
    bool published = true;
    for (size_t i = 0; i < s->pipeline->n_steps; i++) {
        if (s->steps[i].phase != STEP_ENDED)
            return;
        published &= s->facts[i].published >= ANSWER_NO;
    }
    if (s->run.outcome == OUTCOME_NONE)
        add(p, PLAN_END_RUN, 0)->outcome = run_outcome(p);
    else if (published && s->published == ANSWER_UNKNOWN)
        add(p, PLAN_PUBLISH_RUN, 0);
}

struct plan plan(struct sl_arena *a, const struct snapshot *s, int64_t now_us)
{
    size_t n = s->pipeline->n_steps;
    struct planner p = {
        .s = s,
        .now_us = now_us,
        .capacity = n + 3, /* a step has one; the run's timeout, its end, a wake */
        .outcomes = SL_ARENA_ARRAY(a, enum outcome, n),
        .stopping = s->run.cancel != CANCEL_NONE || s->run.timed_out,
    };
    p.actions = SL_ARENA_ARRAY(a, struct plan_action, p.capacity);
    if (!s->units_known && s->run.outcome == OUTCOME_NONE) {
        if (!s->units_asked)
            add(&p, PLAN_LIST_UNITS, 0);
        return (struct plan){p.actions, p.n};
    }
    p.live = count_live(s);
    plan_timeout(&p);
    for (size_t i = 0; i < n; i++)
        plan_step(&p, s->order[i]);
    plan_end(&p);
    if (p.wake_us)
        add(&p, PLAN_WAKE, 0)->at_us = p.wake_us;
    return (struct plan){p.actions, p.n};
}

bool plan_is_finished(const struct snapshot *s)
{
    return s->run.outcome != OUTCOME_NONE && s->published >= ANSWER_NO;
}
