/* Random expressions over random tables against a brute-force oracle: an interpreter of its own,
 * row by row, in __int128 and by the words of expr.h. */
#include "tests/support/test.h"

#include "base/rng.h"
#include "core/data/exact_math.h"
#include "core/data/expr_functions.h"

#include <math.h>

enum { ROWS = 37, ROUNDS = 4000 };

/* ---- random tables and expressions ------------------------------------------------------------
 */

static const struct column_spec specs[] = {
    {{"i", 1}, COLUMN_INT64},     {{"j", 1}, COLUMN_INT64},     {{"d", 1}, COLUMN_DOUBLE},
    {{"f", 1}, COLUMN_FLOAT},     {{"b", 1}, COLUMN_BOOL},      {{"c", 1}, COLUMN_BOOL},
    {{"t", 1}, COLUMN_TIMESTAMP}, {{"u", 1}, COLUMN_TIMESTAMP}, {{"s", 1}, COLUMN_STRING},
    {{"r", 1}, COLUMN_STRING},
};

static int64_t random_int(struct sl_rng *r)
{
    static const int64_t odd[] = {0,
                                  1,
                                  -1,
                                  7,
                                  INT64_MAX,
                                  INT64_MIN,
                                  1LL << 53,
                                  (1LL << 53) - 1,
                                  -(1LL << 53) + 1,
                                  1LL << 52,
                                  94906267};
    return sl_rng_below(r, 3) ? (int64_t)sl_rng_below(r, 21) - 10
                              : odd[sl_rng_below(r, SL_COUNTOF(odd))];
}

static double random_double(struct sl_rng *r)
{
    static const double odd[] = {0.0, -0.0, 0.5, 1.5, -2.5, 1e308, -1e-308, 1e16, NAN, INFINITY};
    return sl_rng_below(r, 3) ? (double)((int64_t)sl_rng_below(r, 41) - 20) / 4
                              : odd[sl_rng_below(r, SL_COUNTOF(odd))];
}

static const char *const words[] = {
    "a", "B", "ab", " x ", "12", "2020-01-02", "true", "\xc3\xa4\xe2\x82\xac", "abab"};

static struct column random_column(struct sl_arena *a, struct sl_rng *r, struct column_spec spec)
{
    struct column c = {.name = spec.name, .type = spec.type, .n = ROWS};
    int64_t *i64 = SL_ARENA_ARRAY(a, int64_t, ROWS);
    double *f64 = SL_ARENA_ARRAY(a, double, ROWS);
    float *f32 = SL_ARENA_ARRAY(a, float, ROWS);
    uint8_t *boolean = SL_ARENA_ARRAY(a, uint8_t, ROWS);
    uint32_t *codes = SL_ARENA_ARRAY(a, uint32_t, ROWS);
    uint8_t *valid = SL_ARENA_ARRAY(a, uint8_t, ROWS / 8 + 1);
    struct sl_str *dict = SL_ARENA_ARRAY(a, struct sl_str, SL_COUNTOF(words));
    for (size_t i = 0; i < SL_COUNTOF(words); i++)
        dict[i] = sl_str(words[i]);
    bool holes = sl_rng_below(r, 4) != 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (holes && sl_rng_below(r, 4) == 0)
            continue;
        valid[i >> 3] |= (uint8_t)(1u << (i & 7));
        i64[i] = random_int(r);
        f64[i] = random_double(r);
        f32[i] = (float)random_double(r);
        boolean[i] = (uint8_t)sl_rng_below(r, 2);
        codes[i] = (uint32_t)sl_rng_below(r, SL_COUNTOF(words));
    }
    if (spec.type == COLUMN_TIMESTAMP)
        for (size_t i = 0; i < ROWS; i++)
            i64[i] *= i64[i] > -1000 && i64[i] < 1000 ? 7777777777777 : 1;
    c.valid = holes ? valid : NULL;
    c.dict = dict;
    c.dict_n = SL_COUNTOF(words);
    switch (spec.type) {
    case COLUMN_DOUBLE:
        c.f64 = f64;
        break;
    case COLUMN_FLOAT:
        c.f32 = f32;
        break;
    case COLUMN_BOOL:
        c.boolean = boolean;
        break;
    case COLUMN_STRING:
        c.codes = codes;
        break;
    default:
        c.i64 = i64;
    }
    return c;
}

static void add_expr(struct sl_rng *r, struct sl_buf *b, char type, int depth);

