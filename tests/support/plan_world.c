#include "tests/support/plan_world.h"

#include "core/pipeline/dag.h"

#include <string.h>

void world_init(struct world *w, size_t n)
{
    *w = (struct world){.now_us = 1000000, .max_plans = 10000};
    for (size_t i = 0; i < n; i++) {
        w->names[i][0] = 's';
        w->names[i][1] = (char)('0' + i);
        w->steps[i] = (struct spec_step){.name = sl_str(w->names[i]), .edges = w->edges[i]};
        w->steps[i].retry = (struct spec_retry){
            .backoff_ms = 1000, .factor = 2, .cap_ms = 8000, .memory_factor = 2};
    }
    w->pipeline = (struct spec_pipeline){.steps = w->steps, .n_steps = n, .n_main = n};
}

void world_add_edge(struct world *w, size_t from, size_t to, enum spec_edge_kind kind)
{
    w->edges[to][w->steps[to].n_edges++] = (struct spec_edge){.step = from, .kind = kind};
}

bool world_start(struct world *w, struct sl_arena *a)
{
    struct sl_err *err = dag_order(a, &w->pipeline, &w->order);
    sl_err_free(err);
    w->run.started_us = w->now_us;
    return err == NULL;
}

struct snapshot world_snapshot(const struct world *w)
{
    return (struct snapshot){
        .pipeline = &w->pipeline,
        .order = w->order,
        .run = w->run,
        .steps = w->states,
        .facts = w->facts,
        .units_known = w->units_known,
        .units_asked = w->units_asked,
        .published = w->published,
        .grace_ms = 1000,
        .max_parallel = w->max_live,
    };
}

static void breaks(struct world *w, const char *why)
{
    w->broken = true;
    w->why = why;
}

static enum world_end end_of(const struct world *w, size_t i, int64_t attempt)
{
    size_t k = (size_t)attempt - 1;
    return w->scripts[i].ends[SL_MIN(k, SL_COUNTOF(w->scripts[i].ends) - 1)];
}

static void look(struct world *w, size_t i)
{
    struct step_facts *f = &w->facts[i];
    for (int64_t k = WORLD_ATTEMPTS - 1; k > 0; k--) {
        const struct world_unit *u = &w->units[i][k];
        if (!u->made)
            continue;
        if (f->unit_attempt != k || f->unit == SIGHT_ABSENT) {
            f->result = ANSWER_UNKNOWN;
            f->stop_asked = CANCEL_NONE;
        }
        f->unit_attempt = k;
        f->unit = u->alive ? SIGHT_RUNNING : SIGHT_ENDED;
        f->unit_outcome = u->outcome;
        f->unit_started_us = w->states[i].created_us;
        return;
    }
}

/* ---- actions ---------------------------------------------------------------------------------*/

static void check_create(struct world *w, const struct plan_action *act)
{
    int64_t live = 0;
    for (size_t i = 0; i < w->pipeline.n_steps; i++)
        for (int64_t k = 1; k < WORLD_ATTEMPTS; k++) {
            const struct world_unit *u = &w->units[i][k];
            live += u->made && u->alive;
            if (i != act->step || !u->made)
                continue;
            if (u->alive)
                breaks(w, "two live attempts of a step");
            if (k >= act->attempt)
                breaks(w, "an attempt number was used again");
            if (u->has_result && u->success)
                breaks(w, "a step that succeeded runs again");
        }
    int64_t bound = w->pipeline.parallelism;
    if ((bound && live >= bound) || (w->max_live && live >= w->max_live))
        breaks(w, "more steps at a time than allowed");
    if (act->attempt >= WORLD_ATTEMPTS)
        breaks(w, "too many attempts");
    for (size_t e = 0; e < w->steps[act->step].n_edges; e++)
        if (w->states[w->edges[act->step][e].step].phase != STEP_ENDED)
            breaks(w, "a step starts before one that it waits for has ended");
}

static void create(struct world *w, const struct plan_action *act)
{
    struct step_state *st = &w->states[act->step];
    struct step_facts *f = &w->facts[act->step];
    check_create(w, act);
    if (w->broken)
        return;
    f->create_attempt = act->attempt;
    if (end_of(w, act->step, act->attempt) == WORLD_REFUSED) {
        f->create = ANSWER_NO;
        f->create_outcome = OUTCOME_CONFIG_ERROR;
        return;
    }
    w->creates++;
    w->units[act->step][act->attempt] = (struct world_unit){.made = true, .alive = true};
    f->create = ANSWER_ASKED; /* answered by world_happen */
    (void)st;
}

