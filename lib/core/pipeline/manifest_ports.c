/* Inputs and outputs of one step (manifest_step.c). */
#include "core/pipeline/manifest_impl.h"
#include "core/pipeline/names.h"

static void read_latest_blessed(const struct manifest_reader *r, const struct json *v,
                                struct sl_str path, struct spec_input *input)
{
    static const struct sl_str fields[] = {{"latestBlessed", 13}};
    input->source = SPEC_SOURCE_LATEST_BLESSED;
    for (size_t i = 0; i < v->n; i++) {
        const struct json_member *m = &v->members[i];
        struct sl_str here = manifest_path(r->l->a, path, m->key);
        if (!sl_str_eq(m->key, fields[0]))
            diag_add(r->l, DIAG_ERROR, m->value->line, here, "unknown field%s",
                     diag_did_you_mean(r->l->a, m->key, fields, 1));
        else if (m->value->type != JSON_BOOL || !m->value->boolean)
            diag_add(r->l, DIAG_ERROR, m->value->line, here, "expected true");
    }
    if (v->n == 0)
        diag_add(r->l, DIAG_ERROR, v->line, path, "expected {latestBlessed: true}");
}

void manifest_read_inputs(const struct manifest_reader *r)
{
    struct sl_str path = manifest_step_path(r, "inputs");
    const struct json *v = manifest_want(r->l, r->raw->inputs, JSON_OBJECT, path);
    if (!v)
        return;
    r->step->inputs = SL_ARENA_ARRAY(r->l->a, struct spec_input, v->n);
    r->step->n_inputs = v->n;
    for (size_t i = 0; i < v->n; i++) {
        const struct json *from = v->members[i].value;
        struct spec_input *input = &r->step->inputs[i];
        struct sl_str here = manifest_path(r->l->a, path, v->members[i].key);
        *input = (struct spec_input){.name = v->members[i].key, .line = from->line};
        const char *fault = name_fault_word(input->name);
        if (fault)
            diag_add(r->l, DIAG_ERROR, from->line, here, "%s", fault);
        if (from->type == JSON_STRING && from->string.n)
            input->from = from->string;
        else if (from->type == JSON_OBJECT)
            read_latest_blessed(r, from, here, input);
        else
            diag_add(r->l, DIAG_ERROR, from->line, here,
                     "expected \"step\", \"step.output\" or {latestBlessed: true}, got %s",
                     json_type_name(from->type));
    }
}

/* {type: HTML}, {value: double}, or the type alone. */
static void read_output(const struct manifest_reader *r, const struct json *v, struct sl_str path,
                        struct spec_output *output)
{
    struct raw_output raw = {0};
    size_t before = r->l->error_count;
    if (v->type == JSON_STRING)
        raw.type = v->string;
    else if (v->type == JSON_OBJECT)
        json_decode(r->l, v, &raw_output_table, path, &raw);
    output->type = raw.type;
    output->value_type = (enum spec_type)raw.value;
    const char *fault = raw.type.n ? name_fault_word(raw.type) : NULL;
    if (fault)
        diag_add(r->l, DIAG_ERROR, v->line, path, "the type '%.*s': %s", SL_FMT(raw.type), fault);
    if (r->l->error_count == before && (raw.type.n != 0) == raw.has_value)
        diag_add(r->l, DIAG_ERROR, v->line, path,
                 "expected {type: TYPE} for an artifact or {value: string|int|double|bool|list|"
                 "object} for a small value");
}

static void read_container_outputs(const struct manifest_reader *r, const struct json *v,
                                   struct sl_str path)
{
    r->step->outputs = SL_ARENA_ARRAY(r->l->a, struct spec_output, v->n);
    r->step->n_outputs = v->n;
    for (size_t i = 0; i < v->n; i++) {
        struct spec_output *output = &r->step->outputs[i];
        struct sl_str here = manifest_path(r->l->a, path, v->members[i].key);
        *output =
            (struct spec_output){.name = v->members[i].key, .line = v->members[i].value->line};
        const char *fault = name_fault_word(output->name);
        if (fault)
            diag_add(r->l, DIAG_ERROR, output->line, here, "%s", fault);
        read_output(r, v->members[i].value, here, output);
    }
}

static void read_component_outputs(const struct manifest_reader *r)
{
    const struct catalog_port *ports = r->step->component->outputs;
    size_t n = 0;
    while (ports && ports[n].name)
        n++;
    r->step->outputs = SL_ARENA_ARRAY(r->l->a, struct spec_output, n);
    r->step->n_outputs = n;
    for (size_t i = 0; i < n; i++) {
        struct sl_str type = sl_str(ports[i].type);
        if (ports[i].type_param)
            type = json_get_string(r->raw->params, ports[i].type_param, type);
        if (sl_str_find(type, SL_STR("$(")) >= 0)
            type = (struct sl_str){NULL, 0}; /* known when it runs */
        r->step->outputs[i] = (struct spec_output){
            .name = sl_str(ports[i].name), .type = type, .line = r->step->line};
    }
}

void manifest_read_outputs(const struct manifest_reader *r)
{
    struct sl_str path = manifest_step_path(r, "outputs");
    const struct json *v = manifest_want(r->l, r->raw->outputs, JSON_OBJECT, path);
    if (r->step->component_name.n && v)
        diag_add(r->l, DIAG_ERROR, v->line, path,
                 "only container and script steps declare outputs; a component has its own");
    else if (r->step->component)
        read_component_outputs(r);
    else if (v)
        read_container_outputs(r, v, path);
}
