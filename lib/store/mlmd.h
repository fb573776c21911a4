/* Writing the ML Metadata tables: types, nodes, properties, events (reference: ML Metadata schema
 * 10).
 *
 * Everything is "ensure": what is there stays, so publishing twice changes nothing. All functions
 * run in a unit of work; ids are the tables'. Units: ms, since 1970. */
#pragma once

#include "codec/json.h"
#include "port/sql.h"

enum mlmd_kind { MLMD_EXECUTION = 0, MLMD_ARTIFACT = 1, MLMD_CONTEXT = 2 };

enum mlmd_artifact_state {
    MLMD_ARTIFACT_LIVE = 2,
    MLMD_ARTIFACT_MARKED_FOR_DELETION = 3,
    MLMD_ARTIFACT_DELETED = 4,
    MLMD_ARTIFACT_ABANDONED = 5,
};

enum mlmd_execution_state {
    MLMD_EXECUTION_RUNNING = 2,
    MLMD_EXECUTION_COMPLETE = 3,
    MLMD_EXECUTION_FAILED = 4,
    MLMD_EXECUTION_CACHED = 5,
    MLMD_EXECUTION_CANCELED = 6,
};

enum mlmd_event { MLMD_EVENT_INPUT = 3, MLMD_EVENT_OUTPUT = 4 };

/* Custom property of an artifact that holds its digest. */
#define MLMD_DIGEST "digest"

/* The context of that type and name, made when there is none. */
struct sl_err *mlmd_context(struct sql_tx *tx, struct sl_arena *a, const char *type,
                            struct sl_str name, int64_t create_ms, int64_t *ret) SL_MUST_USE;
/* Idempotent, as are the next two. */
struct sl_err *mlmd_parent_context(struct sql_tx *tx, struct sl_arena *a, int64_t child,
                                   int64_t parent) SL_MUST_USE;
/* Execution of a context, artifact of a context. */
struct sl_err *mlmd_associate(struct sql_tx *tx, struct sl_arena *a, int64_t context,
                              int64_t execution) SL_MUST_USE;
struct sl_err *mlmd_attribute(struct sql_tx *tx, struct sl_arena *a, int64_t context,
                              int64_t artifact) SL_MUST_USE;

/* The execution of that type and name, with state and update time set anew. */
struct sl_err *mlmd_execution(struct sql_tx *tx, struct sl_arena *a, struct sl_str type,
                              struct sl_str name, enum mlmd_execution_state state,
                              int64_t create_ms, int64_t update_ms, int64_t *ret) SL_MUST_USE;

/* The artifact of that type, uri and digest; made LIVE when there is none. */
struct sl_err *mlmd_artifact(struct sql_tx *tx, struct sl_arena *a, struct sl_str type,
                             struct sl_str uri, struct sl_str digest, int64_t create_ms,
                             int64_t *ret) SL_MUST_USE;
/* Its id, or 0. */
struct sl_err *mlmd_find_artifact(struct sql_tx *tx, struct sl_arena *a, struct sl_str type,
                                  struct sl_str uri, struct sl_str digest,
                                  int64_t *ret) SL_MUST_USE;
/* Gives the artifact its name, once. */
struct sl_err *mlmd_name_artifact(struct sql_tx *tx, struct sl_arena *a, int64_t artifact,
                                  struct sl_str name) SL_MUST_USE;

/* Sets one property of a node. A name that the artifact's type declares is a property, any other a
 * custom one; JSON that is no number, string or boolean is kept as text; null sets nothing. */
struct sl_err *mlmd_property(struct sql_tx *tx, struct sl_arena *a, enum mlmd_kind kind,
                             struct sl_str type, int64_t node, struct sl_str name,
                             const struct json *value) SL_MUST_USE;

struct mlmd_path {
    struct sl_str key;
    int64_t index;
};

/* An event with its path: key, index, key, index, ... in the order given, as TFX reads it. One that
 * is there stays as it is. */
struct sl_err *mlmd_event(struct sql_tx *tx, struct sl_arena *a, int64_t artifact,
                          int64_t execution, enum mlmd_event type, int64_t ms,
                          const struct mlmd_path *path, size_t n) SL_MUST_USE;
