/* `_manifest.json`: what a writer leaves last and a reader asks first (store/artifact.h). */
#pragma once

#include "store/artifact.h"

#define ARTIFACT_MANIFEST "_manifest.json"

/* Sorts the files by path and takes the digest over {files, type}. Lifetime: `a`. */
struct sl_str artifact_manifest_digest(struct sl_arena *a, struct sl_str type,
                                       struct artifact_file_entry *files, size_t n);
void artifact_manifest_encode(struct sl_arena *a, const struct artifact *t, struct sl_buf *b);
/* Fills type, digest, files, bytes and properties. Errors: invalid or corrupt. Lifetime: `a`. */
struct sl_err *artifact_manifest_decode(struct sl_arena *a, struct sl_str text,
                                        struct artifact *ret) SL_MUST_USE;
/* The URI of a file of an artifact. */
struct sl_str artifact_file_uri(struct sl_arena *a, struct sl_str uri, struct sl_str path);
