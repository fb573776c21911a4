/* `sluice run FILE`: one run of a pipeline on this machine. */
#include "cli/cli.h"

#include "adapter/local/local.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"
#include "cli/local.h"
#include "cli/run_options.h"
#include "cli/run_report.h"
#include "cli/step_table.h"
#include "core/pipeline/manifest.h"
#include "engine/engine.h"
#include "engine/run_folder.h"
#include "kit/build_id.h"
#include "kit/storage.h"
#include "net/workers.h"

#include <errno.h>
#include <libgen.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct run {
    struct sl_arena *a;
    struct run_options o;
    char *root; /* absolute */
    const struct spec_pipeline *pipeline;
    char *folder; /* that the manifest's plain paths are relative to */
    struct engine_run_spec spec;
    struct run_state earlier_run;
    struct run_folder *run_folder;
    bool nothing_to_do; /* the run to resume has succeeded */

    struct blobs *blobs;
    struct cluster *cluster;
    struct sql *db;
    struct index *index;
    struct engine_index *engine_index;
    struct engine *engine;
    struct step_table *table;
    int signal_fd;
    sigset_t signals_before;
    int exit_code;
};

/* ---- the manifest ----------------------------------------------------------------------------*/

static struct sl_err *absolute(struct sl_arena *a, const char *path, char **ret)
{
    char *p = realpath(path, NULL);
    if (!p)
        return SL_ERRNO("'%s'", path);
    *ret = sl_arena_cstr(a, sl_str(p));
    free(p); /* realpath's own malloc */
    return NULL;
}

static struct sl_err *read_manifest(struct run *r, const struct spec_run **ret)
{
    struct diag_list l;
    struct manifest m = {.params_follow = true};
    struct sl_str text;
    diag_list_init(&l, r->a, sl_str(r->o.file));
    if (!sl_file_exists(r->o.file))
        return SL_ERR(INVALID, "there is no file '%s'", r->o.file);
    struct sl_err *err = sl_file_read(r->a, r->o.file, SL_LIMIT_MANIFEST_BYTES, &text);
    if (err && err->kind == SL_ERR_DENIED) {
        /* To the exit code it is what an unreadable input is: nothing that a retry mends. */
        sl_err_free(err);
        return SL_ERR(INVALID, "'%s' cannot be read: permission denied", r->o.file);
    }
    SL_TRY(err);
    manifest_read(&l, text, &m);
    manifest_check(&l, &m);
    const struct spec_run *run = l.error_count ? NULL : manifest_select_run(&l, &m);
    SL_TRY(diag_to_err(&l));
    if (!run->pipeline)
        return SL_ERR(INVALID, "'%s': the Pipeline '%.*s' that the Run names is not in the file",
                      r->o.file, SL_FMT(run->pipeline_ref));
    char *path;
    SL_TRY(absolute(r->a, r->o.file, &path));
    r->folder = dirname(path);
    *ret = run;
    return NULL;
}

static struct sl_err *resolve_params(struct run *r, const struct spec_run *run, struct json **ret)
{
    struct diag_list l;
    diag_list_init(&l, r->a, SL_STR(""));
    struct json *given = json_copy(r->a, run->parameters);
    for (size_t i = 0; i < r->o.n_params; i++) {
        struct sl_str p = r->o.params[i];
        size_t equals = (size_t)sl_str_find_char(p, '=');
        struct sl_str name = sl_strn(p.p, equals);
        struct json *v = spec_parse_param(&l, run->pipeline, name, sl_str_skip(p, equals + 1));
        if (v)
            json_set_str(r->a, given, name, v);
    }
    *ret = spec_resolve_params(&l, run->pipeline, given, SL_STR("parameters"));
    if (!l.error_count)
        spec_check_values(&l, run->pipeline, *ret); /* what -p has put into components' params */
    return diag_to_err(&l);
}

/* ---- a new run -------------------------------------------------------------------------------*/

static struct sl_str user_name(struct sl_arena *a)
{
    const struct passwd *p = getpwuid(getuid());
    return p ? sl_arena_str(a, sl_str(p->pw_name)) : SL_STR("");
}

static struct sl_err *fill_random(unsigned char *p, size_t n)
{
    return getrandom(p, n, 0) == (ssize_t)n ? NULL : SL_ERRNO("random numbers");
}

