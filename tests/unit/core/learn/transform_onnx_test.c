/* The shape of the exported graph; that it computes the same is transform_onnx_test.py's. */
#include "core/learn/transform_onnx.h"

#include "transform_fixture.h"

#include <onnx.pb-c.h>

static struct table sample(struct sl_arena *a)
{
    static const double x[] = {1, 2, NAN, 4};
    static const char *const s[] = {"a", "b", NULL, "a"};
    static const double label[] = {0, 1, 0, 1};
    struct column *c = SL_ARENA_ARRAY(a, struct column, 4);
    c[0] = numbers(a, "x", x, 4);
    c[1] = texts(a, "s", s, 4);
    c[2] = whole(a, "t", COLUMN_TIMESTAMP, x, 4);
    c[3] = whole(a, "label", COLUMN_INT64, label, 4);
    return table_of(c, 4);
}

static Onnx__ModelProto *exported(struct sl_arena *a, const char *features, onnx_value *values)
{
    struct table rows = sample(a);
    struct transform *t = make(a, features, &rows, TRANSFORM_TREES);
    struct onnx *g = onnx_new(a, "transform");
    transform_to_onnx(g, t, values);
    for (size_t i = 0; i < t->n_outputs; i++) {
        char name[16];
        int n = snprintf(name, sizeof(name), "out%zu", i);
        onnx_output(g, values[i], sl_strn(name, (size_t)n),
                    t->outputs[i].is_id ? ONNX_INT64 : ONNX_FLOAT, (int64_t[]){-1, 1}, 2);
    }
    SL_AUTOBUF(b, 0);
    onnx_serialise(g, &b);
    Onnx__ModelProto *m = onnx__model_proto__unpack(NULL, b.n, (const uint8_t *)b.p);
    assert_non_null(m);
    return m;
}

/* A number of a version of an operator set; 0: it is not imported. */
static int64_t opset(const Onnx__ModelProto *m, const char *domain)
{
    for (size_t i = 0; i < m->n_opset_import; i++)
        if (strcmp(m->opset_import[i]->domain, domain) == 0)
            return m->opset_import[i]->version;
    return 0;
}

static void test_transform_to_onnx__inputs_are_what_is_read(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    onnx_value v[2];
    Onnx__ModelProto *m = exported(
        a, "[{'column': 'x', 'apply': 'log'}, {'name': 'e', 'expr': 'exp(x) > 1 && s == \\'a\\''}]",
        v);
    assert_int_equal(m->graph->n_input, 2);
    assert_string_equal(m->graph->input[0]->name, "x");
    assert_int_equal(m->graph->input[0]->type->tensor_type->elem_type, ONNX_DOUBLE);
    assert_string_equal(m->graph->input[1]->name, "s");
    assert_int_equal(m->graph->input[1]->type->tensor_type->elem_type, ONNX_STRING);
    assert_int_equal(opset(m, ""), 17);
    assert_int_equal(opset(m, "ai.onnx.ml"), 3);
    assert_int_equal(m->ir_version, 8);
    onnx__model_proto__free_unpacked(m, NULL);
}

static void test_transform_to_onnx__what_it_cannot_say_is_an_input(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    onnx_value v[3];
    Onnx__ModelProto *m = exported(a,
                                   "[{'column': 's', 'name': 'length', 'apply': 'textLength'},"
                                   " {'name': 'p', 'expr': 'pow(x, 2)', 'apply': {'bucketize': "
                                   "{'boundaries': [1]}}}, {'column': 't', 'dateParts': ['hour']}]",
                                   v);
    /* Columns that only such outputs read are no inputs. */
    assert_int_equal(m->graph->n_input, 3);
    assert_string_equal(m->graph->input[0]->name, "t");
    assert_string_equal(m->graph->input[1]->name, "feature:length");
    assert_int_equal(m->graph->input[1]->type->tensor_type->elem_type, ONNX_FLOAT);
    assert_string_equal(m->graph->input[2]->name, "feature:p");
    assert_int_equal(m->graph->input[2]->type->tensor_type->elem_type, ONNX_INT64);
    assert_string_equal(v[0], "feature:length");
    onnx__model_proto__free_unpacked(m, NULL);
}

static void test_transform_portable_reasons__names_what_is_missing(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct table rows = sample(a);
    const struct transform *t =
        make(a,
             "['x', {'column': 's', 'apply': 'hash'}, {'column': 's', 'name': 'o', 'apply': "
             "{'vocabulary': "
             "{'oov': 2}}}, {'name': 'l', 'expr': 'length(s)'}, {'cross': ['s', 'o']}]",
             &rows, TRANSFORM_DENSE);
    static const bool portable[] = {true, false, false, false, false};
    for (size_t i = 0; i < t->n_outputs; i++) {
        assert_int_equal(t->outputs[i].portable, portable[i]);
        assert_int_equal(t->outputs[i].reason.n == 0, portable[i]);
    }
    const char *reasons[5];
    transform_portable_reasons(a, t, reasons);
    assert_non_null(strstr(reasons[1], "MurmurHash3"));
    assert_non_null(strstr(reasons[3], "function of text"));
    onnx_value v[5];
    Onnx__ModelProto *m = exported(a, "[{'column': 's', 'apply': 'hash'}]", v);
    assert_int_equal(opset(m, "com.microsoft"), 1);
    onnx__model_proto__free_unpacked(m, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform_to_onnx__inputs_are_what_is_read),
        cmocka_unit_test(test_transform_to_onnx__what_it_cannot_say_is_an_input),
        cmocka_unit_test(test_transform_portable_reasons__names_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
