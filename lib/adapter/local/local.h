/* The cluster port on one machine: a unit is a child process in a process group of its own.
 *
 * `<state folder>/<run uid>/units/<step>[.<item>].<attempt>` describes each unit and is locked
 * (flock) by the unit's processes for as long as one of them lives, so that a later controller can
 * tell a live orphan from a dead one, and is told how a unit ended that ended while somebody
 * watched. Children die with their controller (PR_SET_PDEATHSIG); what survives is adopted by the
 * next one.
 *
 * Memory is limited by RLIMIT_DATA: private writable memory, not address space, because every
 * thread of a C program reserves address space that it never uses. */
#pragma once

#include "port/cluster.h"

struct local_config {
    const char *bin_folder;   /* of the step executables */
    const char *state_folder; /* "<root>/runs" */
};

/* Runs on a thread of its own. cluster_free kills what still runs and waits for it. */
struct cluster *local_new(const struct local_config *config);
