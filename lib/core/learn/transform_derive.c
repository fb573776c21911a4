#include "core/learn/transform_derive.h"

#include "base/time.h"

/* Vocabularies of derived features: what occurs less often says little and costs much. */
enum { TOP_K = 1000, FEW_ROWS = 2000, MIN_COUNT_FEW = 2, MIN_COUNT = 5 };
/* From so many values on, a share of distinct ones means something. */
enum { ENOUGH = 50 };

struct derive {
    struct sl_arena *a;
    const struct transform_profiles *profiles;
    enum transform_target target;
    struct json *features;
    struct transform_exclusions excluded;
};

static struct json *new_feature(struct derive *d, const struct transform_profile *p)
{
    struct json *f = json_new_object(d->a);
    json_set_string(d->a, f, "column", p->spec.name);
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

/* An indicator for what was missing, unless its name is a column's. */
static void set_missing(struct derive *d, struct json *f, const struct transform_profile *p)
{
    struct sl_str name = sl_arena_format(d->a, "%.*s_missing", SL_FMT(p->spec.name));
    if (p->n_missing == 0 || d->target == TRANSFORM_TREES)
        return;
    for (size_t i = 0; i < d->profiles->n; i++)
        if (sl_str_eq(d->profiles->p[i].spec.name, name))
            return;
    json_set_bool(d->a, f, "missing", true);
}

static void derive_number(struct derive *d, const struct transform_profile *p)
{
    struct json *f = new_feature(d, p);
    if (d->target == TRANSFORM_TREES)
        return;
    json_set_string(d->a, f, "fill", SL_STR("mean"));
    set_missing(d, f, p);
    /* A long tail squeezes all other values together: its logarithm does not. */
    if (p->min >= 0 && p->std > 2 * p->mean)
        set_apply(d, f, "log", "zscore");
    else
        set_apply(d, f, "zscore", NULL);
}

static void derive_bool(struct derive *d, const struct transform_profile *p)
{
    struct json *f = new_feature(d, p);
    if (d->target == TRANSFORM_TREES)
        return;
    json_set_string(d->a, f, "fill", SL_STR("mode"));
    set_missing(d, f, p);
}

static void derive_category(struct derive *d, const struct transform_profile *p)
{
    struct json *f = new_feature(d, p);
    struct json *step = json_new_object(d->a), *args = json_new_object(d->a);
    json_set_number(d->a, args, "topK", TOP_K);
    json_set_number(d->a, args, "minCount", p->n < FEW_ROWS ? MIN_COUNT_FEW : MIN_COUNT);
    json_set(d->a, step, "vocabulary", args);
    struct json *apply = json_new_array(d->a);
    json_push(d->a, apply, step);
    json_set(d->a, f, "apply", apply);
}

static int64_t year_of(double time_us)
{
    return sl_civil_from_us((int64_t)time_us).year;
}

static void derive_time(struct derive *d, const struct transform_profile *p)
{
    struct json *f = new_feature(d, p), *parts = json_new_array(d->a);
    bool trees = d->target == TRANSFORM_TREES, years = year_of(p->min) != year_of(p->max);
    if (trees && years)
        json_push(d->a, parts, json_new_string(d->a, SL_STR("year")));
    json_push(d->a, parts, json_new_string(d->a, SL_STR("month")));
    if (trees)
        json_push(d->a, parts, json_new_string(d->a, SL_STR("yearday")));
    json_push(d->a, parts, json_new_string(d->a, SL_STR("weekday")));
    if (!p->midnight)
        json_push(d->a, parts, json_new_string(d->a, SL_STR("hour")));
    json_set(d->a, f, "dateParts", parts);
    if (trees)
        return;
    set_missing(d, f, p);
    if (!years)
        return;
    f = new_feature(d, p);
    parts = json_new_array(d->a);
    json_push(d->a, parts, json_new_string(d->a, SL_STR("year")));
    json_set(d->a, f, "dateParts", parts);
    set_apply(d, f, "zscore", NULL);
}

/* Why a column is no feature; NULL when it is one. */
static const char *useless(const struct transform_profile *p)
{
    bool text = p->spec.type == COLUMN_STRING;
    if (p->n == 0)
        return "it has no value";
    if (p->n_missing == 0 && (text ? p->distinct == 1 : p->min == p->max))
        return "it has one value only";
    if (p->distinct_of < ENOUGH || p->spec.type == COLUMN_BOOL)
        return NULL;
    if (text && p->distinct * 2 > p->distinct_of)
        return p->mean_words >= 3 ? "it is free text" : "nearly every value is another";
    if (p->spec.type == COLUMN_INT64 && p->n_missing == 0) {
        if (p->rising)
            return "it rises with every row: a number of the row";
        if (p->distinct == p->distinct_of && p->max - p->min < 2 * (double)p->n)
            return "it numbers the rows";
    }
    return NULL;
}

static const struct transform_excluded *find_excluded(const struct transform_exclusions *list,
                                                      struct sl_str column)
{
    for (size_t i = 0; i < list->n; i++)
        if (sl_str_eq(list->p[i].column, column))
            return &list->p[i];
    return NULL;
}

static void derive_column(struct derive *d, const struct transform_profile *p)
{
    const char *reason = useless(p);
    if (reason) {
        exclude(d, p->spec.name, sl_str(reason));
        return;
    }
    if (p->categorical) {
        derive_category(d, p);
        return;
    }
    switch (p->spec.type) {
    case COLUMN_STRING:
        derive_category(d, p);
        break;
    case COLUMN_TIMESTAMP:
        derive_time(d, p);
        break;
    case COLUMN_BOOL:
        derive_bool(d, p);
        break;
    case COLUMN_INT64:
    case COLUMN_DOUBLE:
    case COLUMN_FLOAT:
        derive_number(d, p);
        break;
    }
}

struct json *transform_derive(struct sl_arena *a, const struct transform_profiles *profiles,
                              enum transform_target target,
                              const struct transform_exclusions *leave_out,
                              struct transform_exclusions *ret_excluded)
{
    struct derive d = {a, profiles, target, json_new_array(a), {0}};
    d.excluded.p = SL_ARENA_ARRAY(a, struct transform_excluded, profiles->n);
    for (size_t i = 0; i < profiles->n; i++) {
        const struct transform_excluded *e = find_excluded(leave_out, profiles->p[i].spec.name);
        if (e)
            exclude(&d, e->column, e->reason);
        else
            derive_column(&d, &profiles->p[i]);
    }
    *ret_excluded = d.excluded;
    return d.features;
}
