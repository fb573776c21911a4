#include "adapter/local/local.h"

#include "adapter/local/spawn.h"
#include "adapter/local/unit.h"
#include "base/alloc.h"
#include "base/assert.h"
#include "base/file.h"
#include "base/time.h"
#include "base/vec.h"
#include "net/workers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The loop's thread submits; one thread of our own (the "keeper") starts, watches and ends
 * processes. All units belong to the keeper; the mailbox is what the two share. */

struct unit {
    char *name, *run_uid, *step, *item, *path, *err_path;
    struct unit_record record;
    enum unit_phase phase;
    bool is_child;      /* else adopted from an earlier controller */
    bool removed;       /* we asked it to go */
    bool changed;       /* since the last LIST or WATCH answer */
    int pidfd;          /* -1: not running */
    int64_t kill_at_us; /* monotonic; 0: no SIGKILL is due */
    int64_t memory_bytes;
    char *message;
};

struct mail {
    struct completion_queue *q;
    struct cluster_request *r;
};

struct local {
    struct cluster cluster;
    struct work_queue *thread;
    struct work_job job;
    char *bin_folder, *state_folder;

    pthread_mutex_t lock;
    SL_VEC(struct mail) mailbox;
    bool closing;
    int wake_fd;

    /* the keeper's */
    int epoll_fd;
    SL_VEC(struct unit *) units;
    struct mail watch; /* r NULL: none is open */
};

/* ---- units ---------------------------------------------------------------------------------- */

static struct unit *find_unit(struct local *l, struct sl_str run_uid, struct sl_str name)
{
    for (size_t i = 0; i < l->units.n; i++)
        if (sl_str_is(name, l->units.p[i]->name) && sl_str_is(run_uid, l->units.p[i]->run_uid))
            return l->units.p[i];
    return NULL;
}

static char *dup_str(struct sl_str s)
{
    char *p = sl_alloc(s.n + 1);
    memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

static struct unit *new_unit(struct local *l, struct sl_str run_uid, struct sl_str name,
                             const struct unit_record *record, struct sl_str path)
{
    struct unit *u = SL_NEW(struct unit);
    u->name = dup_str(name);
    u->run_uid = dup_str(run_uid);
    u->step = dup_str(record->step);
    u->item = dup_str(record->item);
    u->path = dup_str(path);
    u->record = *record;
    u->record.step = sl_str(u->step);
    u->record.item = sl_str(u->item);
    u->pidfd = -1;
    *sl_vec_add(&l->units) = u;
    return u;
}

static void free_unit(struct unit *u)
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

/* The folder of a run's units, made when it is not there. Lifetime: `a`. */
static struct sl_str units_folder(struct local *l, struct sl_arena *a, struct sl_str run_uid)
{
    return sl_arena_format(a, "%s/%.*s/units", l->state_folder, SL_FMT(run_uid));
}

static void write_record(struct unit *u)
{
    SL_AUTOFD int fd = open(u->path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        sl_err_free(unit_record_write(fd, &u->record)); /* Storage has the result all the same. */
}

static void watch_process(struct local *l, struct unit *u)
{
    u->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)u->record.pid, 0);
    if (u->pidfd < 0)
        return;
    fcntl(u->pidfd, F_SETFD, FD_CLOEXEC);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = u};
    sl_assert(epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, u->pidfd, &ev) == 0);
}

/* ---- how a unit ended ----------------------------------------------------------------------- */

/* The end of what a program wrote says when it was refused memory, whatever its language. */
static bool log_says_no_memory(const struct unit *u)
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

static bool is_out_of_memory(const struct unit *u)
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

static void read_status(struct unit *u, int status, const struct rusage *usage)
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

static void signal_unit(const struct unit *u, int sig)
{
    kill(-(pid_t)u->record.pid, sig);
}

/* The leader has ended. What it left running in its group goes too. */
static void finish(struct unit *u)
{
    struct rusage usage = {0};
    int status = 0;
    signal_unit(u, SIGKILL);
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
    write_record(u);
}

/* ---- answers -------------------------------------------------------------------------------- */

static struct unit_status status_of(struct sl_arena *a, const struct unit *u)
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

