/* transform.json and vocabularies from outside: a form feed stands between them. What is
 * accepted can be written again and applied. */
#include "core/learn/transform.h"

#include <stdint.h>

static bool read_vocabulary(void *ctx, struct sl_str path, struct sl_str *ret)
{
    (void)path;
    *ret = *(const struct sl_str *)ctx;
    return true;
}

static void use(struct sl_arena *a, const struct transform *t)
{
    SL_AUTOBUF(b, 0);
    transform_format(t, &b);
    struct table none = {.columns = SL_ARENA_ARRAY(a, struct column, t->n_columns),
                         .n_columns = t->n_columns,
                         .n_rows = 1};
    static const int64_t zero[1];
    static const uint8_t missing[1];
    static const struct sl_str dict[] = {{"a", 1}};
    for (size_t i = 0; i < t->n_columns; i++)
        none.columns[i] = (struct column){.name = t->columns[i].name,
                                          .type = t->columns[i].type,
                                          .n = 1,
                                          .valid = i % 2 ? missing : NULL,
                                          .i64 = zero,
                                          .dict = dict,
                                          .dict_n = 1};
    struct table out;
    sl_err_free(transform_apply(a, t, &none, &out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTOARENA(a);
    struct sl_str rest = sl_strn((const char *)data, size), text;
    if (!sl_str_split(&rest, '\f', &text)) /* a form feed ends transform.json */
        return 0;
    struct sl_str vocabulary = rest.p ? rest : SL_STR("");
    struct transform *t;
    struct sl_err *err = transform_parse(a, text, read_vocabulary, &vocabulary, &t);
    if (!err)
        use(a, t);
    sl_err_free(err);
    return 0;
}
