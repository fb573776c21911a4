#include "tests/support/test.h"

#include "core/pipeline/reference.h"

/* ---- parsing ----------------------------------------------------------------------------------
 */

static void test_reference_parse__every_form(void **state SL_UNUSED)
{
    static const struct {
        const char *text;
        enum reference_kind kind;
        const char *step, *name, *key;
    } cases[] = {
        {"params.data", REFERENCE_PARAM, "", "data", ""},
        {" params.data ", REFERENCE_PARAM, "", "data", ""},
        {"run.name", REFERENCE_RUN, "", "name", ""},
        {"run.outcome", REFERENCE_RUN, "", "outcome", ""},
        {"inputs.model.path", REFERENCE_INPUT, "", "model", "path"},
        {"inputs.model.metrics.auc", REFERENCE_INPUT, "", "model", "metrics.auc"},
        {"outputs.html.uri", REFERENCE_OUTPUT, "", "html", "uri"},
        {"steps.train-dnn.outcome", REFERENCE_STEP_OUTCOME, "train-dnn", "", ""},
        {"steps.a.values.auc", REFERENCE_STEP_VALUE, "a", "", "auc"},
        {"steps.a.values.outcome", REFERENCE_STEP_VALUE, "a", "", "outcome"},
        {"steps.a.outputs.b.c.d", REFERENCE_STEP_OUTPUT, "a", "b", "c.d"},
    };
    SL_AUTOARENA(a);
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct reference r;
        assert_ok(reference_parse(a, sl_str(cases[i].text), &r));
        assert_int_equal(r.kind, cases[i].kind);
        assert_str(r.step, cases[i].step);
        assert_str(r.name, cases[i].name);
        assert_str(r.key, cases[i].key);
    }
}

static void test_reference_parse__what_is_none(void **state SL_UNUSED)
{
    static const char *const cases[] = {
        "",         "params",        "params.",           "param.x",        "run.",
        "run.x",    "inputs.x",      "inputs.x.",         "inputs..path",   "outputs.x.y",
        "steps.a",  "steps.a.",      "steps..outcome",    "steps.a.values", "steps.a.outputs.b",
        "$(run.x)", "steps.a.state", "steps.a.outcome.x",
    };
    SL_AUTOARENA(a);
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct reference r;
        assert_err(reference_parse(a, sl_str(cases[i]), &r), INVALID, "");
    }
}

/* ---- trees ------------------------------------------------------------------------------------
 */

static const struct json *find(void *ctx, const struct reference *r)
{
    const struct json *steps = ctx;
    struct sl_str key = r->kind == REFERENCE_STEP_OUTCOME ? SL_STR("outcome") : r->key;
    return reference_property(json_get_str(steps, r->step), key);
}

static struct json *parse_json(struct sl_arena *a, const char *text)
{
    struct json *v;
    assert_ok(json_parse(a, sl_str(text), &v));
    return v;
}

static struct reference_scope make_scope(struct sl_arena *a)
{
    return (struct reference_scope){
        .params =
            parse_json(a, "{\"s\": \"text\", \"evil\": \"$(params.s)\", \"n\": 3, \"d\": 0.5, "
                          "\"b\": true, \"l\": [1, \"x\"], \"o\": {\"k\": null}, \"empty\": \"\"}"),
        .run_name = SL_STR("taxi-7"),
        .run_uid = SL_STR("u1"),
        .run_namespace = SL_STR("default"),
        .find = find,
        .ctx = parse_json(a, "{\"eval\": {\"outcome\": \"succeeded\", \"blessed\": true, "
                             "\"metrics\": {\"auc\": 0.75}, \"a.b\": 1, \"nothing\": null}}"),
    };
}

static struct sl_err *expand(struct sl_arena *a, const char *text, struct sl_str *ret)
{
    struct diag_list l;
    struct json *v;
    SL_AUTOBUF(b, 0);
    struct reference_scope scope = make_scope(a);
    diag_list_init(&l, a, SL_STR(""));
    struct reference_tree *t = reference_tree_parse(&l, parse_json(a, text), SL_STR("p"));
    SL_TRY(diag_to_err(&l));
    SL_TRY(reference_tree_expand(a, t, &scope, &v));
    json_format(v, JSON_COMPACT, &b);
    *ret = sl_arena_str(a, sl_buf_str(&b));
    return NULL;
}

