/* The file that describes a unit: what outlives the controller. */
#pragma once

#include "port/cluster.h"

struct unit_record {
    struct sl_str step, item;
    int64_t attempt;
    int64_t pid;         /* leader of its process group; 0: never started */
    int64_t start_ticks; /* field 22 of /proc/<pid>/stat: tells a pid used again; 0: unknown */
    int64_t created_us, started_us;
    int64_t ended_us; /* 0: it has not ended, or nobody saw it */
    int end;          /* enum unit_end */
    int exit_code, signal;
    int64_t peak_memory_bytes;
};

/* "<step>[.<item>].<attempt>", and back; names of steps hold no dots. */
struct sl_str unit_file_name(struct sl_arena *a, struct sl_str step, struct sl_str item,
                             int64_t attempt);
bool unit_parse_file_name(struct sl_arena *a, struct sl_str name, struct unit_record *ret);

/* Writes the record over the old one in a single write, so that a reader sees one or the other. */
struct sl_err *unit_record_write(int fd, const struct unit_record *u) SL_MUST_USE;
/* Fills all but step, item and attempt. False: the file holds no record (its writer died before).
 */
bool unit_record_read(int fd, struct unit_record *ret);
/* The child's own: its pid into the record that is prepared at `fd`. Async-signal-safe. */
void unit_record_write_pid(int fd, long pid);

/* Start time of a process in clock ticks since boot, or 0 when there is none. */
int64_t unit_start_ticks(int64_t pid);
