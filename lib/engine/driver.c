/* The driver of a step: its inputs, the files outside that it reads, its cache key, and at most one
 * cache query. A sequence of stages; each either goes on at once or submits one request and goes on
 * when that is answered. */

#include "base/alloc.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "engine/internal.h"
#include "engine/params.h"
#include "store/artifact_manifest.h"

enum stage {
    STAGE_WHEN,
    STAGE_INPUTS,
    STAGE_BLESSED, /* an input is the model blessed last */
    STAGE_PARAMS,
    STAGE_GUARD, /* what is to be pushed still beats what is blessed now */
    STAGE_LIST,  /* files outside: one pattern at a time */
    STAGE_HASH,  /* one file at a time */
    STAGE_LOOKUP,
    STAGE_VERIFY, /* a hit: one artifact at a time */
    STAGE_REJECT,
};

struct pattern {
    struct sl_str place, uri;
};

struct driver {
    struct engine_step *s;
    struct sl_arena *a; /* the run's: what is found goes into the record */
    struct scope scope;
    enum stage stage;
    struct step_record *r;
    const struct spec_step *spec;
    size_t blessed_input; /* of spec->inputs, where STAGE_BLESSED stands */
    SL_VEC(struct pattern) patterns;
    SL_VEC(struct task_file) files;
    size_t at; /* pattern, file or artifact under way */
    bool as_folder;
    struct sha256 *hash;
    struct blob_request list;
    struct fetch fetch;
    struct index_cache_lookup lookup;
    struct index_cache_reject reject;
    struct index_latest_blessed latest;
};

static void go(struct driver *d);

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

static void finish(struct driver *d, enum resolution how)
{
    struct engine_step *s = d->s;
    struct step_facts *f = &s->e->facts[s->index];
    f->resolution = how;
    s->driver = NULL;
    driver_free(d);
}

static void finish_error(struct driver *d, enum resolution how, struct sl_err *err)
{
    d->r->error_kind = sl_str(sl_err_kind_name(err->kind));
    d->r->error_message = engine_error_text(d->a, err);
    d->r->message = d->r->error_message;
    finish(d, how);
}

/* A request that could not be answered: wrong for ever, or ask again. */
static void finish_unanswered(struct driver *d, struct sl_err *err)
{
    if (err->kind == SL_ERR_UNAVAILABLE || err->kind == SL_ERR_TIMEOUT) {
        struct step_facts *f = &d->s->e->facts[d->s->index];
        f->resolve_at_us = clock_now_us(d->s->e->cfg.clock) + LATER_MS * 1000;
        finish_error(d, RESOLVE_LATER, err);
        return;
    }
    finish_error(d, RESOLVE_REFUSED, err);
}

