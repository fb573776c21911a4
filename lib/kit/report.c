#include "kit/report.h"

#include "kit/report_style.h"
#include "kit/report_svg.h"

#include <math.h>

/* ---- the page ---- */

void report_init(struct report *r, const char *title, const char *subtitle)
{
    *r = (struct report){0};
    struct sl_buf *b = &r->head;
    sl_buf_add_cstr(b, "<!doctype html>\n<html lang=en><meta charset=utf-8>\n"
                       "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
                       "<meta name=color-scheme content=\"light dark\">\n<title>");
    sl_buf_add_html(b, sl_str(title));
    sl_buf_add_cstr(b, "</title>\n<style>\n");
    sl_buf_add_cstr(b, report_style);
    sl_buf_add_cstr(b, "</style>\n<header><h1>");
    sl_buf_add_html(b, sl_str(title));
    sl_buf_add_cstr(b, "</h1><p>");
    sl_buf_add_html(b, sl_str(subtitle ? subtitle : ""));
    sl_buf_add_cstr(b, "</p>\n");
}

void report_finish(struct report *r, struct sl_buf *ret)
{
    if (r->n_sections)
        sl_buf_add_cstr(&r->body, "</section>\n");
    sl_buf_add_str(ret, sl_buf_str(&r->head));
    if (r->n_sections > 1) {
        sl_buf_add_cstr(ret, "<nav aria-label=Contents>");
        sl_buf_add_str(ret, sl_buf_str(&r->contents));
        sl_buf_add_cstr(ret, "</nav>");
    }
    sl_buf_add_cstr(ret, "</header>\n<main>\n");
    sl_buf_add_str(ret, sl_buf_str(&r->body));
    sl_buf_add_cstr(ret, "</main>\n<script>\n");
    sl_buf_add_cstr(ret, report_script);
    sl_buf_add_cstr(ret, "</script>\n</html>\n");
    sl_buf_deinit(&r->head);
    sl_buf_deinit(&r->contents);
    sl_buf_deinit(&r->body);
}

void report_section(struct report *r, const char *title)
{
    if (r->n_sections)
        sl_buf_add_cstr(&r->body, "</section>\n");
    r->n_sections++;
    sl_buf_format(&r->body, "<section id=s%d><h2>", r->n_sections);
    sl_buf_add_html(&r->body, sl_str(title));
    sl_buf_add_cstr(&r->body, "</h2>\n");
    sl_buf_format(&r->contents, "<a href=\"#s%d\">", r->n_sections);
    sl_buf_add_html(&r->contents, sl_str(title));
    sl_buf_add_cstr(&r->contents, "</a> ");
}

void report_paragraph(struct report *r, const char *fmt, ...)
{
    sl_buf_add_cstr(&r->body, "<p>");
    va_list ap;
    va_start(ap, fmt);
    report_add_html_vformat(&r->body, fmt, ap);
    va_end(ap);
    sl_buf_add_cstr(&r->body, "</p>\n");
}

static const char *const tones[] = {
    [REPORT_PLAIN] = "plain",
    [REPORT_GOOD] = "good",
    [REPORT_WARN] = "warn",
    [REPORT_BAD] = "bad",
};

void report_note(struct report *r, enum report_tone tone, const char *fmt, ...)
{
    sl_buf_format(&r->body, "<p class=\"note %s\">", tones[tone]);
    va_list ap;
    va_start(ap, fmt);
    report_add_html_vformat(&r->body, fmt, ap);
    va_end(ap);
    sl_buf_add_cstr(&r->body, "</p>\n");
}

void report_figures(struct report *r, ...)
{
    struct sl_buf *b = &r->body;
    sl_buf_add_cstr(b, "<dl class=figures>");
    va_list ap;
    va_start(ap, r);
    const char *label;
    while ((label = va_arg(ap, const char *))) {
        const char *value = va_arg(ap, const char *);
        sl_buf_add_cstr(b, "<div><dt>");
        sl_buf_add_html(b, sl_str(label));
        sl_buf_add_cstr(b, "</dt><dd>");
        sl_buf_add_html(b, sl_str(value));
        sl_buf_add_cstr(b, "</dd></div>");
    }
    va_end(ap);
    sl_buf_add_cstr(b, "</dl>\n");
}

void report_grid_begin(struct report *r)
{
    sl_buf_add_cstr(&r->body, "<div class=grid>\n");
}

void report_grid_end(struct report *r)
{
    sl_buf_add_cstr(&r->body, "</div>\n");
}

