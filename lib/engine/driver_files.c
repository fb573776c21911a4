/* Files outside of the artifacts: listed by pattern, and fingerprinted by content. */
#include "engine/driver.h"

#include "codec/sha256.h"
#include "engine/params.h"

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
    struct sl_err *err = driver_answer(d, c);
    struct pattern *p = &d->patterns.p[d->at];
    size_t before = d->files.n;
    if (err && err->kind == SL_ERR_NOT_FOUND && d->list.op == BLOB_STAT) {
        sl_err_free(err);
        d->as_folder = true; /* no file of that name: perhaps a folder */
        ask_list(d);
        return;
    }
    if (err) {
        driver_finish_unanswered(d, SL_WRAP(err, "params.%.*s", SL_FMT(p->place)));
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
        driver_finish_error(d, RESOLVE_REFUSED,
                            SL_ERR(INVALID, "params.%.*s: %s '%.*s'", SL_FMT(p->place),
                                   d->as_folder ? "there is no file" : "no file matches",
                                   SL_FMT(p->uri)));
        return;
    }
    d->as_folder = false;
    d->at++;
    driver_go(d);
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

bool driver_list(struct driver *d)
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
        driver_finish_unanswered(d, SL_WRAP(err, "params.%.*s", SL_FMT(file->param)));
        return;
    }
    file->etag = sl_arena_format(d->a, "sha256:%s", hex);
    d->at++;
    driver_go(d);
}

static void keep_files(struct driver *d)
{
    d->r->files = sl_arena_copy(d->a, d->files.p, d->files.n * sizeof(*d->files.p));
    d->r->n_files = d->files.n;
}

bool driver_hash(struct driver *d)
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
