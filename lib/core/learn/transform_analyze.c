#include "core/learn/transform_analyze.h"

#include "core/learn/transform_onnx.h"
#include "core/learn/transform_seen.h"
#include "core/learn/transform_spec.h"

#include <math.h>

enum { CLASSES_MAX = 10000 };
#define IDS_MAX (INT64_C(1) << 31)

struct analyzer {
    int node;   /* the pending one */
    int source; /* whose values are looked at */
    int fill;   /* a pending fill between the two, or -1: missing values count as its constant */
    enum seen_need need;
};

struct transform_pass {
    struct transform *t;
    struct analyzer *analyzers; /* (n) */
    size_t n;
    bool *wanted; /* (n_nodes) sources */
    bool label;   /* the label is looked at too */
    struct transform_partial *total;
};

struct transform_partial {
    struct seen *seen; /* (n) of the pass's analyzers */
    size_t n;
    struct seen label;
};

/* ---- scanning a group -------------------------------------------------------------------------*/

static bool is_missing(const struct transform_values *v, size_t row)
{
    return v->number ? isnan(v->number[row]) : v->dict[v->codes[row]].n == 0;
}

static struct sl_err *eval_values(struct sl_arena *a, const struct table *picked,
                                  const struct expr *e, struct transform_values *ret)
{
    struct column c;
    SL_TRY(expr_eval_table(a, e, picked, &c));
    *ret = transform_column_values(a, &c);
    return NULL;
}

/* Rows that have a label and, if there are weights, a weight that is not negative. */
static struct sl_err *labelled_rows(const struct transform_pass *p, struct sl_arena *a,
                                    const struct table *raw, struct seen *label, uint32_t **ret,
                                    size_t *ret_n)
{
    const struct transform *t = p->t;
    struct table picked;
    struct transform_values l, w = {0};
    SL_TRY(transform_pick(a, t->label_columns, t->n_label_columns, raw, &picked));
    SL_TRY(eval_values(a, &picked, t->label.expr, &l), "label");
    if (t->weight.expr)
        SL_TRY(eval_values(a, &picked, t->weight.expr, &w), "weight");
    uint32_t *rows = SL_ARENA_ARRAY(a, uint32_t, raw->n_rows);
    size_t n = 0;
    for (size_t i = 0; i < raw->n_rows; i++)
        if (!is_missing(&l, i) && (!w.number || w.number[i] >= 0))
            rows[n++] = (uint32_t)i;
    if (p->label && (l.codes || t->label.expr->type != EXPR_DOUBLE))
        seen_scan(a, label, SEEN_COUNTS, &l, rows, n);
    else
        label->n = n;
    *ret = rows;
    *ret_n = n;
    return NULL;
}

static struct transform_partial *partial_new(size_t n)
{
    struct transform_partial *partial = SL_NEW(struct transform_partial);
    partial->seen = SL_NEW_ARRAY(struct seen, n + 1);
    partial->n = n;
    for (size_t i = 0; i < n; i++)
        seen_init(&partial->seen[i]);
    seen_init(&partial->label);
    return partial;
}

void transform_partial_free(struct transform_partial *partial)
{
    if (!partial)
        return;
    for (size_t i = 0; i < partial->n; i++)
        seen_deinit(&partial->seen[i]);
    seen_deinit(&partial->label);
    sl_free(partial->seen);
    sl_free(partial);
}

static struct sl_err *scan(const struct transform_pass *p, struct sl_arena *a,
                           const struct table *raw, struct transform_partial *partial)
{
    const struct transform *t = p->t;
    uint32_t *rows;
    size_t n;
    struct table picked;
    SL_TRY(labelled_rows(p, a, raw, &partial->label, &rows, &n));
    SL_TRY(transform_pick(a, t->columns, t->n_columns, raw, &picked));
    struct transform_values *values = SL_ARENA_ARRAY(a, struct transform_values, t->n_nodes);
    SL_TRY(transform_eval(a, t, &picked, p->wanted, values));
    for (size_t i = 0; i < p->n; i++)
        seen_scan(a, &partial->seen[i], p->analyzers[i].need, &values[p->analyzers[i].source], rows,
                  n);
    return NULL;
}

struct sl_err *transform_pass_scan(const struct transform_pass *p, struct sl_arena *a,
                                   const struct table *raw, struct transform_partial **ret)
{
    struct transform_partial *partial = partial_new(p->n);
    struct sl_err *err = scan(p, a, raw, partial);
    if (err)
        transform_partial_free(partial);
    else
        *ret = partial;
    return err;
}

