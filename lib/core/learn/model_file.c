/* model.json and weights.safetensors, out and in. */
#include "core/learn/model.h"

#include "codec/safetensors.h"
#include "core/learn/forest.h"
#include "core/learn/net.h"
#include "core/learn/transform.h"

#define DOCUMENT  "model.json"
#define WEIGHTS   "weights.safetensors"
#define TRANSFORM "transform/"

/* ---- writing ---- */

static struct json *describe_label(struct sl_arena *a, const struct model *m)
{
    struct json *label = json_new_object(a), *classes = json_new_array(a);
    json_set_string(a, label, "name", m->label);
    json_set_string(a, label, "expr", m->transform->label.text);
    for (size_t i = 0; i < m->n_classes; i++)
        json_push(a, classes, json_new_string(a, m->classes[i]));
    if (m->n_classes)
        json_set(a, label, "classes", classes);
    return label;
}

static struct json *describe_inputs(struct sl_arena *a, const struct model *m)
{
    struct json *inputs = json_new_array(a);
    for (size_t i = 0; i < m->n_inputs; i++) {
        const struct input *in = &m->inputs[i];
        struct json *entry = json_new_object(a);
        json_set_string(a, entry, "name", in->name);
        json_set_string(a, entry, "kind", sl_str(input_kind_name(in->kind)));
        if (in->kind != INPUT_FLOAT)
            json_set_number(a, entry, "vocab_size", in->vocab_size);
        if (in->kind == INPUT_EMBEDDING)
            json_set_number(a, entry, "dim", in->dim);
        json_push(a, inputs, entry);
    }
    return inputs;
}

static void add_value(struct sl_arena *a, struct json *to, struct sl_str name, const char *type,
                      size_t width)
{
    struct json *entry = json_new_object(a), *shape = json_new_array(a);
    json_push(a, shape, json_new_number(a, -1));
    json_push(a, shape, json_new_number(a, (double)width));
    json_set_string(a, entry, "name", name);
    json_set_string(a, entry, "type", sl_str(type));
    json_set(a, entry, "shape", shape);
    json_push(a, to, entry);
}

/* What model.onnx takes and gives; model_onnx.c makes it so. */
static struct json *describe_signature(struct sl_arena *a, const struct model *m)
{
    struct json *signature = json_new_object(a);
    struct json *inputs = json_new_array(a), *outputs = json_new_array(a);
    size_t n;
    const struct column_spec *raw = transform_raw_columns(a, m->transform, false, &n);
    for (size_t i = 0; i < n; i++)
        add_value(a, inputs, raw[i].name, raw[i].type == COLUMN_STRING ? "string" : "double", 1);
    add_value(a, outputs, sl_str(model_score_name(m->task)), "float", m->n_outputs);
    if (m->task != MODEL_REGRESSION)
        add_value(a, outputs, SL_STR(MODEL_CLASS_OUTPUT), "string", 1);
    json_set(a, signature, "inputs", inputs);
    json_set(a, signature, "outputs", outputs);
    return signature;
}

static struct json *describe_network(struct sl_arena *a, const struct net *net)
{
    struct json *network = json_new_object(a), *hidden = json_new_array(a);
    for (size_t i = 0; i + 1 < net->n_layers; i++)
        json_push(a, hidden, json_new_number(a, (double)net->layers[i].n_out));
    json_set(a, network, "hidden", hidden);
    json_set_string(a, network, "activation", SL_STR("relu"));
    json_set_number(a, network, "parameters", (double)net->n_params);
    return network;
}

static struct json *describe_forest(struct sl_arena *a, const struct forest *f)
{
    struct json *forest = json_new_object(a);
    json_set_number(a, forest, "trees", (double)f->n_trees);
    json_set_number(a, forest, "nodes", (double)f->n_nodes);
    return forest;
}

