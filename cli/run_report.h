/* What `sluice run` says at the end, and with what it exits. */
#pragma once

#include "engine/engine.h"

/* How the run ended, the evaluation by slice, the blessing and its reasons, where reports and logs
 * are. To stdout. */
void run_report_print(struct sl_arena *a, const struct engine *e, struct blobs *b);

/* 0 succeeded; 1 failed; 2 a step refused its input or configuration; 3 trying again later may
 * help; 124 timed out; 130 cancelled. */
int run_report_exit_code(const struct engine *e);
