/* The learner on the CPU, on this house's own threads and matrix kernels. The result is the same
 * for any number of threads. */
#pragma once

#include "net/workers.h"
#include "port/learner.h"

/* Parameters and the optimiser's memory start as zeros: see learner_ops.set. The pool is borrowed.
 */
struct learner *learner_cpu_new(const struct learner_config *config, struct workers *workers);
