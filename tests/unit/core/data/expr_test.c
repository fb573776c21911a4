#include "tests/support/test.h"

#include "base/limits.h"
#include "core/data/expr_functions.h"

#include <math.h>
#include <stdio.h>

/* ---- parsing and formatting -------------------------------------------------------------------
 */

/* Formats what `text` parses to. */
static struct sl_str normal(struct sl_arena *a, const char *text)
{
    struct expr *e;
    SL_AUTOBUF(b, 0);
    assert_ok(expr_parse(a, sl_str(text), &e));
    expr_format(e, &b);
    return sl_arena_str(a, sl_buf_str(&b));
}

static void test_expr_parse__precedence_and_fewest_parentheses(void **state SL_UNUSED)
{
    static const char *const cases[][2] = {
        {"1+2*3", "1 + 2 * 3"},
        {"(1+2)*3", "(1 + 2) * 3"},
        {"1-(2-3)", "1 - (2 - 3)"},
        {"(1-2)-3", "1 - 2 - 3"},
        {"a<b==c>d", "a < b == c > d"},
        {"a<(b==c)", "a < (b == c)"},
        {"a||b&&c", "a || b && c"},
        {"(a||b)&&c", "(a || b) && c"},
        {"!a&&b", "!a && b"},
        {"!(a&&b)", "!(a && b)"},
        {"-a*b", "-a * b"},
        {"-(a*b)", "-(a * b)"},
        {"- 5", "-5"},
        {"-(5)", "-(5)"},
        {"--5", "--5"},
        {"a - -5", "a - -5"},
        {"a?b:c?d:e", "a ? b : c ? d : e"},
        {"(a?b:c)?d:e", "(a ? b : c) ? d : e"},
        {"a?(b?c:d):e", "a ? b ? c : d : e"},
        {"(a?b:c)+1", "(a ? b : c) + 1"},
        {"a in [1,-2] && b", "a in [1, -2] && b"},
        {"(a == b) in [true]", "a == b in [true]"},
        {"a == (b in [true])", "a == (b in [true])"},
        {"x in []", "x in []"},
        {"1.0", "1.0"},
        {"1e3", "1000.0"},
        {".5", "0.5"},
        {"1e300", "1e+300"},
        {"\"it's\"", "'it\\'s'"},
        {"'a\\n\\u00e9\"'", "'a\\n\xc3\xa9\"'"},
        {"`odd name`", "`odd name`"},
        {"`in`", "`in`"},
        {"`a``b`", "`a``b`"},
        {"`plain`", "plain"},
        {"$( steps.train-dnn.outcome )=='failed'", "`steps.train-dnn.outcome` == 'failed'"},
        {"steps.a.outcome", "steps.a.outcome"},
        {"steps.`train-dnn`.outcome", "`steps.train-dnn.outcome`"},
        {"if(a, log(b), null)", "if(a, log(b), null)"},
        {"Gr\xc3\xb6\xc3\x9f"
         "e > 1",
         "Gr\xc3\xb6\xc3\x9f"
         "e > 1"},
        {"true != false", "true != false"},
        {"9007199254740991", "9007199254740991"},
    };
    SL_AUTOARENA(a);
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct sl_str once = normal(a, cases[i][0]);
        assert_str(once, cases[i][1]);
        assert_str(normal(a, once.p), cases[i][1]); /* the text parses to the same tree */
    }
}

