/* A Model artifact from outside: model.json, then behind a form feed weights.safetensors. The
 * transform is a good one. What is accepted predicts and is written. */
#include "core/learn/model.h"

#include <stdint.h>

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

static void use(struct sl_arena *a, const struct model *m)
{
    static const double x[] = {1, 0, 3};
    static const uint32_t codes[] = {0, 1, 2};
    static const struct sl_str dict[] = {SL_STR("a"), SL_STR("b"), SL_STR("zebra")};
    struct column columns[] = {
        {.name = SL_STR("s"),
         .type = COLUMN_STRING,
         .n = 3,
         .codes = codes,
         .dict = dict,
         .dict_n = 3},
        {.name = SL_STR("x"), .type = COLUMN_DOUBLE, .n = 3, .f64 = x},
    };
    const struct table raw = {.columns = columns, .n_columns = 2, .n_rows = 3};
    struct predictions p;
    struct sl_err *err = model_predict_raw(a, m, &raw, &p);
    if (!err && m->task != MODEL_REGRESSION)
        model_class(m, &p, 0);
    sl_err_free(err);
    SL_AUTOBUF(document, 0);
    SL_AUTOBUF(weights, 0);
    model_format(m, &document);
    model_format_weights(m, &weights);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTOARENA(a);
    struct sl_str weights = sl_strn((const char *)data, size), document;
    sl_str_split(&weights, '\f', &document);
    const struct model_file files[] = {
        {SL_STR("model.json"), document},
        {SL_STR("weights.safetensors"), weights},
        {SL_STR("transform/transform.json"), SL_STR(TRANSFORM)},
        {SL_STR("transform/vocab/0.txt"), SL_STR("a\nb\n")},
    };
    const struct model *m;
    struct sl_err *err = model_load(a, files, SL_COUNTOF(files), &m);
    if (!err)
        use(a, m);
    sl_err_free(err);
    return 0;
}
