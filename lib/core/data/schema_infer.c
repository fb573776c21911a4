/* From statistics to a schema: TFDV's inference rules, feature by feature (its documented
 * behaviour; the table is in docs/reference/schema.md). */
#include "codec/proto_message.h"
#include "core/data/schema.h"

#include <math.h>
#include <stdlib.h>

typedef Tensorflow__Metadata__V0__FeaturePresence presence_message;
typedef Tensorflow__Metadata__V0__FixedShape shape_message;
typedef Tensorflow__Metadata__V0__FixedShape__Dim dim_message;
typedef Tensorflow__Metadata__V0__ValueCount value_count_message;
typedef Tensorflow__Metadata__V0__IntDomain int_domain_message;
typedef Tensorflow__Metadata__V0__BoolDomain bool_domain_message;
typedef Tensorflow__Metadata__V0__TimeDomain time_domain_message;

/* Appends to a repeated field; its array is made anew, which is rare and small. */
static void append(struct sl_arena *a, size_t *n, void *array, void *item)
{
    void ***items = array;
    void **grown = SL_ARENA_ARRAY(a, void *, *n + 1);
    if (*n)
        memcpy(grown, *items, *n * sizeof(*grown));
    grown[(*n)++] = item;
    *items = grown;
}

static Tensorflow__Metadata__V0__FeatureType feature_type(const struct feature_statistics *f)
{
    switch (f->type) {
    case STATISTICS_INT:
        return SCHEMA_INT;
    case STATISTICS_FLOAT:
        return SCHEMA_FLOAT;
    case STATISTICS_STRUCT:
        return SCHEMA_STRUCT;
    default:
        return SCHEMA_BYTES;
    }
}

/* ---- presence, shape, counts ------------------------------------------------------------------
 */

static bool always_single(const struct statistics_common *c)
{
    return c->n_missing == 0 && c->min_values == c->max_values && c->max_values > 0;
}

static void infer_counts(struct sl_arena *a, schema_feature *to, const struct statistics_common *c,
                         const struct schema_options *options)
{
    if (options->infer_shape && always_single(c)) {
        shape_message *shape = PROTO_METADATA_NEW(a, fixed_shape);
        dim_message *dim = PROTO_METADATA_NEW(a, fixed_shape__dim);
        dim->has_size = true;
        dim->size = (int64_t)c->max_values;
        append(a, &shape->n_dim, &shape->dim, dim);
        to->shape = shape;
    } else if (c->min_values > 0) {
        value_count_message *count = PROTO_METADATA_NEW(a, value_count);
        count->has_min = true;
        count->min = c->min_values == c->max_values ? (int64_t)c->min_values : 1;
        count->has_max = c->min_values == c->max_values;
        count->max = (int64_t)c->max_values;
        to->value_count = count;
    }
}

/* ---- domains ----------------------------------------------------------------------------------
 */

static bool one_of(struct sl_str s, const char *const *words)
{
    for (; *words; words++)
        if (sl_str_is(s, *words))
            return true;
    return false;
}

/* One or two labels, at most one that says true and at most one that says false. */
static bool infer_bool_strings(struct sl_arena *a, schema_feature *to,
                               const struct statistics_values *labels)
{
    static const char *const yes[] = {"TRUE", "true", "SET", "set", "1", "", NULL};
    static const char *const no[] = {"FALSE", "false", "CLEAR", "clear", "0", NULL};
    struct sl_str true_value = {0}, false_value = {0};
    if (labels->n < 1 || labels->n > 2)
        return false;
    for (size_t i = 0; i < labels->n; i++) {
        struct sl_str *slot = one_of(labels->p[i].value, yes)  ? &true_value
                              : one_of(labels->p[i].value, no) ? &false_value
                                                               : NULL;
        if (!slot || slot->p)
            return false;
        *slot = labels->p[i].value;
    }
    bool_domain_message *domain = PROTO_METADATA_NEW(a, bool_domain);
    if (true_value.p)
        domain->true_value = sl_arena_cstr(a, true_value);
    if (false_value.p)
        domain->false_value = sl_arena_cstr(a, false_value);
    to->domain_info_case = SCHEMA_DOMAIN(BOOL_DOMAIN);
    to->bool_domain = domain;
    return true;
}

