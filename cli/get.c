/* `sluice get runs|steps|artifacts|models|pushes`: what the index knows, newest first. */
#include "cli/cli.h"
#include "cli/local.h"

#include "base/time.h"
#include "store/lineage.h"
#include "store/registry.h"

enum { LIMIT = 50 };

struct get {
    struct local_work work;
    struct lineage_filter filter;
    struct sl_str model; /* of models and pushes; empty: all */
    struct json *list;
};

struct resource {
    const char *name, *singular;
    struct sl_err *(*read)(struct get *g, struct sql_tx *tx);
    const struct output_column *columns;
    size_t n;
};

/* ---- runs, steps, artifacts ------------------------------------------------------------------ */
static const struct output_column run_columns[] = {
    {"NAME", "name", OUTPUT_TEXT},           {"PIPELINE", "pipeline", OUTPUT_TEXT},
    {"OUTCOME", "outcome", OUTPUT_TEXT},     {"STARTED", "started", OUTPUT_TIME},
    {"DURATION", "seconds", OUTPUT_SECONDS}, {"STEPS", "steps", OUTPUT_TEXT},
    {"BY", "created_by", OUTPUT_TEXT},       {"MESSAGE", "message", OUTPUT_TEXT},
};

static struct sl_err *read_runs(struct get *g, struct sql_tx *tx)
{
    return lineage_runs(tx, g->work.a, &g->filter, &g->list);
}

static const struct output_column step_columns[] = {
    {"RUN", "run", OUTPUT_TEXT},
    {"STEP", "step", OUTPUT_TEXT},
    {"COMPONENT", "component", OUTPUT_TEXT},
    {"OUTCOME", "outcome", OUTPUT_TEXT},
    {"ATTEMPT", "attempt", OUTPUT_TEXT},
    {"DURATION", "seconds", OUTPUT_SECONDS},
    {"ROWS IN", "rows_in", OUTPUT_TEXT},
    {"ROWS OUT", "rows_out", OUTPUT_TEXT},
    {"MESSAGE", "message", OUTPUT_TEXT},
};

static struct sl_err *read_steps(struct get *g, struct sql_tx *tx)
{
    return lineage_steps(tx, g->work.a, &g->filter, &g->list);
}

static const struct output_column artifact_columns[] = {
    {"ID", "id", OUTPUT_TEXT},           {"TYPE", "type", OUTPUT_TEXT},
    {"RUN", "run", OUTPUT_TEXT},         {"STEP", "step", OUTPUT_TEXT},
    {"OUTPUT", "name", OUTPUT_TEXT},     {"STATE", "state", OUTPUT_TEXT},
    {"DIGEST", "digest", OUTPUT_DIGEST}, {"SIZE", "bytes", OUTPUT_BYTES},
    {"CREATED", "created", OUTPUT_TIME}, {"URI", "uri", OUTPUT_TEXT},
};

static struct sl_err *read_artifacts(struct get *g, struct sql_tx *tx)
{
    return lineage_artifacts(tx, g->work.a, &g->filter, &g->list);
}

/* ---- models and pushes ----------------------------------------------------------------------- */
static void set_text(struct sl_arena *a, struct json *o, const char *key, struct sl_str s)
{
    json_set(a, o, key, s.n ? json_new_string(a, s) : json_new_null(a));
}

static void set_time(struct sl_arena *a, struct json *o, const char *key, int64_t us)
{
    char text[SL_TIME_TEXT];
    sl_time_format(us, text);
    json_set_string(a, o, key, sl_arena_str(a, sl_str(text)));
}

static const struct output_column version_columns[] = {
    {"MODEL", "model", OUTPUT_TEXT},     {"VERSION", "version", OUTPUT_TEXT},
    {"STAGE", "stage", OUTPUT_TEXT},     {"ALIASES", "aliases", OUTPUT_TEXT},
    {"DIGEST", "digest", OUTPUT_DIGEST}, {"RUN", "run", OUTPUT_TEXT},
    {"BY", "created_by", OUTPUT_TEXT},   {"CREATED", "created", OUTPUT_TIME},
    {"URI", "uri", OUTPUT_TEXT},
};

static struct sl_err *add_versions(struct get *g, struct sql_tx *tx, struct sl_str model)
{
    struct sl_arena *a = g->work.a;
    struct registry_version *list;
    size_t n;
    SL_TRY(registry_versions(tx, a, model, &list, &n));
    for (size_t i = 0; i < n; i++) {
        struct json *o = json_new_object(a);
        json_set_string(a, o, "model", model);
        json_set_number(a, o, "version", (double)list[i].version);
        json_set_string(a, o, "stage", list[i].stage);
        set_text(a, o, "aliases", list[i].aliases);
        json_set_string(a, o, "digest", list[i].digest);
        set_text(a, o, "run", list[i].run_name);
        set_text(a, o, "run_uid", list[i].run_uid);
        set_text(a, o, "step", list[i].step);
        set_text(a, o, "created_by", list[i].by);
        set_time(a, o, "created", list[i].created_us);
        json_set_string(a, o, "uri", list[i].uri);
        json_push(a, g->list, o);
    }
    return NULL;
}

static const struct output_column push_columns[] = {
    {"MODEL", "model", OUTPUT_TEXT},     {"PUSHED", "version", OUTPUT_TEXT},
    {"ACTION", "action", OUTPUT_TEXT},   {"MODEL VERSION", "model_version", OUTPUT_TEXT},
    {"DIGEST", "digest", OUTPUT_DIGEST}, {"BY", "created_by", OUTPUT_TEXT},
    {"AT", "pushed", OUTPUT_TIME},       {"DESTINATION", "destination", OUTPUT_TEXT},
};

