/* report.html: a row per feature with its histogram, splits laid over one another; then every
 * figure of every split. */
#include "kit/report.h"
#include "base/time.h"
#include "statistics_gen.h"

#include <math.h>
#include <string.h>

enum { CHART_VALUES = 8 }; /* most frequent values in a chart */

struct splits {
    struct dataset_statistics *const *p;
    size_t n;
    struct sl_str *names;
};

static double share(uint64_t part, uint64_t of)
{
    return of ? (double)part / (double)of : 0;
}

static double missing_share(const struct feature_statistics *f)
{
    return share(f->common.n_missing, f->common.n_missing + f->common.n_present);
}

static const char *type_text(const struct feature_statistics *f)
{
    if (f->domain == STATISTICS_DOMAIN_BOOL)
        return "bool";
    if (f->domain == STATISTICS_DOMAIN_TIME)
        return "time";
    return f->type == STATISTICS_INT ? "int" : f->type == STATISTICS_FLOAT ? "float" : "text";
}

/* What a reader should look at: nothing there, or always the same. */
static enum report_tone tone_of(const struct feature_statistics *f)
{
    return f->common.n_present == 0 || f->n_unique <= 1 ? REPORT_WARN : REPORT_PLAIN;
}

/* ---- cells ---- */

static void cell_of_value(struct report *r, const struct feature_statistics *f, double value)
{
    bool none = f->common.n_present == f->numeric.n_nan;
    if (none) {
        report_cell_number(r, NAN);
    } else if (f->domain == STATISTICS_DOMAIN_TIME && fabs(value) < 9e18) {
        char text[SL_TIME_TEXT];
        sl_time_format((int64_t)value, text);
        struct sl_str time = sl_str(text);
        /* Days as such; times to the minute. */
        bool day = sl_str_ends(time, SL_STR("T00:00:00Z"));
        ptrdiff_t t = sl_str_find_char(time, 'T');
        size_t end = (size_t)t + (day ? 0 : 6);
        text[t] = ' ';
        report_cell_value(r, sl_strn(text, SL_MIN(end, time.n)), value);
    } else {
        report_cell_number(r, value);
    }
}

static void cell_of_unique(struct report *r, const struct feature_statistics *f)
{
    if (f->error.unique_relative <= 0) {
        report_cell_count(r, f->n_unique);
        return;
    }
    SL_AUTOBUF(text, 0);
    sl_buf_add_cstr(&text, "\xe2\x89\x88 ");
    report_add_number(&text, (double)f->n_unique);
    report_cell_value(r, sl_buf_str(&text), (double)f->n_unique);
}

/* ---- charts ---- */

/* The finite buckets of a split's histogram. */
static struct report_histogram_series series_of(struct sl_arena *a, struct sl_str name,
                                                const struct statistics_histogram *h)
{
    double *low = SL_ARENA_ARRAY(a, double, h->n), *high = SL_ARENA_ARRAY(a, double, h->n),
           *count = SL_ARENA_ARRAY(a, double, h->n);
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++) {
        if (!isfinite(h->buckets[i].low) || !isfinite(h->buckets[i].high))
            continue;
        low[n] = h->buckets[i].low;
        high[n] = h->buckets[i].high;
        count[n++] = h->buckets[i].count;
    }
    return (struct report_histogram_series){name, low, high, count, n};
}

/* One bucket of a split dwarfs all others. */
static bool is_skewed(const struct report_histogram_series *s)
{
    double sum = 0, most = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->count[i];
        most = SL_MAX(most, s->count[i]);
    }
    return s->n > 2 && most > 0.9 * sum;
}

static void chart_of_numbers(struct sl_arena *a, struct report *r, const struct splits *s,
                             size_t feature)
{
    struct report_histogram_series *series =
        SL_ARENA_ARRAY(a, struct report_histogram_series, s->n);
    bool skewed = false;
    for (size_t i = 0; i < s->n; i++) {
        series[i] = series_of(a, s->names[i], &s->p[i]->features[feature].numeric.standard);
        skewed |= is_skewed(&series[i]);
    }
    struct report_histogram h = {
        .log_y = skewed,
        .series = series,
        .n = s->n,
        .compact = true,
        .times = s->p[0]->features[feature].domain == STATISTICS_DOMAIN_TIME,
    };
    report_cell_begin(r);
    report_histogram(r, &h);
    report_cell_end(r);
}