/* A template: small letters in braces are operands of that type. */
static void add_template(struct sl_rng *r, struct sl_buf *b, const char *text, int depth)
{
    for (; *text; text++) {
        if (text[0] == '{') {
            add_expr(r, b, text[1], depth - 1);
            text += 2;
        } else {
            sl_buf_add_char(b, *text);
        }
    }
}

static void add_expr(struct sl_rng *r, struct sl_buf *b, char type, int depth)
{
    static const char *const ints[] = {"({i} + {i})",
                                       "({i} - {i})",
                                       "({i} * {i})",
                                       "({i} % {i})",
                                       "(-{i})",
                                       "abs({i})",
                                       "min({i}, {i}, {i})",
                                       "max({i}, {i})",
                                       "clip({i}, {i}, {i})",
                                       "({b} ? {i} : {i})",
                                       "coalesce({i}, {i})",
                                       "if({b}, {i}, null)",
                                       "int({d})",
                                       "int({s})",
                                       "int({b})",
                                       "length({s})",
                                       "year({t})",
                                       "month({t})",
                                       "day({t})",
                                       "hour({t})",
                                       "weekday({t})",
                                       "yearday({t})",
                                       "date_diff('hour', {t}, {t})",
                                       "round({i})"};
    static const char *const doubles[] = {
        "({d} + {d})",   "({d} - {i})", "({d} * {d})",        "({i} / {i})",
        "({d} % {d})",   "(-{d})",      "sqrt({d})",          "log({d})",
        "exp({d})",      "floor({d})",  "ceil({d})",          "round({d})",
        "pow({d}, {i})", "abs({d})",    "max({d}, {i})",      "({b} ? {d} : {i})",
        "double({i})",   "double({s})", "coalesce({d}, {i})", "log1p({d})"};
    static const char *const bools[] = {"({i} < {d})",
                                        "({d} <= {d})",
                                        "({i} == {i})",
                                        "({s} != {s})",
                                        "({s} < {s})",
                                        "({t} >= {t})",
                                        "({t} > '2000-01-01')",
                                        "({b} == {b})",
                                        "(!{b})",
                                        "({b} && {b})",
                                        "({b} || {b})",
                                        "({b} || {b})",
                                        "({i} in [1, 2, -3])",
                                        "({s} in ['a', 'ab'])",
                                        "({d} in [])",
                                        "is_null({s})",
                                        "is_null({d})",
                                        "contains({s}, 'b')",
                                        "starts_with({s}, {s})",
                                        "ends_with({s}, 'b')",
                                        "bool({d})",
                                        "bool({s})",
                                        "({b} ? {b} : {b})",
                                        "coalesce({b}, false)",
                                        "({i} > null)"};
    static const char *const strings[] = {
        "({s} + {s})",          "({s} + 'x')",    "concat({s}, '-', {s})",
        "lower({s})",           "upper({s})",     "trim({s})",
        "substr({s}, {i}, 2)",  "substr({s}, 1)", "replace({s}, 'a', '')",
        "({b} ? {s} : 'else')", "string({i})",    "string({b})",
        "coalesce({s}, 'none')"};
    static const char *const times[] = {"timestamp({s})", "timestamp({i})", "({b} ? {t} : {t})",
                                        "date_trunc('day', {t})", "date_trunc('year', {t})"};
    static const char *const int_leaves[] = {"i", "j", "3", "-2", "0", "9007199254740991"};
    static const char *const double_leaves[] = {"d", "f", "0.5", "-1.25"};
    static const char *const bool_leaves[] = {"b", "c", "true", "false"};
    static const char *const string_leaves[] = {"s", "r", "s", "'ab'"};
    static const char *const time_leaves[] = {"t", "u"};
#define PICK(list) add_template(r, b, (list)[sl_rng_below(r, SL_COUNTOF(list))], depth)
    if (depth <= 0) {
        type == 'i'   ? PICK(int_leaves)
        : type == 'd' ? PICK(double_leaves)
        : type == 'b' ? PICK(bool_leaves)
        : type == 's' ? PICK(string_leaves)
                      : PICK(time_leaves);
    } else {
        type == 'i'   ? PICK(ints)
        : type == 'd' ? PICK(doubles)
        : type == 'b' ? PICK(bools)
        : type == 's' ? PICK(strings)
                      : PICK(times);
    }
}

/* ---- the oracle -------------------------------------------------------------------------------
 */

