#include "store/models.h"

#include "base/limits.h"

struct sl_err *models_load(struct sl_arena *a, const struct artifact *t, const struct model **ret)
{
    struct model_file *files = SL_ARENA_ARRAY(a, struct model_file, t->n_files);
    size_t n = 0;
    for (size_t i = 0; i < t->n_files; i++) {
        if (!model_wants_file(t->files[i].path))
            continue;
        files[n].path = t->files[i].path;
        SL_TRY(artifact_read(a, t, t->files[i].path, SL_LIMIT_PROTO_BYTES, &files[n].bytes));
        n++;
    }
    SL_TRY(model_load(a, files, n, ret), "model '%.*s'", SL_FMT(t->uri));
    return NULL;
}
