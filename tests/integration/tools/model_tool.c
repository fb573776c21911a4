/* What trainer_test.py compares: the scores that the C evaluator gives raw rows.
 *
 *     model_tool MODEL_URI EXAMPLES_URI SPLIT FOLDER
 *
 * writes FOLDER/scores.bin (float32, row-major) and FOLDER/classes.bin (int64, the class of each
 * row), in the order of the rows. */
#include "base/file.h"
#include "core/learn/model.h"
#include "kit/storage.h"
#include "store/examples.h"
#include "store/models.h"

static struct sl_err *predict(struct sl_arena *a, const struct model *m, const struct examples *e,
                              const struct examples_split *split, struct sl_buf *scores,
                              struct sl_buf *classes)
{
    for (size_t i = 0; i < split->n_groups; i++) {
        struct table raw;
        struct predictions p;
        SL_TRY(examples_read_group(a, e, split, i, NULL, 0, &raw));
        SL_TRY(model_predict_raw(a, m, &raw, &p));
        sl_buf_add(scores, p.scores, p.n_rows * p.n_outputs * sizeof *p.scores);
        for (size_t r = 0; r < p.n_rows; r++) {
            int64_t k = m->n_classes ? (int64_t)model_class(m, &p, r) : 0;
            sl_buf_add(classes, &k, sizeof k);
        }
    }
    return NULL;
}

static struct sl_err *run(struct sl_arena *a, struct blobs *b, char **argv)
{
    struct artifact *model_artifact, *examples_artifact;
    const struct model *m;
    struct examples *e;
    SL_TRY(artifact_open(a, b, sl_str(argv[1]), SL_STR(""), &model_artifact));
    SL_TRY(models_load(a, model_artifact, &m));
    SL_TRY(artifact_open(a, b, sl_str(argv[2]), SL_STR(""), &examples_artifact));
    SL_TRY(examples_open(a, examples_artifact, &e));
    const struct examples_split *split = examples_find_split(e, sl_str(argv[3]));
    if (!split)
        return SL_ERR(INVALID, "no split '%s'", argv[3]);
    SL_AUTOBUF(scores, 0);
    SL_AUTOBUF(classes, 0);
    SL_TRY(predict(a, m, e, split, &scores, &classes));
    SL_TRY(sl_file_write(sl_arena_format(a, "%s/scores.bin", argv[4]).p, sl_buf_str(&scores)));
    return sl_file_write(sl_arena_format(a, "%s/classes.bin", argv[4]).p, sl_buf_str(&classes));
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s MODEL_URI EXAMPLES_URI SPLIT FOLDER\n", argv[0]);
        return 2;
    }
    SL_AUTOARENA(a);
    struct blobs *b = storage_new(NULL);
    struct sl_err *err = run(a, b, argv);
    storage_free(b);
    if (!err)
        return 0;
    SL_AUTOBUF(text, 0);
    sl_err_format(err, &text);
    fprintf(stderr, "%s\n", sl_buf_str(&text).p);
    sl_err_free(err);
    return 1;
}
