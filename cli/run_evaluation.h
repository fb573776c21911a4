/* What a run decided about its model, for people: the evaluation by slice and the blessing. */
#pragma once

#include "engine/engine.h"

/* Prints to stdout; nothing when no step evaluated a model. */
void run_evaluation_print(const struct engine *e);
