/* A cache hit is looked at in storage before it is taken: a full disk, a careless hand or a bad
 * sector must cost one execution, not every later run. One artifact after another. */
#include "engine/driver.h"

#include "base/limits.h"
#include "store/artifact_manifest.h"

#include <stdlib.h>

/* Larger files are checked by size alone: hashing them would make a run of nothing but hits as slow
 * as its disk. What is wrong with their content is left to who reads them. */
enum { HASHED_BYTES = 64 << 20 };

static const struct task_output *output_of(const struct driver *d)
{
    return &d->lookup.ret.outputs[d->at];
}

/* Each artifact is verified once a run. */
static struct sl_str verified_key(const struct driver *d)
{
    const struct task_output *o = output_of(d);
    return sl_arena_format(d->a, "%.*s %.*s", SL_FMT(o->digest), SL_FMT(o->uri));
}

static void holds(struct driver *d)
{
    *sl_map_add(&d->s->e->verified, verified_key(d), NULL) = 1;
    d->at++;
    driver_go(d);
}

/* Goes on without the hit: `fault`, what is wrong with `what` of its output, says why. */
static void fails(struct driver *d, struct sl_str what, const char *fault)
{
    const struct index_cache_hit *hit = &d->lookup.ret;
    d->why =
        sl_arena_format(d->a, "run '%.*s' made it, but '%.*s' of its '%.*s' %s",
                        SL_FMT(hit->run_name), SL_FMT(what), SL_FMT(output_of(d)->name), fault);
    d->stage = STAGE_REJECT;
    driver_go(d);
}

static void list(struct driver *d, struct sl_str folder, void (*done)(struct completion *c))
{
    struct engine *e = d->s->e;
    d->list = (struct blob_request){.c.done = done,
                                    .op = BLOB_LIST,
                                    .uri = sl_arena_format(d->a, "%.*s/", SL_FMT(folder)),
                                    .a = d->a};
    e->in_flight++;
    blobs_submit(e->cfg.blobs, e->q, &d->list);
}

/* ---- what was pushed: it lies outside of storage, where anybody may have removed it -----------
 */

static void pushed_listed(struct completion *c)
{
    struct driver *d = SL_CONTAINER_OF(c, struct driver, list.c);
    struct sl_err *err = driver_answer(d, c);
    bool found = !err && d->list.ret_n > 0;
    sl_err_free(err);
    if (found)
        holds(d);
    else
        fails(d, d->list.uri, "is not there any more");
}

static void verify_pushed(struct driver *d)
{
    const struct task_output *o = output_of(d);
    struct sl_str pushed = json_get_string(o->properties, "pushed_destination", SL_STR(""));
    if (sl_str_is(o->type, "PushedModel") && pushed.n)
        list(d, pushed, pushed_listed);
    else
        holds(d);
}

/* ---- contents -------------------------------------------------------------------------------- */

static void hash_next(struct hashing *h);

static void contents_known(struct driver *d)
{
    if (d->bad_file < d->hit->n_files)
        fails(d, d->hit->files[d->bad_file].path, "has another content than was written");
    else
        verify_pushed(d);
}

static void hashed(struct completion *c)
{
    struct hashing *h = SL_CONTAINER_OF(c, struct hashing, r.c);
    struct driver *d = h->d;
    struct sl_err *err = driver_answer(d, c);
    d->n_hashing--;
    if (err || !sl_str_is(d->hit->files[h->file].sha256, h->r.ret_sha256))
        d->bad_file = SL_MIN(d->bad_file, h->file);
    sl_err_free(err);
    hash_next(h);
    if (d->n_hashing == 0)
        contents_known(d);
}

/* Asks for the next file's digest, unless all are under way or one has failed. */
static void hash_next(struct hashing *h)
{
    struct driver *d = h->d;
    struct engine *e = d->s->e;
    const struct artifact *t = d->hit;
    while (d->next_file < t->n_files && t->files[d->next_file].bytes > HASHED_BYTES)
        d->next_file++;
    if (d->next_file == t->n_files || d->bad_file < t->n_files)
        return;
    h->file = d->next_file++;
    h->r = (struct blob_request){
        .c.done = hashed,
        .op = BLOB_SHA256,
        .uri = artifact_file_uri(d->a, output_of(d)->uri, t->files[h->file].path),
    };
    d->n_hashing++;
    e->in_flight++;
    blobs_submit(e->cfg.blobs, e->q, &h->r);
}

static void verify_contents(struct driver *d)
{
    d->next_file = 0;
    d->bad_file = d->hit->n_files;
    for (size_t i = 0; i < HASHING_AT_ONCE; i++) {
        d->hashing[i].d = d;
        hash_next(&d->hashing[i]);
    }
    if (d->n_hashing == 0)
        contents_known(d);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static int compare_uri(const void *key, const void *entry)
{
    const struct sl_str *uri = key;
    return sl_str_cmp(*uri, ((const struct blob_stat *)entry)->uri);
}

/* What is wrong with the file, or NULL. */
static const char *fault_of(struct sl_arena *a, const struct artifact_file_entry *file,
                            const struct blob_request *r)
{
    struct sl_str uri = sl_arena_format(a, "%.*s%.*s", SL_FMT(r->uri), SL_FMT(file->path));
    const struct blob_stat *found =
        r->ret_n ? bsearch(&uri, r->ret_list, r->ret_n, sizeof(*r->ret_list), compare_uri) : NULL;
    if (!found)
        return "is not there any more";
    return found->bytes == file->bytes ? NULL : "has another size than was written";
}

static void files_listed(struct completion *c)
{
    struct driver *d = SL_CONTAINER_OF(c, struct driver, list.c);
    struct sl_err *err = driver_answer(d, c);
    bool listed = err == NULL;
    sl_err_free(err);
    if (!listed) {
        fails(d, d->list.uri, "cannot be listed");
        return;
    }
    for (size_t i = 0; i < d->hit->n_files; i++) {
        const struct artifact_file_entry *file = &d->hit->files[i];
        const char *fault = fault_of(d->a, file, &d->list);
        if (fault) {
            fails(d, file->path, fault);
            return;
        }
    }
    verify_contents(d);
}

/* ---- the manifest ---------------------------------------------------------------------------- */

static void manifest_came(struct fetch *f, struct sl_err *err)
{
    struct driver *d = SL_CONTAINER_OF(f, struct driver, fetch);
    const struct task_output *o = output_of(d);
    d->hit = SL_ARENA_NEW(d->a, struct artifact);
    if (!err)
        err = artifact_manifest_decode(d->a, sl_buf_str(&f->data), d->hit);
    bool same = !err && sl_str_eq(d->hit->digest, o->digest);
    fetch_deinit(f);
    sl_err_free(err);
    if (same)
        list(d, o->uri, files_listed);
    else
        fails(d, SL_STR(ARTIFACT_MANIFEST), "is gone or not what was written");
}

bool driver_verify(struct driver *d)
{
    while (d->at < d->lookup.ret.n_outputs && sl_map_find(&d->s->e->verified, verified_key(d)))
        d->at++;
    if (d->at == d->lookup.ret.n_outputs) {
        d->stage = STAGE_TAKE;
        return true;
    }
    struct sl_str uri = artifact_file_uri(d->a, output_of(d)->uri, SL_STR(ARTIFACT_MANIFEST));
    d->fetch = (struct fetch){.e = d->s->e, .done = manifest_came};
    fetch_start(&d->fetch, uri, SL_LIMIT_DOCUMENT_BYTES);
    return false;
}
