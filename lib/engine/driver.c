/* The driver of a step: its inputs, the files outside that it reads, its cache key, and at most one
 * cache query. A sequence of stages; each either goes on at once or submits one request and goes on
 * when that is answered. */

#include "engine/driver.h"

#include "base/alloc.h"
#include "codec/sha256.h"
#include "engine/params.h"

enum { LATER_MS = 2000 };

/* ---- ends ------------------------------------------------------------------------------------*/

void driver_free(struct driver *d)
{
    if (!d)
        return;
    sl_vec_deinit(&d->patterns);
    sl_vec_deinit(&d->files);
    fetch_deinit(&d->fetch);
    sha256_free(d->hash);
    sl_free(d);
}

void driver_finish(struct driver *d, enum resolution how)
{
    struct engine_step *s = d->s;
    struct step_facts *f = &s->e->facts[s->index];
    f->resolution = how;
    s->driver = NULL;
    driver_free(d);
}

void driver_finish_error(struct driver *d, enum resolution how, struct sl_err *err)
{
    d->r->error_kind = sl_str(sl_err_kind_name(err->kind));
    d->r->error_message = engine_error_text(d->a, err);
    d->r->message = d->r->error_message;
    driver_finish(d, how);
}

/* A request that could not be answered: wrong for ever, or ask again. */
void driver_finish_unanswered(struct driver *d, struct sl_err *err)
{
    if (err->kind == SL_ERR_UNAVAILABLE || err->kind == SL_ERR_TIMEOUT) {
        struct step_facts *f = &d->s->e->facts[d->s->index];
        f->resolve_at_us = clock_now_us(d->s->e->cfg.clock) + LATER_MS * 1000;
        driver_finish_error(d, RESOLVE_LATER, err);
        return;
    }
    driver_finish_error(d, RESOLVE_REFUSED, err);
}

struct sl_err *driver_answer(struct driver *d, struct completion *c)
{
    struct sl_err *err = c->err;
    c->err = NULL;
    d->s->e->in_flight--;
    return err;
}

/* ---- when, inputs ----------------------------------------------------------------------------*/

static bool stage_when(struct driver *d)
{
    bool holds = true;
    struct sl_err *err = NULL;
    if (d->spec->when)
        err = reference_eval_when(d->a, d->spec->when, &d->scope.base, &holds);
    if (err) {
        driver_finish_error(d, RESOLVE_CONFIG_ERROR, SL_WRAP(err, "when"));
        return false;
    }
    if (!holds) {
        driver_finish(d, RESOLVE_WHEN_FALSE);
        return false;
    }
    d->stage = STAGE_INPUTS;
    return true;
}

const struct task_output *engine_find_output(const struct step_record *r, struct sl_str name)
{
    for (size_t i = 0; i < r->n_outputs; i++)
        if (sl_str_eq(r->outputs[i].name, name))
            return &r->outputs[i];
    return NULL;
}

static void add_input(struct driver *d, struct sl_str name, const struct task_artifact *t)
{
    struct task_artifact *copy = SL_ARENA_NEW(d->a, struct task_artifact);
    *copy = *t;
    struct task_port *port = &d->r->inputs[d->r->n_inputs++];
    *port = (struct task_port){.name = name, .artifacts = copy, .n = 1};
}

static bool no_input(struct driver *d, const struct spec_input *in)
{
    if (in->optional)
        return true;
    const struct spec_step *from = &d->s->e->pipeline->steps[in->step];
    d->r->message =
        in->source == SPEC_SOURCE_STEP
            ? sl_arena_format(d->a, "its input '%.*s' is missing: step '%.*s' left no '%.*s'",
                              SL_FMT(in->name), SL_FMT(from->name), SL_FMT(in->output))
            : sl_arena_format(d->a, "its input '%.*s' is missing: no model has been blessed yet",
                              SL_FMT(in->name));
    driver_finish(d, RESOLVE_NO_INPUT);
    return false;
}

