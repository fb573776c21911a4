#include "codec/parquet/workspace.h"

#include "base/alloc.h"
#include "base/assert.h"

struct parquet_workspace *parquet_workspace_new(void)
{
    struct parquet_workspace *ws = SL_NEW(struct parquet_workspace);
    ws->compress = compress_context_new();
    return ws;
}

void parquet_workspace_free(struct parquet_workspace *ws)
{
    if (!ws)
        return;
    compress_context_free(ws->compress);
    sl_buf_deinit(&ws->chunk);
    sl_buf_deinit(&ws->page);
    sl_buf_deinit(&ws->raw);
    sl_buf_deinit(&ws->scratch);
    sl_buf_deinit(&ws->dict);
    sl_buf_deinit(&ws->table);
    sl_vec_deinit(&ws->pages);
    sl_vec_deinit(&ws->strings);
    sl_free(ws);
}

void *workspace_room(struct sl_buf *b, size_t n)
{
    sl_buf_clear(b);
    char *p = sl_buf_reserve(b, n);
    sl_assert(p != NULL);
    return p;
}
