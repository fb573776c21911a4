#include "store/push.h"

#include "base/alloc.h"
#include "codec/sha256.h"

#define LAST_FILE "model.json"
#define CLAIM     ".claim-"

enum { PIECE_BYTES = 1 << 20, US_PER_S = 1000000 };

/* ---- which version --------------------------------------------------------------------------- */
/* The number that a path below the destination begins with, that of a claim too; else -1. */
static int64_t version_of(struct sl_str path)
{
    int64_t n;
    struct sl_str claim = SL_STR(CLAIM);
    ptrdiff_t slash = sl_str_find_char(path, '/');
    if (slash >= 0)
        path.n = (size_t)slash;
    else if (sl_str_starts(path, claim))
        path = sl_str_skip(path, claim.n);
    else
        return -1;
    return sl_str_to_i64(path, &n) ? n : -1;
}

static struct sl_err *next_version(struct sl_arena *a, struct blobs *b, struct sl_str destination,
                                   int64_t now_us, int64_t *ret)
{
    struct blob_request r = {
        .op = BLOB_LIST,
        .uri = sl_arena_format(a, "%.*s/", SL_FMT(destination)),
        .a = a,
    };
    SL_TRY(blobs_do(b, &r), "list '%.*s'", SL_FMT(destination));
    int64_t version = now_us / US_PER_S;
    for (size_t i = 0; i < r.ret_n; i++)
        version = SL_MAX(version, version_of(sl_str_skip(r.ret_list[i].uri, r.uri.n)) + 1);
    *ret = version;
    return NULL;
}

/* ---- copying --------------------------------------------------------------------------------- */
static struct sl_err *copy_pieces(const struct artifact *model, const struct artifact_file_entry *f,
                                  struct artifact_file *to, struct sha256 *hash, char *piece)
{
    for (int64_t at = 0; at < f->bytes;) {
        size_t n = (size_t)SL_MIN(f->bytes - at, (int64_t)PIECE_BYTES);
        SL_TRY(artifact_pread(model, f->path, at, piece, n));
        sha256_add(hash, piece, n);
        SL_TRY(artifact_file_append(to, piece, n));
        at += (int64_t)n;
    }
    char hex[SHA256_HEX];
    sha256_finish(hash, hex);
    if (!sl_str_is(f->sha256, hex))
        return SL_ERR(CORRUPT, "its content is not what the manifest says");
    return NULL;
}

static struct sl_err *copy_file(struct artifact_writer *w, const struct artifact *model,
                                const struct artifact_file_entry *f)
{
    struct artifact_file *to;
    SL_TRY(artifact_file_new(w, f->path, &to));
    char *piece SL_AUTOFREE = sl_alloc(PIECE_BYTES);
    struct sha256 *hash = sha256_new();
    struct sl_err *err = copy_pieces(model, f, to, hash, piece);
    sha256_free(hash);
    if (err) {
        artifact_file_abort(to);
        return SL_WRAP(err, "copy '%.*s'", SL_FMT(f->path));
    }
    return artifact_file_close(to);
}

static struct sl_err *copy_all(struct sl_arena *a, struct artifact_writer *w,
                               const struct artifact *model, int64_t *ret_bytes)
{
    const struct artifact_file_entry *last = artifact_find(model, SL_STR(LAST_FILE));
    struct sl_str digest;
    for (size_t i = 0; i < model->n_files; i++)
        if (&model->files[i] != last)
            SL_TRY(copy_file(w, model, &model->files[i]));
    if (last)
        SL_TRY(copy_file(w, model, last));
    return artifact_commit(w, a, model->properties, &digest, ret_bytes);
}

/* ---- one version ----------------------------------------------------------------------------- */
static struct sl_err *copy_to(struct sl_arena *a, struct blobs *b, const struct artifact *model,
                              struct sl_str uri, int64_t *ret_bytes)
{
    struct artifact_writer *w = artifact_writer_new(b, uri, model->type);
    struct sl_err *err = copy_all(a, w, model, ret_bytes);
    artifact_writer_free(w);
    return err;
}

