#include "core/pipeline/reference.h"

static const struct sl_str scopes[] = {
    {"params", 6}, {"run", 3}, {"inputs", 6}, {"outputs", 7}, {"steps", 5},
};

static struct sl_err *unknown(struct sl_arena *a, struct sl_str text, struct sl_str word,
                              const struct sl_str *words, size_t n, const char *expected)
{
    bool known = false; /* the word is right, what follows is not */
    for (size_t i = 0; i < n; i++)
        known |= sl_str_eq(word, words[i]);
    return SL_ERR(INVALID, "there is no reference '%.*s'%s (expected %s)", SL_FMT(text),
                  known ? "" : diag_did_you_mean(a, word, words, n), expected);
}

static struct sl_err *parse_run(struct sl_arena *a, struct reference *r, struct sl_str rest)
{
    static const struct sl_str names[] = {
        {"name", 4}, {"uid", 3}, {"namespace", 9}, {"outcome", 7}};
    r->kind = REFERENCE_RUN;
    r->name = rest;
    for (size_t i = 0; i < SL_COUNTOF(names); i++)
        if (sl_str_eq(rest, names[i]))
            return NULL;
    return unknown(a, r->text, rest, names, SL_COUNTOF(names),
                   "run.name, run.uid, run.namespace, or run.outcome in onExit");
}

/* NAME.KEY, where KEY may have dots of its own. */
static bool take_name_and_key(struct sl_str rest, struct sl_str *ret_name, struct sl_str *ret_key)
{
    if (!sl_str_split(&rest, '.', ret_name))
        return false;
    *ret_key = rest;
    return ret_name->n && rest.p && rest.n;
}

static struct sl_err *parse_port(struct sl_arena *a, struct reference *r, struct sl_str rest)
{
    bool input = r->kind == REFERENCE_INPUT;
    static const struct sl_str output_keys[] = {{"path", 4}, {"uri", 3}};
    if (!take_name_and_key(rest, &r->name, &r->key))
        return unknown(a, r->text, rest, NULL, 0,
                       input ? "inputs.NAME.path, inputs.NAME.uri or inputs.NAME.PROPERTY"
                             : "outputs.NAME.path or outputs.NAME.uri");
    if (!input && !sl_str_is(r->key, "path") && !sl_str_is(r->key, "uri"))
        return unknown(a, r->text, r->key, output_keys, 2, "outputs.NAME.path or outputs.NAME.uri");
    return NULL;
}

static struct sl_err *parse_step(struct sl_arena *a, struct reference *r, struct sl_str rest)
{
    static const struct sl_str words[] = {{"outcome", 7}, {"values", 6}, {"outputs", 7}};
    static const char *const expected =
        "steps.NAME.outcome, steps.NAME.values.KEY or steps.NAME.outputs.NAME.PROPERTY";
    struct sl_str what;
    if (!take_name_and_key(rest, &r->step, &what))
        return unknown(a, r->text, rest, NULL, 0, expected);
    r->kind = REFERENCE_STEP_OUTCOME;
    if (sl_str_is(what, "outcome"))
        return NULL;
    struct sl_str word;
    rest = what;
    sl_str_split(&rest, '.', &word);
    if (sl_str_is(word, "values") && rest.n) {
        r->kind = REFERENCE_STEP_VALUE;
        r->key = rest;
        return NULL;
    }
    r->kind = REFERENCE_STEP_OUTPUT;
    if (sl_str_is(word, "outputs") && rest.n && take_name_and_key(rest, &r->name, &r->key))
        return NULL;
    return unknown(a, r->text, word, words, SL_COUNTOF(words), expected);
}

