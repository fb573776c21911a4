/* The order of the checks and their conditions are TFDV's (its documented behaviour;
 * docs/reference/validation.md). */
#include "core/data/anomalies_internal.h"

static enum anomaly_severity severity_of(const struct check *c, enum anomaly_type type)
{
    for (size_t i = 0; i < c->o->n_overrides; i++)
        if (c->o->overrides[i].type == type)
            return c->o->overrides[i].severity;
    if (type == ANOMALY_NEW_COLUMN && c->o->new_features_are_warnings)
        return ANOMALY_WARNING;
    return ANOMALY_ERROR;
}

void anomaly_add(const struct check *c, struct sl_str feature, enum anomaly_type type,
                 const char *label, const char *fmt, ...)
{
    struct anomaly *x = SL_ARENA_NEW(c->a, struct anomaly);
    va_list ap;
    va_start(ap, fmt);
    *x = (struct anomaly){
        .feature = sl_arena_str(c->a, feature),
        .type = type,
        .severity = severity_of(c, type),
        .short_description = label,
        .description = sl_arena_vformat(c->a, fmt, ap),
    };
    va_end(ap);
    if (c->l->last)
        c->l->last->next = x;
    else
        c->l->first = x;
    c->l->last = x;
    if (x->severity == ANOMALY_ERROR)
        c->l->error_count++;
    else
        c->l->warning_count++;
}

/* ---- the schema itself ------------------------------------------------------------------------
 */

static const char *domain_misfit(const schema_feature *f)
{
    bool bytes = f->type == SCHEMA_BYTES, integer = f->type == SCHEMA_INT;
    switch (f->domain_info_case) {
    case SCHEMA_DOMAIN(DOMAIN):
    case SCHEMA_DOMAIN(STRING_DOMAIN):
    case SCHEMA_DOMAIN(IMAGE_DOMAIN):
    case SCHEMA_DOMAIN(MID_DOMAIN):
    case SCHEMA_DOMAIN(URL_DOMAIN):
        return bytes ? NULL : "BYTES";
    case SCHEMA_DOMAIN(INT_DOMAIN):
    case SCHEMA_DOMAIN(NATURAL_LANGUAGE_DOMAIN):
    case SCHEMA_DOMAIN(TIME_DOMAIN):
        return bytes || integer ? NULL : "INT or BYTES";
    case SCHEMA_DOMAIN(FLOAT_DOMAIN):
        return bytes || f->type == SCHEMA_FLOAT ? NULL : "FLOAT or BYTES";
    case SCHEMA_DOMAIN(STRUCT_DOMAIN):
        return f->type == SCHEMA_STRUCT ? NULL : "STRUCT";
    case SCHEMA_DOMAIN(BOOL_DOMAIN):
        return f->type == SCHEMA_STRUCT ? "INT, BYTES or FLOAT" : NULL;
    default:
        return NULL;
    }
}

static void check_bounds(const struct check *c, const schema_feature *f, struct sl_str name)
{
    if (f->presence && f->presence->has_min_fraction &&
        (f->presence->min_fraction < 0 || f->presence->min_fraction > 1))
        anomaly_add(c, name, ANOMALY_INVALID_SCHEMA, "Invalid schema specification",
                    "presence.min_fraction is %g, expected a number from 0 to 1.",
                    f->presence->min_fraction);
    if (f->value_count && (f->value_count->min < 0 ||
                           (f->value_count->has_max && f->value_count->max < f->value_count->min)))
        anomaly_add(c, name, ANOMALY_INVALID_SCHEMA, "Invalid schema specification",
                    "value_count from %lld to %lld is no range.", (long long)f->value_count->min,
                    (long long)f->value_count->max);
    for (size_t i = 0; f->shape && i < f->shape->n_dim; i++)
        if (f->shape->dim[i]->size <= 0)
            anomaly_add(c, name, ANOMALY_INVALID_SCHEMA, "Invalid schema specification",
                        "Dimension %zu of the shape is not above zero.", i);
    if (f->distribution_constraints && !schema_string_domain_of(c->s, f))
        anomaly_add(c, name, ANOMALY_INVALID_SCHEMA, "Invalid schema specification",
                    "distribution_constraints needs a string domain.");
}

