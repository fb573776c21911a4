/* Loops over lanes of numbers and booleans (expr_lane.h). */
#include "core/data/exact_math.h"
#include "core/data/expr_lane.h"

#include <math.h>

/* ---- validity ---------------------------------------------------------------------------------
 */

uint8_t *lane_new_bitmap(const struct evaluation *v, uint8_t fill)
{
    uint8_t *bits = sl_arena_alloc(v->scratch, (v->n + 7) / 8 + 1);
    memset(bits, fill, (v->n + 7) / 8 + 1);
    return bits;
}

/* Rows where both are there. */
static const uint8_t *both_valid(const struct evaluation *v, const struct lane *x,
                                 const struct lane *y)
{
    const uint8_t *p = x->is_constant ? NULL : x->valid, *q = y->is_constant ? NULL : y->valid;
    if (!p || !q)
        return p ? p : q;
    uint8_t *bits = lane_new_bitmap(v, 0);
    for (size_t i = 0; i < (v->n + 7) / 8; i++)
        bits[i] = p[i] & q[i];
    return bits;
}

static uint8_t *own_bitmap(const struct evaluation *v, const uint8_t *valid)
{
    uint8_t *bits = lane_new_bitmap(v, 0xff);
    if (valid)
        memcpy(bits, valid, (v->n + 7) / 8);
    return bits;
}

const uint8_t *lane_close_doubles(const struct evaluation *v, double *values, const uint8_t *valid)
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
            lane_clear_bit(bits, i);
        }
    return bits;
}

const uint8_t *lane_close_ints(const struct evaluation *v, int64_t *values, const uint8_t *valid)
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
            lane_clear_bit(bits, i);
        }
    return bits;
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
    return (struct lane){.type = EXPR_DOUBLE,
                         .f64 = out,
                         .valid = lane_close_doubles(v, out, both_valid(v, lx, ly))};
}

/* INT64_MIN is outside of the domain: lane_close_ints makes it missing. */
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
        .type = EXPR_INT, .i64 = out, .valid = lane_close_ints(v, out, both_valid(v, lx, ly))};
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
    uint8_t *valid = lane_new_bitmap(v, 0);
    const uint8_t decides = op == EXPR_OR;
    for (size_t i = 0; i < v->n; i++) {
        bool has_x = lane_is_valid(lx, i), has_y = lane_is_valid(ly, i);
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
    *ret = (struct lane){
        .type = EXPR_DOUBLE, .f64 = out, .valid = lane_close_doubles(v, out, from->valid)};
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
        out[i] = !lane_is_valid(x, i);
    return (struct lane){.type = EXPR_BOOL, .boolean = out};
}

/* ---- choices ----------------------------------------------------------------------------------
 */

#define SELECT(type_, member)                                                \
    do {                                                                     \
        type_ *out = sl_arena_alloc(v->scratch, (v->n + 1) * sizeof(type_)); \
        const type_ cx = x->constant.member, cy = y->constant.member;        \
        for (size_t i = 0; i < v->n; i++)                                    \
            out[i] = take[i] ? (x->is_constant ? cx : x->member[i])          \
                             : (y->is_constant ? cy : y->member[i]);         \
        to.member = out;                                                     \
    } while (0)

/* Rows of `x` where `take` is set, of `y` elsewhere. */
static struct lane select_rows(const struct evaluation *v, const uint8_t *take,
                               const struct lane *x, const struct lane *y)
{
    struct lane to = {.type = x->type};
    if (x->type == EXPR_DOUBLE)
        SELECT(double, f64);
    else if (x->type == EXPR_BOOL)
        SELECT(uint8_t, boolean);
    else
        SELECT(int64_t, i64);
    bool all_x = x->is_constant ? x->constant.type != EXPR_NULL : !x->valid;
    bool all_y = y->is_constant ? y->constant.type != EXPR_NULL : !y->valid;
    if (all_x && all_y)
        return to;
    uint8_t *bits = lane_new_bitmap(v, 0xff);
    for (size_t i = 0; i < v->n; i++)
        if (!lane_is_valid(take[i] ? x : y, i))
            lane_clear_bit(bits, i);
    to.valid = bits;
    return to;
}

static bool is_selectable(const struct lane *x)
{
    return x->type == EXPR_INT || x->type == EXPR_DOUBLE || x->type == EXPR_TIMESTAMP ||
           x->type == EXPR_BOOL;
}

/* test ? x : y; a missing test takes y. */
static struct lane choose(const struct evaluation *v, const struct lane *test, const struct lane *x,
                          const struct lane *y)
{
    uint8_t *take = sl_arena_alloc(v->scratch, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        take[i] = lane_is_valid(test, i) &&
                  (test->is_constant ? test->constant.boolean : test->boolean[i]);
    return select_rows(v, take, x, y);
}

/* x where it is there, else y. */
static struct lane first_of(const struct evaluation *v, const struct lane *x, const struct lane *y)
{
    uint8_t *take = sl_arena_alloc(v->scratch, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        take[i] = lane_is_valid(x, i);
    return select_rows(v, take, x, y);
}

/* x in [...] for numbers: the items are few, and literals of x's type. */
static struct lane is_in(const struct evaluation *v, const struct expr *items, const struct lane *x)
{
    uint8_t *out = sl_arena_zero(v->scratch, v->n + 1, 1);
    for (size_t k = 0; k < items->n_args; k++) {
        const struct expr_value item = items->args[k]->value;
        if (x->type == EXPR_DOUBLE)
            for (size_t i = 0; i < v->n; i++)
                out[i] |= x->f64[i] == item.f64;
        else
            for (size_t i = 0; i < v->n; i++)
                out[i] |= x->i64[i] == item.i64;
    }
    return (struct lane){.type = EXPR_BOOL, .boolean = out, .valid = x->valid};
}

/* ---- which node has one ---------------------------------------------------------------------- */

static bool is_plain(const struct lane *x) /* a type with loops of its own */
{
    return x->type == EXPR_INT || x->type == EXPR_DOUBLE || x->type == EXPR_TIMESTAMP;
}

static bool call_by_loop(const struct evaluation *v, const struct expr *e, const struct lane *x,
                         struct lane *ret)
{
    enum expr_function_id id = e->function->id;
    if (id == EXPR_F_IS_NULL) {
        *ret = null_mask(v, x);
        return true;
    }
    if (id == EXPR_F_IF && is_selectable(&x[1])) {
        *ret = choose(v, &x[0], &x[1], &x[2]);
        return true;
    }
    if (id == EXPR_F_COALESCE && e->n_args == 2 && is_selectable(x)) {
        *ret = first_of(v, &x[0], &x[1]);
        return true;
    }
    if (id == EXPR_F_DOUBLE && x->type == EXPR_INT) {
        *ret = ints_to_doubles(v, x);
        return true;
    }
    return e->n_args == 1 && x->type == EXPR_DOUBLE && call_on_doubles(v, id, x, ret);
}

bool lane_apply_by_loop(const struct evaluation *v, const struct expr *e, const struct lane *x,
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
    case EXPR_CONDITION:
        if (!is_selectable(&x[1]))
            return false;
        *ret = choose(v, &x[0], &x[1], &x[2]);
        return true;
    case EXPR_IN:
        if (!is_plain(&x[0]))
            return false;
        *ret = is_in(v, e->args[1], &x[0]);
        return true;
    case EXPR_CALL:
        return call_by_loop(v, e, x, ret);
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
