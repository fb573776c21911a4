/* Arithmetic of core/data/exact_math.c and transform_math.c in ONNX nodes, step for step. */
#include "core/data/exact_math.h"
#include "core/learn/transform_math.h"
#include "core/learn/transform_onnx_impl.h"

#include <math.h>

enum { DAY_S = 86400, EPOCH_SHIFT = 719468, ERA_DAYS = 146097 };
#define DAY_US  INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)

static onnx_value op2(struct onnx *g, const char *op, onnx_value x, onnx_value y)
{
    return onnx_op(g, op, x, y, NULL);
}

static onnx_value add(struct onnx *g, onnx_value x, int64_t y)
{
    return op2(g, "Add", x, onnx_i64(g, y));
}

static onnx_value mul(struct onnx *g, onnx_value x, int64_t y)
{
    return op2(g, "Mul", x, onnx_i64(g, y));
}

/* Truncates: for numerators that are not negative. */
static onnx_value quotient(struct onnx *g, onnx_value x, int64_t y)
{
    return op2(g, "Div", x, onnx_i64(g, y));
}

/* The remainder has the sign of y: that of a division that rounds down. */
static onnx_value remainder_of(struct onnx *g, onnx_value x, int64_t y)
{
    return op2(g, "Mod", x, onnx_i64(g, y));
}

static onnx_value floor_divide(struct onnx *g, onnx_value x, int64_t y)
{
    return quotient(g, op2(g, "Sub", x, remainder_of(g, x, y)), y);
}

/* The constant as a value that only shows when the graph runs. */
static onnx_value hidden(struct onnx *g, onnx_value x, double c)
{
    onnx_value constant = onnx_f64(g, c);
    return transform_onnx_where(g, onnx_op(g, "IsNaN", x, NULL), constant, constant);
}

onnx_value transform_onnx_add(struct onnx *g, onnx_value x, double c)
{
    return c == 0 ? x : op2(g, "Add", x, (float)c == 0 ? hidden(g, x, c) : onnx_f64(g, c));
}

onnx_value transform_onnx_multiply(struct onnx *g, onnx_value x, double c)
{
    return c == 1 ? x : op2(g, "Mul", x, (float)c == 1 ? hidden(g, x, c) : onnx_f64(g, c));
}

onnx_value transform_onnx_divide(struct onnx *g, onnx_value x, double c)
{
    return c == 1 ? x : op2(g, "Div", x, (float)c == 1 ? hidden(g, x, c) : onnx_f64(g, c));
}

onnx_value transform_onnx_where(struct onnx *g, onnx_value condition, onnx_value x, onnx_value y)
{
    return onnx_op(g, "Where", condition, x, y, NULL);
}

onnx_value transform_onnx_fill(struct onnx *g, onnx_value x, double otherwise)
{
    return transform_onnx_where(g, onnx_op(g, "IsNaN", x, NULL), onnx_f64(g, otherwise), x);
}

onnx_value transform_onnx_empty(struct onnx *g, onnx_value text)
{
    /* Equal takes strings from version 19 on only. */
    onnx_value one;
    onnx_node(g, ONNX_ML, "LabelEncoder", &text, 1, &one, 1);
    onnx_attr_strings(g, "keys_strings", (struct sl_str[]){SL_STR("")}, 1);
    onnx_attr_ints(g, "values_int64s", (int64_t[]){1}, 1);
    onnx_attr_int(g, "default_int64", 0);
    return onnx_cast(g, one, ONNX_BOOL);
}

/* ---- logarithm --------------------------------------------------------------------------------*/

/* How many of the boundaries are <= x. Shapes: [N,1] -> int64 [N,1]. */
static onnx_value count_reached(struct onnx *g, onnx_value x, const double *boundaries, size_t n)
{
    onnx_value b = onnx_const_f64(g, boundaries, (int64_t[]){1, (int64_t)n}, 2);
    onnx_value reached = onnx_cast(g, op2(g, "GreaterOrEqual", x, b), ONNX_INT64);
    onnx_value sum = op2(g, "ReduceSum", reached, onnx_i64s(g, (int64_t[]){1}, 1));
    onnx_attr_int(g, "keepdims", 1);
    return sum;
}

static onnx_value look_up(struct onnx *g, const double *table, size_t n, onnx_value index)
{
    return op2(g, "Gather", onnx_const_f64(g, table, (int64_t[]){(int64_t)n}, 1), index);
}

