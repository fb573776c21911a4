/* HTML reports for people: one self-contained page (no network, no fonts, no library), light and
 * dark, with SVG charts and sortable, searchable tables. StatisticsGen, ExampleValidator and
 * Evaluator share it, so that all reports look and behave alike.
 *
 *     struct report r;
 *     report_init(&r, "Statistics", "flights: 3,000,000 rows");
 *     report_section(&r, "Features");
 *     report_line_chart(&r, &chart);
 *     report_finish(&r, &html);
 *
 * Every text is escaped here; numbers are shortened for people. The same calls give the same bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

struct report {
    struct sl_buf head, contents, body; /* put together by report_finish */
    int n_sections;
    const struct report_column *columns; /* of the open table */
    size_t column;                       /* of the open row */
};

/* Opens the page: a heading and a line under it (either may hold any text). */
void report_init(struct report *r, const char *title, const char *subtitle);
/* Closes the page and appends it to `ret`; `r` is empty afterwards. */
void report_finish(struct report *r, struct sl_buf *ret);

/* A heading with what follows under it, until the next; listed in the page's contents. */
void report_section(struct report *r, const char *title);
void report_paragraph(struct report *r, const char *fmt, ...) SL_PRINTF(2, 3);
/* A line that stands out: what was decided, what is wrong. */
enum report_tone { REPORT_PLAIN, REPORT_GOOD, REPORT_WARN, REPORT_BAD };
void report_note(struct report *r, enum report_tone tone, const char *fmt, ...) SL_PRINTF(3, 4);
/* A row of figures: labels and values alternate, ended by NULL. */
void report_figures(struct report *r, ...) __attribute__((sentinel));
/* What follows stands side by side where the window is wide enough; end it again. */
void report_grid_begin(struct report *r);
void report_grid_end(struct report *r);

/* A number as all reports write it: whole ones with separators, others to 5 digits, NaN as a dash.
 */
void report_add_number(struct sl_buf *b, double value);

/* ---- tables ----------------------------------------------------------------------------------
 * report_table_begin, then per row report_row_begin, one report_cell_* per column, report_row_end,
 * then report_table_end. A click on a heading sorts by what the cells hold, not by their text. */
struct report_column {
    const char *title;
    bool number; /* right-aligned, sorted as a number */
};
/* `searchable` puts a search box above: rows without the words typed are hidden. */
void report_table_begin(struct report *r, const char *caption, const struct report_column *columns,
                        size_t n, bool searchable);
void report_table_end(struct report *r);
void report_row_begin(struct report *r, enum report_tone tone);
void report_row_end(struct report *r);
void report_cell(struct report *r, struct sl_str text);
void report_cell_format(struct report *r, const char *fmt, ...) SL_PRINTF(2, 3);
/* Shortened to 5 digits, the full value as a tooltip; NaN shows as a dash. */
void report_cell_number(struct report *r, double value);
/* A whole number with separators. */
void report_cell_count(struct report *r, uint64_t value);
/* 0.123 as 12.3 %, with a bar behind it. */
void report_cell_share(struct report *r, double share);
/* Any text, sorted by a number: a time, a range. */
void report_cell_value(struct report *r, struct sl_str text, double sort_by);
/* A cell of any content: what is called until report_cell_end goes into it. */
void report_cell_begin(struct report *r);
void report_cell_end(struct report *r);

/* ---- charts: SVG, each with a text alternative ---- */
enum { REPORT_COLOURS = 8 }; /* series are coloured by index, modulo this */

struct report_series {
    struct sl_str name;
    const double *x, *y; /* (n); a NaN point breaks the line */
    size_t n;
    bool points; /* dots on the line */
    bool dashed; /* a reference line */
};

/* ROC, PR, CDF, calibration, loss over steps. */
struct report_line_chart {
    const char *title, *x_label, *y_label;
    const struct report_series *series;
    size_t n;
    double x_min, x_max, y_min, y_max; /* min >= max: from the data */
    bool diagonal;                     /* the line from corner to corner, as a reference */
};
void report_line_chart(struct report *r, const struct report_line_chart *c);

struct report_bar {
    struct sl_str label;
    double value;
    double low, high; /* an interval drawn over the bar, when low < high */
};
/* Horizontal bars, one a row, labels on the left: importance, metric by slice. */
struct report_bar_chart {
    const char *title, *x_label;
    const struct report_bar *bars;
    size_t n;
    double reference; /* a vertical line there; NaN: none */
};
void report_bar_chart(struct report *r, const struct report_bar_chart *c);

/* A histogram of buckets of any width, several series laid over one another (splits, spans). The
 * area of a series is one: shapes compare, whatever the number of rows. */
struct report_histogram_series {
    struct sl_str name;
    const double *low, *high, *count; /* (n), finite */
    size_t n;
};
struct report_histogram {
    const char *title; /* NULL: none */
    const struct report_histogram_series *series;
    size_t n;
    bool log_y;   /* for one bucket that dwarfs the others: heights are logs of shares */
    bool compact; /* small, for a table cell */
    bool times;   /* values are microseconds since 1970 */
};
void report_histogram(struct report *r, const struct report_histogram *h);

/* Counts of named values, several series side by side: top values of a text feature. */
struct report_category {
    struct sl_str label;
    const double *share; /* (n series), in [0, 1] */
};
struct report_categories {
    const char *title; /* NULL: none */
    const struct sl_str *series;
    size_t n_series;
    const struct report_category *categories;
    size_t n;
    bool compact;
};
void report_categories(struct report *r, const struct report_categories *c);
/* The names of series with their colours, for charts in tables: once a page is enough. Charts that
 * stand alone have their own. */
void report_legend(struct report *r, const struct sl_str *names, size_t n);
