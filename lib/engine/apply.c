
#include "engine/internal.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/time.h"

static struct sl_str step_name(const struct engine *e, size_t i)
{
    return e->pipeline->steps[i].name;
}

/* Unit names: "<run uid>.<step>[.<item>].<attempt>". Lifetime: `a`. */
static struct sl_str unit_name(struct sl_arena *a, struct sl_str run_uid, struct sl_str step,
                               struct sl_str item, int64_t attempt)
{
    return sl_arena_format(a, "%.*s.%.*s%s%.*s.%lld", SL_FMT(run_uid), SL_FMT(step),
                           item.n ? "." : "", SL_FMT(item), (long long)attempt);
}

static void save_step(struct engine *e, size_t i)
{
    struct sl_err *err = e->cfg.store->save_step(e->cfg.store, &e->record, &e->record.steps[i]);
    if (err)
        engine_fail(e, SL_WRAP(err, "step '%.*s'", SL_FMT(step_name(e, i))));
}

/* ---- create ----------------------------------------------------------------------------------*/

static void refuse_create(struct engine *e, size_t i, struct sl_err *err)
{
    struct step_facts *f = &e->facts[i];
    struct step_record *r = &e->record.steps[i];
    f->create = ANSWER_NO;
    switch (err->kind) {
    case SL_ERR_INVALID:
    case SL_ERR_NOT_FOUND:
    case SL_ERR_DENIED:
        f->create_outcome = OUTCOME_CONFIG_ERROR;
        break;
    case SL_ERR_EXHAUSTED:
        f->create_outcome = OUTCOME_QUOTA;
        break;
    default:
        f->create_outcome = OUTCOME_UNAVAILABLE;
    }
    r->error_kind = sl_str(sl_err_kind_name(err->kind));
    r->error_message = engine_error_text(e->a, err);
    r->message = r->error_message;
}

static void record_running(struct engine *e, size_t i, int64_t attempt)
{
    struct step_state *st = &e->states[i];
    int64_t now = clock_now_us(e->cfg.clock);
    st->phase = STEP_RUNNING;
    st->attempt = attempt;
    st->stop = OUTCOME_NONE;
    st->created_us = now;
    st->first_us = st->first_us ? st->first_us : now;
    st->started_us = st->started_us ? st->started_us : now;
    e->record.steps[i].started_us = st->started_us;
    units_expect(e, i, attempt);
    e->dirty = true;
}

static void created(struct completion *c)
{
    struct engine_step *s = SL_CONTAINER_OF(c, struct engine_step, create.c);
    struct engine *e = s->e;
    struct step_facts *f = &e->facts[s->index];
    struct sl_err *err = c->err;
    c->err = NULL;
    e->in_flight--;
    if (err) {
        refuse_create(e, s->index, err);
        return;
    }
    f->create = ANSWER_UNKNOWN;
    record_running(e, s->index, f->create_attempt);
    /* Only now is the recorded start known, by which `reindex` orders what it publishes. */
    if (f->create_attempt == 1)
        publisher_step_start(s);
}

static void submit_create(struct engine_step *s, struct sl_str task)
{
    struct engine *e = s->e;
    const struct spec_step *spec = &e->pipeline->steps[s->index];
    const struct step_record *r = &e->record.steps[s->index];
    struct step_facts *f = &e->facts[s->index];
    s->create.c = (struct completion){.done = created};
    s->create.op = CLUSTER_CREATE;
    s->create.unit.name = unit_name(e->a, e->record.uid, spec->name, r->item, f->create_attempt);
    s->create.unit.run_uid = e->record.uid;
    s->create.unit.step = spec->name;
    s->create.unit.item = r->item;
    s->create.unit.attempt = f->create_attempt;
    s->create.unit.executable = sl_str(task_executable(spec));
    s->create.unit.image = spec->container ? spec->container->image : SL_STR("");
    s->create.unit.task = task;
    s->create.unit.log_uri = sl_arena_format(e->a, "%.*s/_logs", SL_FMT(r->attempt_uri));
    e->in_flight++;
    cluster_submit(e->cfg.cluster, e->q, &s->create);
}

static void task_put(struct completion *c)
{
    struct engine_step *s = SL_CONTAINER_OF(c, struct engine_step, put_task.c);
    struct sl_err *err = c->err;
    c->err = NULL;
    s->e->in_flight--;
    if (err)
        refuse_create(s->e, s->index, SL_WRAP(err, "store the task"));
    else
        submit_create(s, s->put_task.uri);
}

/* A task that the environment has no room for goes to storage. */
static void put_task(struct engine_step *s)
{
    struct engine *e = s->e;
    s->put_task = (struct blob_request){
        .c.done = task_put,
        .op = BLOB_PUT,
        .uri =
            sl_arena_format(e->a, "%.*s/_task.json", SL_FMT(e->record.steps[s->index].attempt_uri)),
        .data = s->task.p,
        .size = s->task.n,
    };
    e->in_flight++;
    blobs_submit(e->cfg.blobs, e->q, &s->put_task);
}