onnx_value transform_onnx_ln(struct onnx *g, onnx_value x)
{
    const struct exact_ln_tables *t = exact_ln_tables();
    onnx_value k = count_reached(g, x, t->coarse, SL_COUNTOF(t->coarse));
    onnx_value scale = look_up(g, t->scale, SL_COUNTOF(t->scale), k);
    x = op2(g, "Mul", op2(g, "Mul", x, scale), scale);
    onnx_value j = count_reached(g, x, t->fine, SL_COUNTOF(t->fine));
    x = op2(g, "Mul", x, look_up(g, t->shrink, SL_COUNTOF(t->shrink), j));
    onnx_value e = op2(g, "Add", look_up(g, t->exponent, SL_COUNTOF(t->exponent), k),
                       onnx_cast(g, j, ONNX_DOUBLE));
    onnx_value high = op2(g, "GreaterOrEqual", x, onnx_f64(g, t->half_up));
    x = transform_onnx_where(g, high, op2(g, "Mul", x, onnx_f64(g, 0.5)), x);
    e = transform_onnx_where(g, high, op2(g, "Add", e, onnx_f64(g, 1)), e);

    onnx_value one = onnx_f64(g, 1);
    onnx_value f = op2(g, "Div", op2(g, "Sub", x, one), op2(g, "Add", x, one));
    onnx_value z = op2(g, "Mul", f, f);
    onnx_value p = onnx_f64(g, t->series[0]);
    for (size_t i = 1; i < EXACT_LN_SERIES; i++)
        p = op2(g, "Add", op2(g, "Mul", p, z), onnx_f64(g, t->series[i]));
    onnx_value tail =
        op2(g, "Mul", op2(g, "Add", f, f), op2(g, "Add", op2(g, "Mul", p, z), onnx_f64(g, 1)));
    tail = op2(g, "Add", tail, op2(g, "Mul", e, onnx_f64(g, t->low)));
    return op2(g, "Add", op2(g, "Mul", e, onnx_f64(g, t->high)), tail);
}

/* ---- exponential ------------------------------------------------------------------------------*/

/* Powers of two for exponents within [-EXPONENTS, EXPONENTS]. */
enum { EXPONENTS = 800 };

static onnx_value power_of_two(struct onnx *g, onnx_value exponent, onnx_value table)
{
    return op2(g, "Gather", table, add(g, exponent, EXPONENTS));
}

onnx_value transform_onnx_exp(struct onnx *g, onnx_value x)
{
    const struct exact_exp_tables *t = exact_exp_tables();
    const struct exact_ln_tables *ln = exact_ln_tables();
    double *powers = SL_ARENA_ARRAY(onnx_arena(g), double, 2 * EXPONENTS + 1);
    for (int i = -EXPONENTS; i <= EXPONENTS; i++)
        powers[i + EXPONENTS] = ldexp(1, i);
    onnx_value table = onnx_const_f64(g, powers, (int64_t[]){2 * EXPONENTS + 1}, 1);

    onnx_value least = onnx_f64(g, -t->bound), most = onnx_f64(g, t->bound);
    x = transform_onnx_where(g, op2(g, "Less", x, least), least, x);
    x = transform_onnx_where(g, op2(g, "Greater", x, most), most, x);
    onnx_value k = onnx_op(g, "Round", op2(g, "Mul", x, onnx_f64(g, t->inverse)), NULL);
    onnx_value r = op2(g, "Sub", x, op2(g, "Mul", k, onnx_f64(g, ln->high)));
    r = op2(g, "Sub", r, op2(g, "Mul", k, onnx_f64(g, ln->low)));
    onnx_value p = onnx_f64(g, t->series[0]);
    for (size_t i = 1; i < EXACT_EXP_SERIES; i++)
        p = op2(g, "Add", op2(g, "Mul", p, r), onnx_f64(g, t->series[i]));
    /* NaN takes any power and stays NaN by p. */
    onnx_value whole = onnx_cast(g, transform_onnx_fill(g, k, 0), ONNX_INT64);
    onnx_value half = floor_divide(g, whole, 2);
    p = op2(g, "Mul", p, power_of_two(g, half, table));
    return op2(g, "Mul", p, power_of_two(g, op2(g, "Sub", whole, half), table));
}

/* ---- dates ------------------------------------------------------------------------------------*/