static double count_of(const struct statistics_values *values, struct sl_str value)
{
    for (size_t i = 0; i < values->n; i++)
        if (sl_str_eq(values->p[i].value, value))
            return values->p[i].count;
    return 0;
}

/* The most frequent values of the first split that has any, and their share of each. */
static void chart_of_text(struct sl_arena *a, struct report *r, const struct splits *s,
                          size_t feature)
{
    const struct statistics_values *top = &s->p[0]->features[feature].string.top;
    for (size_t i = 1; i < s->n && !top->n; i++)
        top = &s->p[i]->features[feature].string.top;
    size_t n = SL_MIN(top->n, (size_t)CHART_VALUES);
    struct report_category *categories = SL_ARENA_ARRAY(a, struct report_category, n);
    for (size_t k = 0; k < n; k++) {
        double *shares = SL_ARENA_ARRAY(a, double, s->n);
        for (size_t i = 0; i < s->n; i++) {
            const struct feature_statistics *f = &s->p[i]->features[feature];
            if (f->common.n_present)
                shares[i] =
                    count_of(&f->string.rank, top->p[k].value) / (double)f->common.n_present;
        }
        categories[k] = (struct report_category){top->p[k].value, shares};
    }
    struct report_categories c = {NULL, s->names, s->n, categories, n, true};
    report_cell_begin(r);
    report_categories(r, &c);
    report_cell_end(r);
}

/* ---- sections ---- */

static void section_of_numbers(struct sl_arena *a, struct report *r, const struct splits *s)
{
    static const struct report_column columns[] = {
        {"feature", false}, {"type", false},  {"distribution", false}, {"missing", true},
        {"zeros", true},    {"unique", true}, {"min", true},           {"median", true},
        {"mean", true},     {"max", true},    {"std dev", true},
    };
    report_section(r, "Numbers and times");
    report_table_begin(r, NULL, columns, SL_COUNTOF(columns), true);
    for (size_t i = 0; i < s->p[0]->n_features; i++) {
        const struct feature_statistics *f = &s->p[0]->features[i];
        if (!f->has_numeric)
            continue;
        report_row_begin(r, tone_of(f));
        report_cell(r, f->name);
        report_cell(r, sl_str(type_text(f)));
        chart_of_numbers(a, r, s, i);
        report_cell_share(r, missing_share(f));
        report_cell_share(r, share(f->numeric.n_zeros, f->common.n_present));
        cell_of_unique(r, f);
        cell_of_value(r, f, f->numeric.min);
        cell_of_value(r, f, f->numeric.median);
        cell_of_value(r, f, f->numeric.mean);
        cell_of_value(r, f, f->numeric.max);
        /* A span of time is no date. */
        report_cell_number(r, f->domain == STATISTICS_DOMAIN_TIME ? NAN : f->numeric.std_dev);
        report_row_end(r);
    }
    report_table_end(r);
}

static void section_of_text(struct sl_arena *a, struct report *r, const struct splits *s)
{
    static const struct report_column columns[] = {
        {"feature", false},    {"missing", true},        {"unique", true},
        {"mean length", true}, {"most frequent", false}, {"top values", false},
    };
    report_section(r, "Text");
    report_table_begin(r, NULL, columns, SL_COUNTOF(columns), true);
    for (size_t i = 0; i < s->p[0]->n_features; i++) {
        const struct feature_statistics *f = &s->p[0]->features[i];
        if (!f->has_string)
            continue;
        report_row_begin(r, tone_of(f));
        report_cell(r, f->name);
        report_cell_share(r, missing_share(f));
        cell_of_unique(r, f);
        report_cell_number(r, f->string.mean_length);
        struct sl_str value = f->string.top.n ? f->string.top.p[0].value : SL_STR("");
        report_cell_format(r, "%.*s%s", (int)SL_MIN(value.n, (size_t)80), value.p,
                           value.n > 80 ? "..." : "");
        chart_of_text(a, r, s, i);
        report_row_end(r);
    }
    report_table_end(r);
}

