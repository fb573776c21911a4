#include "core/learn/transform_analyze.h"

#include "base/vec.h"
#include "core/data/sketch_heavy.h"
#include "core/data/sketch_kll.h"
#include "core/learn/transform_eval.h"
#include "core/learn/transform_onnx.h"
#include "core/learn/transform_spec.h"

#include <math.h>

enum { CLASSES_MAX = 10000 };
#define IDS_MAX (INT64_C(1) << 31)
/* Quantiles are exact up to so many values, then within KLL_RANK_ERROR. */
#define VALUES_MAX ((size_t)1 << 20)
/* Vocabularies and modes are exact up to so many distinct values and bytes; beyond, a count is at
 * most 2 / DISTINCT_MAX of the values too low. */
#define DISTINCT_MAX ((size_t)1 << 20)
#define TEXT_MAX     ((size_t)128 << 20)

/* What an analyzer has seen. Only the parts that its wish needs are filled. */
struct seen {
    uint64_t n, n_missing;
    double mean, m2, min, max;
    SL_VEC(double) values;
    struct kll *kll;     /* values beyond VALUES_MAX; then `values` is empty */
    struct heavy counts; /* by token, or by the 8 bytes of a double or id */
};

enum need { NEED_MOMENTS, NEED_VALUES, NEED_COUNTS };

struct analyzer {
    int node;   /* the pending one */
    int source; /* whose values are looked at */
    int fill;   /* a pending fill between the two, or -1: missing values count as its constant */
    enum need need;
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

/* ---- what has been seen -----------------------------------------------------------------------*/

static void seen_init(struct seen *s)
{
    heavy_init(&s->counts, DISTINCT_MAX, TEXT_MAX);
}

static void seen_deinit(struct seen *s)
{
    sl_vec_deinit(&s->values);
    kll_free(s->kll);
    heavy_deinit(&s->counts);
}

static void add_count(struct seen *s, struct sl_str key, uint64_t count)
{
    s->n += count;
    heavy_add(&s->counts, key, heavy_hash(key), count, 0);
}

static void add_number_count(struct seen *s, double x, uint64_t count)
{
    x = x == 0 ? 0 : x; /* -0 and 0 are one value */
    add_count(s, sl_strn((const char *)&x, sizeof(x)), count);
}

/* Chan, Golub and LeVeque's update of mean and squared deviations by those of another set. */
static void add_moments(struct seen *s, uint64_t n, double mean, double m2, double min, double max)
{
    if (n == 0)
        return;
    if (s->n == 0) {
        s->min = min;
        s->max = max;
    }
    double total = (double)s->n + (double)n;
    double delta = mean - s->mean;
    s->mean += delta * ((double)n / total);
    s->m2 += m2 + delta * delta * ((double)s->n * (double)n / total);
    s->min = SL_MIN(s->min, min);
    s->max = SL_MAX(s->max, max);
    s->n += n;
}

/* `stream` seeds the sketch, the first time one is needed. */
static void add_values(struct seen *s, const double *values, size_t n, uint64_t stream)
{
    s->n += n;
    if (!s->kll && s->values.n + n > VALUES_MAX) {
        s->kll = kll_new(0, stream);
        kll_add(s->kll, s->values.p, s->values.n);
        sl_vec_deinit(&s->values);
    }
    if (s->kll) {
        kll_add(s->kll, values, n);
        return;
    }
    sl_vec_reserve(&s->values, s->values.n + n);
    if (n)
        memcpy(s->values.p + s->values.n, values, n * sizeof(*values));
    s->values.n += n;
}

static void merge(struct seen *to, const struct seen *from, enum need need, uint64_t stream)
{
    to->n_missing += from->n_missing;
    switch (need) {
    case NEED_MOMENTS:
        add_moments(to, from->n, from->mean, from->m2, from->min, from->max);
        break;
    case NEED_VALUES:
        add_values(to, from->values.p, from->values.n, stream);
        break;
    case NEED_COUNTS:
        to->n += from->n;
        heavy_merge(&to->counts, &from->counts);
        break;
    }
}

/* ---- scanning a group -------------------------------------------------------------------------*/

static void scan_numbers(struct seen *s, enum need need, const double *x, const uint32_t *rows,
                         size_t n)
{
    double sum = 0, min = INFINITY, max = -INFINITY;
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++) {
        double v = x[rows[i]];
        if (isnan(v)) {
            s->n_missing++;
            continue;
        }
        count++;
        sum += v;
        min = v < min ? v : min;
        max = v > max ? v : max;
        if (need == NEED_VALUES)
            *sl_vec_add(&s->values) = v;
        else if (need == NEED_COUNTS)
            add_number_count(s, v, 1);
    }
    if (need == NEED_VALUES)
        s->n = count;
    if (need != NEED_MOMENTS || count == 0)
        return;
    double mean = sum / (double)count, m2 = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[rows[i]]))
            m2 += (x[rows[i]] - mean) * (x[rows[i]] - mean);
    add_moments(s, count, mean, m2, min, max);
}

