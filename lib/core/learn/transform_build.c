/* Features become nodes. */
#include "core/learn/transform_build.h"

#include "base/time.h"
#include "core/learn/transform_eval.h"

/* A feature that a later cross may name. */
struct transform_named {
    struct sl_str name;
    int node;
};

/* Room for one more in an array of the arena. */
static void *grow(struct sl_arena *a, void *p, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return p;
    *capacity = SL_MAX(*capacity * 2, (size_t)16);
    void *wide = sl_arena_zero(a, *capacity, size);
    if (n)
        memcpy(wide, p, n * size);
    return wide;
}

int transform_add_node(struct transform_build *b, struct transform_node n)
{
    struct transform *t = b->t;
    t->nodes = grow(b->a, t->nodes, t->n_nodes, &b->capacity_nodes, sizeof(*t->nodes));
    t->nodes[t->n_nodes] = n;
    transform_node_settle(t, t->n_nodes);
    return (int)t->n_nodes++;
}

void transform_complain(struct transform_build *b, struct transform_value *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct sl_str text = sl_arena_vformat(b->a, fmt, ap);
    va_end(ap);
    diag_add(b->l, DIAG_ERROR, b->line, b->path, "%.*s", SL_FMT(text));
    if (v)
        v->failed = true;
}

/* ---- fill -------------------------------------------------------------------------------------*/

/* Parts of one timestamp share its fill, which is among the last nodes then. */
static int add_fill(struct transform_build *b, int from, enum transform_wish_kind kind)
{
    enum { LAST = 64 };
    const struct transform *t = b->t;
    for (size_t i = t->n_nodes; i-- > (size_t)from + 1 && t->n_nodes - i <= LAST;) {
        const struct transform_node *n = &t->nodes[i];
        if (n->op == TRANSFORM_FILL && n->args[0] == from && n->pending && n->wish->kind == kind)
            return (int)i;
    }
    struct transform_wish wish = {.kind = kind};
    return transform_add_node(b, (struct transform_node){
                                     .op = TRANSFORM_FILL,
                                     .args = {from, -1},
                                     .pending = true,
                                     .wish = sl_arena_copy(b->a, &wish, sizeof(wish)),
                                 });
}

static int add_constant(struct transform_build *b, int from, const struct json *c)
{
    const struct transform_node *n = &b->t->nodes[from];
    struct transform_node fill = {.op = TRANSFORM_FILL, .args = {from, -1}};
    int64_t time_us;
    if (n->kind == TRANSFORM_TEXT && c->type == JSON_STRING && c->string.n) {
        fill.text = c->string;
    } else if (n->time && c->type == JSON_STRING && sl_time_parse(c->string, &time_us)) {
        fill.value = (double)time_us;
    } else if (n->kind == TRANSFORM_NUMBER && !n->time && c->type == JSON_NUMBER) {
        fill.value = c->number;
    } else if (n->kind == TRANSFORM_NUMBER && !n->time && c->type == JSON_BOOL) {
        fill.value = c->boolean;
    } else {
        transform_complain(b, NULL, "fill: the constant is no %s",
                           n->time                     ? "date"
                           : n->kind == TRANSFORM_TEXT ? "text (and may not be empty)"
                                                       : "number");
        return -1;
    }
    return transform_add_node(b, fill);
}

/* True when `apply` leaves a number, which a dense learner cannot read where it is missing. */
static bool stays_number(const struct transform_feature *f)
{
    for (size_t i = 0; i < f->n_steps; i++)
        if (f->steps[i].operation->makes_id)
            return false;
    return true;
}

static bool is_bool(const struct transform_build *b, const struct transform_node *n)
{
    return n->op == TRANSFORM_EXPR
               ? n->expr->type == EXPR_BOOL
               : n->op == TRANSFORM_COLUMN && b->t->columns[n->column].type == COLUMN_BOOL;
}

/* `must`: a dense learner reads what becomes of it as a number. -1: told. */
static int fill_source(struct transform_build *b, const struct transform_feature *f, int source,
                       bool must)
{
    const struct transform_node *n = &b->t->nodes[source];
    const struct json *v = f->fill && f->fill->type != JSON_NULL ? f->fill : NULL;
    if (!v)
        return !must ? source
               : n->time
                   ? add_fill(b, source, TRANSFORM_WISH_MEDIAN)
                   : add_fill(b, source, is_bool(b, n) ? TRANSFORM_WISH_MODE : TRANSFORM_WISH_MEAN);
    if (v->type == JSON_OBJECT)
        return add_constant(b, source, json_get(v, "constant"));
    if (sl_str_is(v->string, "none")) {
        if (must)
            transform_complain(b, NULL,
                               "fill: none leaves values missing, which target dense "
                               "cannot read");
        return source;
    }
    if (sl_str_is(v->string, "mode"))
        return add_fill(b, source, TRANSFORM_WISH_MODE);
    if (n->kind == TRANSFORM_TEXT) {
        transform_complain(b, NULL, "fill: text has no %.*s, expected mode or a constant",
                           SL_FMT(v->string));
        return -1;
    }
    return add_fill(b, source,
                    sl_str_is(v->string, "mean") ? TRANSFORM_WISH_MEAN : TRANSFORM_WISH_MEDIAN);
}

