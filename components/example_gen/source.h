/* The files that are read: by place, or, when they are compressed, from start to end. */
#pragma once

#include "codec/compress.h"
#include "core/catalog/example_gen.h"
#include "kit/step.h"

struct source {
    struct sl_str uri;
    struct sl_str name; /* for messages: the path of a local file, else the URI */
    int64_t bytes;      /* as stored */
    size_t split;       /* of splits that are given; else 0 */
    bool parquet;
    enum compress_format compression;
    struct blobs *blobs;
    const char *path;   /* NULL: no local file */
    struct sl_str etag; /* when reading began */
};

/* All files of the step, in the order of the task, looked at.
 * Errors: invalid: none, or of mixed formats; unavailable: one has changed. */
struct sl_err *source_list(struct step *s, const struct example_gen_params *p, struct source **ret,
                           size_t *ret_n) SL_MUST_USE;

/* After all has been read: no file has changed meanwhile. Errors: unavailable. */
struct sl_err *source_check(struct step *s, const struct source *files, size_t n) SL_MUST_USE;

/* `n` bytes at `offset` of the file as stored. Any thread. */
struct sl_err *source_read(const struct source *f, int64_t offset, void *to, size_t n) SL_MUST_USE;

/* Reading on through what is compressed. */
struct source_stream;
struct source_stream *source_stream_new(const struct source *f);
/* NULL is fine. */
void source_stream_free(struct source_stream *r);
/* Fills `to` with up to `room` bytes; fewer only at the end. */
struct sl_err *source_stream_read(struct source_stream *r, void *to, size_t room,
                                  size_t *ret_n) SL_MUST_USE;
