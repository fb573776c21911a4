#include "kit/report_svg.h"

#include <math.h>

/* ---- text ---- */

static void add_separated(struct sl_buf *b, uint64_t value)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            sl_buf_add_char(b, ',');
        sl_buf_add_char(b, text[i]);
    }
}

void report_add_number(struct sl_buf *b, double value)
{
    if (isnan(value)) {
        sl_buf_add_cstr(b, "\xe2\x80\x93");
    } else if (fabs(value) < 1e15 && value == floor(value)) {
        if (value < 0)
            sl_buf_add_char(b, '-');
        add_separated(b, (uint64_t)fabs(value));
    } else if (fabs(value) >= 1e4 && fabs(value) < 1e15) {
        report_add_number(b, round(value));
    } else {
        sl_buf_format(b, "%.5g", value);
    }
}

void report_add_coordinate(struct sl_buf *b, double value)
{
    double rounded = round(value * 100) / 100;
    sl_buf_format(b, "%.10g", rounded == 0 ? 0.0 : rounded);
}

void report_add_html_vformat(struct sl_buf *b, const char *fmt, va_list ap)
{
    SL_AUTOBUF(text, 0);
    sl_buf_vformat(&text, fmt, ap);
    sl_buf_add_html(b, sl_buf_str(&text));
}

void report_add_label(struct sl_buf *b, struct sl_str label, size_t max)
{
    if (label.n <= max) {
        sl_buf_add_html(b, label);
        return;
    }
    size_t n = max;
    while (n > 0 && ((unsigned char)label.p[n] & 0xc0) == 0x80)
        n--;
    sl_buf_add_html(b, sl_strn(label.p, n));
    sl_buf_add_cstr(b, "\xe2\x80\xa6");
}

/* ---- axes ---- */

struct report_axis report_axis(double min, double max, double from, double to)
{
    if (!isfinite(min) || !isfinite(max) || max - min > 1e300) {
        min = isfinite(min) ? SL_MAX(min, -1e300) : 0;
        max = isfinite(max) ? SL_MIN(max, 1e300) : min + 1;
        min = SL_MIN(min, max) / 2;
        max = max / 2;
    }
    double least = SL_MAX(fabs(min), fabs(max)) * 1e-12;
    if (max - min <= least) {
        double half = SL_MAX(0.5, least);
        min -= half;
        max += half;
    }
    return (struct report_axis){min, max, from, to};
}

double report_axis_at(const struct report_axis *x, double value)
{
    double share = (value - x->min) / (x->max - x->min);
    share = isnan(share) ? 0 : SL_MIN(SL_MAX(share, 0.0), 1.0);
    return x->from + (x->to - x->from) * share;
}

/* Round values (1, 2 or 5 times a power of ten) within the axis, at most `max_n`. */
static size_t axis_ticks(const struct report_axis *x, double *ret, size_t max_n)
{
    double raw = (x->max - x->min) / (double)max_n;
    double power = pow(10, floor(log10(raw)));
    double step = power * (raw / power <= 1 ? 1 : raw / power <= 2 ? 2 : raw / power <= 5 ? 5 : 10);
    size_t n = 0;
    for (double i = ceil(x->min / step - 1e-9); n < max_n; i++) {
        double tick = i * step;
        if (tick > x->max + step * 1e-9)
            break;
        ret[n++] = tick;
    }
    return n;
}

/* ---- elements ---- */

void report_svg_begin(struct report *r, const char *title, struct sl_str label, int width,
                      int height, bool compact)
{
    struct sl_buf *b = &r->body;
    if (compact)
        sl_buf_add_cstr(b, "<figure class=compact>");
    else /* in a grid it may shrink a little, so that three lines or two bars fit side by side */
        sl_buf_format(b, "<figure style=\"--w:%dpx\">", width);
    if (title) {
        sl_buf_add_cstr(b, "<figcaption>");
        sl_buf_add_html(b, sl_str(title));
        sl_buf_add_cstr(b, "</figcaption>");
    }
    sl_buf_format(b, "<svg viewBox=\"0 0 %d %d\" width=%d height=%d role=img aria-label=\"", width,
                  height, width, height);
    sl_buf_add_html(b, label);
    sl_buf_add_cstr(b, "\">");
}

