#include "core/pipeline/manifest_impl.h"

static const char *const type_names[] = {
    [SPEC_STRING] = "string", [SPEC_INT] = "int",   [SPEC_DOUBLE] = "double",
    [SPEC_BOOL] = "bool",     [SPEC_LIST] = "list", [SPEC_OBJECT] = "object",
};

const char *spec_type_name(enum spec_type type)
{
    return type_names[type];
}

const struct spec_step *spec_find_step(const struct spec_pipeline *p, struct sl_str name)
{
    for (size_t i = 0; i < p->n_steps; i++)
        if (sl_str_eq(p->steps[i].name, name))
            return &p->steps[i];
    return NULL;
}

const struct spec_param *spec_find_param(const struct spec_pipeline *p, struct sl_str name)
{
    for (size_t i = 0; i < p->n_params; i++)
        if (sl_str_eq(p->params[i].name, name))
            return &p->params[i];
    return NULL;
}

bool spec_type_fits(enum spec_type type, const struct json *v)
{
    switch (type) {
    case SPEC_STRING:
        return v->type == JSON_STRING;
    case SPEC_INT:
        return json_is_integer(v);
    case SPEC_DOUBLE:
        return v->type == JSON_NUMBER;
    case SPEC_BOOL:
        return v->type == JSON_BOOL;
    case SPEC_LIST:
        return v->type == JSON_ARRAY;
    case SPEC_OBJECT:
        return v->type == JSON_OBJECT;
    }
    return false;
}

static bool is_choice(const struct json *choices, const struct json *v)
{
    for (size_t i = 0; i < choices->n; i++)
        if (json_equal(choices->items[i], v))
            return true;
    return false;
}

bool spec_check_param(struct diag_list *l, const struct spec_param *param, const struct json *v,
                      struct sl_str path)
{
    if (!spec_type_fits(param->type, v)) {
        const char *got = v->type == JSON_NUMBER && param->type == SPEC_INT
                              ? "a fraction"
                              : json_type_name(v->type);
        diag_add(l, DIAG_ERROR, v->line, path, "expected %s, got %s%s", type_names[param->type],
                 got, v->type != JSON_STRING && param->type == SPEC_STRING ? "; quote it" : "");
        return false;
    }
    if (!param->choices || is_choice(param->choices, v))
        return true;
    SL_AUTOBUF(text, 0);
    json_format(param->choices, JSON_COMPACT, &text);
    diag_add(l, DIAG_ERROR, v->line, path, "expected one of %s", text.p);
    return false;
}

static struct sl_str *param_names(struct sl_arena *a, const struct spec_pipeline *p)
{
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, p->n_params);
    for (size_t i = 0; i < p->n_params; i++)
        names[i] = p->params[i].name;
    return names;
}

static void refuse_unknown(struct diag_list *l, const struct spec_pipeline *p,
                           const struct json *given, struct sl_str path)
{
    for (size_t i = 0; given && i < given->n; i++) {
        struct sl_str key = given->members[i].key;
        if (!spec_find_param(p, key))
            diag_add(l, DIAG_ERROR, given->members[i].value->line,
                     sl_arena_format(l->a, "%.*s.%.*s", SL_FMT(path), SL_FMT(key)),
                     "the pipeline has no parameter '%.*s'%s", SL_FMT(key),
                     diag_did_you_mean(l->a, key, param_names(l->a, p), p->n_params));
    }
}

struct json *spec_resolve_known(struct diag_list *l, const struct spec_pipeline *p,
                                const struct json *given, struct sl_str path, bool all)
{
    struct json *resolved = json_new_object(l->a);
    refuse_unknown(l, p, given, path);
    for (size_t i = 0; i < p->n_params; i++) {
        const struct spec_param *param = &p->params[i];
        if (!param->name.n)
            continue; /* told when it was read */
        const struct json *v = json_get_str(given, param->name);
        struct sl_str at = sl_arena_format(l->a, "%.*s.%.*s", SL_FMT(path), SL_FMT(param->name));
        if (v && !spec_check_param(l, param, v, at))
            continue;
        if (!v && !param->otherwise) {
            if (!all)
                continue;
            diag_add(l, DIAG_ERROR, given ? given->line : 0, at,
                     "the parameter has no default and is not given (%s, %.*s:%d)",
                     type_names[param->type], SL_FMT(p->file), param->line);
            continue;
        }
        json_set_str(l->a, resolved, param->name, json_copy(l->a, v ? v : param->otherwise));
    }
    return resolved;
}

struct json *spec_resolve_params(struct diag_list *l, const struct spec_pipeline *p,
                                 const struct json *given, struct sl_str path)
{
    return spec_resolve_known(l, p, given, path, true);
}

/* Text as the value of a type; NULL when it is none. */
static struct json *parse_value(struct sl_arena *a, enum spec_type type, struct sl_str text)
{
    if (type == SPEC_STRING)
        return json_new_string(a, sl_arena_str(a, text));
    struct json *v;
    struct sl_err *err SL_AUTOERR = json_parse(a, text, &v);
    return err || !spec_type_fits(type, v) ? NULL : v;
}

struct json *spec_parse_param(struct diag_list *l, const struct spec_pipeline *p,
                              struct sl_str name, struct sl_str text)
{
    struct sl_str path = sl_arena_format(l->a, "parameter '%.*s'", SL_FMT(name));
    const struct spec_param *param = spec_find_param(p, name);
    if (!param) {
        diag_add(l, DIAG_ERROR, 0, path, "the pipeline has no such parameter%s",
                 diag_did_you_mean(l->a, name, param_names(l->a, p), p->n_params));
        return NULL;
    }
    struct json *v = parse_value(l->a, param->type, text);
    if (!v) {
        diag_add(l, DIAG_ERROR, 0, path, "'%.*s' is no %s", SL_FMT(text), type_names[param->type]);
        return NULL;
    }
    return spec_check_param(l, param, v, path) ? v : NULL;
}
