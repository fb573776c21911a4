/* The model registry: what was trained, blessed and pushed, when, by whom and from what data.
 *
 * A registered model is named `<namespace>/<pipeline>`. Every Model artifact that a run of the
 * pipeline makes becomes a version of it (1, 2, ... in order of publishing; a model with the same
 * digest is the same version). Its stage grows: trained, blessed (or rejected), pushed. Aliases
 * name versions: `latest`, `blessed` and `production` are kept by the index, others are a user's
 * own.
 *
 * A push is read from the outputs of the step that made it. The Pusher's PushedModel artifact has
 * the properties below; a rollback pushes an earlier version's files again as a new directory, so
 * that directories only grow, a server that follows the highest number takes it up, and no history
 * is rewritten. */
#pragma once

#include "core/lineage/rules.h"
#include "port/blobs.h"
#include "port/sql.h"

/* Properties of a PushedModel artifact (the first three are TFX's names). */
#define PUSHED_PROPERTY             "pushed"             /* bool */
#define PUSHED_PROPERTY_DESTINATION "pushed_destination" /* uri of <destination>/<version> */
#define PUSHED_PROPERTY_VERSION     "pushed_version"     /* string: "1763797137" */
#define PUSHED_PROPERTY_MODEL       "model_digest"       /* digest of the Model artifact */

struct registry_version {
    int64_t version;
    struct sl_str digest, uri;
    struct sl_str stage;   /* "trained", "rejected", "blessed", "pushed" */
    struct sl_str aliases; /* "latest,production" */
    struct sl_str run_uid, run_name, step;
    struct sl_str by;
    int64_t created_us;
};

/* All of the functions below run in a unit of work (port/sql.h); results live in `a`. */

/* Pushes of a model, newest first. Errors: not_found: no such registered model. */
struct sl_err *registry_pushes(struct sql_tx *tx, struct sl_arena *a, struct sl_str model,
                               struct registry_push **ret, size_t *ret_n) SL_MUST_USE;
/* Versions, newest first. Errors: not_found. */
struct sl_err *registry_versions(struct sql_tx *tx, struct sl_arena *a, struct sl_str model,
                                 struct registry_version **ret, size_t *ret_n) SL_MUST_USE;
/* Names of all registered models, sorted. */
struct sl_err *registry_models(struct sql_tx *tx, struct sl_arena *a, struct sl_str **ret,
                               size_t *ret_n) SL_MUST_USE;
/* Which earlier push a rollback takes: the one whose directory is `version`, or with an empty
 * `version` the newest push of another model than the one that is live now. Errors: not_found, with
 * what there is; invalid: it is the live one already. */
struct sl_err *registry_rollback_target(struct sql_tx *tx, struct sl_arena *a, struct sl_str model,
                                        struct sl_str version,
                                        struct registry_push *ret) SL_MUST_USE;
/* Enters a rollback that was carried out: a push with action "rollback", `production` moved. */
struct sl_err *registry_record_rollback(struct sql_tx *tx, struct sl_arena *a, struct sl_str model,
                                        const struct registry_push *done) SL_MUST_USE;

/* ---- for the rooms beside this one ---- */
/* Sets an alias unless it was set later than `at_us`. */
struct sl_err *registry_set_alias(struct sql_tx *tx, struct sl_arena *a, int64_t model,
                                  const char *alias, int64_t version, struct sl_str by,
                                  int64_t at_us) SL_MUST_USE;
/* Raises a version's stage; it never goes back (core/lineage/rules.h). */
struct sl_err *registry_raise_stage(struct sql_tx *tx, struct sl_arena *a, int64_t model,
                                    int64_t version, const char *stage) SL_MUST_USE;
/* Enters a push of p->model_version, its stage and `production`; one to a destination that is known
 * already changes nothing. */
struct sl_err *registry_insert_push(struct sql_tx *tx, struct sl_arena *a, int64_t model,
                                    const struct registry_push *p) SL_MUST_USE;
