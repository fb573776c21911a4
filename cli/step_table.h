/* The table of steps that `sluice run` shows: rewritten in place on a terminal, else a line for
 * every step that starts or ends. */
#pragma once

#include "engine/engine.h"

struct step_table;

/* Shows on stdout. `live`: it is a terminal that can be rewritten. */
struct step_table *step_table_new(const struct engine *e, bool live);
/* NULL is fine. */
void step_table_free(struct step_table *t);
/* Something may have changed, or time has passed. */
void step_table_update(struct step_table *t, int64_t now_us);
/* The final table, for good. */
void step_table_finish(struct step_table *t, int64_t now_us);
