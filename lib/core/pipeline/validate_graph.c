/* Which steps wait for which, and that none waits for itself. */
#include "base/alloc.h"
#include "core/pipeline/manifest_impl.h"

struct builder {
    struct sl_arena *a;
    const struct spec_pipeline *p;
    int *kinds; /* (n_steps): kind + 1 of the edge from that step; 0: none */
};

/* What decides when several kinds apply: the smallest. */
static const int ranks[] = {
    [SPEC_EDGE_DATA] = 0, [SPEC_EDGE_WHEN] = 1, [SPEC_EDGE_OUTCOME] = 2, [SPEC_EDGE_AFTER] = 3};

static void add_edge(struct builder *b, size_t from, enum spec_edge_kind kind)
{
    if (from < b->p->n_steps && (b->kinds[from] == 0 || ranks[kind] < ranks[b->kinds[from] - 1]))
        b->kinds[from] = (int)kind + 1;
}

static size_t index_of(const struct spec_pipeline *p, struct sl_str name)
{
    const struct spec_step *step = spec_find_step(p, name);
    return step ? (size_t)(step - p->steps) : p->n_steps;
}

static void add_reference(void *ctx, const struct reference *r, int line SL_UNUSED,
                          struct sl_str path SL_UNUSED, bool when)
{
    struct builder *b = ctx;
    if (r->kind == REFERENCE_STEP_OUTCOME)
        add_edge(b, index_of(b->p, r->step), SPEC_EDGE_OUTCOME);
    else if (r->kind == REFERENCE_STEP_VALUE || r->kind == REFERENCE_STEP_OUTPUT)
        add_edge(b, index_of(b->p, r->step), when ? SPEC_EDGE_WHEN : SPEC_EDGE_DATA);
}

static void collect(struct builder *b, struct spec_step *step)
{
    size_t n = 0, self = (size_t)(step - b->p->steps);
    memset(b->kinds, 0, b->p->n_steps * sizeof(*b->kinds));
    for (size_t i = 0; i < step->n_inputs; i++) {
        struct sl_str rest = step->inputs[i].from, name;
        if (rest.n && sl_str_split(&rest, '.', &name))
            add_edge(b, index_of(b->p, name), SPEC_EDGE_DATA);
    }
    for (size_t i = 0; i < step->after.n; i++)
        add_edge(b, index_of(b->p, step->after.p[i]), SPEC_EDGE_AFTER);
    validate_visit(b->a, step, add_reference, b);
    b->kinds[self] = 0; /* told with the input or reference */
    for (size_t i = 0; i < b->p->n_steps; i++)
        n += b->kinds[i] != 0;
    step->edges = SL_ARENA_ARRAY(b->a, struct spec_edge, n);
    step->n_edges = 0;
    for (size_t i = 0; i < b->p->n_steps; i++)
        if (b->kinds[i])
            step->edges[step->n_edges++] =
                (struct spec_edge){i, (enum spec_edge_kind)(b->kinds[i] - 1)};
}

/* ---- cycles -----------------------------------------------------------------------------------
 */

enum color { WHITE, GREY, BLACK };

struct search {
    struct diag_list *l;
    const struct spec_pipeline *p;
    uint8_t *colors; /* (n_steps) */
    size_t *stack;   /* (n_steps): the steps under way, each waiting for the next */
    size_t depth;
};

static void report(const struct search *s, size_t first)
{
    SL_AUTOBUF(b, 0);
    size_t from = 0;
    while (s->stack[from] != first)
        from++;
    for (size_t i = from; i < s->depth; i++)
        sl_buf_format(&b, "'%.*s' waits for ", SL_FMT(s->p->steps[s->stack[i]].name));
    sl_buf_format(&b, "'%.*s'", SL_FMT(s->p->steps[first].name));
    const struct spec_step *step = &s->p->steps[first];
    diag_add(s->l, DIAG_ERROR, step->line, step->path, "the steps wait for each other: %s", b.p);
}

/* Depth at most n_steps (SL_LIMIT_STEPS). One finding for each edge that closes a cycle. */
static void visit(struct search *s, size_t i)
{
    const struct spec_step *step = &s->p->steps[i];
    s->colors[i] = GREY;
    s->stack[s->depth++] = i;
    for (size_t e = 0; e < step->n_edges; e++) {
        size_t next = step->edges[e].step;
        if (s->colors[next] == GREY)
            report(s, next);
        else if (s->colors[next] == WHITE)
            visit(s, next);
    }
    s->depth--;
    s->colors[i] = BLACK;
}

void validate_graph(struct diag_list *l, struct spec_pipeline *p)
{
    struct builder b = {l->a, p, SL_ARENA_ARRAY(l->a, int, p->n_steps)};
    for (size_t i = 0; i < p->n_steps; i++)
        collect(&b, &p->steps[i]);
    struct search s = {l, p, SL_ARENA_ARRAY(l->a, uint8_t, p->n_steps),
                       SL_ARENA_ARRAY(l->a, size_t, p->n_steps), 0};
    for (size_t i = 0; i < p->n_steps; i++)
        if (s.colors[i] == WHITE)
            visit(&s, i);
}
