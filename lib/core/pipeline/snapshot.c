#include "core/pipeline/snapshot.h"

#include <string.h>

static const char *const phase_names[] = {"waiting", "running", "ended", NULL};
static const char *const cancel_names[] = {"none", "graceful", "kill", NULL};

bool snapshot_tolerates(const struct spec_step *step, enum outcome o)
{
    for (size_t i = 0; i < step->continue_on.n; i++) {
        struct sl_str name = step->continue_on.p[i];
        if (sl_str_is(name, outcome_name(o)) || (sl_str_is(name, "any") && o != OUTCOME_CANCELLED))
            return true;
    }
    return false;
}

void snapshot_reset_failed(const struct spec_pipeline *p, struct run_state *run,
                           struct step_state *steps, int64_t now_us)
{
    for (size_t i = 0; i < p->n_steps; i++) {
        struct step_state *st = &steps[i];
        if (st->phase == STEP_RUNNING || (outcome_is_good(st->outcome) && !p->steps[i].on_exit))
            continue;
        *st = (struct step_state){.attempt = st->attempt};
    }
    *run = (struct run_state){.started_us = now_us};
}

/* ---- JSON -----------------------------------------------------------------------------------
 * Everything that is zero is left out, so that a run of many steps stays small. */

static void set_number(struct sl_arena *a, struct json *o, const char *key, int64_t v)
{
    if (v)
        json_set_number(a, o, key, (double)v);
}

static void set_outcome(struct sl_arena *a, struct json *o, const char *key, enum outcome v)
{
    if (v != OUTCOME_NONE)
        json_set_string(a, o, key, sl_str(outcome_name(v)));
}

static struct json *encode_step(struct sl_arena *a, const struct step_state *st)
{
    struct json *o = json_new_object(a);
    json_set_string(a, o, "phase", sl_str(phase_names[st->phase]));
    set_outcome(a, o, "outcome", st->outcome);
    set_outcome(a, o, "last", st->last);
    set_outcome(a, o, "stop", st->stop);
    set_number(a, o, "attempt", st->attempt);
    set_number(a, o, "spent_user", st->spent.user);
    set_number(a, o, "spent_unavailable", st->spent.unavailable);
    set_number(a, o, "spent_memory", st->spent.memory);
    set_number(a, o, "spent_disrupted", st->spent.disrupted);
    set_number(a, o, "spent_image", st->spent.image);
    set_number(a, o, "memory_bytes", st->memory_bytes);
    set_number(a, o, "first_us", st->first_us);
    set_number(a, o, "created_us", st->created_us);
    set_number(a, o, "retry_at_us", st->retry_at_us);
    set_number(a, o, "started_us", st->started_us);
    set_number(a, o, "ended_us", st->ended_us);
    return o;
}

struct json *snapshot_encode(struct sl_arena *a, const struct spec_pipeline *p,
                             const struct run_state *run, const struct step_state *steps)
{
    struct json *o = json_new_object(a);
    set_outcome(a, o, "outcome", run->outcome);
    if (run->cancel)
        json_set_string(a, o, "cancel", sl_str(cancel_names[run->cancel]));
    if (run->timed_out)
        json_set_bool(a, o, "timed_out", true);
    set_number(a, o, "started_us", run->started_us);
    set_number(a, o, "ended_us", run->ended_us);
    struct json *all = json_new_object(a);
    for (size_t i = 0; i < p->n_steps; i++)
        if (memcmp(&steps[i], &(struct step_state){0}, sizeof(steps[i])) != 0)
            json_set_str(a, all, p->steps[i].name, encode_step(a, &steps[i]));
    json_set(a, o, "steps", all);
    return o;
}

#define INT_FIELD(field)                                                                 \
    {                                                                                    \
        .name = #field, .kind = JSON_K_INT, .offset = offsetof(struct step_state, field) \
    }

struct named_step {
    struct step_state state;
    int phase;
    struct sl_str outcome, last, stop;
};