void transform_pass_merge(struct transform_pass *p, struct transform_partial *partial)
{
    for (size_t i = 0; i < p->n; i++)
        seen_merge(&p->total->seen[i], &partial->seen[i], p->analyzers[i].need,
                   (uint64_t)p->analyzers[i].node);
    seen_merge(&p->total->label, &partial->label, SEEN_COUNTS, 0);
    transform_partial_free(partial);
}

/* ---- what a pass looks at ---------------------------------------------------------------------*/

static enum seen_need need_of(const struct transform_wish *w)
{
    switch (w->kind) {
    case TRANSFORM_WISH_MEAN:
    case TRANSFORM_WISH_ZSCORE:
    case TRANSFORM_WISH_MINMAX:
        return SEEN_MOMENTS;
    case TRANSFORM_WISH_MEDIAN:
    case TRANSFORM_WISH_QUANTILES:
        return SEEN_VALUES;
    case TRANSFORM_WISH_MODE:
    case TRANSFORM_WISH_VOCABULARY:
        break;
    }
    return SEEN_COUNTS;
}

/* Complete: its constants and those of all it is made from are known. */
static bool *complete_nodes(const struct transform *t)
{
    bool *complete = SL_NEW_ARRAY(bool, t->n_nodes + 1);
    for (size_t i = 0; i < t->n_nodes; i++) {
        complete[i] = !t->nodes[i].pending;
        for (size_t k = 0; k < SL_COUNTOF(t->nodes[i].args); k++)
            if (t->nodes[i].args[k] >= 0)
                complete[i] = complete[i] && complete[t->nodes[i].args[k]];
    }
    return complete;
}

static void plan_analyzers(struct transform_pass *p)
{
    const struct transform *t = p->t;
    SL_AUTOFREE bool *complete = complete_nodes(t);
    for (size_t i = 0; i < t->n_nodes; i++) {
        if (!t->nodes[i].pending)
            continue;
        struct analyzer z = {.node = (int)i,
                             .source = t->nodes[i].args[0],
                             .fill = -1,
                             .need = need_of(t->nodes[i].wish)};
        const struct transform_node *before = &t->nodes[z.source];
        if (before->op == TRANSFORM_FILL && before->pending) {
            z.fill = z.source;
            z.source = before->args[0];
        }
        if (!complete[z.source])
            continue;
        p->wanted[z.source] = true;
        p->analyzers[p->n++] = z;
    }
}

struct transform_pass *transform_pass_new(struct transform *t)
{
    bool pending = t->label.pending;
    for (size_t i = 0; i < t->n_nodes; i++)
        pending = pending || t->nodes[i].pending;
    if (!pending)
        return NULL;
    struct transform_pass *p = SL_NEW(struct transform_pass);
    p->t = t;
    p->label = t->label.pending;
    p->analyzers = SL_NEW_ARRAY(struct analyzer, t->n_nodes + 1);
    p->wanted = SL_NEW_ARRAY(bool, t->n_nodes + 1);
    plan_analyzers(p);
    p->total = partial_new(p->n);
    return p;
}

void transform_pass_free(struct transform_pass *p)
{
    if (!p)
        return;
    transform_partial_free(p->total);
    sl_free(p->analyzers);
    sl_free(p->wanted);
    sl_free(p);
}

const struct column_spec *transform_pass_columns(const struct transform_pass *p, struct sl_arena *a,
                                                 size_t *ret_n)
{
    return transform_raw_columns(a, p->t, true, ret_n);
}

/* ---- constants --------------------------------------------------------------------------------*/

/* "column 'speed'" for messages. */
static struct sl_str source_name(struct sl_arena *a, const struct transform *t, int node)
{
    while (t->nodes[node].args[0] >= 0)
        node = t->nodes[node].args[0];
    const struct transform_node *n = &t->nodes[node];
    return n->op == TRANSFORM_EXPR
               ? sl_arena_format(a, "expression '%.*s'", SL_FMT(n->text))
               : sl_arena_format(a, "column '%.*s'", SL_FMT(t->columns[n->column].name));
}

static struct sl_err *finish_fill(struct sl_arena *a, struct transform *t, struct transform_node *n,
                                  struct seen *s)
{
    if (s->n == 0)
        return SL_ERR(INVALID, "%.*s has no value in the analysed rows: nothing to fill with",
                      SL_FMT(source_name(a, t, n->args[0])));
    const struct transform_node *from = &t->nodes[n->args[0]];
    switch (n->wish->kind) {
    case TRANSFORM_WISH_MEAN:
        n->value = s->mean;
        break;
    case TRANSFORM_WISH_MEDIAN:
        n->value = seen_median(s);
        break;
    default:
        if (from->kind == TRANSFORM_TEXT)
            n->text = sl_arena_str(a, seen_ranked(s, true)[0].value);
        else
            n->value = seen_number(seen_ranked(s, false)[0].value);
    }
    if (from->time)
        n->value = rint(n->value); /* a time is whole microseconds */
    return NULL;
}

