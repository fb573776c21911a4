#include "tests/support/test.h"

#include "base/buf.h"
#include "kit/report.h"

#include <math.h>

static size_t count_of(struct sl_str text, const char *part)
{
    size_t count = 0;
    for (ptrdiff_t at; (at = sl_str_find(text, sl_str(part))) >= 0; count++)
        text = sl_str_skip(text, (size_t)at + 1);
    return count;
}

#define assert_has(buf, part)                                           \
    do {                                                                \
        if (sl_str_find(sl_buf_str(buf), sl_str(part)) < 0)             \
            fail_msg("'%s' is not in:\n%s", (part), sl_buf_str(buf).p); \
    } while (0)
#define assert_has_not(buf, part) assert_true(sl_str_find(sl_buf_str(buf), sl_str(part)) < 0)

static void test_report__everything_is_escaped(void **state)
{
    (void)state;
    const char *evil = "<script>alert(\"1\" & '2')</script>";
    struct sl_str text = sl_str(evil);
    struct report r;
    report_init(&r, evil, evil);
    report_section(&r, evil);
    report_section(&r, evil);
    report_paragraph(&r, "%s", evil);
    report_note(&r, REPORT_BAD, "%s", evil);
    report_figures(&r, evil, evil, NULL);
    report_legend(&r, &text, 1);
    struct report_column column = {evil, false};
    report_table_begin(&r, evil, &column, 1, true);
    report_row_begin(&r, REPORT_PLAIN);
    report_cell(&r, text);
    report_row_end(&r);
    report_table_end(&r);
    double x[] = {0, 1}, share[] = {0.5};
    struct report_series series = {.name = text, .x = x, .y = x, .n = 2, .points = true};
    report_line_chart(
        &r, &(struct report_line_chart){
                .title = evil, .x_label = evil, .y_label = evil, .series = &series, .n = 1});
    struct report_bar bar = {.label = text, .value = 1};
    report_bar_chart(&r,
                     &(struct report_bar_chart){
                         .title = evil, .x_label = evil, .bars = &bar, .n = 1, .reference = NAN});
    struct report_histogram_series h = {text, x, x, x, 2};
    report_histogram(&r, &(struct report_histogram){.title = evil, .series = &h, .n = 1});
    struct report_category category = {text, share};
    report_categories(&r, &(struct report_categories){evil, &text, 1, &category, 1, false});
    SL_AUTOBUF(html, 0);
    report_finish(&r, &html);
    assert_has_not(&html, "<script>alert");
    assert_has_not(&html, "\"1\" &");
    assert_true(
        count_of(sl_buf_str(&html), "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)") > 20);
}

static void test_report__is_self_contained(void **state)
{
    (void)state;
    struct report r;
    report_init(&r, "t", NULL);
    SL_AUTOBUF(html, 0);
    report_finish(&r, &html);
    assert_has_not(&html, "http");
    assert_has_not(&html, "src=");
    assert_has_not(&html, "url(");
    assert_has_not(&html, "<nav");
    assert_has(&html, "<!doctype html>");
}

static void test_report__cells_sort_by_value(void **state)
{
    (void)state;
    struct report r;
    report_init(&r, "t", "s");
    static const struct report_column columns[] = {
        {"name", false}, {"a", true}, {"b", true}, {"c", true}, {"d", true}};
    report_table_begin(&r, "cap", columns, 5, false);
    report_row_begin(&r, REPORT_WARN);
    report_cell_format(&r, "%d < %d", 1, 2);
    report_cell_number(&r, 0.123456789);
    report_cell_number(&r, NAN);
    report_cell_count(&r, 1234567);
    report_cell_share(&r, 0.125);
    report_row_end(&r);
    report_table_end(&r);
    SL_AUTOBUF(html, 0);
    report_finish(&r, &html);
    assert_has(&html, "<tr class=warn><td>1 &lt; 2</td>");
    assert_has(&html, "data-v=\"0.123456789\">0.12346</td>");
    assert_has(&html, "<td class=n>\xe2\x80\x93</td>");
    assert_has(&html, "data-v=\"1234567\">1,234,567</td>");
    assert_has(&html, "--w:12.5%\">12.5 %</span>");
    assert_has_not(&html, "<input");
}