static void remove_all(struct sl_arena *a, struct blobs *b, struct sl_str folder)
{
    struct blob_request list = {
        .op = BLOB_LIST, .uri = sl_arena_format(a, "%.*s/", SL_FMT(folder)), .a = a};
    sl_err_free(blobs_do(b, &list));
    for (size_t i = 0; i < list.ret_n; i++) {
        struct blob_request r = {.op = BLOB_REMOVE, .uri = list.ret_list[i].uri, .a = a};
        sl_err_free(blobs_do(b, &r));
    }
}

/* Copies beside the versions, under a name that no server takes for one, and moves the whole. */
static struct sl_err *stage_and_move(struct sl_arena *a, struct blobs *b,
                                     const struct artifact *model, struct sl_str destination,
                                     struct push_result *r)
{
    struct sl_str staging =
        sl_arena_format(a, "%.*s/.push-%.*s", SL_FMT(destination), SL_FMT(r->version));
    struct blob_request move = {.op = BLOB_MOVE, .uri = staging, .to = r->uri, .a = a};
    struct sl_err *err = copy_to(a, b, model, staging, &r->bytes);
    if (!err)
        err = blobs_do(b, &move);
    if (err)
        remove_all(a, b, staging);
    return err;
}

/* Another push may have ended, and given its claim back, while the listing for ours was read. */
static struct sl_err *refuse_taken(struct sl_arena *a, struct blobs *b, struct sl_str destination,
                                   int64_t version, struct sl_str claim)
{
    struct blob_request list = {
        .op = BLOB_LIST,
        .uri = sl_arena_format(a, "%.*s/%lld/", SL_FMT(destination), (long long)version),
        .a = a,
    };
    SL_TRY(blobs_do(b, &list));
    if (list.ret_n == 0)
        return NULL;
    struct blob_request unclaim = {.op = BLOB_REMOVE, .uri = claim, .a = a};
    SL_TRY(blobs_do(b, &unclaim));
    return SL_ERR(CONFLICT, "version %lld is there already", (long long)version);
}

/* A version that is this push's alone: whoever writes its claim first has it. A push that dies
 * leaves the claim behind, which costs nothing but a number. */
static struct sl_err *claim_version(struct sl_arena *a, struct blobs *b, struct sl_str destination,
                                    int64_t now_us, int64_t *ret, struct sl_str *ret_claim)
{
    enum { MOST_TRIES = 100 };
    struct sl_err *err = NULL;
    for (int i = 0; i < MOST_TRIES; i++) {
        sl_err_free(err);
        SL_TRY(next_version(a, b, destination, now_us, ret));
        *ret_claim = sl_arena_format(a, "%.*s/" CLAIM "%lld", SL_FMT(destination), (long long)*ret);
        err = blobs_write(b, *ret_claim, SL_STR(""), true);
        if (!err)
            err = refuse_taken(a, b, destination, *ret, *ret_claim);
        if (!err || err->kind != SL_ERR_CONFLICT)
            break;
    }
    return err;
}

struct sl_err *push_model(struct sl_arena *a, struct blobs *b, const struct artifact *model,
                          struct sl_str destination, int64_t now_us, struct push_result *ret)
{
    int64_t version;
    struct sl_str claim;
    struct push_result r = {0};
    while (destination.n && destination.p[destination.n - 1] == '/')
        destination.n--;
    SL_TRY(claim_version(a, b, destination, now_us, &version, &claim), "push to '%.*s'",
           SL_FMT(destination));
    r.version = sl_arena_format(a, "%lld", (long long)version);
    r.uri = sl_arena_format(a, "%.*s/%.*s", SL_FMT(destination), SL_FMT(r.version));
    struct sl_err *err = blobs_can_move(b, destination)
                             ? stage_and_move(a, b, model, destination, &r)
                             : copy_to(a, b, model, r.uri, &r.bytes);
    struct blob_request unclaim = {.op = BLOB_REMOVE, .uri = claim, .a = a};
    sl_err_free(blobs_do(b, &unclaim)); /* It is in nobody's way. */
    if (err)
        return SL_WRAP(err, "push '%.*s' to '%.*s'", SL_FMT(model->uri), SL_FMT(r.uri));
    *ret = r;
    return NULL;
}
