/* Between transform_spec.c, which decodes, transform_sources.c (columns, expressions, label,
 * weight), transform_build.c, which makes nodes of features, and transform_operations.c, which
 * makes nodes of the entries of `apply`. */
#pragma once

#include "base/map.h"
#include "core/learn/transform_spec.h"

/* Raw columns that features, or label and weight, read: in the order of first use. */
struct transform_reading {
    struct column_spec **columns; /* room for every raw column */
    size_t *n;
    int *at; /* (n_specs) by raw column; 0: not read, else its index + 1 */
};

struct transform_build {
    struct sl_arena *a;
    struct diag_list *l;
    const struct transform_request *request;
    const struct column_spec *specs; /* (n_specs) the raw columns there are */
    size_t n_specs;
    struct transform *t;
    size_t capacity_nodes, capacity_outputs;
    struct transform_named *named; /* (n_named) features so far, hidden ones too */
    struct sl_map raw;             /* index in `specs` by name */
    struct sl_map outputs;         /* names of outputs, label and weight */
    struct transform_reading features, label;
    int *column_nodes; /* (n_specs) by index in t->columns; 0: none yet, else node + 1 */
    size_t n_named;
    size_t n_vocabularies;
    struct sl_str path; /* of the feature, for messages */
    int line;
};

/* A feature's value on its way through `apply`. */
struct transform_value {
    int node;
    enum transform_encoding encoding;
    int64_t embedding_size;
    bool ordered;
    bool has_range; /* a date part with bounds */
    int64_t first, count;
    bool failed;
};

/* A function of `apply`. */
struct transform_operation {
    const char *name;
    bool makes_id;
    const struct json_table *args; /* NULL: takes none */
    void (*build)(struct transform_build *b, struct transform_value *v, const void *args);
};

/* NULL when there is none of that name. */
const struct transform_operation *transform_operation_find(struct sl_str name);
/* Names for "did you mean". */
const struct sl_str *transform_operation_names(size_t *ret_n);

/* Adds a node and settles it. Returns its index. */
int transform_add_node(struct transform_build *b, struct transform_node n);
/* A finding about the feature being built; marks `v` (may be NULL) as failed. */
void transform_complain(struct transform_build *b, struct transform_value *v, const char *fmt, ...)
    SL_PRINTF(3, 4);
/* A vocabulary over text, whole numbers or ids, to be found in the data. */
void transform_add_vocabulary(struct transform_build *b, struct transform_value *v, int64_t top_k,
                              int64_t min_count, int64_t oov);

/* The node of a raw column (one for all who read it), or of an expression. -1: told. */
int transform_column_node(struct transform_build *b, struct sl_str name);
int transform_expr_node(struct transform_build *b, struct sl_str text);
/* The request's label and weight. */
void transform_build_label(struct transform_build *b, const struct transform_request *r);
void transform_build_weight(struct transform_build *b, const struct transform_request *r);
