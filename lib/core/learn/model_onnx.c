#include "core/learn/model_onnx.h"

#include "core/learn/forest.h"
#include "core/learn/net.h"
#include "core/learn/transform.h"
#include "core/learn/transform_onnx.h"

struct export
{
    struct sl_arena *a;
    struct onnx *g;
    const struct model *m;
    onnx_value *features; /* (n_inputs) each [N,1] */
};

static onnx_value constant(struct export *e, const float *data, size_t n_rows, size_t n_columns)
{
    int64_t dims[] = {(int64_t)n_rows, (int64_t)n_columns};
    return onnx_const_f32(e->g, data, dims, n_columns ? 2 : 1);
}

/* [N,1] to [N]: what Gather and OneHot want, so that their own dimension comes second. */
static onnx_value flat(struct export *e, onnx_value id)
{
    return onnx_op(e->g, "Squeeze", id, onnx_i64s(e->g, (int64_t[]){1}, 1), NULL);
}

static onnx_value concat(struct export *e, const onnx_value *parts, size_t n)
{
    onnx_value joined;
    if (n == 1)
        return parts[0];
    onnx_node(e->g, NULL, "Concat", parts, n, &joined, 1);
    onnx_attr_int(e->g, "axis", 1);
    return joined;
}

/* ---- networks ---- */

/* Floats, then embeddings: the input of the first layer; NULL when it has none. */
static onnx_value gather_x(struct export *e, const struct net *net)
{
    onnx_value *parts = SL_ARENA_ARRAY(e->a, onnx_value, net->n_inputs);
    size_t n = 0, k = 0;
    for (size_t i = 0; i < net->n_inputs; i++) {
        if (net->inputs[i].kind == INPUT_FLOAT)
            parts[n++] = e->features[i];
    }
    for (size_t i = 0; i < net->n_inputs; i++) {
        if (net->inputs[i].kind == INPUT_FLOAT)
            continue;
        const struct net_table *t = &net->tables[k++];
        if (t->one_hot)
            continue;
        onnx_value table = constant(e, net->params + t->offset, t->n_rows, t->width);
        parts[n++] = onnx_op(e->g, "Gather", table, flat(e, e->features[i]), NULL);
    }
    return n ? concat(e, parts, n) : NULL;
}

/* The first layer's bias and the rows of one-hot inputs, added in the evaluator's order. */
static onnx_value first_sums(struct export *e, const struct net *net)
{
    const struct net_layer *l = &net->layers[0];
    onnx_value sum = constant(e, net->params + l->bias, l->n_out, 0);
    size_t k = 0;
    for (size_t i = 0; i < net->n_inputs; i++) {
        if (net->inputs[i].kind == INPUT_FLOAT)
            continue;
        const struct net_table *t = &net->tables[k++];
        if (!t->one_hot)
            continue;
        onnx_value table = constant(e, net->params + t->offset, t->n_rows, t->width);
        onnx_value row = onnx_op(e->g, "Gather", table, flat(e, e->features[i]), NULL);
        sum = onnx_op(e->g, "Add", sum, row, NULL);
    }
    return sum;
}

static onnx_value add_net(struct export *e, const struct net *net)
{
    onnx_value x = gather_x(e, net), z = first_sums(e, net);
    for (size_t i = 0; i < net->n_layers; i++) {
        const struct net_layer *l = &net->layers[i];
        if (i > 0)
            z = constant(e, net->params + l->bias, l->n_out, 0);
        if (x)
            z = onnx_op(e->g, "Gemm", x, constant(e, net->params + l->weights, l->n_in, l->n_out),
                        z, NULL);
        if (i + 1 < net->n_layers)
            z = onnx_op(e->g, "Relu", z, NULL);
        x = z;
    }
    return z;
}

/* ---- forests ---- */

