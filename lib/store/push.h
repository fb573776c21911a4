/* Putting a Model artifact where servers look: `<destination>/<version>/`.
 *
 * The version is a number that only grows (Unix seconds at the push, or one more than the highest
 * that is there), as TensorFlow Serving's rule for the newest version wants it. The files are those
 * of the artifact, checked against their SHA-256 while they are copied. Where storage can move a
 * folder, they are copied beside the versions and moved there as a whole; elsewhere `model.json`
 * comes after all others and `_manifest.json` last. Either way a server that polls never loads half
 * a model. Used by Pusher and by `sluice rollback`. */
#pragma once

#include "store/artifact.h"

struct push_result {
    struct sl_str version; /* the directory's name */
    struct sl_str uri;     /* <destination>/<version> */
    int64_t bytes;
};

/* Copies. Units: now_us, microseconds since 1970. Lifetime: `a`. Errors: corrupt: a file of the
 * model is not what its manifest says (then nothing is there). */
struct sl_err *push_model(struct sl_arena *a, struct blobs *b, const struct artifact *model,
                          struct sl_str destination, int64_t now_us,
                          struct push_result *ret) SL_MUST_USE;
