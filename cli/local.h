/* The folder of a laptop's runs, `./.sluice`: database, storage and run states (DESIGN 5). */
#pragma once

#include "cli/flags.h"
#include "cli/output.h"
#include "port/sql.h"

/* What the flags below set. */
struct local_options {
    struct sl_str folder; /* --root */
    struct sl_str output; /* -o */
    enum output_format format;
};

#define LOCAL_DEFAULTS                                                                           \
    {                                                                                            \
        .folder = {".sluice", sizeof(".sluice") - 1}, .output = { "table", sizeof("table") - 1 } \
    }
#define LOCAL_ROOT_FLAG(options)                              \
    {                                                         \
        "root", 0, FLAG_STRING, &(options)->folder, "FOLDER", \
            "where runs are kept (default ./.sluice)"         \
    }
#define LOCAL_FLAGS(options)                                                                      \
    LOCAL_ROOT_FLAG(options),                                                                     \
    {                                                                                             \
        "output", 'o', FLAG_STRING, &(options)->output, "FORMAT", "table (default), json or yaml" \
    }

/* `<folder>/sluice.db` and `<folder>/storage` (as a file:// URI). Lifetime: `a`. */
const char *local_database(struct sl_arena *a, const struct local_options *o);
struct sl_err *local_storage(struct sl_arena *a, const struct local_options *o,
                             struct sl_str *ret) SL_MUST_USE;

/* `<namespace>/<pipeline>` of a registered model as a person names it: the pipeline alone is of the
 * laptop's namespace. Lifetime: `a`. */
struct sl_str local_model_name(struct sl_arena *a, struct sl_str name);

/* The database at `path`; with `create`, made when it is not there. Errors: those of
 * sql_sqlite_open; a damaged one says what to do. */
struct sl_err *local_open(const char *path, bool create, struct sql **ret) SL_MUST_USE;

/* A unit of work over the folder's database, opened and closed around it. */
struct local_work {
    struct sql_request r;
    struct sl_arena *a;
    struct sl_err *(*run)(struct local_work *w, struct sql_tx *tx);
    void *ctx;
};

/* Parses -o, opens the database, runs. Errors: not_found: there is no database. */
struct sl_err *local_do(const struct local_options *o, enum sql_mode mode,
                        struct local_work *w) SL_MUST_USE;
