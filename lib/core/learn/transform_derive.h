/* Features for one who does not name them: what statistics and schema say of the columns becomes a
 * list in the grammar of the parameter `features`, which a user could have written (and may copy
 * from transform.json). docs/reference/transform.md has the rules. */
#pragma once

#include "core/data/schema.h"
#include "core/data/statistics.h"
#include "core/learn/transform.h"

struct transform_exclusions {
    struct transform_excluded *p;
    size_t n;
};

struct transform_derivation {
    enum transform_target target;
    const struct column_spec *columns; /* (n_columns) the raw columns */
    size_t n_columns;
    const struct dataset_statistics *statistics; /* of the rows that are analysed */
    const schema_message *schema;                /* NULL: there is none */
    struct transform_exclusions leave_out;       /* what the label reads, what the user excludes */
};

/* The list of features, and what was left out and why: `leave_out` and what looks like free text,
 * identifiers or constants.
 * Lifetime: `a`; names are borrowed. Errors: invalid: the statistics lack a column. */
struct sl_err *transform_derive(struct sl_arena *a, const struct transform_derivation *d,
                                struct json **ret_features,
                                struct transform_exclusions *ret_excluded) SL_MUST_USE;
