#include "port/blobs.h"

struct sl_err *blobs_do(struct blobs *b, struct blob_request *r)
{
    struct completion_queue *q = completion_queue_new();
    r->c = (struct completion){0};
    blobs_submit(b, q, r);
    struct sl_err *err = completion_wait(q, &r->c);
    completion_queue_free(q);
    return err;
}

struct sl_err *blobs_read(struct blobs *b, struct sl_arena *a, struct sl_str uri, size_t max,
                          struct sl_str *ret)
{
    struct blob_request r = {.op = BLOB_STAT, .uri = uri, .a = a};
    SL_TRY(blobs_do(b, &r));
    if ((uint64_t)r.ret_stat.bytes > max)
        return SL_ERR(EXHAUSTED, "'%.*s' has %lld bytes, more than the limit of %zu", SL_FMT(uri),
                      (long long)r.ret_stat.bytes, max);
    size_t size = (size_t)r.ret_stat.bytes;
    char *data = sl_arena_alloc(a, size + 1);
    r = (struct blob_request){.op = BLOB_GET, .uri = uri, .data = data, .size = size, .a = a};
    SL_TRY(blobs_do(b, &r));
    if (r.ret_size != size)
        return SL_ERR(UNAVAILABLE, "'%.*s' changed while it was read", SL_FMT(uri));
    data[size] = '\0';
    *ret = sl_strn(data, size);
    return NULL;
}

struct sl_err *blobs_write(struct blobs *b, struct sl_str uri, struct sl_str data, bool if_absent)
{
    SL_AUTOARENA(a);
    struct blob_request r = {.op = BLOB_PUT,
                             .uri = uri,
                             .data = sl_arena_copy(a, data.p, data.n),
                             .size = data.n,
                             .if_absent = if_absent,
                             .a = a};
    return blobs_do(b, &r);
}
