#include "source.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { STREAM_BYTES = 1 << 20 };

/* ---- reading by place --------------------------------------------------------------------------
 */

static struct sl_err *changed(const struct source *f)
{
    return SL_ERR(UNAVAILABLE, "%.*s became shorter while it was read", SL_FMT(f->name));
}

static struct sl_err *read_local(const struct source *f, int64_t offset, void *to, size_t n)
{
    SL_AUTOFD int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SL_ERRNO("open %s", f->path);
    for (size_t got = 0; got < n;) {
        ssize_t r = pread(fd, (char *)to + got, n - got, offset + (off_t)got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return SL_ERRNO("read %s", f->path);
        if (r == 0)
            return changed(f);
        got += (size_t)r;
    }
    return NULL;
}

struct sl_err *source_read(const struct source *f, int64_t offset, void *to, size_t n)
{
    if (f->path)
        return read_local(f, offset, to, n);
    SL_AUTOARENA(a);
    struct blob_request r = {
        .op = BLOB_GET, .uri = f->uri, .offset = offset, .data = to, .size = n, .a = a};
    SL_TRY(blobs_do(f->blobs, &r), "read %.*s", SL_FMT(f->name));
    return r.ret_size < n ? changed(f) : NULL;
}

/* ---- listing -----------------------------------------------------------------------------------
 */

static struct sl_err *detect(struct source *f, const struct example_gen_params *p)
{
    static const enum compress_format formats[] = {
        [EXAMPLE_GEN_NONE] = COMPRESS_FORMAT_PLAIN,
        [EXAMPLE_GEN_GZIP] = COMPRESS_FORMAT_GZIP,
        [EXAMPLE_GEN_ZSTD] = COMPRESS_FORMAT_ZSTD,
    };
    char head[4] = {0};
    size_t n = (size_t)SL_MIN(f->bytes, (int64_t)sizeof(head));
    SL_TRY(source_read(f, 0, head, n));
    struct sl_str h = {head, n};
    f->parquet =
        p->format == EXAMPLE_GEN_PARQUET || (p->format == EXAMPLE_GEN_AUTO && sl_str_is(h, "PAR1"));
    if (sl_str_starts(h, SL_STR("\xff\xfe")) || sl_str_starts(h, SL_STR("\xfe\xff")))
        return SL_ERR(INVALID, "%.*s: the text is UTF-16, expected UTF-8", SL_FMT(f->name));
    if (!f->parquet)
        f->compression =
            p->compression == EXAMPLE_GEN_DETECT ? compress_detect(h) : formats[p->compression];
    return NULL;
}

static struct sl_err *stat_file(struct step *s, struct sl_str uri, struct blob_stat *ret)
{
    struct blob_request r = {.op = BLOB_STAT, .uri = uri, .a = s->a};
    SL_TRY(blobs_do(s->blobs, &r));
    *ret = r.ret_stat;
    return NULL;
}

struct sl_err *source_check(struct step *s, const struct source *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct blob_stat now;
        SL_TRY(stat_file(s, files[i].uri, &now));
        if (now.bytes != files[i].bytes || !sl_str_eq(now.etag, files[i].etag))
            return SL_ERR(UNAVAILABLE, "%.*s changed while it was read", SL_FMT(files[i].name));
    }
    return NULL;
}

static struct sl_err *add_files(struct step *s, const struct example_gen_params *p,
                                const char *place, size_t split, struct source *list, size_t *n)
{
    const struct task_file *files;
    size_t n_files;
    SL_TRY(step_files(s, place, &files, &n_files));
    if (n_files == 0)
        return SL_ERR(INVALID, "parameter '%s' names no file that exists", place);
    for (size_t i = 0; i < n_files; i++) {
        struct source *f = &list[(*n)++];
        struct blob_stat now;
        SL_TRY(stat_file(s, files[i].uri, &now));
        struct sl_str path = s->blobs->ops->local_path(s->blobs, s->a, files[i].uri);
        *f = (struct source){.uri = files[i].uri,
                             .name = path.n ? path : files[i].uri,
                             .bytes = now.bytes,
                             .etag = now.etag,
                             .split = split,
                             .blobs = s->blobs,
                             .path = path.n ? sl_arena_cstr(s->a, path) : NULL};
        SL_TRY(detect(f, p));
        if (f->parquet != list[0].parquet)
            return SL_ERR(INVALID, "%.*s is %s and %.*s is %s: expected files of one format",
                          SL_FMT(list[0].name), list[0].parquet ? "Parquet" : "CSV",
                          SL_FMT(f->name), f->parquet ? "Parquet" : "CSV");
    }
    return NULL;
}

struct sl_err *source_list(struct step *s, const struct example_gen_params *p, struct source **ret,
                           size_t *ret_n)
{
    struct source *list = SL_ARENA_ARRAY(s->a, struct source, s->task->n_files);
    size_t n = 0;
    if (p->input) {
        SL_TRY(add_files(s, p, "input", 0, list, &n));
    } else {
        for (size_t i = 0; i < p->splits.n; i++) {
            struct sl_str place = sl_arena_format(s->a, "splits[%zu].input", i);
            SL_TRY(add_files(s, p, place.p, i, list, &n));
        }
    }
    *ret = list;
    *ret_n = n;
    return NULL;
}

/* ---- streams -----------------------------------------------------------------------------------
 */

struct source_stream {
    const struct source *f;
    struct compress_stream *decoder;
    char *stored;
    struct sl_str in;
    int64_t offset;
};

struct source_stream *source_stream_new(const struct source *f)
{
    struct source_stream *r = SL_NEW(struct source_stream);
    r->f = f;
    r->decoder = compress_stream_new(f->compression);
    r->stored = sl_alloc(STREAM_BYTES);
    return r;
}

void source_stream_free(struct source_stream *r)
{
    if (!r)
        return;
    compress_stream_free(r->decoder);
    sl_free(r->stored);
    sl_free(r);
}

struct sl_err *source_stream_read(struct source_stream *r, void *to, size_t room, size_t *ret_n)
{
    size_t n = 0;
    while (n < room) {
        if (r->in.n == 0 && r->offset < r->f->bytes) {
            r->in =
                sl_strn(r->stored, (size_t)SL_MIN(r->f->bytes - r->offset, (int64_t)STREAM_BYTES));
            SL_TRY(source_read(r->f, r->offset, r->stored, r->in.n));
            r->offset += (int64_t)r->in.n;
        }
        size_t had = r->in.n, got;
        SL_TRY(compress_stream_decode(r->decoder, &r->in, (char *)to + n, room - n, &got), "%.*s",
               SL_FMT(r->f->name));
        n += got;
        if (got == 0 && had == 0) {
            SL_TRY(compress_stream_finish(r->decoder), "%.*s", SL_FMT(r->f->name));
            break;
        }
    }
    *ret_n = n;
    return NULL;
}
