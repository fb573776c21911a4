/* What $(...) and `when` name is there, and may stand where it stands. */
#include "core/pipeline/manifest_impl.h"
#include "core/pipeline/outcome.h"

/* ---- all references of a step -----------------------------------------------------------------
 */

struct visitor {
    struct sl_arena *a;
    void (*visit)(void *ctx, const struct reference *r, int line, struct sl_str path, bool when);
    void *ctx;
    const struct spec_step *step;
};

static void visit_tree(void *ctx, const struct reference *r, int line, struct sl_str path)
{
    const struct visitor *v = ctx;
    v->visit(v->ctx, r, line, path, false);
}

static void visit_name(void *ctx, const struct expr *name)
{
    const struct visitor *v = ctx;
    struct reference r;
    struct sl_err *err SL_AUTOERR = reference_parse(v->a, name->name, &r);
    if (!err)
        v->visit(v->ctx, &r, v->step->when_line, manifest_path(v->a, v->step->path, SL_STR("when")),
                 true);
}

void validate_visit(struct sl_arena *a, const struct spec_step *step,
                    void (*visit)(void *ctx, const struct reference *r, int line,
                                  struct sl_str path, bool when),
                    void *ctx)
{
    struct visitor v = {a, visit, ctx, step};
    reference_tree_visit(step->params, manifest_path(a, step->path, SL_STR("params")), visit_tree,
                         &v, a);
    const struct spec_container *c = step->container;
    if (c) {
        struct sl_str path =
            manifest_path(a, step->path, c->source.n ? SL_STR("script") : SL_STR("container"));
        reference_tree_visit(c->command, manifest_path(a, path, SL_STR("command")), visit_tree, &v,
                             a);
        reference_tree_visit(c->args, manifest_path(a, path, SL_STR("args")), visit_tree, &v, a);
        reference_tree_visit(c->env, manifest_path(a, path, SL_STR("env")), visit_tree, &v, a);
    }
    if (step->when)
        expr_visit_names(step->when, visit_name, &v);
}

/* ---- one reference ----------------------------------------------------------------------------
 */

struct checker {
    struct diag_list *l;
    const struct spec_pipeline *p;
    const struct spec_step *step;
    bool *used_params; /* (p->n_params) */
    const struct reference *r;
    int line;
    struct sl_str path;
};

static void fail(const struct checker *c, const char *fmt, ...) SL_PRINTF(2, 3);
static void fail(const struct checker *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct sl_str message = sl_arena_vformat(c->l->a, fmt, ap);
    va_end(ap);
    diag_add(c->l, DIAG_ERROR, c->line, c->path, "$(%.*s): %.*s", SL_FMT(c->r->text),
             SL_FMT(message));
}

static void check_param(const struct checker *c)
{
    const struct spec_param *param = spec_find_param(c->p, c->r->name);
    if (param) {
        c->used_params[param - c->p->params] = true;
        return;
    }
    struct sl_str *names = SL_ARENA_ARRAY(c->l->a, struct sl_str, c->p->n_params);
    for (size_t i = 0; i < c->p->n_params; i++)
        names[i] = c->p->params[i].name;
    fail(c, "the pipeline has no parameter '%.*s'%s", SL_FMT(c->r->name),
         diag_did_you_mean(c->l->a, c->r->name, names, c->p->n_params));
}

static void check_input(const struct checker *c)
{
    const struct spec_step *step = c->step;
    struct sl_str *names = SL_ARENA_ARRAY(c->l->a, struct sl_str, step->n_inputs);
    bool found = false;
    for (size_t i = 0; i < step->n_inputs; i++) {
        names[i] = step->inputs[i].name;
        found |= sl_str_eq(names[i], c->r->name);
    }
    if (!found)
        fail(c, "the step has no input '%.*s'%s", SL_FMT(c->r->name),
             diag_did_you_mean(c->l->a, c->r->name, names, step->n_inputs));
    else if (sl_str_is(c->r->key, "path") && !step->container)
        fail(c, "only container and script steps have inputs as files; .uri is there for all");
}

static void check_own_output(const struct checker *c)
{
    const struct spec_step *step = c->step;
    struct sl_str *names = SL_ARENA_ARRAY(c->l->a, struct sl_str, step->n_outputs);
    for (size_t i = 0; i < step->n_outputs; i++)
        names[i] = step->outputs[i].name;
    const struct spec_output *o = validate_find_output(step, c->r->name);
    if (!step->container)
        fail(c,
             "only container and script steps refer to their outputs; a component knows its own");
    else if (!o)
        fail(c, "the step declares no output '%.*s'%s", SL_FMT(c->r->name),
             diag_did_you_mean(c->l->a, c->r->name, names, step->n_outputs));
    else if (o->type.n == 0 && sl_str_is(c->r->key, "uri"))
        fail(c, "'%.*s' is a small value: it has a path, and no uri", SL_FMT(c->r->name));
}

