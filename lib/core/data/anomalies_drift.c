/* Distances to the previous span (drift) and to serving data (skew), and the number of examples. */
#include "core/data/anomalies_internal.h"
#include "core/data/distance.h"

#include <math.h>

/* One comparison: this data set against a control. */
struct comparison {
    const struct check *c;
    const struct feature_statistics *now, *control;
    bool is_skew;
};

static const char *label(const struct comparison *x, const char *what)
{
    return sl_arena_format(x->c->a, "High %s between %s", what,
                           x->is_skew ? "training and serving" : "current and previous")
        .p;
}

static void measure(const struct comparison *x, enum distance_type type, double value,
                    double threshold)
{
    struct anomalies *l = x->c->l;
    struct measurement *m = SL_ARENA_NEW(x->c->a, struct measurement);
    *m = (struct measurement){x->now->name, x->is_skew, type, value, threshold, NULL};
    if (l->last_measurement)
        l->last_measurement->next = m;
    else
        l->first_measurement = m;
    l->last_measurement = m;
}

static void unavailable(const struct comparison *x, const char *what)
{
    anomaly_add(x->c, x->now->name, ANOMALY_STATS_NOT_AVAILABLE, "Statistics not available",
                "The %s was asked for and cannot be taken: both sides need %s.", what,
                "statistics of the same kind with values");
}

static void compare_labels(const struct comparison *x, enum distance_type type, double threshold)
{
    bool infinity = type == DISTANCE_L_INFTY;
    const char *what = infinity ? "Linfty distance" : "normalized absolute difference";
    struct sl_str worst = {0};
    double value =
        infinity ? distance_l_infty(x->c->a, &x->now->string.rank, &x->control->string.rank, &worst)
                 : distance_normalized_difference(x->c->a, &x->now->string.rank,
                                                  &x->control->string.rank, &worst);
    if (isnan(value)) {
        unavailable(x, what);
        return;
    }
    measure(x, type, value, threshold);
    if (value > threshold)
        anomaly_add(x->c, x->now->name,
                    infinity ? ANOMALY_L_INFTY_HIGH : ANOMALY_NORMALIZED_DIFFERENCE_HIGH,
                    label(x, what),
                    "The %s is %.6g (up to six significant digits), above the threshold %.6g. The "
                    "value with the "
                    "largest difference is: %.*s",
                    what, value, threshold, SL_FMT(worst));
}

static double histogram_divergence(const struct comparison *x, bool quantiles)
{
    const struct statistics_numeric *now = &x->now->numeric, *control = &x->control->numeric;
    return quantiles
               ? distance_jensen_shannon_histogram(x->c->a, &now->quantiles, &control->quantiles)
               : distance_jensen_shannon_histogram(x->c->a, &now->standard, &control->standard);
}

static void compare_jensen_shannon(const struct comparison *x,
                                   const Tensorflow__Metadata__V0__JensenShannonDivergence *want)
{
    double value = NAN;
    bool quantiles =
        want->source &&
        want->source->type ==
            TENSORFLOW__METADATA__V0__JENSEN_SHANNON_DIVERGENCE__HISTOGRAM_SOURCE__TYPE__QUANTILES;
    if (x->now->has_string && x->control->has_string)
        value = distance_jensen_shannon(x->c->a, &x->now->string.rank, &x->control->string.rank);
    else if (x->now->has_numeric && x->control->has_numeric)
        value = histogram_divergence(x, quantiles);
    if (isnan(value)) {
        unavailable(x, "Jensen-Shannon divergence");
        return;
    }
    measure(x, DISTANCE_JENSEN_SHANNON, value, want->threshold);
    if (value > want->threshold)
        anomaly_add(x->c, x->now->name, ANOMALY_JENSEN_SHANNON_HIGH,
                    label(x, "approximate Jensen-Shannon divergence"),
                    "The approximate Jensen-Shannon divergence is %.6g (up to six significant "
                    "digits), above the "
                    "threshold %.6g.",
                    value, want->threshold);
}

static void compare(const struct check *c, const Tensorflow__Metadata__V0__FeatureComparator *want,
                    const struct feature_statistics *f, const struct dataset_statistics *control,
                    bool is_skew)
{
    if (!want || !control)
        return;
    struct comparison x = {c, f, statistics_find(control, f->name), is_skew};
    if (!x.control) {
        anomaly_add(c, f->name, ANOMALY_CONTROL_DATA_MISSING,
                    is_skew ? "serving data missing" : "previous data missing",
                    "The feature is compared with %s data, which does not have it.",
                    is_skew ? "serving" : "previous");
        return;
    }
    if (want->infinity_norm && want->infinity_norm->has_threshold)
        compare_labels(&x, DISTANCE_L_INFTY, want->infinity_norm->threshold);
    if (want->normalized_abs_difference && want->normalized_abs_difference->has_threshold)
        compare_labels(&x, DISTANCE_NORMALIZED_DIFFERENCE,
                       want->normalized_abs_difference->threshold);
    if (want->jensen_shannon_divergence && want->jensen_shannon_divergence->has_threshold)
        compare_jensen_shannon(&x, want->jensen_shannon_divergence);
}

void anomalies_check_comparators(const struct check *c, const schema_feature *want,
                                 const struct feature_statistics *f)
{
    compare(c, want->drift_comparator, f, c->o->previous, false);
    compare(c, want->skew_comparator, f, c->o->serving, true);
}

static void check_example_ratio(const struct check *c)
{
    const Tensorflow__Metadata__V0__DatasetConstraints *k = c->s->dataset_constraints;
    const Tensorflow__Metadata__V0__NumericValueComparator *want =
        k ? k->num_examples_drift_comparator : NULL;
    if (!want || !c->o->previous)
        return;
    double before = (double)c->o->previous->n_examples;
    double ratio = before > 0 ? (double)c->d->n_examples / before : INFINITY;
    if (want->has_min_fraction_threshold && ratio < want->min_fraction_threshold)
        anomaly_add(c, SL_STR(""), ANOMALY_LOW_NUM_EXAMPLES_SPAN,
                    "Low num examples in current dataset versus the previous span.",
                    "The ratio of examples is %.6g, below the threshold %.6g.", ratio,
                    want->min_fraction_threshold);
    if (want->has_max_fraction_threshold && ratio > want->max_fraction_threshold)
        anomaly_add(c, SL_STR(""), ANOMALY_HIGH_NUM_EXAMPLES_SPAN,
                    "High num examples in current dataset versus the previous span.",
                    "The ratio of examples is %.6g, above the threshold %.6g.", ratio,
                    want->max_fraction_threshold);
}

void anomalies_check_dataset(const struct check *c)
{
    const Tensorflow__Metadata__V0__DatasetConstraints *k = c->s->dataset_constraints;
    if (k && k->has_min_examples_count && (int64_t)c->d->n_examples < k->min_examples_count)
        anomaly_add(c, SL_STR(""), ANOMALY_LOW_NUM_EXAMPLES, "Low num examples in dataset.",
                    "The data set has %llu examples, expected at least %lld.",
                    (unsigned long long)c->d->n_examples, (long long)k->min_examples_count);
    if (k && k->has_max_examples_count && (int64_t)c->d->n_examples > k->max_examples_count)
        anomaly_add(c, SL_STR(""), ANOMALY_HIGH_NUM_EXAMPLES, "High num examples in dataset.",
                    "The data set has %llu examples, expected at most %lld.",
                    (unsigned long long)c->d->n_examples, (long long)k->max_examples_count);
    check_example_ratio(c);
}
