#include "adapter/local/keeper_unit.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dup_str(struct sl_str s)
{
    char *p = sl_alloc(s.n + 1);
    if (s.n) /* an empty string may be NULL */
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

struct keeper_unit *keeper_unit_new(struct sl_str run_uid, struct sl_str name,
                                    const struct unit_record *record, struct sl_str path)
{
    struct keeper_unit *u = SL_NEW(struct keeper_unit);
    u->name = dup_str(name);
    u->run_uid = dup_str(run_uid);
    u->step = dup_str(record->step);
    u->item = dup_str(record->item);
    u->path = dup_str(path);
    u->record = *record;
    u->record.step = sl_str(u->step);
    u->record.item = sl_str(u->item);
    u->pidfd = -1;
    return u;
}

void keeper_unit_free(struct keeper_unit *u)
{
    if (u->pidfd >= 0)
        close(u->pidfd);
    sl_free(u->name);
    sl_free(u->run_uid);
    sl_free(u->step);
    sl_free(u->item);
    sl_free(u->path);
    sl_free(u->err_path);
    sl_free(u->message);
    sl_free(u);
}

/* The record as it is now into its file. */
static void save(const struct keeper_unit *u)
{
    SL_AUTOFD int fd = open(u->path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        sl_err_free(unit_record_write(fd, &u->record)); /* Storage has the result all the same. */
}

void keeper_unit_watch(struct keeper_unit *u)
{
    u->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)u->record.pid, 0);
    if (u->pidfd >= 0)
        fcntl(u->pidfd, F_SETFD, FD_CLOEXEC);
}

/* ---- how a unit ended ----------------------------------------------------------------------- */

/* The end of what a program wrote says when it was refused memory, whatever its language. */
static bool log_says_no_memory(const struct keeper_unit *u)
{
    static const char *const signs[] = {"out of memory",          "p != NULL",
                                        "std::bad_alloc",         "MemoryError",
                                        "Cannot allocate memory", "OutOfMemory"};
    char text[4097];
    SL_AUTOFD int fd = u->err_path ? open(u->err_path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    off_t size = lseek(fd, 0, SEEK_END);
    ssize_t n = pread(fd, text, sizeof(text) - 1, size > 4096 ? size - 4096 : 0);
    struct sl_str tail = sl_strn(text, n > 0 ? (size_t)n : 0);
    for (size_t i = 0; i < SL_COUNTOF(signs); i++)
        if (sl_str_find(tail, sl_str(signs[i])) >= 0)
            return true;
    return false;
}

static bool is_out_of_memory(const struct keeper_unit *u)
{
    if (u->memory_bytes == 0 || (u->record.end == UNIT_END_EXITED && u->record.exit_code == 0))
        return false;
    return u->record.peak_memory_bytes > u->memory_bytes / 10 * 9 || log_says_no_memory(u);
}

/* Signals by which somebody else ends a program; others are a crash of its own. */
static bool is_from_outside(int sig)
{
    return sig == SIGKILL || sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
}

static void read_status(struct keeper_unit *u, int status, const struct rusage *usage)
{
    struct unit_record *r = &u->record;
    r->peak_memory_bytes = (int64_t)usage->ru_maxrss * 1024;
    if (WIFEXITED(status)) {
        r->end = UNIT_END_EXITED;
        r->exit_code = WEXITSTATUS(status);
    } else {
        r->signal = WTERMSIG(status);
        r->end = is_from_outside(r->signal) ? UNIT_END_DISRUPTED : UNIT_END_SIGNALED;
        u->message = dup_str(sl_str(strsignal(r->signal)));
    }
    if (is_out_of_memory(u))
        r->end = UNIT_END_OUT_OF_MEMORY;
    else if (u->removed && r->end != UNIT_END_EXITED)
        r->end = UNIT_END_REMOVED;
}

void keeper_unit_signal(const struct keeper_unit *u, int sig)
{
    kill(-(pid_t)u->record.pid, sig);
}

void keeper_unit_finish(struct keeper_unit *u)
{
    struct rusage usage = {0};
    int status = 0;
    keeper_unit_signal(u, SIGKILL); /* what it left running in its group */
    if (!u->is_child) {
        u->record.end = u->removed ? UNIT_END_REMOVED : UNIT_END_DISRUPTED;
    } else if (wait4((pid_t)u->record.pid, &status, WNOHANG, &usage) > 0) {
        read_status(u, status, &usage);
    } else {
        return;
    }
    close(u->pidfd); /* leaves the epoll set with it */
    u->pidfd = -1;
    u->kill_at_us = 0;
    u->record.ended_us = sl_time_now_us();
    u->phase = UNIT_ENDED;
    u->changed = true;
    save(u);
}

void keeper_unit_never_started(struct keeper_unit *u, const struct sl_err *err)
{
    SL_AUTOBUF(text, 1 << 16);
    sl_err_format(err, &text);
    u->phase = UNIT_ENDED;
    u->record.end = UNIT_END_DISRUPTED;
    u->record.ended_us = sl_time_now_us();
    u->message = dup_str(sl_buf_str(&text));
    save(u);
}

/* ---- what an earlier controller left ---------------------------------------------------------*/

/* True when some process of the unit still lives: it holds the lock. */
static bool is_alive(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
        flock(fd, LOCK_UN);
        return false;
    }
    return errno == EWOULDBLOCK;
}

void keeper_unit_adopt(struct keeper_unit *u, int fd)
{
    bool known = unit_record_read(fd, &u->record);
    if (known && u->record.ended_us) {
        u->phase = UNIT_ENDED;
        return;
    }
    /* With its leader gone the rest of a group is nothing to wait for: the end is as for a unit
     * that vanished, and what is left of the group goes. */
    bool leader =
        known && u->record.pid > 0 && is_alive(fd) &&
        (u->record.start_ticks == 0 || unit_start_ticks(u->record.pid) == u->record.start_ticks);
    if (leader)
        keeper_unit_watch(u);
    if (u->pidfd >= 0) {
        u->phase = UNIT_RUNNING;
        return;
    }
    if (known && u->record.pid > 0 && is_alive(fd))
        keeper_unit_signal(u, SIGKILL);
    u->phase = UNIT_ENDED;
    u->record.end = UNIT_END_DISRUPTED;
    u->record.ended_us = sl_time_now_us();
    save(u);
}

struct unit_status keeper_unit_status(struct sl_arena *a, const struct keeper_unit *u)
{
    return (struct unit_status){
        .name = sl_arena_str(a, sl_str(u->name)),
        .step = sl_arena_str(a, sl_str(u->step)),
        .item = sl_arena_str(a, sl_str(u->item)),
        .attempt = u->record.attempt,
        .phase = u->phase,
        .end = (enum unit_end)u->record.end,
        .exit_code = u->record.exit_code,
        .signal = u->record.signal,
        .created_us = u->record.created_us,
        .started_us = u->record.started_us,
        .ended_us = u->record.ended_us,
        .peak_memory_bytes = u->record.peak_memory_bytes,
        .message = sl_arena_str(a, sl_str(u->message ? u->message : "")),
    };
}
