#include "core/catalog/transform.h"

#include "core/data/expr.h"
#include "core/learn/transform_spec.h"

#define LABEL(name)  offsetof(struct transform_label_params, name)
#define WEIGHT(name) offsetof(struct transform_weight_params, name)
#define FIELD(name)  offsetof(struct transform_params, name)

static const char *const tasks[] = {"auto", "binary", "multiclass", "regression", NULL};
static const char *const targets[] = {"dense", "trees", NULL};

static const struct json_field label_fields[] = {
    {"name", JSON_K_STRING, LABEL(name), .required = true,
     .help = "The name of the label's column in the transformed examples."},
    {"expr", JSON_K_STRING, LABEL(expr),
     .help = "What the label is, as an expression over raw columns; the column `name` by default."},
    {"task", JSON_K_ENUM, LABEL(task), .otherwise = "\"auto\"", .names = tasks,
     .help = "auto: a condition is binary, text is multiclass, a number is regression (one that is "
             "only 0 and 1 is binary)."},
    {"classes", JSON_K_STRING_LIST, LABEL(classes),
     .help = "The classes of a multiclass label in order; found in the data by default."},
};
static const struct json_table label_table =
    JSON_TABLE(label_fields, struct transform_label_params);

static const struct json_field weight_fields[] = {
    {"name", JSON_K_STRING, WEIGHT(name), .otherwise = "\"weight\"",
     .help = "The name of the weight's column in the transformed examples."},
    {"expr", JSON_K_STRING, WEIGHT(expr), .required = true,
     .help = "A number of at least 0: how much a row counts."},
};
static const struct json_table weight_table =
    JSON_TABLE(weight_fields, struct transform_weight_params);

static const struct json_field fields[] = {
    {"label", JSON_K_OBJECT, FIELD(label), .required = true, .table = &label_table,
     .help = "What is to be predicted. Columns that it reads are no features unless listed."},
    {"weight", JSON_K_OBJECT, FIELD(weight), .table = &weight_table,
     .help = "How much a row counts in training and evaluation."},
    {"features", JSON_K_ANY, FIELD(features),
     .help = "What the learner reads; derived from the data for `target` when omitted."},
    {"exclude", JSON_K_STRING_LIST, FIELD(exclude),
     .help = "Columns that derived features leave out."},
    {"target", JSON_K_ENUM, FIELD(target), .otherwise = "\"dense\"", .names = targets,
     .help = "dense: filled, scaled, ids. trees: unscaled, missing stays missing."},
    {"analyze", JSON_K_STRING_LIST, FIELD(analyze), .otherwise = "[\"train\"]",
     .help = "The splits whose rows means, boundaries and vocabularies come from."},
};
static const struct json_table table = JSON_TABLE(fields, struct transform_params);

static const struct catalog_port inputs[] = {
    {"examples", "Examples", .help = "Raw rows."},
    {"schema", "Schema", .optional = true,
     .help = "Says which numbers are categories, and what serving does not have."},
    {"statistics", "ExampleStatistics", .optional = true,
     .help = "Spares the look at the columns that derived features need."},
    {0},
};

static const struct catalog_port outputs[] = {
    {"transformed_examples", "Examples", .help = "Features, label and weight, split by split."},
    {"transform_graph", "TransformGraph",
     .help = "transform.json and vocab/N.txt: the transform with its constants, and statistics "
             "from before and after it."},
    {0},
};

/* An expression that does not parse is told before anything runs. */
static void check_expr(struct diag_list *l, struct sl_str text, struct sl_str path,
                       const char *field)
{
    struct expr *e;
    struct sl_err *err = text.n ? expr_parse(l->a, text, &e) : NULL;
    if (!err)
        return;
    SL_AUTOBUF(b, 0);
    sl_err_format(err, &b);
    sl_err_free(err);
    diag_add(l, DIAG_ERROR, 0, sl_arena_format(l->a, "%.*s.%s", SL_FMT(path), field), "%.*s",
             SL_FMT(sl_buf_str(&b)));
}

static void check(struct diag_list *l, const void *params, struct sl_str path)
{
    const struct transform_params *p = params;
    check_expr(l, p->label.expr, path, "label.expr");
    check_expr(l, p->weight.expr, path, "weight.expr");
    if (p->features && p->exclude.n)
        diag_add(l, DIAG_ERROR, 0, path,
                 "exclude only goes with derived features: leave the columns out of `features`");
    if (!p->analyze.n)
        diag_add(l, DIAG_ERROR, 0, sl_arena_format(l->a, "%.*s.analyze", SL_FMT(path)),
                 "expected at least one split");
    struct transform_features features;
    if (p->features)
        transform_features_decode(l, p->features,
                                  sl_arena_format(l->a, "%.*s.features", SL_FMT(path)), &features);
}

const struct catalog_component catalog_transform = {
    .name = "Transform",
    .executable = "transform",
    .help =
        "Turns raw columns into what a learner reads, by constants from the training split: one "
        "transform for training, evaluation and serving.",
    .inputs = inputs,
    .outputs = outputs,
    .params = &table,
    .check = check,
};