static onnx_value gather_matrix(struct export *e, const struct forest *f)
{
    static const float off_on[] = {0, 1};
    onnx_value *parts = SL_ARENA_ARRAY(e->a, onnx_value, f->n_inputs);
    for (size_t i = 0; i < f->n_inputs; i++) {
        parts[i] = e->features[i];
        if (f->inputs[i].kind == INPUT_ORDINAL)
            parts[i] = onnx_cast(e->g, e->features[i], ONNX_FLOAT);
        if (f->inputs[i].kind == INPUT_ONE_HOT) {
            onnx_value values = constant(e, off_on, 2, 0);
            parts[i] = onnx_op(e->g, "OneHot", flat(e, e->features[i]),
                               onnx_i64(e->g, f->inputs[i].vocab_size), values, NULL);
            onnx_attr_int(e->g, "axis", 1);
        }
    }
    return concat(e, parts, f->n_inputs);
}

/* Attributes of the nodes, numbered anew in each tree. */
static void add_node_attributes(struct export *e, const struct forest *f)
{
    size_t n = f->n_nodes;
    int64_t *trees = SL_ARENA_ARRAY(e->a, int64_t, n), *nodes = SL_ARENA_ARRAY(e->a, int64_t, n);
    int64_t *columns = SL_ARENA_ARRAY(e->a, int64_t, n), *yes = SL_ARENA_ARRAY(e->a, int64_t, n);
    int64_t *no = SL_ARENA_ARRAY(e->a, int64_t, n), *missing = SL_ARENA_ARRAY(e->a, int64_t, n);
    struct sl_str *modes = SL_ARENA_ARRAY(e->a, struct sl_str, n);
    float *values = SL_ARENA_ARRAY(e->a, float, n);
    for (size_t t = 0, i = 0; t < f->n_trees; t++) {
        size_t end = t + 1 < f->n_trees ? (size_t)f->roots[t + 1] : n;
        for (; i < end; i++) {
            bool split = f->columns[i] >= 0;
            trees[i] = (int64_t)t;
            nodes[i] = (int64_t)i - f->roots[t];
            modes[i] = split ? SL_STR("BRANCH_LT") : SL_STR("LEAF");
            columns[i] = split ? f->columns[i] : 0;
            values[i] = split ? f->values[i] : 0;
            yes[i] = split ? f->left[i] - f->roots[t] : 0;
            no[i] = split ? f->right[i] - f->roots[t] : 0;
            missing[i] = split && f->default_left[i];
        }
    }
    onnx_attr_ints(e->g, "nodes_treeids", trees, n);
    onnx_attr_ints(e->g, "nodes_nodeids", nodes, n);
    onnx_attr_strings(e->g, "nodes_modes", modes, n);
    onnx_attr_ints(e->g, "nodes_featureids", columns, n);
    onnx_attr_floats(e->g, "nodes_values", values, n);
    onnx_attr_ints(e->g, "nodes_truenodeids", yes, n);
    onnx_attr_ints(e->g, "nodes_falsenodeids", no, n);
    onnx_attr_ints(e->g, "nodes_missing_value_tracks_true", missing, n);
}

static void add_leaf_attributes(struct export *e, const struct forest *f)
{
    size_t count = f->n_nodes, n = 0;
    int64_t *trees = SL_ARENA_ARRAY(e->a, int64_t, count);
    int64_t *nodes = SL_ARENA_ARRAY(e->a, int64_t, count);
    int64_t *targets = SL_ARENA_ARRAY(e->a, int64_t, count);
    float *weights = SL_ARENA_ARRAY(e->a, float, count);
    for (size_t t = 0, i = 0; t < f->n_trees; t++) {
        size_t end = t + 1 < f->n_trees ? (size_t)f->roots[t + 1] : count;
        for (; i < end; i++) {
            if (f->columns[i] >= 0)
                continue;
            trees[n] = (int64_t)t;
            nodes[n] = (int64_t)i - f->roots[t];
            targets[n] = f->outputs[t];
            weights[n++] = f->values[i];
        }
    }
    onnx_attr_ints(e->g, "target_treeids", trees, n);
    onnx_attr_ints(e->g, "target_nodeids", nodes, n);
    onnx_attr_ints(e->g, "target_ids", targets, n);
    onnx_attr_floats(e->g, "target_weights", weights, n);
}