static void test_expr_parse__errors_say_where(void **state SL_UNUSED)
{
    static const char *const cases[][2] = {
        {"", "column 1: expected a value, got the end"},
        {"1 +", "column 4: expected a value, got the end"},
        {"(1", "column 3: expected ')', got the end"},
        {"1 2", "column 3: expected an operator or the end, got '2'"},
        {"a = 1", "column 3: unexpected '=', did you mean '=='?"},
        {"a & b", "column 3: unexpected '&', did you mean '&&'?"},
        {"a @ b", "column 3: unexpected '@'"},
        {"'abc", "column 1: the string has no end, expected '"},
        {"'a\\q'", "column 3: no such escape"},
        {"'a\\ud800'", "column 3: no such escape"},
        {"`abc", "column 1: the name has no end, expected `"},
        {"``", "column 1: the name is empty"},
        {"$(params.x", "column 1: the reference has no end, expected ')'"},
        {"$()", "column 1: the reference is empty"},
        {"a.", "column 3: expected a name after '.'"},
        {"12abc", "column 1: '12abc' is no number, or out of range"},
        {"9007199254740992", "column 1: '9007199254740992' is no number, or out of range"},
        {"1e999", "column 1: '1e999' is no number, or out of range"},
        {"x in 5", "column 6: expected a list such as [1, 2] after 'in', got '5'"},
        {"x in [y]", "column 7: expected a literal other than null in the list"},
        {"x in [null]", "column 7: expected a literal other than null in the list"},
        {"x in [1 2]", "column 9: expected ',' or ']', got '2'"},
        {"[1]", "column 1: a list stands only on the right of 'in'"},
        {"in", "column 1: expected a value, got 'in'"},
        {"yeer(t)", "column 1: there is no function 'yeer', did you mean 'year'?"},
        {"log()", "column 1: log takes log(x) -> double, got 0 arguments"},
        {"log(1, 2)", "column 1: log takes log(x) -> double, got 2 arguments"},
        {"a ? b", "column 6: expected ':', got the end"},
        {"\xc3\xb6\xc3\xb6 +", "column 5: expected a value, got the end"},
        {"\xff", "no UTF-8"},
    };
    SL_AUTOARENA(a);
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct expr *e;
        assert_err(expr_parse(a, sl_str(cases[i][0]), &e), INVALID, cases[i][1]);
    }
}

static void test_expr_parse__depth_and_size_are_bounded(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(deep, 0);
    SL_AUTOBUF(wide, 0);
    SL_AUTOBUF(minus, 0);
    struct expr *e;
    for (int i = 0; i < SL_LIMIT_EXPR_DEPTH; i++)
        sl_buf_add_char(&deep, '(');
    sl_buf_add_cstr(&wide, "x");
    for (int i = 0; i < 5000; i++) {
        sl_buf_add_cstr(&wide, "+1");
        sl_buf_add_char(&minus, '!');
    }
    sl_buf_add_cstr(&minus, "x");
    assert_err(expr_parse(a, sl_buf_str(&deep), &e), INVALID, "nested deeper than 64");
    assert_err(expr_parse(a, sl_buf_str(&minus), &e), INVALID, "nested deeper than 64");
    assert_err(expr_parse(a, sl_buf_str(&wide), &e), INVALID, "more than 4096 operations");
}

static void collect(void *ctx, const struct expr *name)
{
    sl_buf_format(ctx, "%.*s;", SL_FMT(name->name));
}

static void test_expr_visit_names__in_order_of_the_text(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(b, 0);
    struct expr *e;
    assert_ok(expr_parse(a, SL_STR("b > 1 ? log(a + `c d`) : b in [1]"), &e));
    expr_visit_names(e, collect, &b);
    assert_str(sl_buf_str(&b), "b;a;c d;b;");
}

/* ---- binding ----------------------------------------------------------------------------------
 */

static const struct column_spec columns[] = {
    {{"i", 1}, COLUMN_INT64},     {{"d", 1}, COLUMN_DOUBLE}, {{"b", 1}, COLUMN_BOOL},
    {{"t", 1}, COLUMN_TIMESTAMP}, {{"s", 1}, COLUMN_STRING}, {{"f", 1}, COLUMN_FLOAT},
};

static struct sl_err *bind_text(struct sl_arena *a, const char *text, struct expr **ret)
{
    struct expr *e;
    SL_TRY(expr_parse(a, sl_str(text), &e));
    return expr_bind(a, e, columns, SL_COUNTOF(columns), ret);
}