static void record_running(struct world *w, size_t i, int64_t attempt)
{
    struct step_state *st = &w->states[i];
    st->phase = STEP_RUNNING;
    st->attempt = attempt;
    st->stop = OUTCOME_NONE;
    st->created_us = w->now_us;
    st->first_us = st->first_us ? st->first_us : w->now_us;
    w->facts[i].create = ANSWER_UNKNOWN;
    look(w, i);
}

static void stop(struct world *w, const struct plan_action *act)
{
    struct step_state *st = &w->states[act->step];
    if (st->phase == STEP_RUNNING && st->stop == OUTCOME_NONE)
        st->stop = act->outcome;
    w->facts[act->step].stop_asked = act->grace_ms ? CANCEL_GRACEFUL : CANCEL_KILL;
}

static void retry(struct world *w, const struct plan_action *act)
{
    struct step_state *st = &w->states[act->step];
    struct step_facts *f = &w->facts[act->step];
    if (f->create == ANSWER_NO)
        st->attempt = f->create_attempt;
    st->phase = STEP_WAITING;
    st->last = act->outcome;
    st->stop = OUTCOME_NONE;
    st->spent = act->decision.spent;
    st->retry_at_us = act->at_us;
    if (act->outcome == OUTCOME_OUT_OF_MEMORY)
        st->memory_bytes = act->decision.memory_bytes;
    f->resolution = RESOLVE_UNKNOWN;
    f->create = f->result = ANSWER_UNKNOWN;
}

static void resolve(struct world *w, size_t i)
{
    struct step_facts *f = &w->facts[i];
    f->resolution = RESOLVE_RUN;
    if (w->scripts[i].when_false)
        f->resolution = RESOLVE_WHEN_FALSE;
    else if (w->scripts[i].cached)
        f->resolution = RESOLVE_CACHED;
    for (size_t e = 0; e < w->steps[i].n_edges; e++)
        if (w->edges[i][e].kind == SPEC_EDGE_DATA &&
            !outcome_is_good(w->states[w->edges[i][e].step].outcome))
            f->resolution = RESOLVE_NO_INPUT;
}

void world_apply(struct world *w, const struct plan_action *act)
{
    struct step_state *st = &w->states[act->step];
    struct step_facts *f = &w->facts[act->step];
    switch (act->kind) {
    case PLAN_LIST_UNITS:
        w->units_known = true;
        for (size_t i = 0; i < w->pipeline.n_steps; i++)
            look(w, i);
        break;
    case PLAN_RESOLVE:
        resolve(w, act->step);
        break;
    case PLAN_CREATE:
        create(w, act);
        break;
    case PLAN_ADOPT:
        record_running(w, act->step, act->attempt);
        break;
    case PLAN_READ_RESULT: {
        const struct world_unit *u = &w->units[act->step][act->attempt];
        f->result = u->has_result ? ANSWER_YES : ANSWER_NO;
        f->result_outcome = u->outcome;
        break;
    }
    case PLAN_STOP:
        stop(w, act);
        break;
    case PLAN_RETRY:
        retry(w, act);
        break;
    case PLAN_END_STEP:
        if (f->create == ANSWER_NO)
            st->attempt = f->create_attempt;
        st->phase = STEP_ENDED;
        st->outcome = act->outcome;
        break;
    case PLAN_TIME_OUT:
        w->run.timed_out = true;
        break;
    case PLAN_END_RUN:
        w->run.outcome = act->outcome;
        break;
    case PLAN_PUBLISH_STEP:
        f->published = ANSWER_YES;
        break;
    case PLAN_PUBLISH_RUN:
        w->published = ANSWER_YES;
        break;
    case PLAN_WAKE:
        break;
    }
}

/* ---- what happens outside --------------------------------------------------------------------*/

static void end_unit(struct world *w, size_t i, int64_t attempt)
{
    struct world_unit *u = &w->units[i][attempt];
    static const enum outcome outcomes[WORLD_ENDS] = {
        [WORLD_SUCCEEDS] = OUTCOME_SUCCEEDED,    [WORLD_FAILS] = OUTCOME_FAILED,
        [WORLD_CRASHES] = OUTCOME_FAILED,        [WORLD_UNAVAILABLE] = OUTCOME_UNAVAILABLE,
        [WORLD_INVALID] = OUTCOME_INVALID_INPUT, [WORLD_NO_MEMORY] = OUTCOME_OUT_OF_MEMORY,
        [WORLD_DISRUPTED] = OUTCOME_DISRUPTED,   [WORLD_HANGS] = OUTCOME_DISRUPTED,
    };
    enum world_end end = end_of(w, i, attempt);
    bool stopped = w->facts[i].stop_asked != CANCEL_NONE && w->facts[i].unit_attempt == attempt;
    u->alive = false;
    u->outcome = stopped ? OUTCOME_DISRUPTED : outcomes[end];
    u->has_result = !stopped && (end == WORLD_SUCCEEDS || end == WORLD_FAILS ||
                                 end == WORLD_UNAVAILABLE || end == WORLD_INVALID);
    u->success = u->has_result && end == WORLD_SUCCEEDS;
    look(w, i);
}

