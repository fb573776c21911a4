/* report.html. */
#include "kit/report.h"
#include "components/evaluator/evaluation.h"

#include <math.h>
#include <stdlib.h>

enum { SHOWN = 5, MOST_BARS = 40 };

static const enum metric shown[3][SHOWN] = {
    [MODEL_BINARY] = {METRIC_AUC, METRIC_AUC_PR, METRIC_LOG_LOSS, METRIC_F1, METRIC_CALIBRATION},
    [MODEL_MULTICLASS] = {METRIC_ACCURACY, METRIC_MACRO_F1, METRIC_MACRO_AUC, METRIC_LOG_LOSS,
                          METRIC_TOP_3_ACCURACY},
    [MODEL_REGRESSION] = {METRIC_RMSE, METRIC_MAE, METRIC_R2, METRIC_MAPE, METRIC_CALIBRATION},
};

/* Five digits, as the report's tables, or a dash. */
static struct sl_str number(struct sl_arena *a, double value)
{
    SL_AUTOBUF(b, 64);
    report_add_number(&b, value);
    return sl_arena_str(a, sl_buf_str(&b));
}

/* "0.781 to 0.803", or a dash. */
static struct sl_str range(struct sl_arena *a, const struct metric_interval *i)
{
    if (isnan(i->low))
        return SL_STR("\u2013");
    return sl_arena_format(a, "%.4g to %.4g", i->low, i->high);
}

/* ---- verdict ------------------------------------------------------------------------------------
 */

static void add_figures(struct report *r, const struct evaluation *e)
{
    SL_AUTOARENA(a);
    const enum metric *m = shown[e->candidate.model->task];
    const struct slice_values *v = &e->values[0];
    const char *labels[SHOWN], *values[SHOWN];
    for (size_t i = 0; i < SHOWN; i++) {
        struct sl_str text = number(a, v->candidate.v[m[i]]);
        const struct metric_interval *interval = &v->intervals.v[m[i]];
        labels[i] = metric_name(m[i]);
        if (v->resamples && !isnan(interval->low))
            labels[i] = sl_arena_format(a, "%s (%.3g to %.3g)", metric_name(m[i]), interval->low,
                                        interval->high)
                            .p;
        values[i] = sl_arena_cstr(a, text);
    }
    report_figures(r, labels[0], values[0], labels[1], values[1], labels[2], values[2], labels[3],
                   values[3], labels[4], values[4], NULL);
    if (v->resamples)
        report_paragraph(r,
                         "Ranges are %g %% intervals from %zu bootstrap resamples of the "
                         "examples: where the figure would lie with other examples of this kind.",
                         e->p->bootstrap.confidence * 100, v->resamples);
}

static void add_check(struct report *r, const struct blessing_check *c)
{
    report_row_begin(r, c->waived ? REPORT_WARN : c->passed ? REPORT_GOOD : REPORT_BAD);
    report_cell(r, c->text);
    report_cell(r, c->waived ? SL_STR("waived") : c->passed ? SL_STR("holds") : SL_STR("fails"));
    report_row_end(r);
}

/* What fails, then of the others as many as leave the page readable. */
static void add_checks(struct report *r, const struct evaluation *e)
{
    enum { MOST_FAILED = 500, MOST_OTHERS = 20 };
    static const struct report_column columns[] = {{"Check", false}, {"Result", false}};
    const struct blessing *b = &e->blessing;
    size_t added = 0, limit = MOST_FAILED;
    report_table_begin(r, "What was checked", columns, SL_COUNTOF(columns), false);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < b->n_checks && added < limit; i++)
            if (b->checks[i].passed == (pass == 1)) {
                add_check(r, &b->checks[i]);
                added++;
            }
        limit = added + MOST_OTHERS;
    }
    report_table_end(r);
    if (added < b->n_checks)
        report_paragraph(r, "%zu more checks are in evaluation.json.", b->n_checks - added);
}

static void add_verdict(struct report *r, const struct evaluation *e)
{
    report_section(r, "Verdict");
    report_note(r, e->blessing.blessed ? REPORT_GOOD : REPORT_BAD, "%s: %.*s",
                e->blessing.blessed ? "Blessed" : "Not blessed", SL_FMT(e->blessing.reason));
    add_figures(r, e);
    add_checks(r, e);
}

/* ---- candidate and baseline ---------------------------------------------------------------------
 */

static const char *direction_name(enum metric m)
{
    switch (metric_direction(m)) {
    case METRIC_HIGHER_IS_BETTER:
        return "higher";
    case METRIC_LOWER_IS_BETTER:
        return "lower";
    case METRIC_NEITHER:
        break;
    }
    return "";
}

/* A change is told good or bad only where its interval leaves no doubt of the sign. */
static enum report_tone tone_of(enum metric m, const struct metric_interval *change)
{
    bool higher = metric_direction(m) == METRIC_HIGHER_IS_BETTER;
    if (metric_direction(m) == METRIC_NEITHER || isnan(change->low))
        return REPORT_PLAIN;
    if (change->low > 0)
        return higher ? REPORT_GOOD : REPORT_BAD;
    if (change->high < 0)
        return higher ? REPORT_BAD : REPORT_GOOD;
    return REPORT_PLAIN;
}