void report_svg_end(struct report *r)
{
    sl_buf_add_cstr(&r->body, "</svg></figure>\n");
}

void report_svg_end_legend(struct report *r, const struct sl_str *names, size_t n)
{
    sl_buf_add_cstr(&r->body, "</svg>");
    if (n > 1)
        report_legend(r, names, n);
    sl_buf_add_cstr(&r->body, "</figure>\n");
}

static void add_attribute(struct sl_buf *b, const char *name, double value)
{
    sl_buf_format(b, " %s=", name);
    report_add_coordinate(b, value);
}

void report_svg_line(struct sl_buf *b, const char *class, double x1, double y1, double x2,
                     double y2)
{
    sl_buf_format(b, "<line class=%s", class);
    add_attribute(b, "x1", x1);
    add_attribute(b, "y1", y1);
    add_attribute(b, "x2", x2);
    add_attribute(b, "y2", y2);
    sl_buf_add_cstr(b, " />");
}

void report_svg_rect(struct sl_buf *b, const char *class, int colour, double x, double y,
                     double width, double height)
{
    sl_buf_format(b, "<rect class=\"%s c%d\"", class, colour % REPORT_COLOURS);
    add_attribute(b, "x", x);
    add_attribute(b, "y", y);
    add_attribute(b, "width", width);
    add_attribute(b, "height", height);
    sl_buf_add_char(b, ' ');
}

void report_svg_text(struct sl_buf *b, const char *class, double x, double y, const char *anchor)
{
    sl_buf_format(b, "<text class=%s text-anchor=%s", class, anchor);
    add_attribute(b, "x", x);
    add_attribute(b, "y", y);
    sl_buf_add_char(b, '>');
}

enum { MAX_TICKS = 6 };

static void add_tick_label(struct sl_buf *b, double x, double y, const char *anchor, double value)
{
    report_svg_text(b, "tick", x, y, anchor);
    report_add_number(b, value);
    sl_buf_add_cstr(b, "</text>");
}

void report_svg_axes(struct sl_buf *b, const struct report_axis *x, const struct report_axis *y,
                     const char *x_label, const char *y_label)
{
    double ticks[MAX_TICKS];
    size_t n = axis_ticks(y, ticks, MAX_TICKS);
    for (size_t i = 0; i < n; i++) {
        double at = report_axis_at(y, ticks[i]);
        report_svg_line(b, "grid", x->from, at, x->to, at);
        add_tick_label(b, x->from - 6, at + 4, "end", ticks[i]);
    }
    n = axis_ticks(x, ticks, MAX_TICKS);
    for (size_t i = 0; i < n; i++) {
        double at = report_axis_at(x, ticks[i]);
        report_svg_line(b, "grid", at, y->from, at, y->to);
        add_tick_label(b, at, y->from + 16, "middle", ticks[i]);
    }
    report_svg_line(b, "axis", x->from, y->from, x->to, y->from);
    if (x_label) {
        report_svg_text(b, "name", (x->from + x->to) / 2, y->from + 34, "middle");
        sl_buf_add_html(b, sl_str(x_label));
        sl_buf_add_cstr(b, "</text>");
    }
    if (y_label) {
        sl_buf_add_cstr(b, "<text class=name text-anchor=middle transform=\"translate(13,");
        report_add_coordinate(b, (y->from + y->to) / 2);
        sl_buf_add_cstr(b, ") rotate(-90)\">");
        sl_buf_add_html(b, sl_str(y_label));
        sl_buf_add_cstr(b, "</text>");
    }
}
