#include "base/assert.h"
#include "codec/onnx_internal.h"

/* The messages are protobuf-c's own structs, in the builder's arena; serialising is one pack. */

enum { IR_VERSION = 8, OPSET = 17, OPSET_ML = 3 };

void onnx_push(struct sl_arena *a, struct onnx_list *l, void *item)
{
    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 8;
        void **p = SL_ARENA_ARRAY(a, void *, capacity);
        if (l->n)
            memcpy(p, l->p, l->n * sizeof(*p));
        l->p = p;
        l->capacity = capacity;
    }
    l->p[l->n++] = item;
}

struct onnx *onnx_new(struct sl_arena *a, const char *graph_name)
{
    struct onnx *g = SL_ARENA_NEW(a, struct onnx);
    g->a = a;
    g->name = onnx_copy_cstr(a, graph_name);
    onnx_require(g, "", OPSET);
    return g;
}

struct sl_arena *onnx_arena(const struct onnx *g)
{
    return g->a;
}

/* ---- names ------------------------------------------------------------------------------------*/

static size_t slot_of(const struct onnx_names *s, const char *name)
{
    size_t at = sl_str_hash(sl_str(name)) & (s->count - 1);
    while (s->slots[at] && strcmp(s->slots[at], name) != 0)
        at = (at + 1) & (s->count - 1);
    return at;
}

static bool is_taken(const struct onnx *g, const char *name)
{
    return g->names.n > 0 && g->names.slots[slot_of(&g->names, name)];
}

static char *take_name(struct onnx *g, char *name)
{
    struct onnx_names *s = &g->names;
    if (2 * (s->n + 1) > s->count) {
        struct onnx_names old = *s;
        s->count = SL_MAX(2 * old.count, (size_t)64);
        s->slots = SL_ARENA_ARRAY(g->a, const char *, s->count);
        for (size_t i = 0; i < old.count; i++)
            if (old.slots[i])
                s->slots[slot_of(s, old.slots[i])] = old.slots[i];
    }
    s->slots[slot_of(s, name)] = name;
    s->n++;
    return name;
}

/* A name of the form <stem>_<number>. Numbers make it differ from all other inner names; only an
 * input or output can have it already. */
char *onnx_inner_name(struct onnx *g, const char *stem)
{
    size_t number = g->nodes.n + g->initializers.n;
    for (int again = 0;; again++) {
        struct sl_str text = again ? sl_arena_format(g->a, "%s_%zu_%d", stem, number, again)
                                   : sl_arena_format(g->a, "%s_%zu", stem, number);
        char *name = sl_arena_cstr(g->a, text);
        if (!is_taken(g, name))
            return take_name(g, name);
    }
}

/* ---- inputs and outputs -----------------------------------------------------------------------*/

static Onnx__TensorShapeProto__Dimension *new_dimension(struct onnx *g, int64_t size)
{
    Onnx__TensorShapeProto__Dimension *d = SL_ARENA_NEW(g->a, Onnx__TensorShapeProto__Dimension);
    onnx__tensor_shape_proto__dimension__init(d);
    if (size < 0) {
        d->dim_param = onnx_copy_cstr(g->a, "N");
    } else {
        d->has_dim_value = true;
        d->dim_value = size;
    }
    return d;
}

static Onnx__ValueInfoProto *new_info(struct onnx *g, char *name, enum onnx_type type,
                                      const int64_t *dims, size_t n_dims)
{
    Onnx__TensorShapeProto *shape = SL_ARENA_NEW(g->a, Onnx__TensorShapeProto);
    onnx__tensor_shape_proto__init(shape);
    shape->n_dim = n_dims;
    shape->dim = SL_ARENA_ARRAY(g->a, Onnx__TensorShapeProto__Dimension *, n_dims);
    for (size_t i = 0; i < n_dims; i++)
        shape->dim[i] = new_dimension(g, dims[i]);

    Onnx__TypeProto__Tensor *tensor = SL_ARENA_NEW(g->a, Onnx__TypeProto__Tensor);
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = true;
    tensor->elem_type = type;
    tensor->shape = shape;

    Onnx__TypeProto *t = SL_ARENA_NEW(g->a, Onnx__TypeProto);
    onnx__type_proto__init(t);
    t->tensor_type = tensor;

    Onnx__ValueInfoProto *v = SL_ARENA_NEW(g->a, Onnx__ValueInfoProto);
    onnx__value_info_proto__init(v);
    v->name = name;
    v->type = t;
    return v;
}