typedef struct expr_value val;
static const val none = {.type = EXPR_NULL};

static val of_int(__int128 x)
{
    __int128 limit = (__int128)1 << 53;
    return x > -limit && x < limit ? (val){.type = EXPR_INT, .i64 = (int64_t)x} : none;
}

static val of_double(double x)
{
    return isfinite(x) ? (val){.type = EXPR_DOUBLE, .f64 = x} : none;
}

static val of_bool(bool x)
{
    return (val){.type = EXPR_BOOL, .boolean = x};
}

static val of_text(struct sl_arena *a, struct sl_str s)
{
    return s.n ? (val){.type = EXPR_STRING, .string = sl_arena_str(a, s)} : none;
}

static val cell(const struct table *t, int index, size_t row)
{
    const struct column *c = &t->columns[index];
    if (c->valid && !(c->valid[row / 8] & (1 << row % 8)))
        return none;
    switch (c->type) {
    case COLUMN_INT64:
        return of_int(c->i64[row]);
    case COLUMN_DOUBLE:
        return of_double(c->f64[row]);
    case COLUMN_FLOAT:
        return of_double((double)c->f32[row]);
    case COLUMN_BOOL:
        return of_bool(c->boolean[row]);
    case COLUMN_TIMESTAMP:
        return (val){.type = EXPR_TIMESTAMP, .i64 = c->i64[row]};
    default:
        return (val){.type = EXPR_STRING, .string = c->dict[c->codes[row]]};
    }
}

static int order(val x, val y)
{
    if (x.type == EXPR_DOUBLE)
        return x.f64 < y.f64 ? -1 : x.f64 > y.f64;
    if (x.type == EXPR_STRING) {
        int c = memcmp(x.string.p, y.string.p, x.string.n < y.string.n ? x.string.n : y.string.n);
        return c ? c : x.string.n < y.string.n ? -1 : x.string.n > y.string.n;
    }
    if (x.type == EXPR_BOOL)
        return x.boolean - y.boolean;
    return x.i64 < y.i64 ? -1 : x.i64 > y.i64;
}

static val arithmetic(struct sl_arena *a, enum expr_op op, val x, val y)
{
    if (x.type == EXPR_STRING)
        return of_text(a, sl_arena_format(a, "%.*s%.*s", SL_FMT(x.string), SL_FMT(y.string)));
    if (x.type == EXPR_INT) {
        __int128 p = x.i64, q = y.i64;
        return op == EXPR_ADD        ? of_int(p + q)
               : op == EXPR_SUBTRACT ? of_int(p - q)
               : op == EXPR_MULTIPLY ? of_int(p * q)
               : q == 0              ? none
                                     : of_int(p % q);
    }
    double p = x.f64, q = y.f64;
    return op == EXPR_ADD        ? of_double(p + q)
           : op == EXPR_SUBTRACT ? of_double(p - q)
           : op == EXPR_MULTIPLY ? of_double(p * q)
           : op == EXPR_DIVIDE   ? of_double(p / q)
                                 : of_double(fmod(p, q));
}

static val run(struct sl_arena *a, const struct expr *e, const struct table *t, size_t row);

/* The functions of a few words; the others are those of expr_functions.c, whose values
 * expr_test.c checks by hand. What is tested here is that rows, missing ones and dictionaries get
 * to them unharmed. */
static val run_call(struct sl_arena *a, const struct expr *e, const val *x)
{
    switch (e->function->id) {
    case EXPR_F_IS_NULL:
        return of_bool(x[0].type == EXPR_NULL);
    case EXPR_F_COALESCE:
        return x[0].type != EXPR_NULL ? x[0] : x[1];
    case EXPR_F_IF:
        return x[0].type == EXPR_BOOL && x[0].boolean ? x[1] : x[2];
    default:
        break;
    }
    bool takes_null = e->function->id == EXPR_F_CONCAT || e->function->id == EXPR_F_REPLACE;
    for (size_t i = 0; i < e->n_args; i++)
        if (x[i].type == EXPR_NULL && !takes_null)
            return none;
    switch (e->function->id) {
    case EXPR_F_SQRT:
        return of_double(sqrt(x[0].f64));
    case EXPR_F_LOG:
        return of_double(exact_ln(x[0].f64)); /* itself held against libm, within 3 ulp */
    case EXPR_F_EXP:
        return of_double(exact_exp(x[0].f64));
    case EXPR_F_DOUBLE:
        if (x[0].type == EXPR_INT)
            return of_double((double)x[0].i64);
        break;
    case EXPR_F_CONTAINS:
        return of_bool(memmem(x[0].string.p, x[0].string.n, x[1].string.p, x[1].string.n) != NULL);
    default:
        break;
    }
    return e->function->call(a, x, e->n_args);
}