static void test_expr_bind__types_and_conversions(void **state SL_UNUSED)
{
    static const struct {
        const char *text, *bound;
        enum expr_type type;
    } cases[] = {
        {"i + 1", "i + 1", EXPR_INT},
        {"i + 1.5", "double(i) + 1.5", EXPR_DOUBLE},
        {"d + 1", "d + 1.0", EXPR_DOUBLE},
        {"f * i", "f * double(i)", EXPR_DOUBLE},
        {"i / 2", "double(i) / 2.0", EXPR_DOUBLE},
        {"i % 2", "i % 2", EXPR_INT},
        {"i + null", "i + null", EXPR_INT},
        {"null + null", "null + null", EXPR_NULL},
        {"s + 'x'", "s + 'x'", EXPR_STRING},
        {"i < d", "double(i) < d", EXPR_BOOL},
        {"t >= '2020-01-02'", "t >= '2020-01-02T00:00:00Z'", EXPR_BOOL},
        {"'2020-01-02T03:04:05+01:00' < t", "'2020-01-02T02:04:05Z' < t", EXPR_BOOL},
        {"t in ['2020-01-02']", "t in ['2020-01-02T00:00:00Z']", EXPR_BOOL},
        {"d in [1, 2]", "d in [1.0, 2.0]", EXPR_BOOL},
        {"i in [1.5]", "double(i) in [1.5]", EXPR_BOOL},
        {"b ? i : d", "b ? double(i) : d", EXPR_DOUBLE},
        {"b ? null : s", "b ? '' : s", EXPR_STRING},
        {"b == null", "b == null", EXPR_BOOL},
        {"log(i)", "log(double(i))", EXPR_DOUBLE},
        {"abs(i)", "abs(i)", EXPR_INT},
        {"abs(d)", "abs(d)", EXPR_DOUBLE},
        {"max(i, d, 3)", "max(double(i), d, 3.0)", EXPR_DOUBLE},
        {"coalesce(i, 0)", "coalesce(i, 0)", EXPR_INT},
        {"coalesce(t, '1970-01-01')", "coalesce(t, '1970-01-01T00:00:00Z')", EXPR_TIMESTAMP},
        {"year('2020-05-06')", "year('2020-05-06T00:00:00Z')", EXPR_INT},
        {"date_diff('day', '2020-01-01', t)", "date_diff('day', '2020-01-01T00:00:00Z', t)",
         EXPR_INT},
        {"if(b, 1, 2.5)", "if(b, 1.0, 2.5)", EXPR_DOUBLE},
        {"is_null(s)", "is_null(s)", EXPR_BOOL},
        {"null && b", "null && b", EXPR_BOOL},
    };
    SL_AUTOARENA(a);
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct expr *e;
        SL_AUTOBUF(b, 0);
        assert_ok(bind_text(a, cases[i].text, &e));
        expr_format(e, &b);
        assert_str(sl_buf_str(&b), cases[i].bound);
        assert_int_equal(e->type, cases[i].type);
    }
}