/* A UUID of version 7: sorts by the time it was made (RFC 9562, 5.7). */
static struct sl_err *new_uid(struct sl_arena *a, int64_t now_us, struct sl_str *ret)
{
    unsigned char b[10];
    uint64_t ms = (uint64_t)now_us / 1000;
    SL_TRY(fill_random(b, sizeof(b)));
    *ret = sl_arena_format(a, "%08llx-%04llx-7%01x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                           (unsigned long long)(ms >> 16), (unsigned long long)(ms & 0xFFFF),
                           b[0] & 0xFU, b[1], (b[2] & 0x3FU) | 0x80U, b[3], b[4], b[5], b[6], b[7],
                           b[8], b[9]);
    return NULL;
}

/* As Kubernetes makes names of generateName: five letters and digits that spell nothing. */
static struct sl_err *new_name(struct sl_arena *a, const struct spec_metadata *m,
                               struct sl_str *ret)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    unsigned char b[5];
    char suffix[6] = "";
    if (m->name.n) {
        *ret = m->name;
        return NULL;
    }
    SL_TRY(fill_random(b, sizeof(b)));
    for (size_t i = 0; i < sizeof(b); i++)
        suffix[i] = letters[b[i] % (sizeof(letters) - 1)];
    *ret = sl_arena_format(a, "%.*s%s", SL_FMT(m->generate_name), suffix);
    return NULL;
}

static struct sl_err *start_new(struct run *r, const struct spec_run *run)
{
    struct run_record *head = &r->spec.record;
    int64_t now_us = sl_time_now_us();
    struct json *params;
    SL_TRY(resolve_params(r, run, &params));
    *head = (struct run_record){
        .run_namespace = SL_STR("default"),
        .pipeline = run->pipeline->metadata.name,
        .created_by = user_name(r->a),
        .created_us = now_us,
        .spec = json_copy(r->a, run->pipeline->object),
        .parameters = params,
    };
    SL_TRY(new_uid(r->a, now_us, &head->uid));
    SL_TRY(new_name(r->a, &run->metadata, &head->name));
    if (head->pipeline.n == 0)
        head->pipeline = head->name;
    head->uri =
        sl_arena_format(r->a, "file://%s/storage/%.*s/%.*s/%.*s", r->root,
                        SL_FMT(head->run_namespace), SL_FMT(head->pipeline), SL_FMT(head->uid));
    r->pipeline = r->spec.pipeline = run->pipeline;
    return run_folder_create(r->root, head, run->pipeline, r->folder, &r->run_folder);
}

/* ---- an earlier run --------------------------------------------------------------------------*/

static struct sl_err *choose_run(struct run *r, struct sl_str pipeline, struct sl_str *ret_uid)
{
    struct run_folder_entry *all;
    size_t n;
    SL_TRY(run_folder_list(r->a, r->root, &all, &n));
    for (size_t i = 0; i < n; i++) {
        struct sl_str wanted = r->o.resume_run;
        if (pipeline.n && !sl_str_eq(all[i].pipeline, pipeline))
            continue;
        if (wanted.n && !sl_str_eq(all[i].name, wanted) && !sl_str_eq(all[i].uid, wanted))
            continue;
        *ret_uid = all[i].uid;
        return NULL;
    }
    if (r->o.resume_run.n)
        return SL_ERR(NOT_FOUND, "there is no run '%.*s' in '%s'", SL_FMT(r->o.resume_run),
                      r->root);
    return SL_ERR(NOT_FOUND, "there is no run to resume in '%s'", r->root);
}

static struct sl_err *read_kept_pipeline(struct run *r, const struct run_folder_content *c)
{
    struct diag_list l;
    struct manifest m = {0};
    diag_list_init(&l, r->a, SL_STR("spec.json"));
    manifest_read_object(&l, c->pipeline_object, &m);
    manifest_check(&l, &m);
    SL_TRY(diag_to_err(&l));
    if (m.n_pipelines != 1)
        return SL_ERR(CORRUPT, "spec.json holds no Pipeline");
    r->pipeline = r->spec.pipeline = m.pipelines[0];
    return NULL;
}

