/* Bound trees over columns.
 *
 * Every node becomes a lane, all rows of its values. Numbers and booleans have loops of their own;
 * what reads one string column is computed once for each dictionary entry; anything else goes row
 * by row through expr_apply, which is what all of it means. What has no column in it stays one
 * constant.
 *
 * In a lane, a missing row holds some value of the type's domain, so that loops run over all rows
 * without looking at validity, and nothing in them can overflow. */
#include "core/data/exact_math.h"
#include "core/data/expr_impl.h"

#include <math.h>

struct lane {
    enum expr_type type;
    bool is_constant;
    struct expr_value constant;
    const uint8_t *valid; /* bitmap; NULL: all are */
    union {
        const int64_t *i64;
        const double *f64;
        const uint8_t *boolean;
        const uint32_t *codes;
    };
    const struct sl_str *dict;
    size_t dict_n;
};

struct evaluation {
    struct sl_arena *a;       /* strings of results */
    struct sl_arena *scratch; /* lanes */
    const struct table *t;
    size_t n; /* rows */
};

/* ---- validity ---------------------------------------------------------------------------------
 */

static bool is_valid(const struct lane *x, size_t row)
{
    if (x->is_constant)
        return x->constant.type != EXPR_NULL;
    return !x->valid || (x->valid[row >> 3] >> (row & 7) & 1);
}

static uint8_t *new_bitmap(const struct evaluation *v, uint8_t fill)
{
    uint8_t *bits = sl_arena_alloc(v->scratch, (v->n + 7) / 8 + 1);
    memset(bits, fill, (v->n + 7) / 8 + 1);
    return bits;
}

static void clear_bit(uint8_t *bits, size_t row)
{
    bits[row >> 3] &= (uint8_t) ~(1u << (row & 7));
}

/* Rows where both are there. */
static const uint8_t *both_valid(const struct evaluation *v, const struct lane *x,
                                 const struct lane *y)
{
    const uint8_t *p = x->is_constant ? NULL : x->valid, *q = y->is_constant ? NULL : y->valid;
    if (!p || !q)
        return p ? p : q;
    uint8_t *bits = new_bitmap(v, 0);
    for (size_t i = 0; i < (v->n + 7) / 8; i++)
        bits[i] = p[i] & q[i];
    return bits;
}

static uint8_t *own_bitmap(const struct evaluation *v, const uint8_t *valid)
{
    uint8_t *bits = new_bitmap(v, 0xff);
    if (valid)
        memcpy(bits, valid, (v->n + 7) / 8);
    return bits;
}

/* Makes rows that fell out of the domain missing. */
static const uint8_t *close_doubles(const struct evaluation *v, double *values,
                                    const uint8_t *valid)
{
    bool all = true;
    for (size_t i = 0; i < v->n; i++)
        all &= expr_double_fits(values[i]);
    if (all)
        return valid;
    uint8_t *bits = own_bitmap(v, valid);
    for (size_t i = 0; i < v->n; i++)
        if (!expr_double_fits(values[i])) {
            values[i] = 0;
            clear_bit(bits, i);
        }
    return bits;
}

static const uint8_t *close_ints(const struct evaluation *v, int64_t *values, const uint8_t *valid)
{
    bool all = true;
    for (size_t i = 0; i < v->n; i++)
        all &= expr_int_fits(values[i]);
    if (all)
        return valid;
    uint8_t *bits = own_bitmap(v, valid);
    for (size_t i = 0; i < v->n; i++)
        if (!expr_int_fits(values[i])) {
            values[i] = 0;
            clear_bit(bits, i);
        }
    return bits;
}

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
    x.valid = close_doubles(v, values, c->valid);
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
        x.valid = close_ints(v, values, c->valid);
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
    if (!is_valid(x, row))
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
    struct writer w = {.type = type, .valid = new_bitmap(v, 0xff)};
    size_t size = type == EXPR_BOOL ? 1 : type == EXPR_STRING ? 4 : 8;
    w.values = sl_arena_zero(v->scratch, v->n + 1, size);
    if (type == EXPR_STRING)
        w.dict = SL_ARENA_ARRAY(v->a, struct sl_str, dict_size);
    return w;
}

static void put(struct writer *w, size_t row, struct expr_value x)
{
    if (x.type == EXPR_NULL)
        clear_bit(w->valid, row);
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
        size_t entry = is_valid(&x[which], row) ? x[which].codes[row] : n;
        if (e->type != EXPR_STRING || results[entry].type == EXPR_NULL)
            put(&w, row, results[entry]);
        else
            ((uint32_t *)w.values)[row] = codes[entry];
    }
    w.dict_n = dict_n;
    return finish(&w);
}

/* ---- loops ------------------------------------------------------------------------------------
 * BODY sees `x` and `y`, one of which may be a constant. */
