/* Writing transform.json. */
#include "core/learn/transform.h"

#include <math.h>

static struct json *format_columns(struct sl_arena *a, const struct column_spec *columns, size_t n)
{
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < n; i++) {
        struct json *c = json_new_object(a);
        json_set_string(a, c, "name", columns[i].name);
        json_set_string(a, c, "type", sl_str(column_type_name(columns[i].type)));
        json_push(a, list, c);
    }
    return list;
}

static struct json *format_strings(struct sl_arena *a, const struct sl_str *s, size_t n)
{
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < n; i++)
        json_push(a, list, json_new_string(a, s[i]));
    return list;
}

static struct json *format_numbers(struct sl_arena *a, const double *x, size_t n)
{
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < n; i++)
        json_push(a, list, json_new_number(a, x[i]));
    return list;
}

static void set_finite(struct sl_arena *a, struct json *o, const char *key, double x)
{
    if (isfinite(x))
        json_set_number(a, o, key, x);
}

static void format_constants(struct sl_arena *a, const struct transform *t,
                             const struct transform_node *n, struct json *o)
{
    switch (n->op) {
    case TRANSFORM_COLUMN:
        json_set_string(a, o, "column", t->columns[n->column].name);
        break;
    case TRANSFORM_EXPR:
        json_set_string(a, o, "expr", n->text);
        break;
    case TRANSFORM_FILL:
        if (n->kind == TRANSFORM_TEXT)
            json_set_string(a, o, "text", n->text);
        else
            json_set_number(a, o, "value", n->value);
        break;
    case TRANSFORM_ZSCORE:
        json_set_number(a, o, "mean", n->mean);
        json_set_number(a, o, "std", n->std);
        break;
    case TRANSFORM_MINMAX:
        json_set_number(a, o, "low", n->low);
        json_set_number(a, o, "high", n->high);
        SL_FALLTHROUGH;
    case TRANSFORM_CLIP:
        set_finite(a, o, "min", n->min);
        set_finite(a, o, "max", n->max);
        break;
    case TRANSFORM_LOG:
        json_set_number(a, o, "offset", n->value);
        break;
    case TRANSFORM_BUCKETIZE:
        json_set(a, o, "boundaries", format_numbers(a, n->boundaries, n->count));
        break;
    case TRANSFORM_VOCABULARY:
        json_set_string(a, o, "vocabulary", n->vocabulary->file);
        json_set_number(a, o, "oov", (double)n->oov);
        break;
    case TRANSFORM_IDENTITY:
        json_set_number(a, o, "first", (double)n->first);
        SL_FALLTHROUGH;
    case TRANSFORM_HASH:
        json_set_number(a, o, "count", (double)n->count);
        break;
    case TRANSFORM_DATE_PART:
        json_set_string(a, o, "part", sl_str(transform_part_name(n->part)));
        break;
    case TRANSFORM_IS_MISSING:
    case TRANSFORM_CROSS:
    case TRANSFORM_TEXT_LENGTH:
        break;
    }
}

static struct json *format_node(struct sl_arena *a, const struct transform *t,
                                const struct transform_node *n)
{
    struct json *o = json_new_object(a);
    json_set_string(a, o, "op", sl_str(transform_op_name(n->op)));
    struct json *of = json_new_array(a);
    for (size_t i = 0; i < SL_COUNTOF(n->args); i++)
        if (n->args[i] >= 0)
            json_push(a, of, json_new_number(a, n->args[i]));
    if (of->n)
        json_set(a, o, "of", of);
    format_constants(a, t, n, o);
    return o;
}

static struct json *format_output(struct sl_arena *a, const struct transform_output *p)
{
    static const char *const encodings[] = {"auto", "onehot", "embedding"};
    struct json *o = json_new_object(a);
    json_set_string(a, o, "name", p->name);
    json_set_number(a, o, "node", p->node);
    json_set_string(a, o, "type", p->is_id ? SL_STR("id") : SL_STR("float"));
    if (p->is_id) {
        json_set_number(a, o, "size", (double)p->size);
        json_set_bool(a, o, "ordered", p->ordered);
        json_set_string(a, o, "encoding", sl_str(encodings[p->encoding]));
        if (p->embedding_size)
            json_set_number(a, o, "embeddingSize", (double)p->embedding_size);
    } else {
        json_set_bool(a, o, "mayMiss", p->may_miss);
    }
    json_set_bool(a, o, "portable", p->portable);
    if (!p->portable)
        json_set_string(a, o, "reason", p->reason);
    return o;
}

static struct json *format_label(struct sl_arena *a, const struct transform *t)
{
    struct json *o = json_new_object(a);
    json_set_string(a, o, "name", t->label.name);
    json_set_string(a, o, "expr", t->label.text);
    json_set_string(a, o, "task", sl_str(transform_task_name(t->label.task)));
    if (t->label.n_classes)
        json_set(a, o, "classes", format_strings(a, t->label.classes, t->label.n_classes));
    return o;
}

static struct json *format_excluded(struct sl_arena *a, const struct transform *t)
{
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < t->n_excluded; i++) {
        struct json *o = json_new_object(a);
        json_set_string(a, o, "column", t->excluded[i].column);
        json_set_string(a, o, "reason", t->excluded[i].reason);
        json_push(a, list, o);
    }
    return list;
}

void transform_format(const struct transform *t, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    struct json *o = json_new_object(a);
    json_set_number(a, o, "version", TRANSFORM_VERSION);
    json_set_string(a, o, "target", sl_str(transform_target_name(t->target)));
    json_set(a, o, "label", format_label(a, t));
    if (t->weight.name.n) {
        struct json *w = json_new_object(a);
        json_set_string(a, w, "name", t->weight.name);
        json_set_string(a, w, "expr", t->weight.text);
        json_set(a, o, "weight", w);
    }
    json_set(a, o, "labelColumns", format_columns(a, t->label_columns, t->n_label_columns));
    json_set(a, o, "columns", format_columns(a, t->columns, t->n_columns));
    struct json *nodes = json_new_array(a), *outputs = json_new_array(a);
    for (size_t i = 0; i < t->n_nodes; i++)
        json_push(a, nodes, format_node(a, t, &t->nodes[i]));
    for (size_t i = 0; i < t->n_outputs; i++)
        json_push(a, outputs, format_output(a, &t->outputs[i]));
    json_set(a, o, "nodes", nodes);
    json_set(a, o, "outputs", outputs);
    json_set(a, o, "excluded", format_excluded(a, t));
    json_set(a, o, "features", json_copy(a, t->features));
    json_format(o, JSON_PRETTY, b);
}