static const struct json_field step_fields[] = {
    {.name = "phase",
     .kind = JSON_K_ENUM,
     .offset = offsetof(struct named_step, phase),
     .required = true,
     .names = phase_names},
    {.name = "outcome", .kind = JSON_K_STRING, .offset = offsetof(struct named_step, outcome)},
    {.name = "last", .kind = JSON_K_STRING, .offset = offsetof(struct named_step, last)},
    {.name = "stop", .kind = JSON_K_STRING, .offset = offsetof(struct named_step, stop)},
    {.name = "spent_user",
     .kind = JSON_K_INT,
     .offset = offsetof(struct named_step, state.spent.user)},
    {.name = "spent_unavailable",
     .kind = JSON_K_INT,
     .offset = offsetof(struct named_step, state.spent.unavailable)},
    {.name = "spent_memory",
     .kind = JSON_K_INT,
     .offset = offsetof(struct named_step, state.spent.memory)},
    {.name = "spent_disrupted",
     .kind = JSON_K_INT,
     .offset = offsetof(struct named_step, state.spent.disrupted)},
    {.name = "spent_image",
     .kind = JSON_K_INT,
     .offset = offsetof(struct named_step, state.spent.image)},
    INT_FIELD(attempt),
    INT_FIELD(memory_bytes),
    INT_FIELD(first_us),
    INT_FIELD(created_us),
    INT_FIELD(retry_at_us),
    INT_FIELD(started_us),
    INT_FIELD(ended_us),
};
static const struct json_table step_table = JSON_TABLE(step_fields, struct named_step);

struct named_run {
    struct run_state state;
    int cancel;
    struct sl_str outcome;
    struct json *steps;
};

static const struct json_field run_fields[] = {
    {.name = "outcome", .kind = JSON_K_STRING, .offset = offsetof(struct named_run, outcome)},
    {.name = "cancel",
     .kind = JSON_K_ENUM,
     .offset = offsetof(struct named_run, cancel),
     .otherwise = "\"none\"",
     .names = cancel_names},
    {.name = "timed_out",
     .kind = JSON_K_BOOL,
     .offset = offsetof(struct named_run, state.timed_out)},
    {.name = "started_us",
     .kind = JSON_K_INT,
     .offset = offsetof(struct named_run, state.started_us)},
    {.name = "ended_us", .kind = JSON_K_INT, .offset = offsetof(struct named_run, state.ended_us)},
    {.name = "steps", .kind = JSON_K_ANY, .offset = offsetof(struct named_run, steps)},
};
static const struct json_table run_table = JSON_TABLE(run_fields, struct named_run);

static enum outcome read_outcome(struct diag_list *l, struct sl_str name, struct sl_str path)
{
    enum outcome o = outcome_parse(name);
    if (name.n && o == OUTCOME_NONE)
        diag_add(l, DIAG_ERROR, 0, path, "'%.*s' is no outcome", SL_FMT(name));
    return o;
}

static void decode_step(struct diag_list *l, const struct json *v, struct sl_str name,
                        struct step_state *ret)
{
    struct named_step n;
    struct sl_str path = sl_arena_format(l->a, "steps.%.*s", SL_FMT(name));
    json_decode(l, v, &step_table, path, &n);
    *ret = n.state;
    ret->phase = (enum step_phase)n.phase;
    ret->outcome = read_outcome(l, n.outcome, path);
    ret->last = read_outcome(l, n.last, path);
    ret->stop = read_outcome(l, n.stop, path);
}

struct sl_err *snapshot_decode(struct sl_arena *a, const struct json *v,
                               const struct spec_pipeline *p, struct run_state *ret_run,
                               struct step_state *ret_steps)
{
    struct diag_list l;
    struct named_run n;
    struct step_state *steps = SL_ARENA_ARRAY(a, struct step_state, p->n_steps);
    diag_list_init(&l, a, SL_STR(""));
    json_decode(&l, v, &run_table, SL_STR("status"), &n);
    n.state.cancel = (enum cancel_level)n.cancel;
    n.state.outcome = read_outcome(&l, n.outcome, SL_STR("status.outcome"));
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct json *one = json_get_str(n.steps, p->steps[i].name);
        if (one)
            decode_step(&l, one, p->steps[i].name, &steps[i]);
    }
    SL_TRY(diag_to_err(&l));
    *ret_run = n.state;
    memcpy(ret_steps, steps, p->n_steps * sizeof(*steps));
    return NULL;
}
