#include "adapter/local/spawn.h"

#include "adapter/local/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORD_FD = 3 };

static void default_signals(void)
{
    struct sigaction act = {.sa_handler = SIG_DFL};
    for (int sig = 1; sig < NSIG; sig++)
        sigaction(sig, &act, NULL); /* Fails for the few that cannot be set: fine. */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int place_fds(const struct spawn *s)
{
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(s->out_fd, STDOUT_FILENO) < 0 ||
        dup2(s->err_fd, STDERR_FILENO) < 0)
        return -1;
    /* dup2 onto itself would leave close-on-exec set. */
    if (s->record_fd == RECORD_FD)
        return fcntl(RECORD_FD, F_SETFD, 0);
    if (dup2(s->record_fd, RECORD_FD) < 0)
        return -1;
#ifdef SYS_close_range
    syscall(SYS_close_range, RECORD_FD + 1, ~0U, 0);
#endif
    return 0;
}

static int limit_memory(int64_t bytes)
{
    struct rlimit r = {(rlim_t)bytes, (rlim_t)bytes};
    return bytes > 0 ? setrlimit(RLIMIT_DATA, &r) : 0;
}

/* Runs in the child, which shares the parent's memory until it execs: only system calls here. */
static void __attribute__((noreturn))
become(const struct spawn *s, pid_t parent, volatile int *error)
{
    default_signals();
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) { /* else it died before it could tell */
        unit_record_write_pid(s->record_fd, getpid());
        if (place_fds(s) == 0 && limit_memory(s->data_bytes) == 0)
            execve(s->path, s->argv, s->env);
    }
    *error = errno;
    _exit(127);
}

struct sl_err *spawn_child(const struct spawn *s, pid_t *ret_pid)
{
    volatile int error = 0;
    pid_t parent = getpid();
    sigset_t all, before;
    sigfillset(&all);
    /* No handler of ours may run in the child while it has our memory. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = vfork();
    if (pid == 0)
        become(s, parent, &error);
    int fork_errno = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        errno = fork_errno;
        return SL_ERR_CODE(UNAVAILABLE, errno, "start '%s': %s", s->path, strerror(errno));
    }
    *ret_pid = pid;
    if (error) {
        waitpid(pid, NULL, 0);
        errno = error;
        return SL_ERRNO("start '%s'", s->path);
    }
    return NULL;
}

char **spawn_env(struct sl_arena *a, const char *name, struct sl_str value)
{
    size_t n = 0, k = 0, name_n = strlen(name);
    while (environ[n])
        n++;
    char **env = SL_ARENA_ARRAY(a, char *, n + 2);
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], name, name_n) != 0 || environ[i][name_n] != '=')
            env[k++] = environ[i];
    struct sl_str entry = sl_arena_format(a, "%s=%.*s", name, SL_FMT(value));
    env[k] = sl_arena_cstr(a, entry);
    return env;
}
