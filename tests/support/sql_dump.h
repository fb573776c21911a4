/* Asking a SQLite database in tests: one query, one number, or all of it as text. */
#pragma once

#include "port/sql.h"

/* Fails the test when the query fails. Lifetime: `a`. */
struct sql_rows test_query(struct sl_arena *a, struct sql *db, const char *text);
/* The one number that the query gives. */
int64_t test_number(struct sl_arena *a, struct sql *db, const char *text);
/* Every table with every row, sorted: equal databases give equal texts. */
const char *test_dump(struct sl_arena *a, struct sql *db);
/* Fails the test at the first line that differs between the dumps of two databases. */
void test_same_dump(struct sl_arena *a, const char *x, const char *y);
