#include "adapter/blob_fs/blob_fs.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/file.h"
#include "base/vec.h"
#include "net/workers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small enough to stay in the processor's cache between the copy and the hash. */
enum { HASH_PIECE = 256 << 10 };

struct blob_fs {
    struct blobs blobs;
    struct work_queue *queue;
};

struct blob_upload {
    int fd;
    char *part_path, *path;
};

struct job {
    struct work_job job;
    struct blob_request *r;
    struct completion_queue *q;
};

static struct sl_err *path_of(struct sl_arena *a, struct sl_str uri, const char **ret)
{
    struct sl_str scheme = SL_STR("file://");
    if (!sl_str_starts(uri, scheme) || uri.n == scheme.n || uri.p[scheme.n] != '/')
        return SL_ERR(INVALID, "'%.*s' is no file URI, expected file:///path", SL_FMT(uri));
    struct sl_str path = sl_str_skip(uri, scheme.n);
    if (sl_str_find(path, SL_STR("/../")) >= 0 || sl_str_ends(path, SL_STR("/..")))
        return SL_ERR(INVALID, "'%.*s' leaves its folder by '..'", SL_FMT(uri));
    *ret = sl_arena_cstr(a, path);
    return NULL;
}

/* The mtime in nanoseconds, size and inode change when the content does (also when a file is
 * replaced within a tick). */
static struct blob_stat stat_of(struct sl_arena *a, struct sl_str uri, const struct stat *st)
{
    return (struct blob_stat){
        .uri = sl_arena_str(a, uri),
        .bytes = st->st_size,
        .etag = sl_arena_format(a, "%llx-%llx-%llx", (unsigned long long)st->st_mtim.tv_sec,
                                (unsigned long long)st->st_mtim.tv_nsec,
                                (unsigned long long)st->st_ino),
        .modified_us = st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000,
    };
}

static struct sl_err *do_stat(struct blob_request *r, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return SL_ERRNO("'%s'", path);
    if (!S_ISREG(st.st_mode))
        return SL_ERR(NOT_FOUND, "'%s' is no file", path);
    r->ret_stat = stat_of(r->a, r->uri, &st);
    return NULL;
}

