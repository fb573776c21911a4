/* What the parts of the Evaluator share. */
#pragma once

#include "core/catalog/evaluator.h"
#include "core/learn/blessing.h"
#include "core/learn/bootstrap.h"
#include "core/learn/curves.h"
#include "core/learn/leak.h"
#include "core/learn/slices.h"
#include "kit/report.h"
#include "kit/step.h"
#include "store/examples.h"
#include "store/models.h"

/* A model and its scores on the judged rows. */
struct judged {
    const struct artifact *artifact; /* NULL: there is none */
    const struct model *model;
    struct predictions scores;
};

/* What is known of a slice. */
struct slice_values {
    struct metric_values candidate, baseline;
    struct metric_intervals intervals, changes; /* of the candidate; of candidate - baseline */
    size_t resamples;
};

/* A raw column that the candidate reads. */
struct feature {
    struct sl_str name;
    size_t column;          /* in the table */
    double strength;        /* leak_strength */
    bool leaks, allowed;    /* strength > LEAK_LIMIT; in allowLeak */
    double *drops;          /* (importance.repeats), or NULL */
    double drop, low, high; /* mean, least and largest of the drops */
};

enum { CURVE_POINTS = 200, CALIBRATION_BINS = 10, MATRIX_CLASSES = 300 };

/* Curves of one model over all rows. */
struct shapes {
    struct curve roc, pr;
    struct calibration_bin bins[CALIBRATION_BINS];
    size_t n_bins;
};

struct evaluation {
    struct step *s;
    const struct evaluator_params *p;
    struct judged candidate, baseline;
    struct slice_spec *specs; /* what slices are asked for; the first is all rows */
    size_t n_specs;
    struct table table; /* raw rows with a label; the columns that models and slices read */
    double *labels;     /* (table.n_rows) */
    double *weights;    /* (table.n_rows), or NULL */
    size_t dropped;     /* rows without a label */
    struct slice *slices;
    size_t n_slices;
    struct slice_values *values; /* (n_slices) */
    double constant_loss;

    struct feature *features; /* in order of the transform's columns */
    size_t n_features;
    enum metric importance_metric;
    size_t importance_rows;
    double importance_value; /* of the metric on these rows */

    struct shapes shapes, baseline_shapes;
    double
        *thresholds; /* (n_thresholds) decision thresholds, ascending, the model's own included */
    struct metric_confusion *confusions; /* (n_thresholds) */
    size_t n_thresholds;
    double *class_matrix;       /* (n_classes, n_classes) of few classes, or NULL */
    struct residuals residuals; /* regression */

    struct blessing blessing;
};

/* rows.c: reads inputs, computes labels and scores. */
struct sl_err *evaluation_load(struct evaluation *e) SL_MUST_USE;
/* The rows of a slice under a model, ready for metrics. Lifetime: `a`. */
void evaluation_rows(struct sl_arena *a, const struct evaluation *e, const struct judged *j,
                     const struct slice *slice, struct metric_rows *ret);
/* At most `most` rows, spread evenly. Lifetime: `a`, or as the evaluation's. */
struct evaluation_sample {
    struct table table;
    const double *labels, *weights; /* weights: or NULL */
};
void evaluation_sample(struct sl_arena *a, const struct evaluation *e, size_t most,
                       struct evaluation_sample *ret);
/* judge.c: metrics and intervals of every slice. */
struct sl_err *evaluation_judge(struct evaluation *e) SL_MUST_USE;
/* explain.c: leaks and importance of features; curves. */
struct sl_err *evaluation_explain(struct evaluation *e) SL_MUST_USE;
/* output.c: evaluation.json, blessing.json and report.html. */
struct sl_err *evaluation_write(struct evaluation *e) SL_MUST_USE;
/* report.c: appends the page. */
void evaluation_report(const struct evaluation *e, struct sl_buf *html);
/* report_curves.c: the charts of the task. */
void evaluation_report_curves(const struct evaluation *e, struct report *r);