static void test_reference_tree__expands_once_and_keeps_types(void **state SL_UNUSED)
{
    static const char *const cases[][2] = {
        {"\"plain\"", "\"plain\""},
        {"\"$(params.n)\"", "3"},
        {"\"$( params.n )\"", "3"},
        {"\" $(params.n)\"", "\" 3\""},
        {"\"$(params.d)-$(params.b)-$(params.s)\"", "\"0.5-true-text\""},
        {"\"$(params.l)\"", "[1,\"x\"]"},
        {"\"x$(params.l)\"", "\"x[1,\\\"x\\\"]\""},
        {"\"$(params.o)\"", "{\"k\":null}"},
        {"\"$(params.evil)\"", "\"$(params.s)\""}, /* never scanned again */
        {"\"$(params.evil)!\"", "\"$(params.s)!\""},
        {"\"$$(params.s)\"", "\"$(params.s)\""},
        {"\"$$(a)$(params.n)$$(b)\"", "\"$(a)3$(b)\""},
        {"\"$\"", "\"$\""},
        {"\"$$\"", "\"$$\""},
        {"\"a$b (c)\"", "\"a$b (c)\""},
        {"\"$(run.namespace)/$(run.name)/$(run.uid)\"", "\"default/taxi-7/u1\""},
        {"[1, \"$(params.n)\", {\"k\": \"$(params.s)\"}]", "[1,3,{\"k\":\"text\"}]"},
        {"{\"$(params.n)\": 1}", "{\"$(params.n)\":1}"}, /* keys are no place for references */
        {"\"$(steps.eval.outputs.x.metrics.auc)\"", "0.75"},
        {"\"$(steps.eval.outputs.x.a.b)\"", "1"},
        {"\"$(steps.eval.outcome)\"", "\"succeeded\""},
        {"null", "null"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        SL_AUTOARENA(a);
        struct sl_str got;
        assert_ok(expand(a, cases[i][0], &got));
        assert_str(got, cases[i][1]);
    }
}

static void test_reference_tree_parse_words__everything_becomes_text(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(b, 0);
    struct diag_list l;
    struct json *v;
    struct reference_scope scope = make_scope(a);
    diag_list_init(&l, a, SL_STR(""));
    struct json *words = parse_json(
        a, "[\"$(params.n)\", \"$(params.b)\", {\"value\": \"$(params.l)\"}, \"$(params.s)\"]");
    assert_ok(
        reference_tree_expand(a, reference_tree_parse_words(&l, words, SL_STR("p")), &scope, &v));
    json_format(v, JSON_COMPACT, &b);
    assert_str(sl_buf_str(&b), "[\"3\",\"true\",{\"value\":\"[1,\\\"x\\\"]\"},\"text\"]");
}

static void test_reference_tree__missing_values_and_bad_references(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    struct sl_str got;
    assert_err(expand(a, "\"$(params.none)\"", &got), INVALID, "$(params.none) has no value");
    assert_err(expand(a, "[\"x$(steps.eval.values.nothing)\"]", &got), INVALID,
               "$(steps.eval.values.nothing) has no value");
    assert_err(expand(a, "\"$(run.outcome)\"", &got), INVALID, "has no value");
    assert_err(expand(a, "{\"a\": [\"$(x)\"], \"b\": \"$(y\"}", &got), INVALID,
               "p.a[0]: there is no reference 'x'");
    assert_err(expand(a, "{\"a\": [\"$(x)\"], \"b\": \"$(y\"}", &got), INVALID,
               "p.b: the reference '$(y' has no end");
}

static void note(void *ctx, const struct reference *r, int line SL_UNUSED, struct sl_str path)
{
    sl_buf_format(ctx, "%.*s=%.*s;", SL_FMT(path), SL_FMT(r->text));
}

static void test_reference_tree_visit__paths(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(b, 0);
    struct diag_list l;
    diag_list_init(&l, a, SL_STR(""));
    struct json *v = parse_json(
        a, "{\"a\": [1, \"x$(params.p)y$(run.name)\"], \"b\": {\"c\": \"$(params.q)\"}}");
    reference_tree_visit(reference_tree_parse(&l, v, SL_STR("p")), SL_STR("p"), note, &b, a);
    assert_str(sl_buf_str(&b), "p.a[1]=params.p;p.a[1]=run.name;p.b.c=params.q;");
}

/* ---- when -------------------------------------------------------------------------------------
 */

static void test_reference_eval_when__truth(void **state SL_UNUSED)
{
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"$(steps.eval.outputs.x.blessed)", true},
        {"!$(steps.eval.outputs.x.blessed)", false},
        {"$(steps.eval.outputs.x.nothing)", false},
        {"!$(steps.eval.outputs.x.nothing)", false}, /* null stays null */
        {"$(steps.other.outputs.x.blessed)", false},
        {"$(steps.eval.outcome) == 'succeeded' && $(params.n) >= 3", true},
        {"steps.eval.outcome in ['failed', 'timed_out']", false},
        {"$(steps.eval.values.metrics.auc) > 0.7", true},
        {"is_null($(params.empty))", true},
        {"$(params.s) + '!' == 'text!'", true},
        {"$(params.n) / 2 == 1.5", true},
        {"true", true},
        {"null", false},
        {"$(run.name) != run.uid", true},
        {"is_null($(params.l))", true}, /* no single value */
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        SL_AUTOARENA(a);
        struct expr *e;
        bool holds = !cases[i].holds;
        struct reference_scope scope = make_scope(a);
        assert_ok(expr_parse(a, sl_str(cases[i].text), &e));
        assert_ok(reference_eval_when(a, e, &scope, &holds));
        if (holds != cases[i].holds)
            fail_msg("%s: expected %d", cases[i].text, cases[i].holds);
    }
}

static void test_reference_eval_when__errors(void **state SL_UNUSED)
{
    static const char *const cases[][2] = {
        {"$(params.n)", "expected bool, got int"},
        {"$(params.n) == $(params.s)", "cannot compare int and string"},
        {"nothing", "there is no 'nothing'"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        SL_AUTOARENA(a);
        struct expr *e;
        bool holds;
        struct reference_scope scope = make_scope(a);
        assert_ok(expr_parse(a, sl_str(cases[i][0]), &e));
        assert_err(reference_eval_when(a, e, &scope, &holds), INVALID, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_parse__every_form),
        cmocka_unit_test(test_reference_parse__what_is_none),
        cmocka_unit_test(test_reference_tree__expands_once_and_keeps_types),
        cmocka_unit_test(test_reference_tree_parse_words__everything_becomes_text),
        cmocka_unit_test(test_reference_tree__missing_values_and_bad_references),
        cmocka_unit_test(test_reference_tree_visit__paths),
        cmocka_unit_test(test_reference_eval_when__truth),
        cmocka_unit_test(test_reference_eval_when__errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
