#include "core/learn/transform_onnx.h"

#include "core/learn/transform_math.h"
#include "core/learn/transform_onnx_impl.h"

#include <float.h>
#include <math.h>

static const int64_t column_shape[] = {-1, 1};

typedef struct transform_export exporter;

static onnx_value arg(const exporter *x, const struct transform_node *n)
{
    return x->values[n->args[0]];
}

static enum transform_kind arg_kind(const exporter *x, const struct transform_node *n)
{
    return x->t->nodes[n->args[0]].kind;
}

static onnx_value op2(const exporter *x, const char *op, onnx_value p, onnx_value q)
{
    return onnx_op(x->g, op, p, q, NULL);
}

static onnx_value is_nan(const exporter *x, onnx_value v)
{
    return onnx_op(x->g, "IsNaN", v, NULL);
}

/* ---- numbers ----------------------------------------------------------------------------------*/

static onnx_value export_column(const exporter *x, const struct transform_node *n)
{
    onnx_value v = x->columns[n->column];
    if (x->t->columns[n->column].type != COLUMN_DOUBLE)
        return v;
    onnx_value infinite = onnx_op(x->g, "IsInf", v, NULL); /* is missing too */
    return transform_onnx_where(x->g, infinite, onnx_f64(x->g, NAN), v);
}

static onnx_value export_fill(const exporter *x, const struct transform_node *n)
{
    onnx_value v = arg(x, n);
    if (arg_kind(x, n) == TRANSFORM_NUMBER)
        return transform_onnx_fill(x->g, v, n->value);
    return transform_onnx_where(x->g, transform_onnx_empty(x->g, v), onnx_str(x->g, n->text), v);
}

static onnx_value export_missing(const exporter *x, const struct transform_node *n)
{
    onnx_value v = arg(x, n);
    onnx_value missing =
        arg_kind(x, n) == TRANSFORM_NUMBER ? is_nan(x, v) : transform_onnx_empty(x->g, v);
    return onnx_cast(x->g, missing, ONNX_DOUBLE);
}

static onnx_value export_zscore(const exporter *x, const struct transform_node *n)
{
    onnx_value d = transform_onnx_add(x->g, arg(x, n), -n->mean);
    return transform_onnx_divide(x->g, d, n->std > 0 ? n->std : 1);
}

static onnx_value export_minmax(const exporter *x, const struct transform_node *n)
{
    double width = n->max > n->min ? n->max - n->min : 1;
    onnx_value v = transform_onnx_add(x->g, arg(x, n), -n->min);
    v = transform_onnx_divide(x->g, v, width);
    v = transform_onnx_multiply(x->g, v, n->high - n->low);
    return transform_onnx_add(x->g, v, n->low);
}

/* Not Clip or Max: what they make of NaN differs between runtimes. */
static onnx_value at_least(const exporter *x, onnx_value v, double least)
{
    onnx_value bound = onnx_f64(x->g, least);
    return transform_onnx_where(x->g, op2(x, "Less", v, bound), bound, v);
}

static onnx_value at_most(const exporter *x, onnx_value v, double most)
{
    onnx_value bound = onnx_f64(x->g, most);
    return transform_onnx_where(x->g, op2(x, "Greater", v, bound), bound, v);
}

static onnx_value export_log(const exporter *x, const struct transform_node *n)
{
    onnx_value v = at_least(x, arg(x, n), 0);
    return transform_onnx_ln(x->g, transform_onnx_add(x->g, v, n->value));
}

static onnx_value export_clip(const exporter *x, const struct transform_node *n)
{
    onnx_value v = arg(x, n);
    if (isfinite(n->min))
        v = at_least(x, v, n->min);
    if (isfinite(n->max))
        v = at_most(x, v, n->max);
    return v;
}

/* ---- ids --------------------------------------------------------------------------------------*/

static onnx_value missing_id(const exporter *x, const struct transform_node *n, onnx_value missing,
                             onnx_value ids)
{
    return n->may_miss ? transform_onnx_where(x->g, missing, onnx_i64(x->g, n->size - 1), ids)
                       : ids;
}