struct sl_err *reference_parse(struct sl_arena *a, struct sl_str text, struct reference *ret)
{
    struct reference r = {.text = sl_str_trim(text)};
    struct sl_str rest = r.text, scope;
    sl_str_split(&rest, '.', &scope);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '$' || text.p[i] == '(' || text.p[i] == '\n')
            return SL_ERR(INVALID, "$() takes a reference only, got '%.*s'", SL_FMT(r.text));
    if (sl_str_is(scope, "params") && rest.n) {
        r.kind = REFERENCE_PARAM;
        r.name = rest;
    } else if (sl_str_is(scope, "run") && rest.n) {
        SL_TRY(parse_run(a, &r, rest));
    } else if ((sl_str_is(scope, "inputs") || sl_str_is(scope, "outputs")) && rest.n) {
        r.kind = scope.p[0] == 'i' ? REFERENCE_INPUT : REFERENCE_OUTPUT;
        SL_TRY(parse_port(a, &r, rest));
    } else if (sl_str_is(scope, "steps") && rest.n) {
        SL_TRY(parse_step(a, &r, rest));
    } else {
        return unknown(a, r.text, scope, scopes, SL_COUNTOF(scopes),
                       "params.NAME, run.NAME, inputs.NAME.PROPERTY, outputs.NAME.path or "
                       "steps.NAME.PROPERTY");
    }
    *ret = r;
    return NULL;
}

const struct json *reference_property(const struct json *object, struct sl_str key)
{
    const struct json *v = json_get_str(object, key);
    for (size_t i = 0; !v && i < key.n; i++)
        if (key.p[i] == '.') {
            const struct json *inner = json_get_str(object, sl_strn(key.p, i));
            v = inner ? reference_property(inner, sl_str_skip(key, i + 1)) : NULL;
        }
    return v;
}

static const struct json *find_run(struct sl_arena *a, const struct reference *r,
                                   const struct reference_scope *scope)
{
    struct sl_str s = sl_str_is(r->name, "name")        ? scope->run_name
                      : sl_str_is(r->name, "uid")       ? scope->run_uid
                      : sl_str_is(r->name, "namespace") ? scope->run_namespace
                                                        : scope->run_outcome;
    return s.n ? json_new_string(a, s) : NULL;
}

const struct json *reference_find(struct sl_arena *a, const struct reference *r,
                                  const struct reference_scope *scope)
{
    if (r->kind == REFERENCE_PARAM)
        return json_get_str(scope->params, r->name);
    if (r->kind == REFERENCE_RUN)
        return find_run(a, r, scope);
    return scope->find ? scope->find(scope->ctx, r) : NULL;
}

/* ---- when -------------------------------------------------------------------------------------
 */

struct when_scope {
    struct sl_arena *a;
    const struct reference_scope *scope;
};

static struct expr_value to_value(const struct json *v)
{
    switch (v ? v->type : JSON_NULL) {
    case JSON_BOOL:
        return (struct expr_value){.type = EXPR_BOOL, .boolean = v->boolean};
    case JSON_NUMBER:
        if (json_is_integer(v))
            return (struct expr_value){.type = EXPR_INT, .i64 = (int64_t)v->number};
        return (struct expr_value){.type = EXPR_DOUBLE, .f64 = v->number};
    case JSON_STRING:
        return (struct expr_value){.type = EXPR_STRING, .string = v->string};
    default:
        return (struct expr_value){.type = EXPR_NULL};
    }
}

static bool look_up(void *ctx, struct sl_str name, struct expr_value *ret)
{
    const struct when_scope *w = ctx;
    struct reference r;
    struct sl_err *err SL_AUTOERR = reference_parse(w->a, name, &r);
    if (err)
        return false;
    *ret = to_value(reference_find(w->a, &r, w->scope));
    return true;
}

struct sl_err *reference_eval_when(struct sl_arena *a, const struct expr *when,
                                   const struct reference_scope *scope, bool *ret)
{
    struct when_scope w = {a, scope};
    struct expr_value v;
    SL_TRY(expr_eval(a, when, look_up, &w, &v));
    if (v.type != EXPR_BOOL && v.type != EXPR_NULL)
        return SL_ERR(INVALID, "expected bool, got %s", expr_type_name(v.type));
    *ret = v.type == EXPR_BOOL && v.boolean;
    return NULL;
}