void model_format(const struct model *m, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    struct json *doc = json_new_object(a);
    json_set_number(a, doc, "version", MODEL_VERSION);
    json_set_string(a, doc, "family", sl_str(model_family_name(m->family)));
    json_set_string(a, doc, "task", sl_str(model_task_name(m->task)));
    json_set(a, doc, "label", describe_label(a, m));
    if (m->task == MODEL_BINARY)
        json_set_number(a, doc, "threshold", m->threshold);
    json_set(a, doc, "signature", describe_signature(a, m));
    json_set(a, doc, "features", describe_inputs(a, m));
    if (m->net)
        json_set(a, doc, "network", describe_network(a, m->net));
    else
        json_set(a, doc, "forest", describe_forest(a, m->forest));
    json_set_bool(a, doc, "portable", m->portable);
    json_set_string(a, doc, "schema_digest", m->schema_digest);
    json_set(a, doc, "training", json_copy(a, m->training));
    json_format(doc, JSON_PRETTY, b);
}

/* The range of a flat array that a tensor stands for; NULL of NULL: a shape only. */
static const float *part(const float *params, size_t offset)
{
    return params ? params + offset : NULL;
}

/* Names and shapes of a network's tensors, in the order of its parameters. */
static void net_tensors(struct sl_arena *a, const struct net *net, const float *params,
                        struct safetensors *ret)
{
    ret->tensors = SL_ARENA_ARRAY(a, struct safetensor, net->n_ids + 2 * net->n_layers);
    ret->n = 0;
    ret->metadata = NULL;
    size_t k = 0;
    for (size_t i = 0; i < net->n_inputs; i++) {
        if (net->inputs[i].kind == INPUT_FLOAT)
            continue;
        const struct net_table *t = &net->tables[k++];
        struct sl_str name = sl_arena_format(a, "%s.%.*s", t->one_hot ? "one_hot" : "embedding",
                                             SL_FMT(net->inputs[i].name));
        ret->tensors[ret->n++] =
            safetensors_make(name, SAFETENSORS_F32, t->n_rows, t->width, part(params, t->offset));
    }
    for (size_t i = 0; i < net->n_layers; i++) {
        const struct net_layer *l = &net->layers[i];
        ret->tensors[ret->n++] =
            safetensors_make(sl_arena_format(a, "layer.%zu.weight", i), SAFETENSORS_F32, l->n_in,
                             l->n_out, part(params, l->weights));
        ret->tensors[ret->n++] =
            safetensors_make(sl_arena_format(a, "layer.%zu.bias", i), SAFETENSORS_F32, l->n_out, 0,
                             part(params, l->bias));
    }
}

void model_format_weights(const struct model *m, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    struct safetensors s;
    if (m->net)
        net_tensors(a, m->net, m->net->params, &s);
    else
        forest_to_tensors(a, m->forest, &s);
    safetensors_encode(&s, b);
}

/* ---- reading ---- */

bool model_wants_file(struct sl_str path)
{
    return sl_str_is(path, DOCUMENT) || sl_str_is(path, WEIGHTS) ||
           sl_str_starts(path, SL_STR(TRANSFORM));
}

struct files {
    const struct model_file *p;
    size_t n;
};

static bool find_file(const struct files *f, struct sl_str path, struct sl_str *ret)
{
    for (size_t i = 0; i < f->n; i++) {
        if (sl_str_eq(f->p[i].path, path)) {
            *ret = f->p[i].bytes;
            return true;
        }
    }
    return false;
}

static struct sl_err *need_file(const struct files *f, const char *path, struct sl_str *ret)
{
    if (!find_file(f, sl_str(path), ret))
        return SL_ERR(INVALID, "no model: '%s' is absent", path);
    return NULL;
}

static bool read_transform(void *ctx, struct sl_str path, struct sl_str *ret)
{
    const struct files *f = ctx;
    for (size_t i = 0; i < f->n; i++) {
        struct sl_str at = f->p[i].path;
        if (sl_str_starts(at, SL_STR(TRANSFORM)) &&
            sl_str_eq(sl_str_skip(at, strlen(TRANSFORM)), path)) {
            *ret = f->p[i].bytes;
            return true;
        }
    }
    return false;
}