#define LOOP(type, member, BODY)                       \
    do {                                               \
        const type *px = lx->member, *py = ly->member; \
        if (lx->is_constant) {                         \
            const type x = lx->constant.member;        \
            for (size_t i = 0; i < v->n; i++) {        \
                const type y = py[i];                  \
                out[i] = (BODY);                       \
            }                                          \
        } else if (ly->is_constant) {                  \
            const type y = ly->constant.member;        \
            for (size_t i = 0; i < v->n; i++) {        \
                const type x = px[i];                  \
                out[i] = (BODY);                       \
            }                                          \
        } else {                                       \
            for (size_t i = 0; i < v->n; i++) {        \
                const type x = px[i], y = py[i];       \
                out[i] = (BODY);                       \
            }                                          \
        }                                              \
    } while (0)

static struct lane arithmetic_double(const struct evaluation *v, enum expr_op op,
                                     const struct lane *lx, const struct lane *ly)
{
    double *out = sl_arena_alloc(v->scratch, (v->n + 1) * sizeof(double));
    switch (op) {
    case EXPR_ADD:
        LOOP(double, f64, x + y);
        break;
    case EXPR_SUBTRACT:
        LOOP(double, f64, x - y);
        break;
    case EXPR_MULTIPLY:
        LOOP(double, f64, x *y);
        break;
    case EXPR_DIVIDE:
        LOOP(double, f64, x / y);
        break;
    default:
        LOOP(double, f64, fmod(x, y));
    }
    return (struct lane){
        .type = EXPR_DOUBLE, .f64 = out, .valid = close_doubles(v, out, both_valid(v, lx, ly))};
}

/* INT64_MIN is outside of the domain: close_ints makes it missing. */
static int64_t multiply(int64_t x, int64_t y)
{
    int64_t product;
    return __builtin_mul_overflow(x, y, &product) ? INT64_MIN : product;
}

static struct lane arithmetic_int(const struct evaluation *v, enum expr_op op,
                                  const struct lane *lx, const struct lane *ly)
{
    int64_t *out = sl_arena_alloc(v->scratch, (v->n + 1) * sizeof(int64_t));
    switch (op) {
    case EXPR_ADD:
        LOOP(int64_t, i64, x + y);
        break;
    case EXPR_SUBTRACT:
        LOOP(int64_t, i64, x - y);
        break;
    case EXPR_MULTIPLY:
        LOOP(int64_t, i64, multiply(x, y));
        break;
    default:
        LOOP(int64_t, i64, y ? x % y : INT64_MIN);
    }
    return (struct lane){
        .type = EXPR_INT, .i64 = out, .valid = close_ints(v, out, both_valid(v, lx, ly))};
}

#define COMPARE(type, member)       \
    switch (op) {                   \
    case EXPR_LESS:                 \
        LOOP(type, member, x < y);  \
        break;                      \
    case EXPR_LESS_EQUAL:           \
        LOOP(type, member, x <= y); \
        break;                      \
    case EXPR_GREATER:              \
        LOOP(type, member, x > y);  \
        break;                      \
    case EXPR_GREATER_EQUAL:        \
        LOOP(type, member, x >= y); \
        break;                      \
    case EXPR_EQUAL:                \
        LOOP(type, member, x == y); \
        break;                      \
    default:                        \
        LOOP(type, member, x != y); \
    }

static struct lane compare(const struct evaluation *v, enum expr_op op, const struct lane *lx,
                           const struct lane *ly)
{
    uint8_t *out = sl_arena_alloc(v->scratch, v->n + 1);
    if (lx->type == EXPR_DOUBLE)
        COMPARE(double, f64)
    else
        COMPARE(int64_t, i64)
    return (struct lane){.type = EXPR_BOOL, .boolean = out, .valid = both_valid(v, lx, ly)};
}

/* Three-valued && and ||: `decides` is the value of one side that settles it. */
static struct lane logic(const struct evaluation *v, enum expr_op op, const struct lane *lx,
                         const struct lane *ly)
{
    uint8_t *out = sl_arena_alloc(v->scratch, v->n + 1);
    uint8_t *valid = new_bitmap(v, 0);
    const uint8_t decides = op == EXPR_OR;
    for (size_t i = 0; i < v->n; i++) {
        bool has_x = is_valid(lx, i), has_y = is_valid(ly, i);
        uint8_t x = lx->is_constant ? lx->constant.boolean : lx->boolean[i];
        uint8_t y = ly->is_constant ? ly->constant.boolean : ly->boolean[i];
        bool settled = (has_x && x == decides) || (has_y && y == decides);
        out[i] = settled ? decides : !decides;
        valid[i >> 3] |= (uint8_t)((settled || (has_x && has_y)) << (i & 7));
    }
    return (struct lane){.type = EXPR_BOOL, .boolean = out, .valid = valid};
}

