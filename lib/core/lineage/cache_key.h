/* The cache key of a step (DESIGN 5) and why it differs from an earlier one.
 *
 * The key is the SHA-256 of a record, a JSON object of all that shapes the step's outputs. The
 * record is kept beside the key, so that a miss can be explained by comparing two records. */
#pragma once

#include "core/pipeline/task.h"

struct cache_parts {
    struct sl_str component;        /* "Trainer" */
    struct sl_str build;            /* the executable's build id, or the digest of the image */
    struct sl_str version;          /* cache.version of a container step by tag; else empty */
    const struct json *params;      /* substituted; NULL: none */
    const struct task_port *inputs; /* the digests count; uris, properties and order do not */
    size_t n_inputs;
    const struct task_file *files; /* files outside: parameter, uri, bytes, etag */
    size_t n_files;
    const struct task_port *outputs; /* declared: names and types */
    size_t n_outputs;
};

/* The record, in `a`; ports sorted by name. Shares strings and params with `p`. */
struct json *cache_record(struct sl_arena *a, const struct cache_parts *p);
/* SHA-256 of the record's canonical JSON, 64 hex digits. Lifetime: `a`. */
struct sl_str cache_key(struct sl_arena *a, const struct json *record);
/* One sentence per difference, in a fixed order: "params.steps: was 1000, is 2000", "input
 * 'examples': another artifact (was 1f2e..., is 77ab...)", "file 's3://...': its content changed",
 * "Trainer was built anew". No lines: the records are equal. Lifetime: `a`. */
void cache_explain(struct sl_arena *a, const struct json *before, const struct json *now,
                   struct sl_str **ret_lines, size_t *ret_n);