static void add_metric_row(struct report *r, const struct evaluation *e, enum metric m)
{
    SL_AUTOARENA(a);
    const struct slice_values *v = &e->values[0];
    bool compared = e->baseline.artifact && v->resamples;
    report_row_begin(r, compared ? tone_of(m, &v->changes.v[m]) : REPORT_PLAIN);
    report_cell(r, sl_str(metric_name(m)));
    report_cell(r, sl_str(direction_name(m)));
    report_cell_number(r, v->candidate.v[m]);
    if (v->resamples)
        report_cell_value(r, range(a, &v->intervals.v[m]), v->intervals.v[m].low);
    if (e->baseline.artifact) {
        report_cell_number(r, v->baseline.v[m]);
        report_cell_number(r, v->candidate.v[m] - v->baseline.v[m]);
        if (v->resamples)
            report_cell_value(r, range(a, &v->changes.v[m]), v->changes.v[m].low);
    }
    report_row_end(r);
}

static void add_metrics(struct report *r, const struct evaluation *e)
{
    struct report_column columns[7] = {{"Metric", false}, {"Better", false}, {"Candidate", true}};
    size_t n = 3;
    if (e->values[0].resamples)
        columns[n++] = (struct report_column){"Interval", true};
    if (e->baseline.artifact) {
        columns[n++] = (struct report_column){"Blessed before", true};
        columns[n++] = (struct report_column){"Change", true};
        if (e->values[0].resamples)
            columns[n++] = (struct report_column){"Interval of change", true};
    }
    report_section(r, "Metrics");
    report_table_begin(r,
                       e->baseline.artifact
                           ? "All examples; marked where the change is surely not chance"
                           : "All examples",
                       columns, n, false);
    for (int m = 0; m < METRIC_COUNT; m++)
        if (metric_applies((enum metric)m, e->candidate.model->task))
            add_metric_row(r, e, (enum metric)m);
    report_table_end(r);
}

/* ---- features -----------------------------------------------------------------------------------
 */

static int compare_features(const void *x, const void *y)
{
    const struct feature *a = x, *b = y;
    if (a->drop != b->drop)
        return a->drop < b->drop ? 1 : -1;
    return sl_str_cmp(a->name, b->name);
}

static void add_leaks(struct report *r, const struct evaluation *e)
{
    const char *what = e->candidate.model->task == MODEL_REGRESSION ? "R\u00b2" : "AUC";
    for (size_t i = 0; i < e->n_features; i++) {
        const struct feature *f = &e->features[i];
        if (f->leaks)
            report_note(r, f->allowed ? REPORT_WARN : REPORT_BAD,
                        "'%.*s' alone predicts the label with %s %.4g: %s", SL_FMT(f->name), what,
                        f->strength,
                        f->allowed
                            ? "allowed by name."
                            : "was it written after the fact? If not, list it in allowLeak.");
    }
}

static void add_features(struct report *r, const struct evaluation *e)
{
    SL_AUTOARENA(a);
    bool regression = e->candidate.model->task == MODEL_REGRESSION;
    struct feature *sorted = sl_arena_copy(a, e->features, e->n_features * sizeof *sorted);
    size_t n = SL_MIN(e->n_features, (size_t)MOST_BARS);
    struct report_bar *bars = SL_ARENA_ARRAY(a, struct report_bar, n);
    if (e->n_features)
        qsort(sorted, e->n_features, sizeof *sorted, compare_features);
    for (size_t i = 0; i < n; i++)
        bars[i] =
            (struct report_bar){sorted[i].name, sorted[i].drop, sorted[i].low, sorted[i].high};
    report_section(r, "Features");
    add_leaks(r, e);
    report_grid_begin(r);
    if (e->p->importance.enabled) {
        const char *label =
            sl_arena_format(a,
                            "how much %s suffers when the values are shuffled among %zu examples",
                            metric_name(e->importance_metric), e->importance_rows)
                .p;
        struct report_bar_chart chart = {"Importance", label, bars, n, NAN};
        report_bar_chart(r, &chart);
    }
    for (size_t i = 0; i < n; i++)
        bars[i] = (struct report_bar){.label = sorted[i].name, .value = sorted[i].strength};
    struct report_bar_chart alone = {
        "Each feature alone", regression ? "R\u00b2 against the label" : "AUC against the label",
        bars, n, LEAK_LIMIT};
    report_bar_chart(r, &alone);
    report_grid_end(r);
}

/* ---- slices -------------------------------------------------------------------------------------
 */

