/* XGBoost's model file, read: learner.gradient_booster.model.trees[i] holds parallel arrays of
 * nodes, node 0 the root, left_children -1 at a leaf, whose value stands in split_conditions.
 * Source: XGBoost's documentation, "Introduction to Model IO", JSON schema of 1.x. */
#include "core/learn/forest.h"

#include "codec/json.h"

struct arrays {
    const struct json *left, *right, *columns, *values, *default_left;
    size_t n;
};

static struct sl_err *find_array(const struct json *tree, const char *name, size_t n,
                                 const struct json **ret)
{
    const struct json *v = json_get(tree, name);
    if (!v || v->type != JSON_ARRAY || (n && v->n != n) || v->n == 0)
        return SL_ERR(INVALID, "%s: expected a list of nodes", name);
    for (size_t i = 0; i < v->n; i++) {
        bool fits = v->items[i]->type == JSON_NUMBER || v->items[i]->type == JSON_BOOL;
        if (!fits)
            return SL_ERR(INVALID, "%s[%zu]: expected a number", name, i);
    }
    *ret = v;
    return NULL;
}

static struct sl_err *find_arrays(const struct json *tree, struct arrays *ret)
{
    SL_TRY(find_array(tree, "left_children", 0, &ret->left));
    ret->n = ret->left->n;
    SL_TRY(find_array(tree, "right_children", ret->n, &ret->right));
    SL_TRY(find_array(tree, "split_indices", ret->n, &ret->columns));
    SL_TRY(find_array(tree, "split_conditions", ret->n, &ret->values));
    SL_TRY(find_array(tree, "default_left", ret->n, &ret->default_left));
    const struct json *types = json_get(tree, "split_type");
    for (size_t i = 0; types && types->type == JSON_ARRAY && i < types->n; i++) {
        if (types->items[i]->number != 0)
            return SL_ERR(INVALID, "split_type[%zu]: categorical splits are not read", i);
    }
    return NULL;
}

static double item(const struct json *list, size_t i)
{
    const struct json *v = list->items[i];
    return v->type == JSON_BOOL ? v->boolean : v->number;
}

/* Copies a tree in breadth-first order, so that what was pruned is left out and children come after
 * their parent. `order` has room for all nodes. */
static struct sl_err *copy_tree(struct forest *f, const struct arrays *from, int32_t *order)
{
    const size_t root = f->n_nodes;
    size_t n = 1;
    order[0] = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t node = (size_t)order[i], to = root + i;
        const double left = item(from->left, node), right = item(from->right, node);
        f->values[to] = (float)item(from->values, node);
        f->columns[to] = -1;
        if (left < 0)
            continue;
        if (!(left < (double)from->n && right >= 0 && right < (double)from->n) || n + 2 > from->n)
            return SL_ERR(INVALID, "node %zu: no tree", node);
        f->columns[to] = (int32_t)item(from->columns, node);
        f->default_left[to] = item(from->default_left, node) != 0;
        f->left[to] = (int32_t)(root + n);
        f->right[to] = (int32_t)(root + n + 1);
        order[n++] = (int32_t)left;
        order[n++] = (int32_t)right;
    }
    f->n_nodes += n;
    return NULL;
}

struct sl_err *forest_from_xgboost(struct sl_arena *a, const struct json *model, size_t n_outputs,
                                   size_t n_rounds, struct forest **ret)
{
    const struct json *booster = json_get(json_get(model, "learner"), "gradient_booster");
    if (!sl_str_is(json_get_string(booster, "name", SL_STR("")), "gbtree"))
        return SL_ERR(INVALID, "no XGBoost model of booster gbtree");
    const struct json *trees = json_get(json_get(booster, "model"), "trees");
    const struct json *info = json_get(json_get(booster, "model"), "tree_info");
    size_t wanted = n_rounds * n_outputs;
    if (!trees || trees->type != JSON_ARRAY || !info || info->type != JSON_ARRAY ||
        trees->n != info->n || trees->n < wanted)
        return SL_ERR(INVALID, "expected at least %zu trees with their tree_info", wanted);
    struct arrays *from = SL_ARENA_ARRAY(a, struct arrays, wanted + 1);
    size_t n_nodes = 0, largest = 0;
    for (size_t t = 0; t < wanted; t++) {
        SL_TRY(find_arrays(trees->items[t], &from[t]), "tree %zu", t);
        n_nodes += from[t].n;
        largest = SL_MAX(largest, from[t].n);
    }
    if (n_nodes > INT32_MAX)
        return SL_ERR(INVALID, "%zu nodes: expected at most %d", n_nodes, INT32_MAX);
    int32_t *order = SL_ARENA_ARRAY(a, int32_t, largest + 2);
    struct forest *f = forest_new(a, n_outputs, wanted, n_nodes);
    f->n_nodes = 0;
    for (size_t t = 0; t < wanted; t++) {
        f->roots[t] = (int32_t)f->n_nodes;
        f->outputs[t] = (int32_t)info->items[t]->number;
        SL_TRY(copy_tree(f, &from[t], order), "tree %zu", t);
    }
    *ret = f;
    return NULL;
}