/* ---- outputs ----------------------------------------------------------------------------------*/

static void add_output(struct transform_build *b, struct sl_str name, struct transform_value v)
{
    struct transform *t = b->t;
    bool added;
    (void)sl_map_add(&b->outputs, name, &added);
    if (!added) {
        transform_complain(b, NULL, "there is already an output, label or weight named '%.*s'",
                           SL_FMT(name));
        return;
    }
    t->outputs = grow(b->a, t->outputs, t->n_outputs, &b->capacity_outputs, sizeof(*t->outputs));
    t->outputs[t->n_outputs++] = (struct transform_output){
        .name = sl_arena_str(b->a, name),
        .node = v.node,
        .is_id = t->nodes[v.node].kind == TRANSFORM_ID,
        .ordered = v.ordered,
        .encoding = v.encoding,
        .embedding_size = v.embedding_size,
        .portable = true,
    };
}

static void name_value(struct transform_build *b, struct sl_str name, int node)
{
    b->named[b->n_named++] = (struct transform_named){name, node};
}

static void add_missing(struct transform_build *b, const struct transform_feature *f, int source)
{
    int node = transform_add_node(
        b, (struct transform_node){.op = TRANSFORM_IS_MISSING, .args = {source, -1}});
    add_output(b, sl_arena_format(b->a, "%.*s_missing", SL_FMT(f->name)),
               (struct transform_value){.node = node});
}

/* What a feature becomes that does not say. */
static void apply_default(struct transform_build *b, struct transform_value *v)
{
    const struct transform_node *n = &b->t->nodes[v->node];
    if (n->kind == TRANSFORM_TEXT)
        transform_add_vocabulary(b, v, 10000, 1, 1);
    else if (n->op == TRANSFORM_CROSS)
        transform_add_vocabulary(b, v, 10000, 1, 1);
    else if (v->has_range && b->request->target == TRANSFORM_DENSE) {
        const struct transform_operation *identity = transform_operation_find(SL_STR("identity"));
        identity->build(b, v, sl_arena_zero(b->a, 1, identity->args->size));
    }
}

static void apply_steps(struct transform_build *b, const struct transform_feature *f,
                        struct transform_value *v)
{
    if (!f->has_apply)
        apply_default(b, v);
    for (size_t i = 0; i < f->n_steps && !v->failed; i++) {
        const struct transform_step *s = &f->steps[i];
        void *args = NULL;
        if (s->operation->args) {
            args = sl_arena_zero(b->a, 1, s->operation->args->size);
            json_decode(b->l, s->args, s->operation->args, b->path, args);
        }
        s->operation->build(b, v, args);
    }
    if (!v->failed && b->t->nodes[v->node].kind == TRANSFORM_TEXT)
        transform_complain(b, v, "it is still text at its end: put vocabulary there");
}

static void finish_value(struct transform_build *b, const struct transform_feature *f,
                         struct sl_str name, struct transform_value v)
{
    apply_steps(b, f, &v);
    if (v.failed)
        return;
    name_value(b, name, v.node);
    if (!f->hidden)
        add_output(b, name, v);
}

static void build_parts(struct transform_build *b, const struct transform_feature *f, int source)
{
    if (!b->t->nodes[source].time) {
        transform_complain(b, NULL, "dateParts takes timestamps");
        return;
    }
    for (size_t i = 0; i < f->parts.n; i++) {
        enum transform_part part;
        struct transform_value v = {0};
        (void)transform_part_find(f->parts.p[i], &part);
        v.has_range = transform_part_range(part, &v.first, &v.count);
        /* Parts with bounds become ids by themselves, and ids may be missing. */
        bool number = f->has_apply ? stays_number(f) : !v.has_range;
        int filled = fill_source(b, f, source, number && b->request->target == TRANSFORM_DENSE);
        if (filled < 0)
            return;
        v.node = transform_add_node(b, (struct transform_node){
                                           .op = TRANSFORM_DATE_PART,
                                           .part = part,
                                           .args = {filled, -1},
                                       });
        finish_value(b, f,
                     sl_arena_format(b->a, "%.*s_%.*s", SL_FMT(f->name), SL_FMT(f->parts.p[i])), v);
    }
}

/* ---- crosses ----------------------------------------------------------------------------------*/

/* The ids of an earlier feature, or of a raw column through a vocabulary of its own. -1: told. */
static int crossed_node(struct transform_build *b, struct sl_str name)
{
    for (size_t i = 0; i < b->n_named; i++) {
        if (!sl_str_eq(b->named[i].name, name))
            continue;
        if (b->t->nodes[b->named[i].node].kind == TRANSFORM_ID)
            return b->named[i].node;
        transform_complain(b, NULL, "cross: '%.*s' is a number: bucketize makes ids of it",
                           SL_FMT(name));
        return -1;
    }
    struct transform_value v = {.node = transform_column_node(b, name)};
    if (v.node < 0)
        return -1;
    if (b->t->nodes[v.node].kind != TRANSFORM_TEXT && !b->t->nodes[v.node].whole) {
        transform_complain(b, NULL, "cross: column '%.*s' has fractions: bucketize it first",
                           SL_FMT(name));
        return -1;
    }
    transform_add_vocabulary(b, &v, 1000, 1, 1);
    return v.node;
}

