#include "engine/internal.h"

static const struct json *text(struct scope *sc, struct sl_str s)
{
    return json_new_string(sc->a, s);
}

static const struct step_record *record_of(const struct scope *sc, struct sl_str step)
{
    const struct engine *e = sc->s->e;
    for (size_t i = 0; i < e->pipeline->n_steps; i++)
        if (sl_str_eq(e->pipeline->steps[i].name, step))
            return &e->record.steps[i];
    return NULL;
}

static const struct json *property(struct scope *sc, const struct json *properties,
                                   struct sl_str key, struct sl_str uri, struct sl_str digest)
{
    const struct json *v = reference_property(properties, key);
    if (v)
        return v;
    if (sl_str_is(key, "uri"))
        return text(sc, uri);
    return sl_str_is(key, "digest") ? text(sc, digest) : NULL;
}

/* As written: a path differs from run to run, what lies there is in the cache key by its digest. */
static const struct json *as_written(struct scope *sc, const struct reference *r)
{
    return text(sc, sl_arena_format(sc->a, "$(%.*s)", SL_FMT(r->text)));
}

/* An artifact that a container step wrote as one file is that file, not its folder. */
static struct sl_str input_path(struct scope *sc, const struct task_artifact *t)
{
    struct blobs *b = sc->s->e->cfg.blobs;
    struct sl_str path = b->ops->local_path(b, sc->a, t->uri);
    struct sl_str file = json_get_string(t->properties, "file", SL_STR(""));
    return file.n ? sl_arena_format(sc->a, "%.*s/%.*s", SL_FMT(path), SL_FMT(file)) : path;
}

static const struct json *find_input(struct scope *sc, const struct reference *r)
{
    const struct step_record *mine = &sc->s->e->record.steps[sc->s->index];
    for (size_t i = 0; i < mine->n_inputs; i++) {
        const struct task_port *port = &mine->inputs[i];
        if (!sl_str_eq(port->name, r->name) || port->n == 0)
            continue;
        const struct task_artifact *t = &port->artifacts[0];
        bool place = sl_str_is(r->key, "path") || sl_str_is(r->key, "uri");
        if (place && sc->attempt == 0)
            return as_written(sc, r);
        if (sl_str_is(r->key, "path"))
            return text(sc, input_path(sc, t));
        return property(sc, t->properties, r->key, t->uri, t->digest);
    }
    return NULL;
}

static const struct json *find_output(struct scope *sc, const struct reference *r)
{
    struct engine_step *s = sc->s;
    if (sc->attempt == 0)
        return as_written(sc, r);
    if (sl_str_is(r->key, "uri"))
        return text(sc, sl_arena_format(sc->a, "%.*s/%.*s",
                                        SL_FMT(task_attempt_uri(s, sc->a, sc->attempt)),
                                        SL_FMT(r->name)));
    return text(sc, sl_arena_format(sc->a, "%s/%.*s.%lld/%.*s", s->e->cfg.work_folder,
                                    SL_FMT(s->e->pipeline->steps[s->index].name),
                                    (long long)sc->attempt, SL_FMT(r->name)));
}

static const struct json *find(void *ctx, const struct reference *r)
{
    struct scope *sc = ctx;
    const struct step_record *other = record_of(sc, r->step);
    switch (r->kind) {
    case REFERENCE_INPUT:
        return find_input(sc, r);
    case REFERENCE_OUTPUT:
        return find_output(sc, r);
    case REFERENCE_STEP_OUTCOME:
        return other && other->outcome.n ? text(sc, other->outcome) : NULL;
    case REFERENCE_STEP_VALUE:
        return other ? json_get_str(other->values, r->key) : NULL;
    case REFERENCE_STEP_OUTPUT: {
        const struct task_output *o = other ? engine_find_output(other, r->name) : NULL;
        return o ? property(sc, o->properties, r->key, o->uri, o->digest) : NULL;
    }
    default:
        return NULL;
    }
}

/* What the run would be if it ended now: what onExit steps read. */
static struct sl_str outcome_so_far(const struct engine *e)
{
    if (e->run.cancel)
        return sl_str(outcome_name(OUTCOME_CANCELLED));
    if (e->run.timed_out)
        return sl_str(outcome_name(OUTCOME_TIMED_OUT));
    for (size_t i = 0; i < e->pipeline->n_main; i++) {
        enum outcome o = e->states[i].outcome;
        if (outcome_is_failure(o) && !snapshot_tolerates(&e->pipeline->steps[i], o))
            return sl_str(outcome_name(OUTCOME_FAILED));
    }
    return sl_str(outcome_name(OUTCOME_SUCCEEDED));
}

void scope_init(struct scope *sc, struct engine_step *s, struct sl_arena *a, int64_t attempt)
{
    const struct engine *e = s->e;
    *sc = (struct scope){
        .base = {.params = e->record.parameters,
                 .run_name = e->record.name,
                 .run_uid = e->record.uid,
                 .run_namespace = e->record.run_namespace,
                 .find = find},
        .s = s,
        .a = a,
        .attempt = attempt,
    };
    sc->base.ctx = sc;
    if (e->pipeline->steps[s->index].on_exit)
        sc->base.run_outcome = outcome_so_far(e);
}
