/* Inputs and `after`: the steps they name, the outputs that fit. */
#include "core/pipeline/manifest_impl.h"

struct place {
    struct diag_list *l;
    struct spec_pipeline *p;
    struct spec_step *step;
    struct sl_str path;
    int line;
};

#define FAIL(place, ...) diag_add((place)->l, DIAG_ERROR, (place)->line, (place)->path, __VA_ARGS__)

/* The step of that name that may come before, or n_steps and a finding. */
static size_t find_before(const struct place *at, struct sl_str name)
{
    const struct spec_pipeline *p = at->p;
    for (size_t i = 0; i < p->n_steps; i++) {
        if (!sl_str_eq(p->steps[i].name, name))
            continue;
        if (&p->steps[i] == at->step)
            FAIL(at, "the step names itself");
        else if (p->steps[i].on_exit && !at->step->on_exit)
            FAIL(at, "'%.*s' is an onExit step: it runs after all others", SL_FMT(name));
        else
            return i;
        return p->n_steps;
    }
    FAIL(at, "there is no step '%.*s'%s", SL_FMT(name),
         diag_did_you_mean(at->l->a, name, validate_step_names(at->l->a, p), p->n_steps));
    return p->n_steps;
}

static bool is_value(const struct spec_step *step, const struct spec_output *o)
{
    return !step->component && o->type.n == 0;
}

/* "examples (Examples), schema (Schema)" */
static const char *list_outputs(struct sl_arena *a, const struct spec_step *step)
{
    SL_AUTOBUF(b, 0);
    for (size_t i = 0; i < step->n_outputs; i++) {
        const struct spec_output *o = &step->outputs[i];
        if (is_value(step, o))
            continue;
        sl_buf_format(&b, "%s%.*s (%.*s)", b.n ? ", " : "", SL_FMT(o->name),
                      SL_FMT(o->type.n ? o->type : SL_STR("any type")));
    }
    return b.n ? sl_arena_str(a, sl_buf_str(&b)).p : "none";
}

static bool fits(struct sl_str have, struct sl_str want)
{
    return have.n == 0 || want.n == 0 || sl_str_eq(have, want);
}

/* "step.output" */
static void check_output(const struct place *at, struct spec_input *input,
                         const struct spec_step *from)
{
    const struct spec_output *o = validate_find_output(from, input->output);
    struct sl_str *names = SL_ARENA_ARRAY(at->l->a, struct sl_str, from->n_outputs);
    for (size_t i = 0; i < from->n_outputs; i++)
        names[i] = from->outputs[i].name;
    const char *near = diag_did_you_mean(at->l->a, input->output, names, from->n_outputs);
    if (!o)
        FAIL(at, "the step '%.*s' has no output '%.*s'%s%s", SL_FMT(from->name),
             SL_FMT(input->output), *near ? near : "; it has ",
             *near ? "" : list_outputs(at->l->a, from));
    else if (is_value(from, o))
        FAIL(at,
             "'%.*s' is a small value, expected an artifact; $(steps.%.*s.values.%.*s) reads it",
             SL_FMT(input->from), SL_FMT(from->name), SL_FMT(o->name));
    else if (!fits(o->type, input->type))
        FAIL(at, "expected an artifact of type %.*s, got %.*s from '%.*s'", SL_FMT(input->type),
             SL_FMT(o->type), SL_FMT(input->from));
    else if (o->type.n)
        input->type = o->type;
}

/* "step": its output of the type that is wanted, or its only one. */
static void infer_output(const struct place *at, struct spec_input *input,
                         const struct spec_step *from)
{
    const struct spec_output *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < from->n_outputs; i++) {
        const struct spec_output *o = &from->outputs[i];
        if (is_value(from, o) || !fits(o->type, input->type))
            continue;
        found = o;
        count++;
    }
    if (count == 1) {
        input->output = found->name;
        input->type = found->type.n ? found->type : input->type;
        return;
    }
    const char *all = list_outputs(at->l->a, from);
    if (count > 1)
        FAIL(at, "'%.*s' has several outputs that fit, name one as %.*s.OUTPUT: %s",
             SL_FMT(from->name), SL_FMT(from->name), all);
    else if (input->type.n)
        FAIL(at, "expected an artifact of type %.*s, '%.*s' gives %s", SL_FMT(input->type),
             SL_FMT(from->name), all);
    else
        FAIL(at, "the step '%.*s' has no output", SL_FMT(from->name));
}

static void check_source(const struct place *at, struct spec_input *input)
{
    if (input->source == SPEC_SOURCE_LATEST_BLESSED) {
        if (input->type.n && !sl_str_is(input->type, "Model"))
            FAIL(at, "expected an artifact of type %.*s, the latest blessed one is a Model",
                 SL_FMT(input->type));
        input->type = SL_STR("Model");
        return;
    }
    if (!input->from.n)
        return; /* told when it was read */
    struct sl_str rest = input->from, name;
    sl_str_split(&rest, '.', &name);
    size_t index = find_before(at, name);
    if (index == at->p->n_steps)
        return;
    const struct spec_step *from = &at->p->steps[index];
    input->step = index;
    if (from->component_name.n && !from->component)
        return; /* an unknown component has unknown outputs */
    input->output = rest.p ? rest : (struct sl_str){NULL, 0};
    if (rest.p)
        check_output(at, input, from);
    else
        infer_output(at, input, from);
}

static void check_port(const struct place *at, struct spec_input *input)
{
    const struct catalog_component *c = at->step->component;
    const struct catalog_port *port = c ? catalog_input(c, input->name) : NULL;
    if (port) {
        input->type = sl_str(port->type);
        input->optional = port->optional;
    } else if (c) {
        size_t n = 0;
        while (c->inputs && c->inputs[n].name)
            n++;
        struct sl_str *names = SL_ARENA_ARRAY(at->l->a, struct sl_str, n);
        for (size_t i = 0; i < n; i++)
            names[i] = sl_str(c->inputs[i].name);
        FAIL(at, "%s has no input '%.*s'%s", c->name, SL_FMT(input->name),
             diag_did_you_mean(at->l->a, input->name, names, n));
    }
}

static bool has_input(const struct spec_step *step, const char *name)
{
    for (size_t i = 0; i < step->n_inputs; i++)
        if (sl_str_is(step->inputs[i].name, name))
            return true;
    return false;
}

static void check_step(struct diag_list *l, struct spec_pipeline *p, struct spec_step *step)
{
    struct sl_str inputs = manifest_path(l->a, step->path, SL_STR("inputs"));
    for (size_t i = 0; i < step->n_inputs; i++) {
        struct spec_input *input = &step->inputs[i];
        struct place at = {l, p, step, manifest_path(l->a, inputs, input->name), input->line};
        check_port(&at, input);
        check_source(&at, input);
    }
    const struct catalog_port *port = step->component ? step->component->inputs : NULL;
    for (; port && port->name; port++)
        if (!port->optional && !has_input(step, port->name))
            diag_add(l, DIAG_ERROR, step->line, manifest_path(l->a, inputs, sl_str(port->name)),
                     "%s needs this input (%s)", step->component->name,
                     port->type ? port->type : "any type");
    for (size_t i = 0; i < step->after.n; i++) {
        struct place at = {l, p, step,
                           sl_arena_format(l->a, "%.*s.after[%zu]", SL_FMT(step->path), i),
                           step->line};
        find_before(&at, step->after.p[i]);
    }
}

void validate_inputs(struct diag_list *l, struct spec_pipeline *p)
{
    for (size_t i = 0; i < p->n_steps; i++)
        check_step(l, p, &p->steps[i]);
}
