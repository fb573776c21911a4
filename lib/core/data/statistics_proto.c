#include "core/data/statistics_proto.h"

#include <statistics.pb-c.h>

/* The generated names are long; the two below are all that differs between messages. */
#define PB(name) Tensorflow__Metadata__V0__##name
#define PB_NEW(a, type, name)                             \
    ({                                                    \
        PB(type) *pb_new = SL_ARENA_NEW((a), PB(type));   \
        tensorflow__metadata__v0__##name##__init(pb_new); \
        pb_new;                                           \
    })

/* Text of a proto string field: C strings, so that a NUL inside would end it early. */
static char *text_of(struct sl_arena *a, struct sl_str s)
{
    if (!s.n || !memchr(s.p, 0, s.n))
        return sl_arena_cstr(a, s);
    SL_AUTOBUF(b, 0);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i])
            sl_buf_add_char(&b, s.p[i]);
        else
            sl_buf_add_cstr(&b, "\xef\xbf\xbd");
    return sl_arena_cstr(a, sl_buf_str(&b));
}

static PB(Histogram) * encode_histogram(struct sl_arena *a, const struct statistics_histogram *h)
{
    PB(Histogram) *p = PB_NEW(a, Histogram, histogram);
    p->type = h->type == STATISTICS_STANDARD
                  ? TENSORFLOW__METADATA__V0__HISTOGRAM__HISTOGRAM_TYPE__STANDARD
                  : TENSORFLOW__METADATA__V0__HISTOGRAM__HISTOGRAM_TYPE__QUANTILES;
    p->num_nan = h->n_nan;
    p->num_undefined = h->n_undefined;
    p->n_buckets = h->n;
    p->buckets = SL_ARENA_ARRAY(a, PB(Histogram__Bucket) *, h->n);
    for (size_t i = 0; i < h->n; i++) {
        p->buckets[i] = PB_NEW(a, Histogram__Bucket, histogram__bucket);
        p->buckets[i]->low_value = h->buckets[i].low;
        p->buckets[i]->high_value = h->buckets[i].high;
        p->buckets[i]->sample_count = h->buckets[i].count;
    }
    return p;
}

static PB(CommonStatistics) * encode_common(struct sl_arena *a, const struct feature_statistics *f)
{
    const struct statistics_common *c = &f->common;
    PB(CommonStatistics) *p = PB_NEW(a, CommonStatistics, common_statistics);
    p->num_non_missing = c->n_present;
    p->num_missing = c->n_missing;
    p->min_num_values = c->min_values;
    p->max_num_values = c->max_values;
    p->avg_num_values = (float)c->mean_values;
    p->tot_num_values = c->total_values;
    if (c->values_histogram.n)
        p->num_values_histogram = encode_histogram(a, &c->values_histogram);
    if (f->has_weighted) {
        PB(WeightedCommonStatistics) *w =
            PB_NEW(a, WeightedCommonStatistics, weighted_common_statistics);
        w->num_non_missing = f->weighted_present;
        w->num_missing = f->weighted_missing;
        w->avg_num_values = c->mean_values;
        w->tot_num_values = f->weighted_present * c->mean_values;
        p->weighted_common_stats = w;
    }
    return p;
}

/* ---- numbers ---- */

/* STANDARD first, then QUANTILES, as TFDV has them. */
static PB(Histogram) *
    *encode_histograms(struct sl_arena *a, const struct statistics_numeric *s, size_t *ret_n)
{
    PB(Histogram) **p = SL_ARENA_ARRAY(a, PB(Histogram) *, 2);
    size_t n = 0;
    if (s->standard.n)
        p[n++] = encode_histogram(a, &s->standard);
    if (s->quantiles.n)
        p[n++] = encode_histogram(a, &s->quantiles);
    *ret_n = n;
    return p;
}

