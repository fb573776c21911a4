/* A run's folder on a laptop: `<root>/runs/<uid>/`
 *
 *     lock            held (flock) by the `sluice run` that carries the run out
 *     spec.json       the Pipeline, the parameters, who and where: written once
 *     run.json        its state: phases, attempts, outcomes (core/pipeline/snapshot.h)
 *     steps/<step>.json   what the step was resolved to and what it made
 *     units/          what the local cluster keeps of its processes
 *
 * Files are replaced whole by rename: a reader, also one after `kill -9`, sees the old or the new.
 */
#pragma once

#include "engine/engine.h"

struct run_folder;

/* Makes the folder, takes the lock and writes spec.json. `run` is the head; `folder` what plain
 * paths are relative to. */
struct sl_err *run_folder_create(const char *root, const struct run_record *run,
                                 const struct spec_pipeline *pipeline, const char *folder,
                                 struct run_folder **ret) SL_MUST_USE;

/* What spec.json, run.json and steps/ hold. */
struct run_folder_content {
    struct run_record record;           /* steps: (pipeline->n_steps), never NULL */
    const struct json *pipeline_object; /* a Pipeline, for manifest_read_object */
    struct sl_str folder;
    struct sl_str current_folder; /* of the process that started the run; may be empty */
    const struct json *status; /* for snapshot_decode; NULL: killed before it was written first */
};

/* Takes the lock and reads what is static. Lifetime of ret_content: `a`.
 * Errors: not_found; unavailable: another `sluice run` is carrying it out; corrupt. */
struct sl_err *run_folder_open(struct sl_arena *a, const char *root, struct sl_str uid,
                               struct run_folder **ret,
                               struct run_folder_content *ret_content) SL_MUST_USE;
/* Reads steps/ into records (pipeline->n_steps). Lifetime: `a`. */
struct sl_err *run_folder_read_steps(struct sl_arena *a, const struct run_folder *f,
                                     const struct spec_pipeline *pipeline,
                                     struct step_record **ret) SL_MUST_USE;
/* Releases the lock. NULL is fine. */
void run_folder_free(struct run_folder *f);
struct engine_store *run_folder_store(struct run_folder *f);

/* One line about a run, for choosing one. */
struct run_folder_entry {
    struct sl_str uid, name, pipeline;
    int64_t created_us;
    struct sl_str outcome; /* empty: it has not ended */
};
/* All runs under `root`, newest first. Folders that hold no readable run are left out. Lifetime:
 * `a`. */
struct sl_err *run_folder_list(struct sl_arena *a, const char *root, struct run_folder_entry **ret,
                               size_t *ret_n) SL_MUST_USE;