static int compare_names(const void *a, const void *b)
{
    const struct unit_status *x = a, *y = b;
    return sl_str_cmp(x->name, y->name);
}

static void answer_units(struct local *l, struct mail m, bool only_changed)
{
    struct cluster_request *r = m.r;
    r->ret_units = SL_ARENA_ARRAY(r->a, struct unit_status, l->units.n);
    r->ret_n = 0;
    for (size_t i = 0; i < l->units.n; i++) {
        struct unit *u = l->units.p[i];
        if (!sl_str_is(r->run_uid, u->run_uid) || (only_changed && !u->changed))
            continue;
        u->changed = false;
        r->ret_units[r->ret_n++] = status_of(r->a, u);
    }
    if (r->ret_n)
        qsort(r->ret_units, r->ret_n, sizeof(*r->ret_units), compare_names);
    completion_post(m.q, &r->c, NULL);
}

static void answer_watch(struct local *l)
{
    bool any = false;
    if (!l->watch.r)
        return;
    for (size_t i = 0; i < l->units.n; i++)
        any |= l->units.p[i]->changed && sl_str_is(l->watch.r->run_uid, l->units.p[i]->run_uid);
    if (!any)
        return;
    struct mail m = l->watch;
    l->watch.r = NULL;
    answer_units(l, m, true);
}

/* ---- create --------------------------------------------------------------------------------- */