static void test_expr_bind__errors_name_the_part(void **state SL_UNUSED)
{
    static const char *const cases[][2] = {
        {"i + s", "in 'i + s': cannot combine int and string; double(x), int(x) or string(x)"},
        {"i < s", "in 'i < s': cannot compare int and string"},
        {"t > s", "in 't > s': cannot compare timestamp and string; timestamp(x) converts"},
        {"t > 'soon'", "no date, expected one such as '2026-11-22'"},
        {"b < b", "bools compare with == and != only"},
        {"b == 1", "cannot compare bool and int; int(x) or bool(x) convert"},
        {"t + 1", "cannot combine timestamp and int"},
        {"t - t", "expected numbers, got timestamp; date_diff(unit, from, to) measures time"},
        {"-s", "in '-s': expected a number, got string"},
        {"!i", "in '!i': expected bool, got int; compare it, or bool(x)"},
        {"i && b", "in 'i && b': expected bool, got int"},
        {"s ? 1 : 2", "expected bool, got string"},
        {"b ? 1 : 'x'", "cannot choose between int and string"},
        {"s == ''", "the empty string is missing, so this is never true; is_null(x) asks for it"},
        {"i in ['a']", "cannot compare int and string"},
        {"lower(i)", "in 'lower(i)': expected string as argument 1, got int"},
        {"year(s)", "expected timestamp as argument 1, got string; timestamp(x) converts"},
        {"log(s)", "expected a number as argument 1, got string"},
        {"max(t, t)", "expected a number as argument 1, got timestamp"},
        {"date_diff(s, t, t)", "expected the name of a unit such as 'day' as argument 1"},
        {"date_diff('month', t, t)", "'month' is not one of: second, minute, hour, day, week"},
        {"substr(s, 1.5)", "expected int as argument 2, got double"},
        {"ii + 1", "there is no column 'ii', did you mean 'i'?"},
        {"coalesce(i, s)", "cannot take int and string"},
    };
    SL_AUTOARENA(a);
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct expr *e;
        assert_err(bind_text(a, cases[i][0], &e), INVALID, cases[i][1]);
    }
}

/* ---- single values ----------------------------------------------------------------------------
 */

static bool no_names(void *ctx SL_UNUSED, struct sl_str name SL_UNUSED,
                     struct expr_value *ret SL_UNUSED)
{
    return false;
}

/* The value of an expression without names, as text. */
static struct sl_str compute(struct sl_arena *a, const char *text)
{
    struct expr *e;
    struct expr_value v;
    assert_ok(expr_parse(a, sl_str(text), &e));
    assert_ok(expr_eval(a, e, no_names, NULL, &v));
    struct expr literal = {.op = EXPR_LITERAL, .value = v};
    SL_AUTOBUF(b, 0);
    expr_format(&literal, &b);
    return sl_arena_str(a, sl_buf_str(&b));
}