static bool stage_inputs(struct driver *d)
{
    const struct engine *e = d->s->e;
    d->r->inputs = SL_ARENA_ARRAY(d->a, struct task_port, d->spec->n_inputs);
    d->r->n_inputs = 0;
    for (size_t i = 0; i < d->spec->n_inputs; i++) {
        const struct spec_input *in = &d->spec->inputs[i];
        if (in->source != SPEC_SOURCE_STEP)
            continue;
        const struct task_output *o = engine_find_output(&e->record.steps[in->step], in->output);
        if (o)
            add_input(d, in->name,
                      &(struct task_artifact){.type = o->type,
                                              .uri = o->uri,
                                              .digest = o->digest,
                                              .properties = o->properties});
        else if (!no_input(d, in))
            return false;
    }
    d->stage = STAGE_BLESSED;
    return true;
}

static struct sl_str digest_of_model(const struct driver *d)
{
    for (size_t i = 0; i < d->r->n_inputs; i++)
        if (sl_str_is(d->r->inputs[i].artifacts[0].type, "Model"))
            return d->r->inputs[i].artifacts[0].digest;
    return SL_STR("");
}

static void blessed_came(struct completion *c)
{
    struct driver *d = SL_CONTAINER_OF(c, struct driver, latest.c);
    struct sl_err *err = driver_answer(d, c);
    const struct spec_input *in = &d->spec->inputs[d->blessed_input];
    if (err) {
        driver_finish_unanswered(d, err);
        return;
    }
    if (d->latest.ret_found)
        add_input(d, in->name, &d->latest.ret_model);
    else if (!no_input(d, in))
        return;
    d->blessed_input++;
    driver_go(d);
}

static void ask_latest_blessed(struct driver *d, void (*done)(struct completion *c))
{
    struct engine *e = d->s->e;
    d->latest = (struct index_latest_blessed){
        .c.done = done,
        .a = d->a,
        .run_namespace = e->record.run_namespace,
        .pipeline = e->record.pipeline,
        .exclude_digest = digest_of_model(d),
    };
    e->in_flight++;
    e->cfg.index->latest_blessed(e->cfg.index, e->q, &d->latest);
}

static bool stage_blessed(struct driver *d)
{
    for (; d->blessed_input < d->spec->n_inputs; d->blessed_input++) {
        const struct spec_input *in = &d->spec->inputs[d->blessed_input];
        if (in->source != SPEC_SOURCE_LATEST_BLESSED)
            continue;
        if (d->s->e->cfg.index) {
            ask_latest_blessed(d, blessed_came);
            return false;
        }
        if (!no_input(d, in))
            return false;
    }
    d->stage = STAGE_PARAMS;
    return true;
}

/* ---- parameters ------------------------------------------------------------------------------*/

static void note_pattern(void *ctx, struct sl_str place, struct sl_str value)
{
    struct driver *d = ctx;
    if (value.n)
        *sl_vec_add(&d->patterns) = (struct pattern){place, value};
}

static bool stage_params(struct driver *d)
{
    struct sl_err *err;
    if (d->spec->component) {
        err = reference_tree_expand(d->a, d->spec->params, &d->scope.base, &d->r->params);
        if (err)
            err = SL_WRAP(err, "params");
    } else {
        err = params_of_container(d->a, d->spec, &d->scope.base, &d->r->params);
    }
    if (err) {
        driver_finish_error(d, RESOLVE_CONFIG_ERROR, err);
        return false;
    }
    if (d->spec->component) {
        d->r->params = json_copy(d->a, d->r->params);
        params_make_absolute(d->a, d->spec->component, d->r->params, d->s->e->cfg.folder);
        catalog_visit_files(d->a, d->spec->component, d->r->params, note_pattern, d);
    }
    d->stage = STAGE_GUARD;
    return true;
}

/* ---- the guard of a push ----------------------------------------------------------------------
 * The blessing says which model the candidate was compared with. If another has been blessed since,
 * the comparison is stale. */

