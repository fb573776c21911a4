#include "core/data/statistics_proto.h"

#include "base/limits.h"

#include <math.h>
#include <statistics.pb-c.h>

#define PB(name) Tensorflow__Metadata__V0__##name

static void *arena_alloc(void *a, size_t size)
{
    return sl_arena_alloc(a, size);
}

static void arena_free(void *a SL_UNUSED, void *p SL_UNUSED)
{
}

static void decode_histogram(struct sl_arena *a, const PB(Histogram) * p,
                             struct statistics_histogram *ret)
{
    ret->type = p->type == TENSORFLOW__METADATA__V0__HISTOGRAM__HISTOGRAM_TYPE__STANDARD
                    ? STATISTICS_STANDARD
                    : STATISTICS_QUANTILES;
    ret->n_nan = p->num_nan;
    ret->n_undefined = p->num_undefined;
    ret->n = p->n_buckets;
    ret->buckets = SL_ARENA_ARRAY(a, struct statistics_bucket, p->n_buckets);
    for (size_t i = 0; i < p->n_buckets; i++)
        ret->buckets[i] = (struct statistics_bucket){
            p->buckets[i]->low_value, p->buckets[i]->high_value, p->buckets[i]->sample_count};
}

static void decode_common(struct sl_arena *a, const PB(CommonStatistics) * p,
                          struct feature_statistics *f)
{
    if (!p)
        return;
    struct statistics_common *c = &f->common;
    c->n_present = p->num_non_missing;
    c->n_missing = p->num_missing;
    c->min_values = p->min_num_values;
    c->max_values = p->max_num_values;
    c->total_values = p->tot_num_values;
    c->mean_values = (double)p->avg_num_values;
    if (p->num_values_histogram)
        decode_histogram(a, p->num_values_histogram, &c->values_histogram);
    if (p->weighted_common_stats) {
        f->has_weighted = true;
        f->weighted_present = p->weighted_common_stats->num_non_missing;
        f->weighted_missing = p->weighted_common_stats->num_missing;
    }
}

static void decode_histograms(struct sl_arena *a, PB(Histogram) * *p, size_t n,
                              struct statistics_numeric *ret)
{
    for (size_t i = 0; i < n; i++) {
        struct statistics_histogram h = {0};
        decode_histogram(a, p[i], &h);
        ret->n_nan = h.n_nan;
        if (h.type == STATISTICS_STANDARD)
            ret->standard = h;
        else
            ret->quantiles = h;
    }
}

static void decode_numeric(struct sl_arena *a, const PB(NumericStatistics) * p,
                           struct feature_statistics *f)
{
    f->has_numeric = true;
    decode_common(a, p->common_stats, f);
    f->numeric = (struct statistics_numeric){
        .mean = p->mean,
        .std_dev = p->std_dev,
        .min = p->min,
        .median = p->median,
        .max = p->max,
        .n_zeros = p->num_zeros,
    };
    decode_histograms(a, p->histograms, p->n_histograms, &f->numeric);
    const PB(WeightedNumericStatistics) *w = p->weighted_numeric_stats;
    if (w) {
        f->has_weighted = true;
        f->weighted_numeric.mean = w->mean;
        f->weighted_numeric.std_dev = w->std_dev;
        f->weighted_numeric.median = w->median;
        decode_histograms(a, w->histograms, w->n_histograms, &f->weighted_numeric);
    }
}

static void decode_top(struct sl_arena *a, PB(StringStatistics__FreqAndValue) * *p, size_t n,
                       struct statistics_values *ret)
{
    ret->n = n;
    ret->p = SL_ARENA_ARRAY(a, struct statistics_value, n);
    for (size_t i = 0; i < n; i++)
        ret->p[i] =
            (struct statistics_value){sl_arena_str(a, sl_str(p[i]->value)), p[i]->frequency};
}

static void decode_rank(struct sl_arena *a, const PB(RankHistogram) * p,
                        struct statistics_values *ret)
{
    if (!p)
        return;
    ret->n = p->n_buckets;
    ret->p = SL_ARENA_ARRAY(a, struct statistics_value, p->n_buckets);
    for (size_t i = 0; i < p->n_buckets; i++)
        ret->p[i] = (struct statistics_value){sl_arena_str(a, sl_str(p->buckets[i]->label)),
                                              p->buckets[i]->sample_count};
}

static void decode_string(struct sl_arena *a, const PB(StringStatistics) * p,
                          struct feature_statistics *f)
{
    f->has_string = true;
    decode_common(a, p->common_stats, f);
    f->n_unique = f->string.n_unique = p->unique;
    f->string.mean_length = (double)p->avg_length;
    f->string.n_invalid_utf8 = p->invalid_utf8_count;
    decode_top(a, p->top_values, p->n_top_values, &f->string.top);
    decode_rank(a, p->rank_histogram, &f->string.rank);
    if (p->weighted_string_stats) {
        f->has_weighted = true;
        decode_top(a, p->weighted_string_stats->top_values, p->weighted_string_stats->n_top_values,
                   &f->weighted_string.top);
        decode_rank(a, p->weighted_string_stats->rank_histogram, &f->weighted_string.rank);
    }
}

static enum statistics_domain decode_domain(struct sl_str text)
{
    if (sl_str_starts(text, SL_STR("bool_domain")))
        return STATISTICS_DOMAIN_BOOL;
    if (sl_str_starts(text, SL_STR("time_domain")) &&
        sl_str_find(text, SL_STR("UNIX_MICROSECONDS")) >= 0)
        return STATISTICS_DOMAIN_TIME;
    return STATISTICS_DOMAIN_NONE;
}

