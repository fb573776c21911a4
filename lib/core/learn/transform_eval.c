#include "core/learn/transform_eval.h"

#include "base/assert.h"
#include "core/data/exact_math.h"
#include "core/learn/transform_math.h"
#include "core/learn/transform_spec.h"

#include <math.h>

/* Whole numbers up to here are exactly doubles; wider ones travel as strings (DESIGN 5). */
#define WHOLE_MAX 0x1p53

struct eval {
    struct sl_arena *a;
    const struct transform *t;
    const struct table *picked;
    size_t n_rows;
    struct transform_values *values; /* (n_nodes) */
};

/* ---- raw columns ------------------------------------------------------------------------------*/

static struct sl_err *pick_one(struct sl_arena *a, const struct column_spec *spec,
                               const struct table *raw, size_t *next, struct column *ret)
{
    const struct column *c = table_find_from(raw, *next, spec->name);
    if (!c)
        return SL_ERR(INVALID, "column '%.*s': it is not there, and the transform reads it",
                      SL_FMT(spec->name));
    *next = (size_t)(c - raw->columns) + 1;
    if (c->type == spec->type) {
        *ret = *c;
        return NULL;
    }
    if (c->type != COLUMN_INT64 || spec->type != COLUMN_DOUBLE)
        return SL_ERR(INVALID, "column '%.*s': expected %s, got %s", SL_FMT(spec->name),
                      column_type_name(spec->type), column_type_name(c->type));
    double *wide = SL_ARENA_ARRAY(a, double, c->n);
    for (size_t i = 0; i < c->n; i++)
        wide[i] = (double)c->i64[i];
    *ret = *c;
    ret->type = COLUMN_DOUBLE;
    ret->f64 = wide;
    return NULL;
}

struct sl_err *transform_pick(struct sl_arena *a, const struct column_spec *specs, size_t n,
                              const struct table *raw, struct table *ret)
{
    struct table picked = {
        .columns = SL_ARENA_ARRAY(a, struct column, n), .n_columns = n, .n_rows = raw->n_rows};
    size_t next = 0;
    for (size_t i = 0; i < n; i++)
        SL_TRY(pick_one(a, &specs[i], raw, &next, &picked.columns[i]));
    *ret = picked;
    return NULL;
}

static double number_at(const struct column *c, size_t row)
{
    switch (c->type) {
    case COLUMN_INT64:
    case COLUMN_TIMESTAMP: {
        double x = (double)c->i64[row];
        return fabs(x) <= WHOLE_MAX ? x : NAN;
    }
    case COLUMN_DOUBLE:
        return isfinite(c->f64[row]) ? c->f64[row] : NAN;
    case COLUMN_FLOAT:
        return isfinite(c->f32[row]) ? (double)c->f32[row] : NAN;
    case COLUMN_BOOL:
        return c->boolean[row] ? 1 : 0;
    case COLUMN_STRING:
        break;
    }
    return NAN;
}

static struct transform_values text_values(struct sl_arena *a, const struct column *c)
{
    struct sl_str *dict = SL_ARENA_ARRAY(a, struct sl_str, c->dict_n + 1);
    if (c->dict_n)
        memcpy(dict, c->dict, c->dict_n * sizeof(*dict));
    dict[c->dict_n] = SL_STR("");
    const uint32_t *codes = c->codes;
    if (c->valid) {
        uint32_t *own = SL_ARENA_ARRAY(a, uint32_t, c->n);
        for (size_t i = 0; i < c->n; i++)
            own[i] = column_is_valid(c, i) ? c->codes[i] : (uint32_t)c->dict_n;
        codes = own;
    }
    return (struct transform_values){.codes = codes, .dict = dict, .dict_n = c->dict_n + 1};
}

/* The kind of value that a raw column or an expression of this type gives. */
static enum transform_kind kind_of(enum column_type type)
{
    return type == COLUMN_STRING ? TRANSFORM_TEXT : TRANSFORM_NUMBER;
}

struct transform_values transform_column_values(struct sl_arena *a, const struct column *c)
{
    if (c->type == COLUMN_STRING)
        return text_values(a, c);
    double *x = SL_ARENA_ARRAY(a, double, c->n);
    for (size_t i = 0; i < c->n; i++)
        x[i] = column_is_valid(c, i) ? number_at(c, i) : NAN;
    return (struct transform_values){.number = x};
}