struct date {
    onnx_value days, us_of_day;      /* int64; since 1970, since midnight */
    onnx_value year, month, day;     /* of the calendar */
    onnx_value march_day, after_feb; /* day of a year that starts in March; bool: month > 2 */
};

/* The civil date of a day number in eras of 400 years (Howard Hinnant's algorithm). */
static void find_date(struct onnx *g, struct date *d)
{
    onnx_value z = add(g, d->days, EPOCH_SHIFT);
    onnx_value doe = remainder_of(g, z, ERA_DAYS);
    onnx_value era = quotient(g, op2(g, "Sub", z, doe), ERA_DAYS);
    onnx_value leap = op2(g, "Sub", quotient(g, doe, 36524), quotient(g, doe, 1460));
    leap = op2(g, "Sub", leap, quotient(g, doe, 146096));
    onnx_value yoe = quotient(g, op2(g, "Add", doe, leap), 365);
    onnx_value before =
        op2(g, "Sub", op2(g, "Add", mul(g, yoe, 365), quotient(g, yoe, 4)), quotient(g, yoe, 100));
    d->march_day = op2(g, "Sub", doe, before);
    onnx_value mp = quotient(g, add(g, mul(g, d->march_day, 5), 2), 153);
    d->day = add(g, op2(g, "Sub", d->march_day, quotient(g, add(g, mul(g, mp, 153), 2), 5)), 1);
    d->after_feb = op2(g, "Less", mp, onnx_i64(g, 10));
    d->month = transform_onnx_where(g, d->after_feb, add(g, mp, 3), add(g, mp, -9));
    onnx_value year = op2(g, "Add", yoe, mul(g, era, 400));
    d->year = transform_onnx_where(g, d->after_feb, year, add(g, year, 1));
}

/* From 1: a day after February is 60 days further than its day from March, 61 in leap years. */
static onnx_value yearday(struct onnx *g, const struct date *d)
{
    onnx_value zero = onnx_i64(g, 0);
    onnx_value by4 = op2(g, "Equal", remainder_of(g, d->year, 4), zero);
    onnx_value by100 = op2(g, "Equal", remainder_of(g, d->year, 100), zero);
    onnx_value by400 = op2(g, "Equal", remainder_of(g, d->year, 400), zero);
    onnx_value common = op2(g, "And", by100, onnx_op(g, "Not", by400, NULL));
    onnx_value leap = op2(g, "And", by4, onnx_op(g, "Not", common, NULL));
    onnx_value late = op2(g, "Add", add(g, d->march_day, 60), onnx_cast(g, leap, ONNX_INT64));
    return transform_onnx_where(g, d->after_feb, late, add(g, d->march_day, -305));
}

static onnx_value part_of(struct onnx *g, struct date *d, enum transform_part part)
{
    switch (part) {
    case TRANSFORM_WEEKDAY: /* 1970-01-01 was a Thursday */
        return remainder_of(g, add(g, d->days, 4), 7);
    case TRANSFORM_HOUR:
        return quotient(g, d->us_of_day, HOUR_US);
    case TRANSFORM_MINUTE:
        return remainder_of(g, quotient(g, d->us_of_day, HOUR_US / 60), 60);
    case TRANSFORM_SECOND:
        return remainder_of(g, quotient(g, d->us_of_day, HOUR_US / 3600), 60);
    case TRANSFORM_DAYS:
        return d->days;
    default:
        break;
    }
    find_date(g, d);
    switch (part) {
    case TRANSFORM_YEAR:
        return d->year;
    case TRANSFORM_QUARTER:
        return quotient(g, add(g, d->month, 2), 3);
    case TRANSFORM_MONTH:
        return d->month;
    case TRANSFORM_DAY:
        return d->day;
    default:
        return yearday(g, d);
    }
}

onnx_value transform_onnx_part(struct onnx *g, onnx_value time_us, enum transform_part part)
{
    onnx_value missing = onnx_op(g, "IsNaN", time_us, NULL);
    onnx_value us =
        onnx_cast(g, transform_onnx_where(g, missing, onnx_f64(g, 0), time_us), ONNX_INT64);
    struct date d = {.us_of_day = remainder_of(g, us, DAY_US)};
    d.days = floor_divide(g, us, DAY_US);
    onnx_value x = onnx_cast(g, part_of(g, &d, part), ONNX_DOUBLE);
    return transform_onnx_where(g, missing, onnx_f64(g, NAN), x);
}