/* Something of step i can happen: its create is answered, or its live attempt ends. */
static bool can_happen(const struct world *w, size_t i)
{
    const struct step_facts *f = &w->facts[i];
    if (f->create == ANSWER_ASKED)
        return true;
    if (f->unit != SIGHT_RUNNING)
        return false;
    return end_of(w, i, f->unit_attempt) != WORLD_HANGS || f->stop_asked != CANCEL_NONE;
}

bool world_happen(struct world *w, struct sl_rng *rng)
{
    size_t n = 0, chosen = 0;
    for (size_t i = 0; i < w->pipeline.n_steps; i++)
        if (can_happen(w, i) && (n++ == 0 || (rng && sl_rng_below(rng, n) == 0)))
            chosen = i;
    if (n == 0)
        return false;
    if (w->facts[chosen].create == ANSWER_ASKED)
        record_running(w, chosen, w->facts[chosen].create_attempt);
    else
        end_unit(w, chosen, w->facts[chosen].unit_attempt);
    return true;
}

void world_crash(struct world *w, struct sl_rng *rng)
{
    /* Some children die with their controller, and some had just ended. */
    for (size_t i = 0; i < w->pipeline.n_steps; i++)
        for (int64_t k = 1; k < WORLD_ATTEMPTS; k++) {
            struct world_unit *u = &w->units[i][k];
            if (!u->made || !u->alive)
                continue;
            if (sl_rng_below(rng, 3) == 0)
                *u = (struct world_unit){.made = true, .outcome = OUTCOME_DISRUPTED};
            else if (sl_rng_below(rng, 2) == 0 && end_of(w, i, k) != WORLD_HANGS)
                end_unit(w, i, k);
        }
    memset(w->facts, 0, sizeof(w->facts));
    w->units_known = w->units_asked = false;
    w->published = ANSWER_UNKNOWN;
}

/* ---- the loop --------------------------------------------------------------------------------*/

static void check_same(struct world *w, struct sl_arena *a, const struct plan *p)
{
    struct snapshot s = world_snapshot(w);
    struct plan again = plan(a, &s, w->now_us);
    if (again.n != p->n || memcmp(again.actions, p->actions, p->n * sizeof(*p->actions)) != 0)
        breaks(w, "the same snapshot gave other actions");
}

/* False: the controller died half-way. */
static bool apply_all(struct world *w, const struct plan *p, struct sl_rng *rng, uint64_t one_in,
                      int64_t *ret_wake_us, bool *ret_acted)
{
    for (size_t i = 0; i < p->n && !w->broken; i++) {
        if (p->actions[i].kind == PLAN_WAKE) {
            *ret_wake_us = p->actions[i].at_us;
            continue;
        }
        if (one_in && sl_rng_below(rng, one_in) == 0) {
            world_crash(w, rng);
            return false;
        }
        world_apply(w, &p->actions[i]);
        *ret_acted = true;
    }
    return true;
}

void world_run(struct world *w, struct sl_arena *a, struct sl_rng *rng, uint64_t crash_one_in)
{
    while (!w->broken) {
        struct snapshot s = world_snapshot(w);
        if (plan_is_finished(&s))
            return;
        sl_arena_clear(a);
        int64_t wake_us = 0;
        bool acted = false;
        struct plan p = plan(a, &s, w->now_us);
        check_same(w, a, &p);
        if (++w->plans > w->max_plans)
            breaks(w, "the run does not end");
        if (!apply_all(w, &p, rng, crash_one_in, &wake_us, &acted) || acted)
            continue;
        if (crash_one_in && sl_rng_below(rng, crash_one_in) == 0) {
            world_crash(w, rng);
            continue;
        }
        if (world_happen(w, rng)) {
            w->now_us += 1000;
            continue;
        }
        if (wake_us <= w->now_us)
            breaks(w, "nothing to do and nothing to wait for");
        w->now_us = wake_us;
    }
}
