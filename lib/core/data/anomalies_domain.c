/* Values against the domain that the schema gives a feature. */
#include "core/data/anomalies_internal.h"

#include <math.h>

static bool in_domain(const schema_string_domain *domain, struct sl_str value)
{
    for (size_t i = 0; i < domain->n_value; i++)
        if (sl_str_is(value, domain->value[i]))
            return true;
    return false;
}

/* "~3%", "<1%". */
static void add_share(struct sl_buf *b, double count, double total)
{
    double percent = total > 0 ? floor(100 * count / total) : 0;
    if (percent < 1)
        sl_buf_add_cstr(b, "<1%");
    else
        sl_buf_format(b, "~%.0f%%", percent);
}

static void check_enum(const struct check *c, const schema_feature *want,
                       const schema_string_domain *domain, const struct feature_statistics *f)
{
    double mass =
        want->distribution_constraints ? want->distribution_constraints->min_domain_mass : 1.0;
    double outside = 0, total = (double)f->common.total_values;
    SL_AUTOBUF(listed, 1 << 16);
    for (size_t i = 0; i < f->string.rank.n; i++) {
        const struct statistics_value *v = &f->string.rank.p[i];
        if (in_domain(domain, v->value))
            continue;
        outside += v->count;
        sl_buf_format(&listed, "%s%.*s (", listed.n ? ", " : "", SL_FMT(v->value));
        add_share(&listed, v->count, total);
        sl_buf_add_char(&listed, ')');
    }
    if (f->string.n_invalid_utf8)
        anomaly_add(c, f->name, ANOMALY_ENUM_INVALID_UTF8, "Invalid UTF8 strings",
                    "Found %llu values that are no UTF-8.",
                    (unsigned long long)f->string.n_invalid_utf8);
    /* Values that the statistics do not list can only be counted: more distinct ones than the
     * domain has. */
    bool unlisted = mass == 1.0 && f->string.n_unique > f->string.rank.n &&
                    f->string.n_unique > domain->n_value;
    if (outside > 0 && outside / total > 1.0 - mass)
        anomaly_add(c, f->name, ANOMALY_ENUM_UNEXPECTED_VALUES, "Unexpected string values",
                    "Examples contain values missing from the schema: %s.", listed.p);
    else if (unlisted)
        anomaly_add(c, f->name, ANOMALY_ENUM_UNEXPECTED_VALUES, "Unexpected string values",
                    "Examples contain %llu distinct values, the schema lists %zu.",
                    (unsigned long long)f->string.n_unique, domain->n_value);
}

static void check_bool_strings(const struct check *c,
                               const Tensorflow__Metadata__V0__BoolDomain *domain,
                               const struct feature_statistics *f)
{
    for (size_t i = 0; i < f->string.rank.n; i++) {
        struct sl_str v = f->string.rank.p[i].value;
        if ((domain->true_value && sl_str_is(v, domain->true_value)) ||
            (domain->false_value && sl_str_is(v, domain->false_value)))
            continue;
        anomaly_add(c, f->name, ANOMALY_BOOL_UNEXPECTED_STRING, "Non-boolean values",
                    "Saw unexpected value '%.*s', expected '%s' or '%s'.", SL_FMT(v),
                    domain->true_value ? domain->true_value : "",
                    domain->false_value ? domain->false_value : "");
        return;
    }
}

static bool only_zero_and_one(const struct feature_statistics *f)
{
    const struct statistics_numeric *m = &f->numeric;
    if (m->n_nan || (m->min != 0 && m->min != 1) || (m->max != 0 && m->max != 1))
        return false;
    for (size_t i = 0; i < m->quantiles.n; i++) {
        const struct statistics_bucket *b = &m->quantiles.buckets[i];
        if (b->count > 0 && ((b->low > 0 && b->low < 1) || (b->high > 0 && b->high < 1)))
            return false;
    }
    return true;
}

static void check_bool(const struct check *c, const schema_feature *want,
                       const struct feature_statistics *f)
{
    if (f->type == STATISTICS_STRING) {
        check_bool_strings(c, want->bool_domain, f);
    } else if (f->type == STATISTICS_INT) {
        if (f->numeric.max > 1)
            anomaly_add(c, f->name, ANOMALY_BOOL_BIG_INT, "Non-boolean values",
                        "Saw value %.15g, expected 0 or 1.", f->numeric.max);
        if (f->numeric.min < 0)
            anomaly_add(c, f->name, ANOMALY_BOOL_SMALL_INT, "Non-boolean values",
                        "Saw value %.15g, expected 0 or 1.", f->numeric.min);
    } else if (f->type == STATISTICS_FLOAT && !only_zero_and_one(f)) {
        anomaly_add(c, f->name, ANOMALY_BOOL_UNEXPECTED_FLOAT, "Non-boolean values",
                    "Saw values other than 0.0 and 1.0.");
    }
}

