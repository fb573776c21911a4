#include "cli/run_options.h"

#include "base/time.h"
#include "codec/diag.h"

#include <string.h>

enum { GRACE_MS = 10000 };

const char run_options_help[] =
    "usage: sluice run FILE [-p NAME=VALUE]... [--resume [RUN]] [--root FOLDER]\n"
    "       sluice run --resume [RUN] [--root FOLDER]\n"
    "\n"
    "Carries out the Run in FILE, or a Run of the Pipeline in FILE, on this machine.\n"
    "\n"
    "  -p, --param NAME=VALUE  a parameter of the run; lists and objects as JSON\n"
    "      --resume [RUN]      go on with a run that was killed, cancelled or has failed (by name\n"
    "                          or uid; the newest one unless told); with FILE, start anew if\n"
    "                          there is none\n"
    "      --no-cache          execute every step, even if an earlier execution did the same\n"
    "      --explain-cache     say of every step why it was no cache hit\n"
    "      --host-exec         run container and script steps as commands on this machine\n"
    "      --root FOLDER       where runs, artifacts and the index are kept (./.sluice)\n"
    "      --parallelism N     steps at a time (as many as there are cores)\n"
    "      --threads N         threads of a step (as many as there are cores)\n"
    "      --grace DURATION    between asking a step to stop and killing it (10s)\n"
    "\n"
    "Exit codes: 0 succeeded; 1 failed; 2 wrong usage, manifest or input; 3 failed, and trying\n"
    "again later may help; 4 there is no such run; 124 timed out; 130 cancelled (SIGINT, "
    "SIGTERM).\n";

enum option {
    OPT_PARAM,
    OPT_RESUME,
    OPT_NO_CACHE,
    OPT_EXPLAIN,
    OPT_HOST_EXEC,
    OPT_ROOT,
    OPT_PARALLELISM,
    OPT_THREADS,
    OPT_GRACE,
    OPT_HELP,
    OPT_COUNT,
};

static const struct {
    const char *name;
    char letter;
    bool has_value;
} options[OPT_COUNT] = {
    [OPT_PARAM] = {"param", 'p', true},
    [OPT_RESUME] = {"resume", 0, false}, /* its value is optional */
    [OPT_NO_CACHE] = {"no-cache", 0, false},
    [OPT_EXPLAIN] = {"explain-cache", 0, false},
    [OPT_HOST_EXEC] = {"host-exec", 0, false},
    [OPT_ROOT] = {"root", 0, true},
    [OPT_PARALLELISM] = {"parallelism", 0, true},
    [OPT_THREADS] = {"threads", 0, true},
    [OPT_GRACE] = {"grace", 0, true},
    [OPT_HELP] = {"help", 'h', false},
};

struct parser {
    struct sl_arena *a;
    int argc, at;
    char **argv;
    struct run_options *o;
    struct sl_str *params;
};

static enum option find_letter(struct sl_str arg, struct sl_str *ret_value)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        if (options[i].letter != arg.p[1])
            continue;
        if (arg.n > 2)
            *ret_value = sl_str_skip(arg, 2);
        return (enum option)i;
    }
    return OPT_COUNT;
}

/* Finds the option of `arg` and the value that is glued to it. OPT_COUNT: there is none. */
static enum option find_option(struct sl_str arg, struct sl_str *ret_value)
{
    *ret_value = (struct sl_str){0};
    if (!sl_str_starts(arg, SL_STR("--")))
        return find_letter(arg, ret_value);
    struct sl_str name = sl_str_skip(arg, 2);
    ptrdiff_t equals = sl_str_find_char(name, '=');
    if (equals >= 0) {
        *ret_value = sl_str_skip(name, (size_t)equals + 1);
        name.n = (size_t)equals;
    }
    for (int i = 0; i < OPT_COUNT; i++)
        if (sl_str_is(name, options[i].name))
            return (enum option)i;
    return OPT_COUNT;
}

static struct sl_err *unknown(struct parser *p, struct sl_str arg)
{
    struct sl_str names[OPT_COUNT];
    for (int i = 0; i < OPT_COUNT; i++)
        names[i] = sl_arena_format(p->a, "--%s", options[i].name);
    return SL_ERR(INVALID, "unknown option '%.*s'%s", SL_FMT(arg),
                  diag_did_you_mean(p->a, arg, names, OPT_COUNT));
}

