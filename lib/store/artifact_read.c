#include "base/limits.h"
#include "codec/sha256.h"
#include "store/artifact_manifest.h"

struct sl_err *artifact_open(struct sl_arena *a, struct blobs *b, struct sl_str uri,
                             struct sl_str expected_digest, struct artifact **ret)
{
    struct artifact *t = SL_ARENA_NEW(a, struct artifact);
    struct sl_str text;
    struct sl_str manifest = artifact_file_uri(a, uri, SL_STR(ARTIFACT_MANIFEST));
    SL_TRY(blobs_read(b, a, manifest, SL_LIMIT_DOCUMENT_BYTES, &text), "artifact '%.*s'",
           SL_FMT(uri));
    SL_TRY(artifact_manifest_decode(a, text, t), "read '%.*s'", SL_FMT(manifest));
    if (expected_digest.n && !sl_str_eq(expected_digest, t->digest))
        return SL_ERR(CORRUPT, "artifact '%.*s' has digest %.*s, expected %.*s", SL_FMT(uri),
                      SL_FMT(t->digest), SL_FMT(expected_digest));
    t->blobs = b;
    t->uri = sl_arena_str(a, uri);
    *ret = t;
    return NULL;
}

const struct artifact_file_entry *artifact_find(const struct artifact *t, struct sl_str path)
{
    size_t low = 0, high = t->n_files;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int c = sl_str_cmp(t->files[middle].path, path);
        if (c == 0)
            return &t->files[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static struct sl_err *find(const struct artifact *t, struct sl_str path,
                           const struct artifact_file_entry **ret)
{
    *ret = artifact_find(t, path);
    if (!*ret)
        return SL_ERR(NOT_FOUND, "artifact '%.*s' (%.*s) has no file '%.*s'", SL_FMT(t->uri),
                      SL_FMT(t->type), SL_FMT(path));
    return NULL;
}

struct sl_err *artifact_read(struct sl_arena *a, const struct artifact *t, struct sl_str path,
                             size_t max, struct sl_str *ret)
{
    const struct artifact_file_entry *entry;
    struct sl_str data;
    char hex[SHA256_HEX];
    SL_TRY(find(t, path, &entry));
    SL_TRY(blobs_read(t->blobs, a, artifact_file_uri(a, t->uri, path), max, &data));
    sha256_hex(data, hex);
    if (!sl_str_is(entry->sha256, hex))
        return SL_ERR(CORRUPT, "'%.*s/%.*s' is not what its manifest says: SHA-256 is %s",
                      SL_FMT(t->uri), SL_FMT(path), hex);
    *ret = data;
    return NULL;
}

struct sl_err *artifact_pread(const struct artifact *t, struct sl_str path, int64_t offset,
                              void *to, size_t n)
{
    SL_AUTOARENA(a);
    struct blob_request r = {.op = BLOB_GET,
                             .uri = artifact_file_uri(a, t->uri, path),
                             .offset = offset,
                             .data = to,
                             .size = n,
                             .a = a};
    SL_TRY(blobs_do(t->blobs, &r));
    if (r.ret_size != n)
        return SL_ERR(CORRUPT, "'%.*s' ends before byte %lld", SL_FMT(r.uri),
                      (long long)(offset + (int64_t)n));
    return NULL;
}
