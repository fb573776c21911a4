#include "core/catalog/evaluator.h"

#include "core/learn/metrics.h"

#define THRESHOLD(field, member, text)                                                       \
    {                                                                                        \
        .name = (field), .kind = JSON_K_NUMBER,                                              \
        .offset = offsetof(struct evaluator_threshold, member),                              \
        .present_offset = offsetof(struct evaluator_threshold, has_##member), .help = (text) \
    }

static const struct json_field threshold_fields[] = {
    {.name = "metric",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct evaluator_threshold, metric),
     .required = true,
     .help = "auc, log_loss, rmse ..."},
    {.name = "slice",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct evaluator_threshold, slice),
     .help = "A slice's name, * for every slice; all rows otherwise."},
    THRESHOLD("min", min, "The least value."),
    THRESHOLD("max", max, "The largest value."),
    THRESHOLD("minChange", min_change, "The least change against the latest blessed model."),
    THRESHOLD("maxChange", max_change, "The largest change against the latest blessed model."),
    THRESHOLD("minRelativeChange", min_relative,
              "The least change over the blessed value; -0.02: "
              "at most 2 % lower."),
    THRESHOLD("maxRelativeChange", max_relative, "The largest change over the blessed value."),
};
static const struct json_table threshold_table =
    JSON_TABLE(threshold_fields, struct evaluator_threshold);

static const struct json_field bootstrap_fields[] = {
    {.name = "resamples",
     .kind = JSON_K_INT,
     .offset = offsetof(struct evaluator_bootstrap, resamples),
     .otherwise = "200",
     .min = 0,
     .max = 10000,
     .help = "Resamples of the intervals, fewer for very many rows; 0: no intervals."},
    {.name = "confidence",
     .kind = JSON_K_NUMBER,
     .offset = offsetof(struct evaluator_bootstrap, confidence),
     .otherwise = "0.95",
     .min = 0.5,
     .max = 0.999,
     .help = "Share of resamples that lie within an interval."},
    {.name = "seed",
     .kind = JSON_K_INT,
     .offset = offsetof(struct evaluator_bootstrap, seed),
     .otherwise = "1"},
};
static const struct json_table bootstrap_table =
    JSON_TABLE(bootstrap_fields, struct evaluator_bootstrap);

static const struct json_field importance_fields[] = {
    {.name = "enabled",
     .kind = JSON_K_BOOL,
     .offset = offsetof(struct evaluator_importance, enabled),
     .otherwise = "true"},
    {.name = "repeats",
     .kind = JSON_K_INT,
     .offset = offsetof(struct evaluator_importance, repeats),
     .otherwise = "3",
     .min = 1,
     .max = 100,
     .help = "Shuffles of each feature."},
    {.name = "maxRows",
     .kind = JSON_K_INT,
     .offset = offsetof(struct evaluator_importance, max_rows),
     .otherwise = "10000",
     .min = 100,
     .max = 1e9,
     .help = "Rows it looks at, spread evenly over the split."},
    {.name = "seed",
     .kind = JSON_K_INT,
     .offset = offsetof(struct evaluator_importance, seed),
     .otherwise = "1"},
};
static const struct json_table importance_table =
    JSON_TABLE(importance_fields, struct evaluator_importance);

static const struct json_field fields[] = {
    {.name = "split",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct evaluator_params, split),
     .otherwise = "\"eval\"",
     .help = "The split that is judged."},
    {.name = "slices",
     .kind = JSON_K_ANY,
     .offset = offsetof(struct evaluator_params, slices),
     .help = "Lists of columns ([] for all rows); {column: value} fixes a value."},
    {.name = "thresholds",
     .kind = JSON_K_OBJECT_LIST,
     .offset = offsetof(struct evaluator_params, thresholds),
     .table = &threshold_table,
     .help = "What must hold for the model to be blessed; without any it is not."},
    {.name = "bootstrap",
     .kind = JSON_K_OBJECT,
     .offset = offsetof(struct evaluator_params, bootstrap),
     .table = &bootstrap_table},
    {.name = "importance",
     .kind = JSON_K_OBJECT,
     .offset = offsetof(struct evaluator_params, importance),
     .table = &importance_table},
    {.name = "decisionThresholds",
     .kind = JSON_K_NUMBER_LIST,
     .offset = offsetof(struct evaluator_params, decision_thresholds),
     .otherwise = "[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]",
     .help = "Probabilities to show the confusion matrix at, beside the model's own (binary)."},
    {.name = "minSliceSize",
     .kind = JSON_K_INT,
     .offset = offsetof(struct evaluator_params, min_slice_size),
     .otherwise = "1",
     .min = 1,
     .max = 1e12,
     .help = "Slices with fewer rows are left out."},
    {.name = "allowLeak",
     .kind = JSON_K_STRING_LIST,
     .offset = offsetof(struct evaluator_params, allow_leak),
     .help = "Features that may predict the label almost alone."},
};
static const struct json_table params = JSON_TABLE(fields, struct evaluator_params);

