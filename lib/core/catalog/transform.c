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

struct reader {
    struct sl_str wanted; /* a column */
    bool found;
};

static void compare_name(void *ctx, const struct expr *name)
{
    struct reader *r = ctx;
    r->found |= sl_str_eq(name->name, r->wanted);
}

/* Whether `text` reads the column; an empty expression reads the column `otherwise`. */
static bool reads(struct diag_list *l, struct sl_str text, struct sl_str otherwise,
                  struct sl_str column)
{
    struct reader r = {.wanted = column};
    struct expr *e;
    if (!text.n)
        return sl_str_eq(otherwise, column);
    struct sl_err *err SL_AUTOERR = expr_parse(l->a, text, &e);
    if (!err)
        expr_visit_names(e, compare_name, &r);
    return r.found;
}

struct leak_check {
    struct diag_list *l;
    const struct transform_params *p;
    const struct transform_feature *feature;
    struct sl_str path;
};

static void warn_leak(struct leak_check *c, struct sl_str column)
{
    if (reads(c->l, c->p->label.expr, c->p->label.name, column))
        diag_add(c->l, DIAG_WARNING, c->feature->line, c->path,
                 "the label reads '%.*s' too: the feature may give the answer away",
                 SL_FMT(column));
}

static void warn_leak_by_name(void *ctx, const struct expr *name)
{
    warn_leak(ctx, name->name);
}

/* Columns that the label reads are no features unless listed; these are listed. */
static void warn_leaks(struct diag_list *l, const struct transform_params *p,
                       const struct transform_features *features, struct sl_str path)
{
    for (size_t i = 0; i < features->n; i++) {
        struct leak_check c = {l, p, &features->p[i],
                               sl_arena_format(l->a, "%.*s[%zu]", SL_FMT(path), i)};
        struct expr *e;
        if (c.feature->column.n)
            warn_leak(&c, c.feature->column);
        if (!c.feature->expr.n)
            continue;
        struct sl_err *err SL_AUTOERR = expr_parse(l->a, c.feature->expr, &e);
        if (!err)
            expr_visit_names(e, warn_leak_by_name, &c);
    }
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
    if (!p->features)
        return;
    struct transform_features features;
    struct sl_str at = sl_arena_format(l->a, "%.*s.features", SL_FMT(path));
    size_t before = l->error_count;
    transform_features_decode(l, p->features, at, &features);
    if (l->error_count == before)
        warn_leaks(l, p, &features, at);
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