static void add_slice_table(struct report *r, const struct evaluation *e)
{
    const enum metric *m = shown[e->candidate.model->task];
    struct report_column columns[2 + SHOWN + 2] = {{"Slice", false}, {"Examples", true}};
    size_t n = 2;
    bool intervals = e->p->bootstrap.resamples > 0;
    for (size_t i = 0; i < SHOWN; i++) {
        columns[n++] = (struct report_column){metric_name(m[i]), true};
        if (i == 0 && intervals)
            columns[n++] = (struct report_column){"Interval", true};
        if (i == 0 && e->baseline.artifact)
            columns[n++] = (struct report_column){"Change", true};
    }
    report_table_begin(r, "Metrics by slice", columns, n, e->n_slices > 10);
    for (size_t i = 0; i < e->n_slices; i++) {
        SL_AUTOARENA(a);
        const struct slice_values *v = &e->values[i];
        report_row_begin(r, e->baseline.artifact && intervals ? tone_of(m[0], &v->changes.v[m[0]])
                                                              : REPORT_PLAIN);
        report_cell(r, e->slices[i].name);
        report_cell_count(r, e->slices[i].n);
        for (size_t j = 0; j < SHOWN; j++) {
            report_cell_number(r, v->candidate.v[m[j]]);
            if (j == 0 && intervals)
                report_cell_value(r, range(a, &v->intervals.v[m[0]]), v->intervals.v[m[0]].low);
            if (j == 0 && e->baseline.artifact)
                report_cell_number(r, v->candidate.v[m[0]] - v->baseline.v[m[0]]);
        }
        report_row_end(r);
    }
    report_table_end(r);
}

/* Bars of the largest slices, in their order. */
static size_t pick_slices(struct sl_arena *a, const struct evaluation *e, const uint32_t **ret)
{
    uint32_t *picked = SL_ARENA_ARRAY(a, uint32_t, MOST_BARS);
    double *sizes = SL_ARENA_ARRAY(a, double, e->n_slices);
    struct ranking by_size;
    for (size_t i = 0; i < e->n_slices; i++)
        sizes[i] = (double)e->slices[i].n;
    ranking_init(a, sizes, sizes, 0, e->n_slices, &by_size);
    size_t most = SL_MIN(e->n_slices, (size_t)MOST_BARS), n = 0;
    bool *among = SL_ARENA_ARRAY(a, bool, e->n_slices);
    for (size_t i = 0; i < most; i++)
        among[by_size.rows[i]] = true;
    for (size_t i = 0; i < e->n_slices; i++)
        if (among[i])
            picked[n++] = (uint32_t)i;
    *ret = picked;
    return n;
}

static void add_slice_bars(struct report *r, const struct evaluation *e, enum metric m)
{
    SL_AUTOARENA(a);
    const uint32_t *picked;
    size_t n = pick_slices(a, e, &picked);
    struct report_bar *bars = SL_ARENA_ARRAY(a, struct report_bar, n);
    for (size_t i = 0; i < n; i++) {
        const struct slice_values *v = &e->values[picked[i]];
        bars[i] = (struct report_bar){.label = e->slices[picked[i]].name,
                                      .value = v->candidate.v[m],
                                      .low = v->resamples ? v->intervals.v[m].low : NAN,
                                      .high = v->resamples ? v->intervals.v[m].high : NAN};
    }
    struct report_bar_chart chart = {
        metric_name(m), sl_arena_format(a, "%s; the line is all examples", metric_name(m)).p, bars,
        n, e->values[0].candidate.v[m]};
    report_bar_chart(r, &chart);
}

static void add_slices(struct report *r, const struct evaluation *e)
{
    const enum metric *m = shown[e->candidate.model->task];
    report_section(r, "Slices");
    if (e->n_slices > MOST_BARS)
        report_paragraph(r, "The charts show the %d largest of %zu slices, the table all.",
                         MOST_BARS, e->n_slices);
    if (e->n_slices > 1) {
        report_grid_begin(r);
        add_slice_bars(r, e, m[0]);
        add_slice_bars(r, e, e->candidate.model->task == MODEL_BINARY ? METRIC_CALIBRATION : m[1]);
        report_grid_end(r);
    }
    add_slice_table(r, e);
}

void evaluation_report(const struct evaluation *e, struct sl_buf *html)
{
    SL_AUTOARENA(a);
    struct report r;
    const struct model *m = e->candidate.model;
    SL_AUTOBUF(count, 64);
    report_add_number(&count, (double)e->table.n_rows);
    report_init(&r, sl_arena_format(a, "Evaluation: %.*s", SL_FMT(m->label)).p,
                sl_arena_format(
                    a, "%s model (%s), split %.*s: %.*s examples%s", model_task_name(m->task),
                    model_family_name(m->family), SL_FMT(e->p->split), SL_FMT(sl_buf_str(&count)),
                    e->baseline.artifact ? ", compared with the latest blessed model" : "")
                    .p);
    add_verdict(&r, e);
    add_metrics(&r, e);
    evaluation_report_curves(e, &r);
    add_features(&r, e);
    add_slices(&r, e);
    report_finish(&r, html);
}
