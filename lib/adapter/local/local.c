#include "adapter/local/local.h"

#include "adapter/local/keeper_unit.h"
#include "adapter/local/spawn.h"
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
    SL_VEC(struct keeper_unit *) units;
    struct mail watch; /* r NULL: none is open */
};

/* ---- units ---------------------------------------------------------------------------------- */

static struct keeper_unit *find_unit(struct local *l, struct sl_str run_uid, struct sl_str name)
{
    for (size_t i = 0; i < l->units.n; i++)
        if (sl_str_is(name, l->units.p[i]->name) && sl_str_is(run_uid, l->units.p[i]->run_uid))
            return l->units.p[i];
    return NULL;
}

/* The folder of a run's units, made when it is not there. Lifetime: `a`. */
static struct sl_str units_folder(struct local *l, struct sl_arena *a, struct sl_str run_uid)
{
    return sl_arena_format(a, "%s/%.*s/units", l->state_folder, SL_FMT(run_uid));
}

/* ---- answers -------------------------------------------------------------------------------- */

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
        struct keeper_unit *u = l->units.p[i];
        if (!sl_str_is(r->run_uid, u->run_uid) || (only_changed && !u->changed))
            continue;
        u->changed = false;
        r->ret_units[r->ret_n++] = keeper_unit_status(r->a, u);
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

static struct sl_err *start(struct local *l, struct sl_arena *a, struct keeper_unit *u,
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
    u->err_path = sl_strdup(err_path.p);
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

static struct sl_err *watch(struct local *l, struct keeper_unit *u)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = u};
    if (u->pidfd >= 0 && epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, u->pidfd, &ev) == 0)
        return NULL;
    /* Not to be watched is not to be had: descriptors have run out. */
    struct sl_err *err = SL_ERRNO("watch process %lld", (long long)u->record.pid);
    keeper_unit_signal(u, SIGKILL);
    if (u->is_child)
        waitpid((pid_t)u->record.pid, NULL, 0);
    keeper_unit_never_started(u, err);
    return err;
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
    struct keeper_unit *u = keeper_unit_new(spec->run_uid, spec->name, &record, path);
    *sl_vec_add(&l->units) = u;
    u->is_child = true;
    u->memory_bytes = spec->memory_bytes;
    u->changed = true;
    u->phase = UNIT_RUNNING;
    struct sl_err *err = start(l, a, u, spec, fd);
    if (err) {
        keeper_unit_never_started(u, err);
        return SL_WRAP(err, "start '%.*s'", SL_FMT(spec->executable));
    }
    keeper_unit_watch(u);
    return watch(l, u);
}

/* ---- what an earlier controller left ---------------------------------------------------------*/

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
        if (fd < 0 || find_unit(l, run_uid, unit_name))
            continue;
        struct keeper_unit *u = keeper_unit_new(run_uid, unit_name, &r, path);
        *sl_vec_add(&l->units) = u;
        keeper_unit_adopt(u, fd);
        if (u->pidfd >= 0)
            sl_err_free(watch(l, u));
    }
    closedir(d);
    return NULL;
}

/* ---- the keeper ------------------------------------------------------------------------------*/

static void remove_unit(struct local *l, const struct cluster_request *r)
{
    struct keeper_unit *u = find_unit(l, r->run_uid, r->name);
    if (!u || u->phase == UNIT_ENDED)
        return;
    u->removed = true;
    if (r->grace_ms > 0) {
        keeper_unit_signal(u, SIGTERM);
        keeper_unit_signal(u, SIGCONT); /* A stopped process would not see the other. */
        u->kill_at_us = sl_time_monotonic_us() + r->grace_ms * 1000;
    } else {
        keeper_unit_signal(u, SIGKILL);
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
        struct keeper_unit *u = l->units.p[i];
        if (u->kill_at_us == 0)
            continue;
        if (u->kill_at_us <= now) {
            keeper_unit_signal(u, SIGKILL);
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
        struct keeper_unit *u = l->units.p[i];
        if (u->pidfd < 0)
            continue;
        keeper_unit_signal(u, SIGKILL);
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
                keeper_unit_finish(events[i].data.ptr);
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
        keeper_unit_free(l->units.p[i]);
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
