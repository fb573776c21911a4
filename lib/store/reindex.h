/* The index rebuilt from storage: every `<namespace>/<pipeline>/<run uid>/_run.json` below a
 * storage root is published again, fact by fact in the order of the recorded times, so that a
 * database built from nothing is the one that was lost, ids included. */
#pragma once

#include "port/blobs.h"
#include "port/sql.h"

struct reindex_report {
    size_t runs;       /* published */
    size_t unfinished; /* runs with results but without `_run.json`: theirs comes with their end */
    size_t gone;       /* artifacts whose `_manifest.json` is not there any more: now DELETED */
    struct sl_str *notes; /* what could not be read, a sentence each */
    size_t n_notes;
};

/* Publishing into a database that has some of it already adds what is missing.
 * Lifetime: `a`. Errors: those of storage and database; an unreadable record is a note. */
struct sl_err *reindex(struct sl_arena *a, struct blobs *b, struct sl_str root, struct sql *db,
                       struct reindex_report *ret) SL_MUST_USE;
