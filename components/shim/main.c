/* The shim: any program as a step. It runs the command of a container or script step, hashes what
 * the command left at $(outputs.NAME.path), commits it as artifacts and reports the outcome. */
#include "components/shim/shim.h"

#include "base/file.h"
#include "base/log.h"
#include "core/pipeline/outcome.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIELD(text, type, member, ...)                                                  \
    {                                                                                   \
        .name = (text), .kind = (type), .offset = offsetof(struct shim_params, member), \
        __VA_ARGS__                                                                     \
    }

static const struct json_field fields[] = {
    FIELD("image", JSON_K_STRING, image, .required = true),
    FIELD("command", JSON_K_STRING_LIST, command),
    FIELD("args", JSON_K_STRING_LIST, args),
    FIELD("env", JSON_K_ANY, env),
    FIELD("workingDir", JSON_K_STRING, working_dir),
    FIELD("source", JSON_K_STRING, source),
    FIELD("params", JSON_K_ANY, params),
    FIELD("values", JSON_K_ANY, values),
    FIELD("exitCodes", JSON_K_ANY, exit_codes),
    FIELD("work", JSON_K_STRING, work, .required = true),
    FIELD("folder", JSON_K_STRING, folder),
    FIELD("hostExec", JSON_K_BOOL, host_exec),
};
static const struct json_table table = JSON_TABLE(fields, struct shim_params);
static const struct catalog_port no_ports[] = {{0}};
static const struct catalog_component container = {
    .name = "Container",
    .executable = "shim",
    .help = "Runs a command as a step.",
    .inputs = no_ports,
    .outputs = no_ports,
    .params = &table,
};

/* A script becomes a file that can be executed. Empty without one. */
static struct sl_err *write_script(struct step *s, const struct shim_params *p,
                                   const char **ret_path)
{
    *ret_path = NULL;
    if (p->source.n == 0)
        return NULL;
    struct sl_str path = sl_arena_format(s->a, "%.*s/.script", SL_FMT(p->work));
    SL_TRY(sl_file_write(path.p, p->source));
    if (chmod(path.p, 0755) < 0)
        return SL_ERRNO("'%s'", path.p);
    *ret_path = path.p;
    return NULL;
}

/* What the step's exitCodes say of the code; a user's codes mean failed unless they do. */
static enum outcome outcome_of_code(struct step *s, const struct shim_params *p, int code)
{
    struct sl_str key = sl_arena_format(s->a, "%d", code);
    enum outcome o = outcome_parse(json_get_string(p->exit_codes, key.p, SL_STR("")));
    if (o != OUTCOME_NONE)
        return o;
    return code == 0 ? OUTCOME_SUCCEEDED : OUTCOME_FAILED;
}

static struct sl_err *failure_of(struct step *s, const struct shim_params *p, int status)
{
    if (WIFSIGNALED(status))
        return SL_ERR(INTERNAL, "the command was ended by signal %d (%s)", WTERMSIG(status),
                      strsignal(WTERMSIG(status)));
    enum outcome o = outcome_of_code(s, p, WEXITSTATUS(status));
    if (o == OUTCOME_SUCCEEDED)
        return NULL;
    step_outcome(s, outcome_name(o));
    return SL_ERR(INTERNAL, "the command ended with exit code %d", WEXITSTATUS(status));
}

/* Asked to end: end as one that was, without a result, so that the one who asked says why. */
static SL_NORETURN void end_by_signal(void)
{
    signal(SIGTERM, SIG_DFL);
    raise(SIGTERM);
    _exit(TASK_EXIT_FAILED);
}

static struct sl_err *run(struct step *s)
{
    const struct shim_params *p = s->params;
    const char *work = sl_arena_cstr(s->a, p->work);
    const char *script;
    char **argv;
    int status = 0;
    bool stopped = false;
    SL_TRY(sl_dir_remove(work));
    SL_TRY(sl_dir_make(work));
    SL_TRY(write_script(s, p, &script));
    SL_TRY(command_build(s, p, script, &argv));
    SL_TRY(command_run(s, p, argv, &status, &stopped));
    struct sl_err *err = failure_of(s, p, status);
    if (err && stopped)
        end_by_signal();
    if (!err)
        err = outputs_collect(s, p);
    return sl_err_first(err, sl_dir_remove(work));
}

int main(int argc, char **argv)
{
    return step_main_of(argc, argv, &container, run);
}