/* True when the feature can be checked against data. */
static bool check_feature_schema(const struct check *c, const schema_feature *f)
{
    size_t before = c->l->error_count + c->l->warning_count;
    struct sl_str name = sl_str(f->name ? f->name : "");
    if (!name.n)
        anomaly_add(c, name, ANOMALY_MISSING_NAME, "Feature is missing name",
                    "A feature of the schema has no name.");
    if (!f->has_type)
        anomaly_add(c, name, ANOMALY_MISSING_TYPE, "Feature is missing type",
                    "The schema gives no type.");
    check_bounds(c, f, name);
    const char *legal = f->has_type ? domain_misfit(f) : NULL;
    if (legal)
        anomaly_add(c, name, ANOMALY_DOMAIN_INVALID_FOR_TYPE, "The domain does not match the type",
                    "The kind of domain in the schema needs a feature of type %s.", legal);
    if (f->domain_info_case == SCHEMA_DOMAIN(DOMAIN) && !schema_string_domain_of(c->s, f))
        anomaly_add(c, name, ANOMALY_INVALID_DOMAIN, "Invalid domain specification",
                    "The schema has no string_domain named '%s'.", f->domain);
    return c->l->error_count + c->l->warning_count == before;
}

/* ---- presence, counts, shape, type ------------------------------------------------------------
 */

static void check_counts(const struct check *c, const schema_feature *want,
                         const struct feature_statistics *f)
{
    const struct statistics_common *m = &f->common;
    if (want->value_count && want->value_count->has_min &&
        (int64_t)m->min_values < want->value_count->min)
        anomaly_add(c, f->name, ANOMALY_LOW_NUMBER_VALUES, "Missing values",
                    "Some examples have %llu values, expected at least %lld.",
                    (unsigned long long)m->min_values, (long long)want->value_count->min);
    if (want->value_count && want->value_count->has_max &&
        (int64_t)m->max_values > want->value_count->max)
        anomaly_add(c, f->name, ANOMALY_HIGH_NUMBER_VALUES, "Superfluous values",
                    "Some examples have %llu values, expected at most %lld.",
                    (unsigned long long)m->max_values, (long long)want->value_count->max);
    if (!want->shape)
        return;
    int64_t size = 1;
    for (size_t i = 0; i < want->shape->n_dim; i++)
        if (__builtin_mul_overflow(size, want->shape->dim[i]->size, &size))
            size = -1;
    if (m->n_missing || m->min_values != m->max_values || (int64_t)m->max_values != size)
        anomaly_add(c, f->name, ANOMALY_INVALID_SHAPE, "Feature shape dropped",
                    "The schema's shape wants %lld values in every example; %llu have none, others "
                    "%llu to %llu.",
                    (long long)size, (unsigned long long)m->n_missing,
                    (unsigned long long)m->min_values, (unsigned long long)m->max_values);
}

static void check_presence(const struct check *c, const schema_feature *want,
                           const struct feature_statistics *f)
{
    const Tensorflow__Metadata__V0__FeaturePresence *p = want->presence;
    const struct statistics_common *m = &f->common;
    if (!p)
        return;
    if (p->has_min_count && (int64_t)m->n_present < p->min_count)
        anomaly_add(c, f->name, ANOMALY_LOW_NUMBER_PRESENT, "Column dropped",
                    "The feature was present in fewer examples than expected: minimum = %lld, "
                    "actual = %llu.",
                    (long long)p->min_count, (unsigned long long)m->n_present);
    if (!p->has_min_fraction)
        return;
    double fraction = (double)m->n_present / (double)c->d->n_examples;
    if (fraction < p->min_fraction)
        anomaly_add(c, f->name, ANOMALY_LOW_FRACTION_PRESENT, "Column dropped",
                    "The feature was present in a smaller share of examples than expected: minimum "
                    "= %g, actual = %g.",
                    p->min_fraction, fraction);
    else if (p->min_fraction == 1.0 && m->n_missing)
        anomaly_add(c, f->name, ANOMALY_LOW_FRACTION_PRESENT, "Column dropped",
                    "The feature was expected in every example and is missing in %llu.",
                    (unsigned long long)m->n_missing);
}

static const char *type_name(Tensorflow__Metadata__V0__FeatureType type)
{
    static const char *const names[] = {"TYPE_UNKNOWN", "BYTES", "INT", "FLOAT", "STRUCT"};
    return (size_t)type < SL_COUNTOF(names) ? names[type] : "TYPE_UNKNOWN";
}

