/* What features, label and weight read: columns and expressions. */
#include "core/learn/transform_build.h"

/* Index of the column among those that are read, added when it is not there; -1: there is no such
 * raw column. */
static int use_column(const struct transform_build *b, const struct transform_reading *r,
                      struct sl_str name)
{
    const uint64_t *raw = sl_map_find(&b->raw, name);
    if (!raw)
        return -1;
    if (!r->at[*raw]) {
        const struct column_spec *spec = &b->specs[*raw];
        (*r->columns)[*r->n] = (struct column_spec){sl_arena_str(b->a, spec->name), spec->type};
        r->at[*raw] = (int)++*r->n;
    }
    return r->at[*raw] - 1;
}

int transform_column_node(struct transform_build *b, struct sl_str name)
{
    int column = use_column(b, &b->features, name);
    if (column < 0) {
        struct sl_str *names = SL_ARENA_ARRAY(b->a, struct sl_str, b->n_specs);
        for (size_t i = 0; i < b->n_specs; i++)
            names[i] = b->specs[i].name;
        transform_complain(b, NULL, "there is no column '%.*s'%s", SL_FMT(name),
                           diag_did_you_mean(b->a, name, names, b->n_specs));
        return -1;
    }
    if (!b->column_nodes[column])
        b->column_nodes[column] = 1 + transform_add_node(b, (struct transform_node){
                                                                .op = TRANSFORM_COLUMN,
                                                                .column = column,
                                                                .args = {-1, -1},
                                                            });
    return b->column_nodes[column] - 1;
}

struct columns_used {
    const struct transform_build *b;
    const struct transform_reading *r;
};

static void use_name(void *ctx, const struct expr *name)
{
    const struct columns_used *u = ctx;
    (void)use_column(u->b, u->r, name->name);
}

/* Parses and binds an expression; its columns are read from now on. NULL: told. */
static struct expr *bind_expr(struct transform_build *b, struct sl_str text,
                              const struct transform_reading *r)
{
    struct expr *parsed, *bound;
    struct sl_err *err = expr_parse(b->a, text, &parsed);
    if (!err) {
        /* Against all columns first: so an unknown name gets its "did you mean". */
        err = expr_bind(b->a, parsed, b->specs, b->n_specs, &bound);
    }
    if (!err) {
        expr_visit_names(parsed, use_name, &(struct columns_used){b, r});
        err = expr_bind(b->a, parsed, *r->columns, *r->n, &bound);
    }
    if (err) {
        SL_AUTOBUF(told, 0);
        sl_err_format(err, &told);
        sl_err_free(err);
        transform_complain(b, NULL, "%.*s", SL_FMT(sl_buf_str(&told)));
        return NULL;
    }
    return bound;
}

int transform_expr_node(struct transform_build *b, struct sl_str text)
{
    struct expr *e = bind_expr(b, text, &b->features);
    if (!e)
        return -1;
    if (e->type == EXPR_NULL || e->type == EXPR_LIST || e->type == EXPR_ANY) {
        transform_complain(b, NULL, "the expression has no value");
        return -1;
    }
    return transform_add_node(b, (struct transform_node){.op = TRANSFORM_EXPR,
                                                         .text = sl_arena_str(b->a, text),
                                                         .expr = e,
                                                         .args = {-1, -1}});
}

/* ---- label and weight -------------------------------------------------------------------------*/

static void settle_task(struct transform_build *b, int asked)
{
    struct transform_label *l = &b->t->label;
    enum expr_type type = l->expr->type;
    static const struct sl_str no_yes[] = {SL_STR("false"), SL_STR("true")};
    bool fits = asked < 0 ||
                (asked == TRANSFORM_BINARY && (type == EXPR_BOOL || type == EXPR_INT)) ||
                (asked == TRANSFORM_MULTICLASS && (type == EXPR_STRING || type == EXPR_INT)) ||
                (asked == TRANSFORM_REGRESSION && (type == EXPR_INT || type == EXPR_DOUBLE));
    if (type == EXPR_TIMESTAMP || type == EXPR_NULL || type == EXPR_ANY || type == EXPR_LIST) {
        transform_complain(b, NULL, "expected a condition, a text or a number");
    } else if (!fits) {
        transform_complain(
            b, NULL, "task %s does not go with its expression%s",
            transform_task_name((enum transform_task)asked),
            asked == TRANSFORM_BINARY ? ", expected a condition such as \"outcome == 'yes'\"" : "");
    } else if (type == EXPR_BOOL) {
        l->task = TRANSFORM_BINARY;
        l->classes = sl_arena_copy(b->a, no_yes, sizeof(no_yes));
        l->n_classes = 2;
    } else {
        l->task = asked >= 0            ? (enum transform_task)asked
                  : type == EXPR_STRING ? TRANSFORM_MULTICLASS
                                        : TRANSFORM_REGRESSION;
    }
}

void transform_build_label(struct transform_build *b, const struct transform_request *r)
{
    struct transform *t = b->t;
    b->path = SL_STR("label");
    b->line = 0;
    t->label.name = r->label_name;
    t->label.text = r->label_expr;
    t->label.expr = bind_expr(b, r->label_expr, &b->label);
    if (!t->label.expr)
        return;
    settle_task(b, r->label_task);
    if (r->label_classes.n && t->label.task == TRANSFORM_MULTICLASS) {
        t->label.classes = r->label_classes.p;
        t->label.n_classes = r->label_classes.n;
    } else if (r->label_classes.n) {
        transform_complain(b, NULL, "classes only go with task multiclass");
    }
    t->label.task_given = r->label_task >= 0;
    t->label.pending = true; /* that each class occurs is for the data to show */
}

void transform_build_weight(struct transform_build *b, const struct transform_request *r)
{
    struct transform *t = b->t;
    if (!r->weight_expr.n)
        return;
    b->path = SL_STR("weight");
    t->weight.name = r->weight_name;
    t->weight.text = r->weight_expr;
    t->weight.expr = bind_expr(b, r->weight_expr, &b->label);
    if (sl_str_eq(t->weight.name, t->label.name))
        transform_complain(b, NULL, "label and weight have one name");
    if (t->weight.expr && t->weight.expr->type != EXPR_INT && t->weight.expr->type != EXPR_DOUBLE)
        transform_complain(b, NULL, "expected a number");
}
