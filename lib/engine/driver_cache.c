/* The cache of the driver: one query, whose hit driver_verify.c verifies, and what becomes of it.
 */
#include "engine/driver.h"

static struct task_port *declared_outputs(const struct driver *d)
{
    struct task_port *ports = SL_ARENA_ARRAY(d->a, struct task_port, d->spec->n_outputs);
    for (size_t i = 0; i < d->spec->n_outputs; i++) {
        const struct spec_output *o = &d->spec->outputs[i];
        struct task_artifact *t = SL_ARENA_NEW(d->a, struct task_artifact);
        t->type = o->type.n ? o->type : sl_str(spec_type_name(o->value_type));
        t->properties = json_new_object(d->a);
        ports[i] = (struct task_port){.name = o->name, .artifacts = t, .n = 1};
    }
    return ports;
}

/* Empty when what the step executes cannot be told apart from other builds of it. */
static struct sl_str build_of(const struct driver *d)
{
    if (d->spec->component)
        return sl_str(d->s->e->cfg.build_id(d->spec->component->executable));
    struct sl_str image = d->spec->container->image;
    ptrdiff_t digest = sl_str_find(image, SL_STR("@sha256:"));
    if (digest >= 0)
        return sl_str_skip(image, (size_t)digest + 1);
    return d->spec->cache.version.n ? image : SL_STR("");
}

/* The record that the key is the digest of, or NULL: not cacheable. */
static struct json *cache_record_of(const struct driver *d)
{
    struct sl_str build = build_of(d);
    if (!d->spec->cache.enabled || build.n == 0)
        return NULL;
    struct cache_parts parts = {
        .component = d->r->component,
        .build = build,
        .version = d->spec->cache.version,
        .params = d->r->params,
        .inputs = d->r->inputs,
        .n_inputs = d->r->n_inputs,
        .files = d->r->files,
        .n_files = d->r->n_files,
        .outputs = declared_outputs(d),
        .n_outputs = d->spec->n_outputs,
    };
    return cache_record(d->a, &parts);
}

static void lookup_came(struct completion *c)
{
    struct driver *d = SL_CONTAINER_OF(c, struct driver, lookup.c);
    /* With the index down a look-up is a miss, and the run goes on. */
    sl_err_free(driver_answer(d, c));
    if (!d->lookup.ret_hit) {
        d->s->misses = d->lookup.ret_why;
        d->s->n_misses = d->lookup.ret_n_why;
        driver_finish(d, RESOLVE_RUN);
        return;
    }
    d->stage = STAGE_VERIFY;
    driver_go(d);
}

bool driver_lookup(struct driver *d)
{
    struct engine *e = d->s->e;
    d->r->cache = cache_record_of(d);
    if (!d->r->cache || e->cfg.no_cache || !e->cfg.index) {
        driver_finish(d, RESOLVE_RUN);
        return false;
    }
    d->lookup = (struct index_cache_lookup){
        .c.done = lookup_came,
        .a = d->a,
        .run_namespace = e->record.run_namespace,
        .pipeline = e->record.pipeline,
        .run_uid = e->record.uid,
        .step = d->spec->name,
        .record = d->r->cache,
        .explain = e->cfg.explain_cache,
    };
    e->in_flight++;
    e->cfg.index->lookup(e->cfg.index, e->q, &d->lookup);
    return false;
}

bool driver_take(struct driver *d)
{
    const struct index_cache_hit *hit = &d->lookup.ret;
    d->r->outputs = hit->outputs;
    d->r->n_outputs = hit->n_outputs;
    d->r->values = hit->values;
    d->r->metrics = hit->metrics;
    d->r->cached_run = hit->run_uid;
    d->r->cached_step = hit->step;
    d->r->message = sl_arena_format(d->a, "made by step '%.*s' of run '%.*s'", SL_FMT(hit->step),
                                    SL_FMT(hit->run_name));
    driver_finish(d, RESOLVE_CACHED);
    return false;
}

static void rejected(struct completion *c)
{
    struct driver *d = SL_CONTAINER_OF(c, struct driver, reject.c);
    sl_err_free(driver_answer(d, c));
    driver_finish(d, RESOLVE_RUN);
}

bool driver_reject(struct driver *d)
{
    struct engine *e = d->s->e;
    if (e->cfg.explain_cache) {
        d->s->misses = sl_arena_copy(d->a, &d->why, sizeof(d->why));
        d->s->n_misses = 1;
    }
    d->reject = (struct index_cache_reject){
        .c.done = rejected, .outputs = d->lookup.ret.outputs, .n_outputs = d->lookup.ret.n_outputs};
    e->in_flight++;
    e->cfg.index->reject(e->cfg.index, e->q, &d->reject);
    return false;
}
