/* How a step or an attempt of it ended, and whether it is tried again: typed outcomes, each with a
 * budget of its own (DESIGN 2, the table of outcomes). */
#pragma once

#include "base/attr.h"
#include "base/str.h"

enum outcome {
    OUTCOME_NONE, /* not ended */
    OUTCOME_SUCCEEDED,
    OUTCOME_CACHED,
    OUTCOME_SKIPPED,
    OUTCOME_CANCELLED,
    OUTCOME_UPSTREAM_FAILED,
    OUTCOME_INVALID_INPUT,
    OUTCOME_CONFIG_ERROR,
    OUTCOME_FAILED,
    OUTCOME_TIMED_OUT,
    OUTCOME_UNAVAILABLE,
    OUTCOME_QUOTA,
    OUTCOME_OUT_OF_MEMORY,
    OUTCOME_DISRUPTED,
    OUTCOME_IMAGE_ERROR,
    OUTCOME_PENDING_TIMEOUT,
    OUTCOME_COUNT,
};

/* "succeeded", ...; "" for none. */
const char *outcome_name(enum outcome o);
/* OUTCOME_NONE for a text that is none. */
enum outcome outcome_parse(struct sl_str s);
/* succeeded or cached: outputs are there. */
bool outcome_is_good(enum outcome o);
/* The step failed on its own account: neither good, skipped, cancelled nor upstream_failed. */
bool outcome_is_failure(enum outcome o);
/* From an executable's exit code (task.h). A 0 without a result is a failure of the caller's to
 * tell. */
enum outcome outcome_from_exit(int exit_code);

struct retry_policy {
    int64_t limit;      /* retries after the first attempt */
    int64_t backoff_ms; /* before the first retry */
    double factor;
    int64_t cap_ms;
    int64_t pending_timeout_ms; /* 0: none */
    double memory_factor;       /* x memory after out_of_memory */
    int64_t memory_cap_bytes;   /* 0: none */
};

/* What has been spent of a step's budgets. */
struct retry_spent {
    int64_t user;        /* failed, timed_out */
    int64_t unavailable; /* unavailable, quota */
    int64_t memory;
    int64_t disrupted;
    int64_t image;
};

struct retry_decision {
    bool again;
    int64_t delay_ms;
    int64_t memory_bytes; /* the limit of the next attempt */
    struct retry_spent spent;
};

/* Whether an attempt that ended with `o` is followed by another, after what delay and with how much
 * memory.
 * Units:    memory_bytes 0: no limit (then out_of_memory cannot be helped by more).
 *           waited_ms: since the first attempt was created; what image_error may wait.
 * Source:   DESIGN 2, table of outcomes. */
struct retry_decision outcome_retry(enum outcome o, const struct retry_policy *policy,
                                    const struct retry_spent *spent, int64_t memory_bytes,
                                    int64_t waited_ms);