static struct sl_err *parse_label(struct sl_arena *a, const struct json *doc, struct model *m)
{
    const struct json *label = json_get(doc, "label"), *classes = json_get(label, "classes");
    m->label = json_get_string(label, "name", SL_STR(""));
    if (m->task == MODEL_REGRESSION)
        return NULL;
    if (!classes || classes->type != JSON_ARRAY || classes->n < 2 ||
        (m->task == MODEL_BINARY && classes->n != 2) || classes->n > NET_MAX_WIDTH)
        return SL_ERR(CORRUPT, "label.classes: expected the names of the classes");
    m->n_classes = classes->n;
    m->classes = SL_ARENA_ARRAY(a, struct sl_str, m->n_classes);
    for (size_t i = 0; i < classes->n; i++) {
        if (classes->items[i]->type != JSON_STRING)
            return SL_ERR(CORRUPT, "label.classes[%zu]: expected a string", i);
        m->classes[i] = classes->items[i]->string;
    }
    return NULL;
}

static struct sl_err *parse_head(struct sl_arena *a, const struct json *doc, struct model *m)
{
    double version = json_get_number(doc, "version", 0);
    if (version != MODEL_VERSION)
        return SL_ERR(INVALID, "version: this evaluator knows %d, got %g", MODEL_VERSION, version);
    if (!model_family_find(json_get_string(doc, "family", SL_STR("")), &m->family))
        return SL_ERR(INVALID, "family: expected linear, dnn or gbdt");
    if (!model_task_find(json_get_string(doc, "task", SL_STR("")), &m->task))
        return SL_ERR(INVALID, "task: expected binary, multiclass or regression");
    SL_TRY(parse_label(a, doc, m));
    m->n_outputs = m->task == MODEL_MULTICLASS ? m->n_classes : 1;
    m->threshold = json_get_number(doc, "threshold", 0.5);
    m->portable = json_get_bool(doc, "portable", false);
    m->schema_digest = json_get_string(doc, "schema_digest", SL_STR(""));
    m->training = json_get(doc, "training");
    if (!m->training || m->training->type != JSON_OBJECT)
        m->training = json_new_object(a);
    return NULL;
}

static struct sl_err *parse_size(const struct json *v, double most, uint32_t *ret)
{
    if (!v || !json_is_integer(v) || v->number < 1 || v->number > most)
        return SL_ERR(CORRUPT, "expected a whole number from 1 to %.0f", most);
    *ret = (uint32_t)v->number;
    return NULL;
}

static struct sl_err *parse_input(const struct json *entry, struct input *ret)
{
    ret->name = json_get_string(entry, "name", SL_STR(""));
    if (!input_kind_find(json_get_string(entry, "kind", SL_STR("")), &ret->kind))
        return SL_ERR(INVALID, "kind: expected float, one_hot, embedding or ordinal");
    if (ret->kind != INPUT_FLOAT)
        SL_TRY(parse_size(json_get(entry, "vocab_size"), INT32_MAX, &ret->vocab_size),
               "vocab_size");
    if (ret->kind == INPUT_EMBEDDING)
        SL_TRY(parse_size(json_get(entry, "dim"), NET_MAX_WIDTH, &ret->dim), "dim");
    return NULL;
}

static struct sl_err *parse_inputs(struct sl_arena *a, const struct json *doc, struct model *m)
{
    const struct json *list = json_get(doc, "features");
    if (!list || list->type != JSON_ARRAY)
        return SL_ERR(CORRUPT, "features: expected a list");
    struct input *inputs = SL_ARENA_ARRAY(a, struct input, list->n);
    for (size_t i = 0; i < list->n; i++)
        SL_TRY(parse_input(list->items[i], &inputs[i]), "features[%zu]", i);
    m->inputs = inputs;
    m->n_inputs = list->n;
    return NULL;
}

