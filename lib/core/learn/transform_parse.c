/* Reading transform.json. What it says is checked against what its nodes can be: a file that was
 * not written by transform_format is refused, never believed. */
#include "base/limits.h"
#include "core/learn/transform_document.h"
#include "core/learn/transform_eval.h"

#include <math.h>

struct parse {
    struct sl_arena *a;
    struct transform *t;
    transform_read *read;
    void *ctx;
};

/* ---- columns and expressions ------------------------------------------------------------------*/

static struct sl_err *parse_columns(struct parse *p, const struct json_objects *from,
                                    struct column_spec **ret, size_t *ret_n)
{
    const struct document_column *c = from->p;
    struct column_spec *columns = SL_ARENA_ARRAY(p->a, struct column_spec, from->n);
    for (size_t i = 0; i < from->n; i++) {
        columns[i].name = c[i].name;
        if (!column_type_find(c[i].type, &columns[i].type))
            return SL_ERR(CORRUPT, "columns[%zu]: there is no type '%.*s'", i, SL_FMT(c[i].type));
    }
    *ret = columns;
    *ret_n = from->n;
    return NULL;
}

static struct sl_err *parse_expr(struct parse *p, struct sl_str text,
                                 const struct column_spec *columns, size_t n, struct expr **ret)
{
    struct expr *e;
    SL_TRY(expr_parse(p->a, text, &e), "expression");
    return expr_bind(p->a, e, columns, n, ret);
}

/* ---- vocabularies -----------------------------------------------------------------------------*/

static size_t count_lines(struct sl_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

/* A line of the file as a token; its escapes are resolved in a copy. */
static bool parse_token(struct sl_arena *a, struct sl_str line, struct sl_str *ret)
{
    if (sl_str_find_char(line, '\\') < 0) {
        *ret = line;
        return line.n > 0;
    }
    char *to = sl_arena_alloc(a, line.n);
    size_t n = 0;
    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];
        if (c == '\\') {
            if (++i == line.n)
                return false;
            c = line.p[i] == 'n' ? '\n' : line.p[i] == 'r' ? '\r' : line.p[i];
            if (c != '\n' && c != '\r' && c != '\\')
                return false;
        }
        to[n++] = c;
    }
    *ret = sl_strn(to, n);
    return true;
}

static struct sl_err *parse_vocabulary(struct parse *p, struct sl_str file, bool text,
                                       struct transform_vocabulary **ret)
{
    struct sl_str bytes, line;
    if (!p->read(p->ctx, file, &bytes))
        return SL_ERR(CORRUPT, "vocabulary '%.*s' is not there", SL_FMT(file));
    struct transform_vocabulary *v = SL_ARENA_NEW(p->a, struct transform_vocabulary);
    size_t n = count_lines(bytes);
    v->file = file;
    if (text)
        v->tokens = SL_ARENA_ARRAY(p->a, struct sl_str, n);
    else
        v->numbers = SL_ARENA_ARRAY(p->a, int64_t, n);
    if (bytes.n && bytes.p[bytes.n - 1] != '\n')
        return SL_ERR(CORRUPT, "vocabulary '%.*s' does not end in a line end", SL_FMT(file));
    for (struct sl_str rest = bytes; v->n < n; v->n++) {
        sl_str_split(&rest, '\n', &line);
        if (text ? !parse_token(p->a, line, &v->tokens[v->n])
                 : !sl_str_to_i64(line, &v->numbers[v->n]))
            return SL_ERR(CORRUPT, "vocabulary '%.*s' line %zu: it is no %s", SL_FMT(file),
                          v->n + 1, text ? "token" : "whole number");
    }
    transform_vocabulary_index(p->a, v);
    *ret = v;
    return NULL;
}

/* ---- nodes ------------------------------------------------------------------------------------*/

static int find_column(const struct transform *t, struct sl_str name)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (sl_str_eq(t->columns[i].name, name))
            return (int)i;
    return -1;
}

static size_t arity(enum transform_op op)
{
    return op == TRANSFORM_COLUMN || op == TRANSFORM_EXPR ? 0 : op == TRANSFORM_CROSS ? 2 : 1;
}

/* Which kinds a function takes, a bit each. */
static unsigned takes(enum transform_op op)
{
    enum { NUMBER = 1 << TRANSFORM_NUMBER, TEXT = 1 << TRANSFORM_TEXT, ID = 1 << TRANSFORM_ID };
    switch (op) {
    case TRANSFORM_FILL:
    case TRANSFORM_IS_MISSING:
        return NUMBER | TEXT;
    case TRANSFORM_VOCABULARY:
        return NUMBER | TEXT | ID;
    case TRANSFORM_CROSS:
        return ID;
    case TRANSFORM_HASH:
    case TRANSFORM_TEXT_LENGTH:
        return TEXT;
    default:
        return NUMBER;
    }
}