/* Positions by hand: two equal buckets over [0, 2], the left one three times as full. */
static void test_report__histogram_areas_are_shares(void **state)
{
    (void)state;
    struct report r;
    report_init(&r, "t", "s");
    double low[] = {0, 1}, high[] = {1, 2}, count[] = {30, 10};
    struct report_histogram_series s = {SL_STR("train"), low, high, count, 2};
    report_histogram(&r, &(struct report_histogram){.series = &s, .n = 1});
    SL_AUTOBUF(html, 0);
    report_finish(&r, &html);
    /* 460 x 200: x from 4 to 456, y from 182 up to 4. */
    assert_has(&html, "x=4 y=4 width=226 height=178 ><title>train: 0 to 1: 30<");
    assert_has(&html, "x=230 y=122.67 width=226 height=59.33 ><title>train: 1 to 2: 10<");
    assert_has(&html, "points=\"4,182 4,4 230,4 230,122.67 456,122.67 456,182 \"");
}

static void test_report__charts_survive_odd_values(void **state)
{
    (void)state;
    struct report r;
    report_init(&r, "t", "s");
    double odd[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 0}, zero[6] = {0};
    struct report_series series[] = {
        {.name = SL_STR("a"), .x = odd, .y = odd, .n = 6, .points = true},
        {.name = SL_STR("b"), .x = zero, .y = zero, .n = 6},
        {.name = SL_STR("none")},
    };
    report_line_chart(&r, &(struct report_line_chart){.series = series, .n = 3, .diagonal = true});
    report_line_chart(&r, &(struct report_line_chart){.n = 0});
    struct report_bar bars[6];
    for (int i = 0; i < 6; i++)
        bars[i] = (struct report_bar){SL_STR("bar"), odd[i], odd[5 - i], odd[i]};
    report_bar_chart(&r, &(struct report_bar_chart){.bars = bars, .n = 6, .reference = INFINITY});
    report_bar_chart(&r, &(struct report_bar_chart){.n = 0, .reference = NAN});
    double low[] = {-1e308, 1e308, 5}, high[] = {1e308, 1e308, 5};
    struct report_histogram_series h[] = {{SL_STR("h"), low, high, zero, 3}, {.n = 0}};
    report_histogram(&r, &(struct report_histogram){.series = h, .n = 2, .times = true});
    report_histogram(&r, &(struct report_histogram){.n = 0});
    report_categories(&r, &(struct report_categories){.n = 0});
    SL_AUTOBUF(html, 0);
    report_finish(&r, &html);
    for (const char *attribute = "x y width height cx cy"; *attribute;) {
        char text[32];
        size_t n = strcspn(attribute, " ");
        snprintf(text, sizeof(text), " %.*s=nan", (int)n, attribute);
        assert_has_not(&html, text);
        snprintf(text, sizeof(text), " %.*s=inf", (int)n, attribute);
        assert_has_not(&html, text);
        snprintf(text, sizeof(text), " %.*s=-inf", (int)n, attribute);
        assert_has_not(&html, text);
        attribute += n + (attribute[n] == ' ');
    }
}

static void test_report__sections_are_listed(void **state)
{
    (void)state;
    struct report r;
    report_init(&r, "t", "s");
    report_section(&r, "One");
    report_section(&r, "Two");
    SL_AUTOBUF(html, 0);
    report_finish(&r, &html);
    assert_has(&html, "<a href=\"#s2\">Two</a>");
    assert_has(&html, "<section id=s2><h2>Two</h2>");
    assert_int_equal(count_of(sl_buf_str(&html), "<section"), 2);
    assert_int_equal(count_of(sl_buf_str(&html), "</section>"), 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report__everything_is_escaped),
        cmocka_unit_test(test_report__is_self_contained),
        cmocka_unit_test(test_report__cells_sort_by_value),
        cmocka_unit_test(test_report__histogram_areas_are_shares),
        cmocka_unit_test(test_report__charts_survive_odd_values),
        cmocka_unit_test(test_report__sections_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
