/* Two lanes, each a thread with a connection of its own and a line of requests:
 *
 *     submit -> [r r r] -> writer: BEGIN, savepoint r, savepoint r, savepoint r, COMMIT -> post r r
 * r submit -> [r r]   -> reader: BEGIN, r, COMMIT -> post r; BEGIN, r, COMMIT -> post r
 *
 * What waits while the writer works is committed together next time. */
#include "adapter/sql_sqlite/sqlite.h"

#include "adapter/sql_sqlite/connection.h"
#include "adapter/sql_sqlite/schema.h"
#include "base/alloc.h"
#include "base/file.h"
#include "net/workers.h"

#include <pthread.h>

enum {
    BUSY_MS = 20000,
    GROUP_MAX = 256, /* so that other processes get the lock now and then */
};

struct lane {
    struct sqlite_connection connection;
    enum sql_mode mode;
    struct work_queue *thread;
    struct work_job job; /* under way or waiting while `scheduled` */
    pthread_mutex_t lock;
    bool scheduled;
    struct sql_request *first, *last;
};

struct sqlite {
    struct sql sql;
    struct lane write, read;
};

/* ---- running ---- */
static void answer(struct sql_request *r, struct sl_err *err)
{
    completion_post(r->q, &r->c, err);
}

static struct sl_err *run_alone(struct lane *l, struct sql_request *r)
{
    struct sqlite_connection *c = &l->connection;
    SL_TRY(sqlite_connection_exec(c, l->mode == SQL_WRITE ? "BEGIN IMMEDIATE" : "BEGIN"));
    struct sl_err *err = r->work(r, &c->tx);
    if (!err)
        err = sqlite_connection_exec(c, "COMMIT");
    if (err && !sqlite3_get_autocommit(c->db))
        sl_err_free(sqlite_connection_exec(c, "ROLLBACK"));
    return err;
}

static void run_one_by_one(struct lane *l, struct sql_request *list)
{
    while (list) {
        struct sql_request *r = list;
        list = r->next;
        answer(r, run_alone(l, r));
    }
}

/* One unit inside the group's transaction; its failure undoes its own work alone. */
static struct sl_err *run_in_group(struct lane *l, struct sql_request *r)
{
    struct sqlite_connection *c = &l->connection;
    SL_TRY(sqlite_connection_exec(c, "SAVEPOINT unit"));
    struct sl_err *err = r->work(r, &c->tx);
    if (err && !sqlite3_get_autocommit(c->db))
        err = sl_err_first(err, sqlite_connection_exec(c, "ROLLBACK TO unit"));
    if (!sqlite3_get_autocommit(c->db))
        err = sl_err_first(err, sqlite_connection_exec(c, "RELEASE unit"));
    return err;
}

/* All of the list in one transaction. False when that was lost as a whole (disk full, I/O): then
 * nothing is answered. */
static bool run_group(struct lane *l, struct sql_request *list)
{
    struct sqlite_connection *c = &l->connection;
    struct sl_err *errs[GROUP_MAX] = {0};
    struct sl_err *whole = sqlite_connection_exec(c, "BEGIN IMMEDIATE");
    size_t n = 0;
    for (struct sql_request *r = list; r && !whole && !sqlite3_get_autocommit(c->db); r = r->next)
        errs[n++] = run_in_group(l, r);
    bool kept = !whole && !sqlite3_get_autocommit(c->db);
    if (kept) {
        whole = sqlite_connection_exec(c, "COMMIT");
        kept = !whole;
    }
    if (!sqlite3_get_autocommit(c->db))
        sl_err_free(sqlite_connection_exec(c, "ROLLBACK"));
    sl_err_free(whole);
    for (size_t i = 0; i < n; i++) {
        if (!kept) {
            sl_err_free(errs[i]);
            continue;
        }
        struct sql_request *r = list;
        list = r->next;
        answer(r, errs[i]);
    }
    return kept;
}

/* Takes up to GROUP_MAX from the line, or marks the lane idle. */
static struct sql_request *take(struct lane *l)
{
    pthread_mutex_lock(&l->lock);
    struct sql_request *list = l->first, *last = list;
    for (int i = 1; last && last->next && i < GROUP_MAX; i++)
        last = last->next;
    if (last) {
        l->first = last->next;
        last->next = NULL;
    } else {
        l->scheduled = false;
    }
    pthread_mutex_unlock(&l->lock);
    return list;
}