static onnx_value export_bucketize(const exporter *x, const struct transform_node *n)
{
    onnx_value v = arg(x, n), missing = is_nan(x, v), ids;
    if (n->count == 0) {
        ids = op2(x, "Mul", onnx_cast(x->g, missing, ONNX_INT64), onnx_i64(x->g, 0));
    } else {
        onnx_value b = onnx_const_f64(x->g, n->boundaries, (int64_t[]){1, (int64_t)n->count}, 2);
        onnx_value reached = onnx_cast(x->g, op2(x, "GreaterOrEqual", v, b), ONNX_INT64);
        ids = op2(x, "ReduceSum", reached, onnx_i64s(x->g, (int64_t[]){1}, 1));
        onnx_attr_int(x->g, "keepdims", 1);
    }
    return missing_id(x, n, missing, ids);
}

static onnx_value export_identity(const exporter *x, const struct transform_node *n)
{
    onnx_value v = arg(x, n), missing = is_nan(x, v);
    v = transform_onnx_where(x->g, missing, onnx_f64(x->g, (double)n->first), v);
    v = transform_onnx_add(x->g, v, -(double)n->first);
    v = at_most(x, at_least(x, v, 0), (double)n->count - 1);
    return missing_id(x, n, missing, onnx_cast(x->g, v, ONNX_INT64));
}

/* MurmurHash3 of the text modulo `count`. */
static onnx_value hash_mod(const exporter *x, onnx_value text, int64_t count)
{
    onnx_value hash;
    onnx_node(x->g, ONNX_MICROSOFT, "MurmurHash3", &text, 1, &hash, 1);
    onnx_attr_int(x->g, "positive", 1);
    onnx_attr_int(x->g, "seed", 0);
    return op2(x, "Mod", onnx_cast(x->g, hash, ONNX_INT64), onnx_i64(x->g, count));
}

static onnx_value export_hash(const exporter *x, const struct transform_node *n)
{
    onnx_value ids = hash_mod(x, arg(x, n), (int64_t)n->count);
    return n->may_miss ? missing_id(x, n, transform_onnx_empty(x->g, arg(x, n)), ids) : ids;
}

/* Keys and ids of an encoder; it may not be empty, so an extra key (the empty text, or number 0)
 * says what is meant anyway. */
static onnx_value encode(const exporter *x, onnx_value v, const struct transform_vocabulary *voc,
                         bool empty_key, int64_t empty_id, int64_t otherwise)
{
    size_t n = voc->n + (empty_key || voc->n == 0);
    int64_t *ids = SL_ARENA_ARRAY(x->a, int64_t, n);
    for (size_t i = 0; i < n; i++)
        ids[i] = i < voc->n ? (int64_t)i : empty_key ? empty_id : otherwise;
    onnx_value out;
    onnx_node(x->g, ONNX_ML, "LabelEncoder", &v, 1, &out, 1);
    if (voc->tokens) {
        struct sl_str *keys = SL_ARENA_ARRAY(x->a, struct sl_str, n);
        memcpy(keys, voc->tokens, voc->n * sizeof(*keys));
        onnx_attr_strings(x->g, "keys_strings", keys, n);
    } else {
        int64_t *keys = SL_ARENA_ARRAY(x->a, int64_t, n);
        memcpy(keys, voc->numbers, voc->n * sizeof(*keys));
        onnx_attr_ints(x->g, "keys_int64s", keys, n);
    }
    onnx_attr_ints(x->g, "values_int64s", ids, n);
    onnx_attr_int(x->g, "default_int64", otherwise);
    return out;
}

static onnx_value export_vocabulary(const exporter *x, const struct transform_node *n)
{
    const struct transform_vocabulary *voc = n->vocabulary;
    int64_t oov = (int64_t)voc->n;
    onnx_value v = arg(x, n);
    switch (arg_kind(x, n)) {
    case TRANSFORM_ID:
        return encode(x, v, voc, false, 0, oov);
    case TRANSFORM_NUMBER: {
        onnx_value whole = onnx_cast(x->g, transform_onnx_fill(x->g, v, 0), ONNX_INT64);
        return missing_id(x, n, is_nan(x, v), encode(x, whole, voc, false, 0, oov));
    }
    case TRANSFORM_TEXT:
        break;
    }
    if (n->oov == 1)
        return encode(x, v, voc, n->may_miss, n->size - 1, oov);
    onnx_value ids = encode(x, v, voc, n->may_miss, n->size - 1, -1);
    onnx_value other = op2(x, "Add", hash_mod(x, v, n->oov), onnx_i64(x->g, oov));
    return transform_onnx_where(x->g, op2(x, "Less", ids, onnx_i64(x->g, 0)), other, ids);
}

