/* What the files of the local cluster share. One thread, the keeper, owns all of it. */
#pragma once

#include "adapter/local/unit.h"

struct keeper_unit {
    char *name, *run_uid, *step, *item, *path, *err_path;
    struct unit_record record;
    enum unit_phase phase;
    bool is_child;      /* else adopted from an earlier controller */
    bool removed;       /* we asked it to go */
    bool changed;       /* since the last LIST or WATCH answer */
    int pidfd;          /* -1: not running */
    int64_t kill_at_us; /* monotonic; 0: no SIGKILL is due */
    int64_t memory_bytes;
    char *message;
};

/* `record`'s names are copied. */
struct keeper_unit *keeper_unit_new(struct sl_str run_uid, struct sl_str name,
                                    const struct unit_record *record, struct sl_str path);
void keeper_unit_free(struct keeper_unit *u);
/* To the whole process group. */
void keeper_unit_signal(const struct keeper_unit *u, int sig);
/* The leader's pidfd is readable: reaps it, judges how it ended and ends what is left of its group.
 */
void keeper_unit_finish(struct keeper_unit *u);
/* It never ran, and will not: `err` says why. */
void keeper_unit_never_started(struct keeper_unit *u, const struct sl_err *err);
/* What an earlier controller left at `fd`, the unit's file: alive (then pidfd is open) or ended. */
void keeper_unit_adopt(struct keeper_unit *u, int fd);
/* Opens the pidfd. */
void keeper_unit_watch(struct keeper_unit *u);
/* Lifetime: `a`. */
struct unit_status keeper_unit_status(struct sl_arena *a, const struct keeper_unit *u);