/* `--resume X`: X is a run unless it is an option or a manifest. */
static struct sl_str resume_value(struct parser *p, struct sl_str glued)
{
    if (glued.p)
        return glued;
    if (p->at + 1 >= p->argc)
        return SL_STR("");
    struct sl_str next = sl_str(p->argv[p->at + 1]);
    if (sl_str_starts(next, SL_STR("-")) || sl_str_ends(next, SL_STR(".yaml")) ||
        sl_str_ends(next, SL_STR(".yml")) || sl_str_ends(next, SL_STR(".json")))
        return SL_STR("");
    p->at++;
    return next;
}

static struct sl_err *take_count(enum option option, struct sl_str value, int64_t *ret)
{
    int64_t n;
    if (!sl_str_to_i64(value, &n) || n < 1 || n > 1024)
        return SL_ERR(INVALID, "--%s expects a number from 1 to 1024, got '%.*s'",
                      options[option].name, SL_FMT(value));
    *ret = n;
    return NULL;
}

static struct sl_err *take(struct parser *p, enum option option, struct sl_str value)
{
    struct run_options *o = p->o;
    switch (option) {
    case OPT_PARAM:
        if (sl_str_find_char(value, '=') <= 0)
            return SL_ERR(INVALID, "-p expects NAME=VALUE, got '%.*s'", SL_FMT(value));
        p->params[o->n_params++] = value;
        break;
    case OPT_RESUME:
        o->resume = true;
        o->resume_run = resume_value(p, value);
        break;
    case OPT_NO_CACHE:
        o->no_cache = true;
        break;
    case OPT_EXPLAIN:
        o->explain_cache = true;
        break;
    case OPT_HOST_EXEC:
        o->host_exec = true;
        break;
    case OPT_ROOT:
        o->root = sl_arena_cstr(p->a, value);
        break;
    case OPT_PARALLELISM:
        return take_count(option, value, &o->max_parallel);
    case OPT_THREADS:
        return take_count(option, value, &o->threads);
    case OPT_GRACE:
        if (!sl_duration_parse(value, &o->grace_ms))
            return SL_ERR(INVALID, "--grace expects a duration like 10s, got '%.*s'",
                          SL_FMT(value));
        break;
    case OPT_HELP:
        o->help = true;
        break;
    case OPT_COUNT:
        break;
    }
    return NULL;
}

static struct sl_err *parse_one(struct parser *p)
{
    struct sl_str arg = sl_str(p->argv[p->at]), value;
    if (arg.n < 2 || arg.p[0] != '-') {
        if (p->o->file)
            return SL_ERR(INVALID, "one file is expected, got '%s' and '%.*s'", p->o->file,
                          SL_FMT(arg));
        p->o->file = p->argv[p->at];
        return NULL;
    }
    enum option option = find_option(arg, &value);
    if (option == OPT_COUNT)
        return unknown(p, arg);
    if (options[option].has_value && !value.p) {
        if (p->at + 1 >= p->argc)
            return SL_ERR(INVALID, "'%.*s' expects a value", SL_FMT(arg));
        value = sl_str(p->argv[++p->at]);
    } else if (!options[option].has_value && option != OPT_RESUME && value.p) {
        return SL_ERR(INVALID, "'--%s' takes no value", options[option].name);
    }
    return take(p, option, value);
}

struct sl_err *run_options_parse(struct sl_arena *a, int argc, char **argv, struct run_options *ret)
{
    struct run_options o = {.root = ".sluice", .grace_ms = GRACE_MS};
    struct parser p = {.a = a, .argc = argc, .argv = argv, .o = &o};
    p.params = SL_ARENA_ARRAY(a, struct sl_str, (size_t)argc);
    o.params = p.params;
    for (p.at = 1; p.at < argc; p.at++)
        SL_TRY(parse_one(&p));
    if (!o.file && !o.resume && !o.help)
        return SL_ERR(INVALID, "a manifest is expected: sluice run FILE");
    *ret = o;
    return NULL;
}