/* ---- numbers ----------------------------------------------------------------------------------*/

/* Each operation as one line of arithmetic; NaN goes through all of them. */
static double zscore(const struct transform_node *n, double x)
{
    return (x - n->mean) / (n->std > 0 ? n->std : 1);
}

static double minmax(const struct transform_node *n, double x)
{
    double width = n->max > n->min ? n->max - n->min : 1;
    return (x - n->min) / width * (n->high - n->low) + n->low;
}

static double log_of(const struct transform_node *n, double x)
{
    return exact_ln((x < 0 ? 0 : x) + n->value);
}

static double clip(const struct transform_node *n, double x)
{
    x = x < n->min ? n->min : x;
    return x > n->max ? n->max : x;
}

static double fill(const struct transform_node *n, double x)
{
    return isnan(x) ? n->value : x;
}

static double part(const struct transform_node *n, double x)
{
    return transform_part_of(n->part, x);
}

static struct transform_values map_numbers(struct eval *e, const struct transform_node *n,
                                           double (*f)(const struct transform_node *n, double x))
{
    const double *from = e->values[n->args[0]].number;
    double *to = SL_ARENA_ARRAY(e->a, double, e->n_rows);
    for (size_t i = 0; i < e->n_rows; i++)
        to[i] = f(n, from[i]);
    return (struct transform_values){.number = to};
}

/* ---- texts ------------------------------------------------------------------------------------*/

/* A text is worked on once per dictionary entry, not once per row. */
static struct transform_values fill_text(struct eval *e, const struct transform_node *n)
{
    const struct transform_values *v = &e->values[n->args[0]];
    struct sl_str *dict = sl_arena_copy(e->a, v->dict, v->dict_n * sizeof(*dict));
    for (size_t i = 0; i < v->dict_n; i++)
        if (dict[i].n == 0)
            dict[i] = n->text;
    return (struct transform_values){.codes = v->codes, .dict = dict, .dict_n = v->dict_n};
}

static double count_characters(struct sl_str s)
{
    double count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += ((uint8_t)s.p[i] & 0xc0) != 0x80; /* every byte but UTF-8 continuations */
    return count;
}

static struct transform_values text_length(struct eval *e, const struct transform_node *n)
{
    const struct transform_values *v = &e->values[n->args[0]];
    double *of_entry = SL_ARENA_ARRAY(e->a, double, v->dict_n);
    for (size_t i = 0; i < v->dict_n; i++)
        of_entry[i] = count_characters(v->dict[i]); /* missing: none */
    double *to = SL_ARENA_ARRAY(e->a, double, e->n_rows);
    for (size_t i = 0; i < e->n_rows; i++)
        to[i] = of_entry[v->codes[i]];
    return (struct transform_values){.number = to};
}

static struct transform_values is_missing(struct eval *e, const struct transform_node *n)
{
    const struct transform_values *v = &e->values[n->args[0]];
    double *to = SL_ARENA_ARRAY(e->a, double, e->n_rows);
    for (size_t i = 0; i < e->n_rows; i++)
        to[i] = v->number ? isnan(v->number[i]) : v->dict[v->codes[i]].n == 0;
    return (struct transform_values){.number = to};
}

/* ---- ids --------------------------------------------------------------------------------------*/

static int64_t bucket_of(const struct transform_node *n, double x)
{
    if (isnan(x))
        return n->may_miss ? (int64_t)n->count + 1 : 0;
    size_t low = 0, high = n->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x >= n->boundaries[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)low;
}

static int64_t identity_of(const struct transform_node *n, double x)
{
    if (isnan(x))
        return n->may_miss ? (int64_t)n->count : 0;
    double id = x - (double)n->first, most = (double)n->count - 1;
    id = id < 0 ? 0 : id;
    return (int64_t)(id > most ? most : id);
}

static int64_t number_id(const struct transform_node *n, double x)
{
    const struct transform_vocabulary *v = n->vocabulary;
    if (isnan(x) && n->may_miss)
        return (int64_t)v->n + n->oov;
    int64_t id = transform_vocabulary_find_number(v, isnan(x) ? 0 : (int64_t)x);
    return id < 0 ? (int64_t)v->n : id;
}