static bool check_type(const struct check *c, const schema_feature *want,
                       const struct feature_statistics *f)
{
    static const Tensorflow__Metadata__V0__FeatureType types[] = {
        [STATISTICS_INT] = SCHEMA_INT,
        [STATISTICS_FLOAT] = SCHEMA_FLOAT,
        [STATISTICS_STRING] = SCHEMA_BYTES,
        [STATISTICS_BYTES] = SCHEMA_BYTES,
        [STATISTICS_STRUCT] = SCHEMA_STRUCT};
    if (types[f->type] == want->type)
        return true;
    anomaly_add(c, f->name, ANOMALY_UNEXPECTED_TYPE, "Unexpected data type",
                "Expected data of type %s but got %s.", type_name(want->type),
                type_name(types[f->type]));
    return false;
}

static void check_unique(const struct check *c, const schema_feature *want,
                         const struct feature_statistics *f)
{
    const Tensorflow__Metadata__V0__UniqueConstraints *u = want->unique_constraints;
    if (!u)
        return;
    uint64_t n = f->has_string ? f->string.n_unique : f->n_unique;
    if (!f->has_string && !n)
        anomaly_add(c, f->name, ANOMALY_NO_UNIQUE, "No unique values",
                    "unique_constraints is given, but the statistics count no unique values.");
    else if (u->has_min && (int64_t)n < u->min)
        anomaly_add(c, f->name, ANOMALY_LOW_UNIQUE, "Low number of unique values",
                    "Expected at least %lld unique values but found only %llu.", (long long)u->min,
                    (unsigned long long)n);
    else if (u->has_max && (int64_t)n > u->max)
        anomaly_add(c, f->name, ANOMALY_HIGH_UNIQUE, "High number of unique values",
                    "Expected no more than %lld unique values but found %llu.", (long long)u->max,
                    (unsigned long long)n);
}

/* ---- one feature, all features ----------------------------------------------------------------
 */

static void check_known(const struct check *c, const schema_feature *want,
                        const struct feature_statistics *f)
{
    if (schema_is_deprecated(want) || !check_feature_schema(c, want))
        return;
    if (f->common.n_present == 0) {
        if (schema_is_required(c->s, want, c->o->environment))
            anomaly_add(c, f->name, ANOMALY_NOT_PRESENT, "Column dropped",
                        "The feature is required and no example has a value.");
        return;
    }
    if (!schema_in_environment(c->s, want, c->o->environment)) {
        anomaly_add(c, f->name, ANOMALY_NEW_COLUMN, "Column missing in environment",
                    "The feature is in the data, but not in environment %.*s of the schema.",
                    SL_FMT(c->o->environment));
        return;
    }
    check_counts(c, want, f);
    check_presence(c, want, f);
    if (check_type(c, want, f))
        anomalies_check_domain(c, want, f);
    check_unique(c, want, f);
    anomalies_check_comparators(c, want, f);
}

static void check_absent(const struct check *c)
{
    for (size_t i = 0; i < c->s->n_feature; i++) {
        const schema_feature *want = c->s->feature[i];
        if (!want->name)
            check_feature_schema(c, want);
        else if (!statistics_find(c->d, sl_str(want->name)) &&
                 schema_is_required(c->s, want, c->o->environment))
            anomaly_add(c, sl_str(want->name), ANOMALY_MISSING_COLUMN, "Column dropped",
                        "Column is completely missing.");
    }
}

struct anomalies *anomalies_find(struct sl_arena *a, const struct dataset_statistics *d,
                                 const schema_message *s, const struct validate_options *options)
{
    struct anomalies *l = SL_ARENA_NEW(a, struct anomalies);
    l->a = a;
    l->data_missing = d->n_examples == 0;
    if (l->data_missing)
        return l;
    struct check c = {a, l, d, s, options};
    for (size_t i = 0; i < d->n_features; i++) {
        const struct feature_statistics *f = &d->features[i];
        const schema_feature *want = schema_find(s, f->name);
        if (want)
            check_known(&c, want, f);
        else
            anomaly_add(&c, f->name, ANOMALY_NEW_COLUMN, "New column",
                        "The column is in the data and not in the schema.");
    }
    check_absent(&c);
    anomalies_check_dataset(&c);
    return l;
}

/* ---- names ------------------------------------------------------------------------------------
 */

