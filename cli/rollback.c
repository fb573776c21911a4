/* `sluice rollback MODEL [VERSION]`: an earlier version's files pushed again, as a new version. */
#include "cli/cli.h"
#include "cli/local.h"

#include "base/time.h"
#include "kit/storage.h"
#include "store/push.h"
#include "store/registry.h"

#include <pwd.h>
#include <unistd.h>

struct rollback {
    struct local_work work;
    struct sl_str model, version, by;
    bool dry_run;
    struct registry_push target, done;
};

static struct sl_err *find_target(struct local_work *w, struct sql_tx *tx)
{
    struct rollback *r = SL_CONTAINER_OF(w, struct rollback, work);
    return registry_rollback_target(tx, w->a, r->model, r->version, &r->target);
}

static struct sl_err *record(struct local_work *w, struct sql_tx *tx)
{
    struct rollback *r = SL_CONTAINER_OF(w, struct rollback, work);
    return registry_record_rollback(tx, w->a, r->model, &r->done);
}

/* The model's own artifact, or, when that is gone from storage, what was pushed then. */
static struct sl_err *open_model(struct sl_arena *a, struct blobs *b, const struct registry_push *p,
                                 struct artifact **ret)
{
    struct sl_err *err = artifact_open(a, b, p->model_uri, p->model_digest, ret);
    if (err && err->kind == SL_ERR_NOT_FOUND) {
        sl_err_free(err);
        err = artifact_open(a, b, p->destination, p->model_digest, ret);
    }
    return err;
}

static struct sl_err *push_again(struct sl_arena *a, struct blobs *b, struct rollback *r)
{
    struct artifact *model;
    struct push_result pushed;
    const struct registry_push *t = &r->target;
    SL_TRY(open_model(a, b, t, &model), "version '%.*s'", SL_FMT(t->version));
    struct sl_str folder = sl_strn(t->destination.p, t->destination.n - t->version.n);
    int64_t now_us = sl_time_now_us();
    SL_TRY(push_model(a, b, model, folder, now_us, &pushed));
    r->done = *t;
    r->done.version = pushed.version;
    r->done.destination = pushed.uri;
    r->done.by = r->by;
    r->done.at_us = now_us;
    return NULL;
}

static struct json *describe(struct sl_arena *a, const struct rollback *r)
{
    struct json *o = json_new_object(a);
    json_set_string(a, o, "model", r->model);
    json_set_string(a, o, "to", r->target.version);
    json_set_number(a, o, "model_version", (double)r->target.model_version);
    json_set_string(a, o, "digest", r->target.model_digest);
    json_set_bool(a, o, "dry_run", r->dry_run);
    if (!r->dry_run) {
        json_set_string(a, o, "version", r->done.version);
        json_set_string(a, o, "destination", r->done.destination);
        json_set_string(a, o, "created_by", r->done.by);
    }
    return o;
}

static void print_result(const struct rollback *r)
{
    printf("%.*s: version %.*s (model version %lld) %s", SL_FMT(r->model),
           SL_FMT(r->target.version), (long long)r->target.model_version,
           r->dry_run ? "would be live again" : "is live again as ");
    if (!r->dry_run)
        printf("%.*s", SL_FMT(r->done.destination));
    printf(".\n");
}

static struct sl_err *carry_out(struct sl_arena *a, const struct local_options *o,
                                struct rollback *r)
{
    r->work.run = find_target;
    SL_TRY(local_do(o, SQL_READ, &r->work));
    if (r->dry_run)
        return NULL;
    struct blobs *b = storage_new(NULL);
    struct sl_err *err = push_again(a, b, r);
    storage_free(b);
    SL_TRY(err);
    r->work.run = record;
    SL_TRY(local_do(o, SQL_WRITE, &r->work), "'%.*s' is live, but the registry does not know",
           SL_FMT(r->done.destination));
    return NULL;
}

static struct sl_err *run(int argc, char **argv)
{
    SL_AUTOARENA(a);
    struct local_options o = LOCAL_DEFAULTS;
    const struct passwd *user = getpwuid(getuid());
    struct rollback r = {.work = {.a = a}, .by = sl_str(user ? user->pw_name : "")};
    const struct flag flags[] = {
        LOCAL_FLAGS(&o),
        {"by", 0, FLAG_STRING, &r.by, "NAME", "who does it (default: the user)"},
        {"dry-run", 0, FLAG_BOOL, &r.dry_run, NULL, "only say which version it would be"},
    };
    const struct flag_set set = {
        "rollback",
        "MODEL [VERSION] [--dry-run] [--by NAME] [-o FORMAT]",
        "Pushes an earlier version of a model again, as a new version: the one of that name, or "
        "the newest\n"
        "that held another model than the live one. `sluice get pushes MODEL` lists them.",
        flags,
        SL_COUNTOF(flags),
        1,
        2};
    struct flag_args args;
    SL_TRY(flags_parse(a, &set, argc, argv, &args));
    if (args.help)
        return NULL;
    SL_TRY(output_parse(o.output, &o.format));
    r.model = local_model_name(a, args.p[0]);
    r.version = args.n > 1 ? args.p[1] : SL_STR("");
    SL_TRY(carry_out(a, &o, &r));
    if (o.format == OUTPUT_TABLE)
        print_result(&r);
    else
        output_value(o.format, describe(a, &r));
    return NULL;
}

int cli_rollback(int argc, char **argv)
{
    return cli_finish("rollback", run(argc, argv));
}