onnx_value onnx_input(struct onnx *g, struct sl_str name, enum onnx_type type, const int64_t *dims,
                      size_t n_dims)
{
    sl_assert(g->nodes.n == 0 && g->initializers.n == 0);
    char *own = sl_arena_cstr(g->a, name);
    sl_assert(!is_taken(g, own));
    take_name(g, own);
    Onnx__ValueInfoProto *v = new_info(g, own, type, dims, n_dims);
    onnx_push(g->a, &g->inputs, v);
    return v->name;
}

onnx_value onnx_output(struct onnx *g, onnx_value value, struct sl_str name, enum onnx_type type,
                       const int64_t *dims, size_t n_dims)
{
    char *unique = sl_arena_cstr(g->a, name);
    for (int again = 2; is_taken(g, unique); again++)
        unique = sl_arena_cstr(g->a, sl_arena_format(g->a, "%.*s_%d", SL_FMT(name), again));
    take_name(g, unique);

    onnx_value source = value;
    onnx_value renamed;
    onnx_node(g, NULL, "Identity", &source, 1, &renamed, 1);
    g->last->output[0] = unique;
    onnx_push(g->a, &g->outputs, new_info(g, unique, type, dims, n_dims));
    return unique;
}

/* ---- nodes ------------------------------------------------------------------------------------*/

void onnx_node(struct onnx *g, const char *domain, const char *op, const onnx_value *inputs,
               size_t n_inputs, onnx_value *ret_outputs, size_t n_outputs)
{
    Onnx__NodeProto *n = SL_ARENA_NEW(g->a, Onnx__NodeProto);
    onnx__node_proto__init(n);
    n->op_type = onnx_copy_cstr(g->a, op);
    if (domain && *domain) {
        n->domain = onnx_copy_cstr(g->a, domain);
        onnx_require(g, domain, strcmp(domain, ONNX_ML) == 0 ? OPSET_ML : 1);
    }
    n->n_input = n_inputs;
    n->input = SL_ARENA_ARRAY(g->a, char *, n_inputs);
    for (size_t i = 0; i < n_inputs; i++)
        n->input[i] = onnx_copy_cstr(g->a, inputs[i]);
    n->name = onnx_inner_name(g, op);
    n->n_output = n_outputs;
    n->output = SL_ARENA_ARRAY(g->a, char *, n_outputs);
    for (size_t i = 0; i < n_outputs; i++) {
        n->output[i] =
            i == 0 ? n->name : onnx_inner_name(g, sl_arena_format(g->a, "%s_output%zu", op, i).p);
        ret_outputs[i] = n->output[i];
    }
    onnx_push(g->a, &g->nodes, n);
    g->last = n;
}

onnx_value onnx_op(struct onnx *g, const char *op, ...)
{
    onnx_value inputs[256];
    size_t n = 0;
    va_list ap;
    va_start(ap, op);
    for (onnx_value v; (v = va_arg(ap, onnx_value)); n++) {
        sl_assert_cmp(n, <, SL_COUNTOF(inputs));
        inputs[n] = v;
    }
    va_end(ap);
    onnx_value value;
    onnx_node(g, NULL, op, inputs, n, &value, 1);
    return value;
}

onnx_value onnx_cast(struct onnx *g, onnx_value value, enum onnx_type to)
{
    onnx_value v = onnx_op(g, "Cast", value, NULL);
    onnx_attr_int(g, "to", to);
    return v;
}

/* ---- attributes -------------------------------------------------------------------------------*/

static Onnx__AttributeProto *add_attribute(struct onnx *g, const char *name,
                                           Onnx__AttributeProto__AttributeType type)
{
    sl_assert(g->last);
    Onnx__AttributeProto *t = SL_ARENA_NEW(g->a, Onnx__AttributeProto);
    onnx__attribute_proto__init(t);
    t->name = onnx_copy_cstr(g->a, name);
    t->has_type = true;
    t->type = type;
    Onnx__NodeProto *n = g->last;
    Onnx__AttributeProto **p = SL_ARENA_ARRAY(g->a, Onnx__AttributeProto *, n->n_attribute + 1);
    if (n->n_attribute)
        memcpy(p, n->attribute, n->n_attribute * sizeof(*p));
    p[n->n_attribute++] = t;
    n->attribute = p;
    return t;
}

