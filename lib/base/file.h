/* Files and folders of the local machine, with errors that name the path. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* The whole file. Errors: exhausted when it is larger than `max`. */
struct sl_err *sl_file_read(struct sl_arena *a, const char *path, size_t max,
                            struct sl_str *ret) SL_MUST_USE;
/* Writes beside `path`, flushes to disk, renames: a reader sees the old file or the whole new one,
 * also after a crash. */
struct sl_err *sl_file_write(const char *path, struct sl_str data) SL_MUST_USE;
/* All of `n` bytes at the descriptor's position, through short writes and EINTR. */
struct sl_err *sl_fd_write(int fd, const void *p, size_t n) SL_MUST_USE;
/* Makes the folder and its parents; fine when it is there. */
struct sl_err *sl_dir_make(const char *path) SL_MUST_USE;
/* Removes a folder with all that is in it; fine when it is not there. Does not follow links. */
struct sl_err *sl_dir_remove(const char *path) SL_MUST_USE;
bool sl_file_exists(const char *path);

static inline void sl_close_fd_ptr(int *fd);
/* `SL_AUTOFD int fd = open(...)`: closed at the end of the block when >= 0. */
#define SL_AUTOFD SL_CLEANUP(sl_close_fd_ptr)
void sl_fd_close(int fd);
static inline void sl_close_fd_ptr(int *fd)
{
    if (*fd >= 0)
        sl_fd_close(*fd);
}