static void check_slice(struct diag_list *l, const struct json *columns, struct sl_str path)
{
    if (columns->type != JSON_ARRAY) {
        diag_add(l, DIAG_ERROR, columns->line, path, "expected a list of columns, got %s",
                 json_type_name(columns->type));
        return;
    }
    for (size_t i = 0; i < columns->n; i++) {
        const struct json *c = columns->items[i];
        bool fixed = c->type == JSON_OBJECT && c->n == 1 &&
                     c->members[0].value->type != JSON_OBJECT &&
                     c->members[0].value->type != JSON_ARRAY;
        if (c->type != JSON_STRING && !fixed)
            diag_add(l, DIAG_ERROR, c->line, sl_arena_format(l->a, "%.*s[%zu]", SL_FMT(path), i),
                     "expected a column's name or {column: value}");
    }
}

static void check(struct diag_list *l, const void *decoded, struct sl_str path)
{
    const struct evaluator_params *p = decoded;
    const struct evaluator_threshold *t = p->thresholds.p;
    enum metric ignored;
    for (size_t i = 0; i < p->thresholds.n; i++) {
        struct sl_str at = sl_arena_format(l->a, "%.*s.thresholds[%zu]", SL_FMT(path), i);
        struct sl_str names[METRIC_COUNT];
        for (int m = 0; m < METRIC_COUNT; m++)
            names[m] = sl_str(metric_name((enum metric)m));
        if (!metric_find(t[i].metric, &ignored))
            diag_add(l, DIAG_ERROR, 0, at, "'%.*s' is no metric%s", SL_FMT(t[i].metric),
                     diag_did_you_mean(l->a, t[i].metric, names, METRIC_COUNT));
        if (!t[i].has_min && !t[i].has_max && !t[i].has_min_change && !t[i].has_max_change &&
            !t[i].has_min_relative && !t[i].has_max_relative)
            diag_add(
                l, DIAG_ERROR, 0, at,
                "bounds nothing, expected min, max, minChange, maxChange, minRelativeChange or "
                "maxRelativeChange");
    }
    for (size_t i = 0; i < p->decision_thresholds.n; i++)
        if (!(p->decision_thresholds.p[i] >= 0 && p->decision_thresholds.p[i] <= 1))
            diag_add(l, DIAG_ERROR, 0,
                     sl_arena_format(l->a, "%.*s.decisionThresholds[%zu]", SL_FMT(path), i),
                     "expected a probability, got %g", p->decision_thresholds.p[i]);
    if (p->slices && p->slices->type != JSON_ARRAY)
        diag_add(l, DIAG_ERROR, p->slices->line, sl_arena_format(l->a, "%.*s.slices", SL_FMT(path)),
                 "expected a list of slices, got %s", json_type_name(p->slices->type));
    else
        for (size_t i = 0; p->slices && i < p->slices->n; i++)
            check_slice(l, p->slices->items[i],
                        sl_arena_format(l->a, "%.*s.slices[%zu]", SL_FMT(path), i));
}

static const struct catalog_port inputs[] = {
    {.name = "examples",
     .type = "Examples",
     .help = "Raw examples; the label is computed from them."},
    {.name = "model", .type = "Model", .help = "The candidate."},
    {.name = "baseline",
     .type = "Model",
     .optional = true,
     .help = "What it is compared with: {latestBlessed: true}."},
    {.name = "schema", .type = "Schema", .optional = true},
    {0},
};
static const struct catalog_port outputs[] = {
    {.name = "evaluation", .type = "ModelEvaluation", .help = "evaluation.json and report.html."},
    {.name = "blessing", .type = "ModelBlessing", .help = "blessing.json; property blessed."},
    {0},
};

const struct catalog_component catalog_evaluator = {
    .name = "Evaluator",
    .executable = "evaluator",
    .help = "Judges a model by metrics, slices and thresholds, and blesses it or says why not.",
    .inputs = inputs,
    .outputs = outputs,
    .params = &params,
    .check = check,
};
