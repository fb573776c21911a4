#include "base/alloc.h"
#include "engine/internal.h"
#include "engine/params.h"

struct sl_str task_attempt_uri(struct engine_step *s, struct sl_arena *a, int64_t attempt)
{
    return sl_arena_format(a, "%.*s/%.*s/%lld", SL_FMT(s->e->record.uri),
                           SL_FMT(s->e->pipeline->steps[s->index].name), (long long)attempt);
}

const char *task_executable(const struct spec_step *spec)
{
    return spec->component ? spec->component->executable : "shim";
}

static struct task_port *build_outputs(struct engine_step *s, struct sl_arena *a,
                                       struct sl_str attempt_uri, size_t *ret_n)
{
    const struct spec_step *spec = &s->e->pipeline->steps[s->index];
    struct task_port *ports = SL_ARENA_ARRAY(a, struct task_port, spec->n_outputs);
    size_t n = 0;
    for (size_t i = 0; i < spec->n_outputs; i++) {
        const struct spec_output *o = &spec->outputs[i];
        if (o->type.n == 0 && !spec->component)
            continue; /* a small value: the shim learns of it by its parameters */
        struct task_artifact *t = SL_ARENA_NEW(a, struct task_artifact);
        t->type = o->type;
        t->uri = sl_arena_format(a, "%.*s/%.*s", SL_FMT(attempt_uri), SL_FMT(o->name));
        t->properties = json_new_object(a);
        ports[n++] = (struct task_port){.name = o->name, .artifacts = t, .n = 1};
    }
    *ret_n = n;
    return ports;
}

/* What the shim needs beside the command: where the program leaves its outputs. */
static void add_shim_params(struct engine_step *s, struct sl_arena *a, struct json *params,
                            int64_t attempt)
{
    const struct engine *e = s->e;
    const struct spec_step *spec = &e->pipeline->steps[s->index];
    struct json *values = json_new_object(a);
    struct json *codes = json_new_object(a);
    for (size_t i = 0; i < spec->n_outputs; i++)
        if (spec->outputs[i].type.n == 0)
            json_set_string(a, values, sl_arena_cstr(a, spec->outputs[i].name),
                            sl_str(spec_type_name(spec->outputs[i].value_type)));
    for (size_t i = 0; i < spec->n_exit_codes; i++)
        json_set_string(a, codes, sl_arena_format(a, "%d", spec->exit_codes[i].code).p,
                        spec->exit_codes[i].outcome);
    json_set(a, params, "values", values);
    json_set(a, params, "exitCodes", codes);
    json_set_string(a, params, "work",
                    sl_arena_format(a, "%s/%.*s.%lld", e->cfg.work_folder, SL_FMT(spec->name),
                                    (long long)attempt));
    json_set_string(a, params, "folder", sl_str(e->cfg.folder));
    json_set_bool(a, params, "hostExec", e->cfg.host_exec);
}

static struct sl_err *build_params(struct engine_step *s, struct sl_arena *a, int64_t attempt,
                                   struct json **ret)
{
    const struct spec_step *spec = &s->e->pipeline->steps[s->index];
    struct scope sc;
    scope_init(&sc, s, a, attempt);
    if (!spec->component) {
        SL_TRY(params_of_container(a, spec, &sc.base, ret));
        add_shim_params(s, a, *ret, attempt);
        return NULL;
    }
    SL_TRY(reference_tree_expand(a, spec->params, &sc.base, ret), "params");
    *ret = json_copy(a, *ret);
    params_make_absolute(a, spec->component, *ret, s->e->cfg.folder);
    return NULL;
}

struct sl_err *task_build(struct engine_step *s, int64_t attempt)
{
    SL_AUTOARENA(a);
    const struct engine *e = s->e;
    const struct spec_step *spec = &e->pipeline->steps[s->index];
    const struct step_record *r = &e->record.steps[s->index];
    const struct step_state *st = &e->states[s->index];
    struct sl_str uri = task_attempt_uri(s, a, attempt);
    struct task t = {
        .run_name = e->record.name,
        .run_uid = e->record.uid,
        .run_namespace = e->record.run_namespace,
        .pipeline = e->record.pipeline,
        .step = spec->name,
        .item = SL_STR(""),
        .attempt = attempt,
        .component = r->component,
        .inputs = r->inputs,
        .n_inputs = r->n_inputs,
        .files = r->files,
        .n_files = r->n_files,
        .attempt_uri = uri,
        .memory_bytes = st->memory_bytes ? st->memory_bytes : spec->resources.memory_bytes,
        .threads = e->cfg.threads,
        .storage = json_new_object(a),
    };
    t.outputs = build_outputs(s, a, uri, &t.n_outputs);
    SL_TRY(build_params(s, a, attempt, &t.params));
    sl_buf_clear(&s->task);
    task_encode(&t, &s->task);
    return NULL;
}