static val run_logic(enum expr_op op, val x, val y)
{
    /* 0 false, 1 unknown, 2 true: && is the least, || the greatest (Kleene) */
    int p = x.type == EXPR_NULL ? 1 : x.boolean ? 2 : 0;
    int q = y.type == EXPR_NULL ? 1 : y.boolean ? 2 : 0;
    int z = op == EXPR_AND ? (p < q ? p : q) : (p > q ? p : q);
    return z == 1 ? none : of_bool(z == 2);
}

static val run_in(const struct expr *items, val x)
{
    for (size_t i = 0; i < items->n_args; i++)
        if (order(x, items->args[i]->value) == 0)
            return of_bool(true);
    return of_bool(false);
}

static val run(struct sl_arena *a, const struct expr *e, const struct table *t, size_t row)
{
    val x[3] = {none, none, none};
    if (e->op == EXPR_NAME)
        return cell(t, e->index, row);
    if (e->op == EXPR_LITERAL)
        return e->value;
    for (size_t i = 0; i < e->n_args; i++)
        if (e->args[i]->op != EXPR_ITEMS)
            x[i] = run(a, e->args[i], t, row);
    switch (e->op) {
    case EXPR_CALL:
        return run_call(a, e, x);
    case EXPR_AND:
    case EXPR_OR:
        return run_logic(e->op, x[0], x[1]);
    case EXPR_CONDITION:
        return x[0].type == EXPR_BOOL && x[0].boolean ? x[1] : x[2];
    default:
        break;
    }
    if (x[0].type == EXPR_NULL || (e->n_args > 1 && e->op != EXPR_IN && x[1].type == EXPR_NULL))
        return none;
    switch (e->op) {
    case EXPR_NOT:
        return of_bool(!x[0].boolean);
    case EXPR_NEGATE:
        return x[0].type == EXPR_INT ? of_int(-(__int128)x[0].i64) : of_double(-x[0].f64);
    case EXPR_IN:
        return run_in(e->args[1], x[0]);
    case EXPR_LESS:
        return of_bool(order(x[0], x[1]) < 0);
    case EXPR_LESS_EQUAL:
        return of_bool(order(x[0], x[1]) <= 0);
    case EXPR_GREATER:
        return of_bool(order(x[0], x[1]) > 0);
    case EXPR_GREATER_EQUAL:
        return of_bool(order(x[0], x[1]) >= 0);
    case EXPR_EQUAL:
        return of_bool(order(x[0], x[1]) == 0);
    case EXPR_NOT_EQUAL:
        return of_bool(order(x[0], x[1]) != 0);
    default:
        return arithmetic(a, e->op, x[0], x[1]);
    }
}

/* ---- the property -----------------------------------------------------------------------------
 */

static bool same(const struct column *c, size_t row, val want)
{
    bool there = column_is_valid(c, row);
    if (want.type == EXPR_NULL || !there)
        return want.type == EXPR_NULL && !there;
    switch (c->type) {
    case COLUMN_BOOL:
        return c->boolean[row] == want.boolean;
    case COLUMN_DOUBLE:
        return c->f64[row] == want.f64;
    case COLUMN_STRING:
        return sl_str_eq(column_str(c, row), want.string);
    default:
        return c->i64[row] == want.i64;
    }
}

struct row_names {
    const struct table *t;
    size_t row;
};

static bool look_up(void *ctx, struct sl_str name, struct expr_value *ret)
{
    const struct row_names *r = ctx;
    for (size_t i = 0; i < r->t->n_columns; i++)
        if (sl_str_eq(r->t->columns[i].name, name)) {
            *ret = cell(r->t, (int)i, r->row);
            return true;
        }
    return false;
}

static void check_column(const struct column *c, enum expr_type type)
{
    assert_int_equal(c->n, ROWS);
    assert_int_equal(c->type, expr_column_type(type));
    for (size_t row = 0; row < ROWS; row++)
        if (!column_is_valid(c, row))
            assert_true(c->type == COLUMN_BOOL     ? c->boolean[row] == 0
                        : c->type == COLUMN_STRING ? c->codes[row] == 0
                                                   : c->i64[row] == 0);
    for (size_t i = 0; c->type == COLUMN_STRING && i < c->dict_n; i++)
        assert_true(c->dict[i].n > 0);
}

