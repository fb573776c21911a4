/* Columns of the house and vectors of Parquet files: what one is as the other. */
#pragma once

#include "codec/parquet/parquet.h"
#include "core/data/table.h"

/* What a column of that type is written as. */
enum parquet_kind parquet_kind_of(enum column_type type);
/* False: PARQUET_UNSUPPORTED. */
bool parquet_column_type(enum parquet_kind kind, enum column_type *ret);

/* A column as a vector, without copies. */
struct parquet_vector parquet_vector_of(const struct column *c);

/* A vector as a column. Empty strings become missing; values of missing rows become 0.
 * Lifetime: `a`, and what the vector lives in. */
struct column parquet_column_of(struct sl_arena *a, const struct parquet_vector *v,
                                struct sl_str name);
