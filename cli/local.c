#include "cli/local.h"

#include "adapter/sql_sqlite/sqlite.h"
#include "kit/storage.h"

const char *local_database(struct sl_arena *a, const struct local_options *o)
{
    return sl_arena_format(a, "%.*s/sluice.db", SL_FMT(o->folder)).p;
}

struct sl_err *local_storage(struct sl_arena *a, const struct local_options *o, struct sl_str *ret)
{
    return storage_uri(a, sl_arena_format(a, "%.*s/storage", SL_FMT(o->folder)), ".", ret);
}

struct sl_str local_model_name(struct sl_arena *a, struct sl_str name)
{
    if (sl_str_find_char(name, '/') >= 0)
        return name;
    return sl_arena_format(a, "default/%.*s", SL_FMT(name));
}

static struct sl_err *run_work(struct sql_request *r, struct sql_tx *tx)
{
    struct local_work *w = SL_CONTAINER_OF(r, struct local_work, r);
    return w->run(w, tx);
}

struct sl_err *local_open(const char *path, bool create, struct sql **ret)
{
    struct sl_err *err =
        sql_sqlite_open(path, create ? SQLITE_FILE_CREATE : SQLITE_FILE_EXISTING, ret);
    if (err && err->kind == SL_ERR_CORRUPT)
        err = SL_WRAP(err, "the metadata database is damaged (`sluice reindex --fresh` sets it "
                           "aside and makes it anew from storage)");
    return err;
}

struct sl_err *local_do(const struct local_options *o, enum sql_mode mode, struct local_work *w)
{
    struct sql *db;
    SL_TRY(local_open(local_database(w->a, o), false, &db));
    w->r = (struct sql_request){.mode = mode, .work = run_work};
    struct sl_err *err = sql_do(db, &w->r);
    sql_free(db);
    return err;
}
