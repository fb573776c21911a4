/* What transform_onnx_test.py compares: the exported graph of a transform, and what the C evaluator
 * makes of a split.
 *
 *     transform_tool GRAPH_URI EXAMPLES_URI SPLIT FOLDER
 *
 * writes FOLDER/transform.onnx (outputs "0", "1", ...), and per output FOLDER/N.bin, its values in
 * the order of the rows: float32, or int64 of an id. */
#include "base/file.h"
#include "base/limits.h"
#include "core/learn/transform_onnx.h"
#include "kit/storage.h"
#include "store/examples.h"
#include "store/transforms.h"

static struct sl_err *write_onnx(struct sl_arena *a, const struct transform *t, const char *folder)
{
    struct onnx *g = onnx_new(a, "transform");
    onnx_value *values = SL_ARENA_ARRAY(a, onnx_value, t->n_outputs);
    transform_to_onnx(g, t, values);
    for (size_t i = 0; i < t->n_outputs; i++)
        onnx_output(g, values[i], sl_arena_format(a, "%zu", i),
                    t->outputs[i].is_id ? ONNX_INT64 : ONNX_FLOAT, (int64_t[]){-1, 1}, 2);
    SL_AUTOBUF(b, 0);
    onnx_serialise(g, &b);
    return sl_file_write(sl_arena_format(a, "%s/transform.onnx", folder).p, sl_buf_str(&b));
}

static struct sl_err *apply(struct sl_arena *a, const struct transform *t, const struct examples *e,
                            const struct examples_split *split, struct sl_buf *outputs)
{
    for (size_t i = 0; i < split->n_groups; i++) {
        struct table raw, features;
        SL_TRY(examples_read_group(a, e, split, i, NULL, 0, &raw));
        SL_TRY(transform_apply(a, t, &raw, &features));
        for (size_t k = 0; k < t->n_outputs; k++) {
            const struct column *c = &features.columns[k];
            if (t->outputs[k].is_id)
                sl_buf_add(&outputs[k], c->i64, c->n * sizeof(*c->i64));
            else
                sl_buf_add(&outputs[k], c->f32, c->n * sizeof(*c->f32));
        }
    }
    return NULL;
}

static struct sl_err *write_outputs(struct sl_arena *a, const struct transform *t,
                                    const struct examples *e, const struct examples_split *split,
                                    const char *folder)
{
    struct sl_buf *outputs = SL_ARENA_ARRAY(a, struct sl_buf, t->n_outputs);
    struct sl_err *err = apply(a, t, e, split, outputs);
    for (size_t i = 0; i < t->n_outputs; i++) {
        if (!err)
            err = sl_file_write(sl_arena_format(a, "%s/%zu.bin", folder, i).p,
                                sl_buf_str(&outputs[i]));
        sl_buf_deinit(&outputs[i]);
    }
    return err;
}

static struct sl_err *run(struct blobs *b, char **argv)
{
    SL_AUTOARENA(a);
    struct artifact *graph, *examples;
    struct transform *t;
    struct examples *e;
    SL_TRY(artifact_open(a, b, sl_str(argv[1]), SL_STR(""), &graph));
    SL_TRY(transforms_load(a, graph, "", &t));
    SL_TRY(write_onnx(a, t, argv[4]));
    SL_TRY(artifact_open(a, b, sl_str(argv[2]), SL_STR(""), &examples));
    SL_TRY(examples_open(a, examples, &e));
    const struct examples_split *split = examples_find_split(e, sl_str(argv[3]));
    if (!split)
        return SL_ERR(INVALID, "there is no split '%s'", argv[3]);
    return write_outputs(a, t, e, split, argv[4]);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: transform_tool GRAPH_URI EXAMPLES_URI SPLIT FOLDER\n");
        return 2;
    }
    struct blobs *b = storage_new(NULL);
    struct sl_err *err = run(b, argv);
    storage_free(b);
    if (!err)
        return 0;
    SL_AUTOBUF(text, 0);
    sl_err_format(err, &text);
    sl_err_free(err);
    fprintf(stderr, "transform_tool: %s\n", sl_buf_str(&text).p);
    return 1;
}
