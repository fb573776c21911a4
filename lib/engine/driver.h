/* What the files of the driver share: driver.c has the sequence, inputs and parameters;
 * driver_files.c the files outside; driver_cache.c the cache; driver_verify.c what a hit found. */
#pragma once

#include "base/vec.h"
#include "engine/internal.h"

enum stage {
    STAGE_WHEN,
    STAGE_INPUTS,
    STAGE_BLESSED, /* an input is the model blessed last */
    STAGE_PARAMS,
    STAGE_GUARD, /* what is to be pushed still beats what is blessed now */
    STAGE_LIST,  /* files outside: one pattern at a time */
    STAGE_HASH,  /* one file at a time */
    STAGE_LOOKUP,
    STAGE_VERIFY, /* a hit: one artifact at a time, its manifest, the sizes and contents of its
                     files, and the version that was pushed */
    STAGE_TAKE,
    STAGE_REJECT,
};

struct artifact;

struct pattern {
    struct sl_str place, uri;
};

/* A file of a hit whose content is being checked. */
struct hashing {
    struct driver *d;
    struct blob_request r;
    size_t file; /* of d->hit */
};

/* Keeps the disk and the adapter's threads busy, and yet lets other steps' requests through. */
enum { HASHING_AT_ONCE = 4 };

struct driver {
    struct engine_step *s;
    struct sl_arena *a; /* the step's driver_a: what is found goes into the record */
    struct scope scope;
    enum stage stage;
    struct step_record *r;
    const struct spec_step *spec;
    size_t blessed_input; /* of spec->inputs, where STAGE_BLESSED stands */
    SL_VEC(struct pattern) patterns;
    SL_VEC(struct task_file) files;
    size_t at; /* pattern, file or artifact under way */
    bool as_folder;
    struct sha256 *hash;
    struct blob_request list;
    struct fetch fetch;
    struct artifact *hit; /* of the hit, under way */
    struct hashing hashing[HASHING_AT_ONCE];
    size_t n_hashing, next_file;
    size_t bad_file;   /* the first whose content is not its manifest's, or n_files */
    struct sl_str why; /* the hit does not hold, in a sentence */
    struct index_cache_lookup lookup;
    struct index_cache_reject reject;
    struct index_latest_blessed latest;
};

/* Goes on with the next stage. */
void driver_go(struct driver *d);
/* The step's resolution is known; frees the driver. */
void driver_finish(struct driver *d, enum resolution how);
/* The same with a failure (consumed) for people. */
void driver_finish_error(struct driver *d, enum resolution how, struct sl_err *err);
/* A request that could not be answered (its failure is consumed): refused for ever, or to be asked
 * again later. */
void driver_finish_unanswered(struct driver *d, struct sl_err *err);
/* The failure of a request that has come back, taken over; NULL: answered. */
struct sl_err *driver_answer(struct driver *d, struct completion *c) SL_MUST_USE;

/* Stages: true when the next may begin; else an answer, or driver_finish, goes on. */
bool driver_list(struct driver *d);
bool driver_hash(struct driver *d);
bool driver_lookup(struct driver *d);
bool driver_verify(struct driver *d);
bool driver_take(struct driver *d);
bool driver_reject(struct driver *d);
