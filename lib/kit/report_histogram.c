/* Histograms of numbers and of named values, several series over or beside one another. */
#include "kit/report_svg.h"

#include "base/arena.h"
#include "base/time.h"

#include <math.h>

enum {
    FULL_WIDTH = 460,
    FULL_HEIGHT = 200,
    COMPACT_WIDTH = 240,
    COMPACT_HEIGHT = 74,
    LABEL_BYTES = 28,
    COMPACT_LABEL_BYTES = 21,
};

struct frame {
    struct report_axis x, y;
    double spike;   /* width in pixels of a bucket that has none */
    double highest; /* density of all buckets */
    bool log_y;
    bool times;
};

static double total_of(const struct report_histogram_series *s)
{
    double total = 0;
    for (size_t i = 0; i < s->n; i++)
        total += s->count[i];
    return total;
}

static double left_of(const struct frame *f, const struct report_histogram_series *s, size_t i)
{
    double left = report_axis_at(&f->x, s->low[i]), right = report_axis_at(&f->x, s->high[i]);
    return right - left < f->spike ? (left + right - f->spike) / 2 : left;
}

static double width_of(const struct frame *f, const struct report_histogram_series *s, size_t i)
{
    double width = report_axis_at(&f->x, s->high[i]) - report_axis_at(&f->x, s->low[i]);
    return SL_MAX(width, f->spike);
}

/* The share of a series by pixel of width, so that areas are shares; on the log scale, where areas
 * say nothing, the share itself. */
static double density_of(const struct frame *f, const struct report_histogram_series *s, size_t i,
                         double total)
{
    if (total <= 0)
        return 0;
    return s->count[i] / total / (f->log_y ? 1 : width_of(f, s, i));
}

/* The y of a bucket's top. On the log scale a thousandth of the highest is a tenth of its height.
 */
static double top_of(const struct frame *f, const struct report_histogram_series *s, size_t i,
                     double total)
{
    double height = f->highest > 0 ? density_of(f, s, i, total) / f->highest : 0;
    return report_axis_at(&f->y, f->log_y ? log10(1 + 1000 * height) / log10(1001) : height);
}

static void add_value(struct sl_buf *b, double value, bool time)
{
    if (time && fabs(value) < 9e18) {
        char text[SL_TIME_TEXT];
        sl_time_format((int64_t)value, text);
        /* The date alone where the axis has no room. */
        sl_buf_add_str(b, sl_strn(text, SL_MIN(strlen(text), (size_t)10)));
    } else {
        report_add_number(b, value);
    }
}

static void add_buckets(struct sl_buf *b, const struct frame *f,
                        const struct report_histogram_series *s, size_t colour)
{
    double total = total_of(s);
    for (size_t i = 0; i < s->n; i++) {
        double top = top_of(f, s, i, total);
        report_svg_rect(b, "area", (int)colour, left_of(f, s, i), top, width_of(f, s, i),
                        f->y.from - top);
        sl_buf_add_cstr(b, "><title>");
        sl_buf_add_html(b, s->name);
        sl_buf_add_cstr(b, ": ");
        add_value(b, s->low[i], f->times);
        sl_buf_add_cstr(b, " to ");
        add_value(b, s->high[i], f->times);
        sl_buf_add_cstr(b, ": ");
        report_add_number(b, s->count[i]);
        sl_buf_add_cstr(b, "</title></rect>");
    }
}

static void add_corner(struct sl_buf *b, double x, double y)
{
    report_add_coordinate(b, x);
    sl_buf_add_char(b, ',');
    report_add_coordinate(b, y);
    sl_buf_add_char(b, ' ');
}

/* The outline over the buckets: what tells series apart where they overlap. */
static void add_outline(struct sl_buf *b, const struct frame *f,
                        const struct report_histogram_series *s, size_t colour)
{
    double total = total_of(s);
    sl_buf_format(b, "<polyline class=\"edge c%zu\" points=\"", colour % REPORT_COLOURS);
    for (size_t i = 0; i < s->n; i++) {
        double top = top_of(f, s, i, total);
        double left = left_of(f, s, i);
        if (i == 0)
            add_corner(b, left, f->y.from);
        add_corner(b, left, top);
        add_corner(b, left + width_of(f, s, i), top);
        if (i + 1 == s->n)
            add_corner(b, left + width_of(f, s, i), f->y.from);
    }
    sl_buf_add_cstr(b, "\" />");
}