static void check_int_bounds(const struct check *c,
                             const Tensorflow__Metadata__V0__IntDomain *domain, struct sl_str name,
                             double low, double high)
{
    if (domain->has_min && low < (double)domain->min)
        anomaly_add(c, name, ANOMALY_SMALL_INT, "Out-of-range values",
                    "Unexpectedly small value: %.15g, expected at least %lld.", low,
                    (long long)domain->min);
    if (domain->has_max && high > (double)domain->max)
        anomaly_add(c, name, ANOMALY_BIG_INT, "Out-of-range values",
                    "Unexpectedly large value: %.15g, expected at most %lld.", high,
                    (long long)domain->max);
}

static void check_int(const struct check *c, const schema_feature *want,
                      const struct feature_statistics *f)
{
    if (f->type != STATISTICS_STRING) {
        check_int_bounds(c, want->int_domain, f->name, f->numeric.min, f->numeric.max);
        return;
    }
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < f->string.rank.n; i++) {
        int64_t v;
        if (!sl_str_to_i64(f->string.rank.p[i].value, &v)) {
            anomaly_add(c, f->name, ANOMALY_NOT_INT_STRING, "Invalid values",
                        "String value '%.*s' does not parse as an integer.",
                        SL_FMT(f->string.rank.p[i].value));
            return;
        }
        low = SL_MIN(low, (double)v);
        high = SL_MAX(high, (double)v);
    }
    check_int_bounds(c, want->int_domain, f->name, low, high);
}

static bool has_infinite(const struct statistics_numeric *m)
{
    return isinf(m->min) || isinf(m->max);
}

static void check_float(const struct check *c, const schema_feature *want,
                        const struct feature_statistics *f)
{
    const Tensorflow__Metadata__V0__FloatDomain *domain = want->float_domain;
    double low = f->numeric.min, high = f->numeric.max;
    if (f->type == STATISTICS_STRING) {
        low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < f->string.rank.n; i++) {
            double v;
            if (!sl_str_to_f64(f->string.rank.p[i].value, &v)) {
                anomaly_add(c, f->name, ANOMALY_STRING_NOT_FLOAT, "Invalid values",
                            "String value '%.*s' does not parse as a number.",
                            SL_FMT(f->string.rank.p[i].value));
                return;
            }
            low = SL_MIN(low, v);
            high = SL_MAX(high, v);
        }
    }
    /* As float32, which is how the bounds are kept. */
    if (domain->has_min && (float)low < domain->min)
        anomaly_add(c, f->name, ANOMALY_SMALL_FLOAT, "Out-of-range values",
                    "Unexpectedly low value: %.9g, expected at least %.9g.", low,
                    (double)domain->min);
    if (domain->has_max && (float)high > domain->max)
        anomaly_add(c, f->name, ANOMALY_BIG_FLOAT, "Out-of-range values",
                    "Unexpectedly high value: %.9g, expected at most %.9g.", high,
                    (double)domain->max);
    if (domain->disallow_nan && f->numeric.n_nan)
        anomaly_add(c, f->name, ANOMALY_HAS_NAN, "Invalid values", "Float feature has NaN values.");
    if (domain->disallow_inf && f->has_numeric && has_infinite(&f->numeric))
        anomaly_add(c, f->name, ANOMALY_HAS_INF, "Invalid values",
                    "Float feature has infinite values.");
}

void anomalies_check_domain(const struct check *c, const schema_feature *want,
                            const struct feature_statistics *f)
{
    const schema_string_domain *strings = schema_string_domain_of(c->s, want);
    if (strings && f->has_string)
        check_enum(c, want, strings, f);
    switch (want->domain_info_case) {
    case SCHEMA_DOMAIN(BOOL_DOMAIN):
        check_bool(c, want, f);
        break;
    case SCHEMA_DOMAIN(INT_DOMAIN):
        check_int(c, want, f);
        break;
    case SCHEMA_DOMAIN(FLOAT_DOMAIN):
        check_float(c, want, f);
        break;
    default:
        break;
    }
}
