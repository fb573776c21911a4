/* What the report's charts share: numbers for people, axes, the frame of an SVG. */
#pragma once

#include "kit/report.h"

/* A coordinate: two decimals, without a trailing ".00". */
void report_add_coordinate(struct sl_buf *b, double value);
/* Escaped printf. */
void report_add_html_vformat(struct sl_buf *b, const char *fmt, va_list ap);
/* At most `max` bytes of a label, cut between characters, with an ellipsis; escaped. */
void report_add_label(struct sl_buf *b, struct sl_str label, size_t max);

/* From values to pixels. */
struct report_axis {
    double min, max; /* values; min < max */
    double from, to; /* pixels */
};
/* An axis over [min, max], widened when they are equal or not finite. */
struct report_axis report_axis(double min, double max, double from, double to);
/* The pixel of a value, held within the axis. */
double report_axis_at(const struct report_axis *x, double value);

/* `<figure>` with its title and an open `<svg>` whose text alternative is `label`. */
void report_svg_begin(struct report *r, const char *title, struct sl_str label, int width,
                      int height, bool compact);
void report_svg_end(struct report *r);
/* The same with a legend under the chart where there are several series. */
void report_svg_end_legend(struct report *r, const struct sl_str *names, size_t n);
/* Grid lines, tick labels and names of both axes. */
void report_svg_axes(struct sl_buf *b, const struct report_axis *x, const struct report_axis *y,
                     const char *x_label, const char *y_label);
void report_svg_line(struct sl_buf *b, const char *class, double x1, double y1, double x2,
                     double y2);
/* An open `<rect>` up to its attributes; add "/>" or a title and "</rect>". */
void report_svg_rect(struct sl_buf *b, const char *class, int colour, double x, double y,
                     double width, double height);
/* `<text>` with its anchor: "start", "middle", "end". */
void report_svg_text(struct sl_buf *b, const char *class, double x, double y, const char *anchor);
