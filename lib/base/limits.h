/* Bounds on what comes from outside; checked before memory is asked for. */
#pragma once

enum {
    SL_LIMIT_JSON_DEPTH = 64,
    SL_LIMIT_YAML_DEPTH = 64,
    SL_LIMIT_YAML_NODES = 200000,
    SL_LIMIT_YAML_ALIASES = 1000,
    SL_LIMIT_STEPS = 1000,
    SL_LIMIT_COLUMNS = 20000,
    SL_LIMIT_EXPR_DEPTH = 64,
};

#define SL_LIMIT_MANIFEST_BYTES ((size_t)1 << 20) /* a Kubernetes object is at most 1 MiB */
#define SL_LIMIT_TASK_BYTES \
    ((size_t)96 << 10) /* in the environment; a larger one goes to storage */
#define SL_LIMIT_RESULT_BYTES ((size_t)64 << 20) /* _result.json */
#define SL_LIMIT_DOCUMENT_BYTES \
    ((size_t)64 << 20) /* model.json, transform.json, _manifest.json, schema.pbtxt */
#define SL_LIMIT_CELL_BYTES  ((size_t)16 << 20) /* one CSV field or string value */
#define SL_LIMIT_PROTO_BYTES ((size_t)1 << 30)  /* statistics, model.onnx */