static onnx_value export_cross(const exporter *x, const struct transform_node *n)
{
    onnx_value width = onnx_i64(x->g, x->t->nodes[n->args[1]].size);
    return op2(x, "Add", op2(x, "Mul", arg(x, n), width), x->values[n->args[1]]);
}

/* ---- nodes ------------------------------------------------------------------------------------*/

static onnx_value export_node(exporter *x, const struct transform_node *n)
{
    switch (n->op) {
    case TRANSFORM_COLUMN:
        return export_column(x, n);
    case TRANSFORM_EXPR:
        return transform_onnx_expr(x, n->expr);
    case TRANSFORM_FILL:
        return export_fill(x, n);
    case TRANSFORM_IS_MISSING:
        return export_missing(x, n);
    case TRANSFORM_ZSCORE:
        return export_zscore(x, n);
    case TRANSFORM_MINMAX:
        return export_minmax(x, n);
    case TRANSFORM_LOG:
        return export_log(x, n);
    case TRANSFORM_CLIP:
        return export_clip(x, n);
    case TRANSFORM_BUCKETIZE:
        return export_bucketize(x, n);
    case TRANSFORM_VOCABULARY:
        return export_vocabulary(x, n);
    case TRANSFORM_IDENTITY:
        return export_identity(x, n);
    case TRANSFORM_CROSS:
        return export_cross(x, n);
    case TRANSFORM_HASH:
        return export_hash(x, n);
    case TRANSFORM_DATE_PART:
        return transform_onnx_part(x->g, arg(x, n), n->part);
    case TRANSFORM_TEXT_LENGTH:
        break; /* needs an input of its own */
    }
    return NULL;
}

/* Why ONNX has no operators for the node itself; NULL: it has. */
static const char *node_reason(const struct transform_node *n)
{
    if (n->op == TRANSFORM_TEXT_LENGTH)
        return "ONNX has no operator for the length of a text";
    return n->op == TRANSFORM_EXPR ? transform_onnx_expr_reason(n->expr) : NULL;
}

static bool *needed_nodes(struct sl_arena *a, const struct transform *t, const bool *wanted)
{
    bool *needed = sl_arena_copy(a, wanted, t->n_nodes * sizeof(*needed));
    for (size_t i = t->n_nodes; i-- > 0;)
        for (size_t k = 0; needed[i] && k < SL_COUNTOF(t->nodes[i].args); k++)
            if (t->nodes[i].args[k] >= 0)
                needed[t->nodes[i].args[k]] = true;
    return needed;
}

/* Why nodes cannot come from the graph at all: themselves, or what they are made from. NULL: they
 * can. Shapes: (n_nodes). */
static const char **find_reasons(struct sl_arena *a, const struct transform *t)
{
    const char **reasons = SL_ARENA_ARRAY(a, const char *, t->n_nodes);
    for (size_t i = 0; i < t->n_nodes; i++) {
        const struct transform_node *n = &t->nodes[i];
        for (size_t k = 0; !reasons[i] && k < SL_COUNTOF(n->args); k++)
            reasons[i] = n->args[k] >= 0 ? reasons[n->args[k]] : NULL;
        if (!reasons[i])
            reasons[i] = node_reason(n);
    }
    return reasons;
}

static bool hashes(const struct transform *t, const struct transform_node *n)
{
    bool text = n->args[0] >= 0 && t->nodes[n->args[0]].kind == TRANSFORM_TEXT;
    return n->op == TRANSFORM_HASH || (n->op == TRANSFORM_VOCABULARY && text && n->oov > 1);
}

