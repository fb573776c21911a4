#include "adapter/sql_sqlite/connection.h"

#include "base/assert.h"

enum { BUSY_POLL_MS = 2, ROWS_FIRST = 8 };

static enum sl_err_kind kind_of(int extended)
{
    switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return SL_ERR_CONFLICT;
    default:
        break;
    }
    switch (extended & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return SL_ERR_INVALID;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
        return SL_ERR_UNAVAILABLE;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
        return SL_ERR_EXHAUSTED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return SL_ERR_CORRUPT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return SL_ERR_DENIED;
    case SQLITE_INTERRUPT:
        return SL_ERR_CANCELED;
    default:
        return SL_ERR_INTERNAL;
    }
}

static struct sl_err *failure(sqlite3 *db, const char *doing)
{
    int code = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
    return sl_err_new(kind_of(code), code, __FILE__, __LINE__, "SQLite: %.80s: %s", doing,
                      db ? sqlite3_errmsg(db) : "out of memory");
}

/* Fixed short naps instead of SQLite's own growing ones: group commits are short, so the lock comes
 * free within milliseconds and the longest nap of the built-in handler (100 ms) would be most of
 * the wait. */
static int on_busy(void *limit, int calls)
{
    if (calls >= (int)(intptr_t)limit)
        return 0;
    sqlite3_sleep(BUSY_POLL_MS);
    return 1;
}

struct sl_err *sqlite_connection_init(struct sqlite_connection *c, const char *path, int busy_ms)
{
    *c = (struct sqlite_connection){.statements = SL_MAP_INIT};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2(path, &c->db, flags, NULL);
    if (rc != SQLITE_OK) {
        struct sl_err *err = failure(c->db, "open");
        sqlite3_close(c->db);
        return SL_WRAP(err, "'%s'", path);
    }
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_handler(c->db, on_busy, (void *)(intptr_t)(busy_ms / BUSY_POLL_MS));
    return NULL;
}

void sqlite_connection_deinit(struct sqlite_connection *c)
{
    for (size_t i = 0; i < c->statements.n; i++)
        sqlite3_finalize((sqlite3_stmt *)(uintptr_t)c->statements.entries[i].value);
    sl_map_deinit(&c->statements);
    sqlite3_close(c->db);
    c->db = NULL;
}

struct sl_err *sqlite_connection_exec(struct sqlite_connection *c, const char *text)
{
    if (sqlite3_exec(c->db, text, NULL, NULL, NULL) != SQLITE_OK)
        return failure(c->db, text);
    return NULL;
}

static struct sl_err *prepared(struct sqlite_connection *c, const char *text, sqlite3_stmt **ret)
{
    sqlite3_stmt *s = sl_map_find_ptr(&c->statements, sl_str(text));
    if (!s) {
        if (sqlite3_prepare_v3(c->db, text, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK)
            return failure(c->db, text);
        sl_assert(s);
        sl_map_set_ptr(&c->statements, sl_str(text), s);
    }
    *ret = s;
    return NULL;
}

static int bind_one(sqlite3_stmt *s, int at, const struct sql_value *v)
{
    switch (v->type) {
    case SQL_NULL:
        return sqlite3_bind_null(s, at);
    case SQL_INT:
    case SQL_BOOL:
        return sqlite3_bind_int64(s, at, v->i);
    case SQL_REAL:
        return sqlite3_bind_double(s, at, v->d);
    case SQL_TEXT:
        /* An empty text has to point somewhere, else it would be bound as NULL. */
        return sqlite3_bind_text64(s, at, v->s.n ? v->s.p : "", v->s.n, SQLITE_STATIC, SQLITE_UTF8);
    case SQL_BLOB:
        return sqlite3_bind_blob64(s, at, v->s.n ? v->s.p : "", v->s.n, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

/* SQLite numbers $1, $2 in order of appearance; the names give back the order that is meant. */
static struct sl_err *bind_all(struct sqlite_connection *c, sqlite3_stmt *s, const char *text,
                               const struct sql_value *params, size_t n)
{
    if (sqlite3_bind_parameter_count(s) != (int)n)
        return SL_ERR(INTERNAL, "%d parameters expected, %zu given: %s",
                      sqlite3_bind_parameter_count(s), n, text);
    for (size_t i = 0; i < n; i++) {
        char name[24];
        snprintf(name, sizeof(name), "$%zu", i + 1);
        int at = sqlite3_bind_parameter_index(s, name);
        if (at == 0)
            return SL_ERR(INTERNAL, "no parameter %s in: %s", name, text);
        if (bind_one(s, at, &params[i]) != SQLITE_OK)
            return failure(c->db, text);
    }
    return NULL;
}

static struct sql_value column(struct sl_arena *a, sqlite3_stmt *s, int i)
{
    switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER:
        return sql_int(sqlite3_column_int64(s, i));
    case SQLITE_FLOAT:
        return sql_real(sqlite3_column_double(s, i));
    case SQLITE_TEXT: {
        const char *p = (const char *)sqlite3_column_text(s, i);
        return sql_text(sl_arena_str(a, sl_strn(p, (size_t)sqlite3_column_bytes(s, i))));
    }
    case SQLITE_BLOB: {
        const char *p = sqlite3_column_blob(s, i);
        return sql_blob(sl_arena_str(a, sl_strn(p, (size_t)sqlite3_column_bytes(s, i))));
    }
    default:
        return sql_null();
    }
}

static void add_row(struct sl_arena *a, sqlite3_stmt *s, struct sql_rows *rows, size_t *capacity)
{
    size_t n = rows->n_columns;
    if (rows->n == *capacity) {
        size_t grown = *capacity ? *capacity * 2 : ROWS_FIRST;
        struct sql_value *v = SL_ARENA_ARRAY(a, struct sql_value, grown * n);
        if (rows->n)
            memcpy(v, rows->values, rows->n * n * sizeof(*v));
        rows->values = v;
        *capacity = grown;
    }
    for (size_t i = 0; i < n; i++)
        rows->values[rows->n * n + i] = column(a, s, (int)i);
    rows->n++;
}

static struct sl_err *step_all(struct sqlite_connection *c, struct sl_arena *a, sqlite3_stmt *s,
                               const char *text, struct sql_rows *ret)
{
    struct sql_rows rows = {.n_columns = (size_t)sqlite3_column_count(s)};
    size_t capacity = 0;
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW)
        add_row(a, s, &rows, &capacity);
    if (rc != SQLITE_DONE)
        return failure(c->db, text);
    rows.changes = sqlite3_changes64(c->db);
    if (ret)
        *ret = rows;
    return NULL;
}

struct sl_err *sqlite_connection_query(struct sql_tx *tx, struct sl_arena *a, const char *text,
                                       const struct sql_value *params, size_t n_params,
                                       struct sql_rows *ret)
{
    struct sqlite_connection *c = SL_CONTAINER_OF(tx, struct sqlite_connection, tx);
    sqlite3_stmt *s = NULL;
    SL_TRY(prepared(c, text, &s));
    struct sl_err *err = bind_all(c, s, text, params, n_params);
    if (!err)
        err = step_all(c, a, s, text, ret);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return err;
}
