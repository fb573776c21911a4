/* What a user asks of a transform: the grammar of the parameter `features`, and how a request
 * becomes a transform whose constants are still to be computed. docs/reference/transform.md is the
 * grammar for users. */
#pragma once

#include "codec/diag.h"
#include "core/learn/transform.h"

/* One entry of `apply`. */
struct transform_step {
    const struct transform_operation *operation;
    struct json *args; /* an object or NULL */
    int line;
};

/* One feature as it was asked for. */
struct transform_feature {
    struct sl_str name; /* never empty after decoding */
    struct sl_str column, expr;
    struct json_strings cross; /* exactly one of the three is given */
    struct json *fill;
    bool missing;
    struct json_strings parts; /* dateParts */
    struct json *apply;
    bool hidden; /* no output: for crosses only */
    int line;

    struct transform_step *steps; /* (n_steps) */
    size_t n_steps;
    bool has_apply;
};

struct transform_features {
    struct transform_feature *p;
    size_t n;
};

struct transform_request {
    enum transform_target target;
    const struct json *features; /* an array */
    struct sl_str label_name, label_expr;
    int label_task;                    /* enum transform_task, or -1: by the expression's type */
    struct json_strings label_classes; /* empty: from the data */
    struct sl_str weight_name, weight_expr;
};

/* What the analyzers shall compute for a pending node. */
enum transform_wish_kind {
    TRANSFORM_WISH_MEAN,   /* FILL */
    TRANSFORM_WISH_MEDIAN, /* FILL */
    TRANSFORM_WISH_MODE,   /* FILL */
    TRANSFORM_WISH_ZSCORE,
    TRANSFORM_WISH_MINMAX,
    TRANSFORM_WISH_QUANTILES,
    TRANSFORM_WISH_VOCABULARY,
};

struct transform_wish {
    enum transform_wish_kind kind;
    int64_t quantiles;
    int64_t top_k, min_count;
};

/* Decodes and checks `features` as far as that goes without data; findings go to `l` with `path` in
 * front. Lifetime: l->a. */
void transform_features_decode(struct diag_list *l, const struct json *features, struct sl_str path,
                               struct transform_features *ret);

/* The transform for raw columns `columns[0..n)`: nodes that need the data are pending, and so may
 * the label be. Warnings go to `l`, errors too (then the result is NULL).
 * Lifetime: l->a. */
struct transform *transform_build(struct diag_list *l, const struct transform_request *r,
                                  const struct column_spec *columns, size_t n);