void report_legend(struct report *r, const struct sl_str *names, size_t n)
{
    struct sl_buf *b = &r->body;
    sl_buf_add_cstr(b, "<p class=legend>");
    for (size_t i = 0; i < n; i++) {
        sl_buf_format(b, "<span><i class=c%zu></i>", i % REPORT_COLOURS);
        sl_buf_add_html(b, names[i]);
        sl_buf_add_cstr(b, "</span> ");
    }
    sl_buf_add_cstr(b, "</p>\n");
}

/* ---- tables ---- */

void report_table_begin(struct report *r, const char *caption, const struct report_column *columns,
                        size_t n, bool searchable)
{
    struct sl_buf *b = &r->body;
    sl_buf_add_cstr(b, "<div class=table>");
    if (searchable)
        sl_buf_add_cstr(b, "<input type=search placeholder=\"Search\" aria-label=\"Search rows\">");
    sl_buf_add_cstr(b, "<div class=scroll><table>");
    if (caption) {
        sl_buf_add_cstr(b, "<caption>");
        sl_buf_add_html(b, sl_str(caption));
        sl_buf_add_cstr(b, "</caption>");
    }
    sl_buf_add_cstr(b, "<thead><tr>");
    for (size_t i = 0; i < n; i++) {
        sl_buf_add_cstr(b, columns[i].number ? "<th class=n scope=col>" : "<th scope=col>");
        sl_buf_add_html(b, sl_str(columns[i].title));
        sl_buf_add_cstr(b, "</th>");
    }
    sl_buf_add_cstr(b, "</tr></thead>\n<tbody>\n");
    r->columns = columns;
}

void report_table_end(struct report *r)
{
    sl_buf_add_cstr(&r->body, "</tbody></table></div></div>\n");
    r->columns = NULL;
}

void report_row_begin(struct report *r, enum report_tone tone)
{
    r->column = 0;
    if (tone == REPORT_PLAIN)
        sl_buf_add_cstr(&r->body, "<tr>");
    else
        sl_buf_format(&r->body, "<tr class=%s>", tones[tone]);
}

void report_row_end(struct report *r)
{
    sl_buf_add_cstr(&r->body, "</tr>\n");
}

/* An open <td>; `sort_by` is what a click on the heading sorts numbers by. */
static void begin_cell(struct report *r, const double *sort_by)
{
    struct sl_buf *b = &r->body;
    bool number = r->columns && r->columns[r->column].number;
    r->column++;
    sl_buf_add_cstr(b, number ? "<td class=n" : "<td");
    if (sort_by && !isnan(*sort_by)) {
        sl_buf_add_cstr(b, " data-v=\"");
        if (isinf(*sort_by))
            sl_buf_add_cstr(b, *sort_by > 0 ? "Infinity" : "-Infinity");
        else
            sl_buf_add_f64(b, *sort_by);
        sl_buf_add_char(b, '"');
    }
    sl_buf_add_char(b, '>');
}

void report_cell(struct report *r, struct sl_str text)
{
    begin_cell(r, NULL);
    sl_buf_add_html(&r->body, text);
    report_cell_end(r);
}

void report_cell_format(struct report *r, const char *fmt, ...)
{
    begin_cell(r, NULL);
    va_list ap;
    va_start(ap, fmt);
    report_add_html_vformat(&r->body, fmt, ap);
    va_end(ap);
    report_cell_end(r);
}

void report_cell_number(struct report *r, double value)
{
    begin_cell(r, &value);
    report_add_number(&r->body, value);
    report_cell_end(r);
}

void report_cell_count(struct report *r, uint64_t value)
{
    report_cell_number(r, (double)value);
}

void report_cell_share(struct report *r, double share)
{
    begin_cell(r, &share);
    double percent = isnan(share) ? 0 : SL_MIN(SL_MAX(share, 0.0), 1.0) * 100;
    sl_buf_format(&r->body, "<span class=share style=\"--w:%.1f%%\">", percent);
    if (isnan(share))
        sl_buf_add_cstr(&r->body, "\xe2\x80\x93");
    else if (share > 0 && share < 0.0005)
        sl_buf_add_cstr(&r->body, "&lt; 0.1 %");
    else
        sl_buf_format(&r->body, "%.1f %%", share * 100);
    sl_buf_add_cstr(&r->body, "</span>");
    report_cell_end(r);
}

void report_cell_value(struct report *r, struct sl_str text, double sort_by)
{
    begin_cell(r, &sort_by);
    sl_buf_add_html(&r->body, text);
    report_cell_end(r);
}

void report_cell_begin(struct report *r)
{
    begin_cell(r, NULL);
}

void report_cell_end(struct report *r)
{
    sl_buf_add_cstr(&r->body, "</td>");
}
