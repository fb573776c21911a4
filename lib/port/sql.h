/* A SQL database: units of work that run beside the caller's loop.
 *
 * A request carries a function that the adapter runs inside a transaction on a thread of its own.
 * There it queries as sequential code does; when it returns without a failure the transaction is
 * committed, and the completion is posted after the commit. Waiting writers are committed together;
 * the failure of one undoes that one's work alone. A unit may be run again from its start (another
 * writer was in the way, a serialisation failure, a lost connection): it must not keep anything of
 * a run that did not end well, except memory in the arena.
 *
 * One text serves SQLite and PostgreSQL: parameters are $1, $2, ... and always bound, names are
 * unquoted, ON CONFLICT and RETURNING are there, booleans are TRUE and FALSE. */
#pragma once

#include "base/arena.h"
#include "port/completion.h"

enum sql_type { SQL_NULL, SQL_INT, SQL_REAL, SQL_TEXT, SQL_BLOB, SQL_BOOL };

struct sql_value {
    enum sql_type type;
    int64_t i;       /* INT; BOOL: 0 or 1 (SQLite gives booleans back as INT) */
    double d;        /* REAL */
    struct sl_str s; /* TEXT, BLOB */
};

/* Making parameters. */
static inline struct sql_value sql_null(void)
{
    return (struct sql_value){.type = SQL_NULL};
}

static inline struct sql_value sql_int(int64_t i)
{
    return (struct sql_value){.type = SQL_INT, .i = i};
}

static inline struct sql_value sql_real(double d)
{
    return (struct sql_value){.type = SQL_REAL, .d = d};
}

static inline struct sql_value sql_text(struct sl_str s)
{
    return (struct sql_value){.type = SQL_TEXT, .s = s};
}

/* NULL for an empty string. */
static inline struct sql_value sql_text_or_null(struct sl_str s)
{
    return s.n ? sql_text(s) : sql_null();
}

static inline struct sql_value sql_blob(struct sl_str s)
{
    return (struct sql_value){.type = SQL_BLOB, .s = s};
}

static inline struct sql_value sql_bool(bool b)
{
    return (struct sql_value){.type = SQL_BOOL, .i = b};
}

/* The rows of a query, row by row. */
struct sql_rows {
    struct sql_value *values; /* (n, n_columns) */
    size_t n, n_columns;
    int64_t changes; /* rows inserted, updated or deleted */
};

static inline const struct sql_value *sql_row(const struct sql_rows *r, size_t row)
{
    return r->values + row * r->n_columns;
}

struct sql_tx; /* a transaction under way; used by the unit of work alone */

enum sql_mode {
    SQL_READ,  /* one consistent view; runs beside writers */
    SQL_WRITE, /* one at a time, in order of submission */
};

struct sql_request {
    struct completion c;
    enum sql_mode mode;
    /* Runs on the adapter's thread. */
    struct sl_err *(*work)(struct sql_request *r, struct sql_tx *tx);
    struct sql_request *next; /* the adapter's, as is the next */
    struct completion_queue *q;
};

struct sql;

struct sql_ops {
    void (*submit)(struct sql *db, struct completion_queue *q, struct sql_request *r);
    struct sl_err *(*query)(struct sql_tx *tx, struct sl_arena *a, const char *text,
                            const struct sql_value *params, size_t n_params, struct sql_rows *ret);
    void (*free)(struct sql *db);
};

struct sql {
    const struct sql_ops *ops;
};

/* Every adapter's struct sql_tx begins with this. */
struct sql_tx {
    const struct sql_ops *ops;
};

/* Errors of a unit of work: its own, or unavailable: the database cannot be reached or stays
 * locked; conflict: a unique key; exhausted: disk full; corrupt; internal: the statement is wrong.
 */
static inline void sql_submit(struct sql *db, struct completion_queue *q, struct sql_request *r)
{
    db->ops->submit(db, q, r);
}

/* Submits and waits; for sequential code. The same request may be done again. */
struct sl_err *sql_do(struct sql *db, struct sql_request *r) SL_MUST_USE;
/* Finishes what was submitted, then closes. NULL is fine. */
void sql_free(struct sql *db);

/* ---- inside a unit of work ---- */
/* One statement. Lifetime of the rows: `a`; ret may be NULL. Parameters are bound in order: $1 is
 * params[0].
 */
struct sl_err *sql_query(struct sql_tx *tx, struct sl_arena *a, const char *text,
                         const struct sql_value *params, size_t n_params,
                         struct sql_rows *ret) SL_MUST_USE;

/* sql_query with the parameters written out:
 *     SL_TRY(SQL_QUERY(tx, a, &rows, "SELECT id FROM Type WHERE name = $1", sql_text(name)));
 */
#define SQL_QUERY(tx, a, ret, text, ...)                                  \
    sql_query((tx), (a), (text), (const struct sql_value[]){__VA_ARGS__}, \
              SL_COUNTOF(((const struct sql_value[]){__VA_ARGS__})), (ret))