static struct sl_err *parse_args(const struct parse *p, const struct document_node *j, size_t index,
                                 struct transform_node *n)
{
    n->args[0] = n->args[1] = -1;
    if (j->of.n != arity(n->op))
        return SL_ERR(CORRUPT, "of: expected %zu nodes, got %zu", arity(n->op), j->of.n);
    for (size_t i = 0; i < j->of.n; i++) {
        if (!(j->of.p[i] >= 0 && j->of.p[i] < (double)index) || j->of.p[i] != trunc(j->of.p[i]))
            return SL_ERR(CORRUPT, "of: expected an earlier node");
        n->args[i] = (int)j->of.p[i];
        if (!(takes(n->op) >> p->t->nodes[n->args[i]].kind & 1))
            return SL_ERR(CORRUPT, "of: node %d has values that %s does not take", n->args[i],
                          transform_op_name(n->op));
    }
    return NULL;
}

static struct sl_err *parse_boundaries(const struct document_node *j, struct transform_node *n)
{
    for (size_t i = 1; i < j->boundaries.n; i++)
        if (!(j->boundaries.p[i - 1] < j->boundaries.p[i]))
            return SL_ERR(CORRUPT, "boundaries are not ascending");
    n->boundaries = j->boundaries.p;
    n->count = j->boundaries.n;
    return NULL;
}

static struct sl_err *parse_vocabulary_node(struct parse *p, const struct document_node *j,
                                            const struct transform_node *from,
                                            struct transform_node *n)
{
    n->oov = j->oov;
    if (from->kind == TRANSFORM_NUMBER && !from->whole)
        return SL_ERR(CORRUPT, "of: the numbers have fractions");
    if (n->oov < 1 || n->oov > INT32_MAX)
        return SL_ERR(CORRUPT, "oov: expected a number above 0");
    return parse_vocabulary(p, j->vocabulary, from->kind == TRANSFORM_TEXT, &n->vocabulary);
}

static struct sl_err *parse_constants(struct parse *p, const struct document_node *j,
                                      struct transform_node *n)
{
    struct transform *t = p->t;
    const struct transform_node *from = n->args[0] >= 0 ? &t->nodes[n->args[0]] : NULL;
    switch (n->op) {
    case TRANSFORM_COLUMN:
        n->column = find_column(t, j->column);
        if (n->column < 0)
            return SL_ERR(CORRUPT, "there is no column '%.*s'", SL_FMT(j->column));
        break;
    case TRANSFORM_EXPR:
        n->text = j->expr;
        return parse_expr(p, j->expr, t->columns, t->n_columns, &n->expr);
    case TRANSFORM_FILL:
        n->value = j->value;
        n->text = j->text;
        if (from->kind == TRANSFORM_TEXT && !j->text.n)
            return SL_ERR(CORRUPT, "fill: there is no text");
        break;
    case TRANSFORM_ZSCORE:
        n->mean = j->mean;
        n->std = j->std;
        break;
    case TRANSFORM_MINMAX:
        n->min = j->min;
        n->max = j->max;
        n->low = j->low;
        n->high = j->high;
        break;
    case TRANSFORM_LOG:
        n->value = j->offset;
        break;
    case TRANSFORM_CLIP:
        n->min = j->has_min ? j->min : -INFINITY;
        n->max = j->has_max ? j->max : INFINITY;
        break;
    case TRANSFORM_BUCKETIZE:
        return parse_boundaries(j, n);
    case TRANSFORM_VOCABULARY:
        return parse_vocabulary_node(p, j, from, n);
    case TRANSFORM_IDENTITY:
    case TRANSFORM_HASH:
        n->first = j->first;
        n->count = (size_t)j->count;
        if (j->count < 1 || j->count > INT32_MAX)
            return SL_ERR(CORRUPT, "count: expected a number above 0");
        break;
    case TRANSFORM_DATE_PART:
        if (!transform_part_find(j->part, &n->part))
            return SL_ERR(CORRUPT, "there is no part '%.*s'", SL_FMT(j->part));
        if (!from->time)
            return SL_ERR(CORRUPT, "of: the numbers are no times");
        break;
    case TRANSFORM_IS_MISSING:
    case TRANSFORM_CROSS:
    case TRANSFORM_TEXT_LENGTH:
        break;
    }
    return NULL;
}

static struct sl_err *parse_node(struct parse *p, const struct document_node *j, size_t index)
{
    struct transform_node *n = &p->t->nodes[index];
    n->op = (enum transform_op)j->op;
    SL_TRY(parse_args(p, j, index, n));
    SL_TRY(parse_constants(p, j, n));
    transform_node_settle(p->t, index);
    if (n->kind == TRANSFORM_ID && (n->size < 1 || n->size > INT32_MAX))
        return SL_ERR(CORRUPT, "it has %lld ids", (long long)n->size);
    return NULL;
}

/* ---- outputs ----------------------------------------------------------------------------------*/

