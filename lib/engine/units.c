#include "engine/internal.h"

#include <string.h>

static enum outcome outcome_of(const struct unit_status *u)
{
    switch (u->end) {
    case UNIT_END_EXITED:
        return outcome_from_exit(u->exit_code);
    case UNIT_END_SIGNALED:
        return OUTCOME_FAILED;
    case UNIT_END_OUT_OF_MEMORY:
        return OUTCOME_OUT_OF_MEMORY;
    case UNIT_END_IMAGE_ERROR:
        return OUTCOME_IMAGE_ERROR;
    case UNIT_END_REMOVED: /* by us: then the step's `stop` says why, and this is not asked */
    case UNIT_END_DISRUPTED:
        break;
    }
    return OUTCOME_DISRUPTED;
}

static struct sl_str describe(struct engine *e, const struct unit_status *u)
{
    if (u->phase != UNIT_ENDED)
        return SL_STR("");
    switch (u->end) {
    case UNIT_END_EXITED:
        return sl_arena_format(e->a, "it ended with exit code %d", u->exit_code);
    case UNIT_END_SIGNALED:
        return sl_arena_format(e->a, "it crashed: signal %d (%s)", u->signal, strsignal(u->signal));
    case UNIT_END_OUT_OF_MEMORY:
        return SL_STR("it needed more memory than its limit");
    case UNIT_END_IMAGE_ERROR:
        return u->message.n ? sl_arena_str(e->a, u->message) : SL_STR("its image could not be had");
    case UNIT_END_REMOVED:
    case UNIT_END_DISRUPTED:
        break;
    }
    if (u->signal)
        return sl_arena_format(e->a, "it was ended from outside: signal %d (%s)", u->signal,
                               strsignal(u->signal));
    return u->message.n ? sl_arena_str(e->a, u->message) : SL_STR("it vanished");
}

void units_expect(struct engine *e, size_t step, int64_t attempt)
{
    struct step_facts *f = &e->facts[step];
    if (f->unit != SIGHT_ABSENT && f->unit_attempt >= attempt)
        return;
    f->unit = SIGHT_PENDING;
    f->unit_attempt = attempt;
    f->unit_started_us = 0;
    f->result = ANSWER_UNKNOWN;
    f->stop_asked = CANCEL_NONE;
}

static void see(struct engine *e, const struct unit_status *u)
{
    static const enum unit_sight sights[] = {
        [UNIT_PENDING] = SIGHT_PENDING,
        [UNIT_RUNNING] = SIGHT_RUNNING,
        [UNIT_ENDED] = SIGHT_ENDED,
    };
    size_t i = 0;
    while (i < e->pipeline->n_steps && !sl_str_eq(e->pipeline->steps[i].name, u->step))
        i++;
    if (i == e->pipeline->n_steps || u->attempt < e->facts[i].unit_attempt)
        return;
    units_expect(e, i, u->attempt);
    struct step_facts *f = &e->facts[i];
    f->unit = sights[u->phase];
    f->unit_started_us = u->started_us;
    f->unit_outcome = u->phase == UNIT_ENDED ? outcome_of(u) : OUTCOME_NONE;
    e->steps[i].unit_message = describe(e, u);
}

static struct sl_err *take(struct engine *e, struct cluster_request *r)
{
    struct sl_err *err = r->c.err;
    r->c.err = NULL;
    for (size_t i = 0; !err && i < r->ret_n; i++)
        see(e, &r->ret_units[i]);
    return err;
}

static void listed(struct completion *c)
{
    struct engine *e = SL_CONTAINER_OF(c, struct engine, list.c);
    e->in_flight--;
    struct sl_err *err = take(e, &e->list);
    if (err) {
        engine_fail(e, SL_WRAP(err, "list what runs"));
        return;
    }
    e->units_known = true;
    if (!e->closing)
        units_watch(e);
}

void units_list(struct engine *e)
{
    e->units_asked = true;
    /* The adapter answers on a thread of its own: into the watch's arena, which nobody else uses
     * before the watch is opened. */
    e->list = (struct cluster_request){
        .c.done = listed, .op = CLUSTER_LIST, .run_uid = e->record.uid, .a = e->watch_a};
    e->in_flight++;
    cluster_submit(e->cfg.cluster, e->q, &e->list);
}

static void changed(struct completion *c)
{
    struct engine *e = SL_CONTAINER_OF(c, struct engine, watch.c);
    e->watch_open = false;
    struct sl_err *err = take(e, &e->watch);
    if (err)
        engine_fail(e, SL_WRAP(err, "watch what runs"));
    else if (!e->closing)
        units_watch(e);
}

void units_watch(struct engine *e)
{
    sl_arena_clear(e->watch_a);
    e->watch = (struct cluster_request){
        .c.done = changed, .op = CLUSTER_WATCH, .run_uid = e->record.uid, .a = e->watch_a};
    e->watch_open = true;
    cluster_submit(e->cfg.cluster, e->q, &e->watch);
}