static const struct spec_step *check_step(const struct checker *c)
{
    const struct spec_step *step = spec_find_step(c->p, c->r->step);
    if (!step)
        fail(c, "there is no step '%.*s'%s", SL_FMT(c->r->step),
             diag_did_you_mean(c->l->a, c->r->step, validate_step_names(c->l->a, c->p),
                               c->p->n_steps));
    else if (step == c->step)
        fail(c, "the step refers to itself");
    else if (step->on_exit && !c->step->on_exit)
        fail(c, "'%.*s' is an onExit step: it runs after all others", SL_FMT(c->r->step));
    else
        return step;
    return NULL;
}

static void check_step_output(const struct checker *c, const struct spec_step *step)
{
    bool unknown_component = step->component_name.n && !step->component;
    const struct spec_output *o = validate_find_output(step, c->r->name);
    struct sl_str *names = SL_ARENA_ARRAY(c->l->a, struct sl_str, step->n_outputs);
    for (size_t i = 0; i < step->n_outputs; i++)
        names[i] = step->outputs[i].name;
    if (!o && !unknown_component)
        fail(c, "the step '%.*s' has no output '%.*s'%s", SL_FMT(step->name), SL_FMT(c->r->name),
             diag_did_you_mean(c->l->a, c->r->name, names, step->n_outputs));
    else if (o && step->container && o->type.n == 0)
        fail(c, "'%.*s' is a small value; $(steps.%.*s.values.%.*s) reads it", SL_FMT(c->r->name),
             SL_FMT(step->name), SL_FMT(c->r->name));
}

static void check_step_value(const struct checker *c, const struct spec_step *step)
{
    if (!step->container)
        return; /* what a component gives as values is known when it has run */
    const struct spec_output *o = validate_find_output(step, c->r->key);
    struct sl_str *names = SL_ARENA_ARRAY(c->l->a, struct sl_str, step->n_outputs);
    size_t n = 0;
    for (size_t i = 0; i < step->n_outputs; i++)
        if (step->outputs[i].type.n == 0)
            names[n++] = step->outputs[i].name;
    if (!o || o->type.n)
        fail(c, "the step '%.*s' declares no value '%.*s'%s", SL_FMT(step->name), SL_FMT(c->r->key),
             diag_did_you_mean(c->l->a, c->r->key, names, n));
}

static void check_reference(void *ctx, const struct reference *r, int line, struct sl_str path,
                            bool when)
{
    struct checker *c = ctx;
    c->r = r;
    c->line = line;
    c->path = path;
    const struct spec_step *step;
    switch (r->kind) {
    case REFERENCE_PARAM:
        check_param(c);
        break;
    case REFERENCE_RUN:
        if (sl_str_is(r->name, "outcome") && !c->step->on_exit)
            fail(c, "the outcome of a run is known to its onExit steps only");
        break;
    case REFERENCE_INPUT:
    case REFERENCE_OUTPUT:
        if (when)
            fail(c, "`when` is looked at before the step has inputs and outputs; "
                    "$(steps.NAME.outputs.NAME.PROPERTY) is there");
        else if (r->kind == REFERENCE_INPUT)
            check_input(c);
        else
            check_own_output(c);
        break;
    case REFERENCE_STEP_OUTCOME:
    case REFERENCE_STEP_VALUE:
    case REFERENCE_STEP_OUTPUT:
        step = check_step(c);
        if (step && r->kind == REFERENCE_STEP_OUTPUT)
            check_step_output(c, step);
        else if (step && r->kind == REFERENCE_STEP_VALUE)
            check_step_value(c, step);
        break;
    }
}

/* ---- when -------------------------------------------------------------------------------------
 */

static struct sl_err *type_of_value(enum spec_type type, const struct expr *name,
                                    enum expr_type *ret)
{
    static const enum expr_type types[] = {[SPEC_STRING] = EXPR_STRING,
                                           [SPEC_INT] = EXPR_INT,
                                           [SPEC_DOUBLE] = EXPR_DOUBLE,
                                           [SPEC_BOOL] = EXPR_BOOL};
    if (type == SPEC_LIST || type == SPEC_OBJECT)
        return SL_ERR(INVALID, "'%.*s' is a%s %s: expressions are over single values",
                      SL_FMT(name->name), type == SPEC_OBJECT ? "n" : "", spec_type_name(type));
    *ret = types[type];
    return NULL;
}

static enum expr_type type_of_property(const struct spec_step *step, const struct reference *r)
{
    const struct spec_output *o = step ? validate_find_output(step, r->name) : NULL;
    if (sl_str_is(r->key, "uri"))
        return EXPR_STRING;
    bool blessing =
        o && (sl_str_is(o->type, "ModelBlessing") || sl_str_is(o->type, "InfraBlessing"));
    return blessing && sl_str_is(r->key, "blessed") ? EXPR_BOOL : EXPR_ANY;
}

