/* Charts of scores against labels, by task. */
#include "components/evaluator/evaluation.h"

#include <math.h>

/* ---- binary -------------------------------------------------------------------------------------
 */

static struct report_series series_of(struct sl_arena *a, const char *name, const struct curve *c,
                                      bool dashed)
{
    double *x = SL_ARENA_ARRAY(a, double, c->n), *y = SL_ARENA_ARRAY(a, double, c->n);
    for (size_t i = 0; i < c->n; i++) {
        x[i] = c->points[i].x;
        y[i] = c->points[i].y;
    }
    return (struct report_series){sl_str(name), x, y, c->n, false, dashed};
}

static void add_roc(struct report *r, const struct evaluation *e)
{
    SL_AUTOARENA(a);
    struct report_series s[2] = {series_of(a, "candidate", &e->shapes.roc, false),
                                 series_of(a, "blessed before", &e->baseline_shapes.roc, true)};
    struct report_line_chart chart = {"ROC",
                                      "false positive rate",
                                      "true positive rate",
                                      s,
                                      e->baseline.artifact ? 2 : 1,
                                      0,
                                      1,
                                      0,
                                      1,
                                      true};
    report_line_chart(r, &chart);
}

static void add_pr(struct report *r, const struct evaluation *e)
{
    SL_AUTOARENA(a);
    /* What guessing has: the share of positive rows. */
    double share = e->values[0].candidate.v[METRIC_MEAN_LABEL];
    const double x[] = {0, 1}, y[] = {share, share};
    struct report_series s[3] = {series_of(a, "candidate", &e->shapes.pr, false),
                                 {SL_STR("chance"), x, y, 2, false, true},
                                 series_of(a, "blessed before", &e->baseline_shapes.pr, true)};
    struct report_line_chart chart = {"Precision and recall",
                                      "recall",
                                      "precision",
                                      s,
                                      e->baseline.artifact ? 3 : 2,
                                      0,
                                      1,
                                      0,
                                      1,
                                      false};
    report_line_chart(r, &chart);
}

static struct report_series calibration_series(struct sl_arena *a, const char *name,
                                               const struct shapes *s, bool dashed)
{
    double *x = SL_ARENA_ARRAY(a, double, s->n_bins), *y = SL_ARENA_ARRAY(a, double, s->n_bins);
    for (size_t i = 0; i < s->n_bins; i++) {
        x[i] = s->bins[i].prediction;
        y[i] = s->bins[i].label;
    }
    return (struct report_series){sl_str(name), x, y, s->n_bins, true, dashed};
}

/* Both axes are alike, so that the diagonal is where predictions are right. */
static void add_calibration(struct report *r, const struct evaluation *e, const char *title)
{
    SL_AUTOARENA(a);
    struct report_series s[2] = {
        calibration_series(a, "candidate", &e->shapes, false),
        calibration_series(a, "blessed before", &e->baseline_shapes, true)};
    size_t n = e->baseline.artifact ? 2 : 1;
    double low = e->candidate.model->task == MODEL_BINARY ? 0 : INFINITY, high = -INFINITY;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < s[k].n; i++) {
            low = fmin(low, fmin(s[k].x[i], s[k].y[i]));
            high = fmax(high, fmax(s[k].x[i], s[k].y[i]));
        }
    struct report_line_chart chart = {
        title, "mean prediction", "mean label", s, n, low, high, low, high, true};
    report_line_chart(r, &chart);
}

