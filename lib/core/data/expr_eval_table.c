/* Bound trees over columns.
 *
 * Every node becomes a lane, all rows of its values. Numbers and booleans have loops of their own
 * (expr_loops.c); what reads one string column is computed once for each dictionary entry; anything
 * else goes row by row through expr_apply, which is what all of it means. What has no column in it
 * stays one constant. */
#include "core/data/expr_lane.h"

/* ---- columns and constants --------------------------------------------------------------------
 */

static struct lane constant_lane(enum expr_type type, struct expr_value value)
{
    return (struct lane){.type = type, .is_constant = true, .constant = value};
}

static struct lane load_doubles(const struct evaluation *v, const struct column *c)
{
    struct lane x = {.type = EXPR_DOUBLE, .valid = c->valid};
    double *values;
    if (c->type == COLUMN_FLOAT) {
        values = SL_ARENA_ARRAY(v->scratch, double, v->n);
        for (size_t i = 0; i < v->n; i++)
            values[i] = (double)c->f32[i];
    } else {
        bool all = true;
        for (size_t i = 0; i < v->n; i++)
            all &= expr_double_fits(c->f64[i]);
        if (all) {
            x.f64 = c->f64;
            return x;
        }
        values = sl_arena_copy(v->scratch, c->f64, v->n * sizeof(double));
    }
    x.valid = lane_close_doubles(v, values, c->valid);
    x.f64 = values;
    return x;
}

static struct lane load_ints(const struct evaluation *v, const struct column *c)
{
    struct lane x = {.type = EXPR_INT, .valid = c->valid, .i64 = c->i64};
    bool all = true;
    for (size_t i = 0; i < v->n; i++)
        all &= expr_int_fits(c->i64[i]);
    if (!all) {
        int64_t *values = sl_arena_copy(v->scratch, c->i64, v->n * sizeof(int64_t));
        x.valid = lane_close_ints(v, values, c->valid);
        x.i64 = values;
    }
    return x;
}

static struct lane load_column(const struct evaluation *v, const struct column *c)
{
    switch (c->type) {
    case COLUMN_INT64:
        return load_ints(v, c);
    case COLUMN_DOUBLE:
    case COLUMN_FLOAT:
        return load_doubles(v, c);
    case COLUMN_BOOL:
        return (struct lane){.type = EXPR_BOOL, .valid = c->valid, .boolean = c->boolean};
    case COLUMN_TIMESTAMP:
        return (struct lane){.type = EXPR_TIMESTAMP, .valid = c->valid, .i64 = c->i64};
    case COLUMN_STRING:
        break;
    }
    return (struct lane){.type = EXPR_STRING,
                         .valid = c->valid,
                         .codes = c->codes,
                         .dict = c->dict,
                         .dict_n = c->dict_n};
}

static struct expr_value value_at(const struct lane *x, size_t row)
{
    if (x->is_constant)
        return x->constant;
    if (!lane_is_valid(x, row))
        return expr_null();
    switch (x->type) {
    case EXPR_BOOL:
        return expr_bool(x->boolean[row]);
    case EXPR_DOUBLE:
        return (struct expr_value){.type = EXPR_DOUBLE, .f64 = x->f64[row]};
    case EXPR_STRING:
        return expr_string(x->dict[x->codes[row]]);
    default:
        return (struct expr_value){.type = x->type, .i64 = x->i64[row]};
    }
}

/* ---- results row by row -----------------------------------------------------------------------
 */

struct writer {
    enum expr_type type;
    uint8_t *valid;
    void *values;
    struct sl_str *dict;
    size_t dict_n;
};

static struct writer new_writer(const struct evaluation *v, enum expr_type type, size_t dict_size)
{
    struct writer w = {.type = type, .valid = lane_new_bitmap(v, 0xff)};
    size_t size = type == EXPR_BOOL ? 1 : type == EXPR_STRING ? 4 : 8;
    w.values = sl_arena_zero(v->scratch, v->n + 1, size);
    if (type == EXPR_STRING)
        w.dict = SL_ARENA_ARRAY(v->a, struct sl_str, dict_size);
    return w;
}

static void put(struct writer *w, size_t row, struct expr_value x)
{
    if (x.type == EXPR_NULL)
        lane_clear_bit(w->valid, row);
    else if (w->type == EXPR_BOOL)
        ((uint8_t *)w->values)[row] = x.boolean;
    else if (w->type == EXPR_DOUBLE)
        ((double *)w->values)[row] = x.f64;
    else if (w->type != EXPR_STRING)
        ((int64_t *)w->values)[row] = x.i64;
    else {
        w->dict[w->dict_n] = x.string;
        ((uint32_t *)w->values)[row] = (uint32_t)w->dict_n++;
    }
}

static struct lane finish(const struct writer *w)
{
    return (struct lane){
        .type = w->type, .valid = w->valid, .i64 = w->values, .dict = w->dict, .dict_n = w->dict_n};
}

static struct lane apply_by_row(const struct evaluation *v, const struct expr *e,
                                const struct lane *x)
{
    struct writer w = new_writer(v, e->type, v->n);
    struct expr_value *args = SL_ARENA_ARRAY(v->scratch, struct expr_value, e->n_args);
    for (size_t row = 0; row < v->n; row++) {
        for (size_t i = 0; i < e->n_args; i++)
            args[i] = value_at(&x[i], row);
        put(&w, row, expr_apply(v->a, e, args));
    }
    return finish(&w);
}

/* x[which] is the only operand that is not constant, and a string: one value for each entry of its
 * dictionary, and one for missing. */
