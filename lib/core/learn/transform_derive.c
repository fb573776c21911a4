#include "core/learn/transform_derive.h"

#include "base/time.h"

#include <math.h>

/* Vocabularies of derived features: what occurs less often says little and costs much. */
enum { TOP_K = 1000, FEW_ROWS = 2000, MIN_COUNT_FEW = 2, MIN_COUNT = 5 };
/* From so many values on, a share of distinct ones means something. */
enum { ENOUGH = 50 };
/* Longer than a name, on average: prose. */
enum { PROSE_BYTES = 25 };
#define DAY_US 86400000000.0

struct derive {
    struct sl_arena *a;
    const struct transform_derivation *asked;
    struct json *features;
    struct transform_exclusions excluded;
};

static struct json *new_feature(struct derive *d, struct sl_str column)
{
    struct json *f = json_new_object(d->a);
    json_set_string(d->a, f, "column", column);
    json_push(d->a, d->features, f);
    return f;
}

static void set_apply(struct derive *d, struct json *f, const char *first, const char *second)
{
    struct json *apply = json_new_array(d->a);
    json_push(d->a, apply, json_new_string(d->a, sl_str(first)));
    if (second)
        json_push(d->a, apply, json_new_string(d->a, sl_str(second)));
    json_set(d->a, f, "apply", apply);
}

static void exclude(struct derive *d, struct sl_str column, struct sl_str reason)
{
    d->excluded.p[d->excluded.n++] = (struct transform_excluded){column, reason};
}

static bool is_trees(const struct derive *d)
{
    return d->asked->target == TRANSFORM_TREES;
}

/* An indicator for what was missing, unless its name is a column's. */
static void set_missing(struct derive *d, struct json *f, const struct feature_statistics *s)
{
    struct sl_str name = sl_arena_format(d->a, "%.*s_missing", SL_FMT(s->name));
    if (s->common.n_missing == 0 || is_trees(d))
        return;
    for (size_t i = 0; i < d->asked->n_columns; i++)
        if (sl_str_eq(d->asked->columns[i].name, name))
            return;
    json_set_bool(d->a, f, "missing", true);
}

static void derive_number(struct derive *d, const struct feature_statistics *s)
{
    struct json *f = new_feature(d, s->name);
    if (is_trees(d))
        return;
    json_set_string(d->a, f, "fill", SL_STR("mean"));
    set_missing(d, f, s);
    /* A long tail squeezes all other values together: its logarithm does not. */
    const struct statistics_numeric *n = &s->numeric;
    if (n->min >= 0 && n->std_dev > 2 * n->mean)
        set_apply(d, f, "log", "zscore");
    else
        set_apply(d, f, "zscore", NULL);
}

static void derive_bool(struct derive *d, const struct feature_statistics *s)
{
    struct json *f = new_feature(d, s->name);
    if (is_trees(d))
        return;
    json_set_string(d->a, f, "fill", SL_STR("mode"));
    set_missing(d, f, s);
}

static void derive_category(struct derive *d, const struct feature_statistics *s)
{
    struct json *f = new_feature(d, s->name);
    struct json *step = json_new_object(d->a), *args = json_new_object(d->a);
    bool few = s->common.n_present < FEW_ROWS;
    json_set_number(d->a, args, "topK", TOP_K);
    json_set_number(d->a, args, "minCount", few ? MIN_COUNT_FEW : MIN_COUNT);
    json_set(d->a, step, "vocabulary", args);
    struct json *apply = json_new_array(d->a);
    json_push(d->a, apply, step);
    json_set(d->a, f, "apply", apply);
}

/* ---- times ------------------------------------------------------------------------------------*/

static int64_t year_of(double time_us)
{
    return sl_civil_from_us((int64_t)time_us).year;
}

/* True when all quantiles are at 00:00:00: these are dates. */
static bool are_dates(const struct statistics_numeric *n)
{
    bool dates = fmod(n->min, DAY_US) == 0 && fmod(n->max, DAY_US) == 0;
    for (size_t i = 0; i < n->quantiles.n; i++)
        dates = dates && fmod(n->quantiles.buckets[i].high, DAY_US) == 0;
    return dates;
}

static void push_part(struct derive *d, struct json *parts, const char *part)
{
    json_push(d->a, parts, json_new_string(d->a, sl_str(part)));
}