static void drain(struct work_job *job)
{
    struct lane *l = SL_CONTAINER_OF(job, struct lane, job);
    struct sql_request *list;
    while ((list = take(l))) {
        bool group = l->mode == SQL_WRITE && list->next;
        if (!group || !run_group(l, list))
            run_one_by_one(l, list);
    }
}

static void submit(struct sql *sql, struct completion_queue *q, struct sql_request *r)
{
    struct sqlite *s = SL_CONTAINER_OF(sql, struct sqlite, sql);
    struct lane *l = r->mode == SQL_WRITE ? &s->write : &s->read;
    r->q = q;
    r->next = NULL;
    pthread_mutex_lock(&l->lock);
    if (l->first)
        l->last->next = r;
    else
        l->first = r;
    l->last = r;
    bool schedule = !l->scheduled;
    l->scheduled = true;
    pthread_mutex_unlock(&l->lock);
    if (schedule)
        work_queue_add(l->thread, &l->job);
}

/* ---- opening and closing ---- */
static void sqlite_free(struct sql *sql);

static const struct sql_ops sqlite_ops = {
    .submit = submit,
    .query = sqlite_connection_query,
    .free = sqlite_free,
};

static void lane_start(struct lane *l, enum sql_mode mode)
{
    l->mode = mode;
    l->connection.tx.ops = &sqlite_ops;
    pthread_mutex_init(&l->lock, NULL);
    l->job.run = drain;
    l->thread = work_queue_new(1);
}

static void lane_stop(struct lane *l)
{
    work_queue_free(l->thread);
    pthread_mutex_destroy(&l->lock);
    sqlite_connection_deinit(&l->connection);
}

static void sqlite_free(struct sql *sql)
{
    struct sqlite *s = SL_CONTAINER_OF(sql, struct sqlite, sql);
    lane_stop(&s->read);
    lane_stop(&s->write);
    sl_free(s);
}

static struct sl_err *make_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return NULL;
    SL_AUTOARENA(a);
    return sl_dir_make(sl_arena_cstr(a, sl_strn(path, (size_t)(slash - path))));
}

/* The write-ahead log lets readers of any process go on while one writes. SQLite does not call the
 * busy handler for the change of mode, so that of several who make the file at once all but one
 * would fail: they wait here. */
static struct sl_err *use_wal(struct sqlite_connection *c)
{
    enum { NAP_MS = 2 };
    struct sl_err *err = sqlite_connection_exec(c, "PRAGMA journal_mode = WAL");
    for (int waited = 0; err && err->kind == SL_ERR_UNAVAILABLE && waited < BUSY_MS;
         waited += NAP_MS) {
        sl_err_free(err);
        sqlite3_sleep(NAP_MS);
        err = sqlite_connection_exec(c, "PRAGMA journal_mode = WAL");
    }
    return err;
}

/* A lost power supply may cost the last commits, not the file; the index is rebuilt from storage
 * then. */
static struct sl_err *prepare_writer(struct sqlite_connection *c)
{
    SL_TRY(use_wal(c));
    SL_TRY(sqlite_connection_exec(c, "PRAGMA synchronous = NORMAL"));
    return sqlite_schema_apply(c);
}

struct sl_err *sql_sqlite_open(const char *path, enum sqlite_open mode, struct sql **ret)
{
    if (mode == SQLITE_FILE_EXISTING && !sl_file_exists(path))
        return SL_ERR(NOT_FOUND, "'%s': there is no metadata database", path);
    SL_TRY(make_folder(path));
    struct sqlite *s = SL_NEW(struct sqlite);
    struct sl_err *err = sqlite_connection_init(&s->write.connection, path, BUSY_MS);
    if (err) {
        sl_free(s);
        return err;
    }
    s->write.connection.tx.ops = &sqlite_ops;
    err = prepare_writer(&s->write.connection);
    if (!err)
        err = sqlite_connection_init(&s->read.connection, path, BUSY_MS);
    if (err) {
        sqlite_connection_deinit(&s->write.connection);
        sl_free(s);
        return SL_WRAP(err, "'%s'", path);
    }
    s->sql.ops = &sqlite_ops;
    lane_start(&s->write, SQL_WRITE);
    lane_start(&s->read, SQL_READ);
    *ret = &s->sql;
    return NULL;
}
