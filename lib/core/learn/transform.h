/* The transform: raw columns to what a learner reads, and the label beside it. The one evaluator.
 *
 * A transform is a list of nodes, each a column of values made from earlier ones, with every
 * constant (means, boundaries, vocabularies) in it; outputs name nodes. It is kept as
 * transform.json with vocab/N.txt beside it (docs/reference/transform.md has the format):
 *
 *     column "speed" -> fill 190 -> zscore mean 192.7 std 48.1 -> output "speed" (float)
 *     column "state" -> vocabulary vocab/1.txt                 -> output "state" (id, size 63)
 *
 * Values between nodes are of three kinds: number (double, NaN is missing), text (the empty string
 * is missing) and id (int64 in [0, size)). Arithmetic is in double, without contraction, with one
 * cast to float at the end, so that the export to ONNX (transform_onnx.h) gives the same bits.
 *
 * How one comes to be: transform_spec.h reads what a user asked for, transform_analyze.h computes
 * the constants from the training split. Immutable afterwards; any number of threads may apply it.
 */
#pragma once

#include "codec/json.h"
#include "core/data/expr.h"
#include "core/data/table.h"

/* Bumped when an older evaluator would misread a transform.json. */
enum { TRANSFORM_VERSION = 1 };

enum transform_target { TRANSFORM_DENSE, TRANSFORM_TREES };

enum transform_task { TRANSFORM_BINARY, TRANSFORM_MULTICLASS, TRANSFORM_REGRESSION };

/* What a node's values are. */
enum transform_kind { TRANSFORM_NUMBER, TRANSFORM_TEXT, TRANSFORM_ID };

enum transform_op {
    TRANSFORM_COLUMN,     /* a raw column: number or text */
    TRANSFORM_EXPR,       /* an expression over raw columns: number or text */
    TRANSFORM_FILL,       /* a constant where the value is missing */
    TRANSFORM_IS_MISSING, /* 1 where the value is missing, else 0 */
    TRANSFORM_ZSCORE,     /* (x - mean) / std; std 0: x - mean */
    TRANSFORM_MINMAX, /* (x - min) / (max - min) * (high - low) + low; max == min: as if 1 apart */
    TRANSFORM_LOG,    /* ln(offset + max(x, 0)) */
    TRANSFORM_CLIP,   /* at least low, at most high */
    TRANSFORM_BUCKETIZE,   /* id: how many boundaries are <= x */
    TRANSFORM_VOCABULARY,  /* id: the line of the token */
    TRANSFORM_IDENTITY,    /* id: x - first, held within [0, count) */
    TRANSFORM_CROSS,       /* id: a * size of b + b */
    TRANSFORM_HASH,        /* id: MurmurHash3 of the text modulo count */
    TRANSFORM_DATE_PART,   /* a part of a timestamp */
    TRANSFORM_TEXT_LENGTH, /* characters (code points) of a text */
};

enum transform_part {
    TRANSFORM_YEAR,
    TRANSFORM_QUARTER,
    TRANSFORM_MONTH,
    TRANSFORM_DAY,
    TRANSFORM_WEEKDAY, /* 0 Sunday .. 6 */
    TRANSFORM_YEARDAY, /* from 1 */
    TRANSFORM_HOUR,
    TRANSFORM_MINUTE,
    TRANSFORM_SECOND,
    TRANSFORM_DAYS, /* since 1970-01-01 */
};

/* Tokens in the order of their ids. */
struct transform_vocabulary {
    struct sl_str file;    /* "vocab/3.txt" */
    struct sl_str *tokens; /* (n) of a text */
    int64_t *numbers;      /* (n) of whole numbers or ids; one of the two is NULL */
    size_t n;
    const struct transform_lookup *lookup; /* made when the transform is complete */
};

/* Ids of a vocabulary: [0, n) the tokens, then `oov` buckets for other values, then, when its value
 * may be missing, one for missing. Ids of bucketize and identity: [0, count), then one for missing
 * likewise. */
struct transform_node {
    enum transform_op op;
    enum transform_kind kind;
    bool may_miss; /* a number may be NaN, a text empty; an id never is */
    bool whole;    /* a number that is always whole (or missing) */
    bool time;     /* a number that is microseconds since 1970 */
    int64_t size;  /* of an id */
    int args[2];   /* earlier nodes; -1: none */

    int column;         /* COLUMN: index in `columns` */
    struct sl_str text; /* EXPR: its text; FILL of text: the constant */
    struct expr *expr;  /* EXPR: bound to `columns` */
    double value;       /* FILL of a number; LOG: the offset */
    double mean, std;   /* ZSCORE */
    double min, max;    /* MINMAX: of the data; CLIP: bounds, infinite when open */
    double low, high;   /* MINMAX: the range it becomes */
    double *boundaries; /* BUCKETIZE: ascending */
    size_t count;       /* BUCKETIZE: of boundaries; IDENTITY, HASH: of ids */
    int64_t first;      /* IDENTITY */
    int64_t oov;        /* VOCABULARY: buckets for other values, 0: they count as the
                           last token */
    struct transform_vocabulary *vocabulary;
    enum transform_part part; /* DATE_PART */
    bool pending;             /* its constants are still to be computed (transform_analyze.h) */
    const struct transform_wish *wish; /* what is to be computed; NULL once complete */
};