static void test_expr_eval_table__equals_the_oracle(void **state SL_UNUSED)
{
    struct sl_rng r;
    sl_rng_init(&r, 20261122);
    for (int round = 0; round < ROUNDS; round++) {
        SL_AUTOARENA(a);
        SL_AUTOBUF(text, 0);
        struct column columns[SL_COUNTOF(specs)], result;
        for (size_t i = 0; i < SL_COUNTOF(specs); i++)
            columns[i] = random_column(a, &r, specs[i]);
        struct table t = {columns, SL_COUNTOF(specs), ROWS};
        struct expr *e, *bound;
        add_expr(&r, &text, "idbst"[sl_rng_below(&r, 5)], (int)sl_rng_below(&r, 4));
        assert_ok(expr_parse(a, sl_buf_str(&text), &e));
        assert_ok(expr_bind(a, e, specs, SL_COUNTOF(specs), &bound));
        assert_ok(expr_eval_table(a, bound, &t, &result));
        check_column(&result, bound->type);
        for (size_t row = 0; row < ROWS; row++)
            if (!same(&result, row, run(a, bound, &t, row)))
                fail_msg("round %d: %s: row %zu differs", round, text.p, row);
    }
}

/* The same expression on single values, unbound, gives the same; types are those of the values, so
 * that only expressions that read no missing cell are held to it. */
static void test_expr_eval__equals_the_table(void **state SL_UNUSED)
{
    struct sl_rng r;
    sl_rng_init(&r, 7);
    for (int round = 0; round < ROUNDS / 4; round++) {
        SL_AUTOARENA(a);
        SL_AUTOBUF(text, 0);
        struct column columns[SL_COUNTOF(specs)], result;
        for (size_t i = 0; i < SL_COUNTOF(specs); i++)
            columns[i] = random_column(a, &r, specs[i]);
        struct table t = {columns, SL_COUNTOF(specs), ROWS};
        struct expr *e, *bound;
        add_expr(&r, &text, "idbst"[sl_rng_below(&r, 5)], 2);
        assert_ok(expr_parse(a, sl_buf_str(&text), &e));
        assert_ok(expr_bind(a, e, specs, SL_COUNTOF(specs), &bound));
        assert_ok(expr_eval_table(a, bound, &t, &result));
        for (size_t row = 0; row < ROWS; row++) {
            struct row_names names = {&t, row};
            struct expr_value v;
            bool whole = true;
            for (size_t i = 0; i < t.n_columns; i++)
                whole &= cell(&t, (int)i, row).type != EXPR_NULL;
            if (!whole)
                continue;
            assert_ok(expr_eval(a, e, look_up, &names, &v));
            if (!same(&result, row, v))
                fail_msg("round %d: %s: row %zu differs", round, text.p, row);
        }
    }
}

static void test_expr_eval_table__no_rows_and_no_columns(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    struct expr *e, *bound;
    struct column c;
    struct table empty = {NULL, 0, 0}, three = {NULL, 0, 3};
    assert_ok(expr_parse(a, SL_STR("1 + 2"), &e));
    assert_ok(expr_bind(a, e, NULL, 0, &bound));
    assert_ok(expr_eval_table(a, bound, &empty, &c));
    assert_int_equal(c.n, 0);
    assert_ok(expr_eval_table(a, bound, &three, &c));
    assert_int_equal(c.i64[2], 3);
    assert_null(c.valid);
    assert_ok(expr_parse(a, SL_STR("null"), &e));
    assert_ok(expr_bind(a, e, NULL, 0, &bound));
    assert_ok(expr_eval_table(a, bound, &three, &c));
    assert_int_equal(c.type, COLUMN_DOUBLE);
    assert_int_equal(column_valid_count(&c), 0);
    assert_ok(expr_parse(a, SL_STR("min(4, 3, 2, 1)"), &e));
    assert_ok(expr_bind(a, e, NULL, 0, &bound));
    assert_ok(expr_eval_table(a, bound, &three, &c));
    assert_int_equal(c.i64[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expr_eval_table__equals_the_oracle),
        cmocka_unit_test(test_expr_eval__equals_the_table),
        cmocka_unit_test(test_expr_eval_table__no_rows_and_no_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