static void create(struct engine *e, const struct plan_action *act)
{
    struct engine_step *s = &e->steps[act->step];
    struct step_facts *f = &e->facts[act->step];
    struct step_record *r = &e->record.steps[act->step];
    f->create = ANSWER_ASKED;
    f->create_attempt = act->attempt;
    r->attempt = act->attempt;
    r->attempt_uri = task_attempt_uri(s, e->a, act->attempt);
    s->create.unit.memory_bytes = act->memory_bytes;
    struct sl_err *err = task_build(s, act->attempt);
    if (err) {
        refuse_create(e, act->step, err);
        return;
    }
    save_step(e, act->step); /* before the unit: who adopts it must know what it works on */
    if (s->task.n > SL_LIMIT_TASK_BYTES)
        put_task(s);
    else
        submit_create(s, sl_buf_str(&s->task));
}

static void adopt(struct engine *e, const struct plan_action *act)
{
    struct step_record *r = &e->record.steps[act->step];
    e->facts[act->step].create = ANSWER_UNKNOWN;
    r->attempt = act->attempt;
    r->attempt_uri = task_attempt_uri(&e->steps[act->step], e->a, act->attempt);
    record_running(e, act->step, act->attempt);
}

/* ---- results ---------------------------------------------------------------------------------*/

static void take_result(struct engine *e, size_t i, const struct task_result *t)
{
    struct step_record *r = &e->record.steps[i];
    r->outputs = t->outputs;
    r->n_outputs = t->n_outputs;
    r->values = t->values;
    r->metrics = t->metrics;
    r->message = t->message;
    r->error_kind = t->error_kind;
    r->error_message = t->error_message;
    enum outcome o = outcome_parse(t->outcome);
    e->facts[i].result_outcome = o == OUTCOME_NONE ? OUTCOME_FAILED : o;
}

static void take_unreadable_result(struct engine *e, size_t i, struct sl_err *err)
{
    struct step_record *r = &e->record.steps[i];
    e->facts[i].result_outcome =
        err->kind == SL_ERR_UNAVAILABLE ? OUTCOME_UNAVAILABLE : OUTCOME_FAILED;
    r->error_kind = sl_str(sl_err_kind_name(err->kind));
    r->error_message = engine_error_text(e->a, SL_WRAP(err, "its result cannot be read"));
    r->message = r->error_message;
}

static void result_came(struct fetch *f, struct sl_err *err)
{
    struct engine_step *s = SL_CONTAINER_OF(f, struct engine_step, result);
    struct engine *e = s->e;
    struct step_facts *facts = &e->facts[s->index];
    struct task_result *t = NULL;
    facts->result = ANSWER_YES;
    if (!err)
        err = task_result_decode(e->a, sl_buf_str(&f->data), &t);
    fetch_deinit(f);
    if (!err) {
        take_result(e, s->index, t);
    } else if (err->kind == SL_ERR_NOT_FOUND) {
        sl_err_free(err);
        facts->result = ANSWER_NO;
    } else {
        take_unreadable_result(e, s->index, err);
    }
}

static void read_result(struct engine *e, const struct plan_action *act)
{
    struct engine_step *s = &e->steps[act->step];
    struct sl_str folder = task_attempt_uri(s, e->a, act->attempt);
    struct sl_str uri = sl_arena_format(e->a, "%.*s/_result.json", SL_FMT(folder));
    e->facts[act->step].result = ANSWER_ASKED;
    s->result = (struct fetch){.e = e, .done = result_came};
    fetch_start(&s->result, uri, SL_LIMIT_RESULT_BYTES);
}

/* ---- stop ------------------------------------------------------------------------------------*/

struct removal {
    struct cluster_request r;
    struct engine *e;
};

static void removed(struct completion *c)
{
    struct removal *r = SL_CONTAINER_OF(c, struct removal, r.c);
    r->e->in_flight--;
    sl_err_free(c->err); /* What matters is the unit's end, which the watch tells. */
    c->err = NULL;
}

static void stop(struct engine *e, const struct plan_action *act)
{
    struct step_state *st = &e->states[act->step];
    struct removal *r = SL_ARENA_NEW(e->a, struct removal);
    if (st->phase == STEP_RUNNING && st->stop == OUTCOME_NONE) {
        st->stop = act->outcome;
        e->dirty = true;
        engine_save(e); /* first why, then the deed: after a crash it is no disruption */
    }
    e->facts[act->step].stop_asked = act->grace_ms ? CANCEL_GRACEFUL : CANCEL_KILL;
    r->e = e;
    r->r = (struct cluster_request){
        .c.done = removed,
        .op = CLUSTER_REMOVE,
        .name = unit_name(e->a, e->record.uid, step_name(e, act->step),
                          e->record.steps[act->step].item, act->attempt),
        .run_uid = e->record.uid,
        .grace_ms = act->grace_ms,
    };
    e->in_flight++;
    cluster_submit(e->cfg.cluster, e->q, &r->r);
}

/* ---- ends ------------------------------------------------------------------------------------*/

static struct sl_str after_duration(struct engine *e, const char *what, int64_t ms)
{
    char text[SL_TIME_TEXT];
    sl_duration_format(ms * 1000, text);
    return sl_arena_format(e->a, "%s of %s", what, text);
}