static struct sl_err *load_state(struct run *r, const struct run_folder_content *c)
{
    struct step_state *states = SL_ARENA_ARRAY(r->a, struct step_state, r->pipeline->n_steps);
    SL_TRY(run_folder_read_steps(r->a, r->run_folder, r->pipeline, &r->spec.record.steps));
    if (!c->status)
        return NULL; /* killed before anything was started */
    SL_TRY(snapshot_decode(r->a, c->status, r->pipeline, &r->earlier_run, states));
    r->nothing_to_do = r->earlier_run.outcome == OUTCOME_SUCCEEDED;
    /* A run that ended otherwise is retried; one that was being cancelled is wanted after all. */
    if (!r->nothing_to_do &&
        (r->earlier_run.outcome != OUTCOME_NONE || r->earlier_run.cancel != CANCEL_NONE))
        snapshot_reset_failed(r->pipeline, &r->earlier_run, states, sl_time_now_us());
    r->spec.run = &r->earlier_run;
    r->spec.states = states;
    return NULL;
}

static struct sl_err *start_earlier(struct run *r, struct sl_str uid)
{
    struct run_folder_content c;
    SL_TRY(run_folder_open(r->a, r->root, uid, &r->run_folder, &c));
    r->spec.record = c.record;
    r->folder = sl_arena_cstr(r->a, c.folder);
    /* A step's plain output path is relative to where the run was started. */
    if (c.current_folder.n && chdir(sl_arena_cstr(r->a, c.current_folder)) < 0)
        return SL_ERRNO("run '%.*s': folder '%.*s'", SL_FMT(c.record.name),
                        SL_FMT(c.current_folder));
    SL_TRY(read_kept_pipeline(r, &c), "run '%.*s'", SL_FMT(c.record.name));
    SL_TRY(load_state(r, &c), "run '%.*s'", SL_FMT(c.record.name));
    return NULL;
}

static struct sl_err *start(struct run *r)
{
    const struct spec_run *run = NULL;
    SL_TRY(sl_dir_make(r->o.root));
    SL_TRY(absolute(r->a, r->o.root, &r->root));
    if (r->o.file)
        SL_TRY(read_manifest(r, &run));
    if (!r->o.resume)
        return start_new(r, run);
    struct sl_str uid;
    struct sl_err *err = choose_run(r, run ? run->pipeline->metadata.name : SL_STR(""), &uid);
    if (err && run && r->o.resume_run.n == 0) {
        sl_err_free(err);
        return start_new(r, run);
    }
    SL_TRY(err);
    return start_earlier(r, uid);
}

/* ---- ports -----------------------------------------------------------------------------------*/

/* Executables of components lie beside this one, or in $SLUICE_BIN. */
static struct sl_err *bin_folder(struct sl_arena *a, char **ret)
{
    const char *env = getenv("SLUICE_BIN");
    if (env && *env)
        return absolute(a, env, ret);
    char *self;
    SL_TRY(absolute(a, "/proc/self/exe", &self));
    *ret = dirname(self);
    return NULL;
}

/* Never goes back, as the clock port promises, whoever sets the machine's. */
static int64_t clock_us(struct clock *c)
{
    static int64_t latest_us;
    (void)c;
    latest_us = SL_MAX(latest_us, sl_time_now_us());
    return latest_us;
}

static struct clock wall_clock = {.ops = &(const struct clock_ops){.now_us = clock_us}};

static void engine_changed(void *ctx, const struct engine *e)
{
    struct run *r = ctx;
    (void)e;
    if (r->table)
        step_table_update(r->table, sl_time_now_us());
}

static struct sl_err *open_ports(struct run *r)
{
    char *bin;
    SL_TRY(bin_folder(r->a, &bin));
    struct sl_str runs = sl_arena_format(r->a, "%s/runs", r->root);
    struct sl_str db = sl_arena_format(r->a, "%s/sluice.db", r->root);
    SL_TRY(local_open(db.p, true, &r->db));
    r->index = index_new(r->db);
    r->engine_index = engine_index_new(r->index);
    r->blobs = storage_new(NULL);
    r->cluster = local_new(&(struct local_config){.bin_folder = bin, .state_folder = runs.p});
    return NULL;
}

