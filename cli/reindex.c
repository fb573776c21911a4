/* `sluice reindex`: the metadata database again, from what storage holds. */
#include "cli/cli.h"
#include "cli/local.h"

#include "kit/storage.h"
#include "store/reindex.h"

#include <errno.h>

struct options {
    struct local_options local;
    struct sl_str storage;
    bool fresh;
};

/* Moves the old database aside, as `sluice.db.old`. Its write-ahead log goes with it. */
static struct sl_err *move_aside(struct sl_arena *a, const char *path)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < SL_COUNTOF(parts); i++) {
        const char *from = sl_arena_format(a, "%s%s", path, parts[i]).p;
        const char *to = sl_arena_format(a, "%s.old%s", path, parts[i]).p;
        if (rename(from, to) != 0 && errno != ENOENT)
            return SL_ERRNO("rename '%s'", from);
    }
    return NULL;
}

static struct json *describe(struct sl_arena *a, const struct reindex_report *r)
{
    struct json *o = json_new_object(a), *notes = json_new_array(a);
    json_set_number(a, o, "runs", (double)r->runs);
    json_set_number(a, o, "unfinished", (double)r->unfinished);
    json_set_number(a, o, "gone", (double)r->gone);
    for (size_t i = 0; i < r->n_notes; i++)
        json_push(a, notes, json_new_string(a, r->notes[i]));
    json_set(a, o, "notes", notes);
    return o;
}

static void print_report(const struct reindex_report *r)
{
    printf("%zu run%s indexed", r->runs, r->runs == 1 ? "" : "s");
    if (r->unfinished)
        printf("; %zu not finished: indexed when `sluice run --resume` ends %s", r->unfinished,
               r->unfinished == 1 ? "it" : "them");
    if (r->gone)
        printf("; %zu artifact%s gone from storage", r->gone, r->gone == 1 ? " is" : "s are");
    printf(".\n");
}

static struct sl_err *rebuild(struct sl_arena *a, const struct options *o,
                              struct reindex_report *ret)
{
    struct sl_str root = o->storage;
    struct sql *db;
    const char *path = local_database(a, &o->local);
    if (root.n)
        SL_TRY(storage_uri(a, root, ".", &root));
    else
        SL_TRY(local_storage(a, &o->local, &root));
    if (o->fresh)
        SL_TRY(move_aside(a, path));
    SL_TRY(local_open(path, true, &db));
    struct blobs *blobs = storage_new(NULL);
    struct sl_err *err = reindex(a, blobs, root, db, ret);
    storage_free(blobs);
    sql_free(db);
    return err;
}

static struct sl_err *run(int argc, char **argv)
{
    SL_AUTOARENA(a);
    struct options o = {.local = LOCAL_DEFAULTS};
    struct reindex_report report;
    const struct flag flags[] = {
        LOCAL_FLAGS(&o.local),
        {"storage", 0, FLAG_STRING, &o.storage, "URI", "what to read (default <root>/storage)"},
        {"fresh", 0, FLAG_BOOL, &o.fresh, NULL,
         "start from nothing; the old database becomes sluice.db.old"},
    };
    const struct flag_set set = {"reindex",
                                 "[--fresh] [--storage URI] [-o FORMAT]",
                                 "Publishes every run that storage holds into the metadata "
                                 "database: what is there stays, what is\n"
                                 "missing comes back. Nothing else may be running with --fresh.",
                                 flags,
                                 SL_COUNTOF(flags),
                                 0,
                                 0};
    struct flag_args args;
    SL_TRY(flags_parse(a, &set, argc, argv, &args));
    if (args.help)
        return NULL;
    SL_TRY(output_parse(o.local.output, &o.local.format));
    SL_TRY(rebuild(a, &o, &report));
    if (o.local.format == OUTPUT_TABLE)
        print_report(&report);
    else
        output_value(o.local.format, describe(a, &report));
    for (size_t i = 0; i < report.n_notes; i++)
        fprintf(stderr, "sluice reindex: left out: %.*s\n", SL_FMT(report.notes[i]));
    return NULL;
}

int cli_reindex(int argc, char **argv)
{
    return cli_finish("reindex", run(argc, argv));
}