static void test_expr_eval__values_worked_out_by_hand(void **state SL_UNUSED)
{
    static const char *const cases[][2] = {
        /* ints */
        {"7 / 2", "3.5"},
        {"7 % 3", "1"},
        {"-7 % 3", "-1"},
        {"7 % -3", "1"},
        {"7 % 0", "null"},
        {"7.5 % 2", "1.5"},
        {"-7.5 % 2", "-1.5"},
        {"7.5 % 0", "null"},
        {"1 / 0", "null"},
        {"0 / 0", "null"},
        {"9007199254740991 + 0", "9007199254740991"},
        {"9007199254740991 + 1", "null"},
        {"-9007199254740991 - 1", "null"},
        {"3000000000 * 3000000", "9000000000000000"},
        {"3000000000 * 3100000", "null"},
        {"9007199254740991 * 9007199254740991", "null"},
        {"1e308 * 10", "null"},
        /* null and three-valued logic */
        {"null + 1", "null"},
        {"null == null", "null"},
        {"null != 1", "null"},
        {"null && false", "false"},
        {"false && null", "false"},
        {"null && true", "null"},
        {"null || true", "true"},
        {"true || null", "true"},
        {"null || false", "null"},
        {"!null", "null"},
        {"null ? 1 : 2", "2"},
        {"null in [1]", "null"},
        {"1 in []", "false"},
        {"2 in [1, 2.0]", "true"},
        {"'b' in ['a', 'b']", "true"},
        {"is_null(null)", "true"},
        {"is_null('')", "true"},
        {"is_null(0)", "false"},
        {"coalesce(null, null, 3)", "3"},
        {"coalesce(null)", "null"},
        {"if(1 < 2, 'a', 'b')", "'a'"},
        {"if(null, 'a', 'b')", "'b'"},
        /* comparisons */
        {"1 < 1.5", "true"},
        {"'abc' < 'abd'", "true"},
        {"'ab' < 'abc'", "true"},
        {"'B' < 'a'", "true"},
        {"timestamp('2020-01-01') < '2020-01-02'", "true"},
        {"true == true", "true"},
        {"true != false", "true"},
        /* numbers */
        {"abs(-3)", "3"},
        {"abs(-3.5)", "3.5"},
        {"log(0)", "null"},
        {"log(-1)", "null"},
        {"log(1)", "0.0"},
        {"log1p(0)", "0.0"},
        {"exp(0)", "1.0"},
        {"exp(1000)", "null"},
        {"sqrt(2.25)", "1.5"},
        {"sqrt(-1)", "null"},
        {"floor(-1.5)", "-2.0"},
        {"ceil(-1.5)", "-1.0"},
        {"round(0.5)", "0.0"},
        {"round(1.5)", "2.0"},
        {"round(2.5)", "2.0"},
        {"round(-2.6)", "-3.0"},
        {"floor(3)", "3"},
        {"pow(2, 10)", "1024.0"},
        {"pow(-8, 0.5)", "null"},
        {"min(3, 1, 2)", "1"},
        {"max(3, 1.5)", "3.0"},
        {"max(1, null)", "null"},
        {"clip(5, 0, 3)", "3"},
        {"clip(-5, 0, 3)", "0"},
        {"clip(2, 0, 3)", "2"},
        {"clip(2, 3, 0)", "0"},
        /* conversions */
        {"int(2.9)", "2"},
        {"int(-2.9)", "-2"},
        {"int(1e300)", "null"},
        {"int('42')", "42"},
        {"int('4.2')", "null"},
        {"int(true)", "1"},
        {"int(timestamp('1970-01-01T00:00:01Z'))", "1000000"},
        {"double('1e3')", "1000.0"},
        {"double('x')", "null"},
        {"double(false)", "0.0"},
        {"string(1.0)", "'1'"},
        {"string(0.1)", "'0.1'"},
        {"string(12)", "'12'"},
        {"string(true)", "'true'"},
        {"string(timestamp('2020-02-29'))", "'2020-02-29T00:00:00Z'"},
        {"bool(0)", "false"},
        {"bool(0.5)", "true"},
        {"bool('true')", "true"},
        {"bool('yes')", "null"},
        {"timestamp('2020-02-30')", "null"},
        {"timestamp(1500000)", "'1970-01-01T00:00:01.500000Z'"},
        /* strings */
        {"'a' + 'b'", "'ab'"},
        {"'a' + null", "null"},
        {"concat('a', null, 'b')", "'ab'"},
        {"concat(null, '')", "null"},
        {"lower('A\xc3\x84Z')", "'a\xc3\x84z'"},
        {"upper('a\xc3\xa4z')", "'A\xc3\xa4Z'"},
        {"trim(' \\t a b \\n')", "'a b'"},
        {"trim('  ')", "null"},
        {"length('\xc3\xa4\xe2\x82\xac!')", "3"},
        {"length('')", "null"},
        {"contains('banana', 'nan')", "true"},
        {"contains('banana', 'nab')", "false"},
        {"starts_with('banana', 'ba')", "true"},
        {"ends_with('banana', 'na')", "true"},
        {"ends_with('a', 'banana')", "false"},
        {"substr('\xc3\xa4\xe2\x82\xac!x', 1, 2)", "'\xe2\x82\xac!'"},
        {"substr('abc', -2)", "'bc'"},
        {"substr('abc', -9, 2)", "'ab'"},
        {"substr('abc', 3)", "null"},
        {"substr('abc', 1, 0)", "null"},
        {"substr('abc', 1, -1)", "null"},
        {"replace('banana', 'an', 'o')", "'booa'"},
        {"replace('aaa', 'aa', 'b')", "'ba'"},
        {"replace('banana', 'an', '')", "'ba'"},
        {"replace('banana', '', 'x')", "'banana'"},
        {"replace('aa', 'a', '')", "null"},
        /* time: dates checked against a calendar */
        {"year('2026-11-22')", "2026"},
        {"quarter('2026-11-22')", "4"},
        {"month('2026-11-22')", "11"},
        {"day('2026-11-22')", "22"},
        {"weekday('2026-11-22')", "0"},
        {"weekday('1969-12-31')", "3"},
        {"yearday('2024-12-31')", "366"},
        {"hour('1969-12-31T23:59:58.5Z')", "23"},
        {"minute('1969-12-31T23:59:58.5Z')", "59"},
        {"second('1969-12-31T23:59:58.5Z')", "58"},
        {"date_diff('day', '2024-02-28', '2024-03-01')", "2"},
        {"date_diff('hour', '2024-01-01T02:00:00Z', '2024-01-01T00:30:00Z')", "-1"},
        {"date_diff('week', '2024-01-01', '2024-01-14')", "1"},
        {"date_trunc('month', '2026-11-22T07:38:00Z')", "'2026-11-01T00:00:00Z'"},
        {"date_trunc('quarter', '2026-11-22')", "'2026-10-01T00:00:00Z'"},
        {"date_trunc('week', '2026-11-22')", "'2026-11-16T00:00:00Z'"},
        {"date_trunc('week', '1969-12-31')", "'1969-12-29T00:00:00Z'"},
        {"date_trunc('hour', '1969-12-31T23:59:58Z')", "'1969-12-31T23:00:00Z'"},
    };
    SL_AUTOARENA(a);
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct sl_str got = compute(a, cases[i][0]);
        if (!sl_str_is(got, cases[i][1]))
            fail_msg("%s: got %s, expected %s", cases[i][0], got.p, cases[i][1]);
    }
}