static struct lane apply_by_entry(const struct evaluation *v, const struct expr *e,
                                  const struct lane *x, size_t which)
{
    size_t n = x[which].dict_n, dict_n = 0;
    struct expr_value *args = SL_ARENA_ARRAY(v->scratch, struct expr_value, e->n_args);
    struct expr_value *results = SL_ARENA_ARRAY(v->scratch, struct expr_value, n + 1);
    uint32_t *codes = SL_ARENA_ARRAY(v->scratch, uint32_t, n + 1);
    struct writer w = new_writer(v, e->type, n + 1);
    for (size_t i = 0; i < e->n_args; i++)
        args[i] = x[i].constant;
    for (size_t entry = 0; entry <= n; entry++) {
        args[which] = entry < n ? expr_string(x[which].dict[entry]) : expr_null();
        results[entry] = expr_apply(v->a, e, args);
        if (e->type == EXPR_STRING && results[entry].type == EXPR_STRING) {
            w.dict[dict_n] = results[entry].string;
            codes[entry] = (uint32_t)dict_n++;
        }
    }
    for (size_t row = 0; row < v->n; row++) {
        size_t entry = lane_is_valid(&x[which], row) ? x[which].codes[row] : n;
        if (e->type != EXPR_STRING || results[entry].type == EXPR_NULL)
            put(&w, row, results[entry]);
        else
            ((uint32_t *)w.values)[row] = codes[entry];
    }
    w.dict_n = dict_n;
    return finish(&w);
}

/* ---- nodes ------------------------------------------------------------------------------------
 */

/* A constant that is missing makes a strict node missing; loops need not know of it. */
static bool is_null_constant(const struct lane *x)
{
    return x->is_constant && x->constant.type == EXPR_NULL;
}

static bool is_strict(const struct expr *e)
{
    switch (e->op) {
    case EXPR_CALL:
        return e->function->strict;
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_CONDITION:
        return false;
    default:
        return true;
    }
}

static struct lane eval(const struct evaluation *v, const struct expr *e);

static struct lane eval_operator(const struct evaluation *v, const struct expr *e)
{
    size_t n = e->op == EXPR_IN ? 1 : e->n_args; /* the list is no operand with rows */
    struct lane *x = SL_ARENA_ARRAY(v->scratch, struct lane, e->n_args);
    size_t varying = 0, which = 0;
    bool missing = false;
    for (size_t i = 0; i < n; i++) {
        x[i] = eval(v, e->args[i]);
        missing |= is_null_constant(&x[i]);
        if (!x[i].is_constant) {
            varying++;
            which = i;
        }
    }
    if (n < e->n_args)
        x[1] = constant_lane(EXPR_LIST, expr_null());
    if (e->type == EXPR_NULL || (missing && is_strict(e)))
        return constant_lane(e->type, expr_null());
    struct expr_value args[3] = {x[0].constant, n > 1 ? x[1].constant : expr_null(),
                                 n > 2 ? x[2].constant : expr_null()};
    if (varying == 0 && n <= 3)
        return constant_lane(e->type, expr_apply(v->a, e, args));
    struct lane result;
    if (varying && lane_apply_by_loop(v, e, x, &result))
        return result;
    if (varying == 1 && x[which].type == EXPR_STRING && x[which].dict_n <= v->n)
        return apply_by_entry(v, e, x, which);
    return apply_by_row(v, e, x);
}

static struct lane eval(const struct evaluation *v, const struct expr *e)
{
    if (e->op == EXPR_LITERAL)
        return constant_lane(e->type, e->value);
    if (e->op != EXPR_NAME)
        return eval_operator(v, e);
    return load_column(v, &v->t->columns[e->index]);
}

/* ---- the result -------------------------------------------------------------------------------
 */

static struct lane spread(const struct evaluation *v, const struct lane *x)
{
    struct writer w = new_writer(v, x->type, 1);
    for (size_t row = 0; row < v->n; row++) {
        if (x->type == EXPR_STRING)
            w.dict_n = 0; /* one entry for all rows */
        put(&w, row, x->constant);
    }
    return finish(&w);
}

static size_t value_size(enum expr_type type)
{
    return type == EXPR_BOOL ? 1 : type == EXPR_STRING ? 4 : 8;
}

/* Copies into `a`; a missing row holds 0, and without one `valid` is NULL. */
static void to_column(const struct evaluation *v, const struct lane *x, struct column *ret)
{
    size_t size = value_size(x->type), missing = 0;
    char *values = sl_arena_zero(v->a, v->n, size);
    uint8_t *valid = sl_arena_zero(v->a, (v->n + 7) / 8, 1);
    if (v->n)
        memcpy(values, x->i64, v->n * size);
    for (size_t row = 0; row < v->n; row++) {
        if (lane_is_valid(x, row)) {
            valid[row >> 3] |= (uint8_t)(1u << (row & 7));
        } else {
            memset(values + row * size, 0, size);
            missing++;
        }
    }
    *ret = (struct column){
        .type = expr_column_type(x->type),
        .n = v->n,
        .valid = missing ? valid : NULL,
        .i64 = (const int64_t *)(const void *)values,
        .dict = x->dict,
        .dict_n = x->dict_n,
    };
}

struct sl_err *expr_eval_table(struct sl_arena *a, const struct expr *e, const struct table *t,
                               struct column *ret_column)
{
    SL_AUTOARENA(scratch);
    struct evaluation v = {a, scratch, t, t->n_rows};
    struct lane x = eval(&v, e);
    if (x.is_constant)
        x = spread(&v, &x);
    to_column(&v, &x, ret_column);
    return NULL;
}