static void scan_ids(struct seen *s, const int64_t *ids, const uint32_t *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_number_count(s, (double)ids[rows[i]], 1);
}

/* Counts by dictionary entry first: the map is asked once per entry. */
static void scan_text(struct sl_arena *a, struct seen *s, const struct transform_values *v,
                      const uint32_t *rows, size_t n)
{
    uint64_t *by_entry = SL_ARENA_ARRAY(a, uint64_t, v->dict_n);
    for (size_t i = 0; i < n; i++)
        by_entry[v->codes[rows[i]]]++;
    for (size_t i = 0; i < v->dict_n; i++) {
        if (v->dict[i].n == 0)
            s->n_missing += by_entry[i];
        else if (by_entry[i])
            add_count(s, v->dict[i], by_entry[i]);
    }
}

static void scan_values(struct sl_arena *a, struct seen *s, enum need need,
                        const struct transform_values *v, const uint32_t *rows, size_t n)
{
    if (v->number)
        scan_numbers(s, need, v->number, rows, n);
    else if (v->ids)
        scan_ids(s, v->ids, rows, n);
    else
        scan_text(a, s, v, rows, n);
}

static bool is_missing(const struct transform_values *v, size_t row)
{
    return v->number ? isnan(v->number[row]) : v->dict[v->codes[row]].n == 0;
}

static struct sl_err *label_values(struct sl_arena *a, const struct transform *t,
                                   const struct table *picked, const struct expr *e,
                                   struct transform_values *ret)
{
    struct column c;
    SL_TRY(expr_eval_table(a, e, picked, &c));
    *ret = transform_column_values(a, &c);
    (void)t;
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
    SL_TRY(label_values(a, t, &picked, t->label.expr, &l), "label");
    if (t->weight.expr)
        SL_TRY(label_values(a, t, &picked, t->weight.expr, &w), "weight");
    uint32_t *rows = SL_ARENA_ARRAY(a, uint32_t, raw->n_rows);
    size_t n = 0;
    for (size_t i = 0; i < raw->n_rows; i++)
        if (!is_missing(&l, i) && (!w.number || w.number[i] >= 0))
            rows[n++] = (uint32_t)i;
    if (p->label && (l.codes || t->label.expr->type != EXPR_DOUBLE))
        scan_values(a, label, NEED_COUNTS, &l, rows, n);
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
        scan_values(a, &partial->seen[i], p->analyzers[i].need, &values[p->analyzers[i].source],
                    rows, n);
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
        merge(&p->total->seen[i], &partial->seen[i], p->analyzers[i].need,
              (uint64_t)p->analyzers[i].node);
    merge(&p->total->label, &partial->label, NEED_COUNTS, 0);
    transform_partial_free(partial);
}

/* ---- what a pass looks at ---------------------------------------------------------------------*/

static enum need need_of(const struct transform_wish *w)
{
    switch (w->kind) {
    case TRANSFORM_WISH_MEAN:
    case TRANSFORM_WISH_ZSCORE:
    case TRANSFORM_WISH_MINMAX:
        return NEED_MOMENTS;
    case TRANSFORM_WISH_MEDIAN:
    case TRANSFORM_WISH_QUANTILES:
        return NEED_VALUES;
    case TRANSFORM_WISH_MODE:
    case TRANSFORM_WISH_VOCABULARY:
        break;
    }
    return NEED_COUNTS;
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

static double key_number(struct sl_str key)
{
    double x;
    memcpy(&x, key.p, sizeof(x));
    return x;
}

/* The most frequent first; equals by value, ascending. */
static int compare_tokens(const void *x, const void *y)
{
    const struct heavy_entry *a = x, *b = y;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return sl_str_cmp(a->value, b->value);
}

static int compare_numbers(const void *x, const void *y)
{
    const struct heavy_entry *a = x, *b = y;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    double u = key_number(a->value), v = key_number(b->value);
    return (u > v) - (u < v);
}

/* The entries in order; the table is of no more use as one. */
static struct heavy_entry *ranked(struct seen *s, bool text)
{
    if (s->counts.n)
        qsort(s->counts.entries, s->counts.n, sizeof(*s->counts.entries),
              text ? compare_tokens : compare_numbers);
    return s->counts.entries;
}

/* Values by rank: ascending, `end[i]` of them are at most value[i]. Heap. */
struct ranks {
    struct kll_point *p; /* weight: the end */
    size_t n;
    uint64_t total;
};

static struct ranks points_of(struct seen *s)
{
    size_t n = s->kll ? kll_count(s->kll) : s->values.n;
    struct ranks r = {.p = SL_NEW_ARRAY(struct kll_point, n + 1), .n = n};
    if (s->kll) {
        kll_points(s->kll, r.p);
        return r;
    }
    SL_AUTOFREE double *scratch = SL_NEW_ARRAY(double, n + 1);
    if (n)
        kll_sort(s->values.p, n, scratch);
    for (size_t i = 0; i < n; i++)
        r.p[i] = (struct kll_point){s->values.p[i], 1};
    return r;
}

/* All that was seen and `more` copies of `value` (those that a fill stands for). */
static struct ranks ranks_of(struct seen *s, double value, uint64_t more)
{
    struct ranks r = points_of(s);
    if (more) {
        size_t at = r.n++;
        for (; at > 0 && r.p[at - 1].value > value; at--)
            r.p[at] = r.p[at - 1];
        r.p[at] = (struct kll_point){value, more};
    }
    for (size_t i = 0; i < r.n; i++)
        r.p[i].weight = r.total += r.p[i].weight;
    return r;
}

/* The value of a rank, counted from 0; rank < total. */
static double value_at(const struct ranks *r, uint64_t rank)
{
    size_t low = 0, high = r->n - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->p[middle].weight > rank)
            high = middle;
        else
            low = middle + 1;
    }
    return r->p[low].value;
}