static void add_outcomes(struct report *r, const struct evaluation *e)
{
    static const struct report_column columns[] = {
        {"Threshold", true}, {"TP", true},        {"FP", true},     {"FN", true},
        {"TN", true},        {"Precision", true}, {"Recall", true}, {"Specificity", true},
        {"F1", true},        {"Accuracy", true},  {"MCC", true}};
    report_table_begin(r, "Confusion at decision thresholds; the marked one is the model's own",
                       columns, SL_COUNTOF(columns), false);
    for (size_t i = 0; i < e->n_thresholds; i++) {
        const struct metric_confusion *c = &e->confusions[i];
        struct metric_values v;
        metrics_of_confusion(c, &v);
        report_row_begin(r, e->thresholds[i] == e->candidate.model->threshold ? REPORT_GOOD
                                                                              : REPORT_PLAIN);
        report_cell_number(r, e->thresholds[i]);
        report_cell_number(r, c->tp);
        report_cell_number(r, c->fp);
        report_cell_number(r, c->fn);
        report_cell_number(r, c->tn);
        report_cell_number(r, v.v[METRIC_PRECISION]);
        report_cell_number(r, v.v[METRIC_RECALL]);
        report_cell_number(r, v.v[METRIC_SPECIFICITY]);
        report_cell_number(r, v.v[METRIC_F1]);
        report_cell_number(r, v.v[METRIC_ACCURACY]);
        report_cell_number(r, v.v[METRIC_MCC]);
        report_row_end(r);
    }
    report_table_end(r);
}

/* The model's own threshold as a table of two by two. */
static void add_confusion(struct report *r, const struct evaluation *e)
{
    SL_AUTOARENA(a);
    const struct model *m = e->candidate.model;
    struct metric_confusion c = {0};
    for (size_t i = 0; i < e->n_thresholds; i++)
        if (e->thresholds[i] == m->threshold)
            c = e->confusions[i];
    const struct report_column columns[] = {
        {"Label", false},
        {sl_arena_format(a, "predicted %.*s", SL_FMT(m->classes[0])).p, true},
        {sl_arena_format(a, "predicted %.*s", SL_FMT(m->classes[1])).p, true},
        {"Right", true}};
    report_table_begin(
        r, sl_arena_format(a, "Confusion at the model's threshold %.4g", m->threshold).p, columns,
        SL_COUNTOF(columns), false);
    for (int k = 0; k < 2; k++) {
        double no = k ? c.fn : c.tn, yes = k ? c.tp : c.fp;
        report_row_begin(r, REPORT_PLAIN);
        report_cell(r, m->classes[k]);
        report_cell_number(r, no);
        report_cell_number(r, yes);
        report_cell_share(r, (k ? yes : no) / (no + yes));
        report_row_end(r);
    }
    report_table_end(r);
}

static void add_binary(struct report *r, const struct evaluation *e)
{
    report_section(r, "Curves");
    report_grid_begin(r);
    add_roc(r, e);
    add_pr(r, e);
    add_calibration(r, e, "Calibration");
    report_grid_end(r);
    report_section(r, "Decisions");
    add_confusion(r, e);
    add_outcomes(r, e);
}

/* ---- multi-class --------------------------------------------------------------------------------
 */

static void add_class_row(struct report *r, const struct evaluation *e, size_t k)
{
    const struct model *m = e->candidate.model;
    size_t n = m->n_classes;
    double actual = 0, predicted = 0, hit = e->class_matrix[k * n + k];
    for (size_t i = 0; i < n; i++) {
        actual += e->class_matrix[k * n + i];
        predicted += e->class_matrix[i * n + k];
    }
    report_row_begin(r, REPORT_PLAIN);
    report_cell(r, m->classes[k]);
    report_cell_number(r, actual);
    report_cell_number(r, predicted > 0 ? hit / predicted : NAN);
    report_cell_number(r, actual > 0 ? hit / actual : NAN);
    report_cell_number(r, actual + predicted > 0 ? 2 * hit / (actual + predicted) : NAN);
    report_row_end(r);
}

