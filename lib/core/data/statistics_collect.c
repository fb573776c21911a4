#include "core/data/statistics_collect.h"

#include "base/alloc.h"
#include "core/data/statistics_numeric.h"
#include "core/data/statistics_text.h"

const struct statistics_options statistics_options_default = {
    .n_histogram_buckets = 10,
    .n_quantiles = 10,
    .n_top_values = 20,
    .n_rank_buckets = 1000,
    .max_distinct = 65536,
    .max_bytes = (size_t)16 << 20,
};

enum { VALUES_BUCKETS = 10 };

struct statistics_collector {
    struct column_spec spec;
    struct statistics_options options;
    uint64_t n_present, n_missing;
    double weighted_present, weighted_missing;
    union {
        struct statistics_numbers numbers;
        struct statistics_text text;
    };
};

struct statistics_collector *statistics_collector_new(const struct column_spec *spec,
                                                      const struct statistics_options *o,
                                                      uint64_t part)
{
    struct statistics_collector *c = SL_NEW(struct statistics_collector);
    c->spec = *spec;
    c->options = *o;
    if (spec->type == COLUMN_STRING)
        statistics_text_init(&c->text, o);
    else
        statistics_numbers_init(&c->numbers, spec->type, o, sl_str_hash(spec->name), part);
    return c;
}

void statistics_collector_free(struct statistics_collector *c)
{
    if (!c)
        return;
    if (c->spec.type == COLUMN_STRING)
        statistics_text_deinit(&c->text);
    else
        statistics_numbers_deinit(&c->numbers);
    sl_free(c);
}

void statistics_collector_update(struct sl_arena *a, struct statistics_collector *c,
                                 const struct column *column, const double *weights)
{
    size_t present = column_valid_count(column);
    c->n_present += present;
    c->n_missing += column->n - present;
    for (size_t row = 0; weights && row < column->n; row++)
        if (column_is_valid(column, row))
            c->weighted_present += weights[row];
        else
            c->weighted_missing += weights[row];
    if (c->spec.type == COLUMN_STRING)
        statistics_text_update(a, &c->text, column, weights);
    else
        statistics_numbers_update(a, &c->numbers, column, weights);
}

void statistics_collector_merge(struct statistics_collector *into,
                                const struct statistics_collector *from)
{
    into->n_present += from->n_present;
    into->n_missing += from->n_missing;
    into->weighted_present += from->weighted_present;
    into->weighted_missing += from->weighted_missing;
    if (into->spec.type == COLUMN_STRING)
        statistics_text_merge(&into->text, &from->text);
    else
        statistics_numbers_merge(&into->numbers, &from->numbers);
}

/* Tabular data: a cell that is there holds one value, so all quantiles of the lengths are one. */
static void finish_common(struct sl_arena *a, const struct statistics_collector *c,
                          struct statistics_common *ret)
{
    *ret = (struct statistics_common){
        .n_present = c->n_present,
        .n_missing = c->n_missing,
        .total_values = c->n_present,
        .values_histogram = {.type = STATISTICS_QUANTILES},
    };
    if (!c->n_present)
        return;
    ret->min_values = ret->max_values = 1;
    ret->mean_values = 1;
    struct statistics_histogram *h = &ret->values_histogram;
    h->n = VALUES_BUCKETS;
    h->buckets = SL_ARENA_ARRAY(a, struct statistics_bucket, h->n);
    for (size_t i = 0; i < h->n; i++)
        h->buckets[i] = (struct statistics_bucket){1, 1, (double)c->n_present / (double)h->n};
}

static enum statistics_type type_of(enum column_type type)
{
    if (type == COLUMN_STRING)
        return STATISTICS_STRING;
    return type == COLUMN_DOUBLE || type == COLUMN_FLOAT ? STATISTICS_FLOAT : STATISTICS_INT;
}

void statistics_collector_finish(struct sl_arena *a, const struct statistics_collector *c,
                                 struct feature_statistics *ret)
{
    *ret = (struct feature_statistics){
        .name = sl_arena_str(a, c->spec.name),
        .type = type_of(c->spec.type),
        .domain = c->spec.type == COLUMN_BOOL        ? STATISTICS_DOMAIN_BOOL
                  : c->spec.type == COLUMN_TIMESTAMP ? STATISTICS_DOMAIN_TIME
                                                     : STATISTICS_DOMAIN_NONE,
        .has_weighted = c->options.weighted,
        .weighted_present = c->weighted_present,
        .weighted_missing = c->weighted_missing,
    };
    finish_common(a, c, &ret->common);
    if (c->spec.type == COLUMN_STRING)
        statistics_text_finish(a, &c->text, &c->options, ret);
    else
        statistics_numbers_finish(a, &c->numbers, &c->options, ret);
}