static PB(NumericStatistics) *
    encode_numeric(struct sl_arena *a, const struct feature_statistics *f)
{
    const struct statistics_numeric *s = &f->numeric;
    PB(NumericStatistics) *p = PB_NEW(a, NumericStatistics, numeric_statistics);
    p->common_stats = encode_common(a, f);
    p->mean = s->mean;
    p->std_dev = s->std_dev;
    p->num_zeros = s->n_zeros;
    p->min = s->min;
    p->median = s->median;
    p->max = s->max;
    if (!s->standard.n && s->n_nan) {
        /* Nothing but NaN: the histogram is there to count them. */
        struct statistics_histogram empty = {.type = STATISTICS_STANDARD, .n_nan = s->n_nan};
        p->histograms = SL_ARENA_ARRAY(a, PB(Histogram) *, 1);
        p->histograms[0] = encode_histogram(a, &empty);
        p->n_histograms = 1;
    } else {
        p->histograms = encode_histograms(a, s, &p->n_histograms);
    }
    if (f->has_weighted) {
        const struct statistics_numeric *ws = &f->weighted_numeric;
        PB(WeightedNumericStatistics) *w =
            PB_NEW(a, WeightedNumericStatistics, weighted_numeric_statistics);
        w->mean = ws->mean;
        w->std_dev = ws->std_dev;
        w->median = ws->median;
        w->histograms = encode_histograms(a, ws, &w->n_histograms);
        p->weighted_numeric_stats = w;
    }
    return p;
}

/* ---- text ---- */

static PB(StringStatistics__FreqAndValue) *
    *encode_top(struct sl_arena *a, const struct statistics_values *v)
{
    PB(StringStatistics__FreqAndValue) **p =
        SL_ARENA_ARRAY(a, PB(StringStatistics__FreqAndValue) *, v->n);
    for (size_t i = 0; i < v->n; i++) {
        p[i] = PB_NEW(a, StringStatistics__FreqAndValue, string_statistics__freq_and_value);
        p[i]->value = text_of(a, v->p[i].value);
        p[i]->frequency = v->p[i].count;
    }
    return p;
}

static PB(RankHistogram) * encode_rank(struct sl_arena *a, const struct statistics_values *v)
{
    PB(RankHistogram) *p = PB_NEW(a, RankHistogram, rank_histogram);
    p->n_buckets = v->n;
    p->buckets = SL_ARENA_ARRAY(a, PB(RankHistogram__Bucket) *, v->n);
    for (size_t i = 0; i < v->n; i++) {
        PB(RankHistogram__Bucket) *b = PB_NEW(a, RankHistogram__Bucket, rank_histogram__bucket);
        b->low_rank = b->high_rank = i;
        b->label = text_of(a, v->p[i].value);
        b->sample_count = v->p[i].count;
        p->buckets[i] = b;
    }
    return p;
}

static PB(StringStatistics) * encode_string(struct sl_arena *a, const struct feature_statistics *f)
{
    const struct statistics_string *s = &f->string;
    PB(StringStatistics) *p = PB_NEW(a, StringStatistics, string_statistics);
    p->common_stats = encode_common(a, f);
    p->unique = s->n_unique;
    p->avg_length = (float)s->mean_length;
    p->invalid_utf8_count = s->n_invalid_utf8;
    p->n_top_values = s->top.n;
    p->top_values = encode_top(a, &s->top);
    p->rank_histogram = encode_rank(a, &s->rank);
    if (f->has_weighted) {
        PB(WeightedStringStatistics) *w =
            PB_NEW(a, WeightedStringStatistics, weighted_string_statistics);
        w->n_top_values = f->weighted_string.top.n;
        w->top_values = encode_top(a, &f->weighted_string.top);
        w->rank_histogram = encode_rank(a, &f->weighted_string.rank);
        p->weighted_string_stats = w;
    }
    return p;
}

/* ---- what the proto has no field for ---- */

enum { MAX_CUSTOM = 5 };

static void add_number(struct sl_arena *a, PB(FeatureNameStatistics) * p, const char *name,
                       double value)
{
    PB(CustomStatistic) *c = PB_NEW(a, CustomStatistic, custom_statistic);
    c->name = sl_arena_cstr(a, sl_str(name));
    c->val_case = TENSORFLOW__METADATA__V0__CUSTOM_STATISTIC__VAL_NUM;
    c->num = value;
    p->custom_stats[p->n_custom_stats++] = c;
}