static struct sl_err *open_log(struct sl_arena *a, struct sl_str folder, const char *name,
                               struct sl_str *ret_path, int *ret_fd)
{
    struct sl_str path = sl_arena_format(a, "%.*s/%s", SL_FMT(folder), name);
    int fd = open(path.p, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return SL_ERRNO("open '%s'", path.p);
    *ret_path = path;
    *ret_fd = fd;
    return NULL;
}

static struct sl_err *start(struct local *l, struct sl_arena *a, struct unit *u,
                            const struct unit_spec *spec, int record_fd)
{
    struct sl_str scheme = SL_STR("file://"), out_path, err_path;
    if (!sl_str_starts(spec->log_uri, scheme))
        return SL_ERR(INVALID, "logs of a local step go to files, got '%.*s'",
                      SL_FMT(spec->log_uri));
    struct sl_str folder = sl_str_skip(spec->log_uri, scheme.n);
    SL_TRY(sl_dir_make(sl_arena_cstr(a, folder)));
    SL_AUTOFD int out_fd = -1;
    SL_AUTOFD int err_fd = -1;
    SL_TRY(open_log(a, folder, "stdout.log", &out_path, &out_fd));
    SL_TRY(open_log(a, folder, "stderr.log", &err_path, &err_fd));
    u->err_path = dup_str(err_path);
    struct sl_str path = sl_arena_format(a, "%s/%.*s", l->bin_folder, SL_FMT(spec->executable));
    char *argv[] = {sl_arena_cstr(a, spec->executable), NULL};
    struct spawn s = {
        .path = path.p,
        .argv = argv,
        .env = spawn_env(a, "SLUICE_TASK", spec->task),
        .out_fd = out_fd,
        .err_fd = err_fd,
        .record_fd = record_fd,
        .data_bytes = spec->memory_bytes,
    };
    pid_t pid;
    SL_TRY(spawn_child(&s, &pid));
    u->record.pid = pid;
    u->record.started_us = sl_time_now_us();
    u->record.start_ticks = unit_start_ticks(pid);
    return unit_record_write(record_fd, &u->record);
}

static void mark_never_started(struct unit *u, const struct sl_err *err)
{
    SL_AUTOBUF(text, 1 << 16);
    sl_err_format(err, &text);
    u->phase = UNIT_ENDED;
    u->record.end = UNIT_END_DISRUPTED;
    u->record.ended_us = sl_time_now_us();
    u->message = dup_str(sl_buf_str(&text));
    write_record(u);
}

static struct sl_err *create(struct local *l, const struct cluster_request *r)
{
    const struct unit_spec *spec = &r->unit;
    SL_AUTOARENA(a);
    if (find_unit(l, spec->run_uid, spec->name))
        return NULL;
    struct sl_str folder = units_folder(l, a, spec->run_uid);
    SL_TRY(sl_dir_make(folder.p));
    struct sl_str file = unit_file_name(a, spec->step, spec->item, spec->attempt);
    struct sl_str path = sl_arena_format(a, "%s/%.*s", folder.p, SL_FMT(file));
    SL_AUTOFD int fd = open(path.p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return SL_ERRNO("make '%s'", path.p);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return SL_ERRNO("lock '%s'", path.p);
    struct unit_record record = {.step = spec->step,
                                 .item = spec->item,
                                 .attempt = spec->attempt,
                                 .created_us = sl_time_now_us()};
    SL_TRY(unit_record_write(fd, &record));
    struct unit *u = new_unit(l, spec->run_uid, spec->name, &record, path);
    u->is_child = true;
    u->memory_bytes = spec->memory_bytes;
    u->changed = true;
    u->phase = UNIT_RUNNING;
    struct sl_err *err = start(l, a, u, spec, fd);
    if (err) {
        mark_never_started(u, err);
        return SL_WRAP(err, "start '%.*s'", SL_FMT(spec->executable));
    }
    watch_process(l, u);
    return NULL;
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

static void adopt(struct local *l, struct unit *u, int fd)
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
        watch_process(l, u);
    if (u->pidfd >= 0) {
        u->phase = UNIT_RUNNING;
        return;
    }
    if (known && u->record.pid > 0 && is_alive(fd))
        signal_unit(u, SIGKILL);
    u->phase = UNIT_ENDED;
    u->record.end = UNIT_END_DISRUPTED;
    u->record.ended_us = sl_time_now_us();
    write_record(u);
}

static struct sl_err *load_run(struct local *l, struct sl_str run_uid)
{
    SL_AUTOARENA(a);
    struct sl_str folder = units_folder(l, a, run_uid);
    DIR *d = opendir(folder.p);
    if (!d)
        return errno == ENOENT ? NULL : SL_ERRNO("open '%s'", folder.p);
    struct dirent *e;
    while ((e = readdir(d)) != NULL) {
        struct unit_record r = {0};
        struct sl_str name = sl_str(e->d_name);
        if (!unit_parse_file_name(a, name, &r))
            continue;
        struct sl_str unit_name = sl_arena_format(a, "%.*s.%.*s", SL_FMT(run_uid), SL_FMT(name));
        struct sl_str path = sl_arena_format(a, "%s/%.*s", folder.p, SL_FMT(name));
        SL_AUTOFD int fd = open(path.p, O_RDWR | O_CLOEXEC);
        if (fd >= 0 && !find_unit(l, run_uid, unit_name))
            adopt(l, new_unit(l, run_uid, unit_name, &r, path), fd);
    }
    closedir(d);
    return NULL;
}

/* ---- the keeper ------------------------------------------------------------------------------*/

static void remove_unit(struct local *l, const struct cluster_request *r)
{
    struct unit *u = find_unit(l, r->run_uid, r->name);
    if (!u || u->phase == UNIT_ENDED)
        return;
    u->removed = true;
    if (r->grace_ms > 0) {
        signal_unit(u, SIGTERM);
        signal_unit(u, SIGCONT); /* A stopped process would not see the other. */
        u->kill_at_us = sl_time_monotonic_us() + r->grace_ms * 1000;
    } else {
        signal_unit(u, SIGKILL);
    }
}

static void serve(struct local *l, struct mail m)
{
    struct cluster_request *r = m.r;
    struct sl_err *err = NULL;
    switch (r->op) {
    case CLUSTER_CREATE:
        err = create(l, r);
        break;
    case CLUSTER_REMOVE:
        remove_unit(l, r);
        break;
    case CLUSTER_LIST:
        err = load_run(l, r->run_uid);
        if (!err) {
            answer_units(l, m, false);
            return;
        }
        break;
    case CLUSTER_WATCH:
        sl_assert(l->watch.r == NULL);
        l->watch = m;
        return;
    case CLUSTER_CANCEL_WATCH:
        if (l->watch.r) {
            l->watch.r->ret_n = 0;
            completion_post(l->watch.q, &l->watch.r->c, NULL);
            l->watch.r = NULL;
        }
        break;
    }
    completion_post(m.q, &r->c, err);
}

static bool take_mail(struct local *l)
{
    uint64_t count;
    ssize_t n = read(l->wake_fd, &count, sizeof(count));
    (void)n;
    for (;;) {
        struct mail m = {0};
        pthread_mutex_lock(&l->lock);
        if (l->mailbox.n) {
            m = l->mailbox.p[0];
            memmove(l->mailbox.p, l->mailbox.p + 1, --l->mailbox.n * sizeof(m));
        }
        bool closing = l->closing;
        pthread_mutex_unlock(&l->lock);
        if (!m.r)
            return !closing;
        serve(l, m);
    }
}

/* Kills what has outlived its grace. Returns the time until the next kill in ms, or -1. */
static int kill_overdue(struct local *l)
{
    int64_t now = sl_time_monotonic_us(), next = INT64_MAX;
    for (size_t i = 0; i < l->units.n; i++) {
        struct unit *u = l->units.p[i];
        if (u->kill_at_us == 0)
            continue;
        if (u->kill_at_us <= now) {
            signal_unit(u, SIGKILL);
            u->kill_at_us = 0;
        } else {
            next = SL_MIN(next, u->kill_at_us);
        }
    }
    return next == INT64_MAX ? -1 : (int)SL_MIN((next - now) / 1000 + 1, (int64_t)60000);
}

static void kill_all(struct local *l)
{
    for (size_t i = 0; i < l->units.n; i++) {
        struct unit *u = l->units.p[i];
        if (u->pidfd < 0)
            continue;
        signal_unit(u, SIGKILL);
        if (u->is_child)
            waitpid((pid_t)u->record.pid, NULL, 0);
    }
}

static void keep(struct work_job *job)
{
    struct local *l = SL_CONTAINER_OF(job, struct local, job);
    bool open = true;
    while (open) {
        struct epoll_event events[64];
        int n = epoll_wait(l->epoll_fd, events, SL_COUNTOF(events), kill_overdue(l));
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                finish(events[i].data.ptr);
            else
                open = take_mail(l);
        }
        answer_watch(l);
    }
    kill_all(l);
}

/* ---- the port --------------------------------------------------------------------------------*/

static void wake_keeper(struct local *l)
{
    uint64_t one = 1;
    ssize_t n = write(l->wake_fd, &one, sizeof(one));
    (void)n;
}

static void submit(struct cluster *c, struct completion_queue *q, struct cluster_request *r)
{
    struct local *l = SL_CONTAINER_OF(c, struct local, cluster);
    pthread_mutex_lock(&l->lock);
    *sl_vec_add(&l->mailbox) = (struct mail){q, r};
    pthread_mutex_unlock(&l->lock);
    wake_keeper(l);
}

static void free_local(struct cluster *c)
{
    struct local *l = SL_CONTAINER_OF(c, struct local, cluster);
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_mutex_unlock(&l->lock);
    wake_keeper(l);
    work_queue_free(l->thread);
    for (size_t i = 0; i < l->units.n; i++)
        free_unit(l->units.p[i]);
    sl_vec_deinit(&l->units);
    sl_vec_deinit(&l->mailbox);
    pthread_mutex_destroy(&l->lock);
    close(l->wake_fd);
    close(l->epoll_fd);
    sl_free(l->bin_folder);
    sl_free(l->state_folder);
    sl_free(l);
}

struct cluster *local_new(const struct local_config *config)
{
    static const struct cluster_ops ops = {.submit = submit, .free = free_local};
    struct local *l = SL_NEW(struct local);
    l->cluster.ops = &ops;
    l->bin_folder = sl_strdup(config->bin_folder);
    l->state_folder = sl_strdup(config->state_folder);
    pthread_mutex_init(&l->lock, NULL);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    sl_assert(l->wake_fd >= 0 && l->epoll_fd >= 0);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
    sl_assert(epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->wake_fd, &ev) == 0);
    l->thread = work_queue_new(1);
    l->job.run = keep;
    work_queue_add(l->thread, &l->job);
    return &l->cluster;
}
