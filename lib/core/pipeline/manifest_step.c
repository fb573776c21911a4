/* One step: tables to spec.h. */
#include "core/pipeline/manifest_impl.h"
#include "core/pipeline/names.h"
#include "core/pipeline/outcome.h"

static const struct spec_retry builtin_retry = {
    .limit = 0, .backoff_ms = 10000, .factor = 2, .cap_ms = 300000, .memory_factor = 2};

struct sl_str manifest_step_path(const struct manifest_reader *r, const char *name)
{
    return manifest_path(r->l->a, r->step->path, sl_str(name));
}

/* ---- retry, cache, resources ------------------------------------------------------------------
 */

static void overlay_retry(struct spec_retry *to, const struct raw_retry *from)
{
    if (from->has_limit)
        to->limit = from->limit;
    if (from->has_backoff)
        to->backoff_ms = from->backoff_ms;
    if (from->has_factor)
        to->factor = from->factor;
    if (from->has_cap)
        to->cap_ms = from->cap_ms;
    if (from->has_memory_factor)
        to->memory_factor = from->memory_factor;
    if (from->has_memory_cap)
        to->memory_cap_bytes = from->memory_cap_bytes;
}

static void overlay_cache(struct spec_cache *to, const struct raw_cache *from)
{
    if (from->has_enabled)
        to->enabled = from->enabled;
    if (from->has_version)
        to->version = from->version;
}

static const struct json *read_quantities(const struct manifest_reader *r, const struct json *v,
                                          const char *name)
{
    struct sl_str path = manifest_step_path(r, name);
    v = manifest_want(r->l, v, JSON_OBJECT, path);
    for (size_t i = 0; v && i < v->n; i++) {
        int64_t milli;
        if (!quantity_parse_milli(v->members[i].value, &milli))
            diag_add(r->l, DIAG_ERROR, v->members[i].value->line,
                     manifest_path(r->l->a, path, v->members[i].key),
                     "expected a quantity such as 500m, 2 or 512Mi");
    }
    return v;
}

static int64_t quantity(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    int64_t milli;
    return v && quantity_parse_milli(v, &milli) ? milli : 0;
}

static void read_resources(const struct manifest_reader *r)
{
    struct spec_resources *to = &r->step->resources;
    to->requests = read_quantities(r, r->raw->resources.requests, "resources.requests");
    to->limits = read_quantities(r, r->raw->resources.limits, "resources.limits");
    int64_t memory = quantity(to->limits, "memory"), cpu = quantity(to->limits, "cpu");
    to->memory_bytes = (memory ? memory : quantity(to->requests, "memory")) / 1000;
    to->cpu_milli = cpu ? cpu : quantity(to->requests, "cpu");
    to->gpus =
        (quantity(to->limits, "nvidia.com/gpu") + quantity(to->limits, "amd.com/gpu")) / 1000;
}

/* ---- what it runs -----------------------------------------------------------------------------
 */

static void find_component(const struct manifest_reader *r)
{
    r->step->component_name = r->raw->component;
    r->step->component = catalog_find(r->raw->component);
    if (r->step->component)
        return;
    size_t n;
    const struct catalog_component *const *all = catalog_all(&n);
    struct sl_str *names = SL_ARENA_ARRAY(r->l->a, struct sl_str, n);
    for (size_t i = 0; i < n; i++)
        names[i] = sl_str(all[i]->name);
    diag_add(r->l, DIAG_ERROR, r->step->line, manifest_step_path(r, "component"),
             "there is no component '%.*s'%s", SL_FMT(r->raw->component),
             diag_did_you_mean(r->l->a, r->raw->component, names, n));
}

/* A list of strings, with references; absent: an empty one. */
static struct reference_tree *read_words(const struct manifest_reader *r, const struct json *v,
                                         struct sl_str path)
{
    v = manifest_want(r->l, v, JSON_ARRAY, path);
    if (!v)
        v = json_new_array(r->l->a);
    for (size_t i = 0; i < v->n; i++)
        if (v->items[i]->type != JSON_STRING)
            diag_add(r->l, DIAG_ERROR, v->items[i]->line,
                     sl_arena_format(r->l->a, "%.*s[%zu]", SL_FMT(path), i),
                     "expected string, got %s; quote it", json_type_name(v->items[i]->type));
    return reference_tree_parse_words(r->l, v, path);
}