static void add_matrix(struct report *r, const struct evaluation *e)
{
    SL_AUTOARENA(a);
    const struct model *m = e->candidate.model;
    size_t n = m->n_classes;
    struct report_column *columns = SL_ARENA_ARRAY(a, struct report_column, n + 1);
    columns[0] = (struct report_column){"Label \\ predicted", false};
    for (size_t k = 0; k < n; k++)
        columns[k + 1] = (struct report_column){sl_arena_cstr(a, m->classes[k]), true};
    report_table_begin(r, "Share of each label's examples by predicted class", columns, n + 1,
                       false);
    for (size_t k = 0; k < n; k++) {
        double actual = 0;
        for (size_t i = 0; i < n; i++)
            actual += e->class_matrix[k * n + i];
        report_row_begin(r, REPORT_PLAIN);
        report_cell(r, m->classes[k]);
        for (size_t i = 0; i < n; i++)
            report_cell_share(r, actual > 0 ? e->class_matrix[k * n + i] / actual : 0);
        report_row_end(r);
    }
    report_table_end(r);
}

static void add_multiclass(struct report *r, const struct evaluation *e)
{
    enum { MOST_CLASSES = 30 };
    static const struct report_column columns[] = {
        {"Class", false}, {"Weight", true}, {"Precision", true}, {"Recall", true}, {"F1", true}};
    if (!e->class_matrix)
        return;
    size_t n = e->candidate.model->n_classes;
    report_section(r, "Classes");
    report_table_begin(r, "By class", columns, SL_COUNTOF(columns), n > 10);
    for (size_t k = 0; k < n; k++)
        add_class_row(r, e, k);
    report_table_end(r);
    if (n <= MOST_CLASSES)
        add_matrix(r, e);
}

/* ---- regression ---------------------------------------------------------------------------------
 */

/* Single examples, spread evenly: what the means hide. */
static void add_scatter(struct report *r, const struct evaluation *e)
{
    enum { POINTS = 400 };
    size_t n = SL_MIN(e->table.n_rows, (size_t)POINTS);
    double x[POINTS], y[POINTS], low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        size_t row = i * e->table.n_rows / n;
        x[i] = (double)e->candidate.scores.scores[row];
        y[i] = e->labels[row];
        low = fmin(low, fmin(x[i], y[i]));
        high = fmax(high, fmax(x[i], y[i]));
    }
    /* Every point is a series' break: dots without a line. */
    double sx[2 * POINTS], sy[2 * POINTS];
    for (size_t i = 0; i < n; i++) {
        sx[2 * i] = x[i];
        sy[2 * i] = y[i];
        sx[2 * i + 1] = sy[2 * i + 1] = NAN;
    }
    struct report_series s = {SL_STR("example"), sx, sy, 2 * n, true, false};
    struct report_line_chart chart = {
        "Predicted and actual", "prediction", "label", &s, 1, low, high, low, high, true};
    report_line_chart(r, &chart);
}

static void add_residuals(struct report *r, const struct evaluation *e)
{
    static const struct report_column columns[] = {{"Share of examples below", true},
                                                   {"Prediction minus label", true}};
    const struct residuals *v = &e->residuals;
    struct report_histogram_series s = {SL_STR("residuals"), v->low, v->high, v->weight,
                                        v->n_buckets};
    struct report_histogram h = {.title = "Prediction minus label", .series = &s, .n = 1};
    if (v->n_buckets)
        report_histogram(r, &h);
    report_table_begin(r, "Residuals", columns, SL_COUNTOF(columns), false);
    for (size_t i = 0; i < RESIDUAL_QUANTILES; i++) {
        report_row_begin(r, REPORT_PLAIN);
        report_cell_share(r, residual_ranks[i]);
        report_cell_number(r, v->quantiles[i]);
        report_row_end(r);
    }
    report_table_end(r);
}

static void add_regression(struct report *r, const struct evaluation *e)
{
    report_section(r, "Predictions");
    report_grid_begin(r);
    add_scatter(r, e);
    add_calibration(r, e, "Means of tenths of the examples");
    add_residuals(r, e);
    report_grid_end(r);
}

void evaluation_report_curves(const struct evaluation *e, struct report *r)
{
    switch (e->candidate.model->task) {
    case MODEL_BINARY:
        add_binary(r, e);
        break;
    case MODEL_MULTICLASS:
        add_multiclass(r, e);
        break;
    case MODEL_REGRESSION:
        add_regression(r, e);
        break;
    }
}