static bool look_up(void *ctx SL_UNUSED, struct sl_str name, struct expr_value *ret)
{
    *ret = (struct expr_value){.type = EXPR_DOUBLE, .f64 = NAN};
    if (sl_str_is(name, "nan"))
        return true;
    *ret = (struct expr_value){.type = EXPR_INT, .i64 = INT64_MAX};
    if (sl_str_is(name, "huge"))
        return true;
    *ret = (struct expr_value){.type = EXPR_STRING, .string = SL_STR("")};
    return sl_str_is(name, "empty");
}

static void test_expr_eval__values_from_outside_are_closed(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    struct expr *e;
    struct expr_value v;
    assert_ok(expr_parse(a, SL_STR("is_null(nan) && is_null(huge) && is_null(empty)"), &e));
    assert_ok(expr_eval(a, e, look_up, NULL, &v));
    assert_int_equal(v.type, EXPR_BOOL);
    assert_true(v.boolean);
    assert_ok(expr_parse(a, SL_STR("other == 1"), &e));
    assert_err(expr_eval(a, e, look_up, NULL, &v), INVALID, "there is no 'other'");
}

static void test_expr_functions__the_table_is_in_order_of_the_enum(void **state SL_UNUSED)
{
    size_t n;
    const struct expr_function *all = expr_function_all(&n);
    assert_int_equal(n, EXPR_F_DATE_TRUNC + 1);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(all[i].id, i);
        assert_ptr_equal(expr_function_find(sl_str(all[i].name)), &all[i]);
        assert_true(strlen(all[i].takes) >= 1 && all[i].min_args <= all[i].max_args);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expr_parse__precedence_and_fewest_parentheses),
        cmocka_unit_test(test_expr_parse__errors_say_where),
        cmocka_unit_test(test_expr_parse__depth_and_size_are_bounded),
        cmocka_unit_test(test_expr_visit_names__in_order_of_the_text),
        cmocka_unit_test(test_expr_bind__types_and_conversions),
        cmocka_unit_test(test_expr_bind__errors_name_the_part),
        cmocka_unit_test(test_expr_eval__values_worked_out_by_hand),
        cmocka_unit_test(test_expr_eval__values_from_outside_are_closed),
        cmocka_unit_test(test_expr_functions__the_table_is_in_order_of_the_enum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
