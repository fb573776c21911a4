#include "tests/support/engine_world.h"

#include "codec/sha256.h"
#include "core/pipeline/manifest.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define RUN_URI "file:///store/default/p/u1"

/* True: the controller is dead, or dies of this very request: nothing happens. */
static bool dies(struct engine_world *w)
{
    if (!w->dead && ++w->asked == w->die_at)
        w->dead = true;
    return w->dead;
}

static char *dup_str(struct sl_str s)
{
    char *p = sl_alloc(s.n + 1);
    memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

/* ---- files -----------------------------------------------------------------------------------*/

static struct engine_world_file *find_file(const struct engine_world *w, struct sl_str uri)
{
    for (size_t i = 0; i < w->files.n; i++)
        if (sl_str_is(uri, w->files.p[i]->uri))
            return w->files.p[i];
    return NULL;
}

static void put_file(struct engine_world *w, struct sl_str uri, struct sl_str data)
{
    struct engine_world_file *f = find_file(w, uri);
    if (!f) {
        f = SL_NEW(struct engine_world_file);
        f->uri = dup_str(uri);
        *sl_vec_add(&w->files) = f;
    }
    sl_buf_clear(&f->data);
    sl_buf_add_str(&f->data, data);
}

const struct engine_world_file *engine_world_find(const struct engine_world *w, const char *suffix)
{
    for (size_t i = 0; i < w->files.n; i++)
        if (sl_str_ends(sl_str(w->files.p[i]->uri), sl_str(suffix)))
            return w->files.p[i];
    return NULL;
}

static int compare_stats(const void *a, const void *b)
{
    return sl_str_cmp(((const struct blob_stat *)a)->uri, ((const struct blob_stat *)b)->uri);
}

static void list_files(const struct engine_world *w, struct blob_request *r)
{
    r->ret_list = SL_ARENA_ARRAY(r->a, struct blob_stat, w->files.n);
    for (size_t i = 0; i < w->files.n; i++) {
        const struct engine_world_file *f = w->files.p[i];
        if (sl_str_starts(sl_str(f->uri), r->uri))
            r->ret_list[r->ret_n++] = (struct blob_stat){.uri = sl_arena_str(r->a, sl_str(f->uri)),
                                                         .bytes = (int64_t)f->data.n};
    }
    if (r->ret_n)
        qsort(r->ret_list, r->ret_n, sizeof(*r->ret_list), compare_stats);
}

static struct sl_err *serve_blob(struct engine_world *w, struct blob_request *r)
{
    struct engine_world_file *f = find_file(w, r->uri);
    if (r->op == BLOB_LIST) {
        list_files(w, r);
        return NULL;
    }
    if (r->op == BLOB_PUT) {
        put_file(w, r->uri, sl_strn(r->data, r->size));
        return NULL;
    }
    if (!f)
        return SL_ERR(NOT_FOUND, "'%.*s'", SL_FMT(r->uri));
    if (r->op == BLOB_STAT) {
        r->ret_stat = (struct blob_stat){.uri = r->uri, .bytes = (int64_t)f->data.n};
        return NULL;
    }
    if (r->op == BLOB_SHA256) {
        sha256_hex(sl_buf_str(&f->data), r->ret_sha256);
        w->hashed++;
        return NULL;
    }
    size_t at = SL_MIN((size_t)r->offset, f->data.n);
    r->ret_size = SL_MIN(r->size, f->data.n - at);
    memcpy(r->data, f->data.p + at, r->ret_size);
    return NULL;
}

static void submit_blob(struct blobs *b, struct completion_queue *q, struct blob_request *r)
{
    struct engine_world *w = SL_CONTAINER_OF(b, struct engine_world, blobs);
    completion_post(q, &r->c, dies(w) ? SL_ERR(CANCELED, "dead") : serve_blob(w, r));
}

static struct sl_str local_path(struct blobs *b, struct sl_arena *a, struct sl_str uri)
{
    (void)b, (void)a;
    return sl_str_skip(uri, 7);
}

/* ---- the cluster -----------------------------------------------------------------------------*/

static struct unit_status status_of(struct sl_arena *a, const struct engine_world_unit *u)
{
    return (struct unit_status){
        .name = sl_arena_str(a, sl_str(u->name)),
        .step = sl_arena_str(a, sl_str(u->step)),
        .item = SL_STR(""),
        .attempt = u->attempt,
        .phase = u->alive ? UNIT_RUNNING : UNIT_ENDED,
        .end = u->end,
        .exit_code = u->exit_code,
        .message = SL_STR(""),
    };
}

static void answer_watch(struct engine_world *w)
{
    struct cluster_request *r = w->watch;
    size_t n = 0;
    for (size_t i = 0; i < w->units.n; i++)
        n += !w->units.p[i]->seen;
    if (!r || n == 0)
        return;
    r->ret_units = SL_ARENA_ARRAY(r->a, struct unit_status, n);
    r->ret_n = 0;
    for (size_t i = 0; i < w->units.n; i++) {
        if (w->units.p[i]->seen)
            continue;
        w->units.p[i]->seen = true;
        r->ret_units[r->ret_n++] = status_of(r->a, w->units.p[i]);
    }
    w->watch = NULL;
    completion_post(w->watch_q, &r->c, NULL);
}

static struct engine_world_unit *find_unit(struct engine_world *w, struct sl_str name)
{
    for (size_t i = 0; i < w->units.n; i++)
        if (sl_str_is(name, w->units.p[i]->name))
            return w->units.p[i];
    return NULL;
}

static void create_unit(struct engine_world *w, const struct unit_spec *spec)
{
    if (find_unit(w, spec->name))
        return;
    for (size_t i = 0; i < w->units.n; i++)
        if (sl_str_is(spec->step, w->units.p[i]->step) && w->units.p[i]->alive)
            w->broken = "two live attempts of a step";
    struct engine_world_unit *u = SL_NEW(struct engine_world_unit);
    u->name = dup_str(spec->name);
    u->step = dup_str(spec->step);
    u->attempt = spec->attempt;
    u->alive = true;
    u->ends_at_us = w->now_us + 1000000;
    *sl_vec_add(&w->units) = u;
}

static void list_units(struct engine_world *w, struct cluster_request *r)
{
    r->ret_units = SL_ARENA_ARRAY(r->a, struct unit_status, w->units.n);
    for (r->ret_n = 0; r->ret_n < w->units.n; r->ret_n++) {
        r->ret_units[r->ret_n] = status_of(r->a, w->units.p[r->ret_n]);
        w->units.p[r->ret_n]->seen = true;
    }
}

static void end_unit(struct engine_world_unit *u, enum unit_end end, int exit_code)
{
    u->alive = false;
    u->seen = false;
    u->end = end;
    u->exit_code = exit_code;
}

static void submit_cluster(struct cluster *c, struct completion_queue *q, struct cluster_request *r)
{
    struct engine_world *w = SL_CONTAINER_OF(c, struct engine_world, cluster);
    if (r->op == CLUSTER_CANCEL_WATCH) {
        if (w->watch) {
            w->watch->ret_n = 0;
            completion_post(w->watch_q, &w->watch->c, NULL);
            w->watch = NULL;
        }
        completion_post(q, &r->c, NULL);
        return;
    }
    if (dies(w)) {
        completion_post(q, &r->c, SL_ERR(CANCELED, "dead"));
        return;
    }
    if (r->op == CLUSTER_WATCH) {
        w->watch = r;
        w->watch_q = q;
        answer_watch(w);
        return;
    }
    struct engine_world_unit *u = r->op == CLUSTER_REMOVE ? find_unit(w, r->name) : NULL;
    if (r->op == CLUSTER_CREATE)
        create_unit(w, &r->unit);
    else if (r->op == CLUSTER_LIST)
        list_units(w, r);
    else if (u && u->alive)
        end_unit(u, UNIT_END_REMOVED, 0);
    completion_post(q, &r->c, NULL);
    answer_watch(w);
}

/* ---- the store -------------------------------------------------------------------------------*/

static struct sl_err *save_status(struct engine_store *s, const struct run_record *run,
                                  const struct json *status)
{
    struct engine_world *w = SL_CONTAINER_OF(s, struct engine_world, store);
    (void)run;
    if (dies(w) || w->store_fails)
        return SL_ERR(EXHAUSTED, "the disk is full");
    sl_buf_clear(&w->status);
    json_format(status, JSON_COMPACT, &w->status);
    return NULL;
}

static struct sl_err *save_step(struct engine_store *s, const struct run_record *run,
                                const struct step_record *step)
{
    struct engine_world *w = SL_CONTAINER_OF(s, struct engine_world, store);
    struct step_record copy = *step;
    struct run_record one = {.uid = run->uid,
                             .name = run->name,
                             .run_namespace = run->run_namespace,
                             .pipeline = run->pipeline,
                             .uri = run->uri,
                             .steps = &copy,
                             .n_steps = 1};
    struct engine_world_file *f = NULL;
    if (dies(w))
        return SL_ERR(CANCELED, "dead");
    for (size_t i = 0; i < w->steps.n; i++)
        if (sl_str_is(step->step, w->steps.p[i]->uri))
            f = w->steps.p[i];
    if (!f) {
        f = SL_NEW(struct engine_world_file);
        f->uri = dup_str(step->step);
        *sl_vec_add(&w->steps) = f;
    }
    sl_buf_clear(&f->data);
    run_record_encode(&one, &f->data);
    return NULL;
}

struct step_record engine_world_step(struct engine_world *w, const char *step)
{
    for (size_t i = 0; i < w->steps.n; i++) {
        struct run_record *r;
        if (strcmp(w->steps.p[i]->uri, step) != 0)
            continue;
        assert_ok(
            run_record_decode(w->a, sl_arena_str(w->a, sl_buf_str(&w->steps.p[i]->data)), &r));
        return r->steps[0];
    }
    return (struct step_record){0};
}

/* ---- the index -------------------------------------------------------------------------------*/

static struct engine_world *of_index(struct engine_index *x)
{
    return SL_CONTAINER_OF(x, struct engine_world, index);
}

static struct sl_err *index_error(struct engine_world *w)
{
    if (dies(w))
        return SL_ERR(CANCELED, "dead");
    return w->index_down ? SL_ERR(UNAVAILABLE, "the index is down") : NULL;
}

static void publish(struct engine_index *x, struct completion_queue *q, struct index_publish *p)
{
    struct engine_world *w = of_index(x);
    struct sl_err *err = index_error(w);
    if (!err && p->fact == INDEX_STEP_END)
        ++*sl_map_add(&w->published, p->step->step, NULL);
    if (!err && p->fact == INDEX_RUN_END)
        ++*sl_map_add(&w->published, SL_STR("(run)"), NULL);
    completion_post(q, &p->c, err);
}

static void lookup(struct engine_index *x, struct completion_queue *q, struct index_cache_lookup *r)
{
    struct engine_world *w = of_index(x);
    struct sl_err *err = index_error(w);
    w->lookups++;
    struct step_record *hit = err ? NULL : sl_map_find_ptr(&w->cache, cache_key(r->a, r->record));
    if (hit) {
        r->ret_hit = true;
        r->ret = (struct index_cache_hit){.run_uid = SL_STR("u0"),
                                          .run_name = SL_STR("p-0"),
                                          .step = hit->step,
                                          .outputs = hit->outputs,
                                          .n_outputs = hit->n_outputs,
                                          .values = json_new_object(r->a),
                                          .metrics = json_new_object(r->a)};
    }
    completion_post(q, &r->c, err);
}

static void reject(struct engine_index *x, struct completion_queue *q, struct index_cache_reject *r)
{
    struct engine_world *w = of_index(x);
    struct sl_err *err = index_error(w);
    w->rejections++;
    if (!err)
        sl_map_clear(&w->cache);
    completion_post(q, &r->c, err);
}

static void latest_blessed(struct engine_index *x, struct completion_queue *q,
                           struct index_latest_blessed *r)
{
    struct engine_world *w = of_index(x);
    struct sl_err *err = index_error(w);
    if (!err && w->blessed.ret_found &&
        !sl_str_eq(w->blessed.ret_model.digest, r->exclude_digest)) {
        r->ret_found = true;
        r->ret_model = w->blessed.ret_model;
    }
    completion_post(q, &r->c, err);
}

/* ---- made and unmade -------------------------------------------------------------------------*/

static int64_t now_us(struct clock *c)
{
    return SL_CONTAINER_OF(c, struct engine_world, clock)->now_us;
}

void engine_world_init(struct engine_world *w)
{
    static const struct cluster_ops cluster_ops = {.submit = submit_cluster};
    static const struct blobs_ops blobs_ops = {.submit = submit_blob, .local_path = local_path};
    static const struct clock_ops clock_ops = {.now_us = now_us};
    memset(w, 0, sizeof(*w));
    w->a = sl_arena_new();
    w->cluster.ops = &cluster_ops;
    w->blobs.ops = &blobs_ops;
    w->clock.ops = &clock_ops;
    w->index = (struct engine_index){publish, lookup, reject, latest_blessed};
    w->store = (struct engine_store){save_status, save_step};
    w->now_us = 1000000;
}

static void free_file(struct engine_world_file *f)
{
    sl_buf_deinit(&f->data);
    sl_free(f->uri);
    sl_free(f);
}

void engine_world_deinit(struct engine_world *w)
{
    for (size_t i = 0; i < w->units.n; i++) {
        sl_free(w->units.p[i]->name);
        sl_free(w->units.p[i]->step);
        sl_free(w->units.p[i]);
    }
    for (size_t i = 0; i < w->files.n; i++)
        free_file(w->files.p[i]);
    for (size_t i = 0; i < w->steps.n; i++)
        free_file(w->steps.p[i]);
    sl_vec_deinit(&w->units);
    sl_vec_deinit(&w->files);
    sl_vec_deinit(&w->steps);
    sl_buf_deinit(&w->status);
    sl_map_deinit(&w->published);
    sl_map_deinit(&w->cache);
    sl_arena_free(w->a);
}

const struct spec_pipeline *engine_world_pipeline(struct engine_world *w, const char *yaml)
{
    struct diag_list l;
    struct manifest m = {0};
    diag_list_init(&l, w->a, SL_STR("p.yaml"));
    manifest_read(&l, sl_str(yaml), &m);
    manifest_check(&l, &m);
    assert_ok(diag_to_err(&l));
    return m.pipelines[0];
}

/* ---- a life ----------------------------------------------------------------------------------*/

static const char *build_id(const char *executable)
{
    (void)executable;
    return "build-1";
}

static struct engine *be_born(struct engine_world *w, const struct spec_pipeline *p,
                              struct sl_arena *a)
{
    struct engine_config config = {
        .cluster = &w->cluster,
        .blobs = &w->blobs,
        .clock = &w->clock,
        .store = &w->store,
        .index = &w->index,
        .build_id = build_id,
        .folder = "/home",
        .work_folder = "/work",
        .host_exec = true,
        .grace_ms = 1000,
    };
    struct engine_run_spec spec = {
        .pipeline = p,
        .record = {.uid = SL_STR("u1"),
                   .name = SL_STR("p-1"),
                   .run_namespace = SL_STR("default"),
                   .pipeline = SL_STR("p"),
                   .uri = SL_STR(RUN_URI),
                   .parameters = json_new_object(a)},
    };
    struct engine *e;
    if (w->status.n) {
        struct json *v;
        struct run_state *run = SL_ARENA_NEW(a, struct run_state);
        struct step_state *states = SL_ARENA_ARRAY(a, struct step_state, p->n_steps);
        assert_ok(json_parse(a, sl_buf_str(&w->status), &v));
        assert_ok(snapshot_decode(a, v, p, run, states));
        spec.run = run;
        spec.states = states;
        spec.record.steps = SL_ARENA_ARRAY(a, struct step_record, p->n_steps);
        for (size_t i = 0; i < p->n_steps; i++)
            spec.record.steps[i] = engine_world_step(w, sl_arena_cstr(a, p->steps[i].name));
    }
    w->dead = false;
    w->asked = 0;
    assert_ok(engine_new(&config, &spec, &e));
    return e;
}

/* The next thing that happens in the cluster, or at wake_us. False: nothing will. */
static bool advance(struct engine_world *w, int64_t wake_us)
{
    struct engine_world_unit *next = NULL;
    for (size_t i = 0; i < w->units.n; i++) {
        struct engine_world_unit *u = w->units.p[i];
        if (u->alive && (!next || u->ends_at_us < next->ends_at_us))
            next = u;
    }
    if (!next && wake_us == 0)
        return false;
    if (!next || (wake_us && wake_us < next->ends_at_us)) {
        w->now_us = SL_MAX(w->now_us, wake_us);
        return true;
    }
    w->now_us = SL_MAX(w->now_us, next->ends_at_us);
    end_unit(next, UNIT_END_EXITED, 0);
    w->behave(next, w->ctx);
    answer_watch(w);
    return true;
}

enum outcome engine_world_live(struct engine_world *w, const struct spec_pipeline *p)
{
    SL_AUTOARENA(a);
    struct engine *e = be_born(w, p, a);
    while (!w->dead && !w->broken && !engine_is_finished(e)) {
        int64_t wake_us = 0;
        struct sl_err *err = engine_tick(e, &wake_us);
        if (err && !w->dead)
            w->broken = "a tick failed";
        sl_err_free(err);
        if (w->dead || err || engine_is_finished(e))
            continue;
        if (engine_reap(e) == 0 && !advance(w, wake_us))
            w->broken = "nothing will happen any more";
    }
    enum outcome o = w->dead ? OUTCOME_NONE : engine_run_state(e)->outcome;
    w->dead |= !w->store_fails; /* what a dead one still asks for comes to nothing */
    engine_free(e);
    return o;
}

void engine_world_commit(struct engine_world *w, const struct engine_world_unit *u,
                         const char *const *outputs)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(text, 0);
    struct task_result r = {.outcome = SL_STR("succeeded"),
                            .values = json_new_object(a),
                            .metrics = json_new_object(a)};
    size_t n = 0;
    while (outputs && outputs[n])
        n++;
    r.outputs = SL_ARENA_ARRAY(a, struct task_output, n);
    r.n_outputs = n;
    struct sl_str folder =
        sl_arena_format(a, "%s/%s/%lld", RUN_URI, u->step, (long long)u->attempt);
    for (size_t i = 0; i < n; i++) {
        char hex[SHA256_HEX];
        ptrdiff_t colon = sl_str_find_char(sl_str(outputs[i]), ':');
        struct task_output *o = &r.outputs[i];
        o->name = sl_strn(outputs[i], (size_t)colon);
        o->type = sl_str_skip(sl_str(outputs[i]), (size_t)colon + 1);
        o->uri = sl_arena_format(a, "%.*s/%.*s", SL_FMT(folder), SL_FMT(o->name));
        sha256_hex(sl_arena_format(a, "%s %s", u->step, outputs[i]), hex);
        o->digest = sl_arena_str(a, sl_str(hex));
        o->properties = json_new_object(a);
    }
    task_result_encode(&r, &text);
    put_file(w, sl_arena_format(a, "%.*s/_result.json", SL_FMT(folder)), sl_buf_str(&text));
}
