#include "core/learn/forest.h"

#include "codec/safetensors.h"

struct forest *forest_new(struct sl_arena *a, size_t n_outputs, size_t n_trees, size_t n_nodes)
{
    struct forest *f = SL_ARENA_NEW(a, struct forest);
    f->n_outputs = n_outputs;
    f->n_trees = n_trees;
    f->n_nodes = n_nodes;
    f->base = SL_ARENA_ARRAY(a, float, n_outputs);
    f->roots = SL_ARENA_ARRAY(a, int32_t, n_trees);
    f->outputs = SL_ARENA_ARRAY(a, int32_t, n_trees);
    f->columns = SL_ARENA_ARRAY(a, int32_t, n_nodes);
    f->values = SL_ARENA_ARRAY(a, float, n_nodes);
    f->left = SL_ARENA_ARRAY(a, int32_t, n_nodes);
    f->right = SL_ARENA_ARRAY(a, int32_t, n_nodes);
    f->default_left = SL_ARENA_ARRAY(a, uint8_t, n_nodes);
    return f;
}

void forest_set_inputs(struct sl_arena *a, struct forest *f, const struct input *inputs, size_t n)
{
    f->inputs = sl_arena_copy(a, inputs, n * sizeof *inputs);
    f->n_inputs = n;
    f->n_columns = 0;
    for (size_t i = 0; i < n; i++)
        f->n_columns += input_width(&inputs[i]);
}

/* Nodes [first, end) are one tree; children after parents means that every walk ends. */
static struct sl_err *check_tree(const struct forest *f, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        if (f->columns[i] < 0)
            continue;
        if ((size_t)f->columns[i] >= f->n_columns)
            return SL_ERR(CORRUPT, "node %zu: splits on column %d of %zu", i, f->columns[i],
                          f->n_columns);
        if (f->left[i] <= (int32_t)i || f->right[i] <= (int32_t)i || f->left[i] >= (int32_t)end ||
            f->right[i] >= (int32_t)end)
            return SL_ERR(CORRUPT, "node %zu: children %d and %d: expected nodes %zu to %zu", i,
                          f->left[i], f->right[i], i + 1, end - 1);
    }
    return NULL;
}

struct sl_err *forest_check(const struct forest *f)
{
    if (f->n_nodes > INT32_MAX)
        return SL_ERR(CORRUPT, "%zu nodes: expected at most %d", f->n_nodes, INT32_MAX);
    for (size_t t = 0; t < f->n_trees; t++) {
        int64_t end = t + 1 < f->n_trees ? f->roots[t + 1] : (int64_t)f->n_nodes;
        if ((t == 0 && f->roots[t] != 0) || f->roots[t] < 0 || end <= f->roots[t] ||
            end > (int64_t)f->n_nodes)
            return SL_ERR(CORRUPT, "tree %zu: its nodes are out of order", t);
        if (f->outputs[t] < 0 || (size_t)f->outputs[t] >= f->n_outputs)
            return SL_ERR(CORRUPT, "tree %zu: adds to output %d of %zu", t, f->outputs[t],
                          f->n_outputs);
        SL_TRY(check_tree(f, (size_t)f->roots[t], (size_t)end), "tree %zu", t);
    }
    return NULL;
}

static float leaf(const struct forest *f, int32_t node, const float *x)
{
    while (f->columns[node] >= 0) {
        float v = x[f->columns[node]];
        /* A comparison with NaN is false, so NaN is asked for first. */
        bool left = v != v ? f->default_left[node] : v < f->values[node];
        node = left ? f->left[node] : f->right[node];
    }
    return f->values[node];
}

void forest_forward(const struct forest *f, const float *x, size_t n, float *ret)
{
    enum { BLOCK = 64 }; /* rows that meet a tree while it is in the cache */
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t end = SL_MIN(at + BLOCK, n);
        for (size_t r = at; r < end; r++)
            memcpy(ret + r * f->n_outputs, f->base, f->n_outputs * sizeof *ret);
        for (size_t t = 0; t < f->n_trees; t++) {
            for (size_t r = at; r < end; r++)
                ret[r * f->n_outputs + (size_t)f->outputs[t]] +=
                    leaf(f, f->roots[t], x + r * f->n_columns);
        }
    }
}

void forest_to_tensors(struct sl_arena *a, const struct forest *f, struct safetensors *ret)
{
    const struct safetensor tensors[] = {
        safetensors_make(SL_STR("base"), SAFETENSORS_F32, f->n_outputs, 0, f->base),
        safetensors_make(SL_STR("tree.root"), SAFETENSORS_I32, f->n_trees, 0, f->roots),
        safetensors_make(SL_STR("tree.output"), SAFETENSORS_I32, f->n_trees, 0, f->outputs),
        safetensors_make(SL_STR("node.column"), SAFETENSORS_I32, f->n_nodes, 0, f->columns),
        safetensors_make(SL_STR("node.value"), SAFETENSORS_F32, f->n_nodes, 0, f->values),
        safetensors_make(SL_STR("node.left"), SAFETENSORS_I32, f->n_nodes, 0, f->left),
        safetensors_make(SL_STR("node.right"), SAFETENSORS_I32, f->n_nodes, 0, f->right),
        safetensors_make(SL_STR("node.default_left"), SAFETENSORS_U8, f->n_nodes, 0,
                         f->default_left),
    };
    ret->tensors = sl_arena_copy(a, tensors, sizeof tensors);
    ret->n = SL_COUNTOF(tensors);
    ret->metadata = NULL;
}

struct sl_err *forest_from_tensors(struct sl_arena *a, const struct safetensors *s,
                                   size_t n_outputs, struct forest **ret)
{
    const struct safetensor *roots = safetensors_find(s, SL_STR("tree.root"));
    const struct safetensor *values = safetensors_find(s, SL_STR("node.value"));
    if (!roots || !values)
        return SL_ERR(CORRUPT, "no forest: tensors 'tree.root' and 'node.value' are expected");
    struct forest *f = forest_new(a, n_outputs, roots->count, values->count);
    const struct {
        const char *name;
        enum safetensors_type type;
        size_t count;
        void *to;
    } wanted[] = {
        {"base", SAFETENSORS_F32, f->n_outputs, f->base},
        {"tree.root", SAFETENSORS_I32, f->n_trees, f->roots},
        {"tree.output", SAFETENSORS_I32, f->n_trees, f->outputs},
        {"node.column", SAFETENSORS_I32, f->n_nodes, f->columns},
        {"node.value", SAFETENSORS_F32, f->n_nodes, f->values},
        {"node.left", SAFETENSORS_I32, f->n_nodes, f->left},
        {"node.right", SAFETENSORS_I32, f->n_nodes, f->right},
        {"node.default_left", SAFETENSORS_U8, f->n_nodes, f->default_left},
    };
    for (size_t i = 0; i < SL_COUNTOF(wanted); i++) {
        const void *data;
        SL_TRY(safetensors_get(s, wanted[i].name, wanted[i].type, wanted[i].count, &data));
        memcpy(wanted[i].to, data, wanted[i].count * safetensors_type_size(wanted[i].type));
    }
    *ret = f;
    return NULL;
}
