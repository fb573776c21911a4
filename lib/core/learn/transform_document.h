/* transform.json as it is spelled: what JSON itself says of its members (which there are, of which
 * type, which must be there). What they may mean together is transform_parse's. */
#pragma once

#include "codec/json.h"

struct document_node {
    int op;
    struct json_numbers of, boundaries;
    struct sl_str column, expr, text, vocabulary, part;
    double value, mean, std, min, max, low, high, offset;
    bool has_min, has_max;
    int64_t oov, first, count;
    int line;
};

struct document_output {
    struct sl_str name, reason;
    int64_t node, size, embedding_size;
    int type, encoding;
    bool ordered, may_miss, portable;
};

struct document_column {
    struct sl_str name, type;
};

struct document_label {
    struct sl_str name, expr;
    int task;
    struct json_strings classes;
};

struct document_weight {
    struct sl_str name, expr;
};

struct document_excluded {
    struct sl_str column, reason;
};

struct transform_document {
    int64_t version;
    int target;
    struct document_label label;
    struct document_weight weight;
    bool has_weight;
    struct json_objects label_columns, columns;   /* document_column */
    struct json_objects nodes, outputs, excluded; /* document_node, _output, _excluded */
    struct json *features;
};

/* Of a struct transform_document. */
extern const struct json_table transform_document_table;