static void encode_custom(struct sl_arena *a, const struct feature_statistics *f,
                          PB(FeatureNameStatistics) * p)
{
    p->custom_stats = SL_ARENA_ARRAY(a, PB(CustomStatistic) *, MAX_CUSTOM);
    if (f->domain != STATISTICS_DOMAIN_NONE) {
        PB(CustomStatistic) *c = PB_NEW(a, CustomStatistic, custom_statistic);
        c->name = sl_arena_cstr(a, SL_STR("domain_info"));
        c->val_case = TENSORFLOW__METADATA__V0__CUSTOM_STATISTIC__VAL_STR;
        c->str =
            sl_arena_cstr(a, f->domain == STATISTICS_DOMAIN_BOOL
                                 ? SL_STR("bool_domain {}")
                                 : SL_STR("time_domain { integer_format: UNIX_MICROSECONDS }"));
        p->custom_stats[p->n_custom_stats++] = c;
    }
    if (f->has_numeric)
        add_number(a, p, "unique", (double)f->n_unique);
    if (f->error.unique_relative > 0)
        add_number(a, p, "unique_relative_error", f->error.unique_relative);
    if (f->error.quantile_rank > 0)
        add_number(a, p, "quantile_rank_error", f->error.quantile_rank);
    if (f->error.approximate && f->has_string)
        add_number(a, p, "top_values_count_error", f->error.top_values_count);
}

static void encode_stats(struct sl_arena *a, const struct feature_statistics *f,
                         PB(FeatureNameStatistics) * p)
{
    if (f->has_string) {
        p->stats_case = TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__STATS_STRING_STATS;
        p->string_stats = encode_string(a, f);
    } else if (f->has_numeric) {
        p->stats_case = TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__STATS_NUM_STATS;
        p->num_stats = encode_numeric(a, f);
    } else if (f->type == STATISTICS_BYTES) {
        p->stats_case = TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__STATS_BYTES_STATS;
        p->bytes_stats = PB_NEW(a, BytesStatistics, bytes_statistics);
        p->bytes_stats->common_stats = encode_common(a, f);
        p->bytes_stats->unique = f->n_unique;
    } else {
        p->stats_case = TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__STATS_STRUCT_STATS;
        p->struct_stats = PB_NEW(a, StructStatistics, struct_statistics);
        p->struct_stats->common_stats = encode_common(a, f);
    }
}

static PB(FeatureNameStatistics) *
    encode_feature(struct sl_arena *a, const struct feature_statistics *f)
{
    PB(FeatureNameStatistics) *p = PB_NEW(a, FeatureNameStatistics, feature_name_statistics);
    p->field_id_case = TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__FIELD_ID_PATH;
    p->path = PB_NEW(a, Path, path);
    p->path->n_step = 1;
    p->path->step = SL_ARENA_ARRAY(a, char *, 1);
    p->path->step[0] = text_of(a, f->name);
    p->type = (PB(FeatureNameStatistics__Type))f->type;
    encode_stats(a, f, p);
    encode_custom(a, f, p);
    return p;
}

void statistics_encode(const struct dataset_statistics *d, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    PB(DatasetFeatureStatistics) *p =
        PB_NEW(a, DatasetFeatureStatistics, dataset_feature_statistics);
    p->name = text_of(a, d->name);
    p->num_examples = d->n_examples;
    p->weighted_num_examples = d->weighted_examples;
    p->n_features = d->n_features;
    p->features = SL_ARENA_ARRAY(a, PB(FeatureNameStatistics) *, d->n_features);
    for (size_t i = 0; i < d->n_features; i++)
        p->features[i] = encode_feature(a, &d->features[i]);
    PB(DatasetFeatureStatisticsList) *list =
        PB_NEW(a, DatasetFeatureStatisticsList, dataset_feature_statistics_list);
    list->n_datasets = 1;
    list->datasets = &p;
    size_t size = tensorflow__metadata__v0__dataset_feature_statistics_list__get_packed_size(list);
    char *to = sl_buf_reserve(b, size);
    if (to)
        b->n +=
            tensorflow__metadata__v0__dataset_feature_statistics_list__pack(list, (uint8_t *)to);
}
