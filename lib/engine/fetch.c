#include "base/alloc.h"
#include "engine/internal.h"

enum { FIRST_PIECE = 64 << 10, PIECE = 1 << 20 };

static void ask(struct fetch *f, size_t size)
{
    f->r.size = size;
    if (f->piece)
        f->r.data = f->piece_data;
    else
        f->r.data = sl_buf_reserve(&f->data, size);
    if (!f->r.data) {
        f->done(f, SL_ERR(EXHAUSTED, "'%.*s' is larger than the limit of %zu bytes",
                          SL_FMT(f->r.uri), f->data.max));
        return;
    }
    f->r.c.finished = false;
    f->e->in_flight++;
    blobs_submit(f->e->cfg.blobs, f->e->q, &f->r);
}

static void came(struct completion *c)
{
    struct fetch *f = SL_CONTAINER_OF(c, struct fetch, r.c);
    struct sl_err *err = c->err;
    c->err = NULL;
    f->e->in_flight--;
    if (!err) {
        size_t n = f->r.ret_size;
        bool more = n == f->r.size;
        if (f->piece)
            f->piece(f, f->piece_data, n);
        else
            f->data.n += n;
        f->r.offset += (int64_t)n;
        if (more) {
            ask(f, PIECE);
            return;
        }
    }
    f->done(f, err);
}

void fetch_start(struct fetch *f, struct sl_str uri, size_t max_bytes)
{
    f->r = (struct blob_request){.c.done = came, .op = BLOB_GET, .uri = uri};
    f->data = (struct sl_buf)SL_BUF_INIT(max_bytes);
    f->piece_data = f->piece ? sl_alloc(PIECE) : NULL;
    ask(f, f->piece ? PIECE : FIRST_PIECE);
}

void fetch_deinit(struct fetch *f)
{
    sl_buf_deinit(&f->data);
    sl_free(f->piece_data);
    f->piece_data = NULL;
}