static void set_frame(const struct report_histogram *h, double width, double height,
                      struct frame *ret)
{
    double min = INFINITY, max = -INFINITY;
    for (size_t s = 0; s < h->n; s++)
        for (size_t i = 0; i < h->series[s].n; i++) {
            min = SL_MIN(min, h->series[s].low[i]);
            max = SL_MAX(max, h->series[s].high[i]);
        }
    *ret = (struct frame){.log_y = h->log_y, .times = h->times};
    ret->x = report_axis(min, max, 4, width - 4);
    ret->spike = h->compact ? 3 : 5;
    for (size_t s = 0; s < h->n; s++) {
        double total = total_of(&h->series[s]);
        for (size_t i = 0; i < h->series[s].n; i++)
            ret->highest = SL_MAX(ret->highest, density_of(ret, &h->series[s], i, total));
    }
    ret->y = report_axis(0, 1, height - 18, 4);
}

void report_histogram(struct report *r, const struct report_histogram *h)
{
    int width = h->compact ? COMPACT_WIDTH : FULL_WIDTH;
    int height = h->compact ? COMPACT_HEIGHT : FULL_HEIGHT;
    struct frame f;
    set_frame(h, width, height, &f);
    SL_AUTOBUF(label, 0);
    sl_buf_format(&label, "%s from ", h->title ? h->title : "Histogram");
    add_value(&label, f.x.min, h->times);
    sl_buf_add_cstr(&label, " to ");
    add_value(&label, f.x.max, h->times);
    report_svg_begin(r, h->title, sl_buf_str(&label), width, height, h->compact);
    struct sl_buf *b = &r->body;
    for (size_t s = 0; s < h->n; s++)
        add_buckets(b, &f, &h->series[s], s);
    for (size_t s = 0; s < h->n; s++)
        add_outline(b, &f, &h->series[s], s);
    report_svg_line(b, "axis", f.x.from, f.y.from, f.x.to, f.y.from);
    report_svg_text(b, "tick", f.x.from, f.y.from + 14, "start");
    add_value(b, f.x.min, h->times);
    sl_buf_add_cstr(b, "</text>");
    report_svg_text(b, "tick", f.x.to, f.y.from + 14, "end");
    add_value(b, f.x.max, h->times);
    sl_buf_add_cstr(b, "</text>");
    if (h->log_y) {
        report_svg_text(b, "tick", f.x.to, 12, "end");
        sl_buf_add_cstr(b, "log scale</text>");
    }
    SL_AUTOARENA(a);
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, h->n);
    for (size_t s = 0; s < h->n; s++)
        names[s] = h->series[s].name;
    report_svg_end_legend(r, names, h->compact ? 0 : h->n);
}

/* ---- named values ---- */

static void add_category(struct sl_buf *b, const struct report_categories *c, size_t index,
                         const struct report_axis *x, double y, double row)
{
    const struct report_category *k = &c->categories[index];
    report_svg_text(b, "label", x->from - 7, y + row / 2 + 3, "end");
    report_add_label(b, k->label, c->compact ? COMPACT_LABEL_BYTES : LABEL_BYTES);
    sl_buf_add_cstr(b, "<title>");
    report_add_label(b, k->label, 500);
    sl_buf_add_cstr(b, "</title></text>");
    double bar = (row - 4) / (double)SL_MAX(c->n_series, (size_t)1);
    for (size_t s = 0; s < c->n_series; s++) {
        double end = report_axis_at(x, k->share[s]);
        report_svg_rect(b, "bar", (int)s, x->from, y + 2 + bar * (double)s,
                        SL_MAX(end - x->from, 0.5), SL_MAX(bar - 0.5, 0.5));
        sl_buf_add_cstr(b, "><title>");
        sl_buf_add_html(b, c->series[s]);
        sl_buf_format(b, ": %.2f %%</title></rect>", k->share[s] * 100);
    }
    double most = 0;
    for (size_t s = 0; s < c->n_series; s++)
        most = SL_MAX(most, k->share[s]);
    report_svg_text(b, "tick", report_axis_at(x, most) + 4, y + row / 2 + 3, "start");
    sl_buf_format(b, "%.1f %%</text>", most * 100);
}

void report_categories(struct report *r, const struct report_categories *c)
{
    int width = c->compact ? 380 : 560;
    double row = c->compact ? 16 : SL_MAX(18.0, 6 * (double)c->n_series + 6);
    double most = 0;
    for (size_t i = 0; i < c->n; i++)
        for (size_t s = 0; s < c->n_series; s++)
            most = SL_MAX(most, c->categories[i].share[s]);
    struct report_axis x = report_axis(0, most > 0 ? most : 1, c->compact ? 165 : 190, width - 52);
    x.min = 0;
    x.max = most > 0 ? most : 1;
    SL_AUTOBUF(label, 0);
    sl_buf_format(&label, "%s: %zu values", c->title ? c->title : "Most frequent values", c->n);
    report_svg_begin(r, c->title, sl_buf_str(&label), width, (int)(row * (double)c->n) + 4,
                     c->compact);
    for (size_t i = 0; i < c->n; i++)
        add_category(&r->body, c, i, &x, 2 + row * (double)i, row);
    report_svg_end_legend(r, c->series, c->compact ? 0 : c->n_series);
}