/* How a learner shall read an id; a hint. */
enum transform_encoding { TRANSFORM_AUTO, TRANSFORM_ONEHOT, TRANSFORM_EMBEDDING };

struct transform_output {
    struct sl_str name;
    int node;
    bool is_id;    /* COLUMN_INT64 in [0, size); else COLUMN_FLOAT */
    int64_t size;  /* ids; 0 of a float */
    bool ordered;  /* neighbouring ids are neighbours in value (buckets, months) */
    bool may_miss; /* a float may be NaN; only with target trees */
    enum transform_encoding encoding;
    int64_t embedding_size; /* 0: the learner's choice */
    bool portable;          /* the standard ONNX operators can say it */
    struct sl_str reason;   /* why not */
};

struct transform_label {
    struct sl_str name;
    struct sl_str text; /* the expression */
    struct expr *expr;  /* bound to `label_columns` */
    enum transform_task task;
    struct sl_str *classes; /* (n_classes) in order of the index: binary {negative, positive}, none
                               for regression */
    size_t n_classes;
    bool task_given; /* else an int that is only 0 and 1 becomes binary */
    bool pending;    /* task or classes are still to be found */
};

struct transform_weight {
    struct sl_str name; /* empty: rows have no weight */
    struct sl_str text;
    struct expr *expr; /* bound to `label_columns` */
};

/* A raw column that is no feature, and why. */
struct transform_excluded {
    struct sl_str column, reason;
};

struct transform {
    enum transform_target target;
    struct column_spec *columns; /* (n_columns) raw columns that the features read */
    size_t n_columns;
    struct column_spec *label_columns; /* (n_label_columns) that label and weight read */
    size_t n_label_columns;
    struct transform_node *nodes;
    size_t n_nodes;
    struct transform_output *outputs;
    size_t n_outputs;
    struct transform_label label;
    struct transform_weight weight;
    struct transform_excluded *excluded;
    size_t n_excluded;
    const struct json
        *features; /* what was asked for or derived, in the grammar of the parameter */
};

/* "binary", "multiclass", "regression"; "dense", "trees"; "zscore" ...; "month" ... */
const char *transform_task_name(enum transform_task task);
const char *transform_target_name(enum transform_target target);
const char *transform_op_name(enum transform_op op);
const char *transform_part_name(enum transform_part part);
bool transform_part_find(struct sl_str name, enum transform_part *ret);
/* The least value of a part and how many it has; false for one without bounds (year, days). */
bool transform_part_range(enum transform_part part, int64_t *ret_first, int64_t *ret_count);

/* ---- files ---- */

/* Text of a file of the transform ("vocab/1.txt"), or false when there is none. */
typedef bool transform_read(void *ctx, struct sl_str path, struct sl_str *ret);
/* A complete transform from transform.json and its vocabularies.
 * Lifetime: `a`; borrows `text` and what `read` returns.
 * Errors: invalid: what this evaluator does not know; corrupt: what no writer of it writes. */
struct sl_err *transform_parse(struct sl_arena *a, struct sl_str text, transform_read *read,
                               void *ctx, struct transform **ret) SL_MUST_USE;
/* Appends transform.json. The same transform gives the same bytes. */
void transform_format(const struct transform *t, struct sl_buf *b);
/* Appends a vocabulary's file: a token a line, with \n, \r and \\ escaped. */
void transform_format_vocabulary(const struct transform_vocabulary *v, struct sl_buf *b);

/* ---- applying ---- */

/* The features of raw rows, a column per output in their order: COLUMN_FLOAT without missing bits
 * (NaN is missing) or COLUMN_INT64. Columns are found by name, others are ignored; an int column
 * may stand for a double one.
 * Errors: invalid: a column that the transform reads is absent or has another type. Lifetime: `a`.
 */
struct sl_err *transform_apply(struct sl_arena *a, const struct transform *t,
                               const struct table *raw, struct table *ret) SL_MUST_USE;
/* The label of raw rows: FLOAT 0 or 1 (binary), FLOAT (regression), INT64 class index
 * (multi-class); missing where the expression is, or where it is no known class. Shapes: ret
 * (raw->n_rows). Lifetime: `a`. Errors: as transform_apply. */
struct sl_err *transform_apply_label(struct sl_arena *a, const struct transform *t,
                                     const struct table *raw, struct column *ret) SL_MUST_USE;
/* The weight of raw rows, FLOAT; missing where the expression is or is negative. Only for a
 * transform that has one. Shapes, lifetime, errors: as transform_apply_label. */
struct sl_err *transform_apply_weight(struct sl_arena *a, const struct transform *t,
                                      const struct table *raw, struct column *ret) SL_MUST_USE;
/* The raw columns that features (and label and weight, with `all`) read, each once.
 * Lifetime: `a`. */
const struct column_spec *transform_raw_columns(struct sl_arena *a, const struct transform *t,
                                                bool all, size_t *ret_n);
/* Columns of transformed examples: outputs, label, weight. Lifetime: `a`. */
const struct column_spec *transform_specs(struct sl_arena *a, const struct transform *t,
                                          size_t *ret_n);
