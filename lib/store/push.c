#include "store/push.h"

#include "base/alloc.h"
#include "codec/sha256.h"

#define LAST_FILE "model.json"

enum { PIECE_BYTES = 1 << 20, US_PER_S = 1000000 };

/* ---- which version --------------------------------------------------------------------------- */
/* The number that a path below the destination begins with, or -1. */
static int64_t version_of(struct sl_str path)
{
    int64_t n;
    ptrdiff_t slash = sl_str_find_char(path, '/');
    if (slash < 0 || !sl_str_to_i64(sl_strn(path.p, (size_t)slash), &n))
        return -1;
    return n;
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

struct sl_err *push_model(struct sl_arena *a, struct blobs *b, const struct artifact *model,
                          struct sl_str destination, int64_t now_us, struct push_result *ret)
{
    int64_t version;
    struct push_result r = {0};
    while (destination.n && destination.p[destination.n - 1] == '/')
        destination.n--;
    SL_TRY(next_version(a, b, destination, now_us, &version));
    r.version = sl_arena_format(a, "%lld", (long long)version);
    r.uri = sl_arena_format(a, "%.*s/%.*s", SL_FMT(destination), SL_FMT(r.version));
    struct artifact_writer *w = artifact_writer_new(b, r.uri, model->type);
    struct sl_err *err = copy_all(a, w, model, &r.bytes);
    artifact_writer_free(w);
    if (err)
        return SL_WRAP(err, "push '%.*s' to '%.*s'", SL_FMT(model->uri), SL_FMT(r.uri));
    *ret = r;
    return NULL;
}
