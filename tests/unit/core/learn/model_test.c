#include "core/learn/model.h"

#include "codec/safetensors.h"
#include "core/learn/net.h"
#include "core/learn/transform.h"
#include "tests/support/test.h"

#include <math.h>

/* x, 2 where it is missing; s as an id: a 0, b 1, anything else 2, missing 3. */
#define TRANSFORM                                                                              \
    "{\"version\":1,\"target\":\"dense\",\"label\":{\"name\":\"y\",\"expr\":\"s == 'a'\","     \
    "\"task\":\"binary\",\"classes\":[\"no\",\"yes\"]},\"labelColumns\":[{\"name\":\"s\","     \
    "\"type\":\"string\"}],\"columns\":[{\"name\":\"x\",\"type\":\"double\"},{\"name\":\"s\"," \
    "\"type\":\"string\"}],\"nodes\":[{\"op\":\"column\",\"column\":\"x\"},{\"op\":\"fill\","  \
    "\"of\":[0],\"value\":2},{\"op\":\"column\",\"column\":\"s\"},{\"op\":\"vocabulary\","     \
    "\"of\":[2],\"vocabulary\":\"vocab/0.txt\",\"oov\":1}],\"outputs\":[{\"name\":\"x\","      \
    "\"node\":1,\"type\":\"float\",\"mayMiss\":false,\"portable\":true},{\"name\":\"s\","      \
    "\"node\":3,\"type\":\"id\",\"size\":4,\"ordered\":false,\"encoding\":\"auto\","           \
    "\"portable\":true}],\"excluded\":[],\"features\":[]}"

#define DOCUMENT                                                                          \
    "{\"version\":1,\"family\":\"linear\",\"task\":\"binary\",\"label\":{\"name\":\"y\"," \
    "\"classes\":[\"no\",\"yes\"]},\"threshold\":0.25,\"features\":[{\"name\":\"x\","     \
    "\"kind\":\"float\"},{\"name\":\"s\",\"kind\":\"one_hot\",\"vocab_size\":4}],"        \
    "\"network\":{\"hidden\":[]},\"portable\":true,\"schema_digest\":\"d1\",\"training\":{}}"

/* z = 2 x - 5 + (0.5, -0.5, 4, 9) by s. */
static struct sl_str weights(struct sl_arena *a)
{
    static const float table[] = {0.5f, -0.5f, 4, 9}, w[] = {2}, b[] = {-5};
    struct safetensor t[] = {
        safetensors_make(SL_STR("one_hot.s"), SAFETENSORS_F32, 4, 1, table),
        safetensors_make(SL_STR("layer.0.weight"), SAFETENSORS_F32, 1, 1, w),
        safetensors_make(SL_STR("layer.0.bias"), SAFETENSORS_F32, 1, 0, b),
    };
    struct safetensors s = {.tensors = t, .n = 3};
    SL_AUTOBUF(bytes, 0);
    safetensors_encode(&s, &bytes);
    return sl_arena_str(a, sl_buf_str(&bytes));
}

static struct sl_err *load(struct sl_arena *a, const char *document, struct sl_str bytes,
                           const struct model **ret)
{
    const struct model_file files[] = {
        {SL_STR("transform/vocab/0.txt"), SL_STR("a\nb\n")},
        {SL_STR("model.json"), sl_str(document)},
        {SL_STR("weights.safetensors"), bytes},
        {SL_STR("transform/transform.json"), SL_STR(TRANSFORM)},
    };
    return model_load(a, files, SL_COUNTOF(files), ret);
}

static struct table raw_rows(struct sl_arena *a)
{
    static const double x[] = {1, 0, 3};
    static const uint8_t has_x[] = {5};
    static const uint32_t codes[] = {0, 1, 2};
    static const struct sl_str dict[] = {SL_STR("a"), SL_STR("b"), SL_STR("zebra")};
    const struct column columns[] = {
        {.name = SL_STR("s"),
         .type = COLUMN_STRING,
         .n = 3,
         .codes = codes,
         .dict = dict,
         .dict_n = 3},
        {.name = SL_STR("x"), .type = COLUMN_DOUBLE, .n = 3, .f64 = x, .valid = has_x},
    };
    return (struct table){
        .columns = sl_arena_copy(a, columns, sizeof columns), .n_columns = 2, .n_rows = 3};
}

static void test_model__predicts_raw_rows(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct model *m;
    struct predictions p;
    assert_ok(load(a, DOCUMENT, weights(a), &m));
    assert_int_equal(m->task, MODEL_BINARY);
    assert_int_equal(m->family, MODEL_LINEAR);
    assert_str(m->label, "y");
    assert_str(m->classes[1], "yes");
    assert_str(m->schema_digest, "d1");
    struct table raw = raw_rows(a);
    assert_ok(model_predict_raw(a, m, &raw, &p));
    assert_int_equal(p.n_rows, 3);
    const double z[] = {2 - 5 + 0.5, 4 - 5 - 0.5, 6 - 5 + 4};
    for (size_t i = 0; i < 3; i++)
        assert_float_equal(p.scores[i], 1 / (1 + exp(-z[i])), 1e-6);
    assert_int_equal(model_class(m, &p, 0), 0); /* 0.08 */
    assert_int_equal(model_class(m, &p, 1), 0); /* 0.18 */
    assert_int_equal(model_class(m, &p, 2), 1);
    p.scores[0] = 0.25f; /* the threshold itself is yes */
    assert_int_equal(model_class(m, &p, 0), 1);
    raw.n_columns = 1;
    assert_err(model_predict_raw(a, m, &raw, &p), INVALID, "'x'");
}