/* Regressor with post_transform NONE and the link as a node of its own: the runtimes disagree about
 * what a classifier's scores are. */
static onnx_value add_forest(struct export *e, const struct forest *f)
{
    onnx_value x = gather_matrix(e, f), z;
    onnx_node(e->g, ONNX_ML, "TreeEnsembleRegressor", &x, 1, &z, 1);
    onnx_attr_int(e->g, "n_targets", (int64_t)f->n_outputs);
    onnx_attr_floats(e->g, "base_values", f->base, f->n_outputs);
    onnx_attr_string(e->g, "aggregate_function", "SUM");
    onnx_attr_string(e->g, "post_transform", "NONE");
    add_node_attributes(e, f);
    add_leaf_attributes(e, f);
    return z;
}

/* ---- outputs ---- */

static onnx_value add_scores(struct export *e, onnx_value z)
{
    if (e->m->task == MODEL_BINARY)
        return onnx_op(e->g, "Sigmoid", z, NULL);
    if (e->m->task == MODEL_REGRESSION)
        return onnx_op(e->g, "Identity", z, NULL);
    onnx_value scores = onnx_op(e->g, "Softmax", z, NULL);
    onnx_attr_int(e->g, "axis", 1);
    return scores;
}

static onnx_value add_class(struct export *e, onnx_value scores)
{
    const struct model *m = e->m;
    if (m->task == MODEL_BINARY) {
        onnx_value yes =
            onnx_op(e->g, "GreaterOrEqual", scores, onnx_f32(e->g, (float)m->threshold), NULL);
        return onnx_op(e->g, "Where", yes, onnx_str(e->g, m->classes[1]),
                       onnx_str(e->g, m->classes[0]), NULL);
    }
    onnx_value best = onnx_op(e->g, "ArgMax", scores, NULL);
    onnx_attr_int(e->g, "axis", 1);
    onnx_attr_int(e->g, "keepdims", 1);
    onnx_value names = onnx_const_str(e->g, m->classes, (int64_t[]){(int64_t)m->n_classes}, 1);
    return onnx_op(e->g, "Gather", names, best, NULL);
}

/* The transform's output of that name. */
static struct sl_err *find_feature(const struct transform *t, struct sl_str name, size_t *ret)
{
    for (size_t i = 0; i < t->n_outputs; i++) {
        if (sl_str_eq(t->outputs[i].name, name)) {
            *ret = i;
            return NULL;
        }
    }
    return SL_ERR(INVALID, "the transform has no output '%.*s'", SL_FMT(name));
}

struct sl_err *model_to_onnx(const struct model *m, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    struct export e = {.a = a, .g = onnx_new(a, "model"), .m = m};
    if (m->n_inputs == 0)
        return SL_ERR(INVALID, "the model reads no features");
    onnx_value *values = SL_ARENA_ARRAY(a, onnx_value, m->transform->n_outputs);
    transform_to_onnx(e.g, m->transform, values);
    e.features = SL_ARENA_ARRAY(a, onnx_value, m->n_inputs);
    for (size_t i = 0; i < m->n_inputs; i++) {
        size_t at;
        SL_TRY(find_feature(m->transform, m->inputs[i].name, &at));
        e.features[i] = values[at];
    }
    onnx_value z = m->net ? add_net(&e, m->net) : add_forest(&e, m->forest);
    onnx_value scores = add_scores(&e, z);
    onnx_value classes = m->task == MODEL_REGRESSION ? NULL : add_class(&e, scores);
    onnx_output(e.g, scores, sl_str(model_score_name(m->task)), ONNX_FLOAT,
                (int64_t[]){-1, (int64_t)m->n_outputs}, 2);
    if (classes)
        onnx_output(e.g, classes, SL_STR(MODEL_CLASS_OUTPUT), ONNX_STRING, (int64_t[]){-1, 1}, 2);
    onnx_serialise(e.g, b);
    return NULL;
}
