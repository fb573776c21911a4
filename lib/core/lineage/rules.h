/* The registry's rules, over lists that somebody else read. */
#pragma once

#include "base/err.h"
#include "codec/json.h"

/* A blessing of a model of one pipeline. */
struct rules_blessing {
    struct sl_str model_digest;
    bool blessed;
    bool live; /* the model's artifact is still there */
};

/* The newest model that was blessed, other than the candidate's own: a run that is repeated then
 * compares with the same baseline as before and is cached. `list` (n) is newest first. Returns its
 * index, or -1. `exclude` empty: nothing is left out. */
ptrdiff_t rules_latest_blessed(const struct rules_blessing *list, size_t n, struct sl_str exclude);

struct registry_push {
    struct sl_str version;     /* the directory's name */
    struct sl_str destination; /* its uri */
    struct sl_str action;      /* "push" or "rollback" */
    int64_t model_version;
    struct sl_str model_digest;
    struct sl_str model_uri; /* the Model artifact's */
    struct sl_str run_uid;   /* empty for a rollback */
    struct sl_str by;
    int64_t at_us;
    struct json
        *data; /* [{type, uri, digest}] the model was made from: external files and Examples */
};

/* Which earlier push a rollback takes. `list` (n) is newest first; the first is live now. With
 * `version` the newest whose directory has that name; with an empty one the newest of another model
 * than the live one's. Errors: not_found, naming what there is; invalid: it holds the live model
 * already. */
struct sl_err *rules_rollback_target(const struct registry_push *list, size_t n,
                                     struct sl_str version, size_t *ret_index) SL_MUST_USE;

/* Stages in their order: "trained" < "rejected" < "blessed" < "pushed". A stage never goes back, so
 * a republished fact changes nothing. Returns the later one of the two. */
struct sl_str rules_later_stage(struct sl_str x, struct sl_str y);
