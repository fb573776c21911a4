/* The SQL port on SQLite: one file, write-ahead log, one writer thread and one reader thread.
 *
 * The file is also one that `ml_metadata` clients open (its tables as their own library makes them,
 * schema.c), so other processes may write beside this one: a locked database is waited for. */
#pragma once

#include "port/sql.h"

enum sqlite_open {
    SQLITE_FILE_CREATE,   /* made with its folders when it is not there, migrated when it is old */
    SQLITE_FILE_EXISTING, /* not_found when it is not there; migrated when it is old */
};

/* Errors: not_found; corrupt: no SQLite file; invalid: its schema is of a newer Sluice or of
 * another MLMD version than 10; denied; unavailable: it stays locked. */
struct sl_err *sql_sqlite_open(const char *path, enum sqlite_open mode,
                               struct sql **ret) SL_MUST_USE;
