#include "store/transforms.h"

#include "base/limits.h"

struct reader {
    struct sl_arena *a;
    const struct artifact *artifact;
    const char *prefix;
    struct sl_err *err; /* why a file could not be read */
};

static bool read_file(void *ctx, struct sl_str path, struct sl_str *ret)
{
    struct reader *r = ctx;
    struct sl_str full = sl_arena_format(r->a, "%s%.*s", r->prefix, SL_FMT(path));
    struct sl_err *err = artifact_read(r->a, r->artifact, full, SL_LIMIT_PROTO_BYTES, ret);
    r->err = sl_err_first(r->err, err);
    return r->err == NULL;
}

struct sl_err *transforms_load(struct sl_arena *a, const struct artifact *t, const char *prefix,
                               struct transform **ret)
{
    struct reader r = {a, t, prefix, NULL};
    struct sl_str path = sl_arena_format(a, "%stransform.json", prefix), text;
    SL_TRY(artifact_read(a, t, path, SL_LIMIT_DOCUMENT_BYTES, &text), "transform");
    struct sl_err *err = transform_parse(a, text, read_file, &r, ret);
    return sl_err_first(r.err, err);
}

struct sl_err *transforms_save(struct artifact_writer *w, const char *prefix,
                               const struct transform *t)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(b, 0);
    transform_format(t, &b);
    SL_TRY(artifact_write(w, sl_arena_format(a, "%stransform.json", prefix), sl_buf_str(&b)));
    for (size_t i = 0; i < t->n_nodes; i++) {
        const struct transform_vocabulary *v = t->nodes[i].vocabulary;
        if (!v)
            continue;
        sl_buf_clear(&b);
        transform_format_vocabulary(v, &b);
        SL_TRY(artifact_write(w, sl_arena_format(a, "%s%.*s", prefix, SL_FMT(v->file)),
                              sl_buf_str(&b)));
    }
    return NULL;
}
