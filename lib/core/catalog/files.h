/* Which parameters of a component name files outside of the artifacts. */
#pragma once

#include "core/catalog/catalog.h"

/* Calls `visit` for every path, URI or glob in `params` that an entry of c->file_params names, in
 * the order of those entries and of the text. An entry is a parameter's name, whose value is a
 * string or a list of strings, or "splits[].input": a field of the objects in a list. `place` is
 * the entry with the index filled in, "input" or "splits[1].input": what task_file.param carries.
 * Values of another type are passed over (the parameters' own check tells of them).
 * Lifetime: `place` lives in `a`. */
void catalog_visit_files(struct sl_arena *a, const struct catalog_component *c,
                         const struct json *params,
                         void (*visit)(void *ctx, struct sl_str place, struct sl_str value),
                         void *ctx);