static struct sl_err *type_of_name(void *ctx, const struct expr *name, enum expr_type *ret)
{
    const struct checker *c = ctx;
    struct reference r;
    SL_TRY(reference_parse(c->l->a, name->name, &r));
    const struct spec_param *param = spec_find_param(c->p, r.name);
    const struct spec_step *step = spec_find_step(c->p, r.step);
    const struct spec_output *value = step ? validate_find_output(step, r.key) : NULL;
    *ret = EXPR_ANY;
    switch (r.kind) {
    case REFERENCE_PARAM:
        return param ? type_of_value(param->type, name, ret) : NULL;
    case REFERENCE_STEP_VALUE:
        return value && step->container ? type_of_value(value->value_type, name, ret) : NULL;
    case REFERENCE_RUN:
    case REFERENCE_STEP_OUTCOME:
        *ret = EXPR_STRING;
        return NULL;
    case REFERENCE_STEP_OUTPUT:
        *ret = type_of_property(step, &r);
        return NULL;
    case REFERENCE_INPUT:
    case REFERENCE_OUTPUT:
        break;
    }
    return NULL;
}

static bool names_outcome(const struct checker *c, const struct expr *e)
{
    struct reference r;
    if (e->op != EXPR_NAME)
        return false;
    struct sl_err *err SL_AUTOERR = reference_parse(c->l->a, e->name, &r);
    return !err && (r.kind == REFERENCE_STEP_OUTCOME ||
                    (r.kind == REFERENCE_RUN && sl_str_is(r.name, "outcome")));
}

static void check_outcome_literal(const struct checker *c, const struct expr *e)
{
    if (e->op != EXPR_LITERAL || e->value.type != EXPR_STRING ||
        outcome_parse(e->value.string) != OUTCOME_NONE)
        return;
    struct sl_str names[OUTCOME_COUNT];
    size_t n = 0;
    for (int o = OUTCOME_NONE + 1; o < OUTCOME_COUNT; o++)
        names[n++] = sl_str(outcome_name((enum outcome)o));
    diag_add(c->l, DIAG_ERROR, c->line, c->path, "there is no outcome '%.*s'%s",
             SL_FMT(e->value.string), diag_did_you_mean(c->l->a, e->value.string, names, n));
}

/* `$(steps.s.outcome) == 'suceeded'` would never be true. */
static void check_outcomes(const struct checker *c, const struct expr *e)
{
    bool compares = e->op == EXPR_EQUAL || e->op == EXPR_NOT_EQUAL || e->op == EXPR_IN;
    if (compares && names_outcome(c, e->args[0])) {
        check_outcome_literal(c, e->args[1]);
        for (size_t i = 0; e->op == EXPR_IN && i < e->args[1]->n_args; i++)
            check_outcome_literal(c, e->args[1]->args[i]);
    } else if (compares && names_outcome(c, e->args[1])) {
        check_outcome_literal(c, e->args[0]);
    }
    for (size_t i = 0; i < e->n_args; i++)
        check_outcomes(c, e->args[i]);
}

static void check_when(struct checker *c)
{
    c->line = c->step->when_line;
    c->path = manifest_path(c->l->a, c->step->path, SL_STR("when"));
    enum expr_type type;
    struct sl_err *err SL_AUTOERR = expr_check(c->l->a, c->step->when, type_of_name, c, &type);
    if (err)
        diag_add(c->l, DIAG_ERROR, c->line, c->path, "%s", err->message);
    else if (type != EXPR_BOOL && type != EXPR_ANY)
        diag_add(c->l, DIAG_ERROR, c->line, c->path, "expected bool, '%.*s' is %s",
                 SL_FMT(c->step->when_text), expr_type_name(type));
    check_outcomes(c, c->step->when);
}

void validate_references(struct diag_list *l, const struct spec_pipeline *p)
{
    struct checker c = {.l = l, .p = p};
    c.used_params = SL_ARENA_ARRAY(l->a, bool, p->n_params);
    for (size_t i = 0; i < p->n_steps; i++) {
        c.step = &p->steps[i];
        validate_visit(l->a, c.step, check_reference, &c);
        if (c.step->when)
            check_when(&c);
    }
    for (size_t i = 0; i < p->n_params; i++)
        if (!c.used_params[i] && p->params[i].name.n)
            diag_add(l, DIAG_WARNING, p->params[i].line,
                     sl_arena_format(l->a, "%.*s.parameters[%zu]", SL_FMT(p->path), i),
                     "no step uses the parameter '%.*s'", SL_FMT(p->params[i].name));
}