static struct sl_err *answer(struct driver *d, struct completion *c)
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
        finish_error(d, RESOLVE_CONFIG_ERROR, SL_WRAP(err, "when"));
        return false;
    }
    if (!holds) {
        finish(d, RESOLVE_WHEN_FALSE);
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
    finish(d, RESOLVE_NO_INPUT);
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
    struct sl_err *err = answer(d, c);
    const struct spec_input *in = &d->spec->inputs[d->blessed_input];
    if (err) {
        finish_unanswered(d, err);
        return;
    }
    if (d->latest.ret_found)
        add_input(d, in->name, &d->latest.ret_model);
    else if (!no_input(d, in))
        return;
    d->blessed_input++;
    go(d);
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
        finish_error(d, RESOLVE_CONFIG_ERROR, err);
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
    struct sl_err *err = answer(d, c);
    if (err) {
        finish_unanswered(d, err);
        return;
    }
    struct sl_str compared =
        json_get_string(blessing_of(d)->properties, "baseline_digest", SL_STR(""));
    struct sl_str now = d->latest.ret_found ? d->latest.ret_model.digest : SL_STR("");
    if (!sl_str_eq(compared, now)) {
        finish_error(d, RESOLVE_REFUSED,
                     SL_ERR(INVALID,
                            "the model was compared with %.12s, but %.12s is the latest blessed "
                            "one now: evaluate again",
                            compared.n ? sl_arena_cstr(d->a, compared) : "none",
                            now.n ? sl_arena_cstr(d->a, now) : "none"));
        return;
    }
    d->stage = STAGE_LIST;
    go(d);
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

/* ---- files outside ---------------------------------------------------------------------------*/

static void add_file(struct driver *d, const struct blob_stat *st)
{
    /* A local file's ETag is its time: only its content says whether it is the same. */
    bool etag = st->etag.n && !sl_str_starts(st->uri, SL_STR("file://"));
    *sl_vec_add(&d->files) = (struct task_file){
        .param = d->patterns.p[d->at].place,
        .uri = st->uri,
        .bytes = st->bytes,
        .etag = etag ? st->etag : SL_STR(""),
    };
}

static bool is_hidden(struct sl_str uri)
{
    return uri.p[sl_str_rfind_char(uri, '/') + 1] == '.';
}

static void ask_list(struct driver *d);

static void list_came(struct completion *c)
{
    struct driver *d = SL_CONTAINER_OF(c, struct driver, list.c);
    struct sl_err *err = answer(d, c);
    struct pattern *p = &d->patterns.p[d->at];
    size_t before = d->files.n;
    if (err && err->kind == SL_ERR_NOT_FOUND && d->list.op == BLOB_STAT) {
        sl_err_free(err);
        d->as_folder = true; /* no file of that name: perhaps a folder */
        ask_list(d);
        return;
    }
    if (err) {
        finish_unanswered(d, SL_WRAP(err, "params.%.*s", SL_FMT(p->place)));
        return;
    }
    if (d->list.op == BLOB_STAT)
        add_file(d, &d->list.ret_stat);
    for (size_t i = 0; d->list.op == BLOB_LIST && i < d->list.ret_n; i++) {
        const struct blob_stat *st = &d->list.ret_list[i];
        if (d->as_folder ? !is_hidden(st->uri) : params_glob_matches(d->a, p->uri, st->uri))
            add_file(d, st);
    }
    if (d->files.n == before) {
        finish_error(d, RESOLVE_REFUSED,
                     SL_ERR(INVALID, "params.%.*s: %s '%.*s'", SL_FMT(p->place),
                            d->as_folder ? "there is no file" : "no file matches", SL_FMT(p->uri)));
        return;
    }
    d->as_folder = false;
    d->at++;
    go(d);
}

static void ask_list(struct driver *d)
{
    struct engine *e = d->s->e;
    struct sl_str uri = d->patterns.p[d->at].uri;
    d->list = (struct blob_request){.c.done = list_came, .op = BLOB_STAT, .uri = uri, .a = d->a};
    if (d->as_folder || params_is_glob(uri)) {
        d->list.op = BLOB_LIST;
        d->list.uri =
            d->as_folder ? sl_arena_format(d->a, "%.*s/", SL_FMT(uri)) : params_glob_folder(uri);
    }
    e->in_flight++;
    blobs_submit(e->cfg.blobs, e->q, &d->list);
}

static bool stage_list(struct driver *d)
{
    if (d->at < d->patterns.n) {
        ask_list(d);
        return false;
    }
    d->at = 0;
    d->stage = STAGE_HASH;
    return true;
}

static void hash_piece(struct fetch *f, const void *p, size_t n)
{
    sha256_add(SL_CONTAINER_OF(f, struct driver, fetch)->hash, p, n);
}

static void hashed(struct fetch *f, struct sl_err *err)
{
    struct driver *d = SL_CONTAINER_OF(f, struct driver, fetch);
    struct task_file *file = &d->files.p[d->at];
    char hex[SHA256_HEX];
    sha256_finish(d->hash, hex);
    file->bytes = f->r.offset;
    fetch_deinit(f);
    if (err) {
        finish_unanswered(d, SL_WRAP(err, "params.%.*s", SL_FMT(file->param)));
        return;
    }
    file->etag = sl_arena_format(d->a, "sha256:%s", hex);
    d->at++;
    go(d);
}

static void keep_files(struct driver *d)
{
    d->r->files = sl_arena_copy(d->a, d->files.p, d->files.n * sizeof(*d->files.p));
    d->r->n_files = d->files.n;
}

static bool stage_hash(struct driver *d)
{
    while (d->at < d->files.n && d->files.p[d->at].etag.n)
        d->at++;
    if (d->at < d->files.n) {
        if (!d->hash)
            d->hash = sha256_new();
        d->fetch = (struct fetch){.e = d->s->e, .done = hashed, .piece = hash_piece};
        fetch_start(&d->fetch, d->files.p[d->at].uri, 0);
        return false;
    }
    keep_files(d);
    d->at = 0;
    d->stage = STAGE_LOOKUP;
    return true;
}

/* ---- the cache -------------------------------------------------------------------------------*/

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
    sl_err_free(answer(d, c));
    if (!d->lookup.ret_hit) {
        d->s->misses = d->lookup.ret_why;
        d->s->n_misses = d->lookup.ret_n_why;
        finish(d, RESOLVE_RUN);
        return;
    }
    d->stage = STAGE_VERIFY;
    go(d);
}