static bool all_integers(const struct statistics_values *labels)
{
    int64_t ignored;
    for (size_t i = 0; i < labels->n; i++)
        if (!sl_str_to_i64(labels->p[i].value, &ignored))
            return false;
    return labels->n > 0;
}

static bool name_is_taken(const schema_message *s, const char *name)
{
    for (size_t i = 0; i < s->n_string_domain; i++)
        if (strcmp(s->string_domain[i]->name, name) == 0)
            return true;
    return false;
}

static int compare_values(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

static void infer_enum(struct sl_arena *a, schema_message *s, schema_feature *to,
                       const struct statistics_values *labels)
{
    schema_string_domain *domain = PROTO_METADATA_NEW(a, string_domain);
    const char *name = to->name;
    for (int suffix = 2; name_is_taken(s, name); suffix++)
        name = sl_arena_format(a, "%s%d", to->name, suffix).p;
    domain->name = sl_arena_cstr(a, sl_str(name));
    domain->value = SL_ARENA_ARRAY(a, char *, labels->n);
    for (size_t i = 0; i < labels->n; i++)
        domain->value[domain->n_value++] = sl_arena_cstr(a, labels->p[i].value);
    qsort(domain->value, domain->n_value, sizeof(*domain->value), compare_values);
    append(a, &s->n_string_domain, &s->string_domain, domain);
    to->domain_info_case = SCHEMA_DOMAIN(DOMAIN);
    to->domain = domain->name;
}

static void infer_string_domain(struct sl_arena *a, schema_message *s, schema_feature *to,
                                const struct feature_statistics *f,
                                const struct schema_options *options)
{
    const struct statistics_values *labels = &f->string.rank;
    if (f->string.n_invalid_utf8 > 0 || f->type == STATISTICS_BYTES)
        return;
    if (infer_bool_strings(a, to, labels))
        return;
    if (f->string.n_unique != labels->n)
        return; /* More values than the statistics list: no domain could hold them. */
    if (all_integers(labels)) {
        to->domain_info_case = SCHEMA_DOMAIN(INT_DOMAIN);
        to->int_domain = PROTO_METADATA_NEW(a, int_domain);
    } else if (labels->n >= 1 && labels->n <= options->max_string_domain) {
        infer_enum(a, s, to, labels);
    }
}

static void infer_domain(struct sl_arena *a, schema_message *s, schema_feature *to,
                         const struct feature_statistics *f, const struct schema_options *options)
{
    if (f->domain == STATISTICS_DOMAIN_TIME) {
        time_domain_message *domain = PROTO_METADATA_NEW(a, time_domain);
        domain->format_case = TENSORFLOW__METADATA__V0__TIME_DOMAIN__FORMAT_INTEGER_FORMAT;
        domain->integer_format =
            TENSORFLOW__METADATA__V0__TIME_DOMAIN__INTEGER_TIME_FORMAT__UNIX_MICROSECONDS;
        to->domain_info_case = SCHEMA_DOMAIN(TIME_DOMAIN);
        to->time_domain = domain;
    } else if (f->domain == STATISTICS_DOMAIN_BOOL ||
               (f->type == STATISTICS_INT && f->numeric.min >= 0 && f->numeric.max == 1)) {
        to->domain_info_case = SCHEMA_DOMAIN(BOOL_DOMAIN);
        to->bool_domain = PROTO_METADATA_NEW(a, bool_domain);
    } else if (f->has_string && to->type == SCHEMA_BYTES) {
        infer_string_domain(a, s, to, f, options);
    }
}

static void infer_feature(struct sl_arena *a, schema_message *s, const struct feature_statistics *f,
                          const struct schema_options *options)
{
    schema_feature *to = PROTO_METADATA_NEW(a, feature);
    presence_message *presence = PROTO_METADATA_NEW(a, feature_presence);
    to->name = sl_arena_cstr(a, f->name);
    to->has_type = true;
    to->type = feature_type(f);
    to->presence = presence;
    append(a, &s->n_feature, &s->feature, to);
    presence->has_min_count = true;
    presence->min_count = f->common.n_present > 0;
    if (f->common.n_present == 0)
        return;
    if (f->common.n_missing == 0) {
        presence->has_min_fraction = true;
        presence->min_fraction = 1.0;
    }
    infer_counts(a, to, &f->common, options);
    infer_domain(a, s, to, f, options);
}

schema_message *schema_infer(struct sl_arena *a, const struct dataset_statistics *d,
                             const struct schema_options *options)
{
    schema_message *s = PROTO_METADATA_NEW(a, schema);
    for (size_t i = 0; i < d->n_features; i++)
        infer_feature(a, s, &d->features[i], options);
    return s;
}

/* ---- relaxing -----------------------------------------------------------------------------------
 */

static void relax_presence(schema_feature *to, const struct feature_statistics *f, uint64_t n)
{
    presence_message *p = to->presence;
    if (!p)
        return;
    if (p->has_min_count && (uint64_t)SL_MAX(p->min_count, (int64_t)0) > f->common.n_present)
        p->min_count = (int64_t)f->common.n_present;
    double fraction = n ? (double)f->common.n_present / (double)n : 0;
    if (p->has_min_fraction && p->min_fraction > fraction)
        p->min_fraction = fraction;
    /* Rounding: all but one of very many rows must not count as all. */
    if (p->has_min_fraction && p->min_fraction == 1.0 && f->common.n_missing)
        p->min_fraction = 0.9999;
}

static void relax_counts(struct sl_arena *a, schema_feature *to, const struct statistics_common *c,
                         const struct schema_options *options)
{
    if (to->shape && !always_single(c)) {
        to->shape = NULL;
        infer_counts(a, to, c, options);
    }
    value_count_message *count = to->value_count;
    if (!count || !c->n_present)
        return;
    if (count->has_min && count->min > (int64_t)c->min_values)
        count->min = (int64_t)c->min_values;
    if (count->has_max && count->max < (int64_t)c->max_values)
        count->max = (int64_t)c->max_values;
}

static void relax_enum(struct sl_arena *a, const schema_message *s, schema_feature *to,
                       const struct statistics_values *labels)
{
    const schema_string_domain *named = schema_string_domain_of(s, to);
    schema_string_domain *domain = NULL;
    for (size_t i = 0; i < s->n_string_domain; i++)
        if (s->string_domain[i] == named)
            domain = s->string_domain[i];
    for (size_t i = 0; domain && i < labels->n; i++) {
        bool known = false;
        for (size_t j = 0; j < domain->n_value; j++)
            known |= sl_str_is(labels->p[i].value, domain->value[j]);
        if (!known)
            append(a, &domain->n_value, &domain->value, sl_arena_cstr(a, labels->p[i].value));
    }
}

static void drop_domain(schema_feature *to)
{
    to->domain_info_case = TENSORFLOW__METADATA__V0__FEATURE__DOMAIN_INFO__NOT_SET;
    to->domain = NULL;
}

static void relax_numbers(schema_feature *to, const struct feature_statistics *f)
{
    if (to->domain_info_case == SCHEMA_DOMAIN(BOOL_DOMAIN) && f->type != STATISTICS_STRING &&
        (f->numeric.min < 0 || f->numeric.max > 1))
        drop_domain(to);
    if (to->domain_info_case == SCHEMA_DOMAIN(INT_DOMAIN) && f->type == STATISTICS_INT) {
        int_domain_message *domain = to->int_domain;
        if (domain->has_min && (double)domain->min > f->numeric.min)
            domain->min = (int64_t)f->numeric.min;
        if (domain->has_max && (double)domain->max < f->numeric.max)
            domain->max = (int64_t)f->numeric.max;
    }
    if (to->domain_info_case == SCHEMA_DOMAIN(FLOAT_DOMAIN) && f->type == STATISTICS_FLOAT) {
        Tensorflow__Metadata__V0__FloatDomain *domain = to->float_domain;
        if (domain->has_min && (double)domain->min > f->numeric.min)
            domain->min = nextafterf((float)f->numeric.min, -INFINITY);
        if (domain->has_max && (double)domain->max < f->numeric.max)
            domain->max = nextafterf((float)f->numeric.max, INFINITY);
    }
}

static void relax_strings(struct sl_arena *a, const schema_message *s, schema_feature *to,
                          const struct feature_statistics *f)
{
    const struct statistics_values *labels = &f->string.rank;
    if (to->domain_info_case == SCHEMA_DOMAIN(INT_DOMAIN) && !all_integers(labels))
        drop_domain(to);
    if (to->domain_info_case == SCHEMA_DOMAIN(BOOL_DOMAIN)) {
        const char *yes = to->bool_domain->true_value, *no = to->bool_domain->false_value;
        for (size_t i = 0; i < labels->n; i++)
            if (!(yes && sl_str_is(labels->p[i].value, yes)) &&
                !(no && sl_str_is(labels->p[i].value, no))) {
                drop_domain(to);
                break;
            }
    }
    relax_enum(a, s, to, labels);
}

static void relax_feature(struct sl_arena *a, schema_message *s, schema_feature *to,
                          const struct feature_statistics *f, uint64_t n,
                          const struct schema_options *options)
{
    if (schema_is_deprecated(to))
        return;
    if (f->common.n_present && to->type != feature_type(f)) {
        to->has_deprecated = true;
        to->deprecated = true;
        return;
    }
    relax_presence(to, f, n);
    relax_counts(a, to, &f->common, options);
    if (f->has_numeric)
        relax_numbers(to, f);
    if (f->has_string && to->type == SCHEMA_BYTES)
        relax_strings(a, s, to, f);
}

void schema_relax(struct sl_arena *a, schema_message *s, const struct dataset_statistics *d,
                  const struct schema_options *options)
{
    if (d->n_examples == 0)
        return;
    for (size_t i = 0; i < s->n_feature; i++)
        if (!statistics_find(d, sl_str(s->feature[i]->name)) &&
            schema_is_required(s, s->feature[i], SL_STR("")))
            s->feature[i]->presence = PROTO_METADATA_NEW(a, feature_presence);
    for (size_t i = 0; i < d->n_features; i++) {
        schema_feature *to = schema_find(s, d->features[i].name);
        if (to)
            relax_feature(a, s, to, &d->features[i], d->n_examples, options);
        else
            infer_feature(a, s, &d->features[i], options);
    }
}

static void add_environment(struct sl_arena *a, schema_message *s, const char *name)
{
    for (size_t i = 0; i < s->n_default_environment; i++)
        if (strcmp(s->default_environment[i], name) == 0)
            return;
    append(a, &s->n_default_environment, &s->default_environment, sl_arena_cstr(a, sl_str(name)));
}

struct sl_err *schema_not_in_serving(struct sl_arena *a, schema_message *s, struct sl_str name)
{
    schema_feature *f = schema_find(s, name);
    if (!f)
        return SL_ERR(NOT_FOUND, "the data has no feature '%.*s'", SL_FMT(name));
    add_environment(a, s, "TRAINING");
    add_environment(a, s, "SERVING");
    for (size_t i = 0; i < f->n_not_in_environment; i++)
        if (strcmp(f->not_in_environment[i], "SERVING") == 0)
            return NULL;
    append(a, &f->n_not_in_environment, &f->not_in_environment,
           sl_arena_cstr(a, SL_STR("SERVING")));
    return NULL;
}