/* What is written is read as the same model, and written as the same bytes. */
static void test_model__formats_what_it_reads(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct model *m, *again;
    assert_ok(load(a, DOCUMENT, weights(a), &m));
    SL_AUTOBUF(document, 0);
    SL_AUTOBUF(bytes, 0);
    model_format(m, &document);
    model_format_weights(m, &bytes);
    assert_true(sl_str_eq(sl_buf_str(&bytes), weights(a)));
    assert_ok(load(a, sl_buf_str(&document).p, sl_buf_str(&bytes), &again));
    SL_AUTOBUF(second, 0);
    model_format(again, &second);
    assert_string_equal(sl_buf_str(&document).p, sl_buf_str(&second).p);
    struct json *doc;
    assert_ok(json_parse(a, sl_buf_str(&document), &doc));
    const struct json *signature = json_get(doc, "signature");
    const struct json *inputs = json_get(signature, "inputs");
    assert_int_equal(inputs->n, 2);
    assert_str(json_get_string(inputs->items[0], "name", SL_STR("")), "x");
    assert_str(json_get_string(inputs->items[0], "type", SL_STR("")), "double");
    assert_str(json_get_string(inputs->items[1], "type", SL_STR("")), "string");
    const struct json *outputs = json_get(signature, "outputs");
    assert_str(json_get_string(outputs->items[0], "name", SL_STR("")), "probability");
    assert_str(json_get_string(outputs->items[1], "name", SL_STR("")), "class");
}

static void test_model__argmax_takes_the_first_of_equals(void **state)
{
    (void)state;
    float scores[] = {0.2f, 0.4f, 0.4f, 0.5f, 0.3f, 0.2f};
    const struct model m = {.task = MODEL_MULTICLASS, .n_outputs = 3};
    const struct predictions p = {.n_rows = 2, .n_outputs = 3, .scores = scores};
    assert_int_equal(model_class(&m, &p, 0), 1);
    assert_int_equal(model_class(&m, &p, 1), 0);
}

/* DOCUMENT with one piece of text replaced by another. */
static void refused(const char *from, const char *to, const char *part)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(text, 0);
    const char *at = strstr(DOCUMENT, from);
    assert_non_null(at);
    sl_buf_add(&text, DOCUMENT, (size_t)(at - DOCUMENT));
    sl_buf_add_cstr(&text, to);
    sl_buf_add_cstr(&text, at + strlen(from));
    const struct model *m;
    struct sl_err *err = load(a, sl_buf_str(&text).p, weights(a), &m);
    if (!err)
        fail_msg("%s: accepted", to);
    SL_AUTOBUF(message, 0);
    sl_err_format(err, &message);
    enum sl_err_kind kind = err->kind;
    sl_err_free(err);
    if (!strstr(sl_buf_str(&message).p, part))
        fail_msg("'%s' does not contain '%s'", sl_buf_str(&message).p, part);
    assert_true(kind == SL_ERR_INVALID || kind == SL_ERR_CORRUPT);
}

static void test_model__hostile_documents(void **state)
{
    (void)state;
    refused("\"version\":1", "\"version\":2", "knows 1, got 2");
    refused("linear", "svm", "family");
    refused("binary", "ranking", "task");
    refused("[\"no\",\"yes\"]", "[\"no\"]", "label.classes");
    refused("[\"no\",\"yes\"]", "[\"no\",1]", "label.classes[1]");
    refused("one_hot", "onehot", "features[1]: kind");
    refused("one_hot", "ordinal", "reads no ordinals");
    refused("one_hot", "embedding", "features[1]: dim");
    refused("\"vocab_size\":4", "\"vocab_size\":5", "expected 5 x F32, got 4");
    refused("\"vocab_size\":4", "\"vocab_size\":2000000000", "parameters");
    refused("\"vocab_size\":4", "\"vocab_size\":-1", "vocab_size");
    refused("\"hidden\":[]", "\"hidden\":[7]", "tensor");
    refused("\"hidden\":[]", "\"hidden\":[0.5]", "network.hidden[0]");
    refused("\"hidden\":[]", "\"hidden\":7", "network.hidden");
    refused("\"network\"", "\"forest\"", "network.hidden");
    refused("linear", "gbdt", "no forest");
    refused("\"name\":\"x\"", "\"name\":\"z\"", "the transform has no output 'z'");
    refused("\"name\":\"x\",\"kind\":\"float\"", "\"name\":\"s\",\"kind\":\"float\"",
            "feature 's'");
    refused("{\"version\"", "{{\"version\"", "model.json");
}

static void test_model__absent_files(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const struct model *m;
    const struct model_file files[] = {{SL_STR("model.json"), SL_STR(DOCUMENT)},
                                       {SL_STR("weights.safetensors"), weights(a)}};
    assert_err(model_load(a, files, 0, &m), INVALID, "'model.json' is absent");
    assert_err(model_load(a, files, 1, &m), INVALID, "'weights.safetensors' is absent");
    assert_err(model_load(a, files, 2, &m), INVALID, "'transform/transform.json' is absent");
    assert_true(model_wants_file(SL_STR("transform/vocab/3.txt")));
    assert_false(model_wants_file(SL_STR("model.onnx")));
    assert_false(model_wants_file(SL_STR("checkpoint/state.safetensors")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__predicts_raw_rows),
        cmocka_unit_test(test_model__formats_what_it_reads),
        cmocka_unit_test(test_model__argmax_takes_the_first_of_equals),
        cmocka_unit_test(test_model__hostile_documents),
        cmocka_unit_test(test_model__absent_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