static struct sl_err *do_get(struct blob_request *r, const char *path)
{
    SL_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SL_ERRNO("open '%s'", path);
    size_t got = 0;
    while (got < r->size) {
        ssize_t n = pread(fd, (char *)r->data + got, r->size - got, r->offset + (off_t)got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SL_ERRNO("read '%s'", path);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    r->ret_size = got;
    return NULL;
}

static struct sl_err *hash_file(int fd, const char *path, struct sha256 *h, char *piece)
{
    for (;;) {
        ssize_t n = read(fd, piece, HASH_PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SL_ERRNO("read '%s'", path);
        if (n == 0)
            return NULL;
        sha256_add(h, piece, (size_t)n);
    }
}

static struct sl_err *do_sha256(struct blob_request *r, const char *path)
{
    SL_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SL_ERRNO("open '%s'", path);
    struct sha256 *h = sha256_new();
    char *piece = sl_alloc(HASH_PIECE);
    struct sl_err *err = hash_file(fd, path, h, piece);
    sha256_finish(h, r->ret_sha256);
    sha256_free(h);
    sl_free(piece);
    return err;
}

/* A name beside `path` that no other writer uses. */
static const char *part_name(struct sl_arena *a, const char *path)
{
    static atomic_uint counter;
    return sl_arena_format(a, "%s.part-%d-%u", path, (int)getpid(), atomic_fetch_add(&counter, 1))
        .p;
}

static struct sl_err *make_parent(struct sl_arena *a, const char *path)
{
    struct sl_str s = sl_str(path);
    ptrdiff_t slash = sl_str_rfind_char(s, '/');
    return slash > 0 ? sl_dir_make(sl_arena_cstr(a, sl_strn(path, (size_t)slash))) : NULL;
}

static struct sl_err *create_part(struct sl_arena *a, const char *part, int *ret_fd)
{
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == ENOENT) {
        SL_TRY(make_parent(a, part));
        fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    }
    if (fd < 0)
        return SL_ERRNO("create '%s'", part);
    *ret_fd = fd;
    return NULL;
}

/* Gives a finished part its name. */
static struct sl_err *publish(const char *part, const char *path, bool if_absent)
{
    if (!if_absent)
        return rename(part, path) < 0 ? SL_ERRNO("rename to '%s'", path) : NULL;
    if (link(part, path) < 0)
        return SL_ERRNO("create '%s'", path);
    unlink(part);
    return NULL;
}

/* Folders that hold nothing any more go with their last object. A writer that needs one meanwhile
 * makes it again (create_part). */
static struct sl_err *do_remove(struct sl_arena *a, const char *path)
{
    if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
        return SL_ERRNO("remove '%s'", path);
    char *folder = sl_arena_cstr(a, sl_str(path));
    for (char *slash; (slash = strrchr(folder, '/')) && slash != folder;) {
        *slash = '\0';
        if (rmdir(folder) < 0)
            break;
    }
    return NULL;
}

static struct sl_err *do_put(struct blob_request *r, const char *path)
{
    SL_AUTOARENA(a);
    const char *part = part_name(a, path);
    int fd;
    SL_TRY(create_part(a, part, &fd));
    struct sl_err *err = sl_fd_write(fd, r->data, r->size);
    if (!err && fsync(fd) < 0)
        err = SL_ERRNO("flush '%s'", part);
    close(fd);
    if (!err)
        err = publish(part, path, r->if_absent);
    if (err)
        sl_err_free(do_remove(a, part));
    return err;
}

static struct sl_err *do_move(struct sl_arena *a, struct sl_str from, const char *to)
{
    const char *path;
    SL_TRY(path_of(a, from, &path));
    SL_TRY(make_parent(a, to));
    /* An empty folder of that name gives way, one that holds something does not. */
    return rename(path, to) < 0 ? SL_ERRNO("move '%s' to '%s'", path, to) : NULL;
}

typedef SL_VEC(struct blob_stat) stat_vec;

static struct sl_err *list_folder(struct blob_request *r, const char *folder, stat_vec *found)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT || errno == ENOTDIR ? NULL : SL_ERRNO("list '%s'", folder);
    struct sl_err *err = NULL;
    const struct dirent *e;
    while (!err && (e = readdir(dir))) {
        struct sl_str name = sl_str(e->d_name);
        if (sl_str_is(name, ".") || sl_str_is(name, "..") ||
            sl_str_find(name, SL_STR(".part-")) >= 0)
            continue;
        struct sl_str path = sl_arena_format(r->a, "%s/%s", folder, e->d_name);
        struct stat st;
        if (stat(path.p, &st) < 0)
            continue; /* Removed between the two looks. */
        if (S_ISDIR(st.st_mode))
            err = list_folder(r, path.p, found);
        else if (S_ISREG(st.st_mode))
            *sl_vec_add(found) = stat_of(r->a, sl_arena_format(r->a, "file://%s", path.p), &st);
    }
    closedir(dir);
    return err;
}

static int compare_stats(const void *x, const void *y)
{
    return sl_str_cmp(((const struct blob_stat *)x)->uri, ((const struct blob_stat *)y)->uri);
}

static struct sl_err *do_list(struct blob_request *r, const char *path)
{
    stat_vec found = {0};
    struct sl_str folder = sl_str(path);
    while (folder.n > 1 && folder.p[folder.n - 1] == '/')
        folder.n--;
    struct sl_err *err = list_folder(r, sl_arena_cstr(r->a, folder), &found);
    if (!err) {
        if (found.n)
            qsort(found.p, found.n, sizeof(*found.p), compare_stats);
        r->ret_list = sl_arena_copy(r->a, found.p, found.n * sizeof(*found.p));
        r->ret_n = found.n;
    }
    sl_vec_deinit(&found);
    return err;
}

static struct sl_err *upload_start(struct blob_request *r, const char *path)
{
    SL_AUTOARENA(a);
    const char *part = part_name(a, path);
    int fd;
    SL_TRY(create_part(a, part, &fd));
    struct blob_upload *u = SL_NEW(struct blob_upload);
    *u = (struct blob_upload){fd, sl_strdup(part), sl_strdup(path)};
    r->ret_upload = u;
    return NULL;
}

static struct sl_err *upload_part(struct blob_request *r)
{
    size_t done = 0;
    while (done < r->size) {
        ssize_t n = pwrite(r->upload->fd, (const char *)r->data + done, r->size - done,
                           r->offset + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SL_ERRNO("write '%s'", r->upload->part_path);
        done += (size_t)n;
    }
    return NULL;
}

static struct sl_err *upload_end(struct blob_upload *u, bool keep)
{
    struct sl_err *err = NULL;
    if (keep && fsync(u->fd) < 0)
        err = SL_ERRNO("flush '%s'", u->part_path);
    close(u->fd);
    if (keep && !err)
        err = publish(u->part_path, u->path, false);
    if (!keep || err) {
        SL_AUTOARENA(a);
        sl_err_free(do_remove(a, u->part_path));
    }
    sl_free(u->part_path);
    sl_free(u->path);
    sl_free(u);
    return err;
}

static struct sl_err *carry_out(struct blob_request *r)
{
    SL_AUTOARENA(a);
    const char *path;
    SL_TRY(path_of(a, r->uri, &path));
    switch (r->op) {
    case BLOB_STAT:
        return do_stat(r, path);
    case BLOB_GET:
        return do_get(r, path);
    case BLOB_SHA256:
        return do_sha256(r, path);
    case BLOB_PUT:
        return do_put(r, path);
    case BLOB_REMOVE:
        return do_remove(a, path);
    case BLOB_LIST:
        return do_list(r, path);
    case BLOB_UPLOAD_START:
        return upload_start(r, path);
    case BLOB_UPLOAD_PART:
        return upload_part(r);
    case BLOB_UPLOAD_FINISH:
        return upload_end(r->upload, true);
    case BLOB_UPLOAD_ABORT:
        return upload_end(r->upload, false);
    case BLOB_MOVE:
        SL_TRY(path_of(a, r->to, &path));
        return do_move(a, r->uri, path);
    }
    return SL_ERR(INTERNAL, "unknown blob operation %d", (int)r->op);
}

static void run_job(struct work_job *work)
{
    struct job *job = SL_CONTAINER_OF(work, struct job, job);
    struct sl_err *err = carry_out(job->r);
    completion_post(job->q, &job->r->c, err);
    sl_free(job);
}

static void submit(struct blobs *b, struct completion_queue *q, struct blob_request *r)
{
    struct blob_fs *fs = SL_CONTAINER_OF(b, struct blob_fs, blobs);
    struct job *job = SL_NEW(struct job);
    *job = (struct job){.job.run = run_job, .r = r, .q = q};
    work_queue_add(fs->queue, &job->job);
}

static struct sl_str local_path(struct blobs *b, struct sl_arena *a, struct sl_str uri)
{
    (void)b;
    const char *path;
    struct sl_err *err = path_of(a, uri, &path);
    sl_err_free(err);
    return err ? SL_STR("") : sl_str(path);
}

static bool can_move(struct blobs *b, struct sl_str uri)
{
    (void)b, (void)uri;
    return true;
}

static void free_fs(struct blobs *b)
{
    struct blob_fs *fs = SL_CONTAINER_OF(b, struct blob_fs, blobs);
    work_queue_free(fs->queue);
    sl_free(fs);
}

struct blobs *blob_fs_new(void)
{
    static const struct blobs_ops ops = {
        .submit = submit, .local_path = local_path, .can_move = can_move, .free = free_fs};
    struct blob_fs *fs = SL_NEW(struct blob_fs);
    fs->blobs.ops = &ops;
    fs->queue = work_queue_new(2);
    return &fs->blobs;
}
