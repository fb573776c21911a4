/* The end of a step's log, for people. */
#pragma once

#include "base/arena.h"

enum { LOG_TAIL_LINES = 8 };

/* The last lines (at most LOG_TAIL_LINES) of an attempt's stderr.log, without our own JSON lines.
 * Shapes: ret_lines (returned count). Lifetime: `a`. `folder`: the attempt's, a local path. */
size_t log_tail(struct sl_arena *a, struct sl_str folder, struct sl_str ret_lines[LOG_TAIL_LINES]);
