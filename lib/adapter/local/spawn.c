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

enum { RECORD_FD = 3, TELL_FD = 4, ABOVE = 16 };

static void default_signals(void)
{
    struct sigaction act = {.sa_handler = SIG_DFL};
    for (int sig = 1; sig < NSIG; sig++)
        sigaction(sig, &act, NULL); /* Fails for the few that cannot be set: fine. */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* stdin to /dev/null, stdout and stderr to the logs, the record to 3; the descriptor that tells of
 * a failed exec goes to 4 and closes with the exec. Nothing else of ours stays open. */
static int place_fds(const struct spawn *s, int tell_fd)
{
    int null = open("/dev/null", O_RDONLY);
    int record = fcntl(s->record_fd, F_DUPFD, ABOVE);
    int tell = fcntl(tell_fd, F_DUPFD, ABOVE);
    if (null < 0 || record < 0 || tell < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(s->out_fd, STDOUT_FILENO) < 0 || dup2(s->err_fd, STDERR_FILENO) < 0 ||
        dup2(record, RECORD_FD) < 0 || dup3(tell, TELL_FD, O_CLOEXEC) < 0)
        return -1;
#ifdef SYS_close_range
    syscall(SYS_close_range, TELL_FD + 1, ~0U, 0);
#endif
    return 0;
}

static int limit_memory(int64_t bytes)
{
    struct rlimit r = {(rlim_t)bytes, (rlim_t)bytes};
    return bytes > 0 ? setrlimit(RLIMIT_DATA, &r) : 0;
}

static SL_NORETURN void tell_and_exit(int fd)
{
    int number = errno;
    ssize_t n = write(fd, &number, sizeof(number));
    (void)n;
    _exit(127);
}

/* Runs in the child, which shares the parent's memory until it execs: only system calls here. */
static SL_NORETURN void become(const struct spawn *s, pid_t parent, int tell_fd)
{
    default_signals();
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before it could tell */
        _exit(127);
    unit_record_write_pid(s->record_fd, getpid());
    if (place_fds(s, tell_fd) < 0)
        tell_and_exit(tell_fd);
    if (limit_memory(s->data_bytes) == 0)
        execve(s->path, s->argv, s->env);
    tell_and_exit(TELL_FD);
}

/* What the exec failed with, or 0: its end closes the pipe. */
static int read_errno(int fd)
{
    int number = 0;
    while (read(fd, &number, sizeof(number)) < 0 && errno == EINTR)
        ;
    return number;
}

struct sl_err *spawn_child(const struct spawn *s, pid_t *ret_pid)
{
    pid_t parent = getpid();
    sigset_t all, before;
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return SL_ERRNO("pipe");
    sigfillset(&all);
    /* No handler of ours may run in the child while it has our memory. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = vfork();
    if (pid == 0)
        become(s, parent, fds[1]);
    int fork_errno = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(fds[1]);
    int number = pid < 0 ? 0 : read_errno(fds[0]);
    close(fds[0]);
    if (pid < 0)
        return SL_ERR_CODE(UNAVAILABLE, fork_errno, "start '%s': %s", s->path,
                           strerror(fork_errno));
    if (number) {
        waitpid(pid, NULL, 0);
        errno = number;
        return SL_ERRNO("start '%s'", s->path);
    }
    *ret_pid = pid;
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
