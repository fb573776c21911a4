/* Importer: files that are there already, as an artifact.
 *
 * They are copied: an artifact is written once and never changes, which cannot be said of a file
 * that belongs to somebody else. A folder that holds an artifact is copied as what its manifest
 * says, and every file is checked against it. */
#include "base/alloc.h"
#include "base/limits.h"
#include "codec/sha256.h"
#include "core/catalog/importer.h"
#include "kit/step.h"

enum { COPY_BYTES = 1 << 20 };

#define MANIFEST "/_manifest.json"

struct import {
    struct step *s;
    const struct importer_params *p;
    const struct task_file *files;
    size_t n_files;
    struct artifact_writer *out;
    const struct artifact *from; /* the artifact that is imported, or NULL */
};

/* Where the file was said to be unchanged, it has to be: what is written is what was fingerprinted.
 */
static struct sl_err *check_digest(const struct task_file *f, const char *hex)
{
    struct sl_str scheme = SL_STR("sha256:");
    if (!sl_str_starts(f->etag, scheme) || sl_str_is(sl_str_skip(f->etag, scheme.n), hex))
        return NULL;
    return SL_ERR(UNAVAILABLE, "'%.*s' changed since the step was planned", SL_FMT(f->uri));
}

static struct sl_err *copy_pieces(struct import *m, struct sl_str uri, int64_t bytes,
                                  struct artifact_file *to, struct sha256 *hash)
{
    SL_AUTOARENA(a);
    char *piece SL_AUTOFREE = sl_alloc(COPY_BYTES);
    for (int64_t at = 0; at < bytes;) {
        struct blob_request r = {.op = BLOB_GET,
                                 .uri = uri,
                                 .offset = at,
                                 .data = piece,
                                 .size = (size_t)SL_MIN(bytes - at, (int64_t)COPY_BYTES),
                                 .a = a};
        SL_TRY(blobs_do(m->s->blobs, &r));
        if (r.ret_size == 0)
            return SL_ERR(UNAVAILABLE, "'%.*s' became shorter while it was read", SL_FMT(uri));
        SL_TRY(artifact_file_append(to, piece, r.ret_size));
        sha256_add(hash, piece, r.ret_size);
        at += (int64_t)r.ret_size;
    }
    return NULL;
}

/* Copies one file and tells the SHA-256 of what was copied. */
static struct sl_err *copy(struct import *m, struct sl_str uri, int64_t bytes, struct sl_str path,
                           char ret_hex[SHA256_HEX])
{
    struct artifact_file *to;
    struct sha256 *hash = sha256_new();
    struct sl_err *err = artifact_file_new(m->out, path, &to);
    if (!err) {
        err = copy_pieces(m, uri, bytes, to, hash);
        if (err)
            artifact_file_abort(to);
        else
            err = artifact_file_close(to);
    }
    sha256_finish(hash, ret_hex);
    sha256_free(hash);
    return err;
}

/* A schema has one name in an artifact, whatever it was called outside. */
static struct sl_str path_of(const struct import *m, struct sl_str uri)
{
    struct sl_str folder = sl_arena_format(m->s->a, "%.*s/", SL_FMT(m->p->uri));
    if (m->n_files == 1 && sl_str_is(m->p->type, "Schema"))
        return SL_STR("schema.pbtxt");
    if (sl_str_starts(uri, folder))
        return sl_str_skip(uri, folder.n);
    return sl_str_skip(uri, (size_t)(sl_str_rfind_char(uri, '/') + 1));
}

static struct sl_err *import_files(struct import *m)
{
    char hex[SHA256_HEX];
    for (size_t i = 0; i < m->n_files; i++) {
        const struct task_file *f = &m->files[i];
        SL_TRY(copy(m, f->uri, f->bytes, path_of(m, f->uri), hex), "import '%.*s'", SL_FMT(f->uri));
        SL_TRY(check_digest(f, hex));
    }
    return NULL;
}

static struct sl_err *import_artifact(struct import *m)
{
    char hex[SHA256_HEX];
    const struct artifact *t = m->from;
    if (!sl_str_eq(t->type, m->p->type))
        return SL_ERR(INVALID, "'%.*s' is an artifact of type %.*s, expected %.*s", SL_FMT(t->uri),
                      SL_FMT(t->type), SL_FMT(m->p->type));
    for (size_t i = 0; i < t->n_files; i++) {
        const struct artifact_file_entry *f = &t->files[i];
        struct sl_str uri = sl_arena_format(m->s->a, "%.*s/%.*s", SL_FMT(t->uri), SL_FMT(f->path));
        SL_TRY(copy(m, uri, f->bytes, f->path, hex), "import '%.*s'", SL_FMT(uri));
        if (!sl_str_is(f->sha256, hex))
            return SL_ERR(CORRUPT, "'%.*s' is not what its manifest says: SHA-256 is %s",
                          SL_FMT(uri), hex);
    }
    return NULL;
}

/* Finds out whether the files are those of an artifact: one of them is its manifest. */
static struct sl_err *find_artifact(struct import *m)
{
    struct sl_str manifest = sl_arena_format(m->s->a, "%.*s" MANIFEST, SL_FMT(m->p->uri));
    for (size_t i = 0; i < m->n_files; i++)
        if (sl_str_eq(m->files[i].uri, manifest)) {
            struct artifact *t;
            SL_TRY(artifact_open(m->s->a, m->s->blobs, m->p->uri, SL_STR(""), &t));
            m->from = t;
            return NULL;
        }
    if (sl_str_is(m->p->type, "Examples"))
        return SL_ERR(INVALID,
                      "'%.*s' is no Examples artifact (it has no _manifest.json); to read "
                      "files of rows use ExampleGen",
                      SL_FMT(m->p->uri));
    return NULL;
}

static struct json *properties_of(const struct import *m)
{
    struct sl_arena *a = m->s->a;
    struct json *all = m->from ? json_copy(a, m->from->properties) : json_new_object(a);
    for (size_t i = 0; m->p->properties && i < m->p->properties->n; i++)
        json_set_str(a, all, m->p->properties->members[i].key, m->p->properties->members[i].value);
    return all;
}

static void tell(const struct import *m)
{
    double bytes = 0;
    for (size_t i = 0; i < m->n_files; i++)
        bytes += (double)m->files[i].bytes;
    step_metric(m->s, "files", (double)m->n_files);
    step_metric(m->s, "bytes_in", bytes);
}

static struct sl_err *run(struct step *s)
{
    struct import m = {.s = s, .p = s->params};
    SL_TRY(step_files(s, "uri", &m.files, &m.n_files));
    if (m.n_files == 0)
        return SL_ERR(INVALID, "parameter 'uri' names no file that exists");
    SL_TRY(find_artifact(&m));
    SL_TRY(step_output(s, "result", &m.out));
    struct sl_err *err = m.from ? import_artifact(&m) : import_files(&m);
    if (err) {
        artifact_writer_free(m.out);
        return err;
    }
    tell(&m);
    return step_commit(s, "result", m.out, properties_of(&m));
}

int main(int argc, char **argv)
{
    return step_main(argc, argv, "Importer", run);
}
