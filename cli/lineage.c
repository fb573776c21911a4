/* `sluice lineage ARTIFACT`: what it was made from, and into.
 *
 *     Model 2 (model)  3f2a9c01d4e5  LIVE  file:///.../model
 *     made from
 *     +- train: Trainer, run taxi-7, COMPLETE
 *        +- examples: Examples 1  77ab01c2d3e4
 */
#include "cli/cli.h"
#include "cli/local.h"

#include "store/lineage.h"

enum { DIGEST_SHOWN = 12, DEPTH_MAX = 200 };

struct lineage {
    struct local_work work;
    struct sl_str artifact;
    bool up, down;
    struct lineage_graph graph;
};

static struct sl_err *walk(struct local_work *w, struct sql_tx *tx)
{
    struct lineage *l = SL_CONTAINER_OF(w, struct lineage, work);
    int64_t id;
    SL_TRY(lineage_find_artifact(tx, w->a, l->artifact, &id));
    return lineage_walk(tx, w->a, id, l->up, l->down, &l->graph);
}

/* ---- the tree -------------------------------------------------------------------------------- */
/* Executions and artifacts take turns down the tree; what was shown once is named, not unfolded,
 * again. */
struct tree {
    const struct lineage_graph *g;
    bool up;
    bool *shown; /* (n_executions) */
    struct sl_buf prefix, *out;
};

static void print_execution(struct tree *t, size_t execution, size_t depth);

static void begin_line(struct tree *t, bool last)
{
    sl_buf_add_str(t->out, sl_buf_str(&t->prefix));
    sl_buf_add_cstr(t->out, last ? "└─ " : "├─ ");
}

static size_t deepen(struct tree *t, bool last)
{
    size_t n = t->prefix.n;
    sl_buf_add_cstr(&t->prefix, last ? "   " : "│  ");
    return n;
}

static void back_to(struct tree *t, size_t n)
{
    t->prefix.n = n;
    if (t->prefix.p)
        t->prefix.p[n] = '\0';
}

static void add_artifact(struct sl_buf *b, const struct lineage_node *n)
{
    sl_buf_format(b, "%.*s %lld", SL_FMT(n->type), (long long)n->id);
    if (n->digest.n)
        sl_buf_format(b, "  %.*s", (int)SL_MIN(n->digest.n, (size_t)DIGEST_SHOWN), n->digest.p);
    if (!sl_str_is(n->state, "LIVE"))
        sl_buf_format(b, "  %.*s", SL_FMT(n->state));
}

static void add_execution(struct sl_buf *b, const struct lineage_node *n)
{
    if (n->name.n)
        sl_buf_format(b, "%.*s: ", SL_FMT(n->name));
    sl_buf_format(b, "%.*s", SL_FMT(n->type));
    if (n->run.n)
        sl_buf_format(b, ", run %.*s", SL_FMT(n->run));
    else
        sl_buf_format(b, ", execution %lld", (long long)n->id);
    sl_buf_format(b, ", %.*s", SL_FMT(n->state));
}

/* The executions on the far side of an artifact: those that made it, or those that read it. */
static void print_around(struct tree *t, size_t artifact, size_t depth)
{
    size_t left = 0;
    for (size_t i = 0; i < t->g->n_edges; i++)
        left += t->g->edges[i].artifact == artifact && t->g->edges[i].output == t->up;
    for (size_t i = 0; i < t->g->n_edges && left; i++) {
        const struct lineage_edge *e = &t->g->edges[i];
        if (e->artifact != artifact || e->output != t->up)
            continue;
        bool last = --left == 0;
        begin_line(t, last);
        size_t n = deepen(t, last);
        print_execution(t, e->execution, depth + 1);
        back_to(t, n);
    }
}

static void print_files(struct tree *t, const struct lineage_node *x, bool more)
{
    for (size_t i = 0; t->up && i < x->files->n; i++) {
        begin_line(t, !more && i + 1 == x->files->n);
        sl_buf_format(t->out, "%.*s\n", SL_FMT(x->files->items[i]->string));
    }
}

static void print_execution(struct tree *t, size_t execution, size_t depth)
{
    const struct lineage_node *x = &t->g->executions[execution];
    add_execution(t->out, x);
    bool again = t->shown[execution] || depth > DEPTH_MAX;
    sl_buf_add_cstr(t->out, again ? " (above)\n" : "\n");
    if (again)
        return;
    t->shown[execution] = true;
    size_t left = 0;
    for (size_t i = 0; i < t->g->n_edges; i++)
        left += t->g->edges[i].execution == execution && t->g->edges[i].output != t->up;
    print_files(t, x, left > 0);
    for (size_t i = 0; i < t->g->n_edges && left; i++) {
        const struct lineage_edge *e = &t->g->edges[i];
        if (e->execution != execution || e->output == t->up)
            continue;
        bool last = --left == 0;
        begin_line(t, last);
        if (e->key.n)
            sl_buf_format(t->out, "%.*s: ", SL_FMT(e->key));
        add_artifact(t->out, &t->g->artifacts[e->artifact]);
        sl_buf_add_char(t->out, '\n');
        size_t n = deepen(t, last);
        print_around(t, e->artifact, depth + 1);
        back_to(t, n);
    }
}

