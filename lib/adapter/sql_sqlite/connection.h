/* One connection with its prepared statements; used by one thread at a time. */
#pragma once

#include "base/map.h"
#include "port/sql.h"

#include <sqlite3.h>

struct sqlite_connection {
    struct sql_tx tx; /* first: what units of work see of it */
    sqlite3 *db;
    struct sl_map statements; /* by text */
};

/* Opens the file, which is made when absent. Units: busy_ms, how long a locked database is waited
 * for.
 */
struct sl_err *sqlite_connection_init(struct sqlite_connection *c, const char *path,
                                      int busy_ms) SL_MUST_USE;
void sqlite_connection_deinit(struct sqlite_connection *c);
/* port/sql.h's query. */
struct sl_err *sqlite_connection_query(struct sql_tx *tx, struct sl_arena *a, const char *text,
                                       const struct sql_value *params, size_t n_params,
                                       struct sql_rows *ret) SL_MUST_USE;
/* Statements without parameters and rows, separated by ';'. */
struct sl_err *sqlite_connection_exec(struct sqlite_connection *c, const char *text) SL_MUST_USE;
