/* Object storage: whole objects by URI, read in ranges, written once.
 *
 * A request is filled, submitted and, when its completion comes, holds the answer. Everything it
 * points to stays alive until then. Objects appear whole or not at all. Retries are the adapter's.
 */
#pragma once

#include "base/arena.h"
#include "codec/sha256.h"
#include "port/completion.h"

enum blob_op {
    BLOB_STAT,   /* -> ret_stat                              not_found */
    BLOB_GET,    /* offset, data, size -> ret_size (short only at the end)   not_found */
    BLOB_SHA256, /* -> ret_sha256: of the whole object, where it lies; a store may answer with the
                    checksum it keeps   not_found */
    BLOB_PUT,    /* data, size, if_absent                    conflict: if_absent and there is one */
    BLOB_REMOVE, /* fine when there is none */
    BLOB_LIST, /* uri is a prefix ending in '/', recursive -> ret_list, sorted by uri; an absent one
                  is empty */
    BLOB_UPLOAD_START, /* -> ret_upload: a large object in parts */
    BLOB_UPLOAD_PART,  /* upload, part (from 0), offset, data, size; all parts but the last have one
                          size */
    BLOB_UPLOAD_FINISH, /* upload: the object appears */
    BLOB_UPLOAD_ABORT,  /* upload: nothing stays */
    BLOB_MOVE, /* to: all that lies under the folder `uri` appears under the folder `to` at once.
                  conflict: something lies there. Only where blobs_can_move says so. */
};

struct blob_stat {
    struct sl_str uri;
    int64_t bytes;
    struct sl_str etag; /* changes when the content may have changed; "" when the store has none */
    int64_t modified_us;
};

struct blob_upload; /* the adapter's */

struct blob_request {
    struct completion c;
    enum blob_op op;
    struct sl_str uri;
    struct sl_str to; /* MOVE */
    int64_t offset;
    void *data; /* GET fills it; PUT and UPLOAD_PART read it */
    size_t size;
    bool if_absent;
    int part;
    struct blob_upload *upload;
    struct sl_arena *a; /* where answers live (STAT, LIST) */

    size_t ret_size;
    char ret_sha256[SHA256_HEX];
    struct blob_stat ret_stat;
    struct blob_stat *ret_list;
    size_t ret_n;
    struct blob_upload *ret_upload;
};

struct blobs;

struct blobs_ops {
    void (*submit)(struct blobs *b, struct completion_queue *q, struct blob_request *r);
    /* The path of an object that is a plain file here, or an empty string: reading it needs no
     * copy. */
    struct sl_str (*local_path)(struct blobs *b, struct sl_arena *a, struct sl_str uri);
    /* Whether BLOB_MOVE works there; NULL: never. */
    bool (*can_move)(struct blobs *b, struct sl_str uri);
    void (*free)(struct blobs *b);
};

struct blobs {
    const struct blobs_ops *ops;
};

static inline void blobs_submit(struct blobs *b, struct completion_queue *q, struct blob_request *r)
{
    b->ops->submit(b, q, r);
}

static inline bool blobs_can_move(struct blobs *b, struct sl_str uri)
{
    return b->ops->can_move && b->ops->can_move(b, uri);
}

/* Submits and waits; for sequential code. Any thread may call it: it uses a queue of its own. */
struct sl_err *blobs_do(struct blobs *b, struct blob_request *r) SL_MUST_USE;
/* The whole object. Errors: not_found; exhausted: larger than `max`. */
struct sl_err *blobs_read(struct blobs *b, struct sl_arena *a, struct sl_str uri, size_t max,
                          struct sl_str *ret) SL_MUST_USE;
struct sl_err *blobs_write(struct blobs *b, struct sl_str uri, struct sl_str data,
                           bool if_absent) SL_MUST_USE;