static const struct {
    enum anomaly_type type;
    const char *name;
} names[] = {
    {ANOMALY_BOOL_BIG_INT, "BOOL_TYPE_BIG_INT"},
    {ANOMALY_BOOL_SMALL_INT, "BOOL_TYPE_SMALL_INT"},
    {ANOMALY_BOOL_UNEXPECTED_STRING, "BOOL_TYPE_UNEXPECTED_STRING"},
    {ANOMALY_BOOL_UNEXPECTED_FLOAT, "BOOL_TYPE_UNEXPECTED_FLOAT"},
    {ANOMALY_ENUM_INVALID_UTF8, "ENUM_TYPE_INVALID_UTF8"},
    {ANOMALY_ENUM_UNEXPECTED_VALUES, "ENUM_TYPE_UNEXPECTED_STRING_VALUES"},
    {ANOMALY_HIGH_NUMBER_VALUES, "FEATURE_TYPE_HIGH_NUMBER_VALUES"},
    {ANOMALY_LOW_FRACTION_PRESENT, "FEATURE_TYPE_LOW_FRACTION_PRESENT"},
    {ANOMALY_LOW_NUMBER_PRESENT, "FEATURE_TYPE_LOW_NUMBER_PRESENT"},
    {ANOMALY_LOW_NUMBER_VALUES, "FEATURE_TYPE_LOW_NUMBER_VALUES"},
    {ANOMALY_NOT_PRESENT, "FEATURE_TYPE_NOT_PRESENT"},
    {ANOMALY_HIGH_UNIQUE, "FEATURE_TYPE_HIGH_UNIQUE"},
    {ANOMALY_LOW_UNIQUE, "FEATURE_TYPE_LOW_UNIQUE"},
    {ANOMALY_NO_UNIQUE, "FEATURE_TYPE_NO_UNIQUE"},
    {ANOMALY_BIG_FLOAT, "FLOAT_TYPE_BIG_FLOAT"},
    {ANOMALY_SMALL_FLOAT, "FLOAT_TYPE_SMALL_FLOAT"},
    {ANOMALY_STRING_NOT_FLOAT, "FLOAT_TYPE_STRING_NOT_FLOAT"},
    {ANOMALY_HAS_NAN, "FLOAT_TYPE_HAS_NAN"},
    {ANOMALY_HAS_INF, "FLOAT_TYPE_HAS_INF"},
    {ANOMALY_BIG_INT, "INT_TYPE_BIG_INT"},
    {ANOMALY_NOT_INT_STRING, "INT_TYPE_NOT_INT_STRING"},
    {ANOMALY_SMALL_INT, "INT_TYPE_SMALL_INT"},
    {ANOMALY_MISSING_COLUMN, "SCHEMA_MISSING_COLUMN"},
    {ANOMALY_NEW_COLUMN, "SCHEMA_NEW_COLUMN"},
    {ANOMALY_CONTROL_DATA_MISSING, "COMPARATOR_CONTROL_DATA_MISSING"},
    {ANOMALY_L_INFTY_HIGH, "COMPARATOR_L_INFTY_HIGH"},
    {ANOMALY_JENSEN_SHANNON_HIGH, "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"},
    {ANOMALY_NORMALIZED_DIFFERENCE_HIGH, "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH"},
    {ANOMALY_LOW_NUM_EXAMPLES_SPAN, "COMPARATOR_LOW_NUM_EXAMPLES"},
    {ANOMALY_HIGH_NUM_EXAMPLES_SPAN, "COMPARATOR_HIGH_NUM_EXAMPLES"},
    {ANOMALY_LOW_NUM_EXAMPLES, "DATASET_LOW_NUM_EXAMPLES"},
    {ANOMALY_HIGH_NUM_EXAMPLES, "DATASET_HIGH_NUM_EXAMPLES"},
    {ANOMALY_DOMAIN_INVALID_FOR_TYPE, "DOMAIN_INVALID_FOR_TYPE"},
    {ANOMALY_MISSING_NAME, "FEATURE_MISSING_NAME"},
    {ANOMALY_MISSING_TYPE, "FEATURE_MISSING_TYPE"},
    {ANOMALY_INVALID_SCHEMA, "INVALID_SCHEMA_SPECIFICATION"},
    {ANOMALY_UNEXPECTED_TYPE, "UNEXPECTED_DATA_TYPE"},
    {ANOMALY_INVALID_SHAPE, "INVALID_FEATURE_SHAPE"},
    {ANOMALY_INVALID_DOMAIN, "INVALID_DOMAIN_SPECIFICATION"},
    {ANOMALY_STATS_NOT_AVAILABLE, "STATS_NOT_AVAILABLE"},
};

const char *anomaly_type_name(enum anomaly_type type)
{
    for (size_t i = 0; i < SL_COUNTOF(names); i++)
        if (names[i].type == type)
            return names[i].name;
    return "";
}

bool anomaly_type_find(struct sl_str name, enum anomaly_type *ret)
{
    for (size_t i = 0; i < SL_COUNTOF(names); i++)
        if (sl_str_is(name, names[i].name)) {
            *ret = names[i].type;
            return true;
        }
    return false;
}