static bool stage_lookup(struct driver *d)
{
    struct engine *e = d->s->e;
    d->r->cache = cache_record_of(d);
    if (!d->r->cache || e->cfg.no_cache || !e->cfg.index) {
        finish(d, RESOLVE_RUN);
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

static void take_hit(struct driver *d)
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
    finish(d, RESOLVE_CACHED);
}

static void rejected(struct completion *c)
{
    struct driver *d = SL_CONTAINER_OF(c, struct driver, reject.c);
    sl_err_free(answer(d, c));
    finish(d, RESOLVE_RUN);
}

static void verified(struct fetch *f, struct sl_err *err)
{
    struct driver *d = SL_CONTAINER_OF(f, struct driver, fetch);
    const struct task_output *o = &d->lookup.ret.outputs[d->at];
    struct artifact t;
    if (!err)
        err = artifact_manifest_decode(d->a, sl_buf_str(&f->data), &t);
    bool holds = !err && sl_str_eq(t.digest, o->digest);
    fetch_deinit(f);
    sl_err_free(err);
    d->at++;
    if (!holds)
        d->stage = STAGE_REJECT;
    go(d);
}

static bool stage_verify(struct driver *d)
{
    if (d->at == d->lookup.ret.n_outputs) {
        take_hit(d);
        return false;
    }
    const struct task_output *o = &d->lookup.ret.outputs[d->at];
    struct sl_str uri = artifact_file_uri(d->a, o->uri, SL_STR(ARTIFACT_MANIFEST));
    d->fetch = (struct fetch){.e = d->s->e, .done = verified};
    fetch_start(&d->fetch, uri, SL_LIMIT_DOCUMENT_BYTES);
    return false;
}

static bool stage_reject(struct driver *d)
{
    struct engine *e = d->s->e;
    d->reject = (struct index_cache_reject){
        .c.done = rejected, .outputs = d->lookup.ret.outputs, .n_outputs = d->lookup.ret.n_outputs};
    e->in_flight++;
    e->cfg.index->reject(e->cfg.index, e->q, &d->reject);
    return false;
}

/* ---- the sequence ----------------------------------------------------------------------------*/

/* A stage returns true when the next may begin; else an answer, or finish, goes on. */
static void go(struct driver *d)
{
    static bool (*const stages[])(struct driver * d) = {
        [STAGE_WHEN] = stage_when,       [STAGE_INPUTS] = stage_inputs,
        [STAGE_BLESSED] = stage_blessed, [STAGE_PARAMS] = stage_params,
        [STAGE_GUARD] = stage_guard,     [STAGE_LIST] = stage_list,
        [STAGE_HASH] = stage_hash,       [STAGE_LOOKUP] = stage_lookup,
        [STAGE_VERIFY] = stage_verify,   [STAGE_REJECT] = stage_reject,
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
    d->a = e->a;
    d->r = r;
    d->spec = &e->pipeline->steps[s->index];
    scope_init(&d->scope, s, d->a, 0);
    s->driver = d;
    s->n_misses = 0;
    e->facts[s->index].resolution = RESOLVE_ASKED;
    go(d);
}