static int cross_node(struct transform_build *b, const struct transform_feature *f)
{
    int node = crossed_node(b, f->cross.p[0]);
    for (size_t i = 1; i < f->cross.n && node >= 0; i++) {
        int next = crossed_node(b, f->cross.p[i]);
        node = next < 0 ? -1
                        : transform_add_node(b, (struct transform_node){.op = TRANSFORM_CROSS,
                                                                        .args = {node, next}});
    }
    return node;
}

/* ---- one feature ------------------------------------------------------------------------------*/

static void warn_label_column(struct transform_build *b, const struct transform_feature *f)
{
    for (size_t i = 0; i < b->t->n_label_columns; i++)
        if (sl_str_eq(b->t->label_columns[i].name, f->column))
            diag_add(b->l, DIAG_WARNING, f->line, b->path,
                     "the label reads column '%.*s': this feature may give it away",
                     SL_FMT(f->column));
}

static void build_feature(struct transform_build *b, const struct transform_feature *f)
{
    if (f->cross.n) {
        int node = cross_node(b, f);
        if (node >= 0)
            finish_value(b, f, f->name, (struct transform_value){.node = node});
        return;
    }
    int source =
        f->column.n ? transform_column_node(b, f->column) : transform_expr_node(b, f->expr);
    if (source < 0)
        return;
    warn_label_column(b, f);
    if (b->t->nodes[source].time && !f->parts.n && !f->has_apply) {
        transform_complain(b, NULL, "a timestamp needs dateParts (or apply)");
        return;
    }
    if (f->parts.n) {
        build_parts(b, f, source);
    } else {
        bool number = b->t->nodes[source].kind == TRANSFORM_NUMBER && stays_number(f);
        int filled = fill_source(b, f, source, number && b->request->target == TRANSFORM_DENSE);
        if (filled >= 0)
            finish_value(b, f, f->name, (struct transform_value){.node = filled});
    }
    if (f->missing)
        add_missing(b, f, source);
}

/* ---- all of them ------------------------------------------------------------------------------*/

static struct transform_reading reading_of(struct sl_arena *a, struct column_spec **columns,
                                           size_t *n, size_t n_specs)
{
    *columns = SL_ARENA_ARRAY(a, struct column_spec, n_specs);
    return (struct transform_reading){columns, n, SL_ARENA_ARRAY(a, int, n_specs)};
}

/* Room for a name for each output. */
static struct transform_named *named_of(struct sl_arena *a, const struct transform_features *f)
{
    size_t n = f->n;
    for (size_t i = 0; i < f->n; i++)
        n += f->p[i].parts.n;
    return SL_ARENA_ARRAY(a, struct transform_named, n);
}

static void build_all(struct transform_build *b, const struct transform_features *features)
{
    transform_build_label(b, b->request);
    transform_build_weight(b, b->request);
    (void)sl_map_add(&b->outputs, b->t->label.name, NULL);
    if (b->t->weight.name.n)
        (void)sl_map_add(&b->outputs, b->t->weight.name, NULL);
    for (size_t i = 0; i < features->n; i++) {
        b->path = sl_arena_format(b->a, "features[%zu]", i);
        b->line = features->p[i].line;
        build_feature(b, &features->p[i]);
    }
}

struct transform *transform_build(struct diag_list *l, const struct transform_request *r,
                                  const struct column_spec *columns, size_t n)
{
    size_t before = l->error_count;
    struct transform_features features;
    transform_features_decode(l, r->features, SL_STR("features"), &features);
    if (l->error_count > before)
        return NULL;

    struct transform *t = SL_ARENA_NEW(l->a, struct transform);
    struct transform_build b = {.a = l->a,
                                .l = l,
                                .request = r,
                                .specs = columns,
                                .n_specs = n,
                                .t = t,
                                .named = named_of(l->a, &features),
                                .features = reading_of(l->a, &t->columns, &t->n_columns, n),
                                .label =
                                    reading_of(l->a, &t->label_columns, &t->n_label_columns, n),
                                .column_nodes = SL_ARENA_ARRAY(l->a, int, n)};
    t->target = r->target;
    t->features = r->features;
    for (size_t i = 0; i < n; i++)
        *sl_map_add(&b.raw, columns[i].name, NULL) = i;
    build_all(&b, &features);
    sl_map_deinit(&b.raw);
    sl_map_deinit(&b.outputs);
    if (l->error_count == before && t->n_outputs == 0)
        diag_add(l, DIAG_ERROR, 0, SL_STR("features"), "there is none");
    return l->error_count > before ? NULL : t;
}
