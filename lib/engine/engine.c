#include "engine/engine.h"

#include "base/alloc.h"
#include "core/pipeline/dag.h"
#include "engine/internal.h"

#include <errno.h>
#include <poll.h>

enum { MESSAGE_BYTES = 16 << 10 };

struct sl_str engine_error_text(struct sl_arena *a, struct sl_err *err)
{
    SL_AUTOBUF(text, MESSAGE_BYTES);
    sl_err_format(err, &text);
    sl_err_free(err);
    return sl_arena_str(a, sl_buf_str(&text));
}

void engine_fail(struct engine *e, struct sl_err *err)
{
    e->fatal = sl_err_first(e->fatal, err);
}

void engine_save(struct engine *e)
{
    SL_AUTOARENA(a);
    struct json *status = snapshot_encode(a, e->pipeline, &e->run, e->states);
    struct sl_err *err = e->cfg.store->save_status(e->cfg.store, &e->record, status);
    if (err)
        engine_fail(e, SL_WRAP(err, "save its state"));
    e->dirty = false;
}

/* ---- made and unmade -------------------------------------------------------------------------*/

static void start_steps(struct engine *e, const struct engine_run_spec *spec)
{
    size_t n = e->pipeline->n_steps;
    e->states = SL_ARENA_ARRAY(e->a, struct step_state, n);
    e->facts = SL_ARENA_ARRAY(e->a, struct step_facts, n);
    e->steps = SL_ARENA_ARRAY(e->a, struct engine_step, n);
    e->record.n_steps = n;
    e->record.steps = SL_ARENA_ARRAY(e->a, struct step_record, n);
    for (size_t i = 0; i < n; i++) {
        const struct spec_step *step = &e->pipeline->steps[i];
        e->steps[i] = (struct engine_step){.e = e, .index = i, .driver_a = sl_arena_new()};
        if (spec->states)
            e->states[i] = spec->states[i];
        if (spec->record.steps)
            e->record.steps[i] = spec->record.steps[i];
        struct step_record *r = &e->record.steps[i];
        r->step = step->name;
        r->component = step->component ? sl_str(step->component->name) : SL_STR("Container");
    }
}

struct sl_err *engine_new(const struct engine_config *config, const struct engine_run_spec *spec,
                          struct engine **ret)
{
    struct sl_arena *a = sl_arena_new();
    struct engine *e = SL_ARENA_NEW(a, struct engine);
    e->cfg = *config;
    e->a = a;
    e->pipeline = spec->pipeline;
    struct sl_err *err = dag_order(a, spec->pipeline, &e->order);
    if (err) {
        sl_arena_free(a);
        return err;
    }
    e->record = spec->record;
    start_steps(e, spec);
    if (spec->run)
        e->run = *spec->run;
    else
        e->run.started_us = clock_now_us(config->clock);
    e->record.started_us = e->record.started_us ? e->record.started_us : e->run.started_us;
    e->head = e->record;
    e->q = completion_queue_new();
    e->watch_a = sl_arena_new();
    e->tick_a = sl_arena_new();
    e->dirty = true;
    publisher_run_start(e);
    *ret = e;
    return NULL;
}

static void watch_cancelled(struct completion *c)
{
    sl_err_free(c->err);
    c->err = NULL;
}

/* Requests point into our memory: they are waited for. */
static void drain(struct engine *e)
{
    struct cluster_request cancel = {
        .c.done = watch_cancelled, .op = CLUSTER_CANCEL_WATCH, .run_uid = e->record.uid};
    e->closing = true;
    if (e->watch_open) {
        cluster_submit(e->cfg.cluster, e->q, &cancel);
        while (!cancel.c.finished)
            completion_reap(e->q, -1);
    }
    while (e->in_flight > 0 || e->watch_open)
        completion_reap(e->q, -1);
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    drain(e);
    for (size_t i = 0; i < e->pipeline->n_steps; i++) {
        driver_free(e->steps[i].driver);
        sl_buf_deinit(&e->steps[i].task);
        sl_arena_free(e->steps[i].driver_a);
    }
    sl_buf_deinit(&e->record_text);
    sl_map_deinit(&e->verified);
    sl_err_free(e->fatal);
    completion_queue_free(e->q);
    sl_arena_free(e->watch_a);
    sl_arena_free(e->tick_a);
    sl_arena_free(e->a);
}

