#include "core/pipeline/outcome.h"

#include "core/pipeline/task.h"

enum { MEMORY_LIMIT = 3, DISRUPTED_LIMIT = 20, DISRUPTED_AT_ONCE = 3, UNAVAILABLE_FACTOR = 3 };

static const char *const names[OUTCOME_COUNT] = {
    [OUTCOME_NONE] = "",
    [OUTCOME_SUCCEEDED] = "succeeded",
    [OUTCOME_CACHED] = "cached",
    [OUTCOME_SKIPPED] = "skipped",
    [OUTCOME_CANCELLED] = "cancelled",
    [OUTCOME_UPSTREAM_FAILED] = "upstream_failed",
    [OUTCOME_INVALID_INPUT] = "invalid_input",
    [OUTCOME_CONFIG_ERROR] = "config_error",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_TIMED_OUT] = "timed_out",
    [OUTCOME_UNAVAILABLE] = "unavailable",
    [OUTCOME_QUOTA] = "quota",
    [OUTCOME_OUT_OF_MEMORY] = "out_of_memory",
    [OUTCOME_DISRUPTED] = "disrupted",
    [OUTCOME_IMAGE_ERROR] = "image_error",
    [OUTCOME_PENDING_TIMEOUT] = "pending_timeout",
};

const char *outcome_name(enum outcome o)
{
    return (unsigned)o < OUTCOME_COUNT ? names[o] : "";
}

enum outcome outcome_parse(struct sl_str s)
{
    for (int o = OUTCOME_NONE + 1; o < OUTCOME_COUNT; o++)
        if (sl_str_is(s, names[o]))
            return (enum outcome)o;
    return OUTCOME_NONE;
}

bool outcome_is_good(enum outcome o)
{
    return o == OUTCOME_SUCCEEDED || o == OUTCOME_CACHED;
}

bool outcome_is_failure(enum outcome o)
{
    return o >= OUTCOME_INVALID_INPUT && o < OUTCOME_COUNT;
}

enum outcome outcome_from_exit(int exit_code)
{
    switch (exit_code) {
    case TASK_EXIT_OK:
        return OUTCOME_SUCCEEDED;
    case TASK_EXIT_INVALID:
        return OUTCOME_INVALID_INPUT;
    case TASK_EXIT_TRANSIENT:
        return OUTCOME_UNAVAILABLE;
    default:
        return OUTCOME_FAILED;
    }
}

/* backoff x factor^(n - 1), at most the cap. */
static int64_t backoff(const struct retry_policy *p, int64_t n)
{
    double delay = (double)p->backoff_ms;
    for (int64_t i = 1; i < n && delay < (double)p->cap_ms; i++)
        delay *= p->factor;
    return delay < (double)p->cap_ms ? (int64_t)delay : p->cap_ms;
}

static void retry_memory(struct retry_decision *d, const struct retry_policy *p)
{
    if (d->memory_bytes == 0)
        return;
    double wanted = (double)d->memory_bytes * p->memory_factor;
    int64_t next = p->memory_cap_bytes && wanted > (double)p->memory_cap_bytes ? p->memory_cap_bytes
                   : wanted >= 9.0e18                                          ? INT64_MAX
                                                                               : (int64_t)wanted;
    d->again = next > d->memory_bytes && ++d->spent.memory <= MEMORY_LIMIT;
    if (d->again)
        d->memory_bytes = next;
}

/* A few at once: the machine went away, not the program; then slower and slower, as something keeps
 * taking it away. */
static void retry_disrupted(struct retry_decision *d, const struct retry_policy *p)
{
    int64_t n = ++d->spent.disrupted;
    d->again = n <= DISRUPTED_LIMIT;
    d->delay_ms = n <= DISRUPTED_AT_ONCE ? 0 : backoff(p, n - DISRUPTED_AT_ONCE);
}

struct retry_decision outcome_retry(enum outcome o, const struct retry_policy *policy,
                                    const struct retry_spent *spent, int64_t memory_bytes,
                                    int64_t waited_ms)
{
    struct retry_decision d = {.memory_bytes = memory_bytes, .spent = *spent};
    switch (o) {
    case OUTCOME_FAILED:
    case OUTCOME_TIMED_OUT:
        d.again = ++d.spent.user <= policy->limit;
        d.delay_ms = backoff(policy, d.spent.user);
        break;
    case OUTCOME_UNAVAILABLE:
    case OUTCOME_QUOTA:
        d.again = ++d.spent.unavailable <= policy->limit * UNAVAILABLE_FACTOR;
        d.delay_ms = backoff(policy, d.spent.unavailable);
        break;
    case OUTCOME_OUT_OF_MEMORY:
        retry_memory(&d, policy);
        break;
    case OUTCOME_DISRUPTED:
        retry_disrupted(&d, policy);
        break;
    case OUTCOME_IMAGE_ERROR:
        d.delay_ms = backoff(policy, ++d.spent.image);
        d.again =
            policy->pending_timeout_ms == 0 || waited_ms + d.delay_ms < policy->pending_timeout_ms;
        break;
    default:
        break;
    }
    return d;
}