static struct sl_err *open_engine(struct run *r)
{
    struct sl_str work =
        sl_arena_format(r->a, "%s/runs/%.*s/work", r->root, SL_FMT(r->spec.record.uid));
    struct engine_config config = {
        .cluster = r->cluster,
        .blobs = r->blobs,
        .clock = &wall_clock,
        .store = run_folder_store(r->run_folder),
        .index = r->engine_index,
        .build_id = build_id_of,
        .folder = r->folder,
        .work_folder = work.p,
        .no_cache = r->o.no_cache,
        .explain_cache = r->o.explain_cache,
        .host_exec = r->o.host_exec,
        .grace_ms = r->o.grace_ms,
        .threads = r->o.threads,
        .max_parallel = r->o.max_parallel ? r->o.max_parallel : workers_cores(),
        .changed = engine_changed,
        .ctx = r,
    };
    SL_TRY(engine_new(&config, &r->spec, &r->engine));
    r->table = step_table_new(r->engine, isatty(STDOUT_FILENO));
    return NULL;
}

static void close_all(struct run *r)
{
    step_table_free(r->table);
    engine_free(r->engine);
    cluster_free(r->cluster);
    storage_free(r->blobs);
    sl_free(r->engine_index);
    index_free(r->index);
    sql_free(r->db);
    run_folder_free(r->run_folder);
    if (r->signal_fd >= 0)
        close(r->signal_fd);
}

/* ---- signals ---------------------------------------------------------------------------------*/

/* Before any thread is there: all of them inherit the mask, and the descriptor gets the signals. */
static struct sl_err *open_signals(struct run *r)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, &r->signals_before);
    r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return r->signal_fd < 0 ? SL_ERRNO("signals") : NULL;
}

static void signal_came(void *ctx)
{
    struct run *r = ctx;
    struct signalfd_siginfo info;
    while (read(r->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        bool again = engine_run_state(r->engine)->cancel != CANCEL_NONE;
        fprintf(stderr, again ? "killing the steps that run\n"
                              : "stopping; once more kills the steps that run\n");
        engine_cancel(r->engine, false);
    }
}

static void refresh(void *ctx)
{
    struct run *r = ctx;
    step_table_update(r->table, sl_time_now_us());
}

/* ---- the verb --------------------------------------------------------------------------------*/

static void explain_cache(const struct run *r)
{
    for (size_t i = 0; i < r->pipeline->n_steps; i++) {
        size_t n;
        const struct sl_str *why = engine_cache_misses(r->engine, i, &n);
        for (size_t k = 0; k < n; k++)
            printf("%s%.*s: %.*s\n", k ? "  " : "", SL_FMT(r->pipeline->steps[i].name),
                   SL_FMT(why[k]));
    }
}

static struct sl_err *carry_out(struct run *r)
{
    const struct run_record *head = &r->spec.record;
    bool terminal = isatty(STDOUT_FILENO);
    printf("run %.*s (%.*s)\n", SL_FMT(head->name), SL_FMT(head->uid));
    fflush(stdout);
    struct engine_watch watch = {
        .fd = r->signal_fd,
        .ready = signal_came,
        .refresh_ms = terminal ? 100 : 0,
        .refresh = refresh,
        .ctx = r,
    };
    SL_TRY(engine_run(r->engine, &watch), "run '%.*s'", SL_FMT(head->name));
    step_table_finish(r->table, sl_time_now_us());
    if (r->o.explain_cache)
        explain_cache(r);
    run_report_print(r->a, r->engine, r->blobs);
    r->exit_code = run_report_exit_code(r->engine);
    return NULL;
}

static struct sl_err *run_verb(struct run *r)
{
    SL_TRY(start(r));
    SL_TRY(open_signals(r));
    SL_TRY(open_ports(r));
    SL_TRY(open_engine(r));
    return carry_out(r);
}

int cli_run(int argc, char **argv)
{
    SL_AUTOARENA(a);
    struct run r = {.a = a, .signal_fd = -1};
    struct sl_err *err = run_options_parse(a, argc, argv, &r.o);
    if (!err && r.o.help) {
        fputs(run_options_help, stdout);
        return CLI_OK;
    }
    if (!err)
        err = run_verb(&r);
    int failed = cli_finish("run", err);
    close_all(&r);
    return failed ? failed : r.exit_code;
}
