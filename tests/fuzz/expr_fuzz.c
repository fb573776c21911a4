/* Expressions from anywhere: no crash; text of a tree parses to the same tree; a bound tree gives
 * the same over a table as on single values. */
#include "base/assert.h"
#include "core/data/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t valid[] = {0x0d};
static const int64_t ints[] = {3, 0, -7, ((int64_t)1 << 53) - 1};
static const double doubles[] = {0.5, 0, -1e300, 12};
static const uint8_t bools[] = {1, 0, 0, 1};
static const int64_t times[] = {1700000000000000, 0, INT64_MIN, INT64_MAX};
static const uint32_t codes[] = {0, 0, 1, 2};
static const struct sl_str dict[] = {{"ab", 2}, {"2020-01-02", 10}, {"\xc3\xa4 1", 4}};
static const struct column columns[] = {
    {{"i", 1}, COLUMN_INT64, 4, valid, {.i64 = ints}, NULL, 0},
    {{"d", 1}, COLUMN_DOUBLE, 4, valid, {.f64 = doubles}, NULL, 0},
    {{"b", 1}, COLUMN_BOOL, 4, valid, {.boolean = bools}, NULL, 0},
    {{"t", 1}, COLUMN_TIMESTAMP, 4, valid, {.i64 = times}, NULL, 0},
    {{"s", 1}, COLUMN_STRING, 4, valid, {.codes = codes}, dict, 3},
};

static struct sl_str format(struct sl_arena *a, const struct expr *e)
{
    SL_AUTOBUF(b, 0);
    expr_format(e, &b);
    return sl_arena_str(a, sl_buf_str(&b));
}

static void check_text(struct sl_arena *a, const struct expr *e)
{
    struct expr *again;
    struct sl_str text = format(a, e);
    struct sl_err *bad = expr_parse(a, text, &again);
    sl_assert(bad == NULL);
    sl_assert(sl_str_eq(text, format(a, again)));
}

struct names {
    size_t row;
};

static bool look_up(void *ctx, struct sl_str name, struct expr_value *ret)
{
    const struct names *names = ctx;
    for (size_t i = 0; i < SL_COUNTOF(columns); i++) {
        const struct column *c = &columns[i];
        if (!sl_str_eq(c->name, name))
            continue;
        ret->type = EXPR_NULL;
        if (!column_is_valid(c, names->row))
            return true;
        switch (c->type) {
        case COLUMN_INT64:
            *ret = (struct expr_value){EXPR_INT, {.i64 = c->i64[names->row]}};
            break;
        case COLUMN_DOUBLE:
            *ret = (struct expr_value){EXPR_DOUBLE, {.f64 = c->f64[names->row]}};
            break;
        case COLUMN_BOOL:
            *ret = (struct expr_value){EXPR_BOOL, {.boolean = c->boolean[names->row]}};
            break;
        case COLUMN_TIMESTAMP:
            *ret = (struct expr_value){EXPR_TIMESTAMP, {.i64 = c->i64[names->row]}};
            break;
        default:
            *ret = (struct expr_value){EXPR_STRING, {.string = column_str(c, names->row)}};
        }
        return true;
    }
    return false;
}

static void check_row(const struct column *c, size_t row, struct expr_value v)
{
    bool there = column_is_valid(c, row);
    sl_assert(there == (v.type != EXPR_NULL));
    if (!there)
        return;
    sl_assert(c->type == expr_column_type(v.type));
    if (c->type == COLUMN_STRING)
        sl_assert(sl_str_eq(column_str(c, row), v.string));
    else if (c->type == COLUMN_BOOL)
        sl_assert(c->boolean[row] == v.boolean);
    else if (c->type == COLUMN_DOUBLE)
        sl_assert(c->f64[row] == v.f64);
    else
        sl_assert(c->i64[row] == v.i64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTOARENA(a);
    struct expr *e, *bound;
    struct column_spec specs[SL_COUNTOF(columns)];
    struct sl_err *err SL_AUTOERR = expr_parse(a, sl_strn((const char *)data, size), &e);
    if (err)
        return 0;
    check_text(a, e);
    for (size_t i = 0; i < SL_COUNTOF(columns); i++)
        specs[i] = (struct column_spec){columns[i].name, columns[i].type};
    struct sl_err *unfit SL_AUTOERR = expr_bind(a, e, specs, SL_COUNTOF(specs), &bound);
    if (unfit)
        return 0;
    struct table t = {(struct column *)(uintptr_t)columns, SL_COUNTOF(columns), 4};
    struct column result;
    struct sl_err *bad = expr_eval_table(a, bound, &t, &result);
    sl_assert(bad == NULL);
    for (size_t row = 0; row < 4; row++) {
        if (row == 1)
            continue; /* missing cells: on single values the types of columns are not known */
        struct names names = {row};
        struct expr_value v;
        bad = expr_eval(a, e, look_up, &names, &v);
        sl_assert(bad == NULL);
        check_row(&result, row, v);
    }
    return 0;
}