static struct lane negate(const struct evaluation *v, const struct lane *x)
{
    struct lane to = *x;
    if (x->type == EXPR_BOOL) {
        uint8_t *out = sl_arena_alloc(v->scratch, v->n + 1);
        for (size_t i = 0; i < v->n; i++)
            out[i] = !x->boolean[i];
        to.boolean = out;
    } else if (x->type == EXPR_INT) {
        int64_t *out = sl_arena_alloc(v->scratch, (v->n + 1) * sizeof(int64_t));
        for (size_t i = 0; i < v->n; i++)
            out[i] = -x->i64[i];
        to.i64 = out;
    } else {
        double *out = sl_arena_alloc(v->scratch, (v->n + 1) * sizeof(double));
        for (size_t i = 0; i < v->n; i++)
            out[i] = -x->f64[i];
        to.f64 = out;
    }
    return to;
}

#define EACH(BODY)                          \
    do {                                    \
        for (size_t i = 0; i < v->n; i++) { \
            const double x = from->f64[i];  \
            out[i] = (BODY);                \
        }                                   \
    } while (0)

/* The functions of one double; false for another. */
static bool call_on_doubles(const struct evaluation *v, enum expr_function_id id,
                            const struct lane *from, struct lane *ret)
{
    double *out = sl_arena_alloc(v->scratch, (v->n + 1) * sizeof(double));
    switch (id) {
    case EXPR_F_ABS:
        EACH(fabs(x));
        break;
    case EXPR_F_LOG:
        EACH(exact_ln(x));
        break;
    case EXPR_F_LOG1P:
        EACH(exact_ln(1.0 + x));
        break;
    case EXPR_F_EXP:
        EACH(exact_exp(x));
        break;
    case EXPR_F_SQRT:
        EACH(sqrt(x));
        break;
    case EXPR_F_FLOOR:
        EACH(floor(x));
        break;
    case EXPR_F_CEIL:
        EACH(ceil(x));
        break;
    case EXPR_F_ROUND:
        EACH(rint(x));
        break;
    default:
        return false;
    }
    *ret =
        (struct lane){.type = EXPR_DOUBLE, .f64 = out, .valid = close_doubles(v, out, from->valid)};
    return true;
}

static struct lane ints_to_doubles(const struct evaluation *v, const struct lane *x)
{
    double *out = sl_arena_alloc(v->scratch, (v->n + 1) * sizeof(double));
    for (size_t i = 0; i < v->n; i++)
        out[i] = (double)x->i64[i];
    return (struct lane){.type = EXPR_DOUBLE, .f64 = out, .valid = x->valid};
}

static struct lane null_mask(const struct evaluation *v, const struct lane *x)
{
    uint8_t *out = sl_arena_alloc(v->scratch, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        out[i] = !is_valid(x, i);
    return (struct lane){.type = EXPR_BOOL, .boolean = out};
}

/* ---- nodes ------------------------------------------------------------------------------------
 */

static bool is_plain(const struct lane *x) /* a type with loops of its own */
{
    return x->type == EXPR_INT || x->type == EXPR_DOUBLE || x->type == EXPR_TIMESTAMP;
}

/* A constant that is missing makes a strict node missing; loops need not know of it. */
static bool is_null_constant(const struct lane *x)
{
    return x->is_constant && x->constant.type == EXPR_NULL;
}

static bool call_by_loop(const struct evaluation *v, const struct expr *e, const struct lane *x,
                         struct lane *ret)
{
    enum expr_function_id id = e->function->id;
    if (id == EXPR_F_IS_NULL) {
        *ret = null_mask(v, x);
        return true;
    }
    if (id == EXPR_F_DOUBLE && x->type == EXPR_INT) {
        *ret = ints_to_doubles(v, x);
        return true;
    }
    return x->type == EXPR_DOUBLE && call_on_doubles(v, id, x, ret);
}

/* True when a loop of its own has done the node. At least one operand is no constant. */
static bool apply_by_loop(const struct evaluation *v, const struct expr *e, const struct lane *x,
                          struct lane *ret)
{
    switch (e->op) {
    case EXPR_NOT:
    case EXPR_NEGATE:
        *ret = negate(v, &x[0]);
        return true;
    case EXPR_AND:
    case EXPR_OR:
        *ret = logic(v, e->op, &x[0], &x[1]);
        return true;
    case EXPR_CALL:
        return e->n_args == 1 && call_by_loop(v, e, x, ret);
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_MODULO:
    case EXPR_ADD:
    case EXPR_SUBTRACT:
        if (x[0].type != EXPR_INT && x[0].type != EXPR_DOUBLE)
            return false;
        *ret = x[0].type == EXPR_INT ? arithmetic_int(v, e->op, &x[0], &x[1])
                                     : arithmetic_double(v, e->op, &x[0], &x[1]);
        return true;
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        if (!is_plain(&x[0]))
            return false;
        *ret = compare(v, e->op, &x[0], &x[1]);
        return true;
    default:
        return false;
    }
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
    if (varying && apply_by_loop(v, e, x, &result))
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
        if (is_valid(x, row)) {
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