/* ---- ticks -----------------------------------------------------------------------------------*/

static struct snapshot take_snapshot(const struct engine *e)
{
    return (struct snapshot){
        .pipeline = e->pipeline,
        .order = e->order,
        .run = e->run,
        .steps = e->states,
        .facts = e->facts,
        .units_known = e->units_known,
        .units_asked = e->units_asked,
        .published = e->published,
        .grace_ms = e->cfg.grace_ms,
        .max_parallel = e->cfg.max_parallel,
    };
}

struct sl_err *engine_tick(struct engine *e, int64_t *ret_wake_us)
{
    bool changed = e->dirty, again = true;
    int64_t wake_us = 0;
    while (again && !e->fatal) {
        sl_arena_clear(e->tick_a);
        struct snapshot s = take_snapshot(e);
        struct plan p = plan(e->tick_a, &s, clock_now_us(e->cfg.clock));
        again = false;
        wake_us = 0;
        for (size_t i = 0; i < p.n; i++) {
            if (p.actions[i].kind == PLAN_WAKE) {
                wake_us = p.actions[i].at_us;
                continue;
            }
            apply(e, &p.actions[i]);
            again = changed = true;
        }
    }
    if (e->dirty)
        engine_save(e);
    if (e->fatal) {
        struct sl_err *err = e->fatal;
        e->fatal = NULL;
        return err;
    }
    if (changed && e->cfg.changed)
        e->cfg.changed(e->cfg.ctx, e);
    *ret_wake_us = wake_us;
    return NULL;
}

int engine_fd(const struct engine *e)
{
    return completion_queue_fd(e->q);
}

size_t engine_reap(struct engine *e)
{
    return completion_reap(e->q, 0);
}

bool engine_is_finished(const struct engine *e)
{
    struct snapshot s = take_snapshot(e);
    return plan_is_finished(&s);
}

void engine_cancel(struct engine *e, bool kill)
{
    if (e->run.outcome != OUTCOME_NONE)
        return;
    e->run.cancel = kill || e->run.cancel != CANCEL_NONE ? CANCEL_KILL : CANCEL_GRACEFUL;
    e->dirty = true;
}

static int timeout_ms(const struct engine *e, int64_t wake_us, int64_t refresh_ms)
{
    int64_t ms = -1;
    if (wake_us)
        ms = SL_MAX((wake_us - clock_now_us(e->cfg.clock) + 999) / 1000, (int64_t)0);
    if (refresh_ms && (ms < 0 || refresh_ms < ms))
        ms = refresh_ms;
    return (int)SL_MIN(ms, (int64_t)3600 * 1000);
}

struct sl_err *engine_run(struct engine *e, const struct engine_watch *watch)
{
    int64_t wake_us;
    for (;;) {
        SL_TRY(engine_tick(e, &wake_us));
        if (engine_is_finished(e))
            return NULL;
        struct pollfd fds[2] = {{.fd = engine_fd(e), .events = POLLIN},
                                {.fd = watch->fd, .events = POLLIN}};
        int n = poll(fds, 2, timeout_ms(e, wake_us, watch->refresh_ms));
        if (n < 0 && errno != EINTR)
            return SL_ERRNO("wait for steps");
        if (n > 0 && fds[1].revents)
            watch->ready(watch->ctx);
        engine_reap(e);
        if (n == 0 && watch->refresh_ms)
            watch->refresh(watch->ctx);
    }
}

/* ---- what a display shows --------------------------------------------------------------------*/

const struct run_record *engine_record(const struct engine *e)
{
    return &e->record;
}

const struct spec_pipeline *engine_pipeline(const struct engine *e)
{
    return e->pipeline;
}

const struct run_state *engine_run_state(const struct engine *e)
{
    return &e->run;
}

const struct step_state *engine_step_states(const struct engine *e)
{
    return e->states;
}

const struct sl_str *engine_cache_misses(const struct engine *e, size_t step, size_t *ret_n)
{
    *ret_n = e->steps[step].n_misses;
    return e->steps[step].misses;
}

struct sl_str engine_publish_trouble(const struct engine *e)
{
    return e->publish_trouble;
}