/* Inner boundaries of equal mass, each once; none at the least value, where nothing is below.
 * `fill` is the node between, or NULL. */
static void finish_quantiles(struct sl_arena *a, struct transform_node *n, struct seen *s,
                             const struct transform_node *fill)
{
    uint64_t buckets = (uint64_t)n->wish->quantiles;
    struct seen_ranks r = seen_ranks_of(s, fill ? fill->value : 0, fill ? s->n_missing : 0);
    n->boundaries = SL_ARENA_ARRAY(a, double, buckets);
    n->count = 0;
    for (uint64_t i = 1; i < buckets && r.total; i++) {
        double b = seen_value_at(&r, (uint64_t)((__uint128_t)i * r.total / buckets));
        if (b > (n->count ? n->boundaries[n->count - 1] : r.p[0].value))
            n->boundaries[n->count++] = b;
    }
    sl_free(r.p);
}

static void finish_vocabulary(struct sl_arena *a, struct transform *t, struct transform_node *n,
                              struct seen *s)
{
    bool text = t->nodes[n->args[0]].kind == TRANSFORM_TEXT;
    const struct heavy_entry *entries = seen_ranked(s, text);
    struct transform_vocabulary *v = n->vocabulary;
    while (v->n < s->counts.n && v->n < (size_t)n->wish->top_k &&
           entries[v->n].count >= (uint64_t)n->wish->min_count)
        v->n++;
    if (text)
        v->tokens = SL_ARENA_ARRAY(a, struct sl_str, v->n);
    else
        v->numbers = SL_ARENA_ARRAY(a, int64_t, v->n);
    for (size_t i = 0; i < v->n; i++) {
        if (text)
            v->tokens[i] = sl_arena_str(a, entries[i].value);
        else
            v->numbers[i] = (int64_t)seen_number(entries[i].value);
    }
    transform_vocabulary_index(a, v);
}

/* Squares of numbers beyond 1e154 are beyond double. */
static struct sl_err *check_finite(struct sl_arena *a, const struct transform *t,
                                   const struct transform_node *n)
{
    if (isfinite(n->value) && isfinite(n->mean) && isfinite(n->std) && isfinite(n->max - n->min))
        return NULL;
    return SL_ERR(
        INVALID,
        "%s of %.*s: its numbers are too large to compute with: clip them first, or leave it out",
        transform_op_name(n->op), SL_FMT(source_name(a, t, n->args[0])));
}

static struct sl_err *finish_node(struct transform_pass *p, struct sl_arena *a, size_t index)
{
    struct transform *t = p->t;
    const struct analyzer *z = &p->analyzers[index];
    struct transform_node *n = &t->nodes[z->node];
    struct seen *s = &p->total->seen[index];
    if (z->fill >= 0)
        seen_fill(s, z->need, &t->nodes[z->fill]);
    switch (n->wish->kind) {
    case TRANSFORM_WISH_MEAN:
    case TRANSFORM_WISH_MEDIAN:
    case TRANSFORM_WISH_MODE:
        SL_TRY(finish_fill(a, t, n, s));
        break;
    case TRANSFORM_WISH_ZSCORE:
        n->mean = s->mean;
        n->std = s->n ? sqrt(s->m2 / (double)s->n) : 0;
        break;
    case TRANSFORM_WISH_MINMAX:
        n->min = s->min;
        n->max = s->max;
        break;
    case TRANSFORM_WISH_QUANTILES:
        finish_quantiles(a, n, s, z->fill >= 0 ? &t->nodes[z->fill] : NULL);
        break;
    case TRANSFORM_WISH_VOCABULARY:
        finish_vocabulary(a, t, n, s);
        break;
    }
    n->pending = false;
    n->wish = NULL;
    return check_finite(a, t, n);
}

/* ---- the label --------------------------------------------------------------------------------*/

static uint64_t count_of(const struct seen *s, double x)
{
    for (size_t i = 0; i < s->counts.n; i++)
        if (seen_number(s->counts.entries[i].value) == x)
            return s->counts.entries[i].count;
    return 0;
}