static const struct task_artifact *blessing_of(const struct driver *d)
{
    for (size_t i = 0; i < d->r->n_inputs; i++)
        if (sl_str_is(d->r->inputs[i].artifacts[0].type, "ModelBlessing"))
            return &d->r->inputs[i].artifacts[0];
    return NULL;
}

static void guard_came(struct completion *c)
{
    struct driver *d = SL_CONTAINER_OF(c, struct driver, latest.c);
    struct sl_err *err = driver_answer(d, c);
    if (err) {
        driver_finish_unanswered(d, err);
        return;
    }
    struct sl_str compared =
        json_get_string(blessing_of(d)->properties, "baseline_digest", SL_STR(""));
    struct sl_str now = d->latest.ret_found ? d->latest.ret_model.digest : SL_STR("");
    if (!sl_str_eq(compared, now)) {
        driver_finish_error(
            d, RESOLVE_REFUSED,
            SL_ERR(INVALID,
                   "the model was compared with %.12s, but %.12s is the latest blessed "
                   "one now: evaluate again",
                   compared.n ? sl_arena_cstr(d->a, compared) : "none",
                   now.n ? sl_arena_cstr(d->a, now) : "none"));
        return;
    }
    d->stage = STAGE_LIST;
    driver_go(d);
}

/* The model was compared with the one blessed last, if any: the evaluation has such an input. */
static bool was_compared(const struct driver *d)
{
    const struct spec_pipeline *p = d->s->e->pipeline;
    for (size_t i = 0; i < d->spec->n_inputs; i++) {
        const struct spec_input *in = &d->spec->inputs[i];
        if (in->source != SPEC_SOURCE_STEP || !sl_str_is(in->type, "ModelBlessing"))
            continue;
        const struct spec_step *evaluation = &p->steps[in->step];
        for (size_t k = 0; k < evaluation->n_inputs; k++)
            if (evaluation->inputs[k].source == SPEC_SOURCE_LATEST_BLESSED)
                return true;
    }
    return false;
}

static bool stage_guard(struct driver *d)
{
    const struct task_artifact *blessing = blessing_of(d);
    bool is_push = d->spec->component && sl_str_is(sl_str(d->spec->component->name), "Pusher");
    if (is_push && d->s->e->cfg.index && blessing && was_compared(d) &&
        json_get_bool(blessing->properties, "blessed", false)) {
        ask_latest_blessed(d, guard_came);
        return false;
    }
    d->stage = STAGE_LIST;
    return true;
}

/* ---- the sequence ----------------------------------------------------------------------------*/

/* A stage returns true when the next may begin; else an answer, or finish, goes on. */
void driver_go(struct driver *d)
{
    static bool (*const stages[])(struct driver * d) = {
        [STAGE_WHEN] = stage_when,       [STAGE_INPUTS] = stage_inputs,
        [STAGE_BLESSED] = stage_blessed, [STAGE_PARAMS] = stage_params,
        [STAGE_GUARD] = stage_guard,     [STAGE_LIST] = driver_list,
        [STAGE_HASH] = driver_hash,      [STAGE_LOOKUP] = driver_lookup,
        [STAGE_VERIFY] = driver_verify,  [STAGE_TAKE] = driver_take,
        [STAGE_REJECT] = driver_reject,
    };
    while (stages[d->stage](d))
        ;
}

void driver_start(struct engine_step *s)
{
    struct engine *e = s->e;
    struct driver *d = SL_NEW(struct driver);
    struct step_record *r = &e->record.steps[s->index];
    *r = (struct step_record){.step = r->step,
                              .item = r->item,
                              .component = r->component,
                              .started_us = r->started_us,
                              .attempt = r->attempt,
                              .attempt_uri = r->attempt_uri};
    d->s = s;
    d->a = s->driver_a;
    d->r = r;
    d->spec = &e->pipeline->steps[s->index];
    scope_init(&d->scope, s, d->a, 0);
    s->driver = d;
    s->n_misses = 0;
    e->facts[s->index].resolution = RESOLVE_ASKED;
    driver_go(d);
}