static void decode_custom(const PB(CustomStatistic) * p, struct feature_statistics *f)
{
    struct sl_str name = sl_str(p->name);
    if (p->val_case == TENSORFLOW__METADATA__V0__CUSTOM_STATISTIC__VAL_STR) {
        if (sl_str_is(name, "domain_info"))
            f->domain = decode_domain(sl_str(p->str));
        return;
    }
    if (p->val_case != TENSORFLOW__METADATA__V0__CUSTOM_STATISTIC__VAL_NUM || isnan(p->num))
        return;
    if (sl_str_is(name, "unique") && p->num >= 0 && p->num < 0x1p63)
        f->n_unique = (uint64_t)p->num;
    else if (sl_str_is(name, "unique_relative_error"))
        f->error.unique_relative = p->num;
    else if (sl_str_is(name, "quantile_rank_error"))
        f->error.quantile_rank = p->num;
    else if (sl_str_is(name, "top_values_count_error"))
        f->error.top_values_count = p->num;
    else
        return;
    f->error.approximate = f->error.unique_relative > 0;
}

static struct sl_str decode_name(struct sl_arena *a, const PB(FeatureNameStatistics) * p)
{
    if (p->field_id_case == TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__FIELD_ID_NAME)
        return sl_arena_str(a, sl_str(p->name));
    if (p->field_id_case != TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__FIELD_ID_PATH)
        return SL_STR("");
    SL_AUTOBUF(b, 0);
    for (size_t i = 0; i < p->path->n_step; i++) {
        if (i)
            sl_buf_add_char(&b, '.');
        sl_buf_add_cstr(&b, p->path->step[i]);
    }
    return sl_arena_str(a, sl_buf_str(&b));
}

static struct sl_err *decode_feature(struct sl_arena *a, const PB(FeatureNameStatistics) * p,
                                     struct feature_statistics *f)
{
    f->name = decode_name(a, p);
    if (!f->name.n)
        return SL_ERR(CORRUPT, "a feature has no name");
    if ((int)p->type < STATISTICS_INT || (int)p->type > STATISTICS_STRUCT)
        return SL_ERR(CORRUPT, "feature '%.*s' has type %d, expected 0 to 4", SL_FMT(f->name),
                      (int)p->type);
    f->type = (enum statistics_type)p->type;
    switch (p->stats_case) {
    case TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__STATS_NUM_STATS:
        decode_numeric(a, p->num_stats, f);
        break;
    case TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__STATS_STRING_STATS:
        decode_string(a, p->string_stats, f);
        break;
    case TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__STATS_BYTES_STATS:
        decode_common(a, p->bytes_stats->common_stats, f);
        f->n_unique = p->bytes_stats->unique;
        break;
    case TENSORFLOW__METADATA__V0__FEATURE_NAME_STATISTICS__STATS_STRUCT_STATS:
        decode_common(a, p->struct_stats->common_stats, f);
        break;
    default:
        break;
    }
    for (size_t i = 0; i < p->n_custom_stats; i++)
        decode_custom(p->custom_stats[i], f);
    return NULL;
}

/* The dataset over all examples. */
static const PB(DatasetFeatureStatistics) *
    pick_dataset(const PB(DatasetFeatureStatisticsList) * list)
{
    for (size_t i = 0; i < list->n_datasets; i++)
        if (!list->datasets[i]->name[0] ||
            sl_str_is(sl_str(list->datasets[i]->name), "All Examples"))
            return list->datasets[i];
    return list->n_datasets == 1 ? list->datasets[0] : NULL;
}

struct sl_err *statistics_decode(struct sl_arena *a, struct sl_str bytes,
                                 struct dataset_statistics **ret)
{
    if (bytes.n > SL_LIMIT_PROTO_BYTES)
        return SL_ERR(EXHAUSTED, "statistics: %zu bytes, at most %zu are read", bytes.n,
                      SL_LIMIT_PROTO_BYTES);
    SL_AUTOARENA(scratch);
    ProtobufCAllocator allocator = {arena_alloc, arena_free, scratch};
    PB(DatasetFeatureStatisticsList) *list =
        tensorflow__metadata__v0__dataset_feature_statistics_list__unpack(&allocator, bytes.n,
                                                                          (const uint8_t *)bytes.p);
    if (!list)
        return SL_ERR(CORRUPT, "statistics: %zu bytes that are no DatasetFeatureStatisticsList",
                      bytes.n);
    const PB(DatasetFeatureStatistics) *p = pick_dataset(list);
    if (!p)
        return SL_ERR(INVALID,
                      "statistics: %zu datasets, expected one without a name or one 'All Examples'",
                      list->n_datasets);
    struct dataset_statistics *d = SL_ARENA_NEW(a, struct dataset_statistics);
    d->name = sl_arena_str(a, sl_str(p->name));
    d->n_examples = p->num_examples;
    d->weighted_examples = p->weighted_num_examples;
    d->n_features = p->n_features;
    d->features = SL_ARENA_ARRAY(a, struct feature_statistics, p->n_features);
    for (size_t i = 0; i < p->n_features; i++)
        SL_TRY(decode_feature(a, p->features[i], &d->features[i]), "statistics");
    *ret = d;
    return NULL;
}
