/* Artifacts on blobs (DESIGN 5): a folder of files written once, finished by `_manifest.json`
 * {type, files:[{path,bytes,sha256}], digest, properties}; without it the artifact does not exist.
 * digest = SHA-256 of the canonical JSON of {files, type} with the files sorted by path. */
#pragma once

#include "codec/json.h"
#include "port/blobs.h"

struct artifact_file_entry {
    struct sl_str path; /* relative to the artifact */
    int64_t bytes;
    struct sl_str sha256; /* hex */
};

/* ---- writing ---- */
struct artifact_writer;
struct artifact_file;

/* An artifact that will lie at `uri`. Leftovers of an earlier try there are overwritten file by
 * file. */
struct artifact_writer *artifact_writer_new(struct blobs *b, struct sl_str uri, struct sl_str type);
/* Forgets what was not committed (files already put stay, but without a manifest they are no
 * artifact). NULL is fine. */
void artifact_writer_free(struct artifact_writer *w);
/* A small file at once. Any thread. */
struct sl_err *artifact_write(struct artifact_writer *w, struct sl_str path,
                              struct sl_str data) SL_MUST_USE;
/* A large one in pieces; each file is written by one thread at a time, several files at once are
 * fine. */
struct sl_err *artifact_file_new(struct artifact_writer *w, struct sl_str path,
                                 struct artifact_file **ret) SL_MUST_USE;
struct sl_err *artifact_file_append(struct artifact_file *f, const void *p, size_t n) SL_MUST_USE;
/* Finishes the file (consumed also on failure). */
struct sl_err *artifact_file_close(struct artifact_file *f) SL_MUST_USE;
void artifact_file_abort(struct artifact_file *f);
/* Writes the manifest. `properties` is an object or NULL. Lifetime of ret_digest (hex): `a`. */
struct sl_err *artifact_commit(struct artifact_writer *w, struct sl_arena *a,
                               const struct json *properties, struct sl_str *ret_digest,
                               int64_t *ret_bytes) SL_MUST_USE;

/* ---- reading ---- */
struct artifact {
    struct blobs *blobs;
    struct sl_str uri, type, digest;
    struct artifact_file_entry *files; /* sorted by path */
    size_t n_files;
    int64_t bytes;
    struct json *properties; /* an object, never NULL */
};

/* Reads and checks the manifest. Lifetime: `a`. Errors: not_found: there is no artifact; corrupt:
 * its digest does not hold, or it differs from `expected_digest` (when that is not empty). */
struct sl_err *artifact_open(struct sl_arena *a, struct blobs *b, struct sl_str uri,
                             struct sl_str expected_digest, struct artifact **ret) SL_MUST_USE;
/* NULL when the artifact has no such file. */
const struct artifact_file_entry *artifact_find(const struct artifact *t, struct sl_str path);
/* A whole file, its SHA-256 checked. Errors: not_found, corrupt, exhausted (> max). */
struct sl_err *artifact_read(struct sl_arena *a, const struct artifact *t, struct sl_str path,
                             size_t max, struct sl_str *ret) SL_MUST_USE;
/* `n` bytes at `offset` of a file; unchecked (formats check their own parts). Any thread. */
struct sl_err *artifact_pread(const struct artifact *t, struct sl_str path, int64_t offset,
                              void *to, size_t n) SL_MUST_USE;
