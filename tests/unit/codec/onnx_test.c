#include "codec/onnx.h"

#include "tests/support/test.h"

#include <onnx.pb-c.h>

static const int64_t column[] = {-1, 1};

static Onnx__ModelProto *unpack(const struct onnx *g, struct sl_buf *b)
{
    onnx_serialise(g, b);
    Onnx__ModelProto *m = onnx__model_proto__unpack(NULL, b->n, (const uint8_t *)b->p);
    assert_non_null(m);
    return m;
}

static void test_onnx__a_graph_is_written_as_it_was_built(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct onnx *g = onnx_new(a, "t");
    onnx_value x = onnx_input(g, SL_STR("speed in knots"), ONNX_DOUBLE, column, 2);
    onnx_value y = onnx_cast(g, onnx_op(g, "Sub", x, onnx_f64(g, 2.5), NULL), ONNX_FLOAT);
    assert_string_equal(onnx_output(g, y, SL_STR("out"), ONNX_FLOAT, column, 2), "out");

    SL_AUTOBUF(b, 0);
    Onnx__ModelProto *m = unpack(g, &b);
    assert_int_equal(m->ir_version, 8);
    assert_int_equal(m->n_opset_import, 1);
    assert_string_equal(m->opset_import[0]->domain, "");
    assert_int_equal(m->opset_import[0]->version, 17);
    assert_int_equal(m->graph->n_input, 1);
    assert_string_equal(m->graph->input[0]->name, "speed in knots");
    const Onnx__TypeProto__Tensor *t = m->graph->input[0]->type->tensor_type;
    assert_int_equal(t->elem_type, 11);
    assert_string_equal(t->shape->dim[0]->dim_param, "N");
    assert_int_equal(t->shape->dim[1]->dim_value, 1);
    assert_int_equal(m->graph->n_node, 3);
    assert_string_equal(m->graph->node[0]->op_type, "Sub");
    assert_string_equal(m->graph->node[0]->input[0], "speed in knots");
    assert_string_equal(m->graph->node[1]->attribute[0]->name, "to");
    assert_int_equal(m->graph->node[1]->attribute[0]->i, 1);
    assert_string_equal(m->graph->node[2]->output[0], "out");
    double half;
    assert_int_equal(m->graph->initializer[0]->raw_data.len, 8);
    memcpy(&half, m->graph->initializer[0]->raw_data.data, 8);
    assert_true(half == 2.5);
    onnx__model_proto__free_unpacked(m, NULL);
}

static void test_onnx__names_never_clash(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct onnx *g = onnx_new(a, "t");
    onnx_value x = onnx_input(g, SL_STR("Neg_0"), ONNX_DOUBLE, column, 2);
    onnx_input(g, SL_STR("out"), ONNX_DOUBLE, column, 2);
    onnx_value y = onnx_op(g, "Neg", x, NULL);
    assert_string_not_equal(y, "Neg_0");
    onnx_value z = onnx_op(g, "Neg", y, NULL);
    assert_string_equal(onnx_output(g, z, SL_STR("out"), ONNX_DOUBLE, column, 2), "out_2");
    assert_string_equal(onnx_output(g, z, SL_STR("out"), ONNX_DOUBLE, column, 2), "out_3");
    onnx_value inner = onnx_output(g, z, sl_str(z), ONNX_DOUBLE, column, 2);
    assert_string_not_equal(inner, z);
}

static void test_onnx__equal_scalars_are_one_initializer(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct onnx *g = onnx_new(a, "t");
    assert_ptr_equal(onnx_f64(g, 1), onnx_f64(g, 1));
    assert_ptr_not_equal(onnx_f64(g, 1), onnx_f32(g, 1));
    assert_ptr_not_equal(onnx_f64(g, 0.0), onnx_f64(g, -0.0));
    assert_ptr_not_equal(onnx_i64(g, 1), onnx_f64(g, 1));
    assert_ptr_not_equal(onnx_i64(g, 0), onnx_bool(g, false));
    assert_ptr_equal(onnx_str(g, SL_STR("a")), onnx_str(g, SL_STR("a")));
    assert_ptr_not_equal(onnx_str(g, SL_STR("a")), onnx_str(g, SL_STR("b")));
}

static void test_onnx__versions_follow_what_is_required(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct onnx *g = onnx_new(a, "t");
    onnx_value x = onnx_input(g, SL_STR("x"), ONNX_STRING, column, 2);
    onnx_value in[] = {x}, id, hash;
    onnx_node(g, ONNX_MICROSOFT, "MurmurHash3", in, 1, &hash, 1);
    onnx_node(g, ONNX_ML, "LabelEncoder", in, 1, &id, 1);
    onnx_require(g, NULL, 20);
    onnx_require(g, "", 18);
    SL_AUTOBUF(b, 0);
    Onnx__ModelProto *m = unpack(g, &b);
    assert_int_equal(m->ir_version, 9);
    assert_int_equal(m->n_opset_import, 3);
    assert_int_equal(m->opset_import[0]->version, 20);
    assert_string_equal(m->opset_import[1]->domain, "ai.onnx.ml");
    assert_int_equal(m->opset_import[1]->version, 3);
    assert_string_equal(m->opset_import[2]->domain, "com.microsoft");
    assert_int_equal(m->opset_import[2]->version, 1);
    onnx__model_proto__free_unpacked(m, NULL);
}

static void test_onnx__attributes_and_tensors(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct onnx *g = onnx_new(a, "t");
    onnx_value x = onnx_input(g, SL_STR("x"), ONNX_STRING, column, 2);
    onnx_op(g, "Op", x, "",
            onnx_const_str(g, (struct sl_str[]){SL_STR("a\0b"), SL_STR("")}, (int64_t[]){2}, 1),
            NULL);
    onnx_attr_string(g, "s", "text");
    onnx_attr_ints(g, "ints", (int64_t[]){-1, 2}, 2);
    onnx_attr_floats(g, "floats", (float[]){1.5f}, 1);
    onnx_attr_strings(g, "strings", (struct sl_str[]){SL_STR("p\0q")}, 1);
    SL_AUTOBUF(b, 0);
    Onnx__ModelProto *m = unpack(g, &b);
    const Onnx__NodeProto *n = m->graph->node[0];
    assert_int_equal(n->n_input, 3);
    assert_string_equal(n->input[1], "");
    assert_int_equal(m->graph->initializer[0]->string_data[0].len, 3);
    assert_int_equal(m->graph->initializer[0]->string_data[1].len, 0);
    static const int types[] = {3, 7, 6, 8};
    assert_int_equal(n->n_attribute, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(n->attribute[i]->type, types[i]);
    assert_int_equal(n->attribute[1]->ints[0], -1);
    assert_int_equal(n->attribute[3]->strings[0].len, 3);
    onnx__model_proto__free_unpacked(m, NULL);
}

static void test_onnx__a_full_buffer_says_so(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct onnx *g = onnx_new(a, "t");
    SL_AUTOBUF(b, 4);
    onnx_serialise(g, &b);
    assert_true(b.overflow);
    assert_int_equal(b.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx__a_graph_is_written_as_it_was_built),
        cmocka_unit_test(test_onnx__names_never_clash),
        cmocka_unit_test(test_onnx__equal_scalars_are_one_initializer),
        cmocka_unit_test(test_onnx__versions_follow_what_is_required),
        cmocka_unit_test(test_onnx__attributes_and_tensors),
        cmocka_unit_test(test_onnx__a_full_buffer_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