static struct sl_err *parse_output(const struct parse *p, const struct document_output *j,
                                   struct transform_output *o)
{
    if (j->node < 0 || (uint64_t)j->node >= p->t->n_nodes)
        return SL_ERR(CORRUPT, "there is no node %lld", (long long)j->node);
    const struct transform_node *n = &p->t->nodes[j->node];
    *o = (struct transform_output){
        .name = j->name,
        .node = (int)j->node,
        .is_id = j->type == 1,
        .size = n->size,
        .ordered = j->ordered,
        .may_miss = n->kind == TRANSFORM_NUMBER && n->may_miss,
        .encoding = (enum transform_encoding)j->encoding,
        .embedding_size = j->embedding_size,
        .portable = j->portable,
        .reason = j->reason,
    };
    if (n->kind == TRANSFORM_TEXT || o->is_id != (n->kind == TRANSFORM_ID))
        return SL_ERR(CORRUPT, "its node has values of another kind");
    if (o->is_id && o->size != j->size)
        return SL_ERR(CORRUPT, "size is %lld, and its node has %lld ids", (long long)j->size,
                      (long long)o->size);
    return NULL;
}

static struct sl_err *parse_label(struct parse *p, const struct transform_document *d)
{
    struct transform *t = p->t;
    t->label = (struct transform_label){.name = d->label.name,
                                        .text = d->label.expr,
                                        .task = (enum transform_task)d->label.task,
                                        .classes = d->label.classes.p,
                                        .n_classes = d->label.classes.n};
    SL_TRY(parse_expr(p, t->label.text, t->label_columns, t->n_label_columns, &t->label.expr),
           "label");
    size_t n = t->label.n_classes;
    if (t->label.task == TRANSFORM_BINARY ? n != 2
                                          : (n >= 2) != (t->label.task == TRANSFORM_MULTICLASS))
        return SL_ERR(CORRUPT, "label: %zu classes do not go with its task", n);
    bool text = t->label.expr->type == EXPR_STRING;
    if (text && t->label.task != TRANSFORM_MULTICLASS)
        return SL_ERR(CORRUPT, "label: its task does not go with text");
    if (!d->has_weight)
        return NULL;
    t->weight = (struct transform_weight){.name = d->weight.name, .text = d->weight.expr};
    SL_TRY(parse_expr(p, t->weight.text, t->label_columns, t->n_label_columns, &t->weight.expr),
           "weight");
    if (t->weight.expr->type == EXPR_STRING)
        return SL_ERR(CORRUPT, "weight: it is text");
    return NULL;
}

static struct sl_err *parse_document(struct parse *p, const struct transform_document *d)
{
    struct transform *t = p->t;
    t->target = (enum transform_target)d->target;
    t->features = d->features;
    SL_TRY(parse_columns(p, &d->columns, &t->columns, &t->n_columns));
    SL_TRY(parse_columns(p, &d->label_columns, &t->label_columns, &t->n_label_columns));
    SL_TRY(parse_label(p, d));
    t->nodes = SL_ARENA_ARRAY(p->a, struct transform_node, d->nodes.n);
    for (size_t i = 0; i < d->nodes.n; i++, t->n_nodes++)
        SL_TRY(parse_node(p, (const struct document_node *)d->nodes.p + i, i), "nodes[%zu]", i);
    t->outputs = SL_ARENA_ARRAY(p->a, struct transform_output, d->outputs.n);
    for (size_t i = 0; i < d->outputs.n; i++, t->n_outputs++)
        SL_TRY(parse_output(p, (const struct document_output *)d->outputs.p + i, &t->outputs[i]),
               "outputs[%zu]", i);
    t->n_excluded = d->excluded.n;
    t->excluded = SL_ARENA_ARRAY(p->a, struct transform_excluded, d->excluded.n);
    for (size_t i = 0; i < d->excluded.n; i++) {
        const struct document_excluded *e = (const struct document_excluded *)d->excluded.p + i;
        t->excluded[i] = (struct transform_excluded){e->column, e->reason};
    }
    return NULL;
}

struct sl_err *transform_parse(struct sl_arena *a, struct sl_str text, transform_read *read,
                               void *ctx, struct transform **ret)
{
    struct json *root;
    struct transform_document d;
    struct diag_list l;
    if (text.n > SL_LIMIT_DOCUMENT_BYTES)
        return SL_ERR(EXHAUSTED, "transform.json is larger than %zu bytes",
                      SL_LIMIT_DOCUMENT_BYTES);
    SL_TRY(json_parse(a, text, &root), "transform.json");
    double version = json_get_number(root, "version", 0);
    if (version != TRANSFORM_VERSION)
        return SL_ERR(INVALID, "transform.json: version %g, and this program knows version %d",
                      version, TRANSFORM_VERSION);
    diag_list_init(&l, a, SL_STR("transform.json"));
    json_decode(&l, root, &transform_document_table, SL_STR(""), &d);
    SL_TRY(diag_to_err(&l));
    struct parse p = {.a = a, .t = SL_ARENA_NEW(a, struct transform), .read = read, .ctx = ctx};
    SL_TRY(parse_document(&p, &d), "transform.json");
    *ret = p.t;
    return NULL;
}
