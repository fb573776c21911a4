/* Object storage by the scheme of its URIs: file:// now, s3:// with its adapter. */
#pragma once

#include "codec/json.h"
#include "port/blobs.h"

/* `options` is the task's storage object (endpoint, region, ...) or NULL. Free with storage_free.
 */
struct blobs *storage_new(const struct json *options);
void storage_free(struct blobs *b);
/* A path or URI as a person writes it, made absolute against `folder`: "data/x.csv" becomes
 * "file:///home/me/data/x.csv". A URI with a scheme stays. Lifetime: `a`.
 * Errors: not_found: the folder cannot be resolved. */
struct sl_err *storage_uri(struct sl_arena *a, struct sl_str path, const char *folder,
                           struct sl_str *ret) SL_MUST_USE;
