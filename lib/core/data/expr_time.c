/* The units of time of the expression language. */
#include "base/time.h"
#include "core/data/expr_impl.h"

static const struct {
    const char *name;
    int64_t us; /* 0: not of one length */
} units[] = {
    {"second", 1000000},    {"minute", 60000000}, {"hour", 3600000000}, {"day", 86400000000},
    {"week", 604800000000}, {"month", 0},         {"quarter", 0},       {"year", 0},
};

int64_t expr_unit_us(struct sl_str name)
{
    for (size_t i = 0; i < SL_COUNTOF(units); i++)
        if (sl_str_is(name, units[i].name))
            return units[i].us;
    return 0;
}

const char *expr_unit_fault(struct sl_arena *a, const struct expr_function *f, struct sl_str name)
{
    SL_AUTOBUF(all, 0);
    for (size_t i = 0; i < SL_COUNTOF(units); i++) {
        if (f->id == EXPR_F_DATE_DIFF && units[i].us == 0)
            continue;
        if (sl_str_is(name, units[i].name))
            return NULL;
        sl_buf_format(&all, "%s%s", all.n ? ", " : "", units[i].name);
    }
    return sl_arena_format(a, "'%.*s' is not one of: %s", SL_FMT(name), all.p).p;
}

struct expr_value expr_date_diff(struct sl_str unit, int64_t from_us, int64_t to_us)
{
    int64_t elapsed;
    if (__builtin_sub_overflow(to_us, from_us, &elapsed))
        return expr_null();
    return expr_int(elapsed / expr_unit_us(unit));
}

static struct expr_value at_midnight(int64_t year, int month, int day)
{
    int64_t us;
    if (__builtin_mul_overflow(sl_days_from_civil(year, month, day), (int64_t)86400000000, &us))
        return expr_null();
    return expr_timestamp(us);
}

static struct expr_value floor_to(int64_t us, int64_t unit, int64_t phase)
{
    int64_t rest = ((us - phase) % unit + unit) % unit, floored;
    return __builtin_sub_overflow(us, rest, &floored) ? expr_null() : expr_timestamp(floored);
}

struct expr_value expr_date_trunc(struct sl_str unit, int64_t us)
{
    struct sl_civil c = sl_civil_from_us(us);
    if (sl_str_is(unit, "year"))
        return at_midnight(c.year, 1, 1);
    if (sl_str_is(unit, "quarter"))
        return at_midnight(c.year, (c.month - 1) / 3 * 3 + 1, 1);
    if (sl_str_is(unit, "month"))
        return at_midnight(c.year, c.month, 1);
    /* Day 0 was a Thursday; weeks start on Monday (ISO 8601), three days before. */
    bool week = sl_str_is(unit, "week");
    if (us < INT64_MIN + 604800000000 || us > INT64_MAX - 604800000000)
        return expr_null();
    return floor_to(us, expr_unit_us(unit), week ? -3 * (int64_t)86400000000 : 0);
}