void onnx_attr_int(struct onnx *g, const char *name, int64_t value)
{
    Onnx__AttributeProto *t = add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    t->has_i = true;
    t->i = value;
}

void onnx_attr_string(struct onnx *g, const char *name, const char *value)
{
    Onnx__AttributeProto *t = add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    t->has_s = true;
    t->s = onnx_copy_bytes(g->a, sl_str(value));
}

void onnx_attr_ints(struct onnx *g, const char *name, const int64_t *values, size_t n)
{
    Onnx__AttributeProto *t = add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    t->n_ints = n;
    t->ints = sl_arena_copy(g->a, values, n * sizeof(*values));
}

void onnx_attr_floats(struct onnx *g, const char *name, const float *values, size_t n)
{
    Onnx__AttributeProto *t = add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);
    t->n_floats = n;
    t->floats = sl_arena_copy(g->a, values, n * sizeof(*values));
}

void onnx_attr_strings(struct onnx *g, const char *name, const struct sl_str *values, size_t n)
{
    Onnx__AttributeProto *t =
        add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
    t->n_strings = n;
    t->strings = SL_ARENA_ARRAY(g->a, ProtobufCBinaryData, n);
    for (size_t i = 0; i < n; i++)
        t->strings[i] = onnx_copy_bytes(g->a, values[i]);
}

/* ---- the model --------------------------------------------------------------------------------*/

void onnx_require(struct onnx *g, const char *domain, int64_t version)
{
    const char *name = domain ? domain : "";
    for (size_t i = 0; i < g->opsets.n; i++) {
        Onnx__OperatorSetIdProto *o = g->opsets.p[i];
        if (strcmp(o->domain, name) == 0) {
            o->version = SL_MAX(o->version, version);
            return;
        }
    }
    Onnx__OperatorSetIdProto *o = SL_ARENA_NEW(g->a, Onnx__OperatorSetIdProto);
    onnx__operator_set_id_proto__init(o);
    o->domain = onnx_copy_cstr(g->a, name);
    o->has_version = true;
    o->version = version;
    onnx_push(g->a, &g->opsets, o);
}

static int compare_domains(const void *x, const void *y)
{
    const Onnx__OperatorSetIdProto *const *a = x, *const *b = y;
    return strcmp((*a)->domain, (*b)->domain);
}

/* Source: the table of releases in ONNX's docs/Versioning.md. */
static int64_t ir_version(const struct onnx *g)
{
    static const struct {
        const char *domain;
        int64_t above, ir;
    } rules[] = {{"", 18, 9}, {"", 20, 10}, {ONNX_ML, 3, 9}, {ONNX_ML, 4, 10}};
    int64_t ir = IR_VERSION;
    for (size_t i = 0; i < g->opsets.n; i++) {
        const Onnx__OperatorSetIdProto *o = g->opsets.p[i];
        for (size_t r = 0; r < SL_COUNTOF(rules); r++)
            if (strcmp(o->domain, rules[r].domain) == 0 && o->version > rules[r].above)
                ir = SL_MAX(ir, rules[r].ir);
    }
    return ir;
}

void onnx_serialise(const struct onnx *g, struct sl_buf *b)
{
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    graph.name = g->name;
    graph.n_node = g->nodes.n;
    graph.node = (Onnx__NodeProto **)g->nodes.p;
    graph.n_initializer = g->initializers.n;
    graph.initializer = (Onnx__TensorProto **)g->initializers.p;
    graph.n_input = g->inputs.n;
    graph.input = (Onnx__ValueInfoProto **)g->inputs.p;
    graph.n_output = g->outputs.n;
    graph.output = (Onnx__ValueInfoProto **)g->outputs.p;

    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    char producer[] = "sluice";
    model.has_ir_version = true;
    model.ir_version = ir_version(g);
    model.producer_name = producer;
    model.graph = &graph;
    if (g->opsets.n)
        qsort(g->opsets.p, g->opsets.n, sizeof(void *), compare_domains);
    model.n_opset_import = g->opsets.n;
    model.opset_import = (Onnx__OperatorSetIdProto **)g->opsets.p;

    size_t size = onnx__model_proto__get_packed_size(&model);
    uint8_t *to = (uint8_t *)sl_buf_reserve(b, size);
    if (!to)
        return;
    b->n += onnx__model_proto__pack(&model, to);
    b->p[b->n] = '\0';
}