static int64_t token_id(const struct transform_node *n, struct sl_str token)
{
    const struct transform_vocabulary *v = n->vocabulary;
    if (token.n == 0 && n->may_miss)
        return (int64_t)v->n + n->oov;
    int64_t id = transform_vocabulary_find(v, token);
    if (id >= 0)
        return id;
    return (int64_t)v->n + (n->oov > 1 ? (int64_t)transform_murmur3(token) % n->oov : 0);
}

static int64_t hash_id(const struct transform_node *n, struct sl_str token)
{
    if (token.n == 0 && n->may_miss)
        return (int64_t)n->count;
    return (int64_t)(transform_murmur3(token) % n->count);
}

static struct transform_values numbers_to_ids(struct eval *e, const struct transform_node *n,
                                              int64_t (*f)(const struct transform_node *n,
                                                           double x))
{
    const struct transform_values *v = &e->values[n->args[0]];
    int64_t *to = SL_ARENA_ARRAY(e->a, int64_t, e->n_rows);
    for (size_t i = 0; i < e->n_rows; i++)
        to[i] = f(n, v->number ? v->number[i] : (double)v->ids[i]);
    return (struct transform_values){.ids = to};
}

static struct transform_values texts_to_ids(struct eval *e, const struct transform_node *n,
                                            int64_t (*f)(const struct transform_node *n,
                                                         struct sl_str token))
{
    const struct transform_values *v = &e->values[n->args[0]];
    int64_t *of_entry = SL_ARENA_ARRAY(e->a, int64_t, v->dict_n);
    for (size_t i = 0; i < v->dict_n; i++)
        of_entry[i] = f(n, v->dict[i]);
    int64_t *to = SL_ARENA_ARRAY(e->a, int64_t, e->n_rows);
    for (size_t i = 0; i < e->n_rows; i++)
        to[i] = of_entry[v->codes[i]];
    return (struct transform_values){.ids = to};
}

static struct transform_values cross(struct eval *e, const struct transform_node *n)
{
    const int64_t *x = e->values[n->args[0]].ids, *y = e->values[n->args[1]].ids;
    int64_t width = e->t->nodes[n->args[1]].size;
    int64_t *to = SL_ARENA_ARRAY(e->a, int64_t, e->n_rows);
    for (size_t i = 0; i < e->n_rows; i++)
        to[i] = x[i] * width + y[i];
    return (struct transform_values){.ids = to};
}

/* ---- nodes ------------------------------------------------------------------------------------*/

static struct sl_err *eval_expr(struct eval *e, const struct transform_node *n,
                                struct transform_values *ret)
{
    struct column c;
    SL_TRY(expr_eval_table(e->a, n->expr, e->picked, &c));
    *ret = transform_column_values(e->a, &c);
    return NULL;
}

static struct transform_values eval_node(struct eval *e, const struct transform_node *n)
{
    bool text = n->args[0] >= 0 && e->t->nodes[n->args[0]].kind == TRANSFORM_TEXT;
    switch (n->op) {
    case TRANSFORM_COLUMN:
        return transform_column_values(e->a, &e->picked->columns[n->column]);
    case TRANSFORM_EXPR:
        break; /* eval_expr */
    case TRANSFORM_FILL:
        return text ? fill_text(e, n) : map_numbers(e, n, fill);
    case TRANSFORM_IS_MISSING:
        return is_missing(e, n);
    case TRANSFORM_ZSCORE:
        return map_numbers(e, n, zscore);
    case TRANSFORM_MINMAX:
        return map_numbers(e, n, minmax);
    case TRANSFORM_LOG:
        return map_numbers(e, n, log_of);
    case TRANSFORM_CLIP:
        return map_numbers(e, n, clip);
    case TRANSFORM_BUCKETIZE:
        return numbers_to_ids(e, n, bucket_of);
    case TRANSFORM_IDENTITY:
        return numbers_to_ids(e, n, identity_of);
    case TRANSFORM_VOCABULARY:
        return text ? texts_to_ids(e, n, token_id) : numbers_to_ids(e, n, number_id);
    case TRANSFORM_HASH:
        return texts_to_ids(e, n, hash_id);
    case TRANSFORM_CROSS:
        return cross(e, n);
    case TRANSFORM_DATE_PART:
        return map_numbers(e, n, part);
    case TRANSFORM_TEXT_LENGTH:
        return text_length(e, n);
    }
    return (struct transform_values){0};
}