void transform_portable_reasons(struct sl_arena *a, const struct transform *t, const char **ret)
{
    const char **reasons = find_reasons(a, t);
    bool *hashed = SL_ARENA_ARRAY(a, bool, t->n_nodes);
    for (size_t i = 0; i < t->n_nodes; i++) {
        const struct transform_node *n = &t->nodes[i];
        hashed[i] = hashes(t, n);
        for (size_t k = 0; k < SL_COUNTOF(n->args); k++)
            hashed[i] = hashed[i] || (n->args[k] >= 0 && hashed[n->args[k]]);
    }
    for (size_t i = 0; i < t->n_outputs; i++) {
        int node = t->outputs[i].node;
        ret[i] = reasons[node]  ? reasons[node]
                 : hashed[node] ? "hashing text needs MurmurHash3 of the operator set com.microsoft"
                                : NULL;
    }
}

/* ---- the graph --------------------------------------------------------------------------------*/

static void mark_column(void *ctx, const struct expr *name)
{
    bool *read = ctx;
    if (name->index >= 0)
        read[name->index] = true;
}

static void add_inputs(exporter *x, const bool *needed)
{
    const struct transform *t = x->t;
    bool *read = SL_ARENA_ARRAY(x->a, bool, t->n_columns);
    for (size_t i = 0; i < t->n_nodes; i++) {
        if (needed[i] && t->nodes[i].op == TRANSFORM_COLUMN)
            read[t->nodes[i].column] = true;
        else if (needed[i] && t->nodes[i].op == TRANSFORM_EXPR)
            expr_visit_names(t->nodes[i].expr, mark_column, read);
    }
    for (size_t i = 0; i < t->n_columns; i++)
        if (read[i])
            x->columns[i] = onnx_input(
                x->g, t->columns[i].name,
                t->columns[i].type == COLUMN_STRING ? ONNX_STRING : ONNX_DOUBLE, column_shape, 2);
}

/* transform_narrow; ONNX Runtime's own operators do not keep track of the sign of a zero. */
static onnx_value narrow(const exporter *x, const struct transform_node *n, onnx_value v)
{
    if (!n->whole) /* whole numbers are below 2^53 */
        v = at_most(x, at_least(x, v, -FLT_MAX), FLT_MAX);
    onnx_value f = onnx_cast(x->g, v, ONNX_FLOAT), zero = onnx_f32(x->g, 0);
    return transform_onnx_where(x->g, onnx_op(x->g, "Equal", f, zero, NULL), zero, f);
}

void transform_to_onnx(struct onnx *g, const struct transform *t, onnx_value *ret_values)
{
    SL_AUTOARENA(a);
    exporter x = {.a = a,
                  .g = g,
                  .t = t,
                  .columns = SL_ARENA_ARRAY(a, onnx_value, t->n_columns),
                  .values = SL_ARENA_ARRAY(a, onnx_value, t->n_nodes)};
    const char **reasons = find_reasons(a, t);
    bool *wanted = SL_ARENA_ARRAY(a, bool, t->n_nodes);
    for (size_t i = 0; i < t->n_outputs; i++)
        wanted[t->outputs[i].node] = !reasons[t->outputs[i].node];
    const bool *needed = needed_nodes(a, t, wanted);
    add_inputs(&x, needed);
    for (size_t i = 0; i < t->n_outputs; i++) {
        const struct transform_output *o = &t->outputs[i];
        ret_values[i] = NULL;
        if (reasons[o->node])
            ret_values[i] = onnx_input(g, sl_arena_format(a, "feature:%.*s", SL_FMT(o->name)),
                                       o->is_id ? ONNX_INT64 : ONNX_FLOAT, column_shape, 2);
    }
    for (size_t i = 0; i < t->n_nodes; i++)
        if (needed[i])
            x.values[i] = export_node(&x, &t->nodes[i]);
    for (size_t i = 0; i < t->n_outputs; i++) {
        onnx_value v = x.values[t->outputs[i].node];
        if (!ret_values[i])
            ret_values[i] = t->outputs[i].is_id ? v : narrow(&x, &t->nodes[t->outputs[i].node], v);
    }
}
