/* Schema artifacts: schema.pbtxt, beside whatever else their maker wrote. */
#pragma once

#include "core/data/schema.h"
#include "store/artifact.h"

/* Lifetime: `a`. Errors: not_found, corrupt; invalid, with the line. */
struct sl_err *schemas_load(struct sl_arena *a, const struct artifact *t,
                            schema_message **ret) SL_MUST_USE;
struct sl_err *schemas_save(struct artifact_writer *w, const schema_message *schema) SL_MUST_USE;
