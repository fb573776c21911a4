#include "kit/storage.h"

#include "adapter/blob_fs/blob_fs.h"
#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>

struct storage {
    struct blobs blobs;
    struct blobs *fs;
};

static void submit(struct blobs *b, struct completion_queue *q, struct blob_request *r)
{
    struct storage *s = SL_CONTAINER_OF(b, struct storage, blobs);
    if (sl_str_starts(r->uri, SL_STR("file://")))
        blobs_submit(s->fs, q, r);
    else
        completion_post(q, &r->c,
                        SL_ERR(INVALID, "'%.*s': no storage for this scheme, expected file://",
                               SL_FMT(r->uri)));
}

static struct sl_str local_path(struct blobs *b, struct sl_arena *a, struct sl_str uri)
{
    struct storage *s = SL_CONTAINER_OF(b, struct storage, blobs);
    if (!sl_str_starts(uri, SL_STR("file://")))
        return SL_STR("");
    return s->fs->ops->local_path(s->fs, a, uri);
}

static bool can_move(struct blobs *b, struct sl_str uri)
{
    struct storage *s = SL_CONTAINER_OF(b, struct storage, blobs);
    return sl_str_starts(uri, SL_STR("file://")) && blobs_can_move(s->fs, uri);
}

static void free_storage(struct blobs *b)
{
    struct storage *s = SL_CONTAINER_OF(b, struct storage, blobs);
    s->fs->ops->free(s->fs);
    sl_free(s);
}

struct blobs *storage_new(const struct json *options)
{
    static const struct blobs_ops ops = {
        .submit = submit, .local_path = local_path, .can_move = can_move, .free = free_storage};
    (void)options; /* The local file system has none. */
    struct storage *s = SL_NEW(struct storage);
    s->blobs.ops = &ops;
    s->fs = blob_fs_new();
    return &s->blobs;
}

void storage_free(struct blobs *b)
{
    if (b)
        b->ops->free(b);
}

struct sl_err *storage_uri(struct sl_arena *a, struct sl_str path, const char *folder,
                           struct sl_str *ret)
{
    if (sl_str_find(path, SL_STR("://")) >= 0) {
        *ret = sl_arena_str(a, path);
        return NULL;
    }
    if (path.n && path.p[0] == '/') {
        *ret = sl_arena_format(a, "file://%.*s", SL_FMT(path));
        return NULL;
    }
    char *absolute = realpath(folder && *folder ? folder : ".", NULL);
    if (!absolute)
        return SL_ERRNO("folder '%s'", folder);
    while (sl_str_starts(path, SL_STR("./")))
        path = sl_str_skip(path, 2);
    *ret = sl_arena_format(a, "file://%s/%.*s", absolute, SL_FMT(path));
    free(absolute); /* realpath's own malloc */
    return NULL;
}
