/* `sluice logs RUN/STEP`: what a step's attempt wrote, from storage. */
#include "cli/cli.h"
#include "cli/local.h"

#include "kit/storage.h"
#include "store/lineage.h"

#define LOG_MAX ((size_t)1 << 30)

struct logs {
    struct local_work work;
    struct sl_str run, step; /* step: also "step/item" */
    int64_t attempt;         /* 0: the last one */
    struct lineage_run found;
};

/* A step that was a cache hit wrote nothing: the execution that was hit did. */
static struct sl_err *find_run(struct local_work *w, struct sql_tx *tx)
{
    struct logs *l = SL_CONTAINER_OF(w, struct logs, work);
    SL_TRY(lineage_find_run(tx, w->a, l->run, &l->found));
    return lineage_follow_hit(tx, w->a, &l->found, &l->step);
}

/* The attempt of an object below the step's folder: "2/_logs/stderr.log" is 2; 0 for anything else.
 */
static int64_t attempt_of(struct sl_str path)
{
    int64_t n = 0;
    ptrdiff_t slash = sl_str_find_char(path, '/');
    if (slash <= 0 || !sl_str_to_i64(sl_strn(path.p, (size_t)slash), &n) ||
        !sl_str_starts(sl_str_skip(path, (size_t)slash), SL_STR("/_logs/")))
        return 0;
    return n;
}

struct log_list {
    struct blob_stat *files;
    size_t n;
    size_t prefix; /* length of the step's folder in their uris */
    int64_t last;
};

static struct sl_err *list_logs(struct sl_arena *a, struct blobs *blobs, const struct logs *l,
                                struct log_list *ret)
{
    struct blob_request r = {
        .op = BLOB_LIST,
        .uri = sl_arena_format(a, "%.*s/%.*s/", SL_FMT(l->found.uri), SL_FMT(l->step)),
        .a = a,
    };
    SL_TRY(blobs_do(blobs, &r));
    *ret = (struct log_list){.files = r.ret_list, .n = r.ret_n, .prefix = r.uri.n};
    for (size_t i = 0; i < r.ret_n; i++)
        ret->last = SL_MAX(ret->last, attempt_of(sl_str_skip(r.ret_list[i].uri, r.uri.n)));
    if (ret->last == 0)
        return SL_ERR(NOT_FOUND, "run '%.*s': step '%.*s' has no logs (`sluice get steps %.*s`)",
                      SL_FMT(l->found.name), SL_FMT(l->step), SL_FMT(l->found.name));
    return NULL;
}

/* stdout as it was; the others after a line that names them, when they hold anything. */
static struct sl_err *print_log(struct sl_arena *a, struct blobs *blobs, const struct blob_stat *f)
{
    struct sl_str text;
    if (f->bytes == 0)
        return NULL;
    SL_TRY(blobs_read(blobs, a, f->uri, LOG_MAX, &text));
    struct sl_str name = sl_str_skip(f->uri, (size_t)sl_str_rfind_char(f->uri, '/') + 1);
    fprintf(stderr, "==> %.*s\n", SL_FMT(name));
    fwrite(text.p, 1, text.n, stdout);
    if (text.n && text.p[text.n - 1] != '\n')
        fputc('\n', stdout);
    fflush(stdout);
    return NULL;
}

static struct sl_err *print_logs(struct sl_arena *a, struct blobs *blobs, const struct logs *l)
{
    struct log_list list;
    SL_TRY(list_logs(a, blobs, l, &list));
    int64_t attempt = l->attempt ? l->attempt : list.last;
    if (attempt > list.last || attempt < 1)
        return SL_ERR(NOT_FOUND, "run '%.*s': step '%.*s' has no attempt %lld, its last is %lld",
                      SL_FMT(l->found.name), SL_FMT(l->step), (long long)attempt,
                      (long long)list.last);
    for (size_t i = 0; i < list.n; i++)
        if (attempt_of(sl_str_skip(list.files[i].uri, list.prefix)) == attempt)
            SL_TRY(print_log(a, blobs, &list.files[i]));
    return NULL;
}

/* "RUN/STEP", "RUN/STEP/ITEM". */
static struct sl_err *split(struct sl_str text, struct logs *l)
{
    ptrdiff_t slash = sl_str_find_char(text, '/');
    if (slash <= 0 || (size_t)slash + 1 == text.n)
        return SL_ERR(INVALID, "expected RUN/STEP, got '%.*s'", SL_FMT(text));
    l->run = sl_strn(text.p, (size_t)slash);
    l->step = sl_str_skip(text, (size_t)slash + 1);
    return NULL;
}

static struct sl_err *run(int argc, char **argv)
{
    SL_AUTOARENA(a);
    struct local_options o = LOCAL_DEFAULTS;
    struct logs l = {.work = {.a = a, .run = find_run}};
    const struct flag flags[] = {
        LOCAL_ROOT_FLAG(&o),
        {"attempt", 0, FLAG_INT, &l.attempt, "NUMBER", "which one (default: the last)"},
    };
    const struct flag_set set = {
        "logs",
        "RUN/STEP [--attempt NUMBER]",
        "Prints what a step wrote to stdout and stderr. RUN is a run's name or uid.",
        flags,
        SL_COUNTOF(flags),
        1,
        1};
    struct flag_args args;
    SL_TRY(flags_parse(a, &set, argc, argv, &args));
    if (args.help)
        return NULL;
    SL_TRY(split(args.p[0], &l));
    SL_TRY(local_do(&o, SQL_READ, &l.work));
    struct blobs *blobs = storage_new(NULL);
    struct sl_err *err = print_logs(a, blobs, &l);
    storage_free(blobs);
    return err;
}

int cli_logs(int argc, char **argv)
{
    return cli_finish("logs", run(argc, argv));
}
