#include "core/learn/transform_document.h"

#include <stddef.h>

#define OF(type, member) offsetof(struct type, member)
#define FIELD(text, json_kind, type, member)                            \
    {                                                                   \
        .name = (text), .kind = (json_kind), .offset = OF(type, member) \
    }
#define REQUIRED(text, json_kind, type, member)                                           \
    {                                                                                     \
        .name = (text), .kind = (json_kind), .offset = OF(type, member), .required = true \
    }

static const char *const ops[] = {
    "column",    "expr",       "fill",     "isMissing", "zscore", "minmax",   "log",        "clip",
    "bucketize", "vocabulary", "identity", "cross",     "hash",   "datePart", "textLength", NULL};
static const char *const targets[] = {"dense", "trees", NULL};
static const char *const tasks[] = {"binary", "multiclass", "regression", NULL};
static const char *const types[] = {"float", "id", NULL};
static const char *const encodings[] = {"auto", "onehot", "embedding", NULL};

static const struct json_field node_fields[] = {
    {.name = "op",
     .kind = JSON_K_ENUM,
     .offset = OF(document_node, op),
     .required = true,
     .names = ops},
    FIELD("of", JSON_K_NUMBER_LIST, document_node, of),
    FIELD("boundaries", JSON_K_NUMBER_LIST, document_node, boundaries),
    FIELD("column", JSON_K_STRING, document_node, column),
    FIELD("expr", JSON_K_STRING, document_node, expr),
    FIELD("text", JSON_K_STRING, document_node, text),
    FIELD("vocabulary", JSON_K_STRING, document_node, vocabulary),
    FIELD("part", JSON_K_STRING, document_node, part),
    FIELD("value", JSON_K_NUMBER, document_node, value),
    FIELD("mean", JSON_K_NUMBER, document_node, mean),
    FIELD("std", JSON_K_NUMBER, document_node, std),
    {.name = "min",
     .kind = JSON_K_NUMBER,
     .offset = OF(document_node, min),
     .present_offset = OF(document_node, has_min)},
    {.name = "max",
     .kind = JSON_K_NUMBER,
     .offset = OF(document_node, max),
     .present_offset = OF(document_node, has_max)},
    FIELD("low", JSON_K_NUMBER, document_node, low),
    FIELD("high", JSON_K_NUMBER, document_node, high),
    FIELD("offset", JSON_K_NUMBER, document_node, offset),
    FIELD("oov", JSON_K_INT, document_node, oov),
    FIELD("first", JSON_K_INT, document_node, first),
    FIELD("count", JSON_K_INT, document_node, count),
};
static const struct json_table node_table = JSON_TABLE(node_fields, struct document_node);

static const struct json_field output_fields[] = {
    REQUIRED("name", JSON_K_STRING, document_output, name),
    REQUIRED("node", JSON_K_INT, document_output, node),
    {.name = "type",
     .kind = JSON_K_ENUM,
     .offset = OF(document_output, type),
     .required = true,
     .names = types},
    FIELD("size", JSON_K_INT, document_output, size),
    FIELD("ordered", JSON_K_BOOL, document_output, ordered),
    {.name = "encoding",
     .kind = JSON_K_ENUM,
     .offset = OF(document_output, encoding),
     .names = encodings},
    FIELD("embeddingSize", JSON_K_INT, document_output, embedding_size),
    FIELD("mayMiss", JSON_K_BOOL, document_output, may_miss),
    REQUIRED("portable", JSON_K_BOOL, document_output, portable),
    FIELD("reason", JSON_K_STRING, document_output, reason),
};
static const struct json_table output_table = JSON_TABLE(output_fields, struct document_output);

static const struct json_field column_fields[] = {
    REQUIRED("name", JSON_K_STRING, document_column, name),
    REQUIRED("type", JSON_K_STRING, document_column, type),
};
static const struct json_table column_table = JSON_TABLE(column_fields, struct document_column);

static const struct json_field label_fields[] = {
    REQUIRED("name", JSON_K_STRING, document_label, name),
    REQUIRED("expr", JSON_K_STRING, document_label, expr),
    {.name = "task",
     .kind = JSON_K_ENUM,
     .offset = OF(document_label, task),
     .required = true,
     .names = tasks},
    FIELD("classes", JSON_K_STRING_LIST, document_label, classes),
};
static const struct json_table label_table = JSON_TABLE(label_fields, struct document_label);

static const struct json_field weight_fields[] = {
    REQUIRED("name", JSON_K_STRING, document_weight, name),
    REQUIRED("expr", JSON_K_STRING, document_weight, expr),
};
static const struct json_table weight_table = JSON_TABLE(weight_fields, struct document_weight);

static const struct json_field excluded_fields[] = {
    REQUIRED("column", JSON_K_STRING, document_excluded, column),
    REQUIRED("reason", JSON_K_STRING, document_excluded, reason),
};
static const struct json_table excluded_table =
    JSON_TABLE(excluded_fields, struct document_excluded);

#define OBJECTS(text, member, table_ptr)                                                      \
    {                                                                                         \
        .name = (text), .kind = JSON_K_OBJECT_LIST, .offset = OF(transform_document, member), \
        .required = true, .table = (table_ptr)                                                \
    }

static const struct json_field document_fields[] = {
    REQUIRED("version", JSON_K_INT, transform_document, version),
    {.name = "target",
     .kind = JSON_K_ENUM,
     .offset = OF(transform_document, target),
     .required = true,
     .names = targets},
    {.name = "label",
     .kind = JSON_K_OBJECT,
     .offset = OF(transform_document, label),
     .required = true,
     .table = &label_table},
    {.name = "weight",
     .kind = JSON_K_OBJECT,
     .offset = OF(transform_document, weight),
     .table = &weight_table,
     .present_offset = OF(transform_document, has_weight)},
    OBJECTS("labelColumns", label_columns, &column_table),
    OBJECTS("columns", columns, &column_table),
    OBJECTS("nodes", nodes, &node_table),
    OBJECTS("outputs", outputs, &output_table),
    OBJECTS("excluded", excluded, &excluded_table),
    REQUIRED("features", JSON_K_ANY, transform_document, features),
};
const struct json_table transform_document_table =
    JSON_TABLE(document_fields, struct transform_document);
