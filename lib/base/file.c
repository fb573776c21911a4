#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void sl_fd_close(int fd)
{
    close(fd);
}

bool sl_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

struct sl_err *sl_file_read(struct sl_arena *a, const char *path, size_t max, struct sl_str *ret)
{
    SL_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SL_ERRNO("read '%s'", path);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return SL_ERRNO("read '%s'", path);
    if (S_ISDIR(st.st_mode))
        return SL_ERR(INVALID, "read '%s': it is a folder, expected a file", path);
    SL_AUTOBUF(b, 0);
    size_t chunk = (size_t)st.st_size + 1;
    for (;;) {
        ssize_t n = read(fd, sl_buf_reserve(&b, chunk), chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SL_ERRNO("read '%s'", path);
        if (n == 0)
            break;
        b.n += (size_t)n;
        if (b.n > max)
            return SL_ERR(EXHAUSTED, "read '%s': larger than the limit of %zu bytes", path, max);
        chunk = 65536;
    }
    *ret = sl_arena_str(a, sl_buf_str(&b));
    return NULL;
}

struct sl_err *sl_fd_write(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t written = write(fd, at, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return SL_ERRNO("write");
        at += written;
        n -= (size_t)written;
    }
    return NULL;
}

static struct sl_err *write_and_sync(const char *path, struct sl_str data)
{
    SL_AUTOFD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return SL_ERRNO("open");
    SL_TRY(sl_fd_write(fd, data.p, data.n));
    return fsync(fd) < 0 ? SL_ERRNO("fsync") : NULL;
}

struct sl_err *sl_file_write(const char *path, struct sl_str data)
{
    SL_AUTOARENA(a);
    struct sl_str part = sl_arena_format(a, "%s.part-%d", path, (int)getpid());
    struct sl_err *err = write_and_sync(part.p, data);
    if (!err && rename(part.p, path) < 0)
        err = SL_ERRNO("rename");
    if (err) {
        unlink(part.p);
        return SL_WRAP(err, "write '%s'", path);
    }
    return NULL;
}

struct sl_err *sl_dir_make(const char *path)
{
    SL_AUTOARENA(a);
    if (!path[0])
        return SL_ERR(INVALID, "make folder '': expected a name");
    char *p = sl_arena_cstr(a, sl_str(path));
    for (char *at = p + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char was = *at;
        *at = '\0';
        if (mkdir(p, 0755) < 0 && errno != EEXIST)
            return errno == ENOTDIR
                       ? SL_ERR(INVALID, "make folder '%s': a part of that path is a file", p)
                       : SL_ERRNO("make folder '%s'", p);
        *at = was;
        if (!was)
            return NULL;
    }
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

struct sl_err *sl_dir_remove(const char *path)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
        return SL_ERRNO("remove folder '%s'", path);
    return NULL;
}