static struct reference_tree *read_env(const struct manifest_reader *r, const struct json *v,
                                       struct sl_str path)
{
    v = manifest_want(r->l, v, JSON_ARRAY, path);
    if (!v)
        v = json_new_array(r->l->a);
    for (size_t i = 0; i < v->n; i++) {
        struct sl_str here = sl_arena_format(r->l->a, "%.*s[%zu]", SL_FMT(path), i);
        const struct json *entry = manifest_want(r->l, v->items[i], JSON_OBJECT, here);
        struct raw_env decoded;
        if (!entry)
            continue;
        json_decode(r->l, entry, &raw_env_table, here, &decoded);
        const struct json *value = json_get(entry, "value");
        if (value && value->type != JSON_STRING)
            diag_add(r->l, DIAG_ERROR, value->line, manifest_path(r->l->a, here, SL_STR("value")),
                     "expected string, got %s; quote it", json_type_name(value->type));
    }
    return reference_tree_parse_words(r->l, v, path);
}

static void read_container(const struct manifest_reader *r, const struct raw_container *raw,
                           const char *field)
{
    struct spec_container *c = SL_ARENA_NEW(r->l->a, struct spec_container);
    struct sl_str path = manifest_step_path(r, field);
    *c = (struct spec_container){
        .image = raw->image,
        .command = read_words(r, raw->command, manifest_path(r->l->a, path, SL_STR("command"))),
        .args = read_words(r, raw->args, manifest_path(r->l->a, path, SL_STR("args"))),
        .env = read_env(r, raw->env, manifest_path(r->l->a, path, SL_STR("env"))),
        .working_dir = raw->working_dir,
        .pull_policy = sl_str(raw_pull_policies[raw->pull_policy]),
        .source = raw->source,
    };
    r->step->container = c;
}

static void read_work(const struct manifest_reader *r)
{
    const struct raw_step *raw = r->raw;
    int given = raw->has_component + raw->has_container + raw->has_script;
    bool later = raw->pipeline || raw->pipeline_ref || raw->sensor;
    if (given != 1 && !(given == 0 && later))
        diag_add(r->l, DIAG_ERROR, r->step->line, r->step->path,
                 given ? "expected one of component, container and script, got %d of them"
                       : "expected one of component, container and script",
                 given);
    if (raw->has_component)
        find_component(r);
    if (raw->has_container)
        read_container(r, &raw->container, "container");
    else if (raw->has_script)
        read_container(r, &raw->script, "script");
}

static void read_exit_codes(const struct manifest_reader *r)
{
    struct sl_str path = manifest_step_path(r, "exitCodes");
    const struct json *v = manifest_want(r->l, r->raw->exit_codes, JSON_OBJECT, path);
    if (!v)
        return;
    if (r->step->component_name.n)
        diag_add(r->l, DIAG_ERROR, v->line, path,
                 "only container and script steps map exit codes; a component has its own");
    r->step->exit_codes = SL_ARENA_ARRAY(r->l->a, struct spec_exit_code, v->n);
    for (size_t i = 0; i < v->n; i++) {
        const struct json_member *m = &v->members[i];
        struct sl_str here = manifest_path(r->l->a, path, m->key);
        int64_t code;
        enum outcome o =
            m->value->type == JSON_STRING ? outcome_parse(m->value->string) : OUTCOME_NONE;
        if (!sl_str_to_i64(m->key, &code) || code < 1 || code > 255)
            diag_add(r->l, DIAG_ERROR, m->value->line, here, "expected an exit code from 1 to 255");
        else if (o != OUTCOME_INVALID_INPUT && o != OUTCOME_FAILED && o != OUTCOME_UNAVAILABLE &&
                 o != OUTCOME_CONFIG_ERROR)
            diag_add(r->l, DIAG_ERROR, m->value->line, here,
                     "expected one of: invalid_input, failed, unavailable, config_error");
        else
            r->step->exit_codes[r->step->n_exit_codes++] =
                (struct spec_exit_code){(int)code, m->value->string};
    }
}

/* ---- order ------------------------------------------------------------------------------------
 */

static void read_when(const struct manifest_reader *r)
{
    const struct json *v = r->raw->when;
    if (!v || v->type == JSON_NULL)
        return;
    struct sl_str path = manifest_step_path(r, "when");
    if (v->type != JSON_STRING && v->type != JSON_BOOL) {
        diag_add(r->l, DIAG_ERROR, v->line, path, "expected an expression, got %s",
                 json_type_name(v->type));
        return;
    }
    struct sl_str text = v->type == JSON_STRING ? v->string
                         : v->boolean           ? SL_STR("true")
                                                : SL_STR("false");
    struct expr *e;
    struct sl_err *err SL_AUTOERR = expr_parse(r->l->a, text, &e);
    if (err) {
        diag_add(r->l, DIAG_ERROR, v->line, path, "%s", err->message);
        return;
    }
    r->step->when = e;
    r->step->when_text = text;
    r->step->when_line = v->line;
}