static struct sl_err *parse_net(struct sl_arena *a, const struct json *doc,
                                const struct safetensors *weights, struct model *m)
{
    const struct json *hidden = json_get(json_get(doc, "network"), "hidden");
    if (!hidden || hidden->type != JSON_ARRAY || hidden->n > NET_MAX_HIDDEN)
        return SL_ERR(CORRUPT, "network.hidden: expected a list");
    size_t sizes[NET_MAX_HIDDEN];
    for (size_t i = 0; i < hidden->n; i++) {
        uint32_t size;
        SL_TRY(parse_size(hidden->items[i], NET_MAX_WIDTH, &size), "network.hidden[%zu]", i);
        sizes[i] = size;
    }
    for (size_t i = 0; i < m->n_inputs; i++) {
        if (m->inputs[i].kind == INPUT_ORDINAL)
            return SL_ERR(CORRUPT, "features[%zu]: a network reads no ordinals", i);
    }
    struct net *net;
    SL_TRY(net_new(a, m->inputs, m->n_inputs, sizes, hidden->n, m->n_outputs, &net));
    /* Sizes are bounded by the file before memory is asked for. */
    struct safetensors shape;
    net_tensors(a, net, NULL, &shape);
    for (size_t i = 0; i < shape.n; i++) {
        const void *data;
        const struct safetensor *t = &shape.tensors[i];
        SL_TRY(safetensors_get(weights, sl_arena_cstr(a, t->name), t->type, t->count, &data));
    }
    float *params = SL_ARENA_ARRAY(a, float, net->n_params);
    for (size_t i = 0, at = 0; i < shape.n; at += shape.tensors[i++].count)
        memcpy(params + at, safetensors_find(weights, shape.tensors[i].name)->data,
               shape.tensors[i].count * sizeof *params);
    net->params = params;
    m->net = net;
    return NULL;
}

static struct sl_err *parse_forest(struct sl_arena *a, const struct safetensors *weights,
                                   struct model *m)
{
    struct forest *f;
    for (size_t i = 0; i < m->n_inputs; i++) {
        if (m->inputs[i].kind == INPUT_EMBEDDING)
            return SL_ERR(CORRUPT, "features[%zu]: trees read no embeddings", i);
    }
    SL_TRY(forest_from_tensors(a, weights, m->n_outputs, &f));
    forest_set_inputs(a, f, m->inputs, m->n_inputs);
    SL_TRY(forest_check(f));
    m->forest = f;
    return NULL;
}

static struct sl_err *parse_document(struct sl_arena *a, struct sl_str text,
                                     const struct safetensors *weights, struct model *m)
{
    struct json *doc;
    SL_TRY(json_parse(a, text, &doc));
    SL_TRY(parse_head(a, doc, m));
    SL_TRY(parse_inputs(a, doc, m));
    if (m->family == MODEL_GBDT)
        return parse_forest(a, weights, m);
    return parse_net(a, doc, weights, m);
}

/* The features are outputs of the transform, with as many ids. */
static struct sl_err *check_features(const struct model *m)
{
    const struct transform *t = m->transform;
    for (size_t i = 0; i < m->n_inputs; i++) {
        const struct input *in = &m->inputs[i];
        size_t k = 0;
        while (k < t->n_outputs && !sl_str_eq(t->outputs[k].name, in->name))
            k++;
        if (k == t->n_outputs)
            return SL_ERR(CORRUPT, "the transform has no output '%.*s'", SL_FMT(in->name));
        if (t->outputs[k].is_id != (in->kind != INPUT_FLOAT) ||
            t->outputs[k].size != (int64_t)in->vocab_size)
            return SL_ERR(CORRUPT, "feature '%.*s': the transform's output is another",
                          SL_FMT(in->name));
    }
    return NULL;
}

struct sl_err *model_load(struct sl_arena *a, const struct model_file *files, size_t n,
                          const struct model **ret)
{
    struct files f = {files, n};
    struct sl_str document, bytes, transform_text;
    SL_TRY(need_file(&f, DOCUMENT, &document));
    SL_TRY(need_file(&f, WEIGHTS, &bytes));
    SL_TRY(need_file(&f, TRANSFORM "transform.json", &transform_text));
    struct safetensors weights;
    SL_TRY(safetensors_decode(a, bytes, &weights), WEIGHTS);
    struct model *m = SL_ARENA_NEW(a, struct model);
    SL_TRY(parse_document(a, document, &weights, m), DOCUMENT);
    struct transform *t;
    SL_TRY(transform_parse(a, transform_text, read_transform, &f, &t), TRANSFORM "transform.json");
    m->transform = t;
    SL_TRY(check_features(m), DOCUMENT);
    *ret = m;
    return NULL;
}