static struct sl_err *finish_binary(struct transform_label *l, const struct seen *s)
{
    uint64_t no = count_of(s, 0), yes = count_of(s, 1);
    if (no + yes != s->n)
        return SL_ERR(INVALID, "label '%.*s': task binary, but it has values other than 0 and 1",
                      SL_FMT(l->name));
    if (no == 0 || yes == 0)
        return SL_ERR(INVALID, "label '%.*s' is %s in all %llu analysed rows: nothing to learn",
                      SL_FMT(l->name), yes ? "true" : "false", (unsigned long long)s->n);
    static struct sl_str zero_one[] = {SL_STR("0"), SL_STR("1")};
    if (!l->n_classes) {
        l->classes = zero_one;
        l->n_classes = 2;
    }
    return NULL;
}

static int compare_classes(const void *x, const void *y)
{
    const struct sl_str *a = x, *b = y;
    int64_t u, v;
    if (sl_str_to_i64(*a, &u) && sl_str_to_i64(*b, &v) && u != v)
        return u < v ? -1 : 1;
    return sl_str_cmp(*a, *b);
}

static struct sl_err *finish_multiclass(struct sl_arena *a, struct transform_label *l,
                                        const struct seen *s)
{
    if (l->n_classes)
        return NULL;
    if (s->counts.n < 2)
        return SL_ERR(INVALID, "label '%.*s' has one class only: nothing to learn",
                      SL_FMT(l->name));
    if (s->counts.n > CLASSES_MAX)
        return SL_ERR(INVALID, "label '%.*s' has %zu classes, more than %d", SL_FMT(l->name),
                      s->counts.n, CLASSES_MAX);
    l->classes = SL_ARENA_ARRAY(a, struct sl_str, s->counts.n);
    l->n_classes = s->counts.n;
    for (size_t i = 0; i < s->counts.n; i++) {
        struct sl_str key = s->counts.entries[i].value;
        l->classes[i] = l->expr->type == EXPR_STRING
                            ? sl_arena_str(a, key)
                            : sl_arena_format(a, "%lld", (long long)seen_number(key));
    }
    qsort(l->classes, l->n_classes, sizeof(*l->classes), compare_classes);
    return NULL;
}

static struct sl_err *finish_label(struct transform_pass *p, struct sl_arena *a)
{
    struct transform_label *l = &p->t->label;
    const struct seen *s = &p->total->label;
    if (s->n == 0)
        return SL_ERR(INVALID, "no analysed row has a label '%.*s'%s", SL_FMT(l->name),
                      p->t->weight.expr ? " and a weight of 0 or more" : "");
    if (!l->task_given && l->expr->type == EXPR_INT && count_of(s, 0) + count_of(s, 1) == s->n)
        l->task = TRANSFORM_BINARY;
    if (l->task == TRANSFORM_BINARY)
        SL_TRY(finish_binary(l, s));
    else if (l->task == TRANSFORM_MULTICLASS)
        SL_TRY(finish_multiclass(a, l, s));
    l->pending = false;
    return NULL;
}

/* ---- the end of a pass ------------------------------------------------------------------------*/

/* Facts that follow from constants: sizes of ids, whether outputs may miss. */
static struct sl_err *settle(struct sl_arena *a, struct transform *t)
{
    for (size_t i = 0; i < t->n_nodes; i++) {
        transform_node_settle(t, i);
        if (t->nodes[i].op == TRANSFORM_CROSS && t->nodes[i].size > IDS_MAX)
            return SL_ERR(EXHAUSTED,
                          "a cross of %.*s has %lld ids: give what is crossed a smaller "
                          "vocabulary (topK, minCount)",
                          SL_FMT(source_name(a, t, (int)i)), (long long)t->nodes[i].size);
    }
    const char **reasons = SL_ARENA_ARRAY(a, const char *, t->n_outputs);
    transform_portable_reasons(a, t, reasons);
    for (size_t i = 0; i < t->n_outputs; i++) {
        const struct transform_node *n = &t->nodes[t->outputs[i].node];
        t->outputs[i].size = n->size;
        t->outputs[i].may_miss = n->kind == TRANSFORM_NUMBER && n->may_miss;
        t->outputs[i].portable = !reasons[i];
        t->outputs[i].reason = sl_str(reasons[i] ? reasons[i] : "");
    }
    return NULL;
}

struct sl_err *transform_pass_finish(struct transform_pass *p, struct sl_arena *a)
{
    if (p->label)
        SL_TRY(finish_label(p, a));
    for (size_t i = 0; i < p->n; i++)
        SL_TRY(finish_node(p, a, i));
    return settle(a, p->t);
}
