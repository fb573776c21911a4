#include "components/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the argument vector ---------------------------------------------------------------------*/

struct vector {
    struct sl_arena *a;
    char **p;
    size_t n;
};

static void push(struct vector *v, struct sl_str word)
{
    v->p[v->n++] = sl_arena_cstr(v->a, word);
}

static void push_all(struct vector *v, const struct json_strings *words)
{
    for (size_t i = 0; i < words->n; i++)
        push(v, words->p[i]);
}

static bool is_in_path(const char *name)
{
    SL_AUTOARENA(a);
    struct sl_str rest = sl_str(getenv("PATH")), folder;
    while (rest.p && sl_str_split(&rest, ':', &folder)) {
        struct sl_str path = sl_arena_format(a, "%.*s/%s", SL_FMT(folder), name);
        if (access(path.p, X_OK) == 0)
            return true;
    }
    return false;
}

/* Inputs, outputs and the script have the same paths inside as outside. */
static void push_mounts(struct vector *v, const struct step *s, const struct shim_params *p)
{
    push(v, sl_arena_format(v->a, "--volume=%.*s:%.*s", SL_FMT(p->work), SL_FMT(p->work)));
    for (size_t i = 0; i < s->task->n_inputs; i++)
        for (size_t k = 0; k < s->task->inputs[i].n; k++) {
            struct sl_str uri = s->task->inputs[i].artifacts[k].uri;
            struct sl_str path = s->blobs->ops->local_path(s->blobs, v->a, uri);
            if (path.n)
                push(v, sl_arena_format(v->a, "--volume=%.*s:%.*s:ro", SL_FMT(path), SL_FMT(path)));
        }
}

static struct sl_err *push_podman(struct vector *v, const struct step *s,
                                  const struct shim_params *p)
{
    if (!is_in_path("podman"))
        return SL_ERR(INVALID, "a container step needs podman, which is not installed; "
                               "--host-exec runs its command on this machine instead");
    push(v, SL_STR("podman"));
    push(v, SL_STR("run"));
    push(v, SL_STR("--rm"));
    push_mounts(v, s, p);
    for (size_t i = 0; p->env && i < p->env->n; i++) {
        struct sl_str name = json_get_string(p->env->items[i], "name", SL_STR(""));
        struct sl_str value = json_get_string(p->env->items[i], "value", SL_STR(""));
        push(v, sl_arena_format(v->a, "--env=%.*s=%.*s", SL_FMT(name), SL_FMT(value)));
    }
    if (p->working_dir.n)
        push(v, sl_arena_format(v->a, "--workdir=%.*s", SL_FMT(p->working_dir)));
    push(v, p->image);
    return NULL;
}

struct sl_err *command_build(struct step *s, const struct shim_params *p, const char *script,
                             char ***ret_argv)
{
    size_t n_env = p->env && p->env->type == JSON_ARRAY ? p->env->n : 0;
    size_t most = 16 + n_env + p->command.n + p->args.n;
    for (size_t i = 0; i < s->task->n_inputs; i++)
        most += s->task->inputs[i].n;
    struct vector v = {.a = s->a, .p = SL_ARENA_ARRAY(s->a, char *, most)};
    if (!p->host_exec)
        SL_TRY(push_podman(&v, s, p));
    push_all(&v, &p->command);
    push_all(&v, &p->args);
    if (script)
        push(&v, sl_str(script));
    if (p->host_exec && v.n == 0)
        return SL_ERR(INVALID, "--host-exec needs a command, as the image's own is not known here");
    *ret_argv = v.p;
    return NULL;
}

/* ---- running it ------------------------------------------------------------------------------*/

static volatile sig_atomic_t asked_to_end;

/* The command is in our process group and gets the signal itself; we wait for what it makes of it.
 */
static void on_term(int sig)
{
    (void)sig;
    asked_to_end = 1;
}

static void set_env(const struct shim_params *p)
{
    SL_AUTOARENA(a);
    unsetenv("SLUICE_TASK"); /* ours, and it may hold more than the command should see */
    for (size_t i = 0; p->host_exec && p->env && i < p->env->n; i++) {
        struct sl_str name = json_get_string(p->env->items[i], "name", SL_STR(""));
        struct sl_str value = json_get_string(p->env->items[i], "value", SL_STR(""));
        setenv(sl_arena_cstr(a, name), sl_arena_cstr(a, value), 1);
    }
}

/* In the child: an errno goes back through the pipe when the exec fails. */
static SL_NORETURN void become(char **argv, const char *folder, pid_t parent, int pipe_fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, SIG_DFL);
    if (getppid() == parent && (!*folder || chdir(folder) == 0))
        execvp(argv[0], argv);
    int number = errno;
    ssize_t n = write(pipe_fd, &number, sizeof(number));
    (void)n;
    _exit(127);
}

static struct sl_err *wait_for(pid_t pid, int *ret_status)
{
    while (waitpid(pid, ret_status, 0) < 0)
        if (errno != EINTR)
            return SL_ERRNO("wait for the command");
    return NULL;
}

/* On the host a command starts in its workingDir, which may be relative to the manifest's folder.
 */
static const char *folder_of(struct sl_arena *a, const struct shim_params *p)
{
    if (p->working_dir.n == 0)
        return sl_arena_cstr(a, p->folder);
    if (p->working_dir.p[0] == '/')
        return sl_arena_cstr(a, p->working_dir);
    return sl_arena_format(a, "%.*s/%.*s", SL_FMT(p->folder), SL_FMT(p->working_dir)).p;
}

struct sl_err *command_run(struct step *s, const struct shim_params *p, char **argv,
                           int *ret_status, bool *ret_stopped)
{
    struct sigaction act = {.sa_handler = on_term};
    const char *where = p->host_exec ? folder_of(s->a, p) : "";
    int fds[2], number;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return SL_ERRNO("pipe");
    sigaction(SIGTERM, &act, NULL);
    set_env(p);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become(argv, where, parent, fds[1]);
    int fork_errno = errno;
    close(fds[1]);
    struct sl_err *err = NULL;
    if (pid < 0) {
        errno = fork_errno;
        err = SL_ERRNO("start '%s'", argv[0]);
    } else if (read(fds[0], &number, sizeof(number)) == sizeof(number)) {
        errno = number;
        err = SL_ERRNO("start '%s'", argv[0]);
        sl_err_free(wait_for(pid, ret_status));
    } else {
        err = wait_for(pid, ret_status);
    }
    close(fds[0]);
    *ret_stopped = asked_to_end != 0;
    return err;
}