static struct sl_err *add_pushes(struct get *g, struct sql_tx *tx, struct sl_str model)
{
    struct sl_arena *a = g->work.a;
    struct registry_push *list;
    size_t n;
    SL_TRY(registry_pushes(tx, a, model, &list, &n));
    for (size_t i = 0; i < n; i++) {
        struct json *o = json_new_object(a);
        json_set_string(a, o, "model", model);
        json_set_string(a, o, "version", list[i].version);
        json_set_string(a, o, "action", list[i].action);
        json_set_number(a, o, "model_version", (double)list[i].model_version);
        json_set_string(a, o, "digest", list[i].model_digest);
        set_text(a, o, "created_by", list[i].by);
        set_time(a, o, "pushed", list[i].at_us);
        json_set_string(a, o, "destination", list[i].destination);
        set_text(a, o, "run_uid", list[i].run_uid);
        json_set(a, o, "data", list[i].data);
        json_push(a, g->list, o);
    }
    return NULL;
}

static struct sl_err *for_models(struct get *g, struct sql_tx *tx,
                                 struct sl_err *(*add)(struct get *g, struct sql_tx *tx,
                                                       struct sl_str model))
{
    struct sl_str *names;
    size_t n;
    g->list = json_new_array(g->work.a);
    struct sl_str wanted = g->model.n ? g->model : g->filter.pipeline;
    if (wanted.n)
        return add(g, tx, local_model_name(g->work.a, wanted));
    SL_TRY(registry_models(tx, g->work.a, &names, &n));
    for (size_t i = 0; i < n; i++)
        SL_TRY(add(g, tx, names[i]));
    return NULL;
}

static struct sl_err *read_models(struct get *g, struct sql_tx *tx)
{
    return for_models(g, tx, add_versions);
}

static struct sl_err *read_pushes(struct get *g, struct sql_tx *tx)
{
    return for_models(g, tx, add_pushes);
}

/* ---- the verb -------------------------------------------------------------------------------- */
#define RESOURCE(plural, singular, read, columns)            \
    {                                                        \
        plural, singular, read, columns, SL_COUNTOF(columns) \
    }

static const struct resource resources[] = {
    RESOURCE("runs", "run", read_runs, run_columns),
    RESOURCE("steps", "step", read_steps, step_columns),
    RESOURCE("artifacts", "artifact", read_artifacts, artifact_columns),
    RESOURCE("models", "model", read_models, version_columns),
    RESOURCE("pushes", "push", read_pushes, push_columns),
};

static struct sl_err *find_resource(struct sl_str name, const struct resource **ret)
{
    for (size_t i = 0; i < SL_COUNTOF(resources); i++) {
        if (sl_str_is(name, resources[i].name) || sl_str_is(name, resources[i].singular)) {
            *ret = &resources[i];
            return NULL;
        }
    }
    return SL_ERR(INVALID, "expected runs, steps, artifacts, models or pushes, got '%.*s'",
                  SL_FMT(name));
}

static struct sl_err *read_resource(struct local_work *w, struct sql_tx *tx)
{
    const struct resource *r = w->ctx;
    return r->read(SL_CONTAINER_OF(w, struct get, work), tx);
}

static struct sl_err *run(int argc, char **argv)
{
    SL_AUTOARENA(a);
    struct local_options o = LOCAL_DEFAULTS;
    struct get g = {.work = {.a = a, .run = read_resource}, .filter = {.limit = LIMIT}};
    const struct flag flags[] = {
        LOCAL_FLAGS(&o),
        {"pipeline", 'p', FLAG_STRING, &g.filter.pipeline, "NAME", "only of this pipeline"},
        {"run", 'r', FLAG_STRING, &g.filter.run, "RUN", "only of this run (name or uid)"},
        {"type", 't', FLAG_STRING, &g.filter.type, "TYPE", "only artifacts of this type"},
        {"outcome", 0, FLAG_STRING, &g.filter.outcome, "OUTCOME",
         "only runs or steps that ended so"},
        {"limit", 'n', FLAG_INT, &g.filter.limit, "COUNT", "the newest so many (50; 0: all)"},
    };
    const struct flag_set set = {
        "get",
        "runs|steps|artifacts|models|pushes [RUN or MODEL] [-p PIPELINE] [-o FORMAT]",
        "Lists runs, their steps, artifacts, model versions and pushes, newest first.",
        flags,
        SL_COUNTOF(flags),
        1,
        2};
    const struct resource *resource;
    struct flag_args args;
    SL_TRY(flags_parse(a, &set, argc, argv, &args));
    if (args.help)
        return NULL;
    SL_TRY(find_resource(args.p[0], &resource));
    SL_TRY(output_parse(o.output, &o.format));
    if (args.n > 1) {
        g.model = args.p[1];
        g.filter.run = args.p[1];
    }
    g.work.ctx = (void *)(uintptr_t)resource;
    SL_TRY(local_do(&o, SQL_READ, &g.work));
    SL_AUTOBUF(none, 0);
    sl_buf_format(&none, "There are no %s.", resource->name);
    output_list(o.format, g.list, resource->columns, resource->n, sl_buf_str(&none).p);
    return NULL;
}

int cli_get(int argc, char **argv)
{
    return cli_finish("get", run(argc, argv));
}
