/* Line charts and bar charts. */
#include "kit/report_svg.h"

#include "base/arena.h"

#include <math.h>

enum { LINE_WIDTH = 460, LINE_HEIGHT = 330, BAR_WIDTH = 640, BAR_ROW = 22, LABEL_BYTES = 34 };

/* ---- lines ---- */

static void widen(double value, double *min, double *max)
{
    if (!isfinite(value))
        return;
    *min = SL_MIN(*min, value);
    *max = SL_MAX(*max, value);
}

/* The range of the data, where the chart does not give one. */
static void find_range(const struct report_line_chart *c, bool of_y, double *min, double *max)
{
    if (*min < *max)
        return;
    *min = INFINITY;
    *max = -INFINITY;
    for (size_t s = 0; s < c->n; s++)
        for (size_t i = 0; i < c->series[s].n; i++)
            widen(of_y ? c->series[s].y[i] : c->series[s].x[i], min, max);
}

static void add_point(struct sl_buf *b, const struct report_axis *x, const struct report_axis *y,
                      double px, double py)
{
    report_add_coordinate(b, report_axis_at(x, px));
    sl_buf_add_char(b, ',');
    report_add_coordinate(b, report_axis_at(y, py));
    sl_buf_add_char(b, ' ');
}

static void add_circles(struct sl_buf *b, const struct report_series *s, size_t index,
                        const struct report_axis *x, const struct report_axis *y)
{
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(s->x[i]) || isnan(s->y[i]))
            continue;
        sl_buf_format(b, "<circle class=c%zu r=3 cx=", index % REPORT_COLOURS);
        report_add_coordinate(b, report_axis_at(x, s->x[i]));
        sl_buf_add_cstr(b, " cy=");
        report_add_coordinate(b, report_axis_at(y, s->y[i]));
        sl_buf_add_cstr(b, "><title>");
        sl_buf_add_html(b, s->name);
        sl_buf_add_cstr(b, ": ");
        report_add_number(b, s->x[i]);
        sl_buf_add_cstr(b, ", ");
        report_add_number(b, s->y[i]);
        sl_buf_add_cstr(b, "</title></circle>");
    }
}

/* A polyline for each run of points without NaN. */
static void add_line(struct sl_buf *b, const struct report_series *s, size_t index,
                     const struct report_axis *x, const struct report_axis *y)
{
    for (size_t i = 0; i < s->n;) {
        if (isnan(s->x[i]) || isnan(s->y[i])) {
            i++;
            continue;
        }
        sl_buf_format(b, "<polyline class=\"line c%zu%s\" points=\"", index % REPORT_COLOURS,
                      s->dashed ? " dashed" : "");
        for (; i < s->n && !isnan(s->x[i]) && !isnan(s->y[i]); i++)
            add_point(b, x, y, s->x[i], s->y[i]);
        sl_buf_add_cstr(b, "\"><title>");
        sl_buf_add_html(b, s->name);
        sl_buf_add_cstr(b, "</title></polyline>");
    }
}

void report_line_chart(struct report *r, const struct report_line_chart *c)
{
    double x_min = c->x_min, x_max = c->x_max, y_min = c->y_min, y_max = c->y_max;
    find_range(c, false, &x_min, &x_max);
    find_range(c, true, &y_min, &y_max);
    struct report_axis x = report_axis(x_min, x_max, 58, LINE_WIDTH - 12);
    struct report_axis y = report_axis(y_min, y_max, LINE_HEIGHT - 44, 10);
    SL_AUTOBUF(label, 0);
    sl_buf_format(&label, "%s: %s by %s, %zu lines", c->title ? c->title : "Line chart",
                  c->y_label ? c->y_label : "value", c->x_label ? c->x_label : "position", c->n);
    report_svg_begin(r, c->title, sl_buf_str(&label), LINE_WIDTH, LINE_HEIGHT, false);
    struct sl_buf *b = &r->body;
    report_svg_axes(b, &x, &y, c->x_label, c->y_label);
    if (c->diagonal)
        report_svg_line(b, "reference", x.from, y.from, x.to, y.to);
    for (size_t s = 0; s < c->n; s++) {
        add_line(b, &c->series[s], s, &x, &y);
        if (c->series[s].points)
            add_circles(b, &c->series[s], s, &x, &y);
    }
    SL_AUTOARENA(a);
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, c->n);
    for (size_t s = 0; s < c->n; s++)
        names[s] = c->series[s].name;
    report_svg_end_legend(r, names, c->n);
}

/* ---- bars ---- */

static void add_bar(struct sl_buf *b, const struct report_bar *bar, const struct report_axis *x,
                    double y)
{
    report_svg_text(b, "label", x->from - 8, y + 15, "end");
    report_add_label(b, bar->label, LABEL_BYTES);
    sl_buf_add_cstr(b, "<title>");
    sl_buf_add_html(b, bar->label);
    sl_buf_add_cstr(b, "</title></text>");
    double value = isfinite(bar->value) ? bar->value : 0;
    double zero = report_axis_at(x, 0), end = report_axis_at(x, value);
    report_svg_rect(b, "bar", 0, SL_MIN(zero, end), y + 4, fabs(end - zero), BAR_ROW - 8);
    sl_buf_add_cstr(b, "/>");
    double right = SL_MAX(end, zero);
    if (bar->low < bar->high) {
        double middle = y + (double)BAR_ROW / 2;
        report_svg_line(b, "interval", report_axis_at(x, bar->low), middle,
                        report_axis_at(x, bar->high), middle);
        right = SL_MAX(right, report_axis_at(x, bar->high));
    }
    report_svg_text(b, "tick", right + 5, y + 15, "start");
    report_add_number(b, bar->value);
    sl_buf_add_cstr(b, "</text>");
}

void report_bar_chart(struct report *r, const struct report_bar_chart *c)
{
    double min = 0, max = 0;
    for (size_t i = 0; i < c->n; i++) {
        widen(c->bars[i].value, &min, &max);
        if (c->bars[i].low < c->bars[i].high) {
            widen(c->bars[i].low, &min, &max);
            widen(c->bars[i].high, &min, &max);
        }
    }
    widen(c->reference, &min, &max);
    int height = (int)SL_MIN(c->n, (size_t)100000) * BAR_ROW + 44;
    struct report_axis x = report_axis(min, max, 230, BAR_WIDTH - 70);
    SL_AUTOBUF(label, 0);
    sl_buf_format(&label, "%s: %zu bars", c->title ? c->title : "Bar chart", c->n);
    report_svg_begin(r, c->title, sl_buf_str(&label), BAR_WIDTH, height, false);
    struct sl_buf *b = &r->body;
    for (size_t i = 0; i < c->n; i++)
        add_bar(b, &c->bars[i], &x, (double)i * BAR_ROW + 4);
    double bottom = height - 38;
    report_svg_line(b, "axis", report_axis_at(&x, 0), 2, report_axis_at(&x, 0), bottom);
    if (isfinite(c->reference))
        report_svg_line(b, "reference", report_axis_at(&x, c->reference), 2,
                        report_axis_at(&x, c->reference), bottom);
    if (c->x_label) {
        report_svg_text(b, "name", (x.from + x.to) / 2, height - 14, "middle");
        sl_buf_add_html(b, sl_str(c->x_label));
        sl_buf_add_cstr(b, "</text>");
    }
    report_svg_end(r);
}