static struct sl_str *outcome_names(struct sl_arena *a, size_t *ret_n)
{
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, OUTCOME_COUNT + 1);
    *ret_n = 0;
    for (int o = OUTCOME_NONE + 1; o < OUTCOME_COUNT; o++)
        names[(*ret_n)++] = sl_str(outcome_name((enum outcome)o));
    names[(*ret_n)++] = SL_STR("any");
    return names;
}

static void read_continue_on(const struct manifest_reader *r)
{
    r->step->continue_on = r->raw->continue_on;
    for (size_t i = 0; i < r->raw->continue_on.n; i++) {
        struct sl_str name = r->raw->continue_on.p[i];
        struct sl_str path =
            sl_arena_format(r->l->a, "%.*s.continueOn[%zu]", SL_FMT(r->step->path), i);
        enum outcome o = outcome_parse(name);
        size_t n;
        struct sl_str *names = outcome_names(r->l->a, &n);
        if (o == OUTCOME_NONE && !sl_str_is(name, "any"))
            diag_add(r->l, DIAG_ERROR, r->step->line, path, "there is no outcome '%.*s'%s",
                     SL_FMT(name), diag_did_you_mean(r->l->a, name, names, n));
        else if (o != OUTCOME_NONE && !outcome_is_failure(o) && o != OUTCOME_UPSTREAM_FAILED)
            diag_add(r->l, DIAG_ERROR, r->step->line, path, "%.*s is no failure", SL_FMT(name));
    }
}

static void read_later(const struct manifest_reader *r)
{
    struct sl_str path = r->step->path;
    manifest_not_yet(r->l, r->raw->for_each, path, "forEach");
    manifest_not_yet(r->l, r->raw->shards, path, "shards");
    manifest_not_yet(r->l, r->raw->pipeline, path, "pipeline");
    manifest_not_yet(r->l, r->raw->pipeline_ref, path, "pipelineRef");
    manifest_not_yet(r->l, r->raw->sensor, path, "sensor");
    manifest_not_yet(r->l, r->raw->priority, path, "priority");
}

static void read_pod(const struct manifest_reader *r)
{
    struct raw_pod decoded;
    struct sl_str path = manifest_step_path(r, "pod");
    r->step->pod = manifest_want(r->l, r->raw->pod, JSON_OBJECT, path);
    if (r->step->pod)
        json_decode(r->l, r->step->pod, &raw_pod_table, path, &decoded);
}

static void read_params(const struct manifest_reader *r)
{
    struct sl_str path = manifest_step_path(r, "params");
    const struct json *v = manifest_want(r->l, r->raw->params, JSON_OBJECT, path);
    if (v && !r->step->component_name.n)
        diag_add(r->l, DIAG_ERROR, v->line, path,
                 "only components take params; a container has command, args and env");
    r->step->params = reference_tree_parse(r->l, v ? v : json_new_object(r->l->a), path);
}

void manifest_read_step(struct diag_list *l, const struct raw_step *raw,
                        const struct raw_defaults *defaults, struct spec_step *step)
{
    struct manifest_reader r = {l, raw, step};
    bool nothing = !raw->has_component && !raw->has_container && !raw->has_script;
    step->name = raw->name;
    step->line = raw->line;
    const char *fault = raw->name.n ? name_fault_label(raw->name) : NULL;
    if (fault)
        diag_add(l, DIAG_ERROR, raw->line, manifest_step_path(&r, "name"), "'%.*s': %s",
                 SL_FMT(raw->name), fault);
    if (raw->name.n || !nothing) /* else told: no object, or no name */
        read_work(&r);
    read_later(&r);
    read_params(&r);
    manifest_read_inputs(&r);
    manifest_read_outputs(&r);
    read_when(&r);
    read_continue_on(&r);
    read_exit_codes(&r);
    read_resources(&r);
    read_pod(&r);
    step->after = raw->after;
    step->retry = builtin_retry;
    overlay_retry(&step->retry, &defaults->retry);
    overlay_retry(&step->retry, &raw->retry);
    step->cache.enabled = true;
    overlay_cache(&step->cache, &defaults->cache);
    overlay_cache(&step->cache, &raw->cache);
    step->timeout_ms = raw->has_timeout ? raw->timeout_ms : defaults->timeout_ms;
    step->pending_timeout_ms =
        raw->has_pending_timeout ? raw->pending_timeout_ms : defaults->pending_timeout_ms;
    step->replicas = raw->replicas;
    step->queue = raw->queue;
}