static void derive_time(struct derive *d, const struct feature_statistics *s)
{
    struct json *f = new_feature(d, s->name), *parts = json_new_array(d->a);
    bool years = year_of(s->numeric.min) != year_of(s->numeric.max);
    if (is_trees(d) && years)
        push_part(d, parts, "year");
    push_part(d, parts, "month");
    if (is_trees(d))
        push_part(d, parts, "yearday");
    push_part(d, parts, "weekday");
    if (!are_dates(&s->numeric))
        push_part(d, parts, "hour");
    json_set(d->a, f, "dateParts", parts);
    if (is_trees(d))
        return;
    set_missing(d, f, s);
    if (!years)
        return;
    f = new_feature(d, s->name);
    parts = json_new_array(d->a);
    push_part(d, parts, "year");
    json_set(d->a, f, "dateParts", parts);
    set_apply(d, f, "zscore", NULL);
}

/* ---- what is left out -------------------------------------------------------------------------*/

static const char *useless(const struct column_spec *c, const struct feature_statistics *s)
{
    double present = (double)s->common.n_present, unique = (double)s->n_unique;
    bool text = c->type == COLUMN_STRING;
    if (present == 0 || (!text && s->numeric.n_nan == s->common.n_present))
        return "it has no value";
    if (s->common.n_missing == 0 && (text ? unique == 1 : s->numeric.min == s->numeric.max))
        return "it has one value only";
    if (present < ENOUGH)
        return NULL;
    if (text && unique > present / 2)
        return s->string.mean_length >= PROSE_BYTES ? "it is free text"
                                                    : "nearly every value is another";
    if (c->type == COLUMN_INT64 && s->common.n_missing == 0 && unique > 0.95 * present &&
        s->numeric.max - s->numeric.min < 2 * present)
        return "it numbers the rows";
    return NULL;
}

/* A schema that knows no environments says nothing of serving. */
static bool is_served(const schema_message *schema, const schema_feature *f)
{
    for (size_t i = 0; i < f->n_not_in_environment; i++)
        if (strcmp(f->not_in_environment[i], "SERVING") == 0)
            return false;
    return schema->n_default_environment == 0 ||
           schema_in_environment(schema, f, SL_STR("SERVING"));
}

/* What the schema says against a column. */
static const char *unwanted(const schema_message *schema, struct sl_str column)
{
    const schema_feature *f = schema_find(schema, column);
    if (!f)
        return "it is not in the schema";
    if (schema_is_deprecated(f))
        return "the schema calls it deprecated";
    if (!is_served(schema, f))
        return "serving does not have it";
    if (f->domain_info_case == SCHEMA_DOMAIN(NATURAL_LANGUAGE_DOMAIN))
        return "it is free text";
    return NULL;
}

static bool is_categorical(const schema_message *schema, const struct column_spec *c)
{
    const schema_feature *f =
        schema && c->type == COLUMN_INT64 ? schema_find(schema, c->name) : NULL;
    return f && f->domain_info_case == SCHEMA_DOMAIN(INT_DOMAIN) && f->int_domain->is_categorical;
}

static const struct transform_excluded *find_excluded(const struct transform_exclusions *list,
                                                      struct sl_str column)
{
    for (size_t i = 0; i < list->n; i++)
        if (sl_str_eq(list->p[i].column, column))
            return &list->p[i];
    return NULL;
}

static struct sl_err *derive_column(struct derive *d, const struct column_spec *c)
{
    const struct transform_excluded *e = find_excluded(&d->asked->leave_out, c->name);
    const struct feature_statistics *s = statistics_find(d->asked->statistics, c->name);
    const char *reason = d->asked->schema ? unwanted(d->asked->schema, c->name) : NULL;
    if (e || reason) {
        exclude(d, c->name, e ? e->reason : sl_str(reason));
        return NULL;
    }
    if (!s)
        return SL_ERR(INVALID, "the statistics have no feature '%.*s'", SL_FMT(c->name));
    if ((reason = useless(c, s))) {
        exclude(d, c->name, sl_str(reason));
        return NULL;
    }
    switch (c->type) {
    case COLUMN_STRING:
        derive_category(d, s);
        break;
    case COLUMN_TIMESTAMP:
        derive_time(d, s);
        break;
    case COLUMN_BOOL:
        derive_bool(d, s);
        break;
    case COLUMN_INT64:
    case COLUMN_DOUBLE:
    case COLUMN_FLOAT:
        if (is_categorical(d->asked->schema, c))
            derive_category(d, s);
        else
            derive_number(d, s);
        break;
    }
    return NULL;
}

struct sl_err *transform_derive(struct sl_arena *a, const struct transform_derivation *asked,
                                struct json **ret_features,
                                struct transform_exclusions *ret_excluded)
{
    struct derive d = {a, asked, json_new_array(a), {0}};
    d.excluded.p = SL_ARENA_ARRAY(a, struct transform_excluded, asked->n_columns);
    for (size_t i = 0; i < asked->n_columns; i++)
        SL_TRY(derive_column(&d, &asked->columns[i]));
    *ret_features = d.features;
    *ret_excluded = d.excluded;
    return NULL;
}
