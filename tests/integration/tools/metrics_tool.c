/* What evaluator_test.py holds against scikit-learn: metrics of scores and labels.
 *
 *     metrics_tool FILE
 *
 * reads {task, outputs, scores, labels, weights?, threshold, resamples, most} and prints
 * {values, constant_loss, intervals, roc, pr, confusions (at `thresholds`)}. */
#include "base/file.h"
#include "base/limits.h"
#include "codec/json.h"
#include "core/learn/bootstrap.h"
#include "core/learn/curves.h"

#include <stdio.h>

static double *numbers(struct sl_arena *a, const struct json *list)
{
    double *p = SL_ARENA_ARRAY(a, double, list ? list->n : 0);
    for (size_t i = 0; list && i < list->n; i++)
        p[i] = list->items[i]->number;
    return p;
}

static struct sl_err *read_rows(struct sl_arena *a, const struct json *in, struct metric_rows *ret)
{
    enum model_task task;
    if (!model_task_find(json_get_string(in, "task", SL_STR("")), &task))
        return SL_ERR(INVALID, "task: expected binary, multiclass or regression");
    const struct json *labels = json_get(in, "labels"), *scores = json_get(in, "scores");
    float *narrow = SL_ARENA_ARRAY(a, float, scores->n);
    double *wide = numbers(a, scores);
    for (size_t i = 0; i < scores->n; i++)
        narrow[i] = (float)wide[i];
    *ret =
        (struct metric_rows){task,
                             labels->n,
                             (size_t)json_get_number(in, "outputs", 1),
                             narrow,
                             numbers(a, labels),
                             json_get(in, "weights") ? numbers(a, json_get(in, "weights")) : NULL,
                             json_get_number(in, "threshold", 0.5)};
    return NULL;
}

static struct json *values_to_json(struct sl_arena *a, const struct metric_values *v)
{
    struct json *o = json_new_object(a);
    for (int m = 0; m < METRIC_COUNT; m++)
        json_set_number(a, o, metric_name((enum metric)m), v->v[m]);
    return o;
}

static void add_curve(struct sl_arena *a, struct json *o, const char *name, const struct curve *c)
{
    struct json *points = json_new_array(a);
    for (size_t i = 0; i < c->n; i++) {
        struct json *p = json_new_array(a);
        json_push(a, p, json_new_number(a, c->points[i].x));
        json_push(a, p, json_new_number(a, c->points[i].y));
        json_push(a, p, json_new_number(a, c->points[i].threshold));
        json_push(a, points, p);
    }
    json_set(a, o, name, points);
}

static void add_curves(struct sl_arena *a, const struct json *in, const struct metric_basis *basis,
                       struct json *o)
{
    const struct json *thresholds = json_get(in, "thresholds");
    size_t n = thresholds ? thresholds->n : 0, most = (size_t)json_get_number(in, "most", 200);
    struct metric_confusion *c = SL_ARENA_ARRAY(a, struct metric_confusion, n);
    struct json *list = json_new_array(a);
    struct curve curve;
    curve_roc(a, basis, most, &curve);
    add_curve(a, o, "roc", &curve);
    curve_pr(a, basis, most, &curve);
    add_curve(a, o, "pr", &curve);
    curve_confusions(basis, numbers(a, thresholds), n, c);
    for (size_t i = 0; i < n; i++) {
        struct json *matrix = json_new_array(a);
        const double cells[] = {c[i].tn, c[i].fp, c[i].fn, c[i].tp};
        for (size_t k = 0; k < SL_COUNTOF(cells); k++)
            json_push(a, matrix, json_new_number(a, cells[k]));
        json_push(a, list, matrix);
    }
    json_set(a, o, "confusions", list);
}

static void add_intervals(struct sl_arena *a, const struct metric_basis *basis, size_t rows,
                          size_t n, struct json *o)
{
    struct metric_values *resamples = SL_ARENA_ARRAY(a, struct metric_values, n);
    struct metric_intervals intervals;
    uint8_t *counts = SL_ARENA_ARRAY(a, uint8_t, rows);
    struct json *list = json_new_object(a);
    for (size_t i = 0; i < n; i++) {
        bootstrap_draw(1, i, rows, counts);
        metrics_weigh(basis, counts, &resamples[i]);
    }
    bootstrap_intervals(resamples, n, 0.95, &intervals);
    for (int m = 0; m < METRIC_COUNT; m++) {
        struct json *range = json_new_array(a);
        json_push(a, range, json_new_number(a, intervals.v[m].low));
        json_push(a, range, json_new_number(a, intervals.v[m].high));
        json_set(a, list, metric_name((enum metric)m), range);
    }
    json_set(a, o, "intervals", list);
}

static struct sl_err *run(struct sl_arena *a, const char *path, struct sl_buf *b)
{
    struct sl_str text;
    struct json *in, *o = json_new_object(a);
    struct metric_rows rows;
    struct metric_values values;
    SL_TRY(sl_file_read(a, path, SL_LIMIT_PROTO_BYTES, &text));
    SL_TRY(json_parse(a, text, &in));
    SL_TRY(read_rows(a, in, &rows));
    const struct metric_basis *basis = metrics_prepare(a, &rows);
    metrics_weigh(basis, NULL, &values);
    json_set(a, o, "values", values_to_json(a, &values));
    json_set_number(a, o, "constant_loss", metrics_constant_loss(&rows));
    add_intervals(a, basis, rows.n, (size_t)json_get_number(in, "resamples", 0), o);
    if (rows.task == MODEL_BINARY)
        add_curves(a, in, basis, o);
    json_format(o, JSON_COMPACT, b);
    return NULL;
}

int main(int argc, char **argv)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(out, 0);
    if (argc != 2) {
        fprintf(stderr, "usage: metrics_tool FILE\n");
        return 2;
    }
    struct sl_err *err = run(a, argv[1], &out);
    if (!err) {
        fwrite(out.p, 1, out.n, stdout);
        return 0;
    }
    SL_AUTOBUF(text, 0);
    sl_err_format(err, &text);
    sl_err_free(err);
    fprintf(stderr, "metrics_tool: %s\n", sl_buf_str(&text).p);
    return 1;
}