static struct sl_str message_of(struct engine *e, const struct plan_action *act)
{
    const struct spec_step *spec = &e->pipeline->steps[act->step];
    struct step_record *r = &e->record.steps[act->step];
    switch (act->reason) {
    case REASON_CANCELLED:
        return SL_STR("the run was cancelled");
    case REASON_RUN_TIMED_OUT:
        return after_duration(e, "the run took longer than its timeout", e->pipeline->timeout_ms);
    case REASON_UPSTREAM:
        return sl_arena_format(e->a, "step '%.*s': %s", SL_FMT(step_name(e, act->other)),
                               outcome_name(e->states[act->other].outcome));
    case REASON_SKIPPED_INPUT:
        return act->other == act->step
                   ? r->message
                   : sl_arena_format(e->a, "an input comes from step '%.*s', which was skipped",
                                     SL_FMT(step_name(e, act->other)));
    case REASON_WHEN_FALSE:
        return sl_arena_format(e->a, "not when %.*s", SL_FMT(spec->when_text));
    case REASON_NO_RESULT:
        return SL_STR("it ended with exit code 0 and left no result");
    case REASON_VANISHED:
        return SL_STR("it vanished");
    case REASON_NONE:
        break;
    }
    if (act->outcome == OUTCOME_TIMED_OUT)
        return after_duration(e, "it took longer than its timeout", spec->timeout_ms);
    if (act->outcome == OUTCOME_PENDING_TIMEOUT)
        return after_duration(e, "it did not start within its pending timeout",
                              spec->pending_timeout_ms);
    if (r->error_message.n)
        return r->error_message;
    return r->message.n || outcome_is_good(act->outcome) ? r->message
                                                         : e->steps[act->step].unit_message;
}

/* Attempt numbers go on, also after one whose unit could not be created. */
static void count_refused_attempt(struct engine *e, size_t i)
{
    if (e->facts[i].create == ANSWER_NO)
        e->states[i].attempt = e->facts[i].create_attempt;
}

static void retry(struct engine *e, const struct plan_action *act)
{
    struct step_state *st = &e->states[act->step];
    struct step_facts *f = &e->facts[act->step];
    struct step_record *r = &e->record.steps[act->step];
    count_refused_attempt(e, act->step);
    r->message = message_of(e, act);
    st->phase = STEP_WAITING;
    st->last = act->outcome;
    st->stop = OUTCOME_NONE;
    st->spent = act->decision.spent;
    st->retry_at_us = act->at_us;
    if (act->outcome == OUTCOME_OUT_OF_MEMORY)
        st->memory_bytes = act->decision.memory_bytes;
    f->resolution = RESOLVE_UNKNOWN;
    f->create = ANSWER_UNKNOWN;
    f->result = ANSWER_UNKNOWN;
    e->dirty = true;
}

static void end_step(struct engine *e, const struct plan_action *act)
{
    struct step_state *st = &e->states[act->step];
    struct step_record *r = &e->record.steps[act->step];
    count_refused_attempt(e, act->step);
    r->message = message_of(e, act);
    st->phase = STEP_ENDED;
    st->outcome = act->outcome;
    st->ended_us = clock_now_us(e->cfg.clock);
    st->started_us = st->started_us ? st->started_us : st->ended_us;
    r->outcome = sl_str(outcome_name(act->outcome));
    r->attempt = st->attempt;
    r->started_us = st->started_us;
    r->finished_us = st->ended_us;
    if (outcome_is_failure(act->outcome) && r->error_message.n == 0)
        r->error_message = r->message;
    save_step(e, act->step);
    e->dirty = true;
}

static void end_run(struct engine *e, const struct plan_action *act)
{
    e->run.outcome = act->outcome;
    e->run.ended_us = clock_now_us(e->cfg.clock);
    e->dirty = true;
}

static void publish_run(struct engine *e)
{
    e->record.outcome = sl_str(outcome_name(e->run.outcome));
    e->record.finished_us = e->run.ended_us;
    publisher_run_end(e);
}

void apply(struct engine *e, const struct plan_action *act)
{
    switch (act->kind) {
    case PLAN_LIST_UNITS:
        units_list(e);
        break;
    case PLAN_RESOLVE:
        driver_start(&e->steps[act->step]);
        break;
    case PLAN_CREATE:
        create(e, act);
        break;
    case PLAN_ADOPT:
        adopt(e, act);
        break;
    case PLAN_READ_RESULT:
        read_result(e, act);
        break;
    case PLAN_STOP:
        stop(e, act);
        break;
    case PLAN_RETRY:
        retry(e, act);
        break;
    case PLAN_END_STEP:
        end_step(e, act);
        break;
    case PLAN_TIME_OUT:
        e->run.timed_out = true;
        e->dirty = true;
        break;
    case PLAN_END_RUN:
        end_run(e, act);
        break;
    case PLAN_PUBLISH_STEP:
        publisher_step_end(&e->steps[act->step]);
        break;
    case PLAN_PUBLISH_RUN:
        publish_run(e);
        break;
    case PLAN_WAKE:
        break;
    }
}
