/* The tables: MLMD's, as its own library makes them on SQLite, and Sluice's, by numbered
 * migrations. */
#pragma once

#include "adapter/sql_sqlite/connection.h"

/* Makes or migrates in one transaction; writes nothing when all is there. Errors: invalid: a newer
 * Sluice's file, or MLMD tables of another version. */
struct sl_err *sqlite_schema_apply(struct sqlite_connection *c) SL_MUST_USE;