static void print_side(struct sl_arena *a, const struct lineage_graph *g, bool up,
                       struct sl_buf *out)
{
    struct tree t = {
        .g = g, .up = up, .shown = SL_ARENA_ARRAY(a, bool, g->n_executions), .out = out};
    size_t before = out->n;
    sl_buf_add_cstr(out, up ? "made from\n" : "used by\n");
    size_t empty = out->n;
    print_around(&t, g->start, 0);
    if (out->n == empty)
        out->n = before;
    sl_buf_deinit(&t.prefix);
}

static void print_tree(struct sl_arena *a, const struct lineage *l)
{
    SL_AUTOBUF(out, 0);
    const struct lineage_node *start = &l->graph.artifacts[l->graph.start];
    add_artifact(&out, start);
    sl_buf_format(&out, "  %.*s\n", SL_FMT(start->uri));
    if (l->up)
        print_side(a, &l->graph, true, &out);
    if (l->down)
        print_side(a, &l->graph, false, &out);
    fwrite(out.p, 1, out.n, stdout);
}

/* ---- JSON ------------------------------------------------------------------------------------ */
static struct json *node_to_json(struct sl_arena *a, const struct lineage_node *n, bool artifact)
{
    struct json *o = json_new_object(a);
    json_set_number(a, o, "id", (double)n->id);
    json_set_string(a, o, artifact ? "type" : "component", n->type);
    json_set_string(a, o, artifact ? "name" : "step", n->name);
    json_set_string(a, o, "state", n->state);
    if (artifact) {
        json_set_string(a, o, "uri", n->uri);
        json_set_string(a, o, "digest", n->digest);
    } else {
        json_set_string(a, o, "run", n->run);
        json_set(a, o, "files", n->files);
    }
    return o;
}

static struct json *to_json(struct sl_arena *a, const struct lineage_graph *g)
{
    struct json *o = json_new_object(a);
    struct json *artifacts = json_new_array(a), *executions = json_new_array(a);
    struct json *events = json_new_array(a);
    for (size_t i = 0; i < g->n_artifacts; i++)
        json_push(a, artifacts, node_to_json(a, &g->artifacts[i], true));
    for (size_t i = 0; i < g->n_executions; i++)
        json_push(a, executions, node_to_json(a, &g->executions[i], false));
    for (size_t i = 0; i < g->n_edges; i++) {
        struct json *e = json_new_object(a);
        json_set_number(a, e, "artifact", (double)g->artifacts[g->edges[i].artifact].id);
        json_set_number(a, e, "execution", (double)g->executions[g->edges[i].execution].id);
        json_set_string(a, e, "type", g->edges[i].output ? SL_STR("output") : SL_STR("input"));
        json_set_string(a, e, "key", g->edges[i].key);
        json_push(a, events, e);
    }
    json_set(a, o, "artifact", node_to_json(a, &g->artifacts[g->start], true));
    json_set(a, o, "artifacts", artifacts);
    json_set(a, o, "executions", executions);
    json_set(a, o, "events", events);
    return o;
}

static struct sl_err *run(int argc, char **argv)
{
    SL_AUTOARENA(a);
    struct local_options o = LOCAL_DEFAULTS;
    struct lineage l = {.work = {.a = a, .run = walk}};
    const struct flag flags[] = {
        LOCAL_FLAGS(&o),
        {"up", 0, FLAG_BOOL, &l.up, NULL, "only what it was made from"},
        {"down", 0, FLAG_BOOL, &l.down, NULL, "only what it was used for"},
    };
    const struct flag_set set = {"lineage",
                                 "ARTIFACT [--up | --down] [-o FORMAT]",
                                 "Shows what an artifact was made from and into. ARTIFACT is an "
                                 "id, a uri (also of a file in it), or\n"
                                 "the first digits of its digest.",
                                 flags,
                                 SL_COUNTOF(flags),
                                 1,
                                 1};
    struct flag_args args;
    SL_TRY(flags_parse(a, &set, argc, argv, &args));
    if (args.help)
        return NULL;
    SL_TRY(output_parse(o.output, &o.format));
    l.artifact = args.p[0];
    if (!l.up && !l.down)
        l.up = l.down = true;
    SL_TRY(local_do(&o, SQL_READ, &l.work));
    if (o.format == OUTPUT_TABLE)
        print_tree(a, &l);
    else
        output_value(o.format, to_json(a, &l.graph));
    return NULL;
}

int cli_lineage(int argc, char **argv)
{
    return cli_finish("lineage", run(argc, argv));
}