static void row_of_split(struct report *r, struct sl_str split, const struct feature_statistics *f)
{
    bool number = f->has_numeric;
    report_row_begin(r, tone_of(f));
    report_cell(r, f->name);
    report_cell(r, split);
    report_cell(r, sl_str(type_text(f)));
    report_cell_count(r, f->common.n_present);
    report_cell_count(r, f->common.n_missing);
    cell_of_unique(r, f);
    if (number) {
        report_cell_count(r, f->numeric.n_nan);
        report_cell_count(r, f->numeric.n_zeros);
        cell_of_value(r, f, f->numeric.min);
        cell_of_value(r, f, f->numeric.median);
        cell_of_value(r, f, f->numeric.mean);
        cell_of_value(r, f, f->numeric.max);
        report_cell_number(r, f->domain == STATISTICS_DOMAIN_TIME ? NAN : f->numeric.std_dev);
    } else {
        for (int i = 0; i < 7; i++)
            report_cell_number(r, NAN);
    }
    report_cell_number(r, number ? NAN : f->string.mean_length);
    report_row_end(r);
}

static void section_of_splits(struct report *r, const struct splits *s)
{
    static const struct report_column columns[] = {
        {"feature", false}, {"split", false},      {"type", false}, {"present", true},
        {"missing", true},  {"unique", true},      {"NaN", true},   {"zeros", true},
        {"min", true},      {"median", true},      {"mean", true},  {"max", true},
        {"std dev", true},  {"mean length", true},
    };
    report_section(r, "Every split");
    report_table_begin(r, NULL, columns, SL_COUNTOF(columns), true);
    for (size_t i = 0; i < s->p[0]->n_features; i++)
        for (size_t k = 0; k < s->n; k++)
            row_of_split(r, s->names[k], &s->p[k]->features[i]);
    report_table_end(r);
}

/* Which figures are estimates, and how far off they may be. */
static void note_errors(struct report *r, const struct splits *s)
{
    for (size_t i = 0; i < s->p[0]->n_features; i++)
        for (size_t k = 0; k < s->n; k++) {
            const struct feature_statistics *f = &s->p[k]->features[i];
            if (!f->error.approximate)
                continue;
            SL_AUTOBUF(b, 0);
            sl_buf_format(&b,
                          "%.*s, split %.*s, has more distinct values than are counted one by one. "
                          "Unique: standard error %.2f %%.",
                          SL_FMT(f->name), SL_FMT(s->names[k]), f->error.unique_relative * 100);
            if (f->error.quantile_rank > 0)
                sl_buf_format(&b, " Median and histograms: ranks within %.2g %% of the rows.",
                              f->error.quantile_rank * 100);
            if (f->has_string)
                sl_buf_format(&b, " Counts of values: at most %.0f too low.",
                              f->error.top_values_count);
            report_note(r, REPORT_PLAIN, "%s", sl_buf_str(&b).p);
        }
}

static bool has_any(const struct splits *s, bool numeric)
{
    for (size_t i = 0; i < s->p[0]->n_features; i++)
        if (numeric ? s->p[0]->features[i].has_numeric : s->p[0]->features[i].has_string)
            return true;
    return false;
}

static void describe_splits(const struct splits *s, struct sl_buf *b)
{
    for (size_t i = 0; i < s->n; i++) {
        sl_buf_format(b, "%s%.*s: ", i ? ", " : "", SL_FMT(s->names[i]));
        report_add_number(b, (double)s->p[i]->n_examples);
        sl_buf_add_cstr(b, " rows");
    }
}

void statistics_report(struct dataset_statistics *const *splits, size_t n, struct sl_buf *ret)
{
    SL_AUTOARENA(a);
    struct splits s = {splits, n, SL_ARENA_ARRAY(a, struct sl_str, n)};
    for (size_t i = 0; i < n; i++)
        s.names[i] = splits[i]->name;
    SL_AUTOBUF(subtitle, 0);
    describe_splits(&s, &subtitle);
    struct report r;
    report_init(&r, "Statistics", sl_buf_str(&subtitle).p);
    if (n) {
        report_legend(&r, s.names, n);
        if (n > 1)
            report_paragraph(&r,
                             "Figures in the first tables are of split %.*s; the charts show every "
                             "split, each with the area of one.",
                             SL_FMT(s.names[0]));
        note_errors(&r, &s);
        if (has_any(&s, true))
            section_of_numbers(a, &r, &s);
        if (has_any(&s, false))
            section_of_text(a, &r, &s);
        section_of_splits(&r, &s);
    }
    report_finish(&r, ret);
}