static double median(struct seen *s)
{
    struct ranks r = ranks_of(s, 0, 0);
    double upper = value_at(&r, r.total / 2);
    double m = r.total % 2 ? upper : (value_at(&r, r.total / 2 - 1) + upper) / 2;
    sl_free(r.p);
    return m;
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
        n->value = median(s);
        break;
    default:
        if (from->kind == TRANSFORM_TEXT)
            n->text = sl_arena_str(a, ranked(s, true)[0].value);
        else
            n->value = key_number(ranked(s, false)[0].value);
    }
    if (from->time)
        n->value = rint(n->value); /* a time is whole microseconds */
    return NULL;
}

/* Values that were missing count as the constant of the fill between. */
static void add_filled(struct seen *s, enum need need, const struct transform_node *fill)
{
    if (s->n_missing == 0)
        return;
    switch (need) {
    case NEED_MOMENTS:
        add_moments(s, s->n_missing, fill->value, 0, fill->value, fill->value);
        break;
    case NEED_VALUES: /* finish_quantiles adds them */
        break;
    case NEED_COUNTS:
        if (fill->kind == TRANSFORM_TEXT)
            add_count(s, fill->text, s->n_missing);
        else
            add_number_count(s, fill->value, s->n_missing);
        break;
    }
}

/* Inner boundaries of equal mass, each once; none at the least value, where nothing is below.
 * `fill` is the node between, or NULL. */
static void finish_quantiles(struct sl_arena *a, struct transform_node *n, struct seen *s,
                             const struct transform_node *fill)
{
    uint64_t buckets = (uint64_t)n->wish->quantiles;
    struct ranks r = ranks_of(s, fill ? fill->value : 0, fill ? s->n_missing : 0);
    n->boundaries = SL_ARENA_ARRAY(a, double, buckets);
    n->count = 0;
    for (uint64_t i = 1; i < buckets && r.total; i++) {
        double b = value_at(&r, (uint64_t)((__uint128_t)i * r.total / buckets));
        if (b > (n->count ? n->boundaries[n->count - 1] : r.p[0].value))
            n->boundaries[n->count++] = b;
    }
    sl_free(r.p);
}

static void finish_vocabulary(struct sl_arena *a, struct transform *t, struct transform_node *n,
                              struct seen *s)
{
    bool text = t->nodes[n->args[0]].kind == TRANSFORM_TEXT;
    const struct heavy_entry *entries = ranked(s, text);
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
            v->numbers[i] = (int64_t)key_number(entries[i].value);
    }
    transform_vocabulary_index(a, v);
}

static struct sl_err *finish_node(struct transform_pass *p, struct sl_arena *a, size_t index)
{
    struct transform *t = p->t;
    const struct analyzer *z = &p->analyzers[index];
    struct transform_node *n = &t->nodes[z->node];
    struct seen *s = &p->total->seen[index];
    if (z->fill >= 0)
        add_filled(s, z->need, &t->nodes[z->fill]);
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
    return NULL;
}

/* ---- the label --------------------------------------------------------------------------------*/

static uint64_t count_of(const struct seen *s, double x)
{
    for (size_t i = 0; i < s->counts.n; i++)
        if (key_number(s->counts.entries[i].value) == x)
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
                            : sl_arena_format(a, "%lld", (long long)key_number(key));
    }
    qsort(l->classes, l->n_classes, sizeof(*l->classes), compare_classes);
    return NULL;
}

static struct sl_err *finish_label(struct transform_pass *p, struct sl_arena *a)
{
    struct transform_label *l = &p->t->label;
    const struct seen *s = &p->total->label;
    if (s->n == 0)
        return SL_ERR(INVALID, "no analysed row has a label '%.*s'", SL_FMT(l->name));
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
    for (size_t i = 0; i < t->n_outputs; i++) {
        const struct transform_node *n = &t->nodes[t->outputs[i].node];
        t->outputs[i].size = n->size;
        t->outputs[i].may_miss = n->kind == TRANSFORM_NUMBER && n->may_miss;
        const char *reason = transform_portable_reason(t, i);
        t->outputs[i].portable = !reason;
        t->outputs[i].reason = sl_str(reason ? reason : "");
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
