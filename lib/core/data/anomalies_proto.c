/* Findings as tensorflow.metadata.v0.Anomalies (SchemaDiff.pb). */
#include "codec/proto_message.h"
#include "core/data/anomalies.h"

#include "anomalies.pb-c.h"

typedef Tensorflow__Metadata__V0__Anomalies anomalies_message;
typedef Tensorflow__Metadata__V0__AnomalyInfo info_message;
typedef Tensorflow__Metadata__V0__AnomalyInfo__Reason reason_message;
typedef Tensorflow__Metadata__V0__Anomalies__AnomalyInfoEntry entry_message;
typedef Tensorflow__Metadata__V0__DriftSkewInfo drift_message;
typedef Tensorflow__Metadata__V0__DriftSkewInfo__Measurement measurement_message;

static Tensorflow__Metadata__V0__Path *make_path(struct sl_arena *a, struct sl_str feature)
{
    Tensorflow__Metadata__V0__Path *p = PROTO_METADATA_NEW(a, path);
    p->n_step = 1;
    p->step = SL_ARENA_ARRAY(a, char *, 1);
    p->step[0] = sl_arena_cstr(a, feature);
    return p;
}

/* A step with a character that paths use stands in single quotes, inner ones doubled. */
static char *serialized_path(struct sl_arena *a, struct sl_str feature)
{
    bool odd = feature.n == 0;
    for (size_t i = 0; i < feature.n; i++)
        odd |= feature.p[i] && strchr(".()'", feature.p[i]);
    if (!odd)
        return sl_arena_cstr(a, feature);
    SL_AUTOBUF(b, 0);
    sl_buf_add_char(&b, '\'');
    for (size_t i = 0; i < feature.n; i++)
        sl_buf_format(&b, "%s%c", feature.p[i] == '\'' ? "'" : "", feature.p[i]);
    sl_buf_add_char(&b, '\'');
    return sl_arena_cstr(a, sl_buf_str(&b));
}

static reason_message *make_reason(struct sl_arena *a, const struct anomaly *x)
{
    reason_message *r = PROTO_METADATA_NEW(a, anomaly_info__reason);
    r->has_type = true;
    r->type = (int32_t)x->type;
    r->short_description = sl_arena_cstr(a, sl_str(x->short_description));
    r->description = sl_arena_cstr(a, x->description);
    return r;
}

/* One entry of the `n` findings that follow one another about a feature. */
static info_message *make_info(struct sl_arena *a, const struct anomaly *first, size_t n)
{
    info_message *info = PROTO_METADATA_NEW(a, anomaly_info);
    int severity = 0;
    SL_AUTOBUF(all, 0);
    info->reason = SL_ARENA_ARRAY(a, reason_message *, n);
    const struct anomaly *x = first;
    for (size_t i = 0; i < n; i++, x = x->next) {
        info->reason[info->n_reason++] = make_reason(a, x);
        severity = SL_MAX(severity, (int)x->severity);
        sl_buf_format(&all, "%s%.*s", i ? " " : "", SL_FMT(x->description));
    }
    if (first->feature.n)
        info->path = make_path(a, first->feature);
    info->has_severity = true;
    info->severity = (Tensorflow__Metadata__V0__AnomalyInfo__Severity)severity;
    info->short_description =
        sl_arena_cstr(a, n > 1 ? SL_STR("Multiple errors") : sl_str(first->short_description));
    info->description = sl_arena_cstr(a, sl_buf_str(&all));
    return info;
}

static size_t run_length(const struct anomaly *first)
{
    size_t n = 0;
    for (const struct anomaly *x = first; x && sl_str_eq(x->feature, first->feature); x = x->next)
        n++;
    return n;
}

static void add_infos(struct sl_arena *a, const struct anomalies *l, anomalies_message *m)
{
    m->anomaly_info = SL_ARENA_ARRAY(a, entry_message *, l->error_count + l->warning_count);
    for (const struct anomaly *x = l->first; x;) {
        size_t n = run_length(x);
        info_message *info = make_info(a, x, n);
        if (!x->feature.n) {
            m->dataset_anomaly_info = info;
        } else {
            entry_message *e = PROTO_METADATA_NEW(a, anomalies__anomaly_info_entry);
            e->key = serialized_path(a, x->feature);
            e->value = info;
            m->anomaly_info[m->n_anomaly_info++] = e;
        }
        while (n--)
            x = x->next;
    }
}

static void add_measurements(struct sl_arena *a, const struct anomalies *l, anomalies_message *m)
{
    size_t n = 0;
    for (const struct measurement *x = l->first_measurement; x; x = x->next)
        n++;
    m->drift_skew_info = SL_ARENA_ARRAY(a, drift_message *, n);
    for (const struct measurement *x = l->first_measurement; x; x = x->next) {
        drift_message *d =
            m->n_drift_skew_info ? m->drift_skew_info[m->n_drift_skew_info - 1] : NULL;
        if (!d || !sl_str_is(x->feature, d->path->step[0])) {
            d = PROTO_METADATA_NEW(a, drift_skew_info);
            d->path = make_path(a, x->feature);
            d->drift_measurements = SL_ARENA_ARRAY(a, measurement_message *, n);
            d->skew_measurements = SL_ARENA_ARRAY(a, measurement_message *, n);
            m->drift_skew_info[m->n_drift_skew_info++] = d;
        }
        measurement_message *one = PROTO_METADATA_NEW(a, drift_skew_info__measurement);
        one->has_type = one->has_value = one->has_threshold = true;
        one->type = (Tensorflow__Metadata__V0__DriftSkewInfo__Measurement__Type)x->type;
        one->value = x->value;
        one->threshold = x->threshold;
        if (x->is_skew)
            d->skew_measurements[d->n_skew_measurements++] = one;
        else
            d->drift_measurements[d->n_drift_measurements++] = one;
    }
}

void anomalies_encode(const struct anomalies *l, const schema_message *s, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    anomalies_message *m = PROTO_METADATA_NEW(a, anomalies);
    /* Packing does not write to the schema; the generated type has no const. */
    m->baseline = (schema_message *)(uintptr_t)s;
    m->has_anomaly_name_format = true;
    m->anomaly_name_format =
        TENSORFLOW__METADATA__V0__ANOMALIES__ANOMALY_NAME_FORMAT__SERIALIZED_PATH;
    m->has_data_missing = l->data_missing;
    m->data_missing = l->data_missing;
    add_infos(a, l, m);
    add_measurements(a, l, m);
    size_t size = tensorflow__metadata__v0__anomalies__get_packed_size(m);
    char *to = sl_buf_reserve(b, size);
    if (to)
        b->n += tensorflow__metadata__v0__anomalies__pack(m, (uint8_t *)to);
}
