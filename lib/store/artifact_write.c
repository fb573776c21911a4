#include "base/alloc.h"
#include "base/assert.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "store/artifact_manifest.h"

#include <pthread.h>

enum { PART_BYTES = 8 << 20 }; /* of a large file; also S3's comfortable part size */

struct artifact_writer {
    struct blobs *blobs;
    char *uri, *type;
    pthread_mutex_t lock; /* files may finish on several threads */
    struct sl_arena *a;   /* guarded by the lock */
    SL_VEC(struct artifact_file_entry) files;
};

struct artifact_file {
    struct artifact_writer *w;
    struct sl_arena *a;
    struct sl_str path, uri;
    struct sha256 *hash;
    struct sl_buf buffer;
    struct blob_upload *upload; /* NULL while all fits one part */
    int parts;
    int64_t size, flushed;
};

struct artifact_writer *artifact_writer_new(struct blobs *b, struct sl_str uri, struct sl_str type)
{
    struct artifact_writer *w = SL_NEW(struct artifact_writer);
    w->blobs = b;
    w->a = sl_arena_new();
    w->uri = sl_arena_cstr(w->a, uri);
    w->type = sl_arena_cstr(w->a, type);
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void artifact_writer_free(struct artifact_writer *w)
{
    if (!w)
        return;
    pthread_mutex_destroy(&w->lock);
    sl_vec_deinit(&w->files);
    sl_arena_free(w->a);
    sl_free(w);
}

static struct sl_err *record(struct artifact_writer *w, struct sl_str path, int64_t bytes,
                             const char *hex)
{
    bool again = false;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->files.n; i++)
        again |= sl_str_eq(w->files.p[i].path, path);
    if (!again)
        *sl_vec_add(&w->files) =
            (struct artifact_file_entry){.path = sl_arena_str(w->a, path),
                                         .bytes = bytes,
                                         .sha256 = sl_arena_str(w->a, sl_str(hex))};
    pthread_mutex_unlock(&w->lock);
    return again ? SL_ERR(INTERNAL, "file '%.*s' was written twice", SL_FMT(path)) : NULL;
}

struct sl_err *artifact_write(struct artifact_writer *w, struct sl_str path, struct sl_str data)
{
    SL_AUTOARENA(a);
    char hex[SHA256_HEX];
    sha256_hex(data, hex);
    SL_TRY(blobs_write(w->blobs, artifact_file_uri(a, sl_str(w->uri), path), data, false));
    return record(w, path, (int64_t)data.n, hex);
}

struct sl_err *artifact_file_new(struct artifact_writer *w, struct sl_str path,
                                 struct artifact_file **ret)
{
    struct artifact_file *f = SL_NEW(struct artifact_file);
    f->w = w;
    f->a = sl_arena_new();
    f->path = sl_arena_str(f->a, path);
    f->uri = artifact_file_uri(f->a, sl_str(w->uri), path);
    f->hash = sha256_new();
    *ret = f;
    return NULL;
}

static struct sl_err *flush_part(struct artifact_file *f, size_t n)
{
    if (!f->upload) {
        struct blob_request start = {.op = BLOB_UPLOAD_START, .uri = f->uri, .a = f->a};
        SL_TRY(blobs_do(f->w->blobs, &start));
        f->upload = start.ret_upload;
    }
    struct blob_request part = {.op = BLOB_UPLOAD_PART,
                                .uri = f->uri,
                                .upload = f->upload,
                                .part = f->parts,
                                .offset = f->flushed,
                                .data = f->buffer.p,
                                .size = n,
                                .a = f->a};
    SL_TRY(blobs_do(f->w->blobs, &part));
    f->parts++;
    f->flushed += (int64_t)n;
    sl_buf_consume(&f->buffer, n);
    return NULL;
}

struct sl_err *artifact_file_append(struct artifact_file *f, const void *p, size_t n)
{
    sha256_add(f->hash, p, n);
    f->size += (int64_t)n;
    const char *at = p;
    while (n) {
        size_t take = SL_MIN(n, PART_BYTES - f->buffer.n);
        sl_buf_add(&f->buffer, at, take);
        at += take;
        n -= take;
        if (f->buffer.n == PART_BYTES)
            SL_TRY(flush_part(f, PART_BYTES));
    }
    return NULL;
}

static void free_file(struct artifact_file *f)
{
    sha256_free(f->hash);
    sl_buf_deinit(&f->buffer);
    sl_arena_free(f->a);
    sl_free(f);
}

static struct sl_err *end_upload(struct artifact_file *f, enum blob_op op)
{
    struct blob_request r = {.op = op, .uri = f->uri, .upload = f->upload, .a = f->a};
    f->upload = NULL;
    return blobs_do(f->w->blobs, &r);
}

static struct sl_err *finish_file(struct artifact_file *f)
{
    if (!f->upload)
        return blobs_write(f->w->blobs, f->uri, sl_buf_str(&f->buffer), false);
    if (f->buffer.n)
        SL_TRY(flush_part(f, f->buffer.n));
    return end_upload(f, BLOB_UPLOAD_FINISH);
}

struct sl_err *artifact_file_close(struct artifact_file *f)
{
    char hex[SHA256_HEX];
    struct sl_err *err = finish_file(f);
    if (err) {
        err = SL_WRAP(err, "write '%.*s'", SL_FMT(f->uri));
        artifact_file_abort(f);
        return err;
    }
    sha256_finish(f->hash, hex);
    err = record(f->w, f->path, f->size, hex);
    free_file(f);
    return err;
}

void artifact_file_abort(struct artifact_file *f)
{
    if (!f)
        return;
    if (f->upload)
        sl_err_free(end_upload(f, BLOB_UPLOAD_ABORT));
    free_file(f);
}

struct sl_err *artifact_commit(struct artifact_writer *w, struct sl_arena *a,
                               const struct json *properties, struct sl_str *ret_digest,
                               int64_t *ret_bytes)
{
    struct artifact t = {
        .type = sl_str(w->type),
        .files = w->files.p,
        .n_files = w->files.n,
        .properties = properties ? json_copy(a, properties) : json_new_object(a),
    };
    t.digest = artifact_manifest_digest(a, t.type, t.files, t.n_files);
    for (size_t i = 0; i < t.n_files; i++)
        t.bytes += t.files[i].bytes;
    SL_AUTOBUF(text, 0);
    artifact_manifest_encode(a, &t, &text);
    SL_TRY(blobs_write(w->blobs, artifact_file_uri(a, sl_str(w->uri), SL_STR(ARTIFACT_MANIFEST)),
                       sl_buf_str(&text), false),
           "commit artifact '%s'", w->uri);
    *ret_digest = t.digest;
    *ret_bytes = t.bytes;
    return NULL;
}