struct sl_err *transform_eval(struct sl_arena *a, const struct transform *t,
                              const struct table *picked, const bool *wanted,
                              struct transform_values *ret)
{
    bool *needed = sl_arena_copy(a, wanted, t->n_nodes * sizeof(*needed));
    for (size_t i = t->n_nodes; i-- > 0;)
        for (size_t k = 0; needed[i] && k < SL_COUNTOF(t->nodes[i].args); k++)
            if (t->nodes[i].args[k] >= 0)
                needed[t->nodes[i].args[k]] = true;

    struct eval e = {a, t, picked, picked->n_rows, ret};
    for (size_t i = 0; i < t->n_nodes; i++) {
        const struct transform_node *n = &t->nodes[i];
        if (!needed[i])
            continue;
        sl_assert(!n->pending);
        if (n->op == TRANSFORM_EXPR)
            SL_TRY(eval_expr(&e, n, &ret[i]), "expression '%.*s'", SL_FMT(n->text));
        else
            ret[i] = eval_node(&e, n);
    }
    return NULL;
}

/* ---- what a node is ---------------------------------------------------------------------------*/

static int64_t id_size(const struct transform *t, const struct transform_node *n)
{
    int64_t missing = n->may_miss;
    switch (n->op) {
    case TRANSFORM_BUCKETIZE:
        return (int64_t)n->count + 1 + missing;
    case TRANSFORM_IDENTITY:
    case TRANSFORM_HASH:
        return (int64_t)n->count + missing;
    case TRANSFORM_VOCABULARY:
        return n->vocabulary ? (int64_t)n->vocabulary->n + n->oov + missing : 0;
    case TRANSFORM_CROSS:
        return t->nodes[n->args[0]].size * t->nodes[n->args[1]].size;
    default:
        return 0;
    }
}

/* A mean or median of whole numbers may have a fraction; the mode has none. */
static bool fills_whole(const struct transform_node *n)
{
    return n->pending ? n->wish->kind == TRANSFORM_WISH_MODE
                      : n->value == trunc(n->value) && fabs(n->value) <= WHOLE_MAX;
}

void transform_node_settle(struct transform *t, size_t index)
{
    struct transform_node *n = &t->nodes[index];
    const struct transform_node *from = n->args[0] >= 0 ? &t->nodes[n->args[0]] : NULL;
    /* An id of ids (a vocabulary of crosses) has no missing one: the id before has it. */
    bool missing = from && from->kind != TRANSFORM_ID && from->may_miss;
    enum column_type type = COLUMN_DOUBLE;
    switch (n->op) {
    case TRANSFORM_COLUMN:
        type = t->columns[n->column].type;
        n->kind = kind_of(type);
        n->may_miss = true;
        n->whole = type == COLUMN_INT64 || type == COLUMN_BOOL || type == COLUMN_TIMESTAMP;
        n->time = type == COLUMN_TIMESTAMP;
        return;
    case TRANSFORM_EXPR:
        n->kind = n->expr->type == EXPR_STRING ? TRANSFORM_TEXT : TRANSFORM_NUMBER;
        n->may_miss = true;
        n->time = n->expr->type == EXPR_TIMESTAMP;
        n->whole = n->time || n->expr->type == EXPR_INT || n->expr->type == EXPR_BOOL;
        return;
    case TRANSFORM_FILL:
        n->kind = from->kind;
        n->whole = from->whole && ((n->pending && from->time) || fills_whole(n));
        n->time = from->time && n->whole;
        n->may_miss = false;
        return;
    case TRANSFORM_ZSCORE:
    case TRANSFORM_MINMAX:
    case TRANSFORM_LOG:
    case TRANSFORM_CLIP:
        n->kind = TRANSFORM_NUMBER;
        n->may_miss = missing;
        return;
    case TRANSFORM_DATE_PART:
        n->kind = TRANSFORM_NUMBER;
        n->whole = true;
        n->may_miss = missing;
        return;
    case TRANSFORM_TEXT_LENGTH:
    case TRANSFORM_IS_MISSING:
        n->kind = TRANSFORM_NUMBER;
        n->whole = true;
        n->may_miss = false;
        return;
    case TRANSFORM_BUCKETIZE:
    case TRANSFORM_VOCABULARY:
    case TRANSFORM_IDENTITY:
    case TRANSFORM_CROSS:
    case TRANSFORM_HASH:
        n->kind = TRANSFORM_ID;
        n->may_miss = missing;
        n->size = n->pending ? 0 : id_size(t, n);
        return;
    }
}
