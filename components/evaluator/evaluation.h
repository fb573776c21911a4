/* What the parts of the Evaluator share. */
#pragma once

#include "core/catalog/evaluator.h"
#include "core/learn/blessing.h"
#include "core/learn/slices.h"
#include "kit/step.h"
#include "store/examples.h"
#include "store/models.h"

/* A model and its scores on the judged rows. */
struct judged {
    const struct artifact *artifact; /* NULL: there is none */
    const struct model *model;
    struct predictions scores;
};

struct evaluation {
    struct step *s;
    const struct evaluator_params *p;
    struct judged candidate, baseline;
    struct table table; /* raw rows with a label, every column */
    double *labels;     /* (table.n_rows) */
    double *weights;    /* (table.n_rows), or NULL */
    size_t dropped;     /* rows without a label */
    struct slice *slices;
    size_t n_slices;
    struct metric_values *values;          /* (n_slices) of the candidate */
    struct metric_values *baseline_values; /* (n_slices), when there is a baseline */
    struct blessing blessing;
    double constant_loss;
};

/* rows.c: reads inputs, computes labels and scores. */
struct sl_err *evaluation_load(struct evaluation *e) SL_MUST_USE;
/* The rows of a slice under a model, ready for metrics. Lifetime: `a`. */
void evaluation_rows(struct sl_arena *a, const struct evaluation *e, const struct judged *j,
                     const struct slice *slice, struct metric_rows *ret);
/* output.c: evaluation.json, report.html, blessing.json. */
struct sl_err *evaluation_write(struct evaluation *e) SL_MUST_USE;
