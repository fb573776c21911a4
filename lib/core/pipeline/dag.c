#include "core/pipeline/dag.h"

/* Follows edges among the steps that could not be placed until one comes again: that is a cycle. */
static struct sl_err *name_cycle(struct sl_arena *a, const struct spec_pipeline *p,
                                 const bool *placed)
{
    size_t *seen_at = SL_ARENA_ARRAY(a, size_t, p->n_steps);
    size_t *path = SL_ARENA_ARRAY(a, size_t, p->n_steps + 1);
    size_t at = 0, n = 0;
    while (placed[at])
        at++;
    while (!seen_at[at]) {
        path[n++] = at;
        seen_at[at] = n;
        const struct spec_step *s = &p->steps[at];
        size_t e = 0;
        while (e < s->n_edges && placed[s->edges[e].step])
            e++;
        if (e == s->n_edges) /* blocked by the rule that onExit comes last */
            return SL_ERR(INVALID, "a step waits for the onExit step '%.*s'", SL_FMT(s->name));
        at = s->edges[e].step;
    }
    SL_AUTOBUF(text, 4096);
    for (size_t i = n; i >= seen_at[at]; i--)
        sl_buf_format(&text, "'%.*s' -> ", SL_FMT(p->steps[path[i - 1]].name));
    struct sl_str first = p->steps[path[n - 1]].name;
    return SL_ERR(INVALID, "steps wait for each other: %s'%.*s'", sl_buf_str(&text).p,
                  SL_FMT(first));
}

static bool is_ready(const struct spec_pipeline *p, size_t step, const bool *placed, size_t n)
{
    const struct spec_step *s = &p->steps[step];
    if (s->on_exit && n < p->n_main)
        return false;
    for (size_t e = 0; e < s->n_edges; e++)
        if (!placed[s->edges[e].step])
            return false;
    return true;
}

struct sl_err *dag_order(struct sl_arena *a, const struct spec_pipeline *p, size_t **ret_order)
{
    bool *placed = SL_ARENA_ARRAY(a, bool, p->n_steps);
    size_t *order = SL_ARENA_ARRAY(a, size_t, p->n_steps);
    size_t n = 0;
    while (n < p->n_steps) {
        size_t next = 0;
        while (next < p->n_steps && (placed[next] || !is_ready(p, next, placed, n)))
            next++;
        if (next == p->n_steps)
            return name_cycle(a, p, placed);
        placed[next] = true;
        order[n++] = next;
    }
    *ret_order = order;
    return NULL;
}
