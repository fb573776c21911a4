/* The type of a column from the kinds of all its values. What has been seen is a set, so that parts
 * of an input may be looked at in any order and joined with '|'. */
#pragma once

#include "core/data/cell.h"

/* The narrowest type that holds every kind in `seen` (cell_kind bits): int < double; all else that
 * is mixed is a string, and so is a column without a value. */
enum column_type infer_type(unsigned seen);

/* True when no further value can change infer_type(seen). */
static inline bool infer_is_settled(unsigned seen)
{
    return seen & CELL_STRING || (seen & (CELL_BOOL | CELL_TIMESTAMP) && seen & (seen - 1));
}

/* The kinds that a column of the type may hold, missing apart. */
unsigned infer_kinds_of(enum column_type type);
